/* SPDX-License-Identifier: BSD-2-Clause */
/* Large files parsed by several threads: what comes of them, and what is told
 * of them, is what one thread makes of them.  And lines by the quick way, as
 * against any way. */
#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/hostsfile.h"
#include "names/hostsline.h"
#include "names/zonefile.h"
#include "names/zoneplain.h"
#include "sys/crew.h"

static const struct dname lab = {5, 1, {3, 'l', 'a', 'b', 0}};

static uint64_t
next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state >> 33;
}

/* ---- the crew ---- */

#define PARTS 1000u

struct tally {
	atomic_uint done[PARTS];
	unsigned by_worker[CREW_MAX];	/* each its own */
};

static void
count_part(void *argument, unsigned part, unsigned worker)
{
	struct tally *tally = argument;

	atomic_fetch_add(&tally->done[part], 1);
	tally->by_worker[worker]++;
}

START_TEST(every_part_is_done_once)
{
	static const unsigned workers[] = {1, 2, 5, CREW_MAX, 100};

	for (size_t i = 0; i < sizeof(workers) / sizeof(workers[0]); i++) {
		struct tally *tally = memory_zeroed(1, sizeof(*tally));
		struct parts_work work = {count_part, tally, PARTS};
		unsigned sum = 0;

		crew_run(&work, workers[i]);
		for (unsigned part = 0; part < PARTS; part++)
			ck_assert_uint_eq(atomic_load(&tally->done[part]), 1);
		for (unsigned worker = 0; worker < CREW_MAX; worker++)
			sum += tally->by_worker[worker];
		ck_assert_uint_eq(sum, PARTS);
		free(tally);
	}
}
END_TEST

START_TEST(a_crew_has_a_thread_for_each_processor)
{
	struct parts parts = crew_parts();

	ck_assert_uint_ge(parts.workers, 1);
	ck_assert_uint_le(parts.workers, CREW_MAX);
	ck_assert_uint_eq(parts_workers(NULL), 1);
	ck_assert_uint_eq(parts_workers(&parts), parts.workers);
}
END_TEST

/* ---- hosts files ---- */

static unsigned runs;

static void
run_crew(const struct parts_work *work, unsigned workers)
{
	runs++;
	crew_run(work, workers);
}

/* One thread, but in no order that anybody would expect. */
static void
run_backwards(const struct parts_work *work, unsigned workers)
{
	runs++;
	for (unsigned i = work->count; i-- > 0;)
		work->part(work->argument, i, i % workers);
}

struct reading {
	struct content *content;
	struct diags *diags;
	char *printed;
	size_t length;
	const char *failed;
};

static void
print_place(void *context, const struct diag_view *diag)
{
	fprintf(context, "%u:%u: %s\n", diag->line, diag->column,
	    diag->text);
}

/* A file of which only what is asked for is there, and nothing any more after
 * so many times. */
struct medium {
	const char *bytes;
	size_t length;
	atomic_int left;
	atomic_uint fetched;
};

static const char *
fetch_piece(void *context, const struct source_text *text, size_t at,
    const struct source_room *room)
{
	struct medium *medium = context;

	ck_assert_str_eq(text->path, "hosts");
	ck_assert_uint_le(at, medium->length);
	ck_assert_uint_le(room->length, medium->length - at);
	if (atomic_fetch_sub(&medium->left, 1) <= 0)
		return "the medium broke";
	atomic_fetch_add(&medium->fetched, 1);
	memcpy(room->bytes, medium->bytes + at, room->length);
	return NULL;
}

/* Chunks that hold more lines than an answer carries addresses. */
static const struct hostscut_sizes sizes = {65536, 98304, HOSTSFILE_APART};

