/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/lease.h"

#include <string.h>

#define NAME_MAX_BYTES 512
#define STATE_IN_USE 0
#define TYPE_PREFIX 2			/* a prefix delegated, no address */
#define LIFETIME_INFINITE 0xffffffff

enum column {
	COLUMN_ADDRESS,
	COLUMN_HWADDR,
	COLUMN_CLIENT_ID,		/* v4 */
	COLUMN_DUID,			/* v6 */
	COLUMN_LIFETIME,
	COLUMN_EXPIRE,
	COLUMN_TYPE,			/* v6 */
	COLUMN_HOSTNAME,
	COLUMN_STATE,
	COLUMNS,
};

/* Columns have come and gone with the versions: they are known by name. */
static const struct {
	const char *name;
	bool needed;
} columns[COLUMNS] = {
	[COLUMN_ADDRESS] = {"address", true},
	[COLUMN_HWADDR] = {"hwaddr", false},
	[COLUMN_CLIENT_ID] = {"client_id", false},
	[COLUMN_DUID] = {"duid", false},
	[COLUMN_LIFETIME] = {"valid_lifetime", true},
	[COLUMN_EXPIRE] = {"expire", true},
	[COLUMN_TYPE] = {"lease_type", false},
	[COLUMN_HOSTNAME] = {"hostname", true},
	[COLUMN_STATE] = {"state", false},
};

struct header {
	unsigned place[COLUMNS];	/* from 1; 0: not there */
};

struct row {
	struct lease_span values[COLUMNS];
};

static struct lease_span
next_value(const char **at, const char *end)
{
	struct lease_span value = {.at = *at};
	const char *comma = memchr(*at, ',', (size_t)(end - *at));

	value.length = (size_t)((comma != NULL ? comma : end) - *at);
	*at = comma != NULL ? comma + 1 : NULL;
	return value;
}

static bool
read_header(struct lease_reading *reading, struct lease_span line,
    struct header *header)
{
	const char *at = line.at, *end = line.at + line.length;

	memset(header, 0, sizeof(*header));
	for (unsigned i = 1; at != NULL; i++) {
		struct lease_span value = next_value(&at, end);

		for (unsigned j = 0; j < COLUMNS; j++) {
			if (lease_is_word(value, columns[j].name))
				header->place[j] = i;
		}
	}
	for (unsigned j = 0; j < COLUMNS; j++) {
		if (columns[j].needed && header->place[j] == 0) {
			lease_fault(reading, line, "the header has no column "
			    "'%s'", columns[j].name);
			return false;
		}
	}
	return true;
}

static void
split_row(const struct header *header, struct lease_span line,
    struct row *row)
{
	const char *at = line.at, *end = line.at + line.length;

	memset(row, 0, sizeof(*row));
	for (unsigned i = 1; at != NULL; i++) {
		struct lease_span value = next_value(&at, end);

		for (unsigned j = 0; j < COLUMNS; j++) {
			if (header->place[j] == i)
				row->values[j] = value;
		}
	}
}

static int
hex_value(char c)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF";
	const char *found = c != '\0' ? strchr(digits, c) : NULL;

	return found != NULL ? (int)((found - digits) & 15) : -1;
}

/* &#xHH stands for a byte. */
static size_t
unescape(char name[NAME_MAX_BYTES], struct lease_span value)
{
	const char *at = value.at, *end = value.at + value.length;
	size_t length = 0;

	while (at < end && length < NAME_MAX_BYTES) {
		if (end - at >= 5 && memcmp(at, "&#x", 3) == 0 &&
		    hex_value(at[3]) >= 0 && hex_value(at[4]) >= 0) {
			name[length++] = (char)(hex_value(at[3]) << 4 |
			    hex_value(at[4]));
			at += 5;
		} else {
			name[length++] = *at++;
		}
	}
	return length;
}

static bool
read_value(struct lease_reading *reading, struct lease_span line,
    const struct row *row, enum column column, int64_t *number)
{
	struct lease_span value = row->values[column];

	if (value.at != NULL &&
	    lease_read_number(number, value.at, value.length))
		return true;
	lease_fault(reading, value.at != NULL ? value : line,
	    "the column '%s' is no number here", columns[column].name);
	return false;
}

