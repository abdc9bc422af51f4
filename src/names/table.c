/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define WHOLE (TABLE_BUCKETS * TABLE_SLOTS)
#define FULL_AT 7			/* slots a bucket: then it grows */
#define FILL_TO 6			/* where it is known ahead */
#define RESERVE_TO (TABLE_BUCKETS * FILL_TO)
#define JOIN_AT (WHOLE / 4)		/* of two neighbours together */
#define LAST (TABLE_SLOTS - 1)
/* In the place of a slot that a part took, until it is swept: leads nowhere. */
#define TAKEN ((table_slot)1)
/* Where so few are left for each that was taken, all are placed anew. */
#define FEW_LEFT 4

/* A directory is doubled only while it has fewer entries than this part of
 * the slots in use: hashes that are all alike are not to fill the memory. */
#define SLOTS_PER_ENTRY 8

/* Invariant: all buckets from the one where a slot's hash wants it up to the
 * one before its place are full. */

struct table_garbage {
	struct table *table;		/* the version before */
	struct table_segment **segments;
	size_t count;
	size_t room;
};

/* table is the version frozen last until a change comes (garbage is NULL as
 * long), then the working one.  Segments of the working version are changed in
 * place, others are copied first. */
struct table_writer {
	table_hash_of hash_of;
	const void *context;
	struct table *table;
	struct table_garbage *garbage;
	size_t expected;		/* of a segment, while reserving */
	bool fixed;			/* the directory is not to be doubled:
					 * this is of a part */
	enum {
		FROZEN,
		WORKING,
		WORKING_REMOVED,	/* sparse segments may be joined */
	} state;
};

static struct table_segment *
new_segment(unsigned depth, unsigned buckets, uint64_t version)
{
	struct table_segment *segment = slabs_take(buckets);
	struct slab *slab = segment->slab;

	memset(segment, 0, table_segment_size(buckets));
	segment->depth = (uint16_t)depth;
	segment->buckets = (uint16_t)buckets;
	segment->version = version;
	segment->slab = slab;
	return segment;
}

/* How many buckets so many slots want. */
static unsigned
fit(const struct table_writer *writer, size_t slots)
{
	size_t wanted = slots > writer->expected ? slots : writer->expected;

	wanted = wanted / FILL_TO + 1;
	return wanted < TABLE_BUCKETS ? (unsigned)wanted : TABLE_BUCKETS;
}

static uint64_t
entry_for(const struct table_segment *segment)
{
	return (uintptr_t)segment | (segment->buckets - 1u);
}

static struct table *
new_table(unsigned depth)
{
	struct table *table = memory_zeroed(1, sizeof(*table));

	table->depth = depth;
	table->directory = memory_alloc(sizeof(table->directory[0]) << depth);
	return table;
}

static void
free_table(struct table *table)
{
	free(table->directory);
	free(table);
}

struct table_writer *
table_writer_new(table_hash_of hash_of, const void *context)
{
	struct table_writer *writer = memory_zeroed(1, sizeof(*writer));

	writer->hash_of = hash_of;
	writer->context = context;
	writer->table = new_table(0);
	writer->table->version = 1;
	writer->table->directory[0] = entry_for(new_segment(0, 1, 1));
	writer->garbage = memory_zeroed(1, sizeof(*writer->garbage));
	writer->state = WORKING;
	return writer;
}

void
table_garbage_free(struct table_garbage *garbage)
{
	if (garbage == NULL)
		return;
	for (size_t i = 0; i < garbage->count; i++)
		slabs_give(garbage->segments[i]);
	free(garbage->segments);
	if (garbage->table != NULL)
		free_table(garbage->table);
	free(garbage);
}

/* How many entries of the directory lead to a segment. */
static size_t
span_of(const struct table *table, const struct table_segment *segment)
{
	return (size_t)1 << (table->depth - segment->depth);
}

