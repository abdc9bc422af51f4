/* SPDX-License-Identifier: BSD-2-Clause */
/* table.h - a persistent hash table: what snapshots of the index are made of.
 *
 * Extendible hashing, copy on write.  The directory is an array of segments of
 * up to 64 buckets of one cache line; a slot is 8 bytes: 16 bits of the hash
 * and 48 of a pointer whose three low bits are the owner's.  A lookup reads the
 * directory (hot), one bucket, and the node.
 *
 * A segment has as many buckets as what is in it needs (three quarters full
 * where it was known ahead, table_reserve): with 64 in each, a directory of
 * 2^n entries leaves half of the room empty just above a power of two.  How
 * many they are stands in the directory beside the pointer, so that a lookup
 * need not ask the segment.
 *
 * A version is immutable once frozen.  The next version shares every segment
 * that was not changed: one changed name copies one segment (4 KB) and the
 * directory, however many names there are.  What a version replaced is listed
 * in its garbage, to be freed when no reader can hold the older version any
 * more (base/epoch.h).
 *
 * One writer; any number of readers of frozen versions.
 *
 * Why not a trie.  Measured 2026-11-21 with tests/bench/lookup (Zen 3, virtual,
 * gcc -O2, batches of 64 random names, one in ten absent with its closest
 * encloser; "trie": a QP-trie, one step a character): ns a lookup one after the
 * other, staged with prefetch; bytes a name beside the node; ns to insert one,
 * and to change one in a version of its own.
 *
 *	names			plain	staged	bytes	insert	change
 *	1,000		table	83	84	11.1	91	256
 *			trie	120	100	19.6	169	240
 *	100,000		table	359	151	11.2	557	541
 *			trie	568	179	19.6	794	882
 *	1,000,000	table	587	280	11.1	2300	1450
 *			trie	1100	294	19.6	1130	1430
 *	  in huge pages	trie	1060	237	19.6	1150	1290
 *
 * Both wait for memory, not for instructions: staged, a table reads two places
 * (bucket, node), a trie eight or nine steps, of which the last two miss.  Only
 * with a million names, all its twigs in huge pages and all lookups in batches
 * is the trie ahead, by 15 %; the names here, counted through, are what suits
 * it best.  Beside 5,000 ns that the kernel takes for a query no line of this
 * table is worth more than 1 %.  Order, which a trie would add, nobody asks for
 * here.
 */
#ifndef HOSTLER_NAMES_TABLE_H
#define HOSTLER_NAMES_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names/slabs.h"

struct table {
	unsigned depth;			/* log2 of the directory's length */
	size_t used;
	uint64_t version;
	uint64_t *directory;		/* pointer | buckets - 1 */
};

static inline void *
table_pointer(table_slot slot)
{
	return (void *)(uintptr_t)(slot & 0x0000fffffffffff8ULL);
}

static inline unsigned
table_mark(table_slot slot)		/* the three low bits */
{
	return slot & 7;
}

static inline uint64_t
table_link(table_slot slot)		/* pointer and mark */
{
	return slot & 0x0000ffffffffffffULL;
}

/* The slot for a pointer (8-byte aligned) with marks under this hash. */
static inline table_slot
table_slot_of(uint64_t hash, const void *pointer, unsigned mark)
{
	return (hash >> 32 & 0xffff) << 48 | (uintptr_t)pointer | mark;
}

static inline table_slot
table_slot_of_link(uint64_t hash, uint64_t link)
{
	return (hash >> 32 & 0xffff) << 48 | link;
}

static inline struct table_segment *
table_segment_at(uint64_t entry)
{
	return (struct table_segment *)(uintptr_t)(entry & ~63ULL);
}

/* The directory goes by the top bits of a hash, the bucket by the low half,
 * the tag by bits between. */
static inline uint64_t
table_entry_of(const struct table *table, uint64_t hash)
{
	return table->directory[hash >> 1 >> (63 - table->depth)];
}

static inline unsigned
table_bucket_of(uint64_t hash, unsigned buckets)
{
	return (unsigned)((hash & 0xffffffff) * buckets >> 32);
}

/* Walk the slots whose tag fits hash; 0 at the end.  The caller compares.
 * Start with a zeroed cursor.  A bucket is filled from its first slot on; what
 * finds it full goes to the next, so that an empty slot ends the walk. */
struct table_cursor {
	unsigned step;
};

