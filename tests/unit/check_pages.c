/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/pages.h"
#include "base/poison.h"

#define SMALL (5 * PAGES_UNIT)

/* The system's answers to advice are made here. */
static enum { REFUSED_NONE, REFUSED_HUGE, REFUSED_ALL } refused;
static unsigned asked_huge, asked_discard;

int
madvise(void *room, size_t size, int advice)
{
	asked_huge += advice == MADV_HUGEPAGE;
	asked_discard += advice == MADV_DONTNEED;
	if (refused == REFUSED_ALL || (refused == REFUSED_HUGE &&
	    advice != MADV_DONTNEED)) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_madvise, room, size, advice);
}

static void
start(void)
{
	refused = REFUSED_NONE;
	asked_huge = asked_discard = 0;
	ck_assert_uint_eq(pages_usage().stretches, 0);
	ck_assert_uint_eq(pages_usage().bytes, 0);
}

static void
check_zeroed(const unsigned char *room, size_t size)
{
	ck_assert(room[0] == 0 && memcmp(room, room + 1, size - 1) == 0);
}

static unsigned char *
take_filled(size_t size, int byte)
{
	unsigned char *room = pages_take(size);

	ck_assert_uint_eq((uintptr_t)room % PAGES_UNIT, 0);
	check_zeroed(room, size);
	memset(room, byte, size);
	return room;
}

START_TEST(blocks_are_zeroed_and_counted)
{
	unsigned char *a, *b;

	start();
	a = take_filled(1, 'a');
	b = take_filled(SMALL - 1, 'b');
	ck_assert_uint_eq(pages_usage().stretches, 1);
	ck_assert_uint_eq(pages_usage().bytes, PAGES_UNIT + SMALL);
	ck_assert(a[0] == 'a' && b[SMALL - 2] == 'b');
	pages_give(a, 1);
	pages_give(NULL, 7);
	a = take_filled(PAGES_UNIT, 'c');	/* where it was */
	ck_assert_uint_eq(pages_usage().stretches, 1);
	pages_give(a, PAGES_UNIT);
	pages_give(b, SMALL - 1);
	ck_assert_uint_eq(pages_usage().bytes, 0);
	ck_assert_uint_eq(pages_usage().stretches, 0);
}
END_TEST

START_TEST(powers_of_two_begin_on_their_multiples)
{
	unsigned char *page, *eight, *five, *rest;

	start();
	page = take_filled(PAGES_UNIT, 'p');
	eight = take_filled(8 * PAGES_UNIT, 'e');
	ck_assert_uint_eq((uintptr_t)eight % (8 * PAGES_UNIT), 0);
	five = take_filled(SMALL, 'f');		/* between them */
	ck_assert_ptr_eq(five, page + PAGES_UNIT);
	rest = take_filled(PAGES_STRETCH / 2, 'r');
	ck_assert_uint_eq((uintptr_t)rest % (PAGES_STRETCH / 2), 0);
	ck_assert_uint_eq(pages_usage().stretches, 1);
	ck_assert(page[0] == 'p' && eight[0] == 'e' && five[0] == 'f');
	pages_give(page, PAGES_UNIT);
	pages_give(eight, 8 * PAGES_UNIT);
	pages_give(five, SMALL);
	pages_give(rest, PAGES_STRETCH / 2);
	ck_assert_uint_eq(pages_usage().stretches, 0);
}
END_TEST

START_TEST(what_is_over_a_stretch_stands_alone)
{
	size_t size = PAGES_STRETCH + 1;
	unsigned char *large, *small;

	start();
	large = take_filled(size, 'l');
	ck_assert_uint_eq((uintptr_t)large % PAGES_STRETCH, 0);
	small = take_filled(SMALL, 's');
	ck_assert_uint_eq(pages_usage().stretches, 3);
	pages_join(large, size);
	ck_assert_uint_eq(asked_huge, 1);
	ck_assert(large[0] == 'l' && large[size - 1] == 'l');
	pages_trim(large, size, PAGES_UNIT + 1);
	ck_assert_uint_eq(pages_usage().stretches, 2);
	ck_assert_uint_eq(pages_usage().bytes, 2 * PAGES_UNIT + SMALL);
	pages_give(large, PAGES_UNIT + 1);
	pages_give(small, SMALL);
	ck_assert_uint_eq(pages_usage().stretches, 0);
}
END_TEST

