/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/leasemacs.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void
leasemacs_init(struct leasemacs *macs)
{
	*macs = (struct leasemacs){.strings = arena_new(1024)};
}

void
leasemacs_fini(struct leasemacs *macs)
{
	free(macs->entries);
	arena_free(macs->strings);
}

void
leasemacs_add(struct leasemacs *macs, const struct leasemacs_entry *entry)
{
	struct leasemacs_entry *to;

	if (macs->count == macs->room) {
		macs->room = macs->room > 0 ? 2 * macs->room : 32;
		macs->entries = memory_resize(macs->entries, macs->room,
		    sizeof(macs->entries[0]));
	}
	to = &macs->entries[macs->count];
	*to = *entry;
	to->name = arena_copy(macs->strings, entry->name, entry->name_length);
	to->number = (uint32_t)macs->count++;
}

static int
compare_entries(const void *a, const void *b)
{
	const struct leasemacs_entry *x = a, *y = b;
	int order = memcmp(x->mac, y->mac, LEASE_MAC);

	if (order != 0)
		return order;
	return x->number < y->number ? -1 : x->number > y->number;
}

void
leasemacs_sort(struct leasemacs *macs)
{
	if (macs->count > 0)
		qsort(macs->entries, macs->count, sizeof(macs->entries[0]),
		    compare_entries);
}

const struct leasemacs_entry *
leasemacs_find(const struct leasemacs *macs, const uint8_t mac[LEASE_MAC])
{
	size_t low = 0, high = macs->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(macs->entries[middle].mac, mac, LEASE_MAC) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == macs->count ||
	    memcmp(macs->entries[low].mac, mac, LEASE_MAC) != 0)
		return NULL;
	return &macs->entries[low];
}

static struct lease_span
cut_comment(struct lease_span line)
{
	const char *mark = memchr(line.at, '#', line.length);

	if (mark != NULL)
		line.length = (size_t)(mark - line.at);
	return line;
}

static void
read_ether(struct leasemacs *macs, struct lease_reading *reading,
    struct lease_span line)
{
	const char *at = line.at, *end = line.at + line.length;
	struct lease_span mac = lease_next_word(&at, end);
	struct lease_span name = lease_next_word(&at, end);
	struct leasemacs_entry entry = {
		.name = name.at,
		.name_length = name.length,
	};
	struct diag_place place;
	struct addr addr;

	if (mac.length == 0)
		return;
	if (!lease_read_mac(entry.mac, mac.at, mac.length)) {
		lease_fault(reading, mac, "'%.*s' is not a MAC address",
		    mac.length < 48 ? (int)mac.length : 48, mac.at);
		return;
	}
	if (name.length == 0) {
		lease_fault(reading, mac, "a name is missing behind the MAC");
		return;
	}
	if (addr_parse(&addr, name.at, name.length) == NULL)
		return;
	place = lease_place(reading, name);
	entry.line = place.line;
	entry.column = place.column;
	leasemacs_add(macs, &entry);
}

enum leasemacs_result
leasemacs_read_ethers(struct leasemacs *macs, const struct source_text *text,
    struct diags *diags)
{
	const char *at = text->bytes, *end = at + text->length;
	struct lease_reading reading;
	struct lease_span line;

	lease_reading_init(&reading, text, diags);
	while ((line = lease_next_line(&at, end)).at != NULL)
		read_ether(macs, &reading, cut_comment(line));
	lease_tell_rest(&reading);
	return reading.faults == 0 ? LEASEMACS_WHOLE : LEASEMACS_PARTS;
}
