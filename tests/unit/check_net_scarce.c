/* SPDX-License-Identifier: BSD-2-Clause */
/* A process that has no descriptor left for one more connection. */
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "netlab.h"
#include "suite.h"

#define PAUSE_MS 300			/* less than accepting pauses for */
#define BUSY_MS 100			/* of it at work would be a loop */

static uint8_t reply[WIRE_MAX];

static void
setup(void)
{
	lab_start(&(struct lab_settings){.workers = 1});
}

static void
ask(int fd, const char *name, uint16_t id)
{
	struct lab_query query;

	lab_query(&query, name, id);
	lab_send_tcp(fd, &query);
}

static void
expect_reply(int fd, uint16_t id)
{
	lab_get_tcp(fd, reply);
	ck_assert_uint_eq(lab_id(reply), id);
}

static rlim_t
limit_descriptors(rlim_t to)
{
	struct rlimit limit;
	rlim_t before;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	before = limit.rlim_cur;
	limit.rlim_cur = to;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return before;
}

/* Room for one more descriptor, which is the client's; none for the server's
 * end of the connection.  Gives the limit that there was. */
static rlim_t
leave_one(void)
{
	int lowest = dup(STDIN_FILENO);

	ck_assert_int_ge(lowest, 0);
	close(lowest);
	return limit_descriptors((rlim_t)lowest + 1);
}

static int64_t
cpu_ms(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

START_TEST(scarce_the_longest_idle_gives_way)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int first = lab_tcp(listener, NULL), second = lab_tcp(listener, NULL);
	rlim_t before;
	int third;

	ask(second, "web.lab.test.", 1);
	expect_reply(second, 1);
	ask(first, "web.lab.test.", 2);
	expect_reply(first, 2);
	before = leave_one();
	third = lab_tcp(listener, NULL);
	ask(third, "web.lab.test.", 3);
	expect_reply(third, 3);
	lab_expect_end(second);
	ask(first, "web.lab.test.", 4);
	expect_reply(first, 4);
	ck_assert_uint_eq(lab_stat(STAT_TCP_CLOSED_MAKE_ROOM), 1);
	limit_descriptors(before);
	close(first);
	close(second);
	close(third);
	lab_drop(listener);
}
END_TEST

START_TEST(scarce_the_busy_are_spared)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int busy = lab_tcp(listener, NULL), later;
	rlim_t before;
	int64_t began_ms;

	ask(busy, "held.up.test.", 1);
	lab_wait_upstream(1);
	before = leave_one();
	later = lab_tcp(listener, NULL);
	ask(later, "web.lab.test.", 2);
	began_ms = cpu_ms();
	ck_assert(!lab_heard(later, PAUSE_MS));
	ck_assert_int_lt(cpu_ms() - began_ms, BUSY_MS);
	limit_descriptors(before);
	expect_reply(later, 2);
	lab_release();
	expect_reply(busy, 1);
	ck_assert_uint_eq(lab_stat(STAT_TCP_CLOSED_MAKE_ROOM), 0);
	close(busy);
	close(later);
	lab_drop(listener);
}
END_TEST

int
main(void)
{
	return suite_run("net/scarce", (const struct suite_case[]){
	    {
		.name = "descriptors",
		.setup = setup,
		.teardown = lab_stop,
		.tests = SUITE_TESTS(scarce_the_longest_idle_gives_way,
		    scarce_the_busy_are_spared),
	    },
	    {0},
	});
}