START_TEST(what_was_trimmed_is_used_next)
{
	unsigned char *a = NULL, *b;

	start();
	a = pages_take(SMALL);
	a[0] = 'a';
	pages_trim(a, SMALL, 1);
	b = take_filled(SMALL, 'b');
	ck_assert_ptr_eq(b, a + PAGES_UNIT);
	ck_assert_uint_eq(pages_usage().bytes, PAGES_UNIT + SMALL);
	pages_trim(b, SMALL, SMALL);
	pages_give(a, 1);
	pages_give(b, SMALL);
	ck_assert_uint_eq(pages_usage().bytes, 0);
}
END_TEST

#define MANY 40
#define PIECE (PAGES_STRETCH / 4)

static void
take_many(unsigned char *rooms[MANY])
{
	for (int i = 0; i < MANY; i++)
		rooms[i] = take_filled(PIECE, i + 1);
	ck_assert_uint_eq(pages_usage().stretches, MANY / 4);
	ck_assert_uint_eq(pages_usage().bytes, MANY * PIECE);
}

static void
check_many(unsigned char *rooms[MANY], int step)
{
	for (int i = 0; i < MANY; i += step)
		ck_assert(rooms[i][0] == i + 1 &&
		    memcmp(rooms[i], rooms[i] + 1, PIECE - 1) == 0);
}

static void
give_many(unsigned char *rooms[MANY])
{
	for (int i = 0; i < MANY; i++)
		pages_give(rooms[i], PIECE);
	ck_assert_uint_eq(pages_usage().stretches, 0);
	ck_assert_uint_eq(pages_usage().bytes, 0);
}

/* In a test of its own each way: with the system's huge pages, and with every
 * advice refused. */
static void
settle_and_use(void)
{
	unsigned char *rooms[MANY];

	take_many(rooms);
	pages_settle();
	ck_assert_uint_eq(asked_huge, MANY / 4);
	pages_settle();			/* nothing is new */
	ck_assert_uint_eq(asked_huge, MANY / 4);
	check_many(rooms, 1);
	for (int i = 1; i < MANY; i += 2)
		pages_give(rooms[i], PIECE);
	check_many(rooms, 2);
	ck_assert_uint_eq(pages_usage().bytes, MANY / 2 * PIECE);
	for (int i = 1; i < MANY; i += 2)
		rooms[i] = take_filled(PIECE, i + 1);
	ck_assert_uint_eq(pages_usage().stretches, MANY / 4);
	check_many(rooms, 1);
	give_many(rooms);
}

START_TEST(large_is_joined_and_stays_as_it_was)
{
	start();
	settle_and_use();
	ck_assert_uint_gt(asked_discard, 0);
}
END_TEST

START_TEST(refused_advice_changes_nothing)
{
	start();
	refused = REFUSED_ALL;
	settle_and_use();
}
END_TEST

static size_t
count_resident(void *room, size_t size)
{
	unsigned char seen[PAGES_STRETCH / PAGES_UNIT];
	size_t count = 0;

	ck_assert_uint_le(size, PAGES_STRETCH);
	ck_assert_int_eq(mincore(room, size, seen), 0);
	for (size_t i = 0; i < size / PAGES_UNIT; i++)
		count += seen[i] & 1;
	return count;
}

/* Where no huge page came of it there is none to keep whole. */
START_TEST(small_pages_go_back_at_once)
{
	unsigned char *rooms[MANY];

	start();
	refused = REFUSED_HUGE;
	take_many(rooms);
	pages_settle();
	ck_assert_uint_eq(asked_huge, MANY / 4);
	for (int i = 1; i < MANY; i += 4) {
		ck_assert_uint_eq(count_resident(rooms[i], PIECE),
		    PIECE / PAGES_UNIT);
		pages_give(rooms[i], PIECE);
		ck_assert_uint_eq(count_resident(rooms[i], PIECE), 0);
	}
	for (int i = 1; i < MANY; i += 4)
		rooms[i] = take_filled(PIECE, i + 1);
	check_many(rooms, 1);
	give_many(rooms);
}
END_TEST