static struct reading
read_by(const struct source_text *text, const struct source_fetch *fetch,
    const struct parts *parts, const struct content *previous)
{
	const struct source_spec spec = {
		.kind = SOURCE_HOSTS,
		.path = "hosts",
		.ttl = 5,
		.has_domain = true,
		.domain = lab,
	};
	struct reading reading = {.diags = diags_new()};
	FILE *out = memory_stream(&reading.printed, &reading.length);

	reading.content = hostsfile_parse(&(struct hostsfile_input){
	    .spec = &spec, .files = text, .file_count = 1, .fetch = fetch,
	    .previous = previous, .parts = parts,
	    .failed = &reading.failed, .sizes = &sizes}, reading.diags);
	diags_print(reading.diags, out, DIAG_PLAIN);
	memory_stream_close(out);
	return reading;
}

static struct reading
read_hosts(const char *bytes, size_t length, const struct parts *parts,
    const struct content *previous)
{
	const struct source_text text = {"hosts", bytes, length};

	return read_by(&text, NULL, parts, previous);
}

static struct reading
fetch_hosts(struct medium *medium, const struct parts *parts,
    const struct content *previous)
{
	const struct source_text text = {"hosts", NULL, medium->length};
	const struct source_fetch fetch = {fetch_piece, medium};

	atomic_store(&medium->fetched, 0);
	return read_by(&text, &fetch, parts, previous);
}

static void
free_reading(struct reading *reading)
{
	content_free(reading->content);
	diags_free(reading->diags);
	free(reading->printed);
}

static void
compare_chunks(const struct chunk *a, const struct chunk *b)
{
	ck_assert_uint_eq(a->first_line, b->first_line);
	ck_assert_uint_eq(a->line_count, b->line_count);
	ck_assert_uint_eq(a->text_length, b->text_length);
	ck_assert(a->text_hash == b->text_hash);
	ck_assert_uint_eq(a->record_count, b->record_count);
}

static void
compare_readings(const struct reading *a, const struct reading *b)
{
	ck_assert_uint_eq(a->content->chunk_count, b->content->chunk_count);
	for (uint32_t i = 0; i < a->content->chunk_count; i++)
		compare_chunks(a->content->chunks[i], b->content->chunks[i]);
	ck_assert(content_equal(a->content, b->content));
	ck_assert(content_places_equal(a->content, b->content));
	ck_assert_uint_eq(a->length, b->length);
	ck_assert_str_eq(a->printed, b->printed);
	ck_assert(diags_equal(a->diags, b->diags));
}

/* What is wrong with one line in `rarity`, CRLF and lone CR among the ends. */
static void
write_line(FILE *out, uint64_t *state, unsigned rarity)
{
	static const char *const odd[] = {"10.0.0.300 bad", "# a comment",
	    "", "fe80::1%lo0 scoped", "10.0.0.1 b..c", "10.0.0.1", "\t \t",
	    "10.0.0.7 x ttl=9 # ttl=77", "::1 localhost", "10.0.0.9 *.w.test",
	    "10.0.0.8 m\xc3\xbcller", "10.0.0.3 ok1 10.0.0.4", "fd00::5 v#c",
	    "10.0.0.2 twice twice", "\x01\x02", "0.0.0.0 1.2.3.4x"};
	static const char *const ends[] = {"\r\n", "\r", "\n\n", "\n"};
	uint64_t name = next_random(state) % 60000;

	if (next_random(state) % rarity == 0) {
		fprintf(out, "%s%s", odd[next_random(state) %
		    (sizeof(odd) / sizeof(odd[0]))],
		    ends[next_random(state) % 4]);
		return;
	}
	fprintf(out, "10.%u.%u.%u host%u.lab.test Alias-%u\n",
	    (unsigned)(name % 256), (unsigned)(name / 256),
	    (unsigned)(next_random(state) % 2), (unsigned)name,
	    (unsigned)name);
}

/* Over 1 MB, with a fault in one line of `rarity`. */
static char *
make_hosts(unsigned rarity, uint64_t seed, size_t *length)
{
	char *bytes = NULL;
	FILE *out = memory_stream(&bytes, length);

	for (unsigned i = 0; i < 32000; i++)
		write_line(out, &seed, rarity);
	fputs("10.9.9.9 the.last.line", out);
	memory_stream_close(out);
	ck_assert_uint_gt(*length, HOSTSFILE_APART);
	return bytes;
}

