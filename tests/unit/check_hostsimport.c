/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/hostsimport.h"

#define FILES 4
#define BOM "\xef\xbb\xbf"

/* Files as path and text; a path of "target" is the target. */
struct row {
	struct {
		const char *path;
		const char *text;
	} files[FILES];
	const char *result;		/* NULL: nothing new */
	unsigned errors, notes, conflicts;
};

static const struct row rows[] = {
	/* the same lines in several files; IPv4 first, by address */
	{{{"a", "10.0.0.9 db\n10.0.0.10 web1.lab web1\n"},
	  {"b", "fd00::1 gw\n10.0.0.10\tweb1.lab\tweb1 # x\n10.0.0.9 DB\n"}},
	    "10.0.0.9  db            # from a:1 (1 more)\n"
	    "10.0.0.10 web1.lab web1 # from a:2 (1 more)\n"
	    "fd00::1   gw            # from b:1\n", 0, 0, 0},
	/* names of one address come together, in the order of reading */
	{{{"a", "10.0.0.1 web1.lab\n10.0.0.1 www\n"},
	  {"b", "10.0.0.1 alias www\n"}},
	    "10.0.0.1 web1.lab www alias # from a:1\n", 0, 0, 0},
	/* what every system has */
	{{{"a", "127.0.0.1 localhost localhost.localdomain\n"
	    "::1 ip6-localhost ip6-loopback localhost6\n"
	    "ff02::1 ip6-allnodes\nfe00::0 ip6-localnet\n"
	    "255.255.255.255 broadcasthost\n\n# only this\n"}},
	    NULL, 0, 0, 0},
	/* a VM's own name, another name on a loopback address */
	{{{"vms/web1/etc/hosts", "127.0.1.1 web1.lab web1\n10.0.0.2 db\n"},
	  {"db.hosts", "127.0.0.1 localhost db app\n10.0.0.1 web1.lab\n"}},
	    "10.0.0.1 web1.lab # from db.hosts:2\n"
	    "10.0.0.2 db       # from vms/web1/etc/hosts:2\n", 0, 4, 0},
	/* blocked, of one machine alone */
	{{{"a", "0.0.0.0 ads.lab\n:: ads.lab\nfe80::1%eth0 gw\n"}},
	    NULL, 0, 3, 0},
	/* one family, several files, several addresses */
	{{{"a", "10.0.0.1 web1\n10.0.0.2 db\n"},
	  {"b", "10.0.0.1 web1\n10.0.0.3 db\n"},
	  {"c", "fd00::2 DB\n10.0.0.1 web1\n"}},
	    "10.0.0.1 web1 # from a:1 (2 more)\n"
	    "\n# conflict: db\n"
	    "#10.0.0.2 db # from a:2\n"
	    "#10.0.0.3 db # from b:2\n"
	    "#fd00::2 DB # from c:1\n", 1, 1, 1},
	/* more addresses in one file than in another */
	{{{"a", "10.0.0.1 web1\n"}, {"b", "10.0.0.1 web1\n10.0.0.2 web1\n"}},
	    "\n# conflict: web1\n"
	    "#10.0.0.1 web1 # from a:1 (1 more)\n"
	    "#10.0.0.2 web1 # from b:2\n", 1, 1, 1},
	/* the same several in both; other families add up */
	{{{"a", "10.0.0.1 web1\n10.0.0.2 web1\n"},
	  {"b", "10.0.0.2 web1\n10.0.0.1 web1\n"}, {"c", "fd00::1 web1\n"}},
	    "10.0.0.1 web1 # from a:1 (1 more)\n"
	    "10.0.0.2 web1 # from a:2 (1 more)\n"
	    "fd00::1  web1 # from c:1\n", 0, 0, 0},
	/* an alias in conflict leaves its line, the canonical name stays */
	{{{"a", "10.0.0.1 web1 www\n"}, {"b", "10.0.0.2 web2 www\n"}},
	    "10.0.0.1 web1 # from a:1\n"
	    "10.0.0.2 web2 # from b:1\n"
	    "\n# conflict: www\n"
	    "#10.0.0.1 www # from a:1\n"
	    "#10.0.0.2 www # from b:1\n", 1, 1, 1},
	/* bad lines are left out, whole */
	{{{"a", "10.0.0.999 web1\n10.0.0.1 a/b c,d\n10.0.0.2 db\n"}},
	    "10.0.0.2 db # from a:3\n", 3, 0, 0},
	{{{"a", "\xff\xfe" "1"}}, NULL, 1, 0, 0},
	/* TTLs, the shortest; other comments go; a path is no mark */
	{{{"a", "10.0.0.1 web1 # ttl=60 x\n"},
	  {"b", "10.0.0.1 web1 # ttl=30\n"},
	  {"my ttl=1 x", "10.0.0.2 db\n"}},
	    "10.0.0.1 web1 # from a:1 (1 more) ttl=30\n"
	    "10.0.0.2 db   # from my\\x20ttl=1\\x20x:1\n", 0, 0, 0},
	/* Windows, UTF-8 */
	{{{"a", BOM "10.0.0.1 b\xc3\xbc" "cher\r\n"},
	  {"b", "10.0.0.1 xn--bcher-kva\n"}},
	    "10.0.0.1 b\xc3\xbc" "cher # from a:1 (1 more)\n", 0, 0, 0},
	/* behind a target, whose lines stay */
	{{{"target", "# mine\r\n10.0.0.1 web1"}, {"a", "10.0.0.1 web1 www\n"}},
	    "# mine\r\n10.0.0.1 web1\r\n10.0.0.1 www # from a:1\r\n", 0, 0, 0},
	{{{"target", "10.0.0.1 web1\n127.0.0.1 localhost\n"},
	  {"a", "10.0.0.1 web1\n"}}, NULL, 0, 0, 0},
	{{{"target", "10.0.0.1 web1\n"}, {"a", "10.0.0.2 web1\n"}},
	    "10.0.0.1 web1\n\n# conflict: web1\n#10.0.0.2 web1 # from a:1\n",
	    1, 1, 1},
	{{{"target", "#10.0.0.2 web1 # from a:1\n10.0.0.1 web1\n"},
	  {"a", "10.0.0.2 web1\n"}}, NULL, 1, 1, 1},
};