void
table_writer_free(struct table_writer *writer)
{
	struct table *table = writer->table;
	size_t i = 0;

	while (i < (size_t)1 << table->depth) {
		struct table_segment *segment =
		    table_segment_at(table->directory[i]);

		i += span_of(table, segment);
		while (segment != NULL) {
			struct table_segment *more = segment->more;

			slabs_give(segment);
			segment = more;
		}
	}
	free_table(table);
	table_garbage_free(writer->garbage);
	free(writer);
}

const struct table *
table_working(const struct table_writer *writer)
{
	return writer->table;
}

static void
begin_version(struct table_writer *writer)
{
	struct table *before = writer->table, *table;

	if (writer->state != FROZEN)
		return;
	table = new_table(before->depth);
	table->used = before->used;
	table->version = before->version + 1;
	memcpy(table->directory, before->directory,
	    sizeof(table->directory[0]) << table->depth);
	writer->garbage = memory_zeroed(1, sizeof(*writer->garbage));
	writer->garbage->table = before;
	writer->table = table;
	writer->state = WORKING;
}

/* Nobody is to see this segment in the working version any more. */
static void
retire(struct table_writer *writer, struct table_segment *segment)
{
	struct table_garbage *garbage = writer->garbage;

	if (segment->version == writer->table->version) {
		slabs_give(segment);
		return;
	}
	if (garbage->count == garbage->room) {
		garbage->room = garbage->room > 0 ? 2 * garbage->room : 16;
		garbage->segments = memory_resize(garbage->segments,
		    garbage->room, sizeof(garbage->segments[0]));
	}
	garbage->segments[garbage->count++] = segment;
}

static struct table_segment *
copy_segment(struct table_writer *writer, struct table_segment *segment)
{
	struct table_segment *copy = slabs_take(segment->buckets);
	struct slab *slab = copy->slab;

	memcpy(copy, segment, table_segment_size(segment->buckets));
	copy->slab = slab;
	copy->version = writer->table->version;
	retire(writer, segment);
	return copy;
}

static size_t
entry_of(const struct table *table, uint64_t hash)
{
	return (size_t)(hash >> 1 >> (63 - table->depth));
}

/* Let all entries of the segment that `entry` is within lead to segment. */
static void
set_entries(struct table *table, size_t entry, struct table_segment *segment)
{
	size_t span = span_of(table, segment), first = entry & ~(span - 1);

	for (size_t i = 0; i < span; i++)
		table->directory[first + i] = entry_for(segment);
}

static struct table_segment *
own_segment(struct table_writer *writer, uint64_t hash)
{
	struct table *table = writer->table;
	size_t entry = entry_of(table, hash);
	struct table_segment *segment =
	    table_segment_at(table->directory[entry]);

	if (segment->version != table->version) {
		segment = copy_segment(writer, segment);
		set_entries(table, entry, segment);
	}
	return segment;
}

/* The segment behind a full one; made where there is none. */
static struct table_segment *
own_more(struct table_writer *writer, struct table_segment *segment)
{
	struct table_segment *more = segment->more;

	if (more == NULL)
		more = new_segment(segment->depth, TABLE_BUCKETS,
		    writer->table->version);
	else if (more->version != writer->table->version)
		more = copy_segment(writer, more);
	segment->more = more;
	return more;
}

static void
put_in_bucket(table_slot bucket[TABLE_SLOTS], table_slot slot)
{
	unsigned i = 0;

	while (bucket[i] != 0)
		i++;
	bucket[i] = slot;
}

static unsigned
next_bucket(const struct table_segment *segment, unsigned b)
{
	return b + 1 < segment->buckets ? b + 1 : 0;
}

/* segment belongs to the working version. */
static void
put_slot(struct table_writer *writer, struct table_segment *segment,
    uint64_t hash, table_slot slot)
{
	unsigned b = table_bucket_of(hash, segment->buckets);

	while (segment->used == WHOLE)
		segment = own_more(writer, segment);
	while (segment->bucket[b][LAST] != 0)
		b = next_bucket(segment, b);
	put_in_bucket(segment->bucket[b], slot);
	segment->used++;
}

