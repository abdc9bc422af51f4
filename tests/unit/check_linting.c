/* SPDX-License-Identifier: BSD-2-Clause */
/* The linter's thread beside a writer that goes on publishing. */
#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "linting.h"
#include "names/hostsfile.h"
#include "names/index.h"

#define LINES 40000u

static const struct hash_key key = {3, 5};

struct writer {
	struct index *index;
	struct source_spec spec;
	struct content *content;
	char *text;
	size_t length;
};

/* Many names, and on one line in ten an address that the one above has. */
static void
start_writer(struct writer *writer)
{
	size_t room = LINES * 40u;

	*writer = (struct writer){
	    .index = index_new(&key),
	    .spec = {.kind = SOURCE_HOSTS, .path = "hosts", .ttl = 5,
		.has_domain = true, .domain = dname_from("lab.test.")},
	    .text = memory_alloc(room),
	};
	for (unsigned i = 0; i < LINES; i++) {
		unsigned value = i % 10 == 9 ? i - 1 : i;

		writer->length += (size_t)snprintf(
		    writer->text + writer->length, room - writer->length,
		    "10.%u.%u.%u name%u\n", value >> 14, value >> 7 & 127,
		    value & 127, i);
	}
}

/* One line changes its address, a comment moves all lines below. */
static void
write_again(struct writer *writer, unsigned round)
{
	char *line = writer->text + writer->length / 2;
	const struct source_text text = {"hosts", writer->text,
	    writer->length};
	const struct hostsfile_input input = {
	    .spec = &writer->spec,
	    .files = &text,
	    .file_count = 1,
	    .previous = writer->content,
	};
	struct diags *diags = diags_new();
	struct content *content;

	while (line[-1] != '\n')
		line--;
	line[1] = (char)('0' + round % 2);
	content = hostsfile_parse(&input, diags);
	ck_assert_uint_eq(diags_count(diags, DIAG_ERROR), 0);
	diags_free(diags);
	index_replace(writer->index, writer->content, content);
	writer->content = content;
}

static struct lint_input
publish(struct writer *writer, const struct content *const **contents)
{
	*contents = (const struct content *const *)&writer->content;
	return (struct lint_input){
	    .names = index_commit(writer->index, 1700000000),
	    .contents = *contents,
	    .content_count = 1,
	};
}

static void
start_linting(struct linting *linting, struct writer *writer)
{
	char name[] = "lab", off[] = "dot-local", path[] = "hostler.yaml";
	struct lint_network network = {.name = name};
	struct lint_domain domain = {
	    .name = dname_from("lab.test."), .path = path};
	const char *const list[] = {off};
	const struct content *const *contents;
	struct lint_input input = publish(writer, &contents);

	ck_assert_ptr_null(prefix_parse(&network.prefix, "10.0.0.0/7", 10));
	input.networks = &network;
	input.network_count = 1;
	input.domains = &domain;
	input.domain_count = 1;
	input.off = list;
	input.off_count = 1;
	linting_start(linting, &input, 1);
	/* The copies count from here on. */
	memset(name, 'x', sizeof name - 1);
	memset(off, 'x', sizeof off - 1);
	memset(path, 'x', sizeof path - 1);
}

static void
wait_for(struct linting *linting, struct lint_findings *findings)
{
	struct pollfd poll_fd = {linting_fd(linting), POLLIN, 0};

	ck_assert_int_eq(poll(&poll_fd, 1, 60000), 1);
	ck_assert(linting_take(linting, findings));
	ck_assert(!linting_take(linting, findings));
}

static void
free_all(struct writer *writer, struct linting *linting)
{
	linting_free(linting);
	ck_assert_uint_eq(index_reclaim(writer->index), 0);
	index_free(writer->index);
	free(writer->text);
}

START_TEST(test_findings)
{
	struct linting *linting = linting_new();
	struct lint_findings findings;
	struct writer writer;

	start_writer(&writer);
	write_again(&writer, 0);
	ck_assert(!linting_take(linting, &findings));
	start_linting(linting, &writer);
	wait_for(linting, &findings);
	ck_assert_uint_eq(findings.count, LINT_KEPT_EACH);
	ck_assert_uint_ge(findings.more[LINT_SHARED_ADDRESS],
	    LINES / 10 - LINT_KEPT_EACH - 1);
	lint_findings_fini(&findings);
	free_all(&writer, linting);
}
END_TEST

/* What the linter reads stays until it has ended, whatever is published. */
START_TEST(test_beside_writer)
{
	struct linting *linting = linting_new();
	struct lint_findings findings;
	struct writer writer;

	start_writer(&writer);
	for (unsigned round = 0; round < 12; round++) {
		write_again(&writer, round);
		start_linting(linting, &writer);
		for (unsigned i = 1; i < 6; i++) {
			const struct content *const *contents;

			write_again(&writer, round + i);
			publish(&writer, &contents);
			index_reclaim(writer.index);
		}
		if (round % 3 != 0)
			continue;
		wait_for(linting, &findings);
		ck_assert_uint_eq(findings.count, LINT_KEPT_EACH);
		lint_findings_fini(&findings);
	}
	free_all(&writer, linting);
}
END_TEST

/* A run that nobody waited for leaves nothing behind for the next. */
START_TEST(test_start_again)
{
	struct linting *linting = linting_new();
	struct lint_findings findings;
	struct writer writer;

	start_writer(&writer);
	write_again(&writer, 0);
	for (unsigned i = 0; i < 20; i++)
		start_linting(linting, &writer);
	wait_for(linting, &findings);
	ck_assert_uint_eq(findings.count, LINT_KEPT_EACH);
	lint_findings_fini(&findings);
	start_linting(linting, &writer);
	free_all(&writer, linting);
}
END_TEST

static Suite *
make_suite(void)
{
	Suite *suite = suite_create("linting");
	TCase *tcase = tcase_create("linting");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, test_findings);
	tcase_add_test(tcase, test_beside_writer);
	tcase_add_test(tcase, test_start_again);
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
