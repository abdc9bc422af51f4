/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"
#include "hostsfacts.h"
#include "dns/wire.h"
#include "names/hostsfile.h"

#define BOM "\xef\xbb\xbf"
#define ADDRS 4
#define NO_TTL -1

static const struct dname lab = {5, 1, {3, 'l', 'a', 'b', 0}};

/* An edit: no address means unset. */
struct row {
	const char *name;
	const char *addrs[ADDRS];
	int64_t ttl_s;
	const char *before;
	const char *after;		/* NULL: nothing changes */
};

static const struct row rows[] = {
	/* a new name */
	{"web1", {"10.0.0.5"}, NO_TTL, "", "10.0.0.5\tweb1\n"},
	{"web1", {"10.0.0.5", "fd00::5"}, NO_TTL, "# lab\n",
	    "# lab\n10.0.0.5\tweb1\nfd00::5\tweb1\n"},
	{"web1", {"10.0.0.5", "10.0.0.5"}, NO_TTL, "", "10.0.0.5\tweb1\n"},
	{"web1", {"FD00:0::5"}, NO_TTL, "", "fd00::5\tweb1\n"},
	{"web1", {"10.0.0.5"}, 60, "", "10.0.0.5\tweb1 # ttl=60\n"},
	{"web1", {"10.0.0.5"}, 0, "", "10.0.0.5\tweb1 # ttl=0\n"},
	{"*.apps.lab", {"10.0.0.5"}, NO_TTL, "", "10.0.0.5\t*.apps.lab\n"},
	/* blocked */
	{"ads.test", {"0.0.0.0", "::"}, NO_TTL, "",
	    "0.0.0.0\tads.test\n::\tads.test\n"},
	{"b\xc3\xbc" "cher.lab", {"10.0.0.5"}, NO_TTL, "",
	    "10.0.0.5\tb\xc3\xbc" "cher.lab\n"},
	/* ends of lines and of the file */
	{"web1", {"10.0.0.5"}, NO_TTL, "10.0.0.1 gw\r\n",
	    "10.0.0.1 gw\r\n10.0.0.5\tweb1\r\n"},
	{"web1", {"10.0.0.5"}, NO_TTL, "10.0.0.1 gw\r",
	    "10.0.0.1 gw\r10.0.0.5\tweb1\r"},
	{"web1", {"10.0.0.5"}, NO_TTL, "10.0.0.1 gw",
	    "10.0.0.1 gw\n10.0.0.5\tweb1"},
	{"web1", {"10.0.0.5"}, NO_TTL, "# a\r\n10.0.0.1 gw",
	    "# a\r\n10.0.0.1 gw\r\n10.0.0.5\tweb1"},
	{"web1", {"10.0.0.5"}, NO_TTL, BOM, BOM "10.0.0.5\tweb1\n"},
	{"web1", {"10.0.0.5"}, NO_TTL, BOM "10.0.0.4 web1\r\n",
	    BOM "10.0.0.5\tweb1\r\n"},
	{"web1", {"10.0.0.5", "10.0.0.6"}, NO_TTL, "10.0.0.4 web1",
	    "10.0.0.5\tweb1\n10.0.0.6\tweb1"},
	{"web1", {NULL}, NO_TTL, "10.0.0.4 web1", ""},
	{"web1", {NULL}, NO_TTL, BOM "10.0.0.4 web1", BOM},
	{"web1", {NULL}, NO_TTL, "10.0.0.1 gw\r\n10.0.0.4 web1",
	    "10.0.0.1 gw"},
	/* it stands there */
	{"web1", {"10.0.0.5"}, NO_TTL, "10.0.0.5   WEB1  # mine\n", NULL},
	{"web1", {"10.0.0.5"}, NO_TTL, "10.0.0.5 web1 www\n", NULL},
	{"web1", {"10.0.0.5"}, NO_TTL, "10.0.0.5 web1.lab\n", NULL},
	{"web1", {"10.0.0.5"}, 60, "10.0.0.5 web1 # vm ttl=60\n", NULL},
	{"B\xc3\x9c" "CHER.lab", {"10.0.0.5"}, NO_TTL,
	    "10.0.0.5 xn--bcher-kva.lab\n", NULL},
	{"web1", {"10.0.0.6", "10.0.0.5"}, NO_TTL,
	    "10.0.0.5 web1\n10.0.0.6 web1\n", NULL},
	{"web1", {NULL}, NO_TTL, "10.0.0.5 web11 # web1\n", NULL},
	{"web1.", {NULL}, NO_TTL, "10.0.0.5 web1\n", NULL},
	/* another address, in place, with its comment */
	{"web1", {"10.0.0.6"}, NO_TTL,
	    "10.0.0.1 gw\n10.0.0.5 web1  # mine\n# end\n",
	    "10.0.0.1 gw\n10.0.0.6\tweb1  # mine\n# end\n"},
	{"web1", {"10.0.0.6"}, NO_TTL,
	    "10.0.0.5 web1 # one\n# between\n10.0.0.7 web1 # two\n",
	    "10.0.0.6\tweb1 # one\n# between\n"},
	{"web1", {"10.0.0.6", "10.0.0.7"}, NO_TTL,
	    "10.0.0.5 web1 # one\n# between\n10.0.0.7 web1 # two\n",
	    "10.0.0.6\tweb1 # one\n# between\n10.0.0.7 web1 # two\n"},
	{"web1", {"10.0.0.5", "10.0.0.6"}, NO_TTL,
	    "10.0.0.5 web1\n10.0.0.9 db\n",
	    "10.0.0.5 web1\n10.0.0.6\tweb1\n10.0.0.9 db\n"},
	{"web1", {"10.0.0.5"}, NO_TTL, "10.0.0.5 web1\n10.0.0.5 web1\n",
	    "10.0.0.5 web1\n"},
	/* lines with further names */
	{"web1", {"10.0.0.6"}, NO_TTL, " 10.0.0.5\tweb1  www # both\n",
	    " 10.0.0.5\twww # both\n10.0.0.6\tweb1\n"},
	{"www", {NULL}, NO_TTL, "10.0.0.5 web1 www WWW db # x\n",
	    "10.0.0.5 web1 db # x\n"},
	{"www", {NULL}, NO_TTL, "10.0.0.5 web1 www # x\n",
	    "10.0.0.5 web1 # x\n"},
	{"web1", {NULL}, NO_TTL, "127.0.0.1 localhost web1\n",
	    "127.0.0.1 localhost\n"},
	{"web1", {"10.0.0.5"}, 60, "10.0.0.5 web1 www\n",
	    "10.0.0.5 www\n10.0.0.5\tweb1 # ttl=60\n"},
	/* TTLs come, change and go */
	{"web1", {"10.0.0.5"}, 60, "10.0.0.5 web1 # mine\n",
	    "10.0.0.5\tweb1 # mine ttl=60\n"},
	{"web1", {"10.0.0.5"}, 7, "10.0.0.5 web1 # ttl=60 mine\n",
	    "10.0.0.5\tweb1 # mine ttl=7\n"},
	{"web1", {"10.0.0.5"}, 7, "10.0.0.5 web1 #ttl=60 mine\n",
	    "10.0.0.5\tweb1 # mine ttl=7\n"},
	{"web1", {"10.0.0.5"}, NO_TTL, "10.0.0.5 web1 # ttl=60\n",
	    "10.0.0.5\tweb1\n"},
	{"web1", {"10.0.0.5"}, 7, "10.0.0.5 web1 # ttl=60 ttl=50\n",
	    "10.0.0.5\tweb1 # ttl=7\n"},
	/* lines that are no good */
	{"web1", {"10.0.0.5"}, NO_TTL, "10.0.0.999 web1\n",
	    "10.0.0.5\tweb1\n"},
	{"web1", {"10.0.0.5"}, NO_TTL, "10.0.0.4 web1 a/b\n",
	    "10.0.0.4 a/b\n10.0.0.5\tweb1\n"},
	{"web1", {NULL}, NO_TTL, "web1 10.0.0.5\n", NULL},
	{"web1", {NULL}, NO_TTL, "fe80::1%eth0 web1\n", NULL},
};

