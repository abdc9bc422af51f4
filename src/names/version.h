/* SPDX-License-Identifier: BSD-2-Clause */
/* version.h - what a snapshot is made of: index.c writes, version.c reads.
 *
 * Slots of the table of names point at a struct node; those of the table of
 * addresses are links (reverse.h), or, by their mark, lead to what byaddr.h
 * made.  Both are const here.
 */
#ifndef HOSTLER_NAMES_VERSION_H
#define HOSTLER_NAMES_VERSION_H

#include <string.h>

#include "base/hash.h"
#include "names/areas.h"
#include "names/reverse.h"
#include "names/snapshot.h"
#include "names/source.h"
#include "names/table.h"

enum name_mark {
	NAME_BARE = 1,			/* the first label alone of a node
					 * that is NODE_SHORT */
	NAME_MADE = 2,			/* by byname.c: there is a struct made
					 * ahead of the node */
};

/* An address that several names could be the reverse name of. */
struct addr_set {
	const struct node *winner;	/* NULL: none counts at present */
	struct addr addr;
};

/* The first `bits` of known addresses; count is the writer's. */
struct addr_prefix {
	uint32_t count;
	uint8_t family;
	uint8_t bits;			/* a multiple of 8 */
	uint8_t bytes[16];		/* zero behind them */
};

struct place_entry {
	const char *path;
	uint32_t first_line;
};

struct snapshot {
	struct hash_key key;
	uint32_t serial;
	uint32_t place_count;
	const struct table *names;
	const struct table *addrs;
	size_t known[2];		/* IPv4, IPv6 addresses */
	struct areas *areas;
	struct place_entry *places;	/* by the id of a chunk */
};

static inline bool
name_slot_fits(table_slot slot, const uint8_t *lower, unsigned length)
{
	const struct node *node = table_pointer(slot);
	const uint8_t *name = node_name(node);

	if (table_mark(slot) & NAME_BARE)
		return length == name[0] + 2u &&
		    memcmp(name, lower, length - 1) == 0;
	return length == node->name_length &&
	    memcmp(name, lower, length) == 0;
}

/* The slot of a name; 0: none. */
static inline table_slot
name_slot_find(const struct table *names, uint64_t hash,
    const uint8_t *lower, unsigned length)
{
	struct table_cursor cursor = { 0 };
	table_slot slot;

	do
		slot = table_next(names, hash, &cursor);
	while (slot != 0 && !name_slot_fits(slot, lower, length));
	return slot;
}

static inline struct addr
addr_slot_addr(table_slot slot)
{
	const struct addr_set *set = table_pointer(slot);

	return table_mark(slot) == ADDR_SET ? set->addr :
	    reverse_of(table_link(slot)).addr;
}

/* What is asked of the table of addresses: the first bits of one. */
static inline struct addr_prefix
addr_prefix_of(const struct addr *addr, unsigned bits)
{
	struct addr_prefix prefix = {
		.family = addr->family,
		.bits = (uint8_t)bits,
	};

	if (bits == 128)		/* of a known size: two loads */
		memcpy(prefix.bytes, addr->bytes, 16);
	else if (bits == 32)
		memcpy(prefix.bytes, addr->bytes, 4);
	else
		memcpy(prefix.bytes, addr->bytes, bits / 8);
	return prefix;
}

static inline unsigned
addr_bits(const struct addr *addr)
{
	return addr->family == 4 ? 32 : 128;
}

static inline uint64_t
addr_prefix_hash(const struct hash_key *key, const struct addr_prefix *prefix)
{
	struct hash_state state = hash_start(key);
	uint64_t half[2];

	memcpy(half, prefix->bytes, sizeof(half));
	hash_block(&state, half[0]);
	hash_block(&state, half[1]);
	hash_block(&state, (uint64_t)prefix->family << 8 | prefix->bits);
	return hash_finish(state);
}

static inline bool
addr_slot_fits(table_slot slot, const struct addr_prefix *prefix)
{
	const struct addr_prefix *there = table_pointer(slot);
	const struct chunk_reverse *listed = table_pointer(slot);
	const struct addr_set *set = table_pointer(slot);
	const struct addr *addr;

	switch ((enum addr_mark)table_mark(slot)) {
	case ADDR_A:
		return prefix->bits == 32 && prefix->family == 4 &&
		    memcmp(reverse_rdata(table_pointer(slot), ADDR_A),
		    prefix->bytes, 4) == 0;
	case ADDR_AAAA:
		return prefix->bits == 128 &&
		    memcmp(reverse_rdata(table_pointer(slot), ADDR_AAAA),
		    prefix->bytes, 16) == 0;
	case ADDR_PREFIX:
		return there->family == prefix->family &&
		    there->bits == prefix->bits &&
		    memcmp(there->bytes, prefix->bytes, 16) == 0;
	default:
		addr = table_mark(slot) == ADDR_SET ? &set->addr :
		    &listed->addr;
		return addr->family == prefix->family &&
		    prefix->bits == addr_bits(addr) &&
		    memcmp(addr->bytes, prefix->bytes, 16) == 0;
	}
}

static inline table_slot
addr_slot_find(const struct table *addrs, uint64_t hash,
    const struct addr_prefix *prefix)
{
	struct table_cursor cursor = { 0 };
	table_slot slot;

	do
		slot = table_next(addrs, hash, &cursor);
	while (slot != 0 && !addr_slot_fits(slot, prefix));
	return slot;
}

#endif
