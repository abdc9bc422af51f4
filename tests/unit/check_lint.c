/* SPDX-License-Identifier: BSD-2-Clause */
/* Each warning against its folder in tests/golden/lint: the words, and that
 * both ways of switching it off do.  With a folder's name as argument it prints
 * what that gives instead, to be read and kept. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "lintlab.h"

static char *
folder_of(const char *id)
{
	const char *top = getenv("abs_top_srcdir");

	return memory_format("%s/tests/golden/lint/%s", top ? top : ".", id);
}

static void
open_lab(struct lintlab *lab, const char *id)
{
	char *folder = folder_of(id);

	lintlab_open(lab, folder);
	free(folder);
}

static unsigned
count_of(const struct lint_findings *findings, enum lint_id id)
{
	unsigned count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->list[i].id == id;
	return count;
}

static char *
print_golden(const char *id)
{
	struct lint_findings findings = { 0 };
	struct lintlab lab;
	char *text;

	open_lab(&lab, id);
	lintlab_publish(&lab);
	lint_run(&lab.input, &findings);
	text = lintlab_print(&lab, &findings, NULL);
	lint_findings_fini(&findings);
	lintlab_close(&lab);
	return text;
}

START_TEST(test_golden)
{
	const char *id = lint_id_name((enum lint_id)_i);
	char *text = print_golden(id), *expected;
	struct lintlab_file *file;
	struct lintlab lab;

	open_lab(&lab, id);
	file = lintlab_file(&lab, "expect");
	expected = memory_format("%.*s", (int)file->length, file->bytes);
	ck_assert_str_eq(text, expected);
	ck_assert_ptr_nonnull(strstr(text, id));
	free(text);
	free(expected);
	lintlab_close(&lab);
}
END_TEST

START_TEST(test_switched_off)
{
	enum lint_id id = (enum lint_id)_i;
	const char *off[] = { "no-such-id", lint_id_name(id) };
	struct lint_findings findings = { 0 };
	struct lintlab lab;

	open_lab(&lab, lint_id_name(id));
	lintlab_publish(&lab);
	lab.input.off = off;
	lab.input.off_count = 2;
	lint_run(&lab.input, &findings);
	ck_assert_uint_eq(count_of(&findings, id), 0);
	ck_assert_uint_eq(findings.more[id], 0);
	lint_findings_fini(&findings);
	lintlab_close(&lab);
}
END_TEST

static bool
is_zone_file(const char *path)
{
	size_t length = strlen(path);

	return length > 5 && strcmp(path + length - 5, ".zone") == 0;
}

/* Backwards, so that a line is marked once for several findings on it. */
static void
mark_lines(struct lintlab *lab, const struct lint_findings *findings,
    enum lint_id id)
{
	const struct lint_finding *last = NULL;

	for (size_t i = findings->count; i-- > 0;) {
		const struct lint_finding *finding = &findings->list[i];

		if (finding->id != id || (last != NULL &&
		    last->line == finding->line &&
		    strcmp(last->path, finding->path) == 0))
			continue;
		last = finding;
		lintlab_append(lintlab_file(lab, finding->path),
		    finding->line, is_zone_file(finding->path) ?
		    "\t; known, hostler: ok" : "\t# hostler: ok");
	}
}

START_TEST(test_marked)
{
	enum lint_id id = (enum lint_id)_i;
	struct lint_findings findings = { 0 }, marked = { 0 };
	struct lintlab lab, again;
	char *text;

	open_lab(&lab, lint_id_name(id));
	lintlab_publish(&lab);
	lint_run(&lab.input, &findings);
	ck_assert_uint_gt(count_of(&findings, id), 0);
	open_lab(&again, lint_id_name(id));
	mark_lines(&again, &findings, id);
	lintlab_publish(&again);
	lint_run(&again.input, &marked);
	text = lintlab_print(&again, &marked, NULL);
	ck_assert_ptr_null(strstr(text, lint_id_name(id)));
	free(text);
	lint_findings_fini(&findings);
	lint_findings_fini(&marked);
	lintlab_close(&lab);
	lintlab_close(&again);
}
END_TEST

static struct lintlab_file *
add_file(struct lintlab *lab, const char *path, const char *text)
{
	struct lintlab_file *file = &lab->files[lab->file_count++];

	file->path = memory_string(path);
	file->bytes = memory_string(text);
	file->length = strlen(text);
	return file;
}