/* Faults in no chunk but a few; in about half; in every one. */
static const unsigned rarities[] = {60000, 6000, 2500, 40};

START_TEST(hosts_apart_are_as_in_one)
{
	const struct parts crew = {4, run_crew};
	const struct parts backwards = {3, run_backwards};
	size_t length;
	char *bytes = make_hosts(rarities[_i], 1 + (uint64_t)_i, &length);
	struct reading one = read_hosts(bytes, length, NULL, NULL);
	struct reading a = read_hosts(bytes, length, &crew, NULL);
	struct reading b = read_hosts(bytes, length, &backwards, NULL);

	ck_assert_uint_eq(runs, 2);
	ck_assert_uint_gt(one.content->chunk_count, 16);
	compare_readings(&one, &a);
	compare_readings(&one, &b);
	free_reading(&one);
	free_reading(&a);
	free_reading(&b);
	free(bytes);
}
END_TEST

/* Lines at the front go bad: what their names had is kept, chunks that are as
 * they were are shared. */
START_TEST(hosts_apart_keep_what_was_good)
{
	const struct parts crew = {4, run_crew};
	size_t length;
	char *bytes = make_hosts(2500, 9, &length);
	struct reading first = read_hosts(bytes, length, NULL, NULL);
	struct reading one, a;

	for (size_t i = 0; i + 60 < length; i += 60000)
		if (memcmp(bytes + i, "10.", 3) == 0)
			bytes[i + 1] = 'x';
	memset(bytes + 200, '\n', 100);
	memcpy(bytes + length / 2, "\n10.7.7.7 new\n", 14);
	one = read_hosts(bytes, length, NULL, first.content);
	ck_assert_uint_eq(runs, 0);
	a = read_hosts(bytes, length, &crew, first.content);
	ck_assert_uint_ge(runs, 2);	/* compared, and parsed */
	compare_readings(&one, &a);
	free_reading(&one);
	free_reading(&a);
	free_reading(&first);
	free(bytes);
}
END_TEST

/* An edit in the middle, and one line with a fault. */
static void
edit_hosts(char *bytes, size_t length)
{
	memset(strchr(bytes + length / 2, '\n') + 1, ';', 30);
	memcpy(strchr(bytes + length / 2 + 2000, '\n'), "\n10.7.7.7 new\n",
	    14);
}

static const struct parts *const by[] = {
	NULL,
	&(const struct parts){4, run_crew},
	&(const struct parts){3, run_backwards},
};

/* Nothing in between is needed: what is looked at is a piece at a time. */
START_TEST(hosts_fetched_are_as_in_memory)
{
	size_t length;
	char *bytes = make_hosts(rarities[_i % 4], 7, &length);
	struct medium medium = {bytes, length, 1 << 30, 0};
	struct reading first = read_hosts(bytes, length, NULL, NULL);
	struct reading again = fetch_hosts(&medium, by[_i / 4], NULL);
	struct reading one, a;

	compare_readings(&first, &again);
	ck_assert_uint_gt(atomic_load(&medium.fetched),
	    first.content->chunk_count);
	free_reading(&again);
	edit_hosts(bytes, length);
	one = read_hosts(bytes, length, NULL, first.content);
	a = fetch_hosts(&medium, by[_i / 4], first.content);
	compare_readings(&one, &a);
	free_reading(&one);
	free_reading(&a);
	free_reading(&first);
	free(bytes);
}
END_TEST

