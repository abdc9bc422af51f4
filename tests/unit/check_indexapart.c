/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and addresses put into their tables at the same time: the snapshot is
 * the one that comes of one after the other. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/hostsfile.h"
#include "names/index.h"
#include "sys/crew.h"

#define NAMES (INDEX_APART + 2000u)

static const struct hash_key key = {3, 4};
static const struct dname lab = {5, 1, {3, 'l', 'a', 'b', 0}};

static unsigned runs;

static void
run_counted(const struct parts_work *work, unsigned workers)
{
	runs++;
	crew_run(work, workers);
}

/* In the second edition every third name has another address, every fifth is
 * gone, and others came. */
static void
write_line(FILE *out, unsigned i, unsigned edition)
{
	unsigned last = edition == 1 && i % 3 == 0 ? i + 70000 : i;

	if (edition == 1 && i % 5 == 0)
		return;
	fprintf(out, "10.%u.%u.%u vm%u other%u\n", last >> 16, last >> 8 & 255,
	    last & 255, i, i);
	fprintf(out, "fd00::%x:%x vm%u\n", last >> 16, last & 65535, i);
}

static struct content *
make_content(unsigned edition)
{
	const struct source_spec spec = {.kind = SOURCE_HOSTS,
	    .path = "hosts", .ttl = 5, .has_domain = true, .domain = lab};
	struct source_text text = {.path = "hosts"};
	struct diags *diags = diags_new();
	struct content *content;
	char *bytes;
	FILE *out = memory_stream(&bytes, &text.length);

	for (unsigned i = 0; i < NAMES + edition * 100; i++)
		write_line(out, i, edition);
	memory_stream_close(out);
	text.bytes = bytes;
	content = hostsfile_parse(&(struct hostsfile_input){.spec = &spec,
	    .files = &text, .file_count = 1}, diags);
	ck_assert_uint_eq(diags_count(diags, DIAG_ERROR), 0);
	diags_free(diags);
	free(bytes);
	return content;
}

static const struct node *
find(const struct snapshot *names, const char *stem, unsigned i)
{
	char text[32];
	uint8_t wire[40];
	size_t length = (size_t)snprintf(text, sizeof text, "%s%u", stem, i);

	wire[0] = (uint8_t)length;
	memcpy(wire + 1, text, length);
	memcpy(wire + 1 + length, lab.wire, lab.length);
	return snapshot_find(names, dname_hash(&key, wire), wire,
	    (unsigned)(1 + length + lab.length));
}

static void
compare_nodes(const struct node *a, const struct node *b)
{
	ck_assert((a == NULL) == (b == NULL));
	if (a == NULL)
		return;
	ck_assert_uint_eq(a->rrset_count, b->rrset_count);
	ck_assert_str_eq((const char *)node_name(a),
	    (const char *)node_name(b));
}

static unsigned
compare_name(const struct snapshot *a, const struct snapshot *b, unsigned i)
{
	const struct node *node = find(a, "vm", i);

	compare_nodes(node, find(b, "vm", i));
	compare_nodes(find(a, "other", i), find(b, "other", i));
	return node != NULL;
}

static unsigned
compare_address(const struct snapshot *a, const struct snapshot *b,
    unsigned last)
{
	struct addr addr = {.family = 4, .bytes = {10, (uint8_t)(last >> 16),
	    (uint8_t)(last >> 8), (uint8_t)last}};
	uint32_t ttl;
	const struct node *node = snapshot_reverse(a, &addr, &ttl);

	compare_nodes(node, snapshot_reverse(b, &addr, &ttl));
	return node != NULL;
}

/* How many names and addresses both know. */
static void
compare(struct index *a, struct index *b, unsigned names)
{
	const struct snapshot *one = index_commit(a, 1), *two =
	    index_commit(b, 1);
	unsigned known = 0, addresses = 0;

	for (unsigned i = 0; i < NAMES + 200; i++)
		known += compare_name(one, two, i);
	for (unsigned i = 0; i < 90000; i++)
		addresses += compare_address(one, two, i);
	ck_assert_uint_eq(known, names);
	ck_assert_uint_eq(addresses, names);
	ck_assert_uint_eq(index_name_count(a), index_name_count(b));
}

static unsigned
count_left(void)
{
	unsigned left = 0;

	for (unsigned i = 0; i < NAMES + 100; i++)
		left += i % 5 != 0;
	return left;
}

START_TEST(both_tables_at_once_are_as_in_turn)
{
	const struct parts parts = {2, run_counted};
	struct index *in_turn = index_new(&key), *at_once = index_new(&key);
	struct content *first = make_content(0), *second = make_content(0);

	index_set_parts(at_once, &parts);
	index_replace(in_turn, NULL, first);
	index_replace(at_once, NULL, second);
	ck_assert_uint_eq(runs, 1);
	compare(in_turn, at_once, NAMES);
	index_replace(in_turn, first, make_content(1));
	index_replace(at_once, second, make_content(1));
	ck_assert_uint_ge(runs, 2);
	compare(in_turn, at_once, count_left());
	index_free(in_turn);
	index_free(at_once);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("indexapart");
	TCase *tc = tcase_create("indexapart");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, both_tables_at_once_are_as_in_turn);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