/* The first of two lines may carry the mark, too. */
START_TEST(test_shared_first_marked)
{
	struct lint_findings findings = { 0 };
	struct lintlab lab;

	lintlab_open(&lab, "");
	add_file(&lab, "input", "hosts hosts lab.test\n");
	add_file(&lab, "hosts", "10.0.0.1 a # hostler: ok\n10.0.0.1 b\n");
	lintlab_publish(&lab);
	lint_run(&lab.input, &findings);
	ck_assert_uint_eq(findings.count, 0);
	lintlab_close(&lab);

	lintlab_open(&lab, "");
	add_file(&lab, "input", "hosts hosts lab.test\n");
	add_file(&lab, "hosts",
	    "10.0.0.1 a # hostler: no\n10.0.0.1 b\n# hostler: ok\n");
	lintlab_publish(&lab);
	lint_run(&lab.input, &findings);
	ck_assert_uint_eq(findings.count, 1);
	lint_findings_fini(&findings);
	lintlab_close(&lab);
}
END_TEST

START_TEST(test_shared_leases)
{
	struct lint_findings findings = { 0 };
	struct lintlab lab;
	char *text;

	lintlab_open(&lab, "");
	add_file(&lab, "input",
	    "lease one lab.test\nlease two lab.test\n");
	add_file(&lab, "one", "10.0.2.15 a\n10.0.0.3 c\n10.0.0.4 d\n");
	add_file(&lab, "two", "10.0.2.15 b\n10.0.0.3 c\n10.0.0.5 d\n");
	lintlab_publish(&lab);
	lint_run(&lab.input, &findings);
	text = lintlab_print(&lab, &findings, NULL);
	ck_assert_str_eq(text,
	    "two:1:10: warning: 10.0.2.15 is the address of a.lab.test. too "
	    "(one:1) [shared-address]\n"
	    "    1 | 10.0.2.15 b\n"
	    "      |          ^\n"
	    "      = VirtualBox's plain NAT gives every VM this address, "
	    "nobody else can reach it: give the VM a host-only or bridged "
	    "card and write that address here\n");
	free(text);
	lint_findings_fini(&findings);
	lintlab_close(&lab);
}
END_TEST

/* An entry over several lines is marked on any of them; what $GENERATE makes
 * by its line; a comment above is not on the line. */
START_TEST(test_zone_marks)
{
	struct lint_findings findings = { 0 };
	struct lintlab lab;

	lintlab_open(&lab, "");
	add_file(&lab, "input", "zone lab.zone\n");
	add_file(&lab, "lab.zone", "$ORIGIN lab.test.\n"
	    "a MX ( 10 ; # hostler: ok\n mail.lab.test )\n"
	    "$GENERATE 1-3 b$ CNAME gone ; hostler: ok\n"
	    "t TXT \"; hostler: ok\"\n"
	    "t MX 10 mail.lab.test\n"
	    "; hostler: ok\n"
	    "c CNAME gone\n");
	lintlab_publish(&lab);
	lint_run(&lab.input, &findings);
	ck_assert_uint_eq(findings.count, 2);
	ck_assert_uint_eq(findings.list[0].line, 6);
	ck_assert_uint_eq(findings.list[1].line, 8);
	lint_findings_fini(&findings);
	lintlab_close(&lab);
}
END_TEST

/* The mark is seen behind rdata of every kind. */
START_TEST(test_zone_mark_types)
{
	struct lint_findings findings = { 0 };
	struct lintlab lab;

	lintlab_open(&lab, "");
	add_file(&lab, "input", "zone lab.zone\n");
	add_file(&lab, "lab.zone", "$ORIGIN lab.test.\n"
	    "a.lab.test A 10.0.0.1 ; hostler: ok\n"
	    "b.lab.test AAAA fd00::1 ;hostler: ok\n"
	    "c.lab.test TXT one two ; # hostler: ok\n"
	    "d.lab.test SRV 0 0 80 web.lab.test ; see hostler: ok\n"
	    "e.lab.test CAA 0 issue \"ca.example\" ; hostler: ok\n"
	    "f.lab.test TYPE65280 \\# 1 00 ; hostler: ok\n"
	    "g.lab.test HTTPS 1 . alpn=h2 ; hostler: ok\n"
	    "h.lab.test 60 IN NAPTR 1 1 \"\" \"\" \"\" . ; hostler: ok\n"
	    "i.lab.test A 10.0.0.2 ; hostler: o\n");
	lintlab_publish(&lab);
	lint_run(&lab.input, &findings);
	ck_assert_uint_eq(findings.count, 1);
	ck_assert_uint_eq(findings.list[0].line, 10);
	lint_findings_fini(&findings);
	lintlab_close(&lab);
}
END_TEST

