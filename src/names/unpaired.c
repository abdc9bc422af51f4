/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/unpaired.h"

#include <stdlib.h>

#include "base/memory.h"

#define ROOM_MIN 1024u

/* Linear probing; a place is empty, or has a hash whose lowest bit is its
 * row, above 1 so that it is never 0. */
struct unpaired {
	uint64_t *places;
	size_t room;			/* a power of two, half empty */
	size_t count;
	size_t limit;
};

struct unpaired *
unpaired_new(size_t limit)
{
	struct unpaired *unpaired = memory_zeroed(1, sizeof(*unpaired));

	unpaired->limit = limit;
	unpaired->room = ROOM_MIN;
	unpaired->places = memory_zeroed(ROOM_MIN, sizeof(uint64_t));
	return unpaired;
}

void
unpaired_free(struct unpaired *unpaired)
{
	free(unpaired->places);
	free(unpaired);
}

static uint64_t
entry_of(uint64_t hash, enum unpaired_row row)
{
	hash &= ~UINT64_C(1);
	return (hash != 0 ? hash : 2) | (row == UNPAIRED_NOW);
}

static size_t
home_of(const struct unpaired *unpaired, uint64_t entry)
{
	return (size_t)(entry >> 1) & (unpaired->room - 1);
}

/* Where an entry with this hash is, or the empty place where it would be. */
static size_t
find_place(const struct unpaired *unpaired, uint64_t entry)
{
	size_t at = home_of(unpaired, entry);

	while (unpaired->places[at] != 0 &&
	    unpaired->places[at] >> 1 != entry >> 1)
		at = (at + 1) & (unpaired->room - 1);
	return at;
}

static void
grow(struct unpaired *unpaired)
{
	uint64_t *old = unpaired->places;
	size_t room = unpaired->room;

	unpaired->room *= 2;
	unpaired->places = memory_zeroed(unpaired->room, sizeof(uint64_t));
	for (size_t i = 0; i < room; i++)
		if (old[i] != 0)
			unpaired->places[find_place(unpaired, old[i])] =
			    old[i];
	free(old);
}

/* Those behind the hole that came past it move up. */
static void
take_out(struct unpaired *unpaired, size_t hole)
{
	size_t mask = unpaired->room - 1, at = hole;

	for (;;) {
		uint64_t entry = unpaired->places[at = (at + 1) & mask];

		if (entry == 0)
			break;
		if (((at - home_of(unpaired, entry)) & mask) <
		    ((at - hole) & mask))
			continue;
		unpaired->places[hole] = entry;
		hole = at;
	}
	unpaired->places[hole] = 0;
	unpaired->count--;
}

enum unpaired_result
unpaired_add(struct unpaired *unpaired, uint64_t hash, enum unpaired_row row)
{
	uint64_t entry = entry_of(hash, row);
	size_t at = find_place(unpaired, entry);

	if (unpaired->places[at] != 0) {
		if (unpaired->places[at] != entry)
			take_out(unpaired, at);
		return UNPAIRED_OK;
	}
	if (unpaired->count == unpaired->limit)
		return UNPAIRED_TOO_MANY;
	unpaired->places[at] = entry;
	if (++unpaired->count > unpaired->room / 2)
		grow(unpaired);
	return UNPAIRED_OK;
}

size_t
unpaired_count(const struct unpaired *unpaired)
{
	return unpaired->count;
}

bool
unpaired_has(const struct unpaired *unpaired, uint64_t hash)
{
	size_t at = find_place(unpaired, entry_of(hash, UNPAIRED_NOW));

	return unpaired->places[at] != 0;
}
