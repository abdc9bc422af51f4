/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers a second: by prefix, by kind, in all; slip, time, and floods. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/rate.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static struct rate *rate;
static const struct rate_limits ten = { .per_second = 10, .slip = 2 };

struct tried {
	unsigned pass, slip, drop;
};

static void
setup(void)
{
	rate = rate_new();
}

static void
teardown(void)
{
	rate_free(rate);
}

static struct addr
client(const char *text)
{
	struct addr addr;

	ck_assert_ptr_null(addr_parse(&addr, text, strlen(text)));
	return addr;
}

static struct tried
try_answer(const struct rate_limits *limits, const char *who,
    struct rate_answer answer, unsigned times, int64_t now_ms)
{
	struct addr addr = client(who);
	struct tried tried = { 0, 0, 0 };

	answer.client = &addr;
	for (unsigned i = 0; i < times; i++) {
		switch (rate_judge(rate, limits, &answer, now_ms)) {
		case RATE_PASS:
			tried.pass++;
			break;
		case RATE_SLIP:
			tried.slip++;
			break;
		case RATE_DROP:
			tried.drop++;
			break;
		}
	}
	return tried;
}

static struct tried
try_name(const char *who, uint64_t name, unsigned times, int64_t now_ms)
{
	return try_answer(&ten, who, (struct rate_answer){ .name = name },
	    times, now_ms);
}

static void
expect(struct tried tried, unsigned pass, unsigned slip, unsigned drop)
{
	ck_assert_uint_eq(tried.pass, pass);
	ck_assert_uint_eq(tried.slip, slip);
	ck_assert_uint_eq(tried.drop, drop);
}

START_TEST(limits_a_second)
{
	expect(try_name("192.0.2.1", 1, 10, 5000), 10, 0, 0);
	expect(try_name("192.0.2.1", 1, 10, 5000), 0, 5, 5);
	expect(try_name("192.0.2.1", 1, 1, 5099), 0, 0, 1);
	expect(try_name("192.0.2.1", 1, 2, 5100), 1, 1, 0);
	expect(try_name("192.0.2.1", 1, 6, 5600), 5, 0, 1);
	/* no more than a second's is saved */
	expect(try_name("192.0.2.1", 1, 20, 3600000), 10, 5, 5);
}
END_TEST

/* At any rate below the limit nothing is held back, whatever the steps. */
START_TEST(lets_through_what_is_below)
{
	static const int steps_ms[] = { 100, 101, 250, 1000, 7777 };

	for (size_t i = 0; i < COUNT(steps_ms); i++) {
		for (int64_t at_ms = 0; at_ms < 60000; at_ms += steps_ms[i])
			expect(try_name("192.0.2.1", i, 1, at_ms), 1, 0, 0);
	}
}
END_TEST

static const struct {
	const char *a, *b;
	bool together;
} pairs[] = {
	{ "192.0.2.1", "192.0.2.254", true },
	{ "192.0.2.1", "192.0.3.1", false },
	{ "2001:db8:0:ff00::1", "2001:db8:0:ffff::2", true },
	{ "2001:db8:0:ff00::1", "2001:db8:0:fe00::1", false },
	{ "32.1.13.184", "2001:db8::", false },
};

START_TEST(counts_by_prefix)
{
	expect(try_name(pairs[_i].a, 1, 10, 0), 10, 0, 0);
	ck_assert_uint_eq(try_name(pairs[_i].b, 1, 10, 0).pass,
	    pairs[_i].together ? 0 : 10);
}
END_TEST

START_TEST(counts_by_kind)
{
	static const struct rate_answer answers[] = {
		{ .kind = RATE_NAME, .name = 1 },
		{ .kind = RATE_NAME, .name = 2 },
		{ .kind = RATE_NOTHING, .name = 1 },
		{ .kind = RATE_ERROR },
	};

	for (size_t i = 0; i < COUNT(answers); i++)
		expect(try_answer(&ten, "192.0.2.1", answers[i], 12, 0), 10,
		    1, 1);
}
END_TEST