static void
double_directory(struct table *table)
{
	size_t count = (size_t)1 << table->depth;

	table->directory = memory_resize(table->directory, 2 * count,
	    sizeof(table->directory[0]));
	for (size_t i = count; i-- > 0;) {
		table->directory[2 * i + 1] = table->directory[i];
		table->directory[2 * i] = table->directory[i];
	}
	table->depth++;
}

/* The two halves get all slots of the segment and of those behind it. */
static void
deal_slots(struct table_writer *writer, const struct table_segment *segment,
    struct table_segment *half[2])
{
	unsigned shift = 63 - segment->depth;

	for (unsigned i = 0; i < segment->buckets * TABLE_SLOTS; i++) {
		table_slot slot =
		    segment->bucket[i / TABLE_SLOTS][i % TABLE_SLOTS];
		uint64_t hash;

		if (slot == 0)
			continue;
		hash = writer->hash_of(writer->context, slot);
		put_slot(writer, half[hash >> shift & 1], hash, slot);
	}
}

/* What a slot leads to is not near, where a segment is split. */
#define HASH_AHEAD 8u

static inline __attribute__((always_inline)) void
look_ahead(const struct table_segment *segment, unsigned i)
{
	unsigned at = i + HASH_AHEAD;
	table_slot slot;

	if (at >= segment->buckets * TABLE_SLOTS)
		return;
	slot = segment->bucket[at / TABLE_SLOTS][at % TABLE_SLOTS];
	if (slot == 0)
		return;
	__builtin_prefetch(table_pointer(slot));
	__builtin_prefetch((char *)table_pointer(slot) + 64);
}

/* Those that go to the second half, of the segment and of those behind it;
 * *whole: of both. */
static size_t
count_second(const struct table_writer *writer,
    const struct table_segment *segment, size_t *whole)
{
	unsigned shift = 63 - segment->depth;
	size_t second = 0;

	*whole = 0;
	for (; segment != NULL; segment = segment->more) {
		*whole += segment->used;
		for (unsigned i = 0; i < segment->buckets * TABLE_SLOTS; i++) {
			table_slot slot = segment->bucket[i / TABLE_SLOTS]
			    [i % TABLE_SLOTS];

			look_ahead(segment, i);
			if (slot != 0)
				second += writer->hash_of(writer->context,
				    slot) >> shift & 1;
		}
	}
	return second;
}

static void
split_segment(struct table_writer *writer, size_t entry)
{
	struct table *table = writer->table;
	struct table_segment *segment =
	    table_segment_at(table->directory[entry]);
	struct table_segment *half[2];
	size_t span, first, whole, second;

	if (segment->depth == table->depth) {
		double_directory(table);
		entry *= 2;
	}
	span = span_of(table, segment);
	first = entry & ~(span - 1);
	second = count_second(writer, segment, &whole);
	half[0] = new_segment(segment->depth + 1u, fit(writer, whole - second),
	    table->version);
	half[1] = new_segment(segment->depth + 1u, fit(writer, second),
	    table->version);
	while (segment != NULL) {
		struct table_segment *more = segment->more;

		deal_slots(writer, segment, half);
		retire(writer, segment);
		segment = more;
	}
	set_entries(table, first, half[0]);
	set_entries(table, first + span / 2, half[1]);
}

/* One that has fewer buckets than it may have gets more. */
static void
widen_segment(struct table_writer *writer, size_t entry)
{
	struct table *table = writer->table;
	struct table_segment *segment =
	    table_segment_at(table->directory[entry]);
	unsigned buckets = segment->buckets + segment->buckets / 2u + 1;
	struct table_segment *wide = new_segment(segment->depth,
	    buckets < TABLE_BUCKETS ? buckets : TABLE_BUCKETS,
	    table->version);
	struct table_segment *both[2] = { wide, wide };

	deal_slots(writer, segment, both);
	retire(writer, segment);
	set_entries(table, entry, wide);
}

static bool
may_split(const struct table_writer *writer,
    const struct table_segment *segment)
{
	const struct table *table = writer->table;

	return segment->depth < table->depth ||
	    (!writer->fixed && table->depth < 40 &&
	    (size_t)SLOTS_PER_ENTRY << table->depth <= table->used);
}

