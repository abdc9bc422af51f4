/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses of a chunk: by a bit in the node, or listed; and what they cost. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/memory.h"
#include "names/hostsfile.h"
#include "names/reverse.h"

static struct content *
parse(const char *text)
{
	struct source_spec spec = {
		.kind = SOURCE_HOSTS, .path = "hosts", .ttl = 60,
	};
	struct source_text file = { "hosts", text, strlen(text) };
	struct hostsfile_input input = {
		.spec = &spec, .files = &file, .file_count = 1,
	};
	struct diags *diags = diags_new();
	struct content *content = hostsfile_parse(&input, diags);

	diags_free(diags);
	return content;
}

static void
check_walk(const struct chunk *chunk, const char *expected)
{
	struct reverse_cursor cursor = { 0 };
	struct reverse reverse;
	char text[ADDR_TEXT], name[DNAME_TEXT_MAX], *said;
	uint64_t before = 0;
	size_t length;
	FILE *out = memory_stream(&said, &length);

	while (reverse_walk(chunk, &cursor, &reverse, 1) > 0) {
		struct reverse again = reverse_of(reverse.link);

		ck_assert_ptr_eq(again.node, reverse.node);
		ck_assert(addr_equal(&again.addr, &reverse.addr));
		fprintf(out, "%s %s\n", addr_print(&reverse.addr, text),
		    dname_print(node_name(reverse.node), name));
		if (before != 0)
			ck_assert_int_lt(reverse_compare(chunk, before,
			    reverse.link), 0);
		before = reverse.link;
	}
	memory_stream_close(out);
	ck_assert_str_eq(said, expected);
	free(said);
}

static const struct {
	const char *text;
	uint32_t listed;
	const char *walk;
} cases[] = {
	{ "10.0.0.1 a.test\nfd00::1 a.test\n10.0.0.2 b.test\n", 0,
	  "10.0.0.1 a.test.\nfd00::1 a.test.\n10.0.0.2 b.test.\n" },
	{ "fd00::1 a.test\n10.0.0.1 a.test\n", 0,
	  "fd00::1 a.test.\n10.0.0.1 a.test.\n" },
	/* Several addresses of one name, and of it again behind another. */
	{ "10.0.0.1 a.test\n10.0.0.2 a.test\n10.0.0.2 b.test\n", 1,
	  "10.0.0.1 a.test.\n10.0.0.2 a.test.\n10.0.0.2 b.test.\n" },
	{ "fd00::1 a.test\n10.0.0.2 b.test\n10.0.0.2 a.test\n", 1,
	  "fd00::1 a.test.\n10.0.0.2 b.test.\n10.0.0.2 a.test.\n" },
	{ "10.0.0.1 a.test\n10.0.0.1 a.test\n", 0, "10.0.0.1 a.test.\n" },
	/* The first of the other family goes ahead of what is listed. */
	{ "10.0.0.1 a.test\n10.0.0.2 a.test\nfd00::1 a.test\n", 1,
	  "10.0.0.1 a.test.\nfd00::1 a.test.\n10.0.0.2 a.test.\n" },
};

START_TEST(a_family_in_the_order_of_the_file)
{
	struct content *content = parse(cases[_i].text);

	ck_assert_uint_eq(content->chunk_count, 1);
	ck_assert_uint_eq(content->chunks[0]->listed_count, cases[_i].listed);
	check_walk(content->chunks[0], cases[_i].walk);
	content_free(content);
}
END_TEST

/* A name of 20 bytes with an A and an AAAA: 112 for the node, 4 for its place,
 * and what is left over of the pages. */
START_TEST(bytes_a_name)
{
	size_t length, bytes = 0, nodes = 0, addresses = 0;
	char *text;
	FILE *out = memory_stream(&text, &length);
	struct content *content;

	for (unsigned i = 0; i < 20000; i++)
		fprintf(out, "10.0.%u.%u h%07u.lab.test\n"
		    "fd00::%x h%07u.lab.test\n", i >> 8, i & 255, i, i + 1, i);
	memory_stream_close(out);
	content = parse(text);
	for (uint32_t i = 0; i < content->chunk_count; i++) {
		bytes += arena_bytes(content->chunks[i]->arena);
		nodes += content->chunks[i]->node_count;
		addresses += content->chunks[i]->reverse_count;
		ck_assert_uint_eq(content->chunks[i]->listed_count, 0);
	}
	ck_assert_uint_ge(nodes, 20000);
	ck_assert_uint_eq(addresses, 40000);
	ck_assert_uint_le(bytes / 20000, 122);
	content_free(content);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reverse");
	TCase *tcase = tcase_create("reverse");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, a_family_in_the_order_of_the_file,
	    0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, bytes_a_name);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