/* Whenever it breaks. */
START_TEST(hosts_that_fail_on_the_way_stay_as_they_were)
{
	size_t length;
	char *bytes = make_hosts(20000, 5, &length);
	struct medium medium = {bytes, length, 1 << 30, 0};
	struct reading before = read_hosts(bytes, length, NULL, NULL);
	struct reading after;
	unsigned needed;

	edit_hosts(bytes, length);
	after = fetch_hosts(&medium, by[_i], before.content);
	ck_assert(!content_equal(before.content, after.content));
	ck_assert_ptr_null(after.failed);
	free_reading(&after);
	needed = atomic_load(&medium.fetched);
	ck_assert_uint_gt(needed, 30);
	for (int good = 0; good < (int)needed; good++) {
		atomic_store(&medium.left, good);
		after = fetch_hosts(&medium, by[_i], before.content);
		ck_assert(content_equal(before.content, after.content));
		ck_assert(content_places_equal(before.content,
		    after.content));
		ck_assert_str_eq(after.failed, "the medium broke");
		free_reading(&after);
	}
	atomic_store(&medium.left, (int)needed - 1);
	after = fetch_hosts(&medium, by[_i], NULL);
	ck_assert_uint_eq(after.content->chunk_count, 0);
	ck_assert_str_eq(after.failed, "the medium broke");
	free_reading(&after);
	free_reading(&before);
	free(bytes);
}
END_TEST

/* The lines of one name in one chunk, from the first on, as long as they are
 * good ones: those above what an answer carries are told, without their
 * ends. */
START_TEST(more_addresses_than_an_answer_carries)
{
	const struct parts crew = {4, run_crew};
	char *bytes = NULL;
	size_t length;
	FILE *out = memory_stream(&bytes, &length);
	struct reading one, a;

	for (unsigned i = 0; i < 4100; i++)
		fprintf(out, "10.0.%u.%u a\r\n", i >> 8, i & 255);
	for (unsigned i = 0; i < 60000; i++)
		fprintf(out, "10.1.%u.%u h%u\n", i >> 8, i & 255, i);
	memory_stream_close(out);
	one = read_hosts(bytes, length, NULL, NULL);
	a = read_hosts(bytes, length, &crew, NULL);
	ck_assert_uint_eq(runs, 1);
	compare_readings(&one, &a);
	ck_assert_uint_gt(diags_count(one.diags, DIAG_ERROR), 0);
	ck_assert_ptr_nonnull(strstr(one.printed, "10.0.16.3 a\n"));
	ck_assert_ptr_null(strstr(one.printed, "10.0.16.3 a\\"));
	free_reading(&one);
	free_reading(&a);
	free(bytes);
}
END_TEST

/* ---- one line ---- */

static void
make_line(uint64_t *state, char line[400])
{
	static const char *const pieces[] = {"10.0.0.1", "fd00::1", "::", "a",
	    "Host", "vm-7", "_x", "lab.test", ".", ".", " ", " ", " ", "\t",
	    "localhost", "ip6-all", "10.0.0.6", "1a2", "*", "#", "\xc3\xbc",
	    "\r", "%", ":", "\x7f", "/", ",", "999.1.1.1",
	    "labels-of-sixty-three-bytes-are-good-those-of-sixty-four-are-nt"};
	size_t count = 1 + next_random(state) % 10;

	strcpy(line, next_random(state) % 8 == 0 ? "" : "10.1.2.3 ");
	while (count-- > 0) {
		const char *piece = pieces[next_random(state) %
		    (sizeof(pieces) / sizeof(pieces[0]))];

		if (strlen(line) + strlen(piece) < 390)
			strcat(line, piece);
	}
	strcat(line, next_random(state) % 4 == 0 ? "\r\n" : "\n");
}

static void
compare_lines(const struct hostsline *a, const struct hostsline *b)
{
	ck_assert_mem_eq(&a->addr, &b->addr, sizeof(a->addr));
	ck_assert_uint_eq(a->addr_column, b->addr_column);
	ck_assert_uint_eq(a->addr_width, b->addr_width);
	ck_assert_uint_eq(a->name_count, b->name_count);
	ck_assert_int_eq(a->ttl, b->ttl);
	ck_assert(a->approved == b->approved);
	for (uint32_t i = 0; i < a->name_count; i++) {
		const struct hostsline_name *x = &a->names[i];
		const struct hostsline_name *y = &b->names[i];

		ck_assert_uint_eq(x->column, y->column);
		ck_assert_int_eq(x->form, y->form);
		ck_assert_uint_eq(x->name.labels, y->name.labels);
		ck_assert_uint_eq(x->name.length, y->name.length);
		ck_assert_mem_eq(x->name.wire, y->name.wire, x->name.length);
	}
}