/* Bounded, and the rest counted; nothing is told twice. */
START_TEST(test_bounds)
{
	struct lint_findings findings = { 0 }, again = { 0 };
	struct lintlab lab;
	struct lintlab_file *file;
	char *text;

	lintlab_open(&lab, "");
	add_file(&lab, "input", "hosts hosts lab.test\n");
	file = add_file(&lab, "hosts", "");
	file->bytes = memory_resize(file->bytes, 40000, 1);
	for (unsigned i = 0; i < 300; i++)
		file->length += (size_t)sprintf(file->bytes + file->length,
		    "10.0.0.1 name%u\n127.0.0.1 name%u\n", i, i);
	lintlab_publish(&lab);
	lint_run(&lab.input, &findings);
	ck_assert_uint_eq(findings.count, 2 * LINT_KEPT_EACH);
	ck_assert_uint_eq(findings.more[LINT_SHARED_ADDRESS],
	    299 - LINT_KEPT_EACH);
	ck_assert_uint_eq(findings.more[LINT_LOOPBACK_NAME],
	    300 - LINT_KEPT_EACH);
	for (size_t i = 1; i < findings.count; i++)
		ck_assert_uint_le(findings.list[i - 1].line,
		    findings.list[i].line);
	text = lintlab_print(&lab, &findings, NULL);
	ck_assert_ptr_nonnull(strstr(text,
	    "warnings: note: 200 more like this are not shown "
	    "[loopback-name]"));
	free(text);
	lint_run(&lab.input, &again);
	text = lintlab_print(&lab, &again, &findings);
	ck_assert_str_eq(text, "");
	free(text);
	lint_findings_fini(&findings);
	lint_findings_fini(&again);
	lintlab_close(&lab);
}
END_TEST

static void
fill(struct lintlab_file *file, unsigned lines, unsigned second_octet)
{
	file->bytes = memory_resize(file->bytes, (size_t)lines * 40, 1);
	for (unsigned i = 0; i < lines; i++)
		file->length += (size_t)sprintf(file->bytes + file->length,
		    "10.%u.%u.%u name%u\n", second_octet + (i >> 16),
		    i >> 8 & 0xff, i & 0xff, i);
}

/* Of many names those of several lines are found, whether they are few, or so
 * many that nothing is told apart ahead. */
START_TEST(test_many)
{
	static const unsigned lines[] = {3000, 140000};
	static const unsigned same[] = {3, 140000};
	struct lint_findings findings = { 0 };
	struct lintlab lab;
	struct lintlab_file *file;
	char text[80];

	lintlab_open(&lab, "");
	add_file(&lab, "input", "hosts a lab.test\nhosts b lab.test\n");
	fill(add_file(&lab, "a", ""), lines[_i], 0);
	file = add_file(&lab, "b", "");
	fill(file, same[_i], 0);
	file->bytes = memory_resize(file->bytes, file->length + 80, 1);
	snprintf(text, sizeof(text), "10.200.0.1 name%u\n10.0.1.7 other\n",
	    lines[_i] - 1);
	memcpy(file->bytes + file->length, text, strlen(text));
	file->length += strlen(text);
	lintlab_publish(&lab);
	lint_run(&lab.input, &findings);
	ck_assert_uint_eq(findings.count, 2);
	ck_assert_int_eq(findings.list[0].id, LINT_OTHER_ADDRESSES);
	ck_assert_uint_eq(findings.list[0].line, same[_i] + 1);
	ck_assert_int_eq(findings.list[1].id, LINT_SHARED_ADDRESS);
	ck_assert_uint_eq(findings.list[1].line, same[_i] + 2);
	lint_findings_fini(&findings);
	lintlab_close(&lab);
}
END_TEST

/* However many names two sources have in common, the tables are asked for few
 * of them; and lines of one file are not compared with each other. */