/* Its whole stretches, once it is known to be full. */
START_TEST(large_rooms_are_joined_when_filled)
{
	size_t size = 9 * PAGES_STRETCH + PAGES_UNIT;
	unsigned char *sparse, *full;

	start();
	sparse = pages_take(size);
	sparse[0] = 's';
	full = take_filled(size, 'f');
	pages_settle();
	ck_assert_uint_eq(asked_huge, 0);
	pages_fill(full, size);
	pages_settle();
	ck_assert_uint_eq(asked_huge, 9);
	pages_settle();
	ck_assert_uint_eq(asked_huge, 9);
	ck_assert(full[0] == 'f' && memcmp(full, full + 1, size - 1) == 0);
	ck_assert_uint_eq(count_resident(sparse + PAGES_STRETCH,
	    PAGES_STRETCH), 0);
	pages_give(sparse, size);
	ck_assert(full[0] == 'f' && full[size - 1] == 'f');
	pages_give(full, size);
	ck_assert_uint_eq(pages_usage().stretches, 0);
	ck_assert_uint_eq(pages_usage().bytes, 0);
}
END_TEST

/* Every second page is free, and an aligned place behind them. */
START_TEST(what_fits_is_found_behind_what_does_not)
{
	enum { PAGES = PAGES_STRETCH / PAGES_UNIT, SPLIT = PAGES / 2 };
	unsigned char *page[SPLIT], *eight, *three;

	start();
	for (int i = 0; i < SPLIT; i++)
		page[i] = pages_take(PAGES_UNIT);
	for (int i = 1; i < SPLIT; i += 2)
		pages_give(page[i], PAGES_UNIT);
	three = take_filled(3 * PAGES_UNIT, '3');
	ck_assert_ptr_eq(three, page[SPLIT - 1]);
	eight = take_filled(8 * PAGES_UNIT, '8');
	ck_assert_ptr_eq(eight, page[0] + (SPLIT + 8) * PAGES_UNIT);
	ck_assert_uint_eq(pages_usage().stretches, 1);
	for (int i = 0; i < SPLIT; i += 2)
		pages_give(page[i], PAGES_UNIT);
	pages_give(three, 3 * PAGES_UNIT);
	pages_give(eight, 8 * PAGES_UNIT);
	ck_assert_uint_eq(pages_usage().stretches, 0);
}
END_TEST

#ifdef POISON_SEEN
START_TEST(what_was_given_back_is_poisoned)
{
	unsigned char *kept, *gone;

	start();
	kept = pages_take(PAGES_UNIT);
	gone = pages_take(SMALL);
	ck_assert(!__asan_address_is_poisoned(gone + SMALL - 1));
	ck_assert(__asan_address_is_poisoned(gone + SMALL));
	pages_trim(gone, SMALL, PAGES_UNIT);
	ck_assert(__asan_address_is_poisoned(gone + PAGES_UNIT));
	pages_give(gone, PAGES_UNIT);
	ck_assert(__asan_address_is_poisoned(gone));
	ck_assert(!__asan_address_is_poisoned(kept));
	pages_give(kept, PAGES_UNIT);
}
END_TEST
#endif

START_TEST(small_is_not_joined)
{
	unsigned char *room;

	start();
	room = take_filled(PAGES_STRETCH, 'x');
	pages_settle();
	ck_assert_uint_eq(asked_huge, 0);
	pages_give(room, PAGES_STRETCH);
}
END_TEST

/* One page of a joined stretch comes back: it is kept, and zeroed when it is
 * taken again. */
START_TEST(a_joined_stretch_is_not_cut_for_little)
{
	unsigned char *rooms[MANY], *page;

	start();
	take_many(rooms);
	pages_settle();
	asked_discard = 0;
	pages_give(rooms[0], PIECE);
	ck_assert_uint_eq(asked_discard, 0);
	page = take_filled(PAGES_UNIT, 'p');
	ck_assert_ptr_eq(page, rooms[0]);
	pages_give(page, PAGES_UNIT);
	rooms[0] = take_filled(PIECE, 1);
	check_many(rooms, 1);
	give_many(rooms);
}
END_TEST

