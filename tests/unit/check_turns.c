/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP and UDP in turn, and those that are put off until the next round. */
#include <stdlib.h>
#include <string.h>

#include "net/loop.h"
#include "net/serving.h"
#include "net/turns.h"
#include "suite.h"

#define MEMBERS 3

static struct serving serving;
static struct turns *turns;
static struct turns_member members[MEMBERS];
static unsigned udp_turns;
static unsigned resumed[MEMBERS];
static enum { GO_ON, WORK_HARD, PUT_OFF_AGAIN, TAKE_ALL } manner;

static void
let_udp(struct worker *worker)
{
	(void)worker;
	udp_turns++;
}

static void
resume(struct turns_member *member)
{
	ck_assert(!turns_is_put_off(member));
	resumed[member - members]++;
	if (manner == WORK_HARD)
		turns_work(turns, TURNS_WORK);
	if (manner == PUT_OFF_AGAIN)
		turns_put_off(turns, member);
	for (unsigned i = 0; manner == TAKE_ALL && i < MEMBERS; i++)
		turns_take_up(&members[i]);
}

static void
setup(void)
{
	udp_turns = 0;
	manner = GO_ON;
	memset(resumed, 0, sizeof resumed);
	memset(members, 0, sizeof members);
	serving.base = loop_new();
	serving.let_udp = let_udp;
	turns = turns_new(&serving, resume);
}

static void
teardown(void)
{
	for (unsigned i = 0; i < MEMBERS; i++)
		turns_take_up(&members[i]);
	turns_free(turns);
	event_base_free(serving.base);
}

static void
put_off_all(void)
{
	for (unsigned i = 0; i < MEMBERS; i++) {
		turns_put_off(turns, &members[i]);
		ck_assert(turns_is_put_off(&members[i]));
	}
}

static void
run_round(void)
{
	ck_assert_int_eq(event_base_loop(serving.base, EVLOOP_ONCE), 0);
}

static void
expect_resumed(unsigned first, unsigned second, unsigned third)
{
	ck_assert_uint_eq(resumed[0], first);
	ck_assert_uint_eq(resumed[1], second);
	ck_assert_uint_eq(resumed[2], third);
}

START_TEST(udp_has_its_turn_after_enough_work)
{
	turns_work(turns, TURNS_WORK - 1);
	ck_assert(!turns_over(turns));
	turns_take(turns);
	ck_assert_uint_eq(udp_turns, 0);
	turns_work(turns, 1);
	ck_assert(turns_over(turns));
	turns_take(turns);
	ck_assert_uint_eq(udp_turns, 1);
	ck_assert(!turns_over(turns));
	turns_take(turns);
	ck_assert_uint_eq(udp_turns, 1);
}
END_TEST

START_TEST(who_counts_anew_gives_no_turn)
{
	turns_work(turns, TURNS_WORK);
	turns_restart(turns);
	turns_take(turns);
	ck_assert_uint_eq(udp_turns, 0);
}
END_TEST

START_TEST(those_put_off_go_on_in_the_next_round)
{
	put_off_all();
	expect_resumed(0, 0, 0);
	run_round();
	expect_resumed(1, 1, 1);
	ck_assert_uint_eq(udp_turns, 0);
}
END_TEST

START_TEST(udp_is_between_those_who_work_hard)
{
	manner = WORK_HARD;
	put_off_all();
	run_round();
	expect_resumed(1, 1, 1);
	ck_assert_uint_eq(udp_turns, MEMBERS);
}
END_TEST

START_TEST(one_turn_each_in_a_round)
{
	manner = PUT_OFF_AGAIN;
	put_off_all();
	run_round();
	expect_resumed(1, 1, 1);
	run_round();
	expect_resumed(2, 2, 2);
	manner = GO_ON;
	run_round();
	expect_resumed(3, 3, 3);
}
END_TEST

START_TEST(who_is_taken_up_is_not_called)
{
	put_off_all();
	turns_take_up(&members[1]);
	turns_take_up(&members[1]);
	run_round();
	expect_resumed(1, 0, 1);
}
END_TEST

START_TEST(who_goes_on_may_end_the_others)
{
	manner = TAKE_ALL;
	put_off_all();
	run_round();
	expect_resumed(1, 0, 0);
}
END_TEST

int
main(void)
{
	return suite_run("net/turns", (const struct suite_case[]){
	    {
		.name = "udp",
		.setup = setup,
		.teardown = teardown,
		.tests = SUITE_TESTS(udp_has_its_turn_after_enough_work,
		    who_counts_anew_gives_no_turn,
		    udp_is_between_those_who_work_hard),
	    },
	    {
		.name = "later",
		.setup = setup,
		.teardown = teardown,
		.tests = SUITE_TESTS(those_put_off_go_on_in_the_next_round,
		    one_turn_each_in_a_round, who_is_taken_up_is_not_called,
		    who_goes_on_may_end_the_others),
	    },
	    {0},
	});
}
