/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/rebind.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "dns/types.h"

static bool
is_private(const char *text)
{
	struct addr addr;

	ck_assert_ptr_null(addr_parse(&addr, text, strlen(text)));
	return rebind_is_private(addr.family == 4 ? TYPE_A : TYPE_AAAA,
	    addr.bytes, addr.family == 4 ? 4 : 16);
}

START_TEST(private_ones)
{
	static const char *const texts[] = { "10.0.0.0", "10.255.255.255",
		"172.16.0.1", "172.31.255.255", "192.168.0.1", "127.0.0.1",
		"127.255.0.1", "169.254.1.1", "0.0.0.0", "0.1.2.3",
		"255.255.255.255", "::", "::1", "fe80::1", "febf::1",
		"fec0::1", "feff::1", "fc00::1", "fdff::1", "::10.0.0.1",
		"::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:0.0.0.0",
		"64:ff9b::192.168.1.1", "64:ff9b::169.254.169.254" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(is_private(texts[i]), "%s", texts[i]);
}
END_TEST

START_TEST(public_ones)
{
	static const char *const texts[] = { "1.0.0.0", "9.255.255.255",
		"11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.1.1",
		"192.169.0.1", "100.64.0.1", "126.0.0.1", "128.0.0.1",
		"169.253.1.1", "198.51.100.1", "255.255.255.254",
		"2001:db8::1", "fbff::1", "fe00::1", "ff02::1", "::8.8.8.8",
		"::ffff:198.51.100.1", "64:ff9b::198.51.100.1",
		"64:ff9b:1::10.0.0.1", "1::10.0.0.1" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(!is_private(texts[i]), "%s", texts[i]);
}
END_TEST

#define HINTS_HEAD "\0\1\3www\0"

START_TEST(hints)
{
	static const struct {
		bool wanted;
		size_t length;
		const char *rdata;
	} cases[] = {
		{ false, 7, HINTS_HEAD },
		{ false, 15, HINTS_HEAD "\0\4\0\4\1\2\3\4" },
		{ true, 19, HINTS_HEAD "\0\4\0\10\1\2\3\4\12\0\0\1" },
		{ true, 21, HINTS_HEAD "\0\1\0\2\1h" "\0\4\0\4\300\250\1\1" },
		{ false, 15, HINTS_HEAD "\0\5\0\4\12\0\0\1" },
		{ true, 27, HINTS_HEAD "\0\6\0\20\375\0\0\0\0\0\0\0\0\0\0\0"
		    "\0\0\0\1" },
		{ false, 27, HINTS_HEAD "\0\6\0\20\40\1\15\270\0\0\0\0\0\0\0"
		    "\0\0\0\0\1" },
		/* Cut off: there is no whole address. */
		{ false, 14, HINTS_HEAD "\0\4\0\4\12\0\0" },
		{ false, 3, "\0\1\3" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint8_t *rdata = (const uint8_t *)cases[i].rdata;

		ck_assert_msg(rebind_is_private(TYPE_HTTPS, rdata,
		    cases[i].length) == cases[i].wanted, "%zu", i);
		ck_assert_msg(rebind_is_private(TYPE_SVCB, rdata,
		    cases[i].length) == cases[i].wanted, "%zu", i);
		ck_assert(!rebind_is_private(TYPE_TXT, rdata,
		    cases[i].length));
	}
}
END_TEST

START_TEST(allowed_names)
{
	struct dname allow[2] = { dname_from("corp.test."),
		dname_from("a.b.test.") };
	struct rebind rebind = { true, 2, allow };
	static const struct {
		const char *name;
		bool wanted;
	} cases[] = { { "corp.test.", true }, { "db.corp.test.", true },
		{ "xcorp.test.", false }, { "test.", false }, { ".", false },
		{ "x.y.a.b.test.", true }, { "b.test.", false } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dname name = dname_from(cases[i].name);

		ck_assert_msg(rebind_allows(&rebind, name.wire) ==
		    cases[i].wanted, "%s", cases[i].name);
	}
	rebind.count = 0;
	ck_assert(!rebind_allows(&rebind, allow[0].wire));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rebind");
	TCase *tc = tcase_create("rebind");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, private_ones);
	tcase_add_test(tc, public_ones);
	tcase_add_test(tc, hints);
	tcase_add_test(tc, allowed_names);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
