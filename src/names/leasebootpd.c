/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/lease.h"

#include <string.h>

#define HEX_MAX 16
#define END_INFINITE 0xffffffff

/* A block in reading: what was wrong with it is told once. */
struct block {
	struct lease lease;
	struct lease_span open;		/* its brace */
	struct lease_span addr;
	bool bad;
};

static struct lease_span
trim(struct lease_span line)
{
	const char *end = line.at + line.length;

	while (line.at < end && (*line.at == ' ' || *line.at == '\t'))
		line.at++;
	while (end > line.at && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	line.length = (size_t)(end - line.at);
	return line;
}

static bool
read_hex(int64_t *number, struct lease_span value)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF", *found;

	*number = 0;
	if (value.length >= 2 && value.at[0] == '0' &&
	    (value.at[1] == 'x' || value.at[1] == 'X')) {
		value.at += 2;
		value.length -= 2;
	}
	if (value.length == 0 || value.length >= HEX_MAX)
		return false;
	for (size_t i = 0; i < value.length; i++) {
		found = value.at[i] != '\0' ? strchr(digits, value.at[i]) :
		    NULL;
		if (found == NULL)
			return false;
		*number = *number << 4 | ((found - digits) & 15);
	}
	return true;
}

/* `1,` is the hardware type: Ethernet; any other has no MAC of ours. */
static void
read_hardware(struct block *block, struct lease_span value)
{
	if (value.length > 2 && memcmp(value.at, "1,", 2) == 0)
		block->lease.has_mac = lease_read_mac(block->lease.mac,
		    value.at + 2, value.length - 2);
}

static void
read_key(struct lease_reading *reading, struct block *block,
    struct lease_span key, struct lease_span value)
{
	struct lease *lease = &block->lease;

	if (lease_is_word(key, "name") && value.length > 0) {
		lease->name = value.at;
		lease->name_length = value.length;
	} else if (lease_is_word(key, "ip_address")) {
		block->addr = value;
		block->bad |= !lease_read_addr(reading, &lease->addr, value);
	} else if (lease_is_word(key, "hw_address")) {
		read_hardware(block, value);
	} else if (lease_is_word(key, "identifier") && value.length > 0) {
		lease->client = value.at;
		lease->client_length = value.length;
	} else if (lease_is_word(key, "lease")) {
		if (!read_hex(&lease->expires_s, value)) {
			lease_fault(reading, value, "the end of a lease is a "
			    "hexadecimal number");
			block->bad = true;
		}
	}
}

static void
read_line(struct lease_reading *reading, struct block *block,
    struct lease_span line)
{
	const char *equals = memchr(line.at, '=', line.length);
	struct lease_span key, value;

	if (equals == NULL) {
		lease_fault(reading, line, "this is not KEY=VALUE");
		block->bad = true;
		return;
	}
	key = (struct lease_span){line.at, (size_t)(equals - line.at)};
	value.at = equals + 1;
	value.length = line.length - key.length - 1;
	read_key(reading, block, trim(key), trim(value));
}

/* 0 (written by hand for a fixed address) and all ones have no end. */
static void
close_block(struct lease_reading *reading, struct block *block)
{
	struct lease *lease = &block->lease;

	if (block->addr.at == NULL && !block->bad) {
		lease_fault(reading, block->open,
		    "this lease has no 'ip_address'");
		block->bad = true;
	}
	if (lease->expires_s == END_INFINITE)
		lease->expires_s = LEASE_NEVER;
	lease->state = block->bad ? LEASE_BAD : LEASE_LIVE;
	if (block->bad)
		lease->addr.family = 0;
	lease_add(reading, lease,
	    block->addr.at != NULL ? block->addr.at : block->open.at);
}

static bool
is_ended(const struct source_text *text)
{
	char last = text->bytes[text->length - 1];

	return last == '\n' || last == '}';
}

/* The file is written anew and renamed, or copied by hand. */
enum leasefile_result
leasebootpd_parse(struct lease_reading *reading)
{
	const char *at = reading->text->bytes;
	const char *end = at + reading->text->length;
	struct block block = {.open = {NULL, 0}};
	struct lease_span line;

	if (!is_ended(reading->text))
		return LEASEFILE_HALF;
	while ((line = lease_next_line(&at, end)).at != NULL) {
		line = trim(line);
		if (lease_is_word(line, "{")) {
			if (block.open.at != NULL)
				lease_fault(reading, block.open,
				    "this block is not closed");
			block = (struct block){.open = line};
		} else if (lease_is_word(line, "}") && block.open.at) {
			close_block(reading, &block);
			block.open.at = NULL;
		} else if (line.length > 0 && block.open.at != NULL) {
			read_line(reading, &block, line);
		} else if (line.length > 0) {
			lease_fault(reading, line,
			    "this stands outside of a block");
		}
	}
	return block.open.at != NULL ? LEASEFILE_HALF : LEASEFILE_GOOD;
}
