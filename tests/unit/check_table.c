/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash table against a plain array, version by version. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "names/table.h"

#define ITEMS 3000
#define KEPT 8				/* versions that are looked at again */

struct item {
	uint64_t hash;
	unsigned number;
};

/* Which items a frozen version holds, and what came with it. */
struct version {
	const struct table *table;
	struct table_garbage *garbage;	/* of the version after this one */
	unsigned char mark[ITEMS];	/* 0: absent, else mark + 1 */
};

struct model {
	struct item *items;
	struct table_writer *writer;
	unsigned char mark[ITEMS];
	size_t count;
	struct version kept[KEPT];
	unsigned kept_count;
};

static uint64_t state = 88172645463325252ULL;

static uint64_t
next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x9e3779b97f4a7c15ULL;
}

static uint64_t
hash_of(const void *context, table_slot slot)
{
	const struct item *item = table_pointer(slot);

	(void)context;
	return item->hash;
}

enum hashes {
	HASHES_GOOD,
	HASHES_FEW,			/* 40 different ones */
	HASHES_ONE,
};

static void
start(struct model *m, enum hashes hashes)
{
	memset(m, 0, sizeof(*m));
	m->items = calloc(ITEMS, sizeof(m->items[0]));
	for (unsigned i = 0; i < ITEMS; i++) {
		uint64_t hash = next_random();

		if (hashes == HASHES_FEW)
			hash = hash % 40 * 0x123456789abcdef1ULL;
		if (hashes == HASHES_ONE)
			hash = 0x5555aaaa5555aaaaULL;
		m->items[i] = (struct item){ hash, i };
	}
	m->writer = table_writer_new(hash_of, NULL);
}

static table_slot
find(const struct table *table, const struct item *item)
{
	struct table_cursor cursor = { 0 };
	table_slot slot;

	do
		slot = table_next(table, item->hash, &cursor);
	while (slot != 0 && table_pointer(slot) != item);
	return slot;
}

static void
compare(const struct model *m, const struct table *table,
    const unsigned char *mark)
{
	for (unsigned i = 0; i < ITEMS; i++) {
		table_slot slot = find(table, &m->items[i]);

		if (mark[i] == 0) {
			ck_assert_uint_eq(slot, 0);
			continue;
		}
		ck_assert_uint_ne(slot, 0);
		ck_assert_uint_eq(table_mark(slot), mark[i] - 1u);
	}
}

static void
change(struct model *m, unsigned i, unsigned mark)
{
	const struct item *item = &m->items[i];
	table_slot old = find(table_working(m->writer), item);
	table_slot new = mark == 0 ? 0 :
	    table_slot_of(item->hash, item, mark - 1);

	table_change(m->writer, item->hash, old, new);
	m->count += (mark != 0) - (m->mark[i] != 0);
	m->mark[i] = (unsigned char)mark;
	ck_assert_uint_eq(table_working(m->writer)->used, m->count);
}

/* No reader looks at the oldest version any more. */
static void
forget_oldest(struct model *m)
{
	table_garbage_free(m->kept[0].garbage);
	memmove(m->kept, m->kept + 1, sizeof(m->kept[0]) * (KEPT - 1));
	m->kept_count--;
}

static void
freeze(struct model *m)
{
	struct table_garbage *garbage;
	const struct table *table = table_freeze(m->writer, &garbage);
	struct version *version;

	if (m->kept_count > 0)
		m->kept[m->kept_count - 1].garbage = garbage;
	else
		table_garbage_free(garbage);
	if (m->kept_count == KEPT)
		forget_oldest(m);
	version = &m->kept[m->kept_count++];
	version->table = table;
	version->garbage = NULL;
	memcpy(version->mark, m->mark, sizeof(m->mark));
	compare(m, m->kept[0].table, m->kept[0].mark);
	compare(m, table, m->mark);
}

static void
stop(struct model *m)
{
	while (m->kept_count > 0)
		forget_oldest(m);
	table_writer_free(m->writer);
	free(m->items);
}

/* Waves of adding, changing and removing: bias says how many of 8 remove. */
static void
run_wave(struct model *m, unsigned bias, unsigned steps)
{
	for (unsigned i = 0; i < steps; i++) {
		unsigned which = next_random() % ITEMS;

		if (next_random() % 8 < bias)
			change(m, which, 0);
		else
			change(m, which, 1 + next_random() % 8);
		if (i % 500 == 0)
			freeze(m);
	}
}

static void
run_all(enum hashes hashes, unsigned steps)
{
	struct model m;

	start(&m, hashes);
	run_wave(&m, 1, steps);
	run_wave(&m, 4, steps);
	run_wave(&m, 7, steps);
	run_wave(&m, 0, steps);
	for (unsigned i = 0; i < ITEMS; i++)
		change(&m, i, 0);
	freeze(&m);
	ck_assert_uint_eq(m.count, 0);
	if (hashes == HASHES_GOOD)
		ck_assert_uint_eq(table_working(m.writer)->depth, 0);
	stop(&m);
}

