/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/leaseformat.h"

#include <string.h>

#include "names/lease.h"

/* Beginnings of what is no JSON, XML or row of dnsmasq's. */
static const struct beginning {
	const char *text;
	enum lease_format format;
} beginnings[] = {
	{"duid ", LEASE_DNSMASQ},
	{"address,", LEASE_KEA},
	{"lease ", LEASE_DHCPD},
	{"ia-na ", LEASE_DHCPD},
	{"ia-ta ", LEASE_DHCPD},
	{"ia-pd ", LEASE_DHCPD},
	{"server-duid ", LEASE_DHCPD},
	{"default-duid ", LEASE_DHCPD},
	{"authoring-byte-order ", LEASE_DHCPD},
	{"failover ", LEASE_DHCPD},
	{"host ", LEASE_DHCPD},
	{"group ", LEASE_DHCPD},
	{"subgroup ", LEASE_DHCPD},
	{"class ", LEASE_DHCPD},
	{"subclass ", LEASE_DHCPD},
};

static const char *
skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' ||
	    *at == '\n'))
		at++;
	return at;
}

/* An object is networkd's; bootpd's blocks begin with a bare word. */
static enum leaseformat_result
guess_brace(enum lease_format *format, const char *at, const char *end)
{
	at = skip_blanks(at, end);
	if (at == end)
		return LEASEFORMAT_CUT;
	*format = *at == '"' || *at == '}' ? LEASE_NETWORKD : LEASE_BOOTPD;
	return LEASEFORMAT_KNOWN;
}

/* A number, then a MAC or another number. */
static enum leaseformat_result
guess_row(enum lease_format *format, const char *at, const char *end)
{
	struct lease_span line = lease_next_line(&at, end);
	const char *in = line.at, *line_end = line.at + line.length;
	struct lease_span first = lease_next_word(&in, line_end);
	struct lease_span second = lease_next_word(&in, line_end);
	int64_t number;

	if (!lease_read_number(&number, first.at, first.length))
		return LEASEFORMAT_UNKNOWN;
	if (line_end == end)
		return LEASEFORMAT_CUT;
	if (second.length == 0)
		return LEASEFORMAT_UNKNOWN;
	*format = LEASE_DNSMASQ;
	return LEASEFORMAT_KNOWN;
}

static enum leaseformat_result
guess_word(enum lease_format *format, const char *at, const char *end)
{
	size_t length = (size_t)(end - at);
	bool cut = false;

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]);
	     i++) {
		const struct beginning *b = &beginnings[i];
		size_t wanted = strlen(b->text);

		if (length >= wanted && memcmp(at, b->text, wanted) == 0) {
			*format = b->format;
			return LEASEFORMAT_KNOWN;
		}
		cut |= length < wanted && memcmp(at, b->text, length) == 0;
	}
	return cut ? LEASEFORMAT_CUT : LEASEFORMAT_UNKNOWN;
}

/* Only what dhcpd and VMware write has comments. */
static const char *
skip_comments(const char *at, const char *end)
{
	while (at < end && *at == '#') {
		lease_next_line(&at, end);
		at = skip_blanks(at, end);
	}
	return at;
}

static enum leaseformat_result
guess_commented(enum lease_format *format, const char *at, const char *end)
{
	at = skip_comments(at, end);
	if (at < end)
		return guess_word(format, at, end);
	if (end[-1] != '\n')
		return LEASEFORMAT_CUT;
	*format = LEASE_DHCPD;
	return LEASEFORMAT_KNOWN;
}

enum leaseformat_result
leaseformat_guess(enum lease_format *format, const struct source_text *text)
{
	const char *end = text->bytes + text->length;
	const char *at;

	if (text->length == 0)
		return LEASEFORMAT_EMPTY;
	at = skip_blanks(text->bytes, end);
	if (at == end)
		return LEASEFORMAT_EMPTY;
	switch (*at) {
	case '[':
		*format = LEASE_LIBVIRT;
		return LEASEFORMAT_KNOWN;
	case '<':
		*format = LEASE_VIRTUALBOX;
		return LEASEFORMAT_KNOWN;
	case '{':
		return guess_brace(format, at + 1, end);
	case '#':
		return guess_commented(format, at, end);
	default:
		break;
	}
	if (*at >= '0' && *at <= '9')
		return guess_row(format, at, end);
	return guess_word(format, at, end);
}