static bool
is_full(const struct table_segment *segment)
{
	return segment->used >= segment->buckets * FULL_AT;
}

/* Let the segment of this hash have an empty slot, unless it cannot be
 * split. */
static void
make_room(struct table_writer *writer, uint64_t hash)
{
	for (;;) {
		size_t entry = entry_of(writer->table, hash);
		const struct table_segment *segment =
		    table_segment_at(writer->table->directory[entry]);

		if (!is_full(segment))
			return;
		if (segment->buckets < TABLE_BUCKETS)
			widen_segment(writer, entry);
		else if (may_split(writer, segment))
			split_segment(writer, entry);
		else
			return;
	}
}

static void
add_slot(struct table_writer *writer, uint64_t hash, table_slot slot)
{
	struct table *table = writer->table;

	make_room(writer, hash);
	put_slot(writer, own_segment(writer, hash), hash, slot);
	table->used++;
}

static void
close_gap(table_slot bucket[TABLE_SLOTS], unsigned at)
{
	unsigned last = LAST;

	while (bucket[last] == 0)
		last--;
	bucket[at] = bucket[last];
	bucket[last] = 0;
}

static unsigned
distance(const struct table_segment *segment, unsigned from, unsigned to)
{
	return to >= from ? to - from : to + segment->buckets - from;
}

/* A slot of bucket `from` that came past bucket `hole` on its way. */
static unsigned
find_passed(const struct table_writer *writer,
    const struct table_segment *segment, unsigned from, unsigned hole)
{
	const table_slot *bucket = segment->bucket[from];
	unsigned i;

	for (i = 0; i < TABLE_SLOTS && bucket[i] != 0; i++) {
		unsigned home;

		if (bucket[i] == TAKEN)
			continue;
		home = table_bucket_of(
		    writer->hash_of(writer->context, bucket[i]),
		    segment->buckets);
		if (distance(segment, home, hole) <
		    distance(segment, home, from))
			return i;
	}
	return TABLE_SLOTS;
}

/* Take a slot out of a segment.  Where its bucket was full, a slot that had to
 * go past it comes back, which may leave a hole further on. */
static void
take_out(struct table_writer *writer, struct table_segment *segment,
    unsigned b, unsigned at)
{
	unsigned hole = b;
	bool was_full = segment->bucket[b][LAST] != 0;

	close_gap(segment->bucket[b], at);
	segment->used--;
	for (b = next_bucket(segment, b); was_full && b != hole;
	     b = next_bucket(segment, b)) {
		table_slot *bucket = segment->bucket[b];
		bool full = bucket[LAST] != 0;

		at = find_passed(writer, segment, b, hole);
		if (at < TABLE_SLOTS) {
			put_in_bucket(segment->bucket[hole], bucket[at]);
			close_gap(bucket, at);
			hole = b;
		}
		was_full = full;
	}
}

/* Any slot of the segments behind this one; the last is freed when empty. */
static table_slot
take_from_more(struct table_writer *writer, struct table_segment *segment)
{
	struct table_segment *more = own_more(writer, segment);
	unsigned b = 0;
	table_slot slot;

	while (more->more != NULL) {
		segment = more;
		more = own_more(writer, more);
	}
	while (more->bucket[b][0] == 0)
		b++;
	slot = more->bucket[b][0];
	take_out(writer, more, b, 0);
	if (more->used == 0) {
		segment->more = NULL;
		slabs_give(more);
	}
	return slot;
}

/* Its place, counted in slots from the first bucket; WHOLE: it is not here. */
static unsigned
find_slot(const struct table_segment *segment, uint64_t hash, table_slot slot)
{
	unsigned b = table_bucket_of(hash, segment->buckets);

	for (unsigned i = 0; i < segment->buckets * TABLE_SLOTS; i++) {
		table_slot there = segment->bucket[b][i % TABLE_SLOTS];

		if (there == slot)
			return b * TABLE_SLOTS + i % TABLE_SLOTS;
		if (there == 0)
			break;
		if (i % TABLE_SLOTS == LAST)
			b = next_bucket(segment, b);
	}
	return WHOLE;
}

