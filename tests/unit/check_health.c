/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/health.h"

#include <check.h>
#include <stdlib.h>

/* Each test has a process of its own. */
static struct health health;

static struct endpoint
server(uint8_t last, uint16_t port)
{
	return (struct endpoint){ { 4, { 192, 0, 2, last } }, port, 0 };
}

START_TEST(each_failure_doubles_the_time)
{
	struct endpoint one = server(1, 53), other = server(1, 54);
	struct health_entry *entry = health_take(&health, &one);
	int64_t now_ms = 1000, for_ms = HEALTH_FIRST_MS;

	ck_assert_int_eq(health_until_ms(entry, now_ms), 0);
	ck_assert_ptr_null(health_find(&health, &other));
	for (unsigned i = 0; i < 12; i++) {
		health_failed(entry, HEALTH_SILENT, now_ms);
		/* Those that were out with it fail too. */
		health_failed(entry, HEALTH_SILENT, now_ms + 1);
		ck_assert_int_eq(health_until_ms(entry, now_ms),
		    now_ms + for_ms);
		now_ms += for_ms;
		ck_assert_int_eq(health_until_ms(entry, now_ms), 0);
		if (for_ms < HEALTH_LONGEST_MS)
			for_ms *= 2;
	}
	health_answered(entry);
	health_failed(entry, HEALTH_SILENT, now_ms);
	ck_assert_int_eq(health_until_ms(entry, now_ms),
	    now_ms + HEALTH_FIRST_MS);
}
END_TEST

START_TEST(soft_failures_take_a_few)
{
	struct endpoint one = server(1, 53);
	struct health_entry *entry = health_take(&health, &one);

	for (unsigned i = 0; i < HEALTH_SOFT_MAX; i++)
		health_failed(entry, HEALTH_SERVFAIL, 1000);
	ck_assert_int_eq(health_until_ms(entry, 1000), 0);
	health_answered(entry);
	for (unsigned i = 0; i < HEALTH_SOFT_MAX; i++)
		health_failed(entry, HEALTH_UNUSABLE, 1000);
	ck_assert_int_eq(health_until_ms(entry, 1000), 0);
	health_failed(entry, HEALTH_FORMERR, 1000);
	ck_assert_int_gt(health_until_ms(entry, 1000), 1000);
}
END_TEST

START_TEST(a_full_table_forgets_the_oldest)
{
	struct endpoint each;

	for (unsigned i = 0; i <= HEALTH_UPSTREAMS; i++) {
		each = server((uint8_t)i, 53);
		health_sent(health_take(&health, &each), 1000 + i);
	}
	each = server(0, 53);
	ck_assert_ptr_null(health_find(&health, &each));
	for (unsigned i = 1; i <= HEALTH_UPSTREAMS; i++) {
		each = server((uint8_t)i, 53);
		ck_assert_ptr_nonnull(health_find(&health, &each));
		ck_assert_int_eq(health_find(&health, &each)->used_ms,
		    1000 + i);
	}
}
END_TEST

/* Whoever comes into the place of another is not given its cookies. */
START_TEST(cookies_leave_with_their_upstream)
{
	const uint8_t theirs[16] = { 1 };
	struct endpoint each;
	struct health_entry *entry;

	for (unsigned i = 0; i < HEALTH_UPSTREAMS; i++) {
		each = server((uint8_t)i, 53);
		entry = health_take(&health, &each);
		health_sent(entry, 1000 + i);
		entry->has_ours = true;
		health_remember_cookie(entry, theirs, sizeof(theirs), 1000);
	}
	each = server(200, 53);
	entry = health_take(&health, &each);
	ck_assert(!entry->has_ours);
	ck_assert_uint_eq(health_cookie(entry, 1000), 0);
	each = server(HEALTH_UPSTREAMS - 1, 53);
	ck_assert(health_take(&health, &each)->has_ours);
}
END_TEST

START_TEST(times_are_smoothed)
{
	struct endpoint one = server(1, 53);
	struct health_entry *entry = health_take(&health, &one);

	ck_assert_uint_eq(health_wait_ms(NULL), 400);
	ck_assert_uint_eq(health_wait_ms(entry), 400);
	health_heard(entry, 100);	/* 100, 50 */
	ck_assert_uint_eq(entry->srtt_8, 800);
	ck_assert_uint_eq(health_wait_ms(entry), 300);
	health_heard(entry, 180);	/* 110, 3/4 * 50 + 80/4 */
	ck_assert_uint_eq(entry->srtt_8, 880);
	ck_assert_uint_eq(health_wait_ms(entry), 110 + 4 * 50 * 3 / 4 + 80);
	health_heard(entry, -1);
	ck_assert_uint_eq(entry->srtt_8, 880);
	/* That it is not back yet says something only after that time. */
	health_lost(entry, 110);
	ck_assert_uint_eq(entry->srtt_8, 880);
	health_lost(entry, 270);
	ck_assert_uint_eq(entry->srtt_8, 1040);
	for (unsigned i = 0; i < 100; i++)
		health_heard(entry, 0);
	ck_assert_uint_eq(health_wait_ms(entry), HEALTH_WAIT_LEAST_MS);
	for (unsigned i = 0; i < 100; i++)
		health_heard(entry, INT64_MAX);
	ck_assert_uint_eq(health_wait_ms(entry), HEALTH_WAIT_MOST_MS);
}
END_TEST

START_TEST(one_that_is_back_is_measured_anew)
{
	struct endpoint one = server(1, 53);
	struct health_entry *entry = health_take(&health, &one);

	health_heard(entry, 20);
	health_failed(entry, HEALTH_SILENT, 1000);
	health_lost(entry, 3000);
	ck_assert_uint_gt(entry->srtt_8, 8 * 300);
	health_heard(entry, 20);
	health_answered(entry);
	ck_assert_uint_eq(entry->srtt_8, 8 * 20);
}
END_TEST

