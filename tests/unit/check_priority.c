/* SPDX-License-Identifier: BSD-2-Clause */
/* Who goes ahead: what the threads are given, behind the sandbox too. */
#include "config.h"

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "giving.h"
#include "sys/priority.h"
#include "sys/rights.h"
#include "sys/syscalls.h"

#define SHORT_US 100
#define LOWEST 19

struct seen {
	enum priority wanted;
	int nice;
	unsigned slice_us;
	pthread_t self;
	bool hears_signals;
};

static void
look(struct seen *seen)
{
	sigset_t blocked;

	seen->nice = priority_nice();
	seen->slice_us = priority_slice_us();
	seen->self = pthread_self();
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	seen->hears_signals = !sigismember(&blocked, SIGHUP);
}

static void *
take_and_look(void *context)
{
	struct seen *seen = context;

	priority_take(seen->wanted);
	look(seen);
	return NULL;
}

static struct seen
take_in_thread(enum priority wanted)
{
	struct seen seen = {.wanted = wanted};
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, take_and_look, &seen),
	    0);
	pthread_join(thread, NULL);
	return seen;
}

/* Under another scheduler than the usual ones (chrt) nothing is to change. */
static bool
is_usual(void)
{
	int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;

	return policy == SCHED_OTHER || policy == SCHED_BATCH;
}

static unsigned
shortened(unsigned slice_us)
{
	return is_usual() && slice_us ? SHORT_US : slice_us;
}

static int
lowered(int nice)
{
	if (!is_usual())
		return nice;
	return nice + 5 < LOWEST ? nice + 5 : LOWEST;
}

static int
lowest(int nice)
{
	return is_usual() ? LOWEST : nice;
}

/* Where the kernel knows of slices (Linux 6.12); nobody's priority rises. */
START_TEST(prompt_has_the_shorter_slice)
{
	unsigned before_us = priority_slice_us();
	struct seen seen = take_in_thread(PRIORITY_PROMPT);

	ck_assert_int_eq(seen.nice, priority_nice());
	ck_assert_uint_eq(seen.slice_us, shortened(before_us));
	ck_assert_uint_eq(priority_slice_us(), before_us);
}
END_TEST

START_TEST(the_others_go_down_alone)
{
	int before = priority_nice();

	ck_assert_int_eq(take_in_thread(PRIORITY_GIVING).nice,
	    lowered(before));
	ck_assert_int_eq(take_in_thread(PRIORITY_LEISURE).nice,
	    lowest(before));
	ck_assert_int_eq(priority_nice(), before);
}
END_TEST

static int
try_in_filter(void)
{
	int before = priority_nice();
	unsigned before_us = priority_slice_us();

	rights_harden();
	if (syscalls_limit() == SYSCALLS_REFUSED)
		return 1;
	priority_take(PRIORITY_PROMPT);
	if (priority_slice_us() != shortened(before_us))
		return 2;
	priority_take(PRIORITY_GIVING);
	if (priority_nice() != lowered(before))
		return 3;
	priority_take(PRIORITY_LEISURE);
	return priority_nice() == lowest(before) ? 0 : 4;
}

START_TEST(the_filter_lets_it)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(try_in_filter());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "status %x", (unsigned)status);
}
END_TEST

static void
look_at_job(void *context)
{
	look(context);
}

/* Done when giving_do returns, by another, who is left no signal to take. */
START_TEST(long_work_gives_way)
{
	int before = priority_nice();
	struct seen seen = {0};

	giving_do(look_at_job, &seen);
	ck_assert_int_eq(seen.nice, lowered(before));
	ck_assert(!pthread_equal(seen.self, pthread_self()));
	ck_assert(!seen.hears_signals);
	look(&seen);
	ck_assert_int_eq(seen.nice, before);
	ck_assert(seen.hears_signals);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("priority");
	TCase *tcase = tcase_create("priority");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, prompt_has_the_shorter_slice);
	tcase_add_test(tcase, the_others_go_down_alone);
	tcase_add_test(tcase, the_filter_lets_it);
	tcase_add_test(tcase, long_work_gives_way);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
