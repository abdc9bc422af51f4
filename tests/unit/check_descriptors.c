/* SPDX-License-Identifier: BSD-2-Clause */
/* What the workers take of so many descriptors. */
#include <check.h>
#include <stdlib.h>

#include "descriptors.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static struct workers_settings
settings_of(unsigned workers)
{
	return (struct workers_settings){
		.count = workers,
		.tcp_connections_max = 8192,
		.waiting_max = 4096,
		.upstream_streams_max = 512,
	};
}

START_TEST(leaves_it_where_there_is_room)
{
	struct workers_settings settings = settings_of(2);

	ck_assert(!descriptors_share(&settings, 1 << 20, 60));
	ck_assert_uint_eq(settings.tcp_connections_max, 8192);
	ck_assert_uint_eq(settings.waiting_max, 4096);
	ck_assert_uint_eq(settings.upstream_streams_max, 512);
	ck_assert_uint_eq(settings.upstream_udp_max, 0);
}
END_TEST

/* All that may be open at once stays below the limit, with some to spare. */
static const struct {
	unsigned workers, limit, open;
} rows[] = {
	{ 1, 1024, 30 }, { 2, 1024, 40 }, { 8, 1024, 90 }, { 2, 4096, 40 },
	{ 4, 20000, 60 }, { 1, 256, 30 }, { 2, 128, 30 }, { 2, 30000, 60 },
	{ 64, 65536, 600 },
};

START_TEST(shares_what_there_is)
{
	struct workers_settings settings = settings_of(rows[_i].workers);
	unsigned taken, spare = rows[_i].limit / 4;

	ck_assert(descriptors_share(&settings, rows[_i].limit, rows[_i].open));
	taken = rows[_i].open + rows[_i].workers *
	    (settings.tcp_connections_max + settings.upstream_udp_max +
	    settings.upstream_streams_max);
	ck_assert_uint_le(taken + (spare < 96 ? spare : 96), rows[_i].limit);
	ck_assert_uint_ge(settings.tcp_connections_max, 2);
	ck_assert_uint_ge(settings.upstream_udp_max, 2);
	ck_assert_uint_ge(settings.upstream_streams_max, 2);
	ck_assert_uint_ge(settings.waiting_max, 8);
	ck_assert_uint_le(settings.tcp_connections_max, 8192);
	ck_assert_uint_le(settings.waiting_max, 4096);
}
END_TEST

/* Where there is next to nothing everybody has a little. */
START_TEST(always_leaves_a_little)
{
	static const unsigned limits[] = { 0, 20, 40, 64 };

	for (size_t i = 0; i < COUNT(limits); i++) {
		struct workers_settings settings = settings_of(4);

		ck_assert(descriptors_share(&settings, limits[i], 40));
		ck_assert_uint_eq(settings.tcp_connections_max, 2);
		ck_assert_uint_eq(settings.upstream_udp_max, 2);
		ck_assert_uint_eq(settings.upstream_streams_max, 2);
		ck_assert_uint_eq(settings.waiting_max, 8);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("descriptors");
	TCase *tcase = tcase_create("descriptors");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, leaves_it_where_there_is_room);
	tcase_add_loop_test(tcase, shares_what_there_is, 0, COUNT(rows));
	tcase_add_test(tcase, always_leaves_a_little);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