START_TEST(good_hashes)
{
	run_all(HASHES_GOOD, 12000);
}
END_TEST

/* Chains of full segments; must neither hang nor fill the memory. */
START_TEST(alike_hashes)
{
	run_all(HASHES_FEW, 2000);
	run_all(HASHES_ONE, 1000);
}
END_TEST

START_TEST(memory_is_bounded_where_hashes_are_alike)
{
	struct model m;

	start(&m, HASHES_ONE);
	for (unsigned i = 0; i < ITEMS; i++)
		change(&m, i, 1);
	ck_assert_uint_le(table_bytes(table_working(m.writer)),
	    ITEMS * 8 * 16);
	stop(&m);
}
END_TEST

static unsigned
count_copied(const struct table *a, const struct table *b)
{
	unsigned copied = 0;

	ck_assert_uint_eq(a->depth, b->depth);
	for (size_t i = 0; i < (size_t)1 << a->depth; i++) {
		if (i > 0 && b->directory[i] == b->directory[i - 1])
			continue;
		copied += a->directory[i] != b->directory[i];
	}
	return copied;
}

START_TEST(one_change_copies_one_segment)
{
	struct table_garbage *none, *garbage;
	const struct table *before, *after;
	struct model m;

	start(&m, HASHES_GOOD);
	table_reserve(m.writer, ITEMS);
	for (unsigned i = 0; i < ITEMS - 1; i++)
		change(&m, i, 1);
	before = table_freeze(m.writer, &none);
	ck_assert_uint_ge(before->depth, 2);
	table_garbage_free(none);
	ck_assert_ptr_eq(table_freeze(m.writer, &none), before);
	ck_assert_ptr_null(none);
	change(&m, ITEMS - 1, 1);
	after = table_freeze(m.writer, &garbage);
	ck_assert_uint_eq(count_copied(before, after), 1);
	table_garbage_free(garbage);
	stop(&m);
}
END_TEST

START_TEST(reserve_keeps_what_is_there)
{
	struct model m;

	start(&m, HASHES_GOOD);
	for (unsigned i = 0; i < 100; i++)
		change(&m, i, 1 + i % 8);
	freeze(&m);
	table_reserve(m.writer, 100000);
	ck_assert_uint_ge(table_working(m.writer)->depth, 8);
	freeze(&m);
	run_wave(&m, 3, 3000);
	stop(&m);
}
END_TEST

#define PART_BITS 3
#define PARTS (1u << PART_BITS)

static void
open_parts(struct model *m, size_t more, struct table_part *part[PARTS])
{
	table_open_parts(m->writer, more, PART_BITS);
	for (unsigned p = 0; p < PARTS; p++)
		part[p] = table_part_new(m->writer);
}

static struct table_part *
part_of(struct table_part *const part[PARTS], const struct item *item)
{
	return part[item->hash >> (64 - PART_BITS)];
}

/* By so many more, all parts together. */
static void
close_parts(struct model *m, struct table_part *part[PARTS], size_t more)
{
	size_t grown = 0;

	for (unsigned p = 0; p < PARTS; p++)
		grown += (size_t)table_part_close(m->writer, part[p]);
	ck_assert_uint_eq(grown, more);
	ck_assert_uint_eq(table_working(m->writer)->used, m->count);
	compare(m, table_working(m->writer), m->mark);
}

/* So many of sixteen, by parts, in a table that was opened for `more`; what the
 * parts have no room for, one by one. */
static unsigned
put_share(struct model *m, unsigned share, size_t more)
{
	struct table_part *part[PARTS];
	bool left[ITEMS] = { false };
	unsigned put = 0;

	open_parts(m, more, part);
	for (unsigned i = 0; i < ITEMS; i++) {
		const struct item *item = &m->items[i];
		struct table_part *own = part_of(part, item);

		if (m->mark[i] != 0 || i * 7 % 16 >= share)
			continue;
		left[i] = !table_part_add(own, item->hash,
		    table_slot_of(item->hash, item, 0));
		ck_assert(!find(table_part_working(own), item) == left[i]);
		if (left[i])
			continue;
		m->mark[i] = 1;
		m->count++;
		put++;
	}
	close_parts(m, part, put);
	for (unsigned i = 0; i < ITEMS; i++)
		if (left[i])
			change(m, i, 1);
	return put;
}

