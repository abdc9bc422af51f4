/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/lease.h"

#include <string.h>

enum column {
	COLUMN_EXPIRY,
	COLUMN_HARDWARE,		/* IPv6: the IAID */
	COLUMN_ADDR,
	COLUMN_NAME,
	COLUMN_CLIENT,
	COLUMNS,
};

static bool
is_given(struct lease_span word)
{
	return word.length > 0 && !lease_is_word(word, "*");
}

/* What can be read of the columns, whether the row is good or not. */
static struct lease
read_names(const struct lease_span columns[COLUMNS])
{
	struct lease lease = {.state = LEASE_BAD};

	lease.has_mac = lease_read_mac(lease.mac, columns[COLUMN_HARDWARE].at,
	    columns[COLUMN_HARDWARE].length);
	if (is_given(columns[COLUMN_NAME])) {
		lease.name = columns[COLUMN_NAME].at;
		lease.name_length = columns[COLUMN_NAME].length;
	}
	if (is_given(columns[COLUMN_CLIENT])) {
		lease.client = columns[COLUMN_CLIENT].at;
		lease.client_length = columns[COLUMN_CLIENT].length;
	}
	return lease;
}

static bool
read_row(struct lease_reading *reading, struct lease_span line,
    const struct lease_span columns[COLUMNS], struct lease *lease)
{
	if (!lease_read_number(&lease->expires_s, columns[COLUMN_EXPIRY].at,
	    columns[COLUMN_EXPIRY].length)) {
		lease_fault(reading, columns[COLUMN_EXPIRY],
		    "a lease begins with the second in which it ends, a "
		    "number");
		return false;
	}
	if (columns[COLUMN_NAME].length == 0) {
		lease_fault(reading, line, "a lease has an expiry, a MAC, an "
		    "address and a name: columns are missing here");
		return false;
	}
	return lease_read_addr(reading, &lease->addr, columns[COLUMN_ADDR]);
}

/* Lines that say more of the server, or of leases that have a row. */
static bool
is_extra(struct lease_span word)
{
	return lease_is_word(word, "duid") ||
	    lease_is_word(word, "agent-info") ||
	    lease_is_word(word, "vendorclass");
}

static void
parse_line(struct lease_reading *reading, struct lease_span line)
{
	const char *at = line.at, *end = line.at + line.length;
	struct lease_span columns[COLUMNS];
	struct lease lease;

	for (unsigned i = 0; i < COLUMNS; i++)
		columns[i] = lease_next_word(&at, end);
	if (columns[0].length == 0 || is_extra(columns[0]))
		return;
	lease = read_names(columns);
	if (read_row(reading, line, columns, &lease))
		lease.state = LEASE_LIVE;
	lease_add(reading, &lease, columns[columns[COLUMN_ADDR].length > 0 ?
	    COLUMN_ADDR : COLUMN_EXPIRY].at);
}

/* dnsmasq writes the file anew in its place, each line with its end. */
enum leasefile_result
leasednsmasq_parse(struct lease_reading *reading)
{
	const struct source_text *text = reading->text;
	const char *at = text->bytes, *end = at + text->length;
	struct lease_span line;

	if (text->length > 0 && end[-1] != '\n')
		return LEASEFILE_HALF;
	while ((line = lease_next_line(&at, end)).at != NULL)
		parse_line(reading, line);
	return LEASEFILE_GOOD;
}