#define ROWS ((int)(sizeof rows / sizeof *rows))

static struct hostsedit_entry
make_entry(const struct row *row)
{
	struct hostsedit_entry entry = {
		.name = row->name,
		.addrs = row->addrs,
		.domain = &lab,
	};

	while (entry.addr_count < ADDRS && row->addrs[entry.addr_count])
		entry.addr_count++;
	if (row->ttl_s != NO_TTL) {
		entry.ttl = HOSTSLINE_TTL_OWN;
		entry.ttl_s = (uint32_t)row->ttl_s;
	}
	return entry;
}

/* The text is given in a block of just its size. */
static enum hostsedit_result
edit(const char *bytes, size_t length, const struct hostsedit_entry *entry,
    struct hostsedit_outcome *outcome)
{
	char *copy = memory_alloc(length + (length == 0));
	struct source_text file = {"hosts", copy, length};
	enum hostsedit_result result;

	memcpy(copy, bytes, length);
	result = entry->addr_count > 0 ? hostsedit_set(&file, entry, outcome) :
	    hostsedit_unset(&file, entry, outcome);
	free(copy);
	return result;
}

static void
expect_same(const char *bytes, size_t length,
    const struct hostsedit_entry *entry)
{
	struct hostsedit_outcome again;

	ck_assert_int_eq(edit(bytes, length, entry, &again), HOSTSEDIT_SAME);
	ck_assert_ptr_null(again.bytes);
}