START_TEST(test_work)
{
	static const unsigned second_octet[] = {0, 100};
	struct lint_findings findings = { 0 };
	struct lintlab lab;

	lintlab_open(&lab, "");
	add_file(&lab, "input", "hosts a lab.test\nhosts b lab.test\n");
	fill(add_file(&lab, "a", ""), 3000, 0);
	fill(add_file(&lab, "b", ""), 3000, second_octet[_i]);
	lintlab_publish(&lab);
	lint_run(&lab.input, &findings);
	ck_assert_uint_eq(findings.count, _i == 0 ? 0 : LINT_KEPT_EACH);
	ck_assert_uint_eq(findings.more[LINT_OTHER_ADDRESSES],
	    _i == 0 ? 0 : 3000 - LINT_KEPT_EACH);
	ck_assert_uint_le(findings.looked_up, 300);
	lint_findings_fini(&findings);
	lintlab_close(&lab);
}
END_TEST

START_TEST(test_work_of_one_name)
{
	struct lint_findings findings = { 0 };
	struct lintlab_file *file;
	struct lintlab lab;

	lintlab_open(&lab, "");
	add_file(&lab, "input", "hosts a lab.test\n");
	file = add_file(&lab, "a", "");
	file->bytes = memory_resize(file->bytes, 120000, 1);
	/* Over several chunks. */
	for (unsigned i = 0; i < 4000; i++)
		file->length += (size_t)sprintf(file->bytes + file->length,
		    "10.0.%u.%u name%u.lab.test\n", i >> 8, i & 0xff, i % 4);
	lintlab_publish(&lab);
	lint_run(&lab.input, &findings);
	ck_assert_uint_eq(findings.count, 0);
	ck_assert_uint_le(findings.compared, 4000);
	lint_findings_fini(&findings);
	lintlab_close(&lab);
}
END_TEST

static void
fill_name(struct lintlab_file *file, unsigned lines)
{
	file->bytes = memory_resize(file->bytes, file->length + lines * 24u, 1);
	for (unsigned i = 0; i < lines; i++)
		file->length += (size_t)sprintf(file->bytes + file->length,
		    "10.1.%u.%u much\n", i >> 8, i & 0xff);
}

/* More of one name than an answer carries, in many chunks, and all of it
 * twice: what is given is none that is left out, and no record is compared with
 * all others. */
START_TEST(test_too_many)
{
	static const unsigned lines[] = {4063, 4064, 20000};
	static const char *const left_out[] = {NULL, ": 2 of", ": 31874 of"};
	struct lint_findings findings = { 0 };
	struct lintlab_file *file;
	struct lintlab lab;

	lintlab_open(&lab, "");
	add_file(&lab, "input", "hosts a lab.test\n");
	file = add_file(&lab, "a", "");
	fill_name(file, lines[_i]);
	fill_name(file, lines[_i]);
	lintlab_publish(&lab);
	lint_run(&lab.input, &findings);
	ck_assert_uint_eq(findings.count, left_out[_i] != NULL);
	if (left_out[_i] != NULL) {
		ck_assert_int_eq(findings.list[0].id, LINT_TOO_MANY_RECORDS);
		ck_assert_uint_eq(findings.list[0].line, 4064);
		ck_assert_ptr_nonnull(strstr(findings.list[0].text,
		    left_out[_i]));
	}
	ck_assert_uint_le(findings.compared, 5 * 2 * lines[_i]);
	lint_findings_fini(&findings);
	lintlab_close(&lab);
}
END_TEST

/* All addresses of a name in one source, and again in another or in another
 * file of it, in the same order: each is looked for once. */
START_TEST(test_work_of_many_beside)
{
	static const char *const inputs[] = {
		"hosts a lab.test\nhosts b lab.test\n",
		"hosts a,b lab.test\n"};
	static const unsigned lines[] = {2000, 20000};
	struct lint_findings findings = { 0 };
	struct lintlab lab;

	lintlab_open(&lab, "");
	add_file(&lab, "input", inputs[_i % 2]);
	fill_name(add_file(&lab, "a", ""), lines[_i / 2]);
	fill_name(add_file(&lab, "b", ""), lines[_i / 2]);
	lintlab_publish(&lab);
	lint_run(&lab.input, &findings);
	ck_assert_uint_ge(findings.compared, 2000);
	ck_assert_uint_le(findings.compared, 5 * 2 * lines[_i / 2]);
	lint_findings_fini(&findings);
	lintlab_close(&lab);
}
END_TEST