START_TEST(a_plain_line_is_read_as_any_line)
{
	struct hostsline a = {.domain = &lab}, b = {.domain = &lab};
	uint64_t state = 3;
	unsigned plain = 0;

	for (unsigned i = 0; i < 200000; i++) {
		char line[400];
		size_t whole, end, length, read;

		make_line(&state, line);
		whole = strlen(line);
		read = hostsline_parse_plain(&a, line, whole);
		if (read == 0)
			continue;
		plain++;
		length = hostsline_length(line, whole, &end);
		ck_assert_uint_eq(read, length + end);
		ck_assert_int_eq(hostsline_parse(&b, line, length),
		    HOSTSLINE_GOOD);
		compare_lines(&a, &b);
		ck_assert_uint_eq(hostsline_parse_plain(&a, line, read - 1),
		    0);
	}
	ck_assert_uint_gt(plain, 10000);
	hostsline_fini(&a);
	hostsline_fini(&b);
}
END_TEST

/* ---- zone files ---- */

static struct reading
read_zone(const char *text)
{
	const struct source_spec spec = {
		.kind = SOURCE_ZONE,
		.path = "lab.zone",
		.has_domain = true,
		.domain = lab,
	};
	struct zonefile_input input = {
		.spec = &spec,
		.text = {"lab.zone", text, strlen(text)},
	};
	struct reading reading = {.diags = diags_new()};
	FILE *out = memory_stream(&reading.printed, &reading.length);

	reading.content = zonefile_parse(&input, reading.diags);
	diags_visit(reading.diags, print_place, out);
	memory_stream_close(out);
	return reading;
}

static const char *
pick(uint64_t *state, const char *const *list, size_t count)
{
	return list[next_random(state) % count];
}

/* An entry, all of it common or with something in it that is less so; faults
 * only where they are asked for. */
static void
write_entry(FILE *out, uint64_t *state, unsigned number, bool faults)
{
	static const char *const owners[] = {"a", "Host", "vm-7.Sub", "_x._y",
	    "  ", "\t", "full.lab.", "@", "*.w", "1.2", "e\\.f", "\"q\""};
	static const char *const heads[] = {" ", " IN ", " 60 ", " 60 IN ",
	    "\tIN 60 ", " 1m ", " in ", " 0060 "};
	static const char *const rdata[] = {"A 10.0.0.%", "AAAA fd00::%",
	    "aaaa fd00::%", "TXT \"a b;c %\" \"\"", "TXT word%",
	    "MX % mail", "MX % mail.Else.test.", "SRV 1 2 % Target",
	    "TXT \"esc\\%\"", "NS ns%", "TYPE1% \\# 0",
	    "A ( 10.0.1.% )", "MX % @"};
	static const char too_long[] = "SRV 1 2 0% toolong-"
	    "0123456789012345678901234567890123456789012345678901234567890";
	static const char *const wrong[] = {"A 10.0.0.%.1", "A fd00::%",
	    "MX %70000 x", "NS a..b%", "TXT \"open %", "SRV 1 % x",
	    "A 10.0.0.1 %", "CNAME x%. y", "MX %", too_long};
	const char *owner = pick(state, owners,
	    sizeof(owners) / sizeof(owners[0]) - (faults ? 0 : 1));
	const char *words = faults && next_random(state) % 9 == 0 ?
	    pick(state, wrong, sizeof(wrong) / sizeof(wrong[0])) :
	    pick(state, rdata, sizeof(rdata) / sizeof(rdata[0]));

	fputs(owner, out);
	fputs(pick(state, heads, sizeof(heads) / sizeof(heads[0])), out);
	number = 100 + number % 100;
	fprintf(out, "%.*s", (int)strcspn(words, "%"), words);
	if (strchr(words, '%') != NULL)
		fprintf(out, "%u%s", number, strchr(words, '%') + 1);
}

