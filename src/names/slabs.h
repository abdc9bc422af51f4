/* SPDX-License-Identifier: BSD-2-Clause */
/* slabs.h - the segments that tables (table.h) are made of, and where they come
 * from.
 *
 * A segment is up to a little more than a page, and any of them may be read
 * next: those with as many buckets are cut from slabs that base/pages.h gives,
 * so that those of a large table lie in huge pages.  A slab takes memory as its
 * segments are used, and goes back when none is.
 *
 * Any thread; under one lock.
 */
#ifndef HOSTLER_NAMES_SLABS_H
#define HOSTLER_NAMES_SLABS_H

#include <stddef.h>
#include <stdint.h>

#define TABLE_BUCKETS 64		/* a segment, at most */
#define TABLE_SLOTS 8			/* a bucket: one cache line */

typedef uint64_t table_slot;		/* 0: empty */

struct slab;

struct table_segment {
	uint32_t used;
	uint16_t depth;
	uint16_t buckets;
	uint64_t version;
	struct table_segment *more;	/* only where hashes are so alike that
					 * a full segment cannot be split: of
					 * TABLE_BUCKETS each */
	struct slab *slab;		/* it was cut from */
	_Alignas(64) table_slot bucket[][TABLE_SLOTS];
};

static inline size_t
table_segment_size(unsigned buckets)
{
	return sizeof(struct table_segment) +
	    buckets * TABLE_SLOTS * sizeof(table_slot);
}

/* Room for so many buckets; nothing in it is set but `slab`, which is to stay.
 * Fails as base/memory.h does. */
struct table_segment *slabs_take(unsigned buckets);
void slabs_give(struct table_segment *segment);

#endif