#define ROWS ((int)(sizeof rows / sizeof *rows))

struct outcome {
	char *text;
	size_t length;
	struct diags *diags;
	size_t conflicts;
};

/* The last file is given in a block of just its first `cut` bytes. */
static struct outcome
import(const struct row *row, size_t cut)
{
	struct hostsimport *import = hostsimport_new();
	struct outcome outcome = {.diags = diags_new()};
	char *last = NULL;

	for (int i = 0; i < FILES && row->files[i].path; i++) {
		struct source_text file = {row->files[i].path,
		    row->files[i].text, strlen(row->files[i].text)};

		if (i + 1 == FILES || !row->files[i + 1].path) {
			if (cut < file.length)
				file.length = cut;
			last = memory_alloc(file.length);
			memcpy(last, file.bytes, file.length);
			file.bytes = last;
		}
		hostsimport_add(import, &file,
		    strcmp(file.path, "target") == 0 ? HOSTSIMPORT_TARGET :
		    HOSTSIMPORT_SOURCE, outcome.diags);
	}
	hostsimport_settle(import, outcome.diags);
	outcome.text = hostsimport_text(import, &outcome.length);
	outcome.conflicts = hostsimport_conflicts(import);
	hostsimport_free(import);
	free(last);
	return outcome;
}

static void
drop(struct outcome *outcome)
{
	diags_free(outcome->diags);
	free(outcome->text);
}

START_TEST(files_become_one)
{
	const struct row *row = &rows[_i];
	struct outcome outcome = import(row, SIZE_MAX);

	if (row->result) {
		ck_assert_ptr_nonnull(outcome.text);
		ck_assert_str_eq(outcome.text, row->result);
		ck_assert_uint_eq(outcome.length, strlen(row->result));
	} else {
		ck_assert_ptr_null(outcome.text);
	}
	ck_assert_uint_eq(diags_count(outcome.diags, DIAG_ERROR), row->errors);
	ck_assert_uint_eq(diags_count(outcome.diags, DIAG_NOTE), row->notes);
	ck_assert_uint_eq(outcome.conflicts, row->conflicts);
	drop(&outcome);
}
END_TEST

/* Whatever came of the files: with it as the target, they have nothing new. */
static void
expect_nothing_new(const struct row *row, const struct outcome *outcome)
{
	struct row again = {.files = {{"target", outcome->text}}};
	struct outcome second;
	int to = 1;

	for (int i = 0; i < FILES && row->files[i].path; i++) {
		if (strcmp(row->files[i].path, "target") == 0)
			continue;
		ck_assert_int_lt(to, FILES);
		again.files[to].path = row->files[i].path;
		again.files[to++].text = row->files[i].text;
	}
	second = import(&again, SIZE_MAX);
	ck_assert_ptr_null(second.text);
	drop(&second);
}

START_TEST(a_second_import_has_nothing_new)
{
	struct outcome outcome = import(&rows[_i], SIZE_MAX);

	if (outcome.text)
		expect_nothing_new(&rows[_i], &outcome);
	drop(&outcome);
}
END_TEST

/* What came of them is a hosts file without a fault, and no name of it has
 * active addresses that differ from file to file. */
