/* SPDX-License-Identifier: BSD-2-Clause */
/* What a reload changed, in words. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/changes.h"
#include "names/hostsfile.h"
#include "names/unpaired.h"

static struct content *
parse(const char *text, const struct content *previous)
{
	struct source_spec spec = {
		.kind = SOURCE_HOSTS,
		.path = "hosts",
		.ttl = 5,
		.has_domain = true,
		.domain = dname_from("lab.test."),
	};
	struct source_text file = {"hosts", text, strlen(text)};
	struct hostsfile_input input = {
		.spec = &spec,
		.files = &file,
		.file_count = 1,
		.previous = previous,
	};
	struct diags *diags = diags_new();
	struct content *content = hostsfile_parse(&input, diags);

	diags_free(diags);
	return content;
}

static void
check_changes(const char *before, const char *now, const char *wanted)
{
	struct content *a = before ? parse(before, NULL) : NULL;
	struct content *b = now ? parse(now, a) : NULL;
	struct changes changes = {0};
	char said[2000] = "";

	changes_note(&changes, a, b);
	for (size_t i = 0; i < changes.count; i++) {
		strcat(said, changes.lines[i]);
		strcat(said, "\n");
	}
	ck_assert_str_eq(said, wanted);
	changes_fini(&changes);
	if (a)
		content_free(a);
	if (b)
		content_free(b);
}

START_TEST(records_come_and_go)
{
	check_changes(NULL, "10.0.0.1 web\n", "+ web A 10.0.0.1\n");
	check_changes("10.0.0.1 web\n", NULL, "- web A 10.0.0.1\n");
	check_changes("10.0.0.1 web\n", "10.0.0.2 web\nfd00::1 db.other.test\n",
	    "+ db.other.test AAAA fd00::1\n"
	    "- web A 10.0.0.1\n"
	    "+ web A 10.0.0.2\n");
}
END_TEST

START_TEST(what_moves_is_no_change)
{
	check_changes("10.0.0.1 web\n10.0.0.2 db\n",
	    "# new\n10.0.0.2 db\n10.0.0.1 web # ttl=60\n", "");
}
END_TEST

START_TEST(names_in_other_scripts)
{
	check_changes(NULL, "10.0.0.1 b\xc3\xbc" "cher\n",
	    "+ b\xc3\xbc" "cher A 10.0.0.1\n");
	check_changes(NULL, "10.0.0.1 b\xc3\xbc" "cher.other.test\n",
	    "+ b\xc3\xbc" "cher.other.test A 10.0.0.1\n");
}
END_TEST

START_TEST(there_is_an_end)
{
	struct changes changes = {0};
	struct content *content;
	char text[40000] = "";
	size_t at = 0;

	for (unsigned i = 0; i < CHANGES_LINES_MAX + 7; i++)
		at += (size_t)sprintf(text + at, "10.0.%u.%u vm%u\n", i / 250,
		    i % 250, i);
	content = parse(text, NULL);
	changes_note(&changes, NULL, content);
	ck_assert_uint_eq(changes.count, CHANGES_LINES_MAX);
	ck_assert_uint_eq(changes.more, 7);
	changes_fini(&changes);
	content_free(content);
}
END_TEST

/* Lines 10.X.X.X vmN, `count` of them from `first` on; address + `shift`. */
static char *
write_many(unsigned first, unsigned count, unsigned shift)
{
	char *text = memory_alloc((size_t)count * 32 + 1), *at = text;

	*at = '\0';
	for (unsigned i = first; i < first + count; i++) {
		unsigned n = i + shift;

		at += sprintf(at, "10.%u.%u.%u vm%u\n", n >> 16,
		    n >> 8 & 255, n & 255, i);
	}
	return text;
}

#define MANY 140000u			/* on both sides: above the limit */

/* Edits far apart, so that all between was read anew. */
START_TEST(few_of_many)
{
	char *text = write_many(0, MANY, 0);
	char *second = memory_format("10.99.0.1 first\n%s%s",
	    strchr(text, '\n') + 1, "10.99.0.2 last\n10.99.0.2 last\n");

	check_changes(text, second, "- vm0 A 10.0.0.0\n"
	    "+ last A 10.99.0.2\n+ first A 10.99.0.1\n");
	check_changes(second, text, "+ vm0 A 10.0.0.0\n"
	    "- last A 10.99.0.2\n- first A 10.99.0.1\n");
	free(second);
	free(text);
}
END_TEST