START_TEST(a_name_is_edited)
{
	const struct row *row = &rows[_i];
	struct hostsedit_entry entry = make_entry(row);
	struct hostsedit_outcome outcome;
	enum hostsedit_result result = edit(row->before, strlen(row->before),
	    &entry, &outcome);
	char *text;

	if (!row->after) {
		ck_assert_int_eq(result, HOSTSEDIT_SAME);
		ck_assert_ptr_null(outcome.bytes);
		return;
	}
	ck_assert_int_eq(result, HOSTSEDIT_CHANGED);
	text = memory_format("%.*s", (int)outcome.length, outcome.bytes);
	ck_assert_str_eq(text, row->after);
	expect_same(outcome.bytes, outcome.length, &entry);
	free(text);
	free(outcome.bytes);
}
END_TEST

static void
expect_kept(const char *before, size_t length,
    const struct hostsedit_entry *entry)
{
	struct hostsedit_outcome outcome;
	enum hostsedit_result result = edit(before, length, entry, &outcome);
	const char *after = outcome.bytes ? outcome.bytes : before;
	size_t after_length = outcome.bytes ? outcome.length : length;
	char *old = hostsfacts_others(before, length, entry);
	char *new = hostsfacts_others(after, after_length, entry);

	char *lines = hostsfacts_lines(before, length, entry);
	char *rest = hostsfacts_lines(after, after_length, entry);

	ck_assert_int_ne(result, HOSTSEDIT_REFUSED);
	ck_assert_str_eq(old, new);
	ck_assert(hostsfacts_are_among(lines, rest));
	ck_assert_ptr_null(hostsfacts_judge(after, after_length, entry));
	expect_same(after, after_length, entry);
	free(old);
	free(new);
	free(lines);
	free(rest);
	free(outcome.bytes);
}

START_TEST(others_survive_every_cut)
{
	const struct row *row = &rows[_i];
	struct hostsedit_entry entry = make_entry(row);

	for (size_t cut = 0; cut <= strlen(row->before); cut++)
		expect_kept(row->before, cut, &entry);
}
END_TEST

/* Every row's text in turn, a name that none of them has. */
START_TEST(set_then_unset_gives_the_same_bytes)
{
	static const char *const addrs[] = {"10.9.9.9", "fd00::9"};
	struct hostsedit_entry entry = {.name = "new.lab", .addrs = addrs,
	    .addr_count = 2, .ttl = _i % 2 ? HOSTSLINE_TTL_OWN :
	    HOSTSLINE_TTL_DEFAULT, .ttl_s = 30};
	const char *before = rows[_i].before;

	for (size_t cut = 0; cut <= strlen(before); cut++) {
		struct hostsedit_outcome set, unset;

		entry.addr_count = 2;
		ck_assert_int_eq(edit(before, cut, &entry, &set),
		    HOSTSEDIT_CHANGED);
		entry.addr_count = 0;
		ck_assert_int_eq(edit(set.bytes, set.length, &entry, &unset),
		    HOSTSEDIT_CHANGED);
		ck_assert_uint_eq(unset.length, cut);
		ck_assert_mem_eq(unset.bytes, before, cut);
		free(set.bytes);
		free(unset.bytes);
	}
}
END_TEST