#define ROUNDS 300
#define HELD 12

static void *
take_and_give(void *context)
{
	unsigned random = (unsigned)(uintptr_t)context;
	unsigned char *held[HELD] = { NULL };
	size_t size[HELD] = { 0 };

	for (int i = 0; i < ROUNDS; i++) {
		unsigned at = (random = random * 1103515245 + 12345) >> 16;

		at %= HELD;
		if (held[at] != NULL && (held[at][0] != at + 1 ||
		    held[at][size[at] - 1] != at + 1))
			return held[at];
		pages_give(held[at], size[at]);
		size[at] = (random >> 8) % (40 * PAGES_UNIT) + 1;
		held[at] = pages_take(size[at]);
		if (held[at][0] != 0 || held[at][size[at] - 1] != 0)
			return held[at];
		memset(held[at], (int)at + 1, size[at]);
		if (i % 100 == 0)
			pages_settle();
	}
	for (int i = 0; i < HELD; i++)
		pages_give(held[i], size[i]);
	return NULL;
}

START_TEST(threads_do_not_meet)
{
	pthread_t threads[4];

	start();
	for (uintptr_t i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		    take_and_give, (void *)(i + 1)), 0);
	for (int i = 0; i < 4; i++) {
		void *wrong;

		ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
		ck_assert_ptr_null(wrong);
	}
	ck_assert_uint_eq(pages_usage().stretches, 0);
}
END_TEST

/* Large blocks of an arena come from here, small ones do not. */
START_TEST(arenas_take_large_blocks)
{
	struct arena *arena;
	unsigned char *room;
	size_t before;

	start();
	arena = arena_new(1000);
	arena_alloc(arena, 900);
	ck_assert_uint_eq(pages_usage().bytes, 0);
	room = arena_alloc(arena, 50 * PAGES_UNIT);
	memset(room, 'r', 50 * PAGES_UNIT);
	ck_assert_uint_eq(pages_usage().bytes, 51 * PAGES_UNIT);
	arena_trim(arena);
	arena_free(arena);
	ck_assert_uint_eq(pages_usage().bytes, 0);

	arena = arena_new(50 * PAGES_UNIT);
	room = arena_alloc(arena, 20 * PAGES_UNIT);
	memset(room, 'r', 20 * PAGES_UNIT);
	before = arena_bytes(arena);
	arena_trim(arena);
	arena_trim(arena);
	ck_assert_uint_eq(pages_usage().bytes, 21 * PAGES_UNIT);
	ck_assert_uint_lt(arena_bytes(arena), before - 28 * PAGES_UNIT);
	memset(arena_alloc(arena, 8), 's', 8);
	ck_assert_int_eq(room[20 * PAGES_UNIT - 1], 'r');
	arena_free(arena);
	ck_assert_uint_eq(pages_usage().bytes, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pages");
	TCase *tcase = tcase_create("pages");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, blocks_are_zeroed_and_counted);
	tcase_add_test(tcase, powers_of_two_begin_on_their_multiples);
	tcase_add_test(tcase, what_is_over_a_stretch_stands_alone);
	tcase_add_test(tcase, what_was_trimmed_is_used_next);
	tcase_add_test(tcase, large_is_joined_and_stays_as_it_was);
	tcase_add_test(tcase, refused_advice_changes_nothing);
	tcase_add_test(tcase, small_pages_go_back_at_once);
	tcase_add_test(tcase, large_rooms_are_joined_when_filled);
	tcase_add_test(tcase, what_fits_is_found_behind_what_does_not);
#ifdef POISON_SEEN
	tcase_add_test(tcase, what_was_given_back_is_poisoned);
#endif
	tcase_add_test(tcase, small_is_not_joined);
	tcase_add_test(tcase, a_joined_stretch_is_not_cut_for_little);
	tcase_add_test(tcase, threads_do_not_meet);
	tcase_add_test(tcase, arenas_take_large_blocks);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
