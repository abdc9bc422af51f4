/* SPDX-License-Identifier: BSD-2-Clause */
/* What connections keep: in order, for all no more than so much, and who gives
 * way to whom. */
#include <stdlib.h>
#include <string.h>

#include "net/leftovers.h"
#include "suite.h"

#define MAX 100
#define MEMBERS 4

static struct leftovers_pool *pool;
static struct leftovers members[MEMBERS];
static unsigned gone[MEMBERS], gone_count;
static const uint8_t bytes[MAX + 1] = "abcdefghijklmnopqrstuvwxyz";

static void
give_way(struct leftovers *left)
{
	gone[gone_count++] = (unsigned)(left - members);
	leftovers_drop(pool, left);
}

static void
setup(void)
{
	gone_count = 0;
	memset(members, 0, sizeof members);
	pool = leftovers_pool_new(MAX, give_way);
}

static void
teardown(void)
{
	for (unsigned i = 0; i < MEMBERS; i++)
		leftovers_drop(pool, &members[i]);
	leftovers_pool_free(pool);
}

static bool
keep_in(unsigned i, size_t length)
{
	return leftovers_keep_in(pool, &members[i], bytes, length);
}

static bool
keep_out(unsigned i, size_t length)
{
	return leftovers_keep_out(pool, &members[i], bytes, length);
}

START_TEST(what_was_in_is_what_comes_out)
{
	struct leftovers *left = &members[0];
	size_t length;
	uint8_t *taken;

	ck_assert(keep_in(0, 20));
	/* The rest of what is in, kept in its own place. */
	ck_assert(leftovers_keep_in(pool, left, left->in + 15, 5));
	taken = leftovers_take_in(pool, left, &length);
	ck_assert_uint_eq(length, 5);
	ck_assert_mem_eq(taken, "pqrst", 5);
	ck_assert_ptr_null(left->in);
	free(taken);
	ck_assert(leftovers_keep_in(pool, left, NULL, 0));
	ck_assert_ptr_null(leftovers_take_in(pool, left, &length));
	ck_assert_uint_eq(length, 0);
}
END_TEST

START_TEST(what_goes_out_is_appended)
{
	struct leftovers *left = &members[0];

	ck_assert(keep_out(0, 4));
	leftovers_taken(pool, left, 3);
	ck_assert(keep_out(0, 2));
	ck_assert_uint_eq(leftovers_untaken(left), 3);
	ck_assert_mem_eq(left->out + left->out_at, "dab", 3);
	leftovers_taken(pool, left, 3);
	ck_assert_uint_eq(leftovers_untaken(left), 0);
	ck_assert_ptr_null(left->out);
}
END_TEST

START_TEST(who_keeps_for_longest_gives_way)
{
	ck_assert(keep_out(0, 40));
	ck_assert(keep_in(1, 30));
	ck_assert(keep_in(2, 30));
	ck_assert_uint_eq(gone_count, 0);
	ck_assert(keep_in(3, 50));
	ck_assert_uint_eq(gone_count, 2);
	ck_assert_uint_eq(gone[0], 0);
	ck_assert_uint_eq(gone[1], 1);
}
END_TEST

/* Its place is that of whom it kept something for first. */
START_TEST(who_keeps_on_keeps_its_place)
{
	ck_assert(keep_in(0, 30));
	ck_assert(keep_in(1, 30));
	ck_assert(keep_out(0, 10));
	ck_assert(keep_in(0, 0));
	ck_assert(keep_in(2, 70));
	ck_assert_uint_eq(gone_count, 1);
	ck_assert_uint_eq(gone[0], 0);
}
END_TEST

START_TEST(who_kept_nothing_is_the_last_again)
{
	ck_assert(keep_in(0, 30));
	ck_assert(keep_in(1, 30));
	ck_assert(keep_in(0, 0));
	ck_assert(keep_in(0, 30));
	ck_assert(keep_in(2, 60));
	ck_assert_uint_eq(gone_count, 1);
	ck_assert_uint_eq(gone[0], 1);
}
END_TEST

/* One that wants too much all alone gets nothing, and keeps what it has. */
START_TEST(nobody_keeps_more_than_all_may)
{
	ck_assert(keep_in(0, 60));
	ck_assert(!keep_in(0, MAX + 1));
	ck_assert_uint_eq(members[0].in_length, 60);
	ck_assert(!keep_out(0, 41));
	ck_assert_uint_eq(leftovers_untaken(&members[0]), 0);
	ck_assert(keep_out(0, 40));
	/* In the place of what was in: no more than before. */
	ck_assert(keep_in(0, 60));
	ck_assert_uint_eq(gone_count, 0);
}
END_TEST

START_TEST(what_is_dropped_makes_room)
{
	ck_assert(keep_in(0, 50));
	ck_assert(keep_out(0, 50));
	leftovers_drop(pool, &members[0]);
	ck_assert(keep_in(1, MAX));
	ck_assert_uint_eq(gone_count, 0);
}
END_TEST

/* What was taken in is not kept, neither while it is worked nor then. */
START_TEST(what_is_taken_in_makes_room)
{
	size_t length;

	for (unsigned turn = 0; turn < 2; turn++) {
		ck_assert(keep_in(0, 60));
		free(leftovers_take_in(pool, &members[0], &length));
		ck_assert_uint_eq(length, 60);
		ck_assert(keep_in(1, 60));
		ck_assert(keep_in(0, 40));
		ck_assert(keep_in(1, 0));
		ck_assert(keep_in(0, 0));
	}
	ck_assert(keep_in(2, MAX));
	ck_assert_uint_eq(gone_count, 0);
}
END_TEST

int
main(void)
{
	return suite_run("net/leftovers", (const struct suite_case[]){
	    {
		.name = "leftovers",
		.setup = setup,
		.teardown = teardown,
		.tests = SUITE_TESTS(what_was_in_is_what_comes_out,
		    what_goes_out_is_appended, who_keeps_for_longest_gives_way,
		    who_keeps_on_keeps_its_place,
		    who_kept_nothing_is_the_last_again,
		    nobody_keeps_more_than_all_may, what_is_dropped_makes_room,
		    what_is_taken_in_makes_room),
	    },
	    {0},
	});
}