/* A slot in the place of another, wherever that is. */
static void
mark_by_parts(struct model *m, unsigned mark)
{
	struct table_part *part[PARTS];

	open_parts(m, 0, part);
	for (unsigned i = 0; i < ITEMS; i++) {
		const struct item *item = &m->items[i];

		if (m->mark[i] == 0)
			continue;
		table_change(table_part_writer(part_of(part, item)),
		    item->hash,
		    table_slot_of(item->hash, item, m->mark[i] - 1u),
		    table_slot_of(item->hash, item, mark - 1));
		m->mark[i] = (unsigned char)mark;
	}
	close_parts(m, part, 0);
}

static void
run_puts(enum hashes hashes, unsigned share, size_t more)
{
	unsigned put;
	struct model m;

	start(&m, hashes);
	put = put_share(&m, share, more);
	if (hashes == HASHES_GOOD && more == ITEMS)
		ck_assert_uint_eq(put, m.count);
	if (hashes == HASHES_ONE)
		ck_assert_uint_lt(put, m.count);
	freeze(&m);
	mark_by_parts(&m, 6);
	freeze(&m);
	put_share(&m, 16, more);
	ck_assert_uint_eq(m.count, ITEMS);
	mark_by_parts(&m, 3);
	freeze(&m);
	run_wave(&m, 4, 1000);
	stop(&m);
}

/* What was put is found in its part at once, and in the table; the versions
 * before have what they had. */
START_TEST(parts_put_many_in)
{
	for (unsigned share = 1; share <= 16; share += 3)
		run_puts(HASHES_GOOD, share, ITEMS);
	run_puts(HASHES_GOOD, 16, 0);
	run_puts(HASHES_FEW, 3, ITEMS);
	run_puts(HASHES_FEW, 16, ITEMS);
	run_puts(HASHES_ONE, 9, ITEMS);
	run_puts(HASHES_ONE, 16, 0);
}
END_TEST

/* So many of sixteen, by parts; what the parts do not do, one by one. */
static unsigned
take_share(struct model *m, unsigned share)
{
	struct table_part *part[PARTS];
	bool left[ITEMS] = { false };
	unsigned taken = 0;

	open_parts(m, 0, part);
	for (unsigned i = 0; i < ITEMS; i++) {
		const struct item *item = &m->items[i];
		struct table_part *own = part_of(part, item);

		ck_assert(!table_part_take(own, item->hash,
		    table_slot_of(item->hash, item, 5)));
		if (i * 7 % 16 >= share)
			continue;
		left[i] = !table_part_take(own, item->hash,
		    table_slot_of(item->hash, item, 0));
		if (left[i])
			continue;
		m->mark[i] = 0;
		m->count--;
		taken++;
	}
	for (unsigned p = 0; p < PARTS; p++)
		table_part_sweep(part[p], PART_BITS, p);
	close_parts(m, part, (size_t)0 - taken);
	for (unsigned i = 0; i < ITEMS; i++)
		if (left[i])
			change(m, i, 0);
	return taken;
}

static void
run_takes(enum hashes hashes, unsigned share)
{
	struct model m;

	start(&m, hashes);
	for (unsigned round = 0; round < 3; round++) {
		unsigned taken;

		for (unsigned i = 0; i < ITEMS; i++)
			change(&m, i, 1);
		if (round != 1)
			freeze(&m);
		taken = take_share(&m, share);
		if (hashes == HASHES_GOOD)
			ck_assert_uint_ge(taken, ITEMS / 17 * share);
		freeze(&m);
		ck_assert(share < 16 || m.count == 0);
	}
	run_wave(&m, 4, 1000);
	stop(&m);
}

/* What is left is found wherever it was, and the version before has all. */
START_TEST(parts_take_many_out)
{
	for (unsigned share = 1; share <= 16; share++)
		run_takes(HASHES_GOOD, share);
	run_takes(HASHES_FEW, 3);
	run_takes(HASHES_FEW, 16);
	run_takes(HASHES_ONE, 9);
}
END_TEST

static void
add_up(void *context, table_slot slot)
{
	const struct item *item = table_pointer(slot);
	unsigned *sum = context;

	*sum += item->number;
}

START_TEST(visit_shows_every_slot)
{
	unsigned sum = 0, wanted = 0;
	struct model m;

	start(&m, HASHES_FEW);
	for (unsigned i = 0; i < ITEMS; i += 3) {
		change(&m, i, 1);
		wanted += i;
	}
	table_visit(table_working(m.writer), add_up, &sum);
	ck_assert_uint_eq(sum, wanted);
	stop(&m);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = tcase_create("table");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, good_hashes);
	tcase_add_test(tcase, alike_hashes);
	tcase_add_test(tcase, memory_is_bounded_where_hashes_are_alike);
	tcase_add_test(tcase, one_change_copies_one_segment);
	tcase_add_test(tcase, reserve_keeps_what_is_there);
	tcase_add_test(tcase, parts_put_many_in);
	tcase_add_test(tcase, parts_take_many_out);
	tcase_add_test(tcase, visit_shows_every_slot);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