START_TEST(every_cut_gives_a_good_file)
{
	const struct row *row = &rows[_i];
	int last = 0;

	while (last + 1 < FILES && row->files[last + 1].path)
		last++;
	for (size_t cut = 0; cut <= strlen(row->files[last].text); cut++) {
		struct outcome outcome = import(row, cut), read;
		struct row result = {.files = {{"a", outcome.text}}};

		if (outcome.text) {
			read = import(&result, SIZE_MAX);
			ck_assert_uint_eq(diags_count(read.diags, DIAG_ERROR),
			    0);
			drop(&read);
		}
		drop(&outcome);
	}
}
END_TEST

static void
remember(void *context, const struct diag_view *diag)
{
	char **text = context, *longer = memory_format("%s%s:%u:%u %s\n",
	    *text ? *text : "", diag->file, (unsigned)diag->line,
	    (unsigned)diag->column, diag->text);

	free(*text);
	*text = longer;
}

START_TEST(a_conflict_shows_both_places)
{
	static const struct row row = {{
	    {"vm1", "10.0.0.9 x\n10.0.0.7 gw db\n"}, {"vm2", "10.0.0.7 db\n"},
	    {"vm3", "10.0.0.3 db\n"}}, NULL, 0, 0, 0};
	struct outcome outcome = import(&row, SIZE_MAX);
	char *text = NULL;

	diags_visit(outcome.diags, remember, &text);
	ck_assert_str_eq(text,
	    "vm1:2:13 conflict: 'db' is 10.0.0.7 here and something else in "
	    "another file\n"
	    "vm3:1:10 conflict: 'db' is 10.0.0.3 here\n");
	free(text);
	drop(&outcome);
}
END_TEST

/* An address with more names than one line should have. */
START_TEST(long_lines_are_divided)
{
	size_t length, lines = 0, names = 0;
	char *text;
	FILE *out = memory_stream(&text, &length);
	struct row row = {0};
	struct outcome outcome;

	for (int i = 0; i < 500; i++)
		fprintf(out, "10.0.0.1 name-%d\n", i);
	memory_stream_close(out);
	row.files[0].path = "a";
	row.files[0].text = text;
	outcome = import(&row, SIZE_MAX);
	for (const char *line = outcome.text; *line; lines++) {
		size_t size = strcspn(line, "\n") + 1;

		ck_assert_uint_lt(size, 1100);
		line += size;
	}
	for (const char *at = outcome.text; (at = strstr(at, "name-")); at++)
		names++;
	ck_assert_uint_eq(names, 500);
	ck_assert_uint_gt(lines, 4);
	drop(&outcome);
	free(text);
}
END_TEST

/* A name far behind where origins end. */
START_TEST(names_of_a_long_line_are_read)
{
	size_t length;
	char *text;
	FILE *out = memory_stream(&text, &length);
	struct row row = {0};
	struct outcome outcome;

	fputs("10.0.0.1", out);
	for (int i = 0; i < 9000; i++)
		fprintf(out, " n%d", i);
	memory_stream_close(out);
	ck_assert_uint_gt(length, 32768);
	row.files[0].path = "a";
	row.files[0].text = text;
	outcome = import(&row, SIZE_MAX);
	ck_assert_ptr_nonnull(strstr(outcome.text, " n8998 n8999 "));
	drop(&outcome);
	free(text);
}
END_TEST

static const struct {
	const char *path;
	const char *vm;
} vms[] = {
	{"web1/etc/hosts", "web1"},
	{"/mnt/vms/web1/hosts", "web1"},
	{"vms/web1.hosts", "web1"},
	{"vms/hosts.web1", "web1"},
	{"hosts-web1.txt", "web1"},
	{"web1_hosts", "web1"},
	{"web1.lab", "web1.lab"},
	{"./hosts", ""},
	{"/etc/hosts", ""},
	{"../etc/hosts", ""},
	{"", ""},
	{"/", ""},
	{"hosts", ""},
	{"db//etc//hosts", "db"},
};

START_TEST(a_path_tells_the_vm)
{
	size_t length;
	const char *vm = hostsimport_vm(vms[_i].path, &length);

	ck_assert_uint_eq(length, strlen(vms[_i].vm));
	ck_assert_mem_eq(vm, vms[_i].vm, length);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hostsimport");
	TCase *tc = tcase_create("hostsimport");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, files_become_one, 0, ROWS);
	tcase_add_loop_test(tc, a_second_import_has_nothing_new, 0, ROWS);
	tcase_add_loop_test(tc, every_cut_gives_a_good_file, 0, ROWS);
	tcase_add_test(tc, a_conflict_shows_both_places);
	tcase_add_test(tc, long_lines_are_divided);
	tcase_add_test(tc, names_of_a_long_line_are_read);
	tcase_add_loop_test(tc, a_path_tells_the_vm, 0,
	    (int)(sizeof vms / sizeof *vms));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