/* Put new where old is, or take old out where new is 0. */
static void
change_slot(struct table_writer *writer, uint64_t hash, table_slot old,
    table_slot new)
{
	struct table_segment *segment = own_segment(writer, hash);
	unsigned at;

	while ((at = find_slot(segment, hash, old)) == WHOLE) {
		assert(segment->more != NULL);
		segment = own_more(writer, segment);
	}
	if (new == 0) {
		writer->table->used--;
		writer->state = WORKING_REMOVED;
		if (segment->more != NULL)
			new = take_from_more(writer, segment);
	}
	if (new != 0)
		segment->bucket[at / TABLE_SLOTS][at % TABLE_SLOTS] = new;
	else
		take_out(writer, segment, at / TABLE_SLOTS, at % TABLE_SLOTS);
}

void
table_change(struct table_writer *writer, uint64_t hash, table_slot old,
    table_slot new)
{
	if (old == new)
		return;
	begin_version(writer);
	if (old == 0)
		add_slot(writer, hash, new);
	else
		change_slot(writer, hash, old, new);
}

void
table_prefetch_change(const struct table_writer *writer, uint64_t hash)
{
	uint64_t entry = table_entry_of(writer->table, hash);
	const struct table_segment *segment = table_segment_at(entry);

	__builtin_prefetch(segment->bucket[table_bucket_of(hash,
	    (unsigned)(entry & 63) + 1)], 1);
	__builtin_prefetch(segment, 1);
}

/* An empty table is made as it is going to be at once. */
static void
spread_empty(struct table_writer *writer, unsigned depth)
{
	struct table *table = writer->table;
	size_t count = (size_t)1 << depth;

	retire(writer, table_segment_at(table->directory[0]));
	table->directory = memory_resize(table->directory, count,
	    sizeof(table->directory[0]));
	table->depth = depth;
	for (size_t i = 0; i < count; i++)
		table->directory[i] = entry_for(new_segment(depth,
		    fit(writer, 0), table->version));
}

/* No segment is to be of a lesser depth, which the directory has. */
static void
split_all(struct table_writer *writer, unsigned depth)
{
	struct table *table = writer->table;
	size_t step = (size_t)1 << (table->depth - depth);

	for (size_t i = 0; i < (size_t)1 << table->depth; i += step) {
		while (table_segment_at(table->directory[i])->depth < depth)
			split_segment(writer, i);
	}
}

/* Room for so many more, in a directory of at least this depth.  Where none
 * come, what is there may be denser than it would be made. */
static void
reserve(struct table_writer *writer, size_t more, unsigned depth)
{
	size_t want = writer->table->used + more;

	while (more > 0 && want >> depth > RESERVE_TO)
		depth++;
	if (depth <= writer->table->depth)
		return;
	begin_version(writer);
	writer->expected = want >> depth;
	if (writer->table->used == 0 && writer->table->depth == 0) {
		spread_empty(writer, depth);
	} else {
		while (writer->table->depth < depth)
			double_directory(writer->table);
		split_all(writer, depth);
	}
	writer->expected = 0;
}

void
table_reserve(struct table_writer *writer, size_t more)
{
	reserve(writer, more, 0);
}

/* A writer of its own for segments of the working version, those of the part
 * alone, and for the entries that lead to them. */
struct table_part {
	struct table_writer writer;
	struct table table;
	struct table_garbage garbage;
};

void
table_open_parts(struct table_writer *writer, size_t more, unsigned bits)
{
	begin_version(writer);
	reserve(writer, more, bits);
	split_all(writer, bits);
}

struct table_part *
table_part_new(const struct table_writer *writer)
{
	struct table_part *part = memory_zeroed(1, sizeof(*part));

	part->table = *writer->table;
	part->table.used = 0;
	part->writer = *writer;
	part->writer.table = &part->table;
	part->writer.garbage = &part->garbage;
	part->writer.fixed = true;
	return part;
}