static const struct refused {
	const char *name;
	const char *addr;
	const char *before;
	const char *bad;
	const char *wrong;
} refusals[] = {
	{"", "10.0.0.5", "", "", "empty"},
	{"a b", "10.0.0.5", "", "a b", "no blanks"},
	{"a#b", "10.0.0.5", "", "a#b", "no blanks"},
	{"a\nb", "10.0.0.5", "", "a\nb", "no blanks"},
	{"a..b", "10.0.0.5", "", "a..b", "label is empty"},
	{"10.0.0.6", "10.0.0.5", "", "10.0.0.6", "is an address"},
	{"localhost", "10.0.0.5", "", "localhost", "asking"},
	{"*", "10.0.0.5", "", "*", "every name"},
	{"\xff.lab", "10.0.0.5", "", "\xff.lab", "UTF-8"},
	{"a\x01" "b", "10.0.0.5", "", "a\x01" "b", "control"},
	{"web1", "10.0.0.999", "", "10.0.0.999", "neither"},
	/* of many machines at once */
	{"web1", "224.0.0.1", "", "224.0.0.1", "many machines"},
	{"web1", "239.255.255.255", "10.0.0.5 web1\n", "239.255.255.255",
	    "many machines"},
	{"web1", "255.255.255.255", "", "255.255.255.255", "many machines"},
	{"web1", "ff02::1", "ff02::1 web1\n", "ff02::1", "many machines"},
	{"web1", "ff0e::5", "", "ff0e::5", "many machines"},
	{"web1", "::ffff:224.0.0.1", "", "::ffff:224.0.0.1",
	    "many machines"},
	{"web1", NULL, "", "web1", "no address"},
	{"web1", "10.0.0.5", "\xff\xfe" "a", NULL, "UTF-16"},
};

START_TEST(what_cannot_be_is_refused)
{
	const struct refused *row = &refusals[_i];
	struct hostsedit_entry entry = {.name = row->name,
	    .addrs = &row->addr, .addr_count = row->addr ? 1 : 0};
	struct source_text file = {"hosts", row->before, strlen(row->before)};
	struct hostsedit_outcome outcome;

	ck_assert_int_eq(hostsedit_set(&file, &entry, &outcome),
	    HOSTSEDIT_REFUSED);
	ck_assert_ptr_null(outcome.bytes);
	if (row->bad)
		ck_assert_str_eq(outcome.bad, row->bad);
	else
		ck_assert_ptr_null(outcome.bad);
	ck_assert_msg(strstr(outcome.wrong, row->wrong) != NULL, "%s",
	    outcome.wrong);
}
END_TEST

/* A line that is longer than its places can say. */
START_TEST(a_long_line_is_edited)
{
	static const char *const addr = "10.0.0.6";
	struct hostsedit_outcome outcome;
	struct hostsedit_entry entry = {.name = "web1", .addrs = &addr,
	    .addr_count = 1};
	char *before = NULL;
	size_t length;
	FILE *out = open_memstream(&before, &length);

	fputs("10.0.0.5", out);
	for (int i = 0; i < 9000; i++)
		fprintf(out, " n%d", i);
	fputs(" web1\n", out);
	fclose(out);
	ck_assert_uint_gt(length, 32768);
	ck_assert_int_eq(edit(before, length, &entry, &outcome),
	    HOSTSEDIT_CHANGED);
	ck_assert_uint_eq(outcome.length, length + strlen("10.0.0.6\t"));
	ck_assert_mem_eq(outcome.bytes, before, length - strlen(" web1\n"));
	ck_assert_mem_eq(outcome.bytes + length - strlen(" web1\n"),
	    "\n10.0.0.6\tweb1\n", strlen("\n10.0.0.6\tweb1\n"));
	expect_kept(before, length, &entry);
	free(outcome.bytes);
	free(before);
}
END_TEST

/* A line that would be the file's first, and another thing then. */
START_TEST(no_line_becomes_a_mark)
{
	static const char *const texts[] = {
	    "10.0.0.5 web1\n\xff\xfe web2\n", "10.0.0.5 web1\n" BOM "x\n"};
	struct hostsedit_entry entry = {.name = "web1"};
	struct source_text file = {"hosts", texts[_i], strlen(texts[_i])};
	struct hostsedit_outcome outcome;

	ck_assert_int_eq(hostsedit_unset(&file, &entry, &outcome),
	    HOSTSEDIT_REFUSED);
	ck_assert_ptr_nonnull(strstr(outcome.wrong, "byte order mark"));
	ck_assert_ptr_null(outcome.bytes);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_begun)
{
	static const char *const addr = "10.0.0.6";
	struct hostsedit_entry entry = {.name = "web1", .addrs = &addr,
	    .addr_count = 1};
	struct source_text file = {"hosts", NULL, 0};
	struct hostsedit_outcome outcome;

	ck_assert_int_eq(hostsedit_unset(&file, &entry, &outcome),
	    HOSTSEDIT_SAME);
	ck_assert_int_eq(hostsedit_set(&file, &entry, &outcome),
	    HOSTSEDIT_CHANGED);
	ck_assert_mem_eq(outcome.bytes, "10.0.0.6\tweb1\n", outcome.length);
	free(outcome.bytes);
}
END_TEST

