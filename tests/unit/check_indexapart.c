/* SPDX-License-Identifier: BSD-2-Clause */
/* A large content put into its tables by parts, by one thread or several: the
 * snapshot is the one that comes of small ones, a node after the other. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/hostsfile.h"
#include "names/index.h"
#include "sys/crew.h"

#define NAMES (INDEX_APART + 2000u)
#define STEP 1000u			/* lines, of less than INDEX_APART */
#define MOVED 70000u			/* from one address to another */

static const struct hash_key key = {3, 4};
static const struct dname lab = {5, 1, {3, 'l', 'a', 'b', 0}};

static unsigned runs;

static void
run_counted(const struct parts_work *work, unsigned workers)
{
	runs++;
	crew_run(work, workers);
}

enum edition {
	FIRST,
	SECOND,		/* every third name has another address, every fifth is
			 * gone, and others came */
	MOVED_ALL,	/* no record is as in the first */
	HALF,		/* of the names of the first */
};

static bool
is_moved(unsigned i, enum edition edition)
{
	return (edition == SECOND && i % 3 == 0) || edition == MOVED_ALL;
}

static bool
is_gone(unsigned i, enum edition edition)
{
	return (edition == SECOND && i % 5 == 0) ||
	    (edition == HALF && i % 2 == 0);
}

/* Some names have more addresses, some addresses more names, in other places;
 * some stand deeper. */
static void
write_line(FILE *out, unsigned i, enum edition edition)
{
	unsigned last = is_moved(i, edition) ? i + MOVED : i;
	unsigned more = edition == MOVED_ALL ? i + 1 : i;

	if (is_gone(i, edition))
		return;
	fprintf(out, "10.%u.%u.%u vm%u other%u\n", last >> 16, last >> 8 & 255,
	    last & 255, i, i);
	fprintf(out, "fd00::%x:%x vm%u\n", last >> 16, last & 65535, i);
	if (i % 11 == 0)
		fprintf(out, "10.77.0.%u vm%u\n10.78.%u.%u other%u\n",
		    more / 11 % 100, i, more >> 8, more & 255, i / 3);
	if (i % 13 == 0)
		fprintf(out, "10.79.0.%u b.a%u.deep\n", more % 256, i);
}

static char *
make_text(unsigned lines, enum edition edition, size_t *length)
{
	char *bytes;
	FILE *out = memory_stream(&bytes, length);

	for (unsigned i = 0; i < lines; i++)
		write_line(out, i, edition);
	memory_stream_close(out);
	return bytes;
}

/* Frees bytes. */
static struct content *
parse(char *bytes, size_t length, enum edition edition,
    const struct hostscut_sizes *sizes, const struct content *previous)
{
	const struct source_spec spec = {.kind = SOURCE_HOSTS,
	    .path = "hosts", .rank = edition, .ttl = 5, .has_domain = true,
	    .domain = lab};
	const struct source_text text = {"hosts", bytes, length};
	struct diags *diags = diags_new();
	struct content *content =
	    hostsfile_parse(&(struct hostsfile_input){.spec = &spec,
	    .files = &text, .file_count = 1, .previous = previous,
	    .sizes = sizes}, diags);

	ck_assert_uint_eq(diags_count(diags, DIAG_ERROR), 0);
	diags_free(diags);
	free(bytes);
	return content;
}

/* Of the first so many lines, sharing chunks with `previous`.  Editions are
 * ranks, too. */
static struct content *
make_part(unsigned lines, enum edition edition, const struct content *previous)
{
	static const struct hostscut_sizes sizes = {8192, 8192, 1u << 20};
	size_t length;
	char *bytes = make_text(lines, edition, &length);

	return parse(bytes, length, edition, &sizes, previous);
}

static unsigned
count_lines(enum edition edition)
{
	return edition == SECOND ? NAMES + 100 : NAMES;
}

static struct content *
make_content(enum edition edition)
{
	return make_part(count_lines(edition), edition, NULL);
}