/* As many addresses that two names share, and that have PTRs. */
START_TEST(test_work_of_many_shared)
{
	struct lint_findings findings = { 0 };
	struct lintlab_file *file, *zone;
	struct lintlab lab;

	lintlab_open(&lab, "");
	add_file(&lab, "input", "hosts a lab.test\nzone rev\n");
	file = add_file(&lab, "a", "");
	fill_name(file, 2000);
	zone = add_file(&lab, "rev", "");
	zone->bytes = memory_resize(zone->bytes, 140000, 1);
	file->bytes = memory_resize(file->bytes, 200000, 1);
	zone->length = (size_t)sprintf(zone->bytes, "$ORIGIN "
	    "1.10.in-addr.arpa.\n@ 60 SOA ns.lab.test. h.lab.test. 1 1 1 1 "
	    "1\n@ 60 NS ns.lab.test.\n");
	for (unsigned i = 0; i < 2000; i++) {
		file->length += (size_t)sprintf(file->bytes + file->length,
		    "10.1.%u.%u more\n", i >> 8, i & 0xff);
		zone->length += (size_t)sprintf(zone->bytes + zone->length,
		    "%u.%u 60 PTR much.lab.test.\n", i & 0xff, i >> 8);
	}
	lintlab_publish(&lab);
	lint_run(&lab.input, &findings);
	ck_assert_uint_eq(findings.kept[LINT_SHARED_ADDRESS] +
	    findings.more[LINT_SHARED_ADDRESS], 2000);
	ck_assert_uint_eq(findings.kept[LINT_PTR_DISAGREES], 0);
	ck_assert_uint_ge(findings.compared, 4000);
	ck_assert_uint_le(findings.compared, 5 * 3 * 2000);
	lint_findings_fini(&findings);
	lintlab_close(&lab);
}
END_TEST

/* Two views with one file. */
START_TEST(test_twice)
{
	struct lint_findings findings = { 0 };
	struct lintlab lab;

	open_lab(&lab, "dangling-cname");
	lintlab_publish(&lab);
	lint_run(&lab.input, &findings);
	ck_assert_uint_eq(findings.count, 2);
	lint_run(&lab.input, &findings);
	ck_assert_uint_eq(findings.count, 2);
	lint_findings_fini(&findings);
	lintlab_close(&lab);
}
END_TEST

START_TEST(test_stop)
{
	struct lint_findings findings = { 0 };
	atomic_bool stop = true;
	struct lintlab lab;

	open_lab(&lab, "shared-address");
	lintlab_publish(&lab);
	lab.input.stop = &stop;
	lint_run(&lab.input, &findings);
	ck_assert_uint_eq(findings.count, 0);
	lint_findings_fini(&findings);
	lintlab_close(&lab);
}
END_TEST

static Suite *
make_suite(void)
{
	Suite *suite = suite_create("lint");
	TCase *tcase = tcase_create("lint");

	tcase_add_loop_test(tcase, test_golden, 0, LINT_COUNT);
	tcase_add_loop_test(tcase, test_switched_off, 0, LINT_COUNT);
	tcase_add_loop_test(tcase, test_marked, 0, LINT_COUNT);
	tcase_add_test(tcase, test_shared_first_marked);
	tcase_add_test(tcase, test_shared_leases);
	tcase_add_test(tcase, test_zone_marks);
	tcase_add_test(tcase, test_zone_mark_types);
	tcase_add_test(tcase, test_bounds);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, test_many, 0, 2);
	tcase_add_loop_test(tcase, test_work, 0, 2);
	tcase_add_test(tcase, test_work_of_one_name);
	tcase_add_loop_test(tcase, test_work_of_many_beside, 0, 4);
	tcase_add_test(tcase, test_work_of_many_shared);
	tcase_add_loop_test(tcase, test_too_many, 0, 3);
	tcase_add_test(tcase, test_twice);
	tcase_add_test(tcase, test_stop);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(int argc, char **argv)
{
	SRunner *runner;
	int failed;

	if (argc == 2) {
		char *text = print_golden(argv[1]);

		printf("%s", text);
		free(text);
		return 0;
	}
	runner = srunner_create(make_suite());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