const struct table *
table_part_working(const struct table_part *part)
{
	return &part->table;
}

struct table_writer *
table_part_writer(struct table_part *part)
{
	return &part->writer;
}

bool
table_part_add(struct table_part *part, uint64_t hash, table_slot slot)
{
	struct table_writer *writer = &part->writer;
	struct table_segment *segment = own_segment(writer, hash);

	if (is_full(segment)) {
		make_room(writer, hash);
		segment = own_segment(writer, hash);
		if (is_full(segment))
			return false;
	}
	put_slot(writer, segment, hash, slot);
	part->table.used++;
	return true;
}

/* The slot is known by its value: what it leads to is not read. */
bool
table_part_take(struct table_part *part, uint64_t hash, table_slot slot)
{
	struct table_segment *segment = table_segment_at(
	    table_entry_of(&part->table, hash));
	unsigned at;

	if (segment->more != NULL)
		return false;
	at = find_slot(segment, hash, slot);
	if (at == WHOLE)
		return false;
	segment = own_segment(&part->writer, hash);
	segment->bucket[at / TABLE_SLOTS][at % TABLE_SLOTS] = TAKEN;
	part->table.used--;
	part->writer.state = WORKING_REMOVED;
	return true;
}

static unsigned
count_taken(const struct table_segment *segment)
{
	unsigned taken = 0;

	for (unsigned b = 0; b < segment->buckets; b++)
		for (unsigned i = 0; i < TABLE_SLOTS; i++)
			taken += segment->bucket[b][i] == TAKEN;
	return taken;
}

static void
place_anew(struct table_writer *writer, struct table_segment *segment)
{
	table_slot left[WHOLE];
	unsigned count = 0;

	for (unsigned i = 0; i < segment->buckets * TABLE_SLOTS; i++) {
		table_slot slot =
		    segment->bucket[i / TABLE_SLOTS][i % TABLE_SLOTS];

		if (slot != 0 && slot != TAKEN)
			left[count++] = slot;
	}
	memset(segment->bucket, 0, segment->buckets *
	    sizeof(segment->bucket[0]));
	segment->used = 0;
	for (unsigned i = 0; i < count; i++)
		put_slot(writer, segment,
		    writer->hash_of(writer->context, left[i]), left[i]);
}

/* What fills a gap may have been taken, too. */
static void
take_out_taken(struct table_writer *writer, struct table_segment *segment)
{
	for (unsigned b = 0; b < segment->buckets; b++)
		for (unsigned i = 0; i < TABLE_SLOTS; i++)
			while (segment->bucket[b][i] == TAKEN)
				take_out(writer, segment, b, i);
}

static void
sweep_segment(struct table_writer *writer, struct table_segment *segment)
{
	unsigned taken;

	if (segment->version != writer->table->version)
		return;
	taken = count_taken(segment);
	if (taken == 0)
		return;
	if ((segment->used - taken) / FEW_LEFT <= taken)
		place_anew(writer, segment);
	else
		take_out_taken(writer, segment);
}

void
table_part_sweep(struct table_part *part, unsigned bits, unsigned number)
{
	struct table *table = &part->table;
	size_t span = (size_t)1 << (table->depth - bits);
	size_t at = number * span, end = at + span;

	while (at < end) {
		struct table_segment *segment =
		    table_segment_at(table->directory[at]);

		at += span_of(table, segment);
		sweep_segment(&part->writer, segment);
	}
}

ptrdiff_t
table_part_close(struct table_writer *writer, struct table_part *part)
{
	size_t grown = part->table.used;

	for (size_t i = 0; i < part->garbage.count; i++)
		retire(writer, part->garbage.segments[i]);
	if (part->writer.state == WORKING_REMOVED)
		writer->state = WORKING_REMOVED;
	free(part->garbage.segments);
	free(part);
	writer->table->used += grown;
	return (ptrdiff_t)grown;
}

