/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/leasefile.h"

#include <stdlib.h>
#include <string.h>

#include "names/leasecontent.h"
#include "names/leaseformat.h"
#include "names/leasejoin.h"
#include "names/leasemacs.h"
#include "names/leaserows.h"

static enum leasefile_result (*const parsers[])(struct lease_reading *) = {
	[LEASE_DNSMASQ] = leasednsmasq_parse,
	[LEASE_LIBVIRT] = leaselibvirt_parse,
	[LEASE_DHCPD] = leasedhcpd_parse,
	[LEASE_KEA] = leasekea_parse,
	[LEASE_NETWORKD] = leasenetworkd_parse,
	[LEASE_VIRTUALBOX] = leasevirtualbox_parse,
	[LEASE_BOOTPD] = leasebootpd_parse,
};

static enum leasefile_result
refuse_unknown(const struct leasefile_input *input, struct diags *diags)
{
	struct diag_place place = {.file = input->text.path};

	diags_add(diags, DIAG_ERROR, &place, NULL,
	    "this is no lease file that hostler knows: dnsmasq's, libvirt's "
	    ".status, ISC dhcpd's or VMware's, Kea's CSV, systemd-networkd's "
	    "JSON, VirtualBox's XML or macOS bootpd's");
	return LEASEFILE_BAD;
}

/* GOOD with LEASE_AUTO still: the file is empty. */
static enum leasefile_result
find_format(const struct leasefile_input *input, struct diags *diags,
    enum lease_format *format)
{
	*format = input->spec->format;
	if (*format != LEASE_AUTO)
		return LEASEFILE_GOOD;
	switch (leaseformat_guess(format, &input->text)) {
	case LEASEFORMAT_KNOWN:
	case LEASEFORMAT_EMPTY:
		return LEASEFILE_GOOD;
	case LEASEFORMAT_CUT:
		return LEASEFILE_HALF;
	case LEASEFORMAT_UNKNOWN:
		break;
	}
	return refuse_unknown(input, diags);
}

static bool
is_blank(const struct source_text *text)
{
	for (size_t i = 0; i < text->length; i++) {
		if (strchr(" \t\r\n", text->bytes[i]) == NULL ||
		    text->bytes[i] == '\0')
			return false;
	}
	return true;
}

static enum leasefile_result
parse_rows(struct lease_reading *reading, enum lease_format format)
{
	enum leasefile_result result;

	if (format == LEASE_NEIGHBOURS || is_blank(reading->text))
		return LEASEFILE_GOOD;
	result = parsers[format](reading);
	if (result == LEASEFILE_GOOD)
		lease_tell_rest(reading);
	return result;
}

static struct content *
make_content(const struct leasefile_input *input, enum lease_format format,
    struct lease_reading *reading)
{
	struct leasejoin join = {
		.input = input, .reading = reading, .format = format,
	};
	struct leasemacs macs;
	struct leaserows rows;
	struct content *content;

	leasemacs_init(&macs);
	leasejoin_read(&join, &macs);
	leaserows_choose(&rows, &(struct leaserows_input){
		.reading = reading,
		.macs = &macs,
		.spec = input->spec,
		.format = format,
		.host = input->host,
	});
	content = leasecontent_make(input, reading, &rows);
	leaserows_fini(&rows);
	leasemacs_fini(&macs);
	return content;
}

/* The place of a neighbour is where its name stands. */
static struct source_text
text_of(const struct leasefile_input *input)
{
	const struct source_spec *spec = input->spec;
	struct source_text text = {.path = spec->macs};

	if (spec->format != LEASE_NEIGHBOURS)
		return input->text;
	if (text.path == NULL)
		text.path = spec->machines;
	if (text.path == NULL)
		text.path = spec->path;
	return text;
}

enum leasefile_result
leasefile_parse(const struct leasefile_input *input, struct diags *diags,
    struct content **content)
{
	struct source_text text = text_of(input);
	struct diags *found = diags_new();
	struct lease_list leases;
	struct lease_reading reading;
	enum lease_format format;
	enum leasefile_result result;

	lease_list_init(&leases);
	lease_reading_init(&reading, &text, found);
	reading.leases = &leases;
	reading.now_s = input->now_s;
	reading.mono_s = input->mono_s;
	result = find_format(input, found, &format);
	if (result == LEASEFILE_GOOD)
		result = parse_rows(&reading, format);
	if (result == LEASEFILE_GOOD)
		*content = make_content(input, format, &reading);
	if (result != LEASEFILE_HALF)
		diags_move(diags, found);
	diags_free(found);
	lease_list_fini(&leases);
	return result;
}