static bool
read_times(struct lease_reading *reading, struct lease_span line,
    const struct row *row, struct lease *lease)
{
	int64_t lifetime, expire;

	if (!read_value(reading, line, row, COLUMN_LIFETIME, &lifetime) ||
	    !read_value(reading, line, row, COLUMN_EXPIRE, &expire))
		return false;
	/* Lifetime 0: the lease was taken away. */
	lease->state = lifetime == 0 ? LEASE_ENDED : LEASE_LIVE;
	lease->starts_s = expire > lifetime ? expire - lifetime : 0;
	lease->expires_s = lifetime == LIFETIME_INFINITE ? LEASE_NEVER :
	    expire != 0 ? expire : 1;
	if (lifetime == LIFETIME_INFINITE)
		lease->starts_s = 0;
	return true;
}

static bool
read_row(struct lease_reading *reading, struct lease_span line,
    const struct row *row, struct lease *lease)
{
	int64_t state = STATE_IN_USE;

	for (unsigned j = 0; j < COLUMNS; j++) {
		if (columns[j].needed && row->values[j].at == NULL) {
			lease_fault(reading, line, "this row has fewer "
			    "columns than the header");
			return false;
		}
	}
	if (!lease_read_addr(reading, &lease->addr,
	    row->values[COLUMN_ADDRESS]) ||
	    !read_times(reading, line, row, lease))
		return false;
	if (row->values[COLUMN_STATE].at != NULL &&
	    !read_value(reading, line, row, COLUMN_STATE, &state))
		return false;
	if (state != STATE_IN_USE)
		lease->state = LEASE_ENDED;
	return true;
}

static void
read_identity(const struct row *row, struct lease *lease)
{
	struct lease_span mac = row->values[COLUMN_HWADDR];
	struct lease_span client = row->values[COLUMN_DUID];

	if (client.at == NULL)
		client = row->values[COLUMN_CLIENT_ID];
	lease->has_mac = mac.at != NULL &&
	    lease_read_mac(lease->mac, mac.at, mac.length);
	if (client.length > 0) {
		lease->client = client.at;
		lease->client_length = client.length;
	}
}

static bool
is_prefix(const struct row *row)
{
	struct lease_span type = row->values[COLUMN_TYPE];
	int64_t number;

	return type.at != NULL &&
	    lease_read_number(&number, type.at, type.length) &&
	    number == TYPE_PREFIX;
}

static void
parse_row(struct lease_reading *reading, const struct header *header,
    struct lease_span line)
{
	struct lease lease = {.state = LEASE_BAD};
	char name[NAME_MAX_BYTES];
	struct row row;

	split_row(header, line, &row);
	if (is_prefix(&row))
		return;
	read_identity(&row, &lease);
	if (row.values[COLUMN_HOSTNAME].length > 0) {
		lease.name_length = unescape(name,
		    row.values[COLUMN_HOSTNAME]);
		lease.name = name;
	}
	if (!read_row(reading, line, &row, &lease)) {
		lease.state = LEASE_BAD;
		lease.addr.family = 0;
	}
	lease_add(reading, &lease, row.values[COLUMN_ADDRESS].at != NULL ?
	    row.values[COLUMN_ADDRESS].at : line.at);
}

/* Rows are written at the end of the file, each with its line's end. */
enum leasefile_result
leasekea_parse(struct lease_reading *reading)
{
	const struct source_text *text = reading->text;
	const char *at = text->bytes, *end = at + text->length;
	struct lease_span line = {NULL, 0};
	struct header header;

	if (end[-1] != '\n')
		return LEASEFILE_HALF;
	do
		line = lease_next_line(&at, end);
	while (line.at != NULL && line.length == 0);
	if (line.at == NULL || !read_header(reading, line, &header))
		return LEASEFILE_BAD;
	while ((line = lease_next_line(&at, end)).at != NULL) {
		if (line.length > 0)
			parse_row(reading, &header, line);
	}
	return LEASEFILE_GOOD;
}