/* As make_content, in steps that are small. */
static struct content *
add_by_steps(struct index *index, enum edition edition)
{
	struct content *before = NULL;

	for (unsigned lines = STEP; lines < count_lines(edition) + STEP;
	     lines += STEP) {
		struct content *content = make_part(
		    lines < count_lines(edition) ? lines :
		    count_lines(edition), edition, before);

		index_replace(index, before, content);
		before = content;
	}
	return before;
}

static bool
is_same_owner(const struct node *a, const struct node *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->name_length == b->name_length &&
	    memcmp(node_name(a), node_name(b), a->name_length) == 0;
}

static bool
is_same_node(const struct node *a, const struct node *b)
{
	const struct rrset *x, *y;

	if (a == NULL || b == NULL)
		return a == b;
	if (a->rrset_count != b->rrset_count || !is_same_owner(a, b))
		return false;
	x = node_first(a);
	y = node_first(b);
	for (unsigned i = 0; i < a->rrset_count; i++) {
		if (x->type != y->type || x->length != y->length ||
		    memcmp(rrset_wire(x), rrset_wire(y), x->length) != 0)
			return false;
		x = rrset_next(x);
		y = rrset_next(y);
	}
	return true;
}

static const struct node *
find_same(const struct snapshot *a, const struct snapshot *b,
    const char *stem, unsigned i, const char *behind)
{
	char text[40];
	struct dname name;
	const struct node *node[2];

	snprintf(text, sizeof text, "%s%u.%s", stem, i, behind);
	name = dname_from(text);
	node[0] = snapshot_find(a, dname_hash(&key, name.wire), name.wire,
	    name.length);
	node[1] = snapshot_find(b, dname_hash(&key, name.wire), name.wire,
	    name.length);
	if (!is_same_node(node[0], node[1]))
		ck_abort_msg("%s is not the same", text);
	return node[0];
}

static unsigned
compare_name(const struct snapshot *a, const struct snapshot *b, unsigned i)
{
	find_same(a, b, "other", i, "lab.");
	find_same(a, b, "other", i, "");
	find_same(a, b, "a", i, "deep.");
	find_same(a, b, "b.a", i, "deep.");
	return find_same(a, b, "vm", i, "lab.") != NULL;
}

/* And the names above it.  What it leads back to is of a chunk, which may have
 * only some of the name's records. */
static unsigned
compare_address(const struct snapshot *a, const struct snapshot *b,
    const struct addr *addr)
{
	uint32_t ttl;
	const struct node *node = snapshot_reverse(a, addr, &ttl);
	bool same = is_same_owner(node, snapshot_reverse(b, addr, &ttl));

	for (unsigned bits = addr->family == 4 ? 32 : 128; bits > 0; bits -= 8)
		same &= snapshot_reverse_below(a, addr, bits) ==
		    snapshot_reverse_below(b, addr, bits);
	if (!same)
		ck_abort_msg("%u: %u.%u.%u.%u is not the same", addr->family,
		    addr->bytes[0], addr->bytes[1], addr->bytes[2],
		    addr->bytes[3]);
	return node != NULL;
}

static unsigned
compare_addresses(const struct snapshot *a, const struct snapshot *b,
    unsigned last)
{
	struct addr four = {.family = 4, .bytes = {10, (uint8_t)(last >> 16),
	    (uint8_t)(last >> 8), (uint8_t)last}};
	struct addr six = {.family = 6, .bytes = {0xfd, [13] =
	    (uint8_t)(last >> 16), (uint8_t)(last >> 8), (uint8_t)last}};
	unsigned known = compare_address(a, b, &four);

	compare_address(a, b, &six);
	for (unsigned i = 77; i < 80; i++) {
		four.bytes[1] = (uint8_t)i;
		compare_address(a, b, &four);
	}
	return known;
}

/* How many names and addresses both know. */
static void
compare(struct index *a, struct index *b, unsigned names,
    unsigned addresses)
{
	const struct snapshot *one = index_commit(a, 1), *two =
	    index_commit(b, 1);
	unsigned known = 0, found = 0;

	for (unsigned i = 0; i < NAMES + 200; i++) {
		known += compare_name(one, two, i);
		found += compare_addresses(one, two, i);
		found += compare_addresses(one, two, i + MOVED);
	}
	ck_assert_uint_eq(known, names);
	ck_assert_uint_eq(found, addresses);
	ck_assert_uint_eq(index_name_count(a), index_name_count(b));
}

