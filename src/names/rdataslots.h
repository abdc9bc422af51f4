/* SPDX-License-Identifier: BSD-2-Clause */
/* rdataslots.h - the records of a large RRset, found by their rdata: who asks
 * whether a record is there compares it with one or two, not with all.
 *
 * Slots are offsets into the wire that the records lie in, by a hash of the
 * rdata, at most half of them in use; the memory is the owner's.  Up to
 * RDATA_FEW records a table costs more than it saves.
 *
 * The hash is the owner's choice, the same for all records of one table.  One
 * thread.
 */
#ifndef HOSTLER_NAMES_RDATASLOTS_H
#define HOSTLER_NAMES_RDATASLOTS_H

#include <stddef.h>
#include <stdint.h>

#define RDATA_FEW 32u			/* records */

struct rdata_slots {
	uint16_t *at;			/* offset of the record + 1; 0: free */
	unsigned room;			/* rdata_slots_room, all 0 at first */
	size_t compared;		/* records, since the owner zeroed it */
};

struct rdata {
	uint64_t hash;
	const uint8_t *bytes;
	uint16_t length;
};

/* Slots for so many records, a power of two: 16,384 (32 KB) at most, since no
 * RRset is longer than RRSET_MAX. */
unsigned rdata_slots_room(size_t records);

/* The slot of this rdata among the records in wire (as kept in node.h), or the
 * free one where it belongs: to be set to the offset of its record + 1. */
uint16_t *rdata_slots_find(struct rdata_slots *slots, const uint8_t *wire,
    const struct rdata *rdata);

#endif
