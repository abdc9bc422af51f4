/* SPDX-License-Identifier: BSD-2-Clause */
/* Random worlds: zones within each other, with cuts, DS records and wildcards,
 * and hosts files beside them, that come, change and go.  An index that works
 * all of it by parts, of a few names each, is at every commit what one is that
 * takes a name after the other. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/hostsfile.h"
#include "names/index.h"
#include "names/version.h"
#include "names/zonefile.h"
#include "sys/crew.h"

#define SOURCES 7u
#define ZONES 4u			/* the first of them */
#define STEPS 24u
#define SEEDS 40

static const char *const domains[ZONES] = {"lab.", "sub.lab.",
    "deep.sub.lab.", "."};
/* Where a zone is cut, as its file says it. */
static const char *const cuts[ZONES] = {"sub", "deep", "deep", "lab"};

static uint64_t state;

static unsigned
pick(unsigned below)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)((state >> 33) % below);
}

/* ---- what sources say ---- */

static void
write_entry(FILE *out, unsigned zone, unsigned v)
{
	switch (pick(10)) {
	case 0:
		fprintf(out, "n%u.s%u A 10.%u.0.%u\n", v, v % 5, v % 3,
		    v % 250);
		break;
	case 1:
		fprintf(out, "*.w%u A 10.1.0.%u\n", v % 9, v % 250);
		break;
	case 2:
		fprintf(out, "n%u.%s AAAA fd00::%x\n", v,
		    cuts[zone], v);
		break;
	case 3:
		fprintf(out, "cut%u NS ns.cut%u\nns.cut%u A 10.2.0.%u\n", v % 7,
		    v % 7, v % 7, v % 250);
		break;
	case 4:
		fprintf(out, "n%u TXT \"a%u\"\n", v, v);
		break;
	case 5:
		fprintf(out, "%s NS ns.%s\n%s DS 1 8 1 "
		    "0123456789012345678901234567890123456789\n",
		    cuts[zone], cuts[zone], cuts[zone]);
		break;
	case 6:
		fprintf(out, "a.b.c.d.e%u A 10.4.%u.%u\n", v, v % 4, v % 250);
		break;
	default:
		fprintf(out, "n%u A 10.0.%u.%u\n", v, v % 4, v % 250);
		break;
	}
}

static void
write_hosts_line(FILE *out, unsigned span, unsigned v)
{
	if (pick(3) > 0)
		fprintf(out, "10.%u.%u.%u n%u%s", pick(4) ? 0 : 5, v % 4,
		    v % 250, v, pick(8) ? "" : ".s1");
	else
		fprintf(out, "fd00::%x n%u", v, pick(4) ? v : pick(span));
	if (pick(3) == 0)
		fprintf(out, " n%u", pick(span));
	if (pick(9) == 0)
		fprintf(out, " n%u.%s", pick(span), pick(2) ? "sub.lab" : "x");
	if (pick(15) == 0)
		fprintf(out, " sub.lab n%u.deep.sub.lab lab", v);
	fputc('\n', out);
}

static char *
write_source(unsigned number, unsigned span, size_t *length)
{
	char *bytes;
	FILE *out = memory_stream(&bytes, length);

	if (number < ZONES)
		fputs("$TTL 60\n@ IN SOA ns root 1 2 3 4 5\n@ NS ns\n"
		    "ns A 10.0.0.1\n", out);
	for (unsigned left = pick(200); left > 0; left--) {
		if (number < ZONES)
			write_entry(out, number, pick(span));
		else
			write_hosts_line(out, span, pick(span));
	}
	memory_stream_close(out);
	return bytes;
}

static struct content *
parse(unsigned number, const char *bytes, size_t length,
    const struct content *previous)
{
	static const struct hostscut_sizes sizes = {256, 257, 1u << 20};
	static const char *const paths[SOURCES] = {"0", "1", "2", "3", "4", "5",
	    "6"};
	struct source_spec spec = {
		.kind = number < ZONES ? SOURCE_ZONE : SOURCE_HOSTS,
		.path = paths[number],
		.rank = number,
		.ttl = 5,
		.has_domain = number != SOURCES - 1,
		.domain = dname_from(domains[number % ZONES]),
	};
	const struct source_text text = {paths[number], bytes, length};
	struct diags *diags = diags_new();
	struct content *content = number < ZONES ?
	    zonefile_parse(&(struct zonefile_input){.spec = &spec,
	    .text = text, .previous = previous, .now_s = 5}, diags) :
	    hostsfile_parse(&(struct hostsfile_input){.spec = &spec,
	    .files = &text, .file_count = 1, .previous = previous,
	    .sizes = &sizes}, diags);

	diags_free(diags);
	return content;
}

/* ---- what a snapshot says ---- */

struct lines {
	const struct snapshot *snapshot;
	char **list;
	size_t count, room;
};

static void
add_line(struct lines *lines, char *line)
{
	if (lines->count == lines->room) {
		lines->room = 2 * lines->room + 256;
		lines->list = memory_resize(lines->list, lines->room,
		    sizeof(lines->list[0]));
	}
	lines->list[lines->count++] = line;
}

static void
print_origin(FILE *out, const struct snapshot *snapshot,
    struct origin origin)
{
	const struct snapshot_place place = snapshot_place(snapshot, origin);

	fprintf(out, " %s:%u:%u", place.path ? place.path : "-", place.line,
	    place.column);
}

static void
print_rrset(FILE *out, const struct snapshot *snapshot,
    const struct rrset *rrset)
{
	fprintf(out, " type %u flags %u kind %u ", rrset->type, rrset->flags,
	    rrset->kind);
	for (unsigned i = 0; i < rrset->length; i++)
		fprintf(out, "%02x", rrset_wire(rrset)[i]);
	for (unsigned i = 0; i < rrset->count; i++)
		print_origin(out, snapshot, rrset_origins(rrset)[i]);
}

