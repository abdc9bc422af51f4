/* SPDX-License-Identifier: BSD-2-Clause */
/* The linter's thread beside a writer that goes on publishing. */
#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static enum linting_result
wait_end(struct linting *linting, struct lint_findings *findings)
{
	struct pollfd poll_fd = {linting_fd(linting), POLLIN, 0};
	enum linting_result result;

	ck_assert_int_eq(poll(&poll_fd, 1, 60000), 1);
	result = linting_take(linting, findings);
	ck_assert_int_eq(linting_take(linting, findings), LINTING_NOTHING);
	return result;
}

static void
wait_for(struct linting *linting, struct writer *writer,
    struct lint_findings *findings)
{
	enum linting_result result = wait_end(linting, findings);

	if (result == LINTING_START_AGAIN) {
		start_linting(linting, writer);
		result = wait_end(linting, findings);
	}
	ck_assert_int_eq(result, LINTING_FOUND);
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
	ck_assert_int_eq(linting_take(linting, &findings), LINTING_NOTHING);
	start_linting(linting, &writer);
	wait_for(linting, &writer, &findings);
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
		wait_for(linting, &writer, &findings);
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
	wait_for(linting, &writer, &findings);
	ck_assert_uint_eq(findings.count, LINT_KEPT_EACH);
	lint_findings_fini(&findings);
	start_linting(linting, &writer);
	free_all(&writer, linting);
}
END_TEST

/* ---- a run that is held ---- */

static struct hold {
	int entered[2];			/* a byte when a run begins */
	int go_on[2];			/* a byte lets it */
	bool holds;
	unsigned runs;
	unsigned stopped;		/* asked to, when let go */
} hold;

/* The linker puts this in lint_run's place. */
void __real_lint_run(const struct lint_input *input,
    struct lint_findings *findings);
void __wrap_lint_run(const struct lint_input *input,
    struct lint_findings *findings);

void
__wrap_lint_run(const struct lint_input *input,
    struct lint_findings *findings)
{
	char byte = 0;

	if (hold.holds) {
		ck_assert_int_eq(write(hold.entered[1], &byte, 1), 1);
		ck_assert_int_eq(read(hold.go_on[0], &byte, 1), 1);
		hold.runs++;
		hold.stopped += atomic_load(input->stop);
	}
	__real_lint_run(input, findings);
}

static void
await_entered(void)
{
	char byte;

	ck_assert_int_eq(read(hold.entered[0], &byte, 1), 1);
}

static void
let_go(void)
{
	ck_assert_int_eq(write(hold.go_on[1], "", 1), 1);
}

/* Starts return although the run under way does not end; all of them come to
 * one new run. */
START_TEST(test_held)
{
	struct linting *linting = linting_new();
	struct lint_findings findings = {0};
	struct writer writer;

	ck_assert_int_eq(pipe(hold.entered) + pipe(hold.go_on), 0);
	hold.holds = true;
	start_writer(&writer);
	write_again(&writer, 0);
	start_linting(linting, &writer);
	await_entered();
	for (unsigned round = 1; round < 4; round++) {
		write_again(&writer, round);
		start_linting(linting, &writer);
		ck_assert_int_eq(linting_take(linting, &findings),
		    LINTING_NOTHING);
		ck_assert(index_reclaim(writer.index));
	}
	let_go();
	ck_assert_int_eq(wait_end(linting, &findings), LINTING_START_AGAIN);
	ck_assert_uint_eq(hold.runs, 1);
	ck_assert_uint_eq(hold.stopped, 1);
	ck_assert(!index_reclaim(writer.index));
	start_linting(linting, &writer);
	await_entered();
	let_go();
	ck_assert_int_eq(wait_end(linting, &findings), LINTING_FOUND);
	ck_assert_uint_eq(hold.runs, 2);
	ck_assert_uint_eq(hold.stopped, 1);
	ck_assert_uint_eq(findings.count, LINT_KEPT_EACH);
	lint_findings_fini(&findings);
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
	tcase_add_test(tcase, test_held);
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
