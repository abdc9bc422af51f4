/* SPDX-License-Identifier: BSD-2-Clause */
/* The worked examples of zones/ have nothing that hostler warns of.  What the
 * building machine's own /etc/hosts has wrong does not count. */
#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "check.h"

#define EXAMPLES_LEAST 7

/* The first line that blames a file of the folder; to be freed. */
static char *
find_blame(char *text, const char *folder)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (strncmp(line, folder, strlen(folder)) == 0 &&
		    (strstr(line, "warning: ") || strstr(line, "error: ")) &&
		    !strstr(line, "has no right to "))
			return memory_string(line);
	return NULL;
}

static void
check_example(const char *path, const char *folder)
{
	const struct conf_options options = {.file = path};
	size_t length;
	char *text = NULL, *blame;
	FILE *out = open_memstream(&text, &length);

	check_files(&options, CHECK_TEXT, out);
	fclose(out);
	blame = find_blame(text, folder);
	ck_assert_msg(blame == NULL, "%s", blame);
	free(text);
}

START_TEST(test_clean)
{
	const char *top = getenv("abs_top_srcdir");
	char *folder = memory_format("%s/zones", top ? top : ".");
	char *pattern = memory_format("%s/*/hostler*.yaml", folder);
	glob_t found;

	ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
	ck_assert_uint_ge(found.gl_pathc, EXAMPLES_LEAST);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_example(found.gl_pathv[i], folder);
	globfree(&found);
	free(pattern);
	free(folder);
}
END_TEST

static void
write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	fclose(out);
}

/* That the check above could fail; and the way from the configuration to the
 * linter and back. */
START_TEST(test_not_clean)
{
	char folder[] = "/tmp/hostler-lint-XXXXXX";
	char *yaml, *hosts, *text = NULL, *expected;
	struct conf_options options = {0};
	size_t length;
	FILE *out;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	/* Root's test tries what hostler's user may read. */
	ck_assert_int_eq(chmod(folder, 0755), 0);
	yaml = memory_format("%s/hostler.yaml", folder);
	hosts = memory_format("%s/hosts", folder);
	write_file(yaml, "domain: lab.com # hostler: ok\n"
	    "hosts: [{path: hosts, domain: vms.local}]\n"
	    "networks: {one: 10.1.0.0/16, two: [10.2.0.0/16, fd02::/64]}\n"
	    "warnings: {off: [shared-address]}\n"
	    "forward: []\n");
	write_file(hosts, "10.2.0.1\ta\n10.2.0.1\tb\n10.3.0.1\tc\n");
	options.file = yaml;
	out = open_memstream(&text, &length);
	ck_assert_int_eq(check_files(&options, CHECK_TEXT, out), CHECK_CLEAN);
	fclose(out);
	expected = memory_format("%s:2:9: warning: the domain vms.local. "
	    "lies below .local, which belongs to multicast DNS [dot-local]\n"
	    "    2 | hosts: [{path: hosts, domain: vms.local}]\n"
	    "      |         ^~~~~~\n"
	    "      = most systems ask for .local by multicast (RFC 6762), and "
	    "never here; take a name below internal, or home.arpa\n"
	    "%s:3:10: warning: 10.3.0.1 is in none of the declared networks "
	    "(one, two) [outside-networks]\n"
	    "    3 | 10.3.0.1\tc\n"
	    "      |         \t^\n"
	    "      = mend the address, or declare its network in `networks`\n"
	    "0 errors, 2 warnings\n", yaml, hosts);
	ck_assert_str_eq(text, expected);
	free(expected);
	free(text);
	remove(yaml);
	remove(hosts);
	remove(folder);
	free(yaml);
	free(hosts);
}
END_TEST

static Suite *
make_suite(void)
{
	Suite *suite = suite_create("examples");
	TCase *tcase = tcase_create("examples");

	tcase_add_test(tcase, test_clean);
	tcase_add_test(tcase, test_not_clean);
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