/* ---- the TTL, read back ---- */

static const struct marked {
	const char *text;
	uint32_t ttl_s;			/* of the first RRset */
} marks[] = {
	{"10.0.0.5 web1\n", 5},
	{"10.0.0.5 web1 # ttl=60\n", 60},
	{"10.0.0.5 web1 #ttl=60\n", 60},
	{"10.0.0.5 web1#the first ttl=0 ttl=9\n", 0},
	{"10.0.0.5 web1 # ttl=2147483647\n", 2147483647},
	{"10.0.0.5 web1 # ttl=2147483648\n", 5},
	{"10.0.0.5 web1 # ttl=60s xttl=7 ttl= ttl=-1\n", 5},
	{"10.0.0.5 web1 # ttl=60\n10.0.0.6 web1 # ttl=30\n", 30},
	{"10.0.0.5 web1 # ttl=30\n10.0.0.6 web1 # ttl=60\n", 30},
	{"10.0.0.5 web1\n10.0.0.6 web1 # ttl=60\n", 5},
	{"10.0.0.5 web1 # ttl=60\n10.0.0.5 web1 # ttl=30\n", 30},
	{"10.0.0.5 web1 # ttl=60\nfd00::5 web1 # ttl=30\n", 60},
};

START_TEST(a_mark_gives_the_ttl)
{
	const struct source_spec spec = {.kind = SOURCE_HOSTS,
	    .path = "hosts", .ttl = 5};
	struct source_text text = {"hosts", marks[_i].text,
	    strlen(marks[_i].text)};
	struct diags *diags = diags_new();
	struct content *content = hostsfile_parse(&(struct hostsfile_input){
	    .spec = &spec, .files = &text, .file_count = 1}, diags);
	const struct rrset *rrset =
	    node_first(chunk_node(content->chunks[0], 0));
	const uint8_t *wire = rrset_wire(rrset);

	for (int i = 0; i < DIAG_LEVELS; i++)
		ck_assert_uint_eq(diags_count(diags, (enum diag_level)i), 0);
	for (unsigned i = 0; i < rrset->count; i++)
		ck_assert_uint_eq(wire_get32(wire + 16 * i + 6),
		    marks[_i].ttl_s);
	content_free(content);
	diags_free(diags);
}
END_TEST

/* What a bad line keeps has the TTL that the line says. */
START_TEST(a_bad_line_keeps_its_ttl)
{
	static const char good[] = "10.0.0.5 web1 # ttl=60\n";
	static const char bad[] = "10.0.0.999 web1 # ttl=60\n";
	const struct source_spec spec = {.kind = SOURCE_HOSTS,
	    .path = "hosts", .ttl = 5};
	struct source_text text = {"hosts", good, strlen(good)};
	struct hostsfile_input input = {
		.spec = &spec,
		.files = &text,
		.file_count = 1,
	};
	struct diags *diags = diags_new();
	struct content *a = hostsfile_parse(&input, diags), *b;

	text = (struct source_text){"hosts", bad, strlen(bad)};
	input.previous = a;
	b = hostsfile_parse(&input, diags);
	ck_assert_uint_eq(rrset_ttl(node_first(chunk_node(b->chunks[0], 0))),
	    60);
	content_free(a);
	content_free(b);
	diags_free(diags);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hostsedit");
	TCase *tc = tcase_create("hostsedit");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_name_is_edited, 0, ROWS);
	tcase_add_loop_test(tc, others_survive_every_cut, 0, ROWS);
	tcase_add_loop_test(tc, set_then_unset_gives_the_same_bytes, 0, ROWS);
	tcase_add_loop_test(tc, what_cannot_be_is_refused, 0,
	    (int)(sizeof refusals / sizeof *refusals));
	tcase_add_test(tc, a_long_line_is_edited);
	tcase_add_loop_test(tc, no_line_becomes_a_mark, 0, 2);
	tcase_add_test(tc, a_file_that_is_not_there_is_begun);
	tcase_add_loop_test(tc, a_mark_gives_the_ttl, 0,
	    (int)(sizeof marks / sizeof *marks));
	tcase_add_test(tc, a_bad_line_keeps_its_ttl);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