static struct changes
change_many(const char *before, const char *now)
{
	struct content *a = parse(before, NULL), *b = parse(now, NULL);
	struct changes changes = {0};

	changes_note(&changes, a, b);
	content_free(a);
	content_free(b);
	return changes;
}

/* Up to the limit all are counted, above it what was looked at. */
START_TEST(many_of_many)
{
	char *one = write_many(0, MANY, 0);
	char *some = write_many(0, MANY - CHANGES_LINES_MAX, 0);
	char *other = write_many(0, MANY, 1);
	struct changes changes = change_many(one, some);

	ck_assert_uint_eq(changes.count, CHANGES_LINES_MAX);
	ck_assert_uint_eq(changes.more, 0);
	ck_assert_uint_eq(changes.anew, 0);
	changes_fini(&changes);
	changes = change_many(one, other);
	ck_assert_uint_eq(changes.count, 0);
	ck_assert_uint_eq(changes.more, 0);
	ck_assert_uint_eq(changes.anew, 2 * MANY);
	changes_fini(&changes);
	free(one);
	free(some);
	free(other);
}
END_TEST

/* Up to the limit what moved is no change; above it nobody knows. */
START_TEST(many_that_moved)
{
	char *one = write_many(0, MANY, 0);
	char *back = write_many(0, MANY / 2, 0);
	char *front = write_many(MANY / 2, MANY / 2, 0);
	char *turned = memory_format("%s%s", front, back);
	char *large = write_many(0, 2 * MANY, 0);
	char *half = strchr(large + strlen(large) / 2, '\n') + 1;
	char *over = memory_format("%s%.*s", half, (int)(half - large), large);
	struct changes changes = change_many(one, turned);

	ck_assert_uint_eq(changes.count + changes.more + changes.anew, 0);
	changes_fini(&changes);
	changes = change_many(large, over);
	ck_assert_uint_eq(changes.count + changes.more, 0);
	ck_assert_uint_eq(changes.anew, 4 * MANY);
	changes_fini(&changes);
	free(one);
	free(back);
	free(front);
	free(turned);
	free(large);
	free(over);
}
END_TEST

START_TEST(what_is_unpaired)
{
	struct unpaired *unpaired = unpaired_new(3000);
	uint64_t seed = 1;

	/* Two rows out of step by 1000, the second without every tenth. */
	for (unsigned i = 0; i < 20000; i++) {
		ck_assert_int_eq(unpaired_add(unpaired,
		    i * UINT64_C(0x9e3779b97f4a7c15), UNPAIRED_BEFORE),
		    UNPAIRED_OK);
		if (i >= 1000 && i % 10 != 0)
			ck_assert_int_eq(unpaired_add(unpaired, (i - 1000) *
			    UINT64_C(0x9e3779b97f4a7c15), UNPAIRED_NOW),
			    UNPAIRED_OK);
	}
	ck_assert_uint_eq(unpaired_count(unpaired), 1900 + 1000);
	for (unsigned i = 0; i < 20000; i++)
		ck_assert(unpaired_has(unpaired,
		    i * UINT64_C(0x9e3779b97f4a7c15)) ==
		    (i >= 19000 || i % 10 == 0));
	for (unsigned i = 0; i < 100; i++)
		ck_assert_int_eq(unpaired_add(unpaired, ++seed << 1,
		    UNPAIRED_NOW), UNPAIRED_OK);
	ck_assert_int_eq(unpaired_add(unpaired, ++seed << 1, UNPAIRED_NOW),
	    UNPAIRED_TOO_MANY);
	unpaired_free(unpaired);
}
END_TEST

static Suite *
make_suite(void)
{
	Suite *suite = suite_create("changes");
	TCase *tcase = tcase_create("changes");

	tcase_set_timeout(tcase, 240);
	tcase_add_test(tcase, records_come_and_go);
	tcase_add_test(tcase, what_moves_is_no_change);
	tcase_add_test(tcase, names_in_other_scripts);
	tcase_add_test(tcase, there_is_an_end);
	tcase_add_test(tcase, few_of_many);
	tcase_add_test(tcase, many_of_many);
	tcase_add_test(tcase, many_that_moved);
	tcase_add_test(tcase, what_is_unpaired);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