START_TEST(counts_all_together)
{
	const struct rate_limits limits = { .per_second = 10,
		.all_per_second = 35, .slip = 1 };
	struct tried tried = { 0, 0, 0 };

	for (uint64_t name = 0; name < 100; name++)
		tried.pass += try_answer(&limits, "192.0.2.1",
		    (struct rate_answer){ .name = name }, 1, 0).pass;
	ck_assert_uint_eq(tried.pass, 35);
	/* others are not hit */
	expect(try_answer(&limits, "192.0.3.1", (struct rate_answer){
	    .name = 1 }, 11, 0), 10, 1, 0);
}
END_TEST

START_TEST(slips)
{
	static const struct {
		unsigned slip, slipped;
	} rows[] = { { 0, 0 }, { 1, 30 }, { 2, 15 }, { 3, 10 }, { 100, 0 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct rate_limits limits = { .per_second = 10,
			.slip = rows[i].slip };

		expect(try_answer(&limits, "192.0.2.1", (struct rate_answer){
		    .name = i }, 40, 0), 10, rows[i].slipped,
		    30 - rows[i].slipped);
	}
}
END_TEST

START_TEST(is_off_where_told)
{
	const struct rate_limits off = { .slip = 2 };
	const struct rate_limits all = { .all_per_second = 20 };

	expect(try_answer(&off, "192.0.2.1", (struct rate_answer){
	    .name = 1 }, 100000, 0), 100000, 0, 0);
	expect(try_answer(&all, "192.0.2.1", (struct rate_answer){
	    .name = 1 }, 30, 0), 20, 0, 10);
}
END_TEST

START_TEST(takes_the_largest)
{
	const struct rate_limits most = { .per_second = 1000000,
		.all_per_second = 1000000, .slip = 1 };

	expect(try_answer(&most, "192.0.2.1", (struct rate_answer){
	    .name = 1 }, 1000001, 0), 1000000, 1, 0);
	expect(try_answer(&most, "192.0.2.1", (struct rate_answer){
	    .name = 1 }, 3000, 2), 2000, 1000, 0);
}
END_TEST

/* The clock stands still or its lower bits begin anew. */
START_TEST(goes_by_any_clock)
{
	const int64_t wrap_ms = 1ll << 32;

	expect(try_name("192.0.2.1", 1, 10, wrap_ms - 50), 10, 0, 0);
	expect(try_name("192.0.2.1", 1, 2, wrap_ms + 50), 1, 0, 1);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_uint_eq(try_name("192.0.2.1", 1, 1,
		    wrap_ms + 50).pass, 0);
}
END_TEST

/* A million forged prefixes, and one client that is at its limit all the
 * time: they do not set it free. */
START_TEST(keeps_the_limited)
{
	unsigned passed = 0;
	char text[ADDR_TEXT];

	for (unsigned i = 0; i < 1000000; i++) {
		int64_t now_ms = i / 1000;

		snprintf(text, sizeof(text), "%u.%u.%u.1", 11 + i % 100,
		    i / 100 % 256, i / 25600 % 256);
		try_name(text, i, 1, now_ms);
		if (i % 100 == 0)
			passed += try_name("9.9.9.9", 1, 1, now_ms).pass;
	}
	/* ten at first, ten of the second that it took */
	ck_assert_uint_le(passed, 40);
	ck_assert_uint_ge(passed, 19);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rate");
	TCase *tcase = tcase_create("rate");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, limits_a_second);
	tcase_add_test(tcase, lets_through_what_is_below);
	tcase_add_loop_test(tcase, counts_by_prefix, 0, COUNT(pairs));
	tcase_add_test(tcase, counts_by_kind);
	tcase_add_test(tcase, counts_all_together);
	tcase_add_test(tcase, slips);
	tcase_add_test(tcase, is_off_where_told);
	tcase_add_test(tcase, takes_the_largest);
	tcase_add_test(tcase, goes_by_any_clock);
	tcase_add_test(tcase, keeps_the_limited);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