static unsigned
count_left(enum edition edition)
{
	unsigned left = 0;

	for (unsigned i = 0; i < count_lines(edition); i++)
		left += !is_gone(i, edition);
	return left;
}

static unsigned
count_new(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < count_lines(SECOND); i++)
		count += i % 5 != 0 && (i % 3 == 0 || i >= NAMES);
	return count;
}

static const struct parts alone = {.workers = 1};
static const struct parts two = {2, run_counted};
static const struct parts three = {3, run_counted};

static const struct parts *const workers[] = {&alone, &two, &three};

/* 10.78 means another machine to everybody. */
static struct index *
new_index(const struct parts *parts)
{
	const struct prefix isolated = {
	    .addr = {.family = 4, .bytes = {10, 78}}, .length = 16};
	struct index *index = index_new(&key);

	if (parts != NULL)
		index_set_parts(index, parts);
	index_set_isolated(index, &isolated, 1);
	return index;
}

START_TEST(parts_are_as_one_after_the_other)
{
	struct index *by_steps = new_index(NULL);
	struct index *by_parts = new_index(workers[_i]);
	struct content *content = make_content(FIRST);

	add_by_steps(by_steps, FIRST);
	index_replace(by_parts, NULL, content);
	ck_assert(workers[_i]->workers == 1 || runs > 0);
	compare(by_steps, by_parts, NAMES, NAMES);
	index_free(by_steps);
	by_steps = new_index(NULL);
	add_by_steps(by_steps, SECOND);
	index_replace(by_parts, content, make_content(SECOND));
	compare(by_steps, by_parts, count_left(SECOND), count_left(SECOND));
	index_free(by_steps);
	index_free(by_parts);
}
END_TEST

/* Nearly all that comes is known, then half of it leaves. */
START_TEST(a_second_source_is_put_beside_the_first)
{
	struct index *by_steps = new_index(NULL);
	struct index *by_parts = new_index(workers[_i]);
	struct content *content = make_content(FIRST);

	add_by_steps(by_steps, FIRST);
	add_by_steps(by_steps, SECOND);
	index_replace(by_parts, NULL, content);
	index_replace(by_parts, NULL, make_content(SECOND));
	compare(by_steps, by_parts, NAMES + 80, NAMES + count_new());
	index_free(by_steps);
	by_steps = new_index(NULL);
	add_by_steps(by_steps, SECOND);
	index_replace(by_parts, content, NULL);
	compare(by_steps, by_parts, count_left(SECOND), count_left(SECOND));
	index_free(by_steps);
	index_free(by_parts);
}
END_TEST

static void
compare_edition(struct index *index, enum edition edition)
{
	struct index *by_steps = new_index(NULL);

	add_by_steps(by_steps, edition);
	compare(by_steps, index, count_left(edition), count_left(edition));
	index_free(by_steps);
}

START_TEST(each_edition_takes_the_place_of_another)
{
	static const enum edition order[] = {
		MOVED_ALL, HALF, MOVED_ALL, SECOND, HALF,
	};
	struct index *index = new_index(workers[_i]);
	struct content *content = make_content(FIRST);

	index_replace(index, NULL, content);
	index_commit(index, 1);
	for (unsigned i = 0; i < sizeof order / sizeof order[0]; i++) {
		struct content *next = make_content(order[i]);

		index_replace(index, content, next);
		compare_edition(index, order[i]);
		index_reclaim(index);
		content = next;
	}
	index_free(index);
}
END_TEST

/* Two at once, and of what nobody has settled yet. */
START_TEST(what_leaves_may_have_come_just_now)
{
	struct index *index = new_index(workers[_i]);
	struct content *first = make_content(FIRST);
	struct content *second = make_content(SECOND);
	struct content *moved = make_content(MOVED_ALL);

	index_replace(index, NULL, first);
	index_replace(index, NULL, second);
	index_replace(index, first, moved);
	index_replace(index, second, NULL);
	compare_edition(index, MOVED_ALL);
	index_replace(index, moved, NULL);
	index_replace(index, NULL, make_content(HALF));
	compare_edition(index, HALF);
	index_free(index);
}
END_TEST

