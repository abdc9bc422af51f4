/* SPDX-License-Identifier: BSD-2-Clause */
/* Who gives way to whom, of all and of one client. */
#include <stdlib.h>
#include <string.h>

#include "net/crowd.h"
#include "suite.h"

#define MANY 3000

static struct crowd *crowd;
static struct crowd_member members[MANY];

static struct addr
client(unsigned n)
{
	return (struct addr){4, {192, 0, (uint8_t)(n >> 8), (uint8_t)n}};
}

static void
start(unsigned all, unsigned each)
{
	memset(members, 0, sizeof members);
	crowd = crowd_new(&(struct crowd_limits){.all = all, .client = each});
}

static void
teardown(void)
{
	crowd_free(crowd);
}

static void
add(unsigned i, unsigned who, int64_t now_ms)
{
	struct addr addr = client(who);

	crowd_add(crowd, &members[i], &addr, now_ms);
}

static void
begin(unsigned i, int64_t now_ms)
{
	crowd_touch(crowd, &members[i], now_ms);
	crowd_set(crowd, &members[i], CROWD_BUSY);
}

static void
end(unsigned i, int64_t now_ms)
{
	crowd_touch(crowd, &members[i], now_ms);
	crowd_set(crowd, &members[i], CROWD_IDLE);
}

/* Who goes so that one more of `who` fits; -1: nobody needs to, -2: there is
 * no room for it. */
static int
way_for(unsigned who)
{
	struct addr addr = client(who);
	struct crowd_member *way;
	enum crowd_room room = crowd_find_room(crowd, &addr, &way);

	if (room == CROWD_ROOM)
		return -1;
	return room == CROWD_FULL ? -2 : (int)(way - members);
}

START_TEST(crowd_the_longest_idle_gives_way)
{
	start(3, 0);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(way_for(9), -1);
		add(i, i, 100 + i);
	}
	ck_assert_int_eq(way_for(9), 0);
	begin(0, 110);
	ck_assert_int_eq(way_for(9), 1);
	crowd_touch(crowd, &members[1], 111);
	ck_assert_int_eq(way_for(9), 2);
	end(0, 112);
	crowd_remove(crowd, &members[2]);
	ck_assert_int_eq(way_for(9), -1);
	add(2, 2, 113);
	ck_assert_int_eq(way_for(9), 1);
	ck_assert_uint_eq(crowd_count(crowd), 3);
}
END_TEST

START_TEST(crowd_where_all_are_busy_the_oldest_does)
{
	start(2, 0);
	add(0, 0, 1);
	add(1, 1, 2);
	begin(1, 3);
	begin(0, 4);
	ck_assert_int_eq(way_for(9), 1);
	ck_assert_ptr_null(crowd_oldest(crowd, CROWD_IDLE));
	crowd_touch(crowd, &members[1], 5);
	ck_assert_int_eq(way_for(9), 0);
}
END_TEST

/* One that does not share the count of member 0. */
static unsigned
find_other(void)
{
	for (unsigned who = 8;; who++) {
		uint32_t counted;

		add(MANY - 1, who, 1);
		counted = members[MANY - 1].client;
		crowd_remove(crowd, &members[MANY - 1]);
		if (counted != members[0].client)
			return who;
	}
}

START_TEST(crowd_a_client_keeps_to_its_part)
{
	unsigned other;

	start(100, 2);
	add(0, 7, 1);
	other = find_other();
	add(1, other, 2);
	add(2, 7, 3);
	ck_assert_int_eq(way_for(7), 0);	/* its own, not the oldest */
	ck_assert_int_eq(way_for(other), -1);
	begin(0, 4);
	ck_assert_int_eq(way_for(7), 2);
	begin(2, 5);
	ck_assert_int_eq(way_for(7), -2);
	ck_assert_int_eq(way_for(other), -1);
	end(0, 6);
	ck_assert_int_eq(way_for(7), 0);
	crowd_remove(crowd, &members[0]);
	ck_assert_int_eq(way_for(7), -1);
}
END_TEST

/* One flood fills what is there for it, and no more. */
START_TEST(crowd_others_come_in)
{
	unsigned out = 0;

	start(MANY, 100);
	for (unsigned i = 0; i < 100; i++)
		add(i, 1, i);
	for (unsigned i = 100; i < MANY; i++) {
		if (way_for(i) != -1)
			out++;
		add(i, i, i);
	}
	ck_assert_uint_lt(out, MANY / 10);	/* who share its count */
	ck_assert_int_eq(way_for(1), 0);
}
END_TEST

int
main(void)
{
	return suite_run("net/crowd", (const struct suite_case[]){
	    {
		.name = "who gives way",
		.teardown = teardown,
		.tests = SUITE_TESTS(crowd_the_longest_idle_gives_way,
		    crowd_where_all_are_busy_the_oldest_does,
		    crowd_a_client_keeps_to_its_part, crowd_others_come_in),
	    },
	    {0},
	});
}