struct zone_pair {
	char *plain;
	char *commented;
};

/* The same twice; behind every line of the second stands a comment, with which
 * it is read the general way. */
static struct zone_pair
make_zones(uint64_t seed, bool faults)
{
	struct zone_pair pair;
	size_t plain_length, commented_length;
	FILE *plain = memory_stream(&pair.plain, &plain_length);
	FILE *commented = memory_stream(&pair.commented, &commented_length);

	for (unsigned i = 0; i < 300; i++) {
		static const char *const between[] = {"", "", "\n\n",
		    "$ORIGIN Sub.lab.\n", "$ORIGIN lab.\n", "$TTL 60\n"};
		char *line = NULL;
		size_t length;
		FILE *out = memory_stream(&line, &length);
		const char *end = next_random(&seed) % 5 == 0 ? "\r\n" :
		    next_random(&seed) % 5 == 0 ? " \n" : "\n";

		fputs(i == 0 ? "$TTL 60\nfirst A 10.9.9.9\n" :
		    pick(&seed, between, 6), out);
		write_entry(out, &seed, i, faults);
		memory_stream_close(out);
		fprintf(plain, "%s%s", line, end);
		fprintf(commented, "%s ;%s", line, end);
		free(line);
	}
	memory_stream_close(plain);
	memory_stream_close(commented);
	return pair;
}

/* Told to the linker by --wrap: how many the quick way took. */
bool __wrap_zoneplain_read(struct zone_reading *z, struct zone_file *f);
bool __real_zoneplain_read(struct zone_reading *z, struct zone_file *f);

static unsigned plain_entries;

bool
__wrap_zoneplain_read(struct zone_reading *z, struct zone_file *f)
{
	bool taken = __real_zoneplain_read(z, f);

	plain_entries += taken;
	return taken;
}

START_TEST(a_plain_entry_is_read_as_any_entry)
{
	uint64_t seed = 100 + (uint64_t)_i;
	struct zone_pair pair = make_zones(seed, _i % 2 == 1);
	struct reading a = read_zone(pair.plain), b;
	unsigned taken = plain_entries;

	b = read_zone(pair.commented);
	ck_assert_uint_gt(taken, 10);
	ck_assert_uint_eq(plain_entries, taken);

	ck_assert_str_eq(a.printed, b.printed);
	ck_assert_msg((a.content == NULL) == (b.content == NULL), "%s",
	    a.printed);
	ck_assert_msg(a.content != NULL || _i % 2 == 1, "%s", a.printed);
	if (a.content != NULL) {
		a.content->serial = b.content->serial;
		ck_assert_uint_gt(a.content->record_count, 60);
		ck_assert(content_equal(a.content, b.content));
		ck_assert(content_places_equal(a.content, b.content));
	}
	free_reading(&a);
	free_reading(&b);
	free(pair.plain);
	free(pair.commented);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("apart");
	TCase *tc = tcase_create("apart");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, every_part_is_done_once);
	tcase_add_test(tc, a_crew_has_a_thread_for_each_processor);
	tcase_add_loop_test(tc, hosts_apart_are_as_in_one, 0,
	    (int)(sizeof(rarities) / sizeof(rarities[0])));
	tcase_add_test(tc, hosts_apart_keep_what_was_good);
	tcase_add_loop_test(tc, hosts_fetched_are_as_in_memory, 0, 12);
	tcase_add_loop_test(tc, hosts_that_fail_on_the_way_stay_as_they_were,
	    0, 3);
	tcase_add_test(tc, more_addresses_than_an_answer_carries);
	tcase_add_test(tc, a_plain_line_is_read_as_any_line);
	tcase_add_loop_test(tc, a_plain_entry_is_read_as_any_entry, 0, 200);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