static inline table_slot
table_next(const struct table *table, uint64_t hash,
    struct table_cursor *cursor)
{
	uint64_t entry = table_entry_of(table, hash);
	const struct table_segment *segment = table_segment_at(entry);
	unsigned buckets = (unsigned)(entry & 63) + 1;
	unsigned whole = buckets * TABLE_SLOTS;
	unsigned home = table_bucket_of(hash, buckets);
	uint64_t tag = hash >> 32 & 0xffff;
	unsigned at = cursor->step;

	for (; at >= whole; at -= whole) {
		if (segment->more == NULL)
			return 0;
		segment = segment->more;
	}
	for (;;) {
		unsigned b = home + at / TABLE_SLOTS, i = at % TABLE_SLOTS;
		const table_slot *bucket =
		    segment->bucket[b < buckets ? b : b - buckets];

		at += TABLE_SLOTS - i;
		for (; i < TABLE_SLOTS; i++) {
			if (bucket[i] == 0)
				return 0;
			cursor->step++;
			if (bucket[i] >> 48 == tag)
				return bucket[i];
		}
		if (at < whole)
			continue;
		if (segment->more == NULL)
			return 0;
		segment = segment->more;
		at = 0;
	}
}

/* Bring the bucket near; then, from the bucket, what it points to: the first
 * slot whose tag fits, 0: there is none. */
void table_prefetch(const struct table *table, uint64_t hash);
table_slot table_prefetch_target(const struct table *table, uint64_t hash);

/* Writer.  hash_of gives a slot's hash again, when a segment splits. */
struct table_writer;
typedef uint64_t (*table_hash_of)(const void *context, table_slot slot);

struct table_writer *table_writer_new(table_hash_of hash_of,
    const void *context);
void table_writer_free(struct table_writer *writer);	/* and the table */

/* The working version: lookups see all changes so far. */
const struct table *table_working(const struct table_writer *writer);
/* new is put where old is (by value); old 0 adds, new 0 removes.  Both are
 * slots of this hash. */
void table_change(struct table_writer *writer, uint64_t hash, table_slot old,
    table_slot new);

/* Bring near what a change under this hash will touch. */
void table_prefetch_change(const struct table_writer *writer, uint64_t hash);

/* So many slots are going to be added: split ahead, while little must move. */
void table_reserve(struct table_writer *writer, size_t more);

/* Add, or take out, by several threads at once (deal.h).  A part is all hashes
 * with the same `bits` first bits: no segment is of two of them.  Between
 * table_open_parts (`more` as of table_reserve) and the closing of the last
 * part the table is changed by its parts alone, each by one thread at a
 * time. */
struct table_part;
void table_open_parts(struct table_writer *writer, size_t more,
    unsigned bits);
struct table_part *table_part_new(const struct table_writer *writer);
/* The working version, for what the part has: other hashes are not to be looked
 * for. */
const struct table *table_part_working(const struct table_part *part);
/* For table_change of what the part has, where new takes the place of old. */
struct table_writer *table_part_writer(struct table_part *part);
/* false: the part has no room for it, the table has (table_change). */
bool table_part_add(struct table_part *part, uint64_t hash,
    table_slot slot);
/* false: it is not there, or not in a place to be taken from alone
 * (table_change).  Nothing is looked for or added in a part from which slots
 * were taken: their places stay taken until table_part_sweep, which all parts
 * of such a table want (`bits` as they were opened with, `number` the first
 * bits of its hashes) before they are closed. */
bool table_part_take(struct table_part *part, uint64_t hash,
    table_slot slot);
void table_part_sweep(struct table_part *part, unsigned bits,
    unsigned number);
/* Frees the part; returns by how many slots the table grew. */
ptrdiff_t table_part_close(struct table_writer *writer,
    struct table_part *part);

/* Freeze the working version and return it; the next change starts another.
 * garbage gets what this version replaced: free it with table_garbage_free
 * once the version before cannot be seen any more. */
struct table_garbage;
const struct table *table_freeze(struct table_writer *writer,
    struct table_garbage **garbage);	/* NULL: nothing was replaced */
void table_garbage_free(struct table_garbage *garbage);
/* Every slot, in no order. */
void table_visit(const struct table *table,
    void (*visit)(void *context, table_slot slot), void *context);
size_t table_bytes(const struct table *table);

#endif