START_TEST(what_others_read)
{
	struct endpoint one = server(1, 53);
	struct health_entry *entry = health_take(&health, &one);
	struct health_view view;
	unsigned found = 0;

	health_sent(entry, 900);
	health_heard(entry, 25);
	health_sent(entry, 1000);
	health_lost(entry, 500);
	health_failed(entry, HEALTH_REFUSED, 1500);
	for (unsigned i = 0; i < HEALTH_UPSTREAMS; i++) {
		if (!health_read(&health, i, &view))
			continue;
		found++;
		ck_assert(endpoint_equal(&view.endpoint, &one));
		ck_assert_uint_eq(view.figure[HEALTH_SENT], 2);
		ck_assert_uint_eq(view.figure[HEALTH_ANSWERED], 1);
		ck_assert_uint_eq(view.figure[HEALTH_LOST], 1);
		ck_assert_uint_eq(view.figure[HEALTH_SRTT_US],
		    entry->srtt_8 * 125u);
		ck_assert_uint_eq(view.figure[HEALTH_UNTIL_MS], 2000);
		ck_assert_uint_eq(view.figure[HEALTH_WHY], HEALTH_REFUSED);
		ck_assert_uint_eq(view.figure[HEALTH_FAILED +
		    HEALTH_REFUSED], 1);
		ck_assert_uint_eq(view.figure[HEALTH_FAILED +
		    HEALTH_SILENT], 0);
	}
	ck_assert_uint_eq(found, 1);
	health_answered(entry);
	for (unsigned i = 0; i < HEALTH_UPSTREAMS; i++) {
		if (health_read(&health, i, &view))
			ck_assert_uint_eq(view.figure[HEALTH_UNTIL_MS], 0);
	}
}
END_TEST

START_TEST(replies_are_counted)
{
	struct endpoint one = server(1, 53);
	struct health_entry *entry = health_take(&health, &one);
	struct health_view view;
	unsigned found = 0;

	health_replied(entry, 0, 0);
	health_replied(entry, 3, 1);
	health_replied(entry, 3, 26);
	health_replied(entry, 23, 6000);
	health_replied(entry, 0, -5);	/* a clock that steps back */
	while (!health_read(&health, found, &view))
		found++;
	ck_assert_uint_eq(view.figure[HEALTH_RCODE], 2);
	ck_assert_uint_eq(view.figure[HEALTH_RCODE + 3], 2);
	ck_assert_uint_eq(view.figure[HEALTH_RCODE + HEALTH_RCODES - 1], 1);
	ck_assert_uint_eq(view.figure[HEALTH_TOOK], 3);
	ck_assert_int_eq(health_bound_ms(5), 50);
	ck_assert_uint_eq(view.figure[HEALTH_TOOK + 5], 1);
	ck_assert_uint_eq(view.figure[HEALTH_TOOK + HEALTH_BUCKETS - 1], 1);
	ck_assert_uint_eq(view.figure[HEALTH_TOOK_MS], 6027);
	ck_assert_uint_eq(view.figure[HEALTH_ANSWERED], 0);
}
END_TEST

START_TEST(views_are_added_up)
{
	struct health_view sum = { .figure = {
		[HEALTH_SENT] = 10, [HEALTH_ANSWERED] = 6,
		[HEALTH_SRTT_US] = 1000, [HEALTH_UNTIL_MS] = 70,
		[HEALTH_WHY] = HEALTH_SERVFAIL,
		[HEALTH_FAILED + HEALTH_SERVFAIL] = 1 } };
	struct health_view more = { .figure = {
		[HEALTH_SENT] = 5, [HEALTH_ANSWERED] = 2,
		[HEALTH_SRTT_US] = 9000, [HEALTH_UNTIL_MS] = 90,
		[HEALTH_WHY] = HEALTH_SILENT,
		[HEALTH_FAILED + HEALTH_SILENT] = 3 } };
	struct health_view nothing = { .figure = { 0 } };

	health_add(&sum, &more);
	ck_assert_uint_eq(sum.figure[HEALTH_SENT], 15);
	ck_assert_uint_eq(sum.figure[HEALTH_ANSWERED], 8);
	ck_assert_uint_eq(sum.figure[HEALTH_SRTT_US], 3000);
	ck_assert_uint_eq(sum.figure[HEALTH_UNTIL_MS], 90);
	ck_assert_uint_eq(sum.figure[HEALTH_WHY], HEALTH_SILENT);
	ck_assert_uint_eq(sum.figure[HEALTH_FAILED + HEALTH_SILENT], 3);
	ck_assert_uint_eq(sum.figure[HEALTH_FAILED + HEALTH_SERVFAIL], 1);
	health_add(&sum, &nothing);
	ck_assert_uint_eq(sum.figure[HEALTH_SRTT_US], 3000);
	health_add(&nothing, &sum);
	ck_assert_uint_eq(nothing.figure[HEALTH_SRTT_US], 3000);
	ck_assert_uint_eq(nothing.figure[HEALTH_WHY], HEALTH_SILENT);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("health");
	TCase *tc = tcase_create("health");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, each_failure_doubles_the_time);
	tcase_add_test(tc, soft_failures_take_a_few);
	tcase_add_test(tc, a_full_table_forgets_the_oldest);
	tcase_add_test(tc, replies_are_counted);
	tcase_add_test(tc, cookies_leave_with_their_upstream);
	tcase_add_test(tc, times_are_smoothed);
	tcase_add_test(tc, one_that_is_back_is_measured_anew);
	tcase_add_test(tc, what_others_read);
	tcase_add_test(tc, views_are_added_up);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
