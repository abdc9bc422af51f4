/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/lintfirsts.h"

#include <stdlib.h>

#include "base/memory.h"

#define LINK_BITS 48
#define LINK ((1ull << LINK_BITS) - 1)
#define ROOM_LEAST 64u

struct lint_firsts {
	uint64_t (*hash_of)(const void *context, uint64_t link);
	const void *context;
	uint64_t *slots;		/* 16 bits of the hash, 48 of a link */
	size_t room;
	size_t count;
};

static size_t
room_for(size_t count)
{
	return count + count / 3 + ROOM_LEAST;
}

struct lint_firsts *
lint_firsts_new(size_t expected,
    uint64_t (*hash_of)(const void *context, uint64_t link),
    const void *context)
{
	struct lint_firsts *firsts = memory_zeroed(1, sizeof(*firsts));

	firsts->hash_of = hash_of;
	firsts->context = context;
	firsts->room = room_for(expected);
	firsts->slots = memory_zeroed(firsts->room,
	    sizeof(firsts->slots[0]));
	return firsts;
}

void
lint_firsts_free(struct lint_firsts *firsts)
{
	free(firsts->slots);
	free(firsts);
}

static size_t
home_of(const struct lint_firsts *firsts, uint64_t hash)
{
	return (size_t)((hash & 0xffffffff) * firsts->room >> 32);
}

void
lint_firsts_prefetch(const struct lint_firsts *firsts, uint64_t hash)
{
	__builtin_prefetch(&firsts->slots[home_of(firsts, hash)]);
}

uint64_t
lint_firsts_next(const struct lint_firsts *firsts, uint64_t hash,
    struct lint_firsts_cursor *cursor)
{
	size_t at = cursor->begun ? cursor->at + 1 : home_of(firsts, hash);

	cursor->begun = true;
	for (;; at++) {
		if (at >= firsts->room)
			at = 0;
		if (firsts->slots[at] == 0 ||
		    firsts->slots[at] >> LINK_BITS == hash >> LINK_BITS) {
			cursor->at = at;
			return firsts->slots[at] & LINK;
		}
	}
}

static void
put(struct lint_firsts *firsts, uint64_t hash, uint64_t link)
{
	size_t at = home_of(firsts, hash);

	while (firsts->slots[at] != 0)
		at = at + 1 < firsts->room ? at + 1 : 0;
	firsts->slots[at] = hash >> LINK_BITS << LINK_BITS | link;
}

static void
widen(struct lint_firsts *firsts)
{
	uint64_t *old = firsts->slots;
	size_t room = firsts->room;

	firsts->room = 2 * room;
	firsts->slots = memory_zeroed(firsts->room,
	    sizeof(firsts->slots[0]));
	for (size_t i = 0; i < room; i++) {
		uint64_t link = old[i] & LINK;

		if (link != 0)
			put(firsts, firsts->hash_of(firsts->context, link),
			    link);
	}
	free(old);
}

void
lint_firsts_add(struct lint_firsts *firsts, uint64_t hash, uint64_t link)
{
	if (room_for(firsts->count) > firsts->room)
		widen(firsts);
	put(firsts, hash, link);
	firsts->count++;
}

void
lint_firsts_mark(struct lint_firsts *firsts,
    const struct lint_firsts_cursor *cursor, uint64_t bits)
{
	firsts->slots[cursor->at] |= bits;
}
