/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/health.h"

#include <check.h>
#include <stdlib.h>

static struct endpoint
server(uint8_t last, uint16_t port)
{
	return (struct endpoint){ { 4, { 192, 0, 2, last } }, port, 0 };
}

START_TEST(each_failure_doubles_the_time)
{
	struct health health = { 0 };
	struct endpoint one = server(1, 53), other = server(1, 54);
	int64_t now_ms = 1000, for_ms = HEALTH_FIRST_MS;

	ck_assert_int_eq(health_until_ms(&health, &one, now_ms), 0);
	for (unsigned i = 0; i < 12; i++) {
		health_failed(&health, &one, HEALTH_HARD, now_ms);
		/* Those that were out with it fail too. */
		health_failed(&health, &one, HEALTH_HARD, now_ms + 1);
		ck_assert_int_eq(health_until_ms(&health, &one, now_ms),
		    now_ms + for_ms);
		ck_assert_int_eq(health_until_ms(&health, &other, now_ms), 0);
		now_ms += for_ms;
		ck_assert_int_eq(health_until_ms(&health, &one, now_ms), 0);
		if (for_ms < HEALTH_LONGEST_MS)
			for_ms *= 2;
	}
	health_answered(&health, &one);
	health_failed(&health, &one, HEALTH_HARD, now_ms);
	ck_assert_int_eq(health_until_ms(&health, &one, now_ms),
	    now_ms + HEALTH_FIRST_MS);
}
END_TEST

START_TEST(soft_failures_take_a_few)
{
	struct health health = { 0 };
	struct endpoint one = server(1, 53);

	for (unsigned i = 0; i < HEALTH_SOFT_MAX; i++)
		health_failed(&health, &one, HEALTH_SOFT, 1000);
	ck_assert_int_eq(health_until_ms(&health, &one, 1000), 0);
	health_answered(&health, &one);
	for (unsigned i = 0; i < HEALTH_SOFT_MAX; i++)
		health_failed(&health, &one, HEALTH_SOFT, 1000);
	ck_assert_int_eq(health_until_ms(&health, &one, 1000), 0);
	health_failed(&health, &one, HEALTH_SOFT, 1000);
	ck_assert_int_gt(health_until_ms(&health, &one, 1000), 1000);
}
END_TEST

START_TEST(a_full_table_forgets_the_oldest)
{
	struct health health = { 0 };
	struct endpoint each;

	for (unsigned i = 0; i <= HEALTH_UPSTREAMS; i++) {
		each = server((uint8_t)i, 53);
		health_failed(&health, &each, HEALTH_HARD, 1000 + i);
	}
	each = server(0, 53);
	ck_assert_int_eq(health_until_ms(&health, &each, 1100), 0);
	for (unsigned i = 1; i <= HEALTH_UPSTREAMS; i++) {
		each = server((uint8_t)i, 53);
		ck_assert_int_eq(health_until_ms(&health, &each, 1100),
		    1000 + i + HEALTH_FIRST_MS);
	}
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
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