START_TEST(nothing_is_left_when_all_leaves)
{
	struct index *index = new_index(workers[_i]);
	struct index *empty = new_index(NULL);
	struct content *content = make_content(FIRST);

	index_replace(index, NULL, content);
	index_commit(index, 1);
	index_replace(index, content, NULL);
	compare(index, empty, 0, 0);
	ck_assert_uint_eq(index_name_count(index), 0);
	index_free(index);
	index_free(empty);
}
END_TEST

#define LINES_OF_CHUNK 32u
#define WIDTH 32			/* bytes of a line */
#define CHUNKS 2000u

/* Each line of some chunks, or the first of each alone. */
static struct content *
make_chunks(unsigned step, enum edition edition)
{
	static const struct hostscut_sizes sizes = {LINES_OF_CHUNK * WIDTH,
	    LINES_OF_CHUNK * WIDTH, 1u << 20};
	char line[WIDTH + 1], *bytes;
	size_t length;
	FILE *out = memory_stream(&bytes, &length);

	for (unsigned i = 0; i < CHUNKS * LINES_OF_CHUNK; i += step) {
		snprintf(line, sizeof line, "10.%u.%u.%u vm%u", i >> 16,
		    i >> 8 & 255, i & 255, i);
		fprintf(out, "%-*s\n", WIDTH - 1, line);
	}
	memory_stream_close(out);
	return parse(bytes, length, edition, &sizes, NULL);
}

static struct index *
new_sized(const struct index_sizes *sizes, const struct parts *parts)
{
	struct index *index = index_new(&key);

	index_set_sizes(index, sizes);
	index_set_parts(index, parts);
	return index;
}

/* A sample has what is known alone, and more comes than there is room for. */
START_TEST(more_comes_than_was_expected)
{
	static const struct index_sizes singly = {SIZE_MAX, 1, 1, 1};
	static const struct index_sizes by_parts = {1, 1, 1u << 16, 1u << 14};
	struct index *index[2] = {new_sized(&singly, &alone),
	    new_sized(&by_parts, workers[_i])};
	struct content *all[2];
	unsigned known = 0;

	for (unsigned i = 0; i < 2; i++) {
		all[i] = make_chunks(1, SECOND);
		index_replace(index[i], NULL,
		    make_chunks(LINES_OF_CHUNK, FIRST));
		index_replace(index[i], NULL, all[i]);
	}
	for (unsigned i = 0; i < CHUNKS * LINES_OF_CHUNK; i++)
		known += compare_name(index_commit(index[0], 1),
		    index_commit(index[1], 1), i) + compare_addresses(
		    index_commit(index[0], 1), index_commit(index[1], 1), i);
	ck_assert_uint_eq(known, 2 * CHUNKS * LINES_OF_CHUNK);
	for (unsigned i = 0; i < 2; i++) {
		index_replace(index[i], all[i], NULL);
		index_commit(index[i], 1);
	}
	ck_assert_uint_eq(index_name_count(index[0]),
	    index_name_count(index[1]));
	ck_assert_uint_eq(index_name_count(index[1]), 2 * CHUNKS);
	index_free(index[0]);
	index_free(index[1]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("indexapart");
	TCase *tc = tcase_create("indexapart");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, parts_are_as_one_after_the_other, 0, 3);
	tcase_add_loop_test(tc, a_second_source_is_put_beside_the_first, 0, 3);
	tcase_add_loop_test(tc, each_edition_takes_the_place_of_another, 0,
	    3);
	tcase_add_loop_test(tc, what_leaves_may_have_come_just_now, 0, 3);
	tcase_add_loop_test(tc, nothing_is_left_when_all_leaves, 0, 3);
	tcase_add_loop_test(tc, more_comes_than_was_expected, 0, 3);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
