/* SPDX-License-Identifier: BSD-2-Clause */
/* What a reload changed, in words. */
#include <check.h>
#include <string.h>

#include "names/changes.h"
#include "names/hostsfile.h"

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

static Suite *
make_suite(void)
{
	Suite *suite = suite_create("changes");
	TCase *tcase = tcase_create("changes");

	tcase_add_test(tcase, records_come_and_go);
	tcase_add_test(tcase, what_moves_is_no_change);
	tcase_add_test(tcase, names_in_other_scripts);
	tcase_add_test(tcase, there_is_an_end);
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