/* Join a segment with its neighbour where both are nearly empty and one was
 * changed in this version. */
static void
join_at(struct table_writer *writer, size_t entry, unsigned depth)
{
	struct table *table = writer->table;
	struct table_segment *a = table_segment_at(table->directory[entry]);
	struct table_segment *b, *joined, *both[2];

	if (a->depth != depth)
		return;
	b = table_segment_at(table->directory[entry + span_of(table, a)]);
	if (b->depth != depth || a->used + b->used > JOIN_AT ||
	    (a->version != table->version && b->version != table->version))
		return;
	joined = new_segment(depth - 1, fit(writer, a->used + b->used),
	    table->version);
	both[0] = both[1] = joined;
	deal_slots(writer, a, both);
	deal_slots(writer, b, both);
	retire(writer, a);
	retire(writer, b);
	set_entries(table, entry, joined);
}

static bool
may_halve(const struct table *table)
{
	size_t count = (size_t)1 << table->depth;

	if (table->depth == 0)
		return false;
	for (size_t i = 0; i < count; i += 2) {
		if (table->directory[i] != table->directory[i + 1])
			return false;
	}
	return true;
}

/* Give room back after removals; done once a version, so that names that are
 * removed and added again within one do not make it split twice. */
static void
shrink(struct table_writer *writer)
{
	struct table *table = writer->table;

	for (unsigned depth = table->depth; depth > 0; depth--) {
		size_t step = (size_t)2 << (table->depth - depth);

		for (size_t i = 0; i < (size_t)1 << table->depth; i += step)
			join_at(writer, i, depth);
	}
	while (may_halve(table)) {
		table->depth--;
		for (size_t i = 0; i < (size_t)1 << table->depth; i++)
			table->directory[i] = table->directory[2 * i];
	}
}

const struct table *
table_freeze(struct table_writer *writer, struct table_garbage **garbage)
{
	if (writer->state == WORKING_REMOVED)
		shrink(writer);
	writer->state = FROZEN;
	*garbage = writer->garbage;
	writer->garbage = NULL;
	return writer->table;
}

void
table_prefetch(const struct table *table, uint64_t hash)
{
	uint64_t entry = table_entry_of(table, hash);

	__builtin_prefetch(table_segment_at(entry)->bucket[
	    table_bucket_of(hash, (unsigned)(entry & 63) + 1)]);
}

table_slot
table_prefetch_target(const struct table *table, uint64_t hash)
{
	struct table_cursor cursor = { 0 };
	table_slot slot = table_next(table, hash, &cursor);

	/* What is pointed to is seldom within one cache line. */
	if (slot != 0) {
		__builtin_prefetch(table_pointer(slot));
		__builtin_prefetch((char *)table_pointer(slot) + 64);
	}
	return slot;
}

static void
visit_segment(const struct table_segment *segment,
    void (*visit)(void *context, table_slot slot), void *context)
{
	for (unsigned i = 0; i < segment->buckets * TABLE_SLOTS; i++) {
		table_slot slot =
		    segment->bucket[i / TABLE_SLOTS][i % TABLE_SLOTS];

		if (slot != 0)
			visit(context, slot);
	}
}

void
table_visit(const struct table *table,
    void (*visit)(void *context, table_slot slot), void *context)
{
	size_t i = 0;

	while (i < (size_t)1 << table->depth) {
		const struct table_segment *segment =
		    table_segment_at(table->directory[i]);

		i += span_of(table, segment);
		for (; segment != NULL; segment = segment->more)
			visit_segment(segment, visit, context);
	}
}

size_t
table_bytes(const struct table *table)
{
	size_t bytes = sizeof(*table) +
	    (sizeof(table->directory[0]) << table->depth);
	size_t i = 0;

	while (i < (size_t)1 << table->depth) {
		const struct table_segment *segment =
		    table_segment_at(table->directory[i]);

		i += span_of(table, segment);
		for (; segment != NULL; segment = segment->more)
			bytes += table_segment_size(segment->buckets);
	}
	return bytes;
}