static void
show_name(void *context, table_slot slot)
{
	struct lines *lines = context;
	const struct node *node = table_pointer(slot);
	const struct rrset *rrset = node_first(node);
	char name[DNAME_TEXT_MAX], *line;
	size_t length;
	FILE *out = memory_stream(&line, &length);

	fprintf(out, "%s mark %u flags %u", dname_print(node_name(node), name),
	    table_mark(slot), node->flags);
	for (unsigned i = 0; i < node->rrset_count; i++) {
		print_rrset(out, lines->snapshot, rrset);
		rrset = rrset_next(rrset);
	}
	memory_stream_close(out);
	add_line(lines, line);
}

static void
show_address(void *context, table_slot slot)
{
	struct lines *lines = context;
	char name[DNAME_TEXT_MAX], text[ADDR_TEXT];
	const struct addr_prefix *prefix = table_pointer(slot);
	const struct node *node;
	struct addr addr;
	uint32_t ttl;

	if (table_mark(slot) == ADDR_PREFIX) {
		addr = (struct addr){.family = prefix->family};
		memcpy(addr.bytes, prefix->bytes, sizeof(addr.bytes));
		add_line(lines, memory_format("below %s/%u: %u",
		    addr_print(&addr, text), prefix->bits, prefix->count));
		return;
	}
	addr = addr_slot_addr(slot);
	node = snapshot_reverse(lines->snapshot, &addr, &ttl);
	add_line(lines, memory_format("%s set %u ttl %u -> %s",
	    addr_print(&addr, text), table_mark(slot) == ADDR_SET, ttl,
	    node != NULL ? dname_print(node_name(node), name) : "-"));
}

static int
compare_lines(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static struct lines
list_lines(struct index *index)
{
	struct lines lines = {.snapshot = index_commit(index, 1)};

	add_line(&lines, memory_format("%zu names, %zu and %zu addresses",
	    index_name_count(index), lines.snapshot->known[0],
	    lines.snapshot->known[1]));
	table_visit(lines.snapshot->names, show_name, &lines);
	table_visit(lines.snapshot->addrs, show_address, &lines);
	qsort(lines.list, lines.count, sizeof(lines.list[0]), compare_lines);
	return lines;
}

static void
free_lines(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->list[i]);
	free(lines->list);
}

static size_t
compare(struct index *a, struct index *b)
{
	struct lines one = list_lines(a), other = list_lines(b);
	size_t count = one.count;

	for (size_t i = 0; i < one.count && i < other.count; i++)
		ck_assert_str_eq(one.list[i], other.list[i]);
	ck_assert_uint_eq(one.count, other.count);
	free_lines(&one);
	free_lines(&other);
	return count;
}

/* ---- worlds ---- */

struct world {
	struct index *index[2];		/* singly, by parts */
	struct content *contents[2][SOURCES];
	unsigned span;			/* of names */
};

static void
change_source(struct world *world, unsigned number)
{
	size_t length;
	char *bytes = write_source(number, world->span, &length);

	for (unsigned i = 0; i < 2; i++) {
		struct content *old = world->contents[i][number];
		struct content *content = parse(number, bytes, length, old);

		if (content == NULL)
			continue;
		index_replace(world->index[i], old, content);
		world->contents[i][number] = content;
	}
	free(bytes);
}

static void
drop_source(struct world *world, unsigned number)
{
	for (unsigned i = 0; i < 2; i++) {
		index_replace(world->index[i], world->contents[i][number],
		    NULL);
		world->contents[i][number] = NULL;
	}
}

static void
isolate(struct world *world)
{
	const struct prefix prefix = {.addr = {.family = 4,
	    .bytes = {10, (uint8_t)pick(3)}}, .length = 16};
	unsigned count = pick(2);

	for (unsigned i = 0; i < 2; i++)
		index_set_isolated(world->index[i], &prefix, count);
}

static void
step(struct world *world)
{
	unsigned number = pick(SOURCES);

	switch (pick(8)) {
	case 0:
		drop_source(world, number);
		break;
	case 1:
		isolate(world);
		break;
	default:
		change_source(world, number);
		break;
	}
	if (pick(4) == 0)
		index_reclaim(world->index[pick(2)]);
}

START_TEST(by_parts_is_as_singly)
{
	static const struct index_sizes singly = {SIZE_MAX, 1, 1, 1};
	static const struct index_sizes by_parts = {1, 50, 120, 60};
	const struct parts parts = {1 + 2 * ((unsigned)_i % 4), crew_run};
	const struct hash_key key = {(uint64_t)_i, 4};
	struct world world = {{index_new(&key), index_new(&key)}, {{0}}, 0};
	size_t seen = 0;

	state = (uint64_t)_i * 77777 + 1;
	world.span = 20 + pick(400);
	index_set_sizes(world.index[0], &singly);
	index_set_sizes(world.index[1], &by_parts);
	index_set_parts(world.index[1], &parts);
	for (unsigned i = 0; i < STEPS; i++) {
		step(&world);
		if (pick(3) == 0)
			seen += compare(world.index[0], world.index[1]);
	}
	for (unsigned i = 0; i < SOURCES; i++)
		change_source(&world, i);
	seen += compare(world.index[0], world.index[1]);
	ck_assert_uint_gt(seen, 100);
	for (unsigned i = 0; i < SOURCES; i++)
		drop_source(&world, i);
	ck_assert_uint_eq(compare(world.index[0], world.index[1]), 1);
	index_free(world.index[0]);
	index_free(world.index[1]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("indexworlds");
	TCase *tc = tcase_create("worlds");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, by_parts_is_as_singly, 0, SEEDS);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
