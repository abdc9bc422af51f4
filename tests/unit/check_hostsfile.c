/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"
#include "names/hostsfile.h"
#include "names/hostsline.h"
#include "names/idna.h"
#include "names/reverse.h"

/* ---- reading ---- */

static const struct dname lab = {5, 1, {3, 'l', 'a', 'b', 0}};

static struct source_spec
make_spec(const char *path)
{
	return (struct source_spec){
		.kind = SOURCE_HOSTS,
		.path = path,
		.ttl = 5,
		.has_domain = true,
		.domain = lab,
	};
}

/* The bytes are given in a block of just their size, so that a byte read
 * behind them is found out. */
static struct content *
parse_bytes(const char *bytes, size_t length, const struct content *previous,
    struct diags *diags)
{
	struct source_spec spec = make_spec("hosts");
	char *copy = memory_alloc(length + (length == 0));
	struct source_text text = {"hosts", copy, length};
	struct hostsfile_input input = {
		.spec = &spec,
		.files = &text,
		.file_count = 1,
		.previous = previous,
	};
	struct content *content;

	memcpy(copy, bytes, length);
	content = hostsfile_parse(&input, diags);
	free(copy);
	return content;
}

static struct content *
parse_text(const char *text, const struct content *previous,
    struct diags *diags)
{
	return parse_bytes(text, strlen(text), previous, diags);
}

static struct content *
parse_clean(const char *text)
{
	struct diags *diags = diags_new();
	struct content *content = parse_text(text, NULL, diags);

	for (unsigned i = 0; i < DIAG_LEVELS; i++)
		ck_assert_uint_eq(diags_count(diags, (enum diag_level)i), 0);
	diags_free(diags);
	return content;
}

/* ---- showing: one line a record, in the order of the file ---- */

struct shown {
	uint32_t line;
	uint32_t column;
	char *text;
};

struct list {
	struct shown *items;
	size_t count;
	size_t room;
};

static void
push_shown(struct list *list, uint32_t line, uint32_t column, char *text)
{
	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 64;
		list->items = memory_resize(list->items, list->room,
		    sizeof(list->items[0]));
	}
	list->items[list->count++] = (struct shown){line, column, text};
}

static void
print_name(const uint8_t *wire, char *to)
{
	while (*wire != 0) {
		to += sprintf(to, "%.*s.", *wire, (const char *)wire + 1);
		wire += *wire + 1;
	}
}

/* Check writes a note for each of its own assertions: too slow for one that
 * is made for every record. */
static void
must(bool holds, const char *what)
{
	if (!holds)
		ck_abort_msg("wrong: %s", what);
}

static void
show_rrset(struct list *list, const struct chunk *chunk,
    const struct node *node, const struct rrset *rrset)
{
	char name[1024] = "", addr[INET6_ADDRSTRLEN];
	uint32_t offset = 0;
	uint16_t length;

	print_name(node_name(node), name);
	must(rrset_ttl(rrset) == 5 && rrset->kind == SOURCE_HOSTS, "RRset");
	must(!(rrset->flags & (RRSET_LOOPBACK | RRSET_LINK_LOCAL)) ||
	    node->flags & NODE_LIMITED, "NODE_LIMITED");
	for (unsigned i = 0; i < rrset->count; i++) {
		const struct origin *origin = &rrset_origins(rrset)[i];

		inet_ntop(rrset->type == TYPE_A ? AF_INET : AF_INET6,
		    rrset_rdata(rrset, &offset, &length), addr, sizeof(addr));
		must(length == (rrset->type == TYPE_A ? 4 : 16), "length");
		must(origin->chunk == chunk->id &&
		    origin->line < chunk->line_count, "origin");
		push_shown(list, chunk->first_line + origin->line,
		    origin->column, memory_format("%s %s%s%s%s", name, addr,
		    node->flags & NODE_SHORT ? " short" : "",
		    rrset->flags & RRSET_LOOPBACK ? " loopback" : "",
		    rrset->flags & RRSET_LINK_LOCAL ? " link-local" : ""));
	}
	must(offset == rrset->length, "length of the RRset");
}

static int
compare_shown(const void *a, const void *b)
{
	const struct shown *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return strcmp(x->text, y->text);
}

static struct list
list_records(const struct content *content)
{
	struct list list = {NULL, 0, 0};

	for (uint32_t i = 0; i < content->chunk_count; i++)
		for (uint32_t j = 0; j < content->chunks[i]->node_count; j++) {
			const struct node *node =
			    chunk_node(content->chunks[i], j);
			const struct rrset *rrset = node_first(node);

			for (unsigned k = 0; k < node->rrset_count; k++) {
				show_rrset(&list, content->chunks[i], node,
				    rrset);
				rrset = rrset_next(rrset);
			}
		}
	qsort(list.items, list.count, sizeof(struct shown), compare_shown);
	return list;
}

static void
print_reverse(const struct content *content, FILE *out)
{
	char name[1024], addr[ADDR_TEXT];

	for (uint32_t i = 0; i < content->chunk_count; i++) {
		const struct chunk *chunk = content->chunks[i];

		struct reverse_cursor cursor = { 0 };
		struct reverse reverse;

		while (reverse_walk(chunk, &cursor, &reverse, 1) > 0) {
			print_name(node_name(reverse.node), name);
			fprintf(out, "%s -> %s\n",
			    addr_print(&reverse.addr, addr), name);
		}
	}
}

static void
print_content(const struct content *content, FILE *out)
{
	struct list list = list_records(content);

	for (size_t i = 0; i < list.count; i++) {
		fprintf(out, "%u:%u %s\n", list.items[i].line,
		    list.items[i].column, list.items[i].text);
		free(list.items[i].text);
	}
	free(list.items);
	print_reverse(content, out);
}

static char *
show(const struct content *content, const struct diags *diags)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	print_content(content, out);
	if (diags != NULL)
		diags_print(diags, out, DIAG_PLAIN);
	fclose(out);
	return text;
}

static void
expect(const struct content *content, const char *expected)
{
	char *shown = show(content, NULL);

	ck_assert_str_eq(shown, expected);
	free(shown);
}

/* ---- golden files ---- */

static const char *const golden[] = {
	"linux", "windows", "mac", "wildcard", "idna", "errors", "limits",
};

#define GOLDEN_COUNT ((int)(sizeof(golden) / sizeof(golden[0])))

static char *
read_golden(const char *name, const char *ending, size_t *length)
{
	const char *top = getenv("abs_top_srcdir");
	char *path = memory_format("%s/tests/golden/hosts/%s.%s",
	    top != NULL ? top : ".", name, ending);
	char *bytes = memory_alloc(1 << 16);
	FILE *file = fopen(path, "rb");

	ck_assert_msg(file != NULL, "%s cannot be opened", path);
	*length = fread(bytes, 1, (1 << 16) - 1, file);
	bytes[*length] = '\0';
	fclose(file);
	free(path);
	return bytes;
}

START_TEST(golden_file)
{
	struct diags *diags = diags_new();
	size_t length, expected_length;
	char *bytes = read_golden(golden[_i], "hosts", &length);
	char *expected = read_golden(golden[_i], "expect", &expected_length);
	struct content *content = parse_bytes(bytes, length, NULL, diags);
	char *shown = show(content, diags);

	if (strcmp(shown, expected) != 0)
		ck_abort_msg("%s is read as\n%s", golden[_i], shown);
	free(shown);
	content_free(content);
	diags_free(diags);
	free(expected);
	free(bytes);
}
END_TEST

/* Every prefix of a file is read, the lines that are whole in it as in the
 * whole file. */
START_TEST(golden_cut)
{
	size_t length;
	char *bytes = read_golden(golden[_i], "hosts", &length);

	for (size_t cut = 0; cut <= length; cut++) {
		struct diags *diags = diags_new();
		struct content *content = parse_bytes(bytes, cut, NULL, diags);
		uint32_t lines = 0;

		for (uint32_t i = 0; i < content->chunk_count; i++)
			lines += content->chunks[i]->line_count;
		ck_assert_uint_eq(lines > 0, cut > 0);
		content_free(content);
		diags_free(diags);
	}
	free(bytes);
}
END_TEST

START_TEST(cut_keeps_lines)
{
	const char *text = "10.0.0.1 a\n10.0.0.2 b\n10.0.0.3 c\n";

	for (size_t cut = 22; cut <= strlen(text); cut++) {
		struct diags *diags = diags_new();
		struct content *content = parse_bytes(text, cut, NULL, diags);
		char *shown = show(content, NULL);

		ck_assert_ptr_eq(strstr(shown, "1:10 a.lab. 10.0.0.1 short\n"
		    "2:10 b.lab. 10.0.0.2 short\n"), shown);
		free(shown);
		content_free(content);
		diags_free(diags);
	}
}
END_TEST

/* ---- short names ---- */

START_TEST(no_domain)
{
	struct source_spec spec = make_spec("hosts");
	struct source_text text = {"hosts", "10.0.0.1 web\n", 13};
	struct hostsfile_input input = {
		.spec = &spec,
		.files = &text,
		.file_count = 1,
	};
	struct diags *diags = diags_new();
	struct content *content;

	spec.has_domain = false;
	content = hostsfile_parse(&input, diags);
	expect(content, "1:10 web. 10.0.0.1\n10.0.0.1 -> web.\n");
	content_free(content);
	diags_free(diags);
}
END_TEST

/* A short name that does not fit below the domain is known bare alone. */
START_TEST(long_domain)
{
	struct source_spec spec = make_spec("hosts");
	struct source_text text = {"hosts", "10.0.0.1 abc ab\n", 16};
	struct hostsfile_input input = {
		.spec = &spec,
		.files = &text,
		.file_count = 1,
	};
	struct diags *diags = diags_new();
	struct content *content;
	unsigned at = 0;

	for (unsigned i = 0; i < 125; i++) {
		spec.domain.wire[at++] = 1;
		spec.domain.wire[at++] = 'x';
	}
	spec.domain.wire[at++] = 0;
	spec.domain.length = (uint8_t)(at + 1);
	spec.domain.labels = 125;
	spec.domain.length = (uint8_t)at;
	content = hostsfile_parse(&input, diags);
	ck_assert_uint_eq(content->chunks[0]->node_count, 2);
	ck_assert_uint_eq(chunk_node(content->chunks[0], 0)->name_length, 255);
	ck_assert_uint_eq(chunk_node(content->chunks[0], 0)->labels, 126);
	ck_assert_uint_eq(chunk_node(content->chunks[0], 1)->name_length, 254);
	content_free(content);

	spec.domain.length = 253;
	spec.domain.wire[at - 1] = 1;
	spec.domain.wire[at++] = 'x';
	spec.domain.wire[at++] = 0;
	spec.domain.labels = 126;
	content = hostsfile_parse(&input, diags);
	ck_assert_uint_eq(chunk_node(content->chunks[0], 0)->name_length, 5);
	ck_assert_uint_eq(chunk_node(content->chunks[0], 0)->flags, 0);
	content_free(content);
	diags_free(diags);
}
END_TEST

/* ---- a bad line ---- */

START_TEST(bad_line_keeps)
{
	struct diags *diags = diags_new();
	struct content *good = parse_text("# first\n"
	    "10.0.0.5 web www\nfd00::5 web\n10.0.0.6 db\n", NULL, diags);
	struct content *bad = parse_text(
	    "10.0.0.500 web www\nfd00::5 web\n10.0.0.6 db\n", good, diags);
	struct content *mended;

	ck_assert_uint_eq(diags_count(diags, DIAG_ERROR), 1);
	expect(bad,
	    "1:0 web.lab. 10.0.0.5 short\n"
	    "1:0 www.lab. 10.0.0.5 short\n"
	    "2:9 web.lab. fd00::5 short\n"
	    "3:10 db.lab. 10.0.0.6 short\n"
	    "fd00::5 -> web.lab.\n"
	    "10.0.0.6 -> db.lab.\n"
	    "10.0.0.5 -> web.lab.\n");
	mended = parse_text("10.0.0.50 web www\nfd00::5 web\n10.0.0.6 db\n",
	    bad, diags);
	ck_assert_uint_eq(diags_count(diags, DIAG_ERROR), 1);
	expect(mended,
	    "1:11 web.lab. 10.0.0.50 short\n"
	    "1:15 www.lab. 10.0.0.50 short\n"
	    "2:9 web.lab. fd00::5 short\n"
	    "3:10 db.lab. 10.0.0.6 short\n"
	    "10.0.0.50 -> web.lab.\n"
	    "fd00::5 -> web.lab.\n"
	    "10.0.0.6 -> db.lab.\n");
	content_free(good);
	content_free(bad);
	content_free(mended);
	diags_free(diags);
}
END_TEST

/* Good lines of the same name go on to speak for themselves: what they said
 * before an edit does not gather. */
START_TEST(bad_line_does_not_gather)
{
	struct diags *diags = diags_new();
	struct content *last = parse_text("10.0.0.1 web\n10.0.0.5 web\n", NULL,
	    diags);

	for (int i = 2; i < 6; i++) {
		char *text = memory_format("10.0.0.x web\n10.0.0.%d web\n",
		    i == 2 ? 5 : 10 + i);
		struct content *next = parse_text(text, last, diags);

		free(text);
		content_free(last);
		last = next;
	}
	expect(last,
	    "1:0 web.lab. 10.0.0.1 short\n"
	    "2:11 web.lab. 10.0.0.15 short\n"
	    "10.0.0.15 -> web.lab.\n"
	    "10.0.0.1 -> web.lab.\n");
	ck_assert_uint_eq(diags_count(diags, DIAG_ERROR), 4);
	content_free(last);
	diags_free(diags);
}
END_TEST

/* A bad line that stays is told at each reading. */
START_TEST(bad_line_told_again)
{
	const char *text = "10.0.0.1 a\n10.0.0.x b\nfe80::1%lo0 c\n";
	struct diags *diags = diags_new();
	struct content *first = parse_text(text, NULL, diags);
	struct content *second = parse_text(text, first, diags);

	ck_assert_uint_eq(diags_count(diags, DIAG_ERROR), 2);
	ck_assert_uint_eq(diags_count(diags, DIAG_NOTE), 2);
	content_free(first);
	content_free(second);
	diags_free(diags);
}
END_TEST

/* ---- files that are no hosts files ---- */

START_TEST(long_line)
{
	size_t length = 11u << 20;
	char *bytes = memory_alloc(length);
	struct diags *diags = diags_new();
	struct content *content;

	for (size_t i = 0; i < length; i++)
		bytes[i] = "10.0.0.1 a b"[i % 12];
	content = parse_bytes(bytes, length, NULL, diags);
	ck_assert_uint_eq(diags_count(diags, DIAG_ERROR), 1);
	ck_assert_uint_eq(content->record_count, 0);
	content_free(content);

	memcpy(bytes, "10.0.0.1 web #", 14);
	content = parse_bytes(bytes, length, NULL, diags);
	ck_assert_uint_eq(diags_count(diags, DIAG_ERROR), 1);
	ck_assert_uint_eq(content->record_count, 1);
	content_free(content);
	diags_free(diags);
	free(bytes);
}
END_TEST

START_TEST(garbage)
{
	size_t length = 1u << 20;
	char *bytes = memory_alloc(length);
	struct diags *diags = diags_new();
	struct content *content;
	uint32_t seed = 1;

	for (size_t i = 0; i < length; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (char)(seed >> 24);
	}
	content = parse_bytes(bytes, length, NULL, diags);
	/* 100 lines of up to 4 faults, and how many more there are. */
	ck_assert_uint_ge(diags_count(diags, DIAG_ERROR), 101);
	ck_assert_uint_le(diags_count(diags, DIAG_ERROR), 401);
	content_free(content);
	diags_free(diags);
	free(bytes);
}
END_TEST

START_TEST(file_kept)
{
	struct diags *diags = diags_new();
	struct content *first = parse_text("10.0.0.1 a\n", NULL, diags);
	struct content *content = parse_bytes("\xff\xfe" "1\0", 4, first,
	    diags);
	struct source_spec spec = make_spec("hosts");
	struct source_text unread = {"hosts", NULL, 0};
	struct hostsfile_input input = {
		.spec = &spec,
		.files = &unread,
		.file_count = 1,
		.previous = first,
	};

	ck_assert_uint_eq(diags_count(diags, DIAG_ERROR), 1);
	ck_assert_uint_eq(content->chunk_count, 1);
	ck_assert_ptr_eq(content->chunks[0], first->chunks[0]);
	content_free(content);

	content = parse_text("", first, diags);
	ck_assert_uint_eq(diags_count(diags, DIAG_WARNING), 1);
	ck_assert_ptr_eq(content->chunks[0], first->chunks[0]);
	content_free(content);

	content = hostsfile_parse(&input, diags);
	ck_assert_ptr_eq(content->chunks[0], first->chunks[0]);
	content_free(content);

	content = parse_text("", NULL, diags);
	ck_assert_uint_eq(content->chunk_count, 0);
	ck_assert_uint_eq(diags_count(diags, DIAG_ERROR), 1);
	ck_assert_uint_eq(diags_count(diags, DIAG_WARNING), 1);
	content_free(content);
	content_free(first);
	diags_free(diags);
}
END_TEST

/* Something else in its place says nothing of the names. */
START_TEST(nonsense_keeps_file)
{
	struct diags *diags = diags_new();
	struct content *first = parse_text("10.0.0.1 a\n# b\n10.0.0.2 c\n",
	    NULL, diags);
	struct content *content = parse_text("<html>\n<p>no such page\n",
	    first, diags);
	char *said;

	ck_assert_uint_eq(content->chunk_count, first->chunk_count);
	ck_assert_ptr_eq(content->chunks[0], first->chunks[0]);
	ck_assert_uint_eq(content->record_count, first->record_count);
	said = show(first, diags);
	ck_assert_ptr_nonnull(strstr(said, "no line of it can be read\n"
	    "      = it keeps its last good content\n"));
	free(said);
	content_free(content);

	/* A comment alone is what somebody meant. */
	content = parse_text("# none\n", first, diags);
	ck_assert_uint_eq(content->record_count, 0);
	content_free(content);

	/* So is one good line. */
	content = parse_text("<html>\n10.0.0.3 d\n", first, diags);
	expect(content, "2:10 d.lab. 10.0.0.3 short\n10.0.0.3 -> d.lab.\n");
	content_free(content);
	content_free(first);
	diags_free(diags);
}
END_TEST

/* One file of a directory goes, another comes, the third is shared. */
START_TEST(directory)
{
	struct source_spec spec = make_spec("hosts.d");
	struct source_text before[] = {
		{"hosts.d/a", "10.0.0.1 a\n", 11},
		{"hosts.d/b", "10.0.0.2 b\n", 11},
	};
	struct source_text after[] = {
		{"hosts.d/b", "10.0.0.2 b\n", 11},
		{"hosts.d/c", "10.0.0.3 c\n10.0.0.1 c\n", 22},
	};
	struct diags *diags = diags_new();
	struct content *old, *new;

	old = hostsfile_parse(&(struct hostsfile_input){.spec = &spec,
	    .files = before, .file_count = 2}, diags);
	new = hostsfile_parse(&(struct hostsfile_input){.spec = &spec,
	    .files = after, .file_count = 2, .previous = old}, diags);
	ck_assert_uint_eq(new->chunk_count, 2);
	ck_assert_ptr_eq(new->chunks[0], old->chunks[1]);
	ck_assert_str_eq(new->chunks[1]->path, "hosts.d/c");
	ck_assert_uint_eq(new->record_count, 3);
	content_free(old);
	expect(new,
	    "1:10 b.lab. 10.0.0.2 short\n"
	    "1:10 c.lab. 10.0.0.3 short\n"
	    "2:10 c.lab. 10.0.0.1 short\n"
	    "10.0.0.2 -> b.lab.\n"
	    "10.0.0.3 -> c.lab.\n"
	    "10.0.0.1 -> c.lab.\n");
	content_free(new);
	diags_free(diags);
}
END_TEST

/* ---- chunks ---- */

#define MADE_LINE 64			/* a line of make_file is shorter */

static char *
make_file(unsigned lines, const char *end)
{
	char *text = memory_alloc((size_t)lines * MADE_LINE + 1), *at = text;

	for (unsigned i = 0; i < lines; i++)
		at += snprintf(at, MADE_LINE, "10.%u.%u.%u host-%u alias-%u%s",
		    i >> 16, i >> 8 & 255, i & 255, i, i, end);
	return text;
}

START_TEST(chunk_sizes)
{
	char *text = make_file(20000, "\r\n");
	struct content *content = parse_clean(text);
	size_t at = 0;
	uint32_t line = 1;

	ck_assert_uint_gt(content->chunk_count, 8);
	for (uint32_t i = 0; i < content->chunk_count; i++) {
		const struct chunk *chunk = content->chunks[i];

		ck_assert_uint_eq(chunk->first_line, line);
		ck_assert_uint_le(chunk->text_length, 24 * 1024);
		ck_assert_uint_ge(chunk->text_length, 8 * 1024);
		line += chunk->line_count;
		at += chunk->text_length;
	}
	ck_assert_uint_eq(line, 20001);
	ck_assert_uint_eq(at, strlen(text));
	ck_assert_uint_eq(content->record_count, 40000);
	content_free(content);
	free(text);
}
END_TEST

/* Lines count in 16 bits within a chunk. */
START_TEST(chunk_lines)
{
	char *text = memory_alloc(80001);
	struct source_text file = {"hosts", text, 80000};
	const struct hostscut_sizes large = {65536, 98304, HOSTSFILE_APART};
	struct diags *diags = diags_new();
	struct content *content;

	memset(text, '\n', 80000);
	memcpy(text + 79980, "10.0.0.1 late", 13);
	text[80000] = '\0';
	content = hostsfile_parse(&(struct hostsfile_input){
	    .spec = &(struct source_spec){.kind = SOURCE_HOSTS,
	    .path = "hosts", .ttl = 5, .has_domain = true, .domain = lab},
	    .files = &file, .file_count = 1, .sizes = &large}, diags);
	diags_free(diags);
	ck_assert_uint_eq(content->chunk_count, 2);
	ck_assert_uint_eq(content->chunks[0]->line_count, 65536);
	expect(content, "79981:10 late.lab. 10.0.0.1 short\n"
	    "10.0.0.1 -> late.lab.\n");
	content_free(content);
	free(text);
}
END_TEST

static unsigned
count_shared(const struct content *a, const struct content *b)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < a->chunk_count; i++)
		for (uint32_t j = 0; j < b->chunk_count; j++)
			count += a->chunks[i] == b->chunks[j];
	return count;
}

START_TEST(sharing)
{
	char *text = make_file(20000, "\n"), *edited, *line;
	struct diags *diags = diags_new();
	struct content *first = parse_clean(text), *second;
	uint32_t chunks = first->chunk_count;

	second = parse_text(text, first, diags);
	ck_assert_uint_eq(count_shared(first, second), chunks);
	content_free(second);

	/* in the middle; the numbers of the lines behind go up by one */
	line = strchr(text + 300000, '\n') + 1;
	edited = memory_format("%.*s192.0.2.1 new\n%s", (int)(line - text),
	    text, line);
	second = parse_text(edited, first, diags);
	ck_assert_uint_eq(count_shared(first, second), chunks - 1);
	content_free(first);
	ck_assert_uint_eq(second->chunks[second->chunk_count - 1]->first_line +
	    second->chunks[second->chunk_count - 1]->line_count, 20002);

	/* the TTL is in every record */
	first = second;
	second = hostsfile_parse(&(struct hostsfile_input){
	    .spec = &(struct source_spec){.kind = SOURCE_HOSTS,
	    .path = "hosts", .ttl = 6, .has_domain = true, .domain = lab},
	    .files = &(struct source_text){"hosts", edited, strlen(edited)},
	    .file_count = 1, .previous = first},
	    diags);
	ck_assert_uint_eq(count_shared(first, second), 0);
	content_free(first);
	content_free(second);
	diags_free(diags);
	free(edited);
	free(text);
}
END_TEST

/* A line more at each reading, at the end or in front. */
START_TEST(lines_that_come_one_by_one)
{
	struct diags *diags = diags_new();
	char *text = memory_string("");
	struct content *content = NULL;

	for (int i = 0; i < 1500; i++) {
		char *longer = _i == 0 ?
		    memory_format("%s10.0.0.1 host%d\n", text, i) :
		    memory_format("10.0.0.1 host%d\n%s", i, text);
		struct content *next = parse_text(longer, content, diags);

		if (content != NULL)
			content_free(content);
		content = next;
		free(text);
		text = longer;
	}
	ck_assert_uint_gt(strlen(text), 20 * 1024);
	ck_assert_uint_eq(content->record_count, 1500);
	ck_assert_uint_le(content->chunk_count, 4);
	content_free(content);
	diags_free(diags);
	free(text);
}
END_TEST

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Whatever is edited, re-reading comes to what reading afresh comes to. */
START_TEST(sharing_is_not_seen)
{
	static const char *const pieces[] = {
		"", "\n", "\r", "\r\n", "#", "10.9.8.7 x y\n", "\n\r", " ",
		"10.9.8.7 z", "\xef\xbb\xbf",
	};
	static const char *const ends[] = {"\n", "\r\n", "\r"};
	uint32_t seed = (uint32_t)_i + 1;
	char *text = make_file(6000, ends[_i % 3]);
	struct diags *diags = diags_new();
	struct content *last = parse_clean(text);

	for (int i = 0; i < 10; i++) {
		size_t length = strlen(text);
		size_t at = next_random(&seed) % (length + 1);
		size_t gone = next_random(&seed) % 3 * 20;
		const char *piece = pieces[next_random(&seed) % 10];
		char *edited = memory_format("%.*s%s%s", (int)at, text, piece,
		    at + gone > length ? "" : text + at + gone);
		struct content *next = parse_text(edited, last, diags);
		struct content *fresh = parse_text(edited, NULL, diags);
		char *shown = show(next, NULL), *expected = show(fresh, NULL);

		/* with a fault, the last good records are kept besides */
		if (diags_count(diags, DIAG_ERROR) == 0)
			ck_assert_str_eq(shown, expected);
		free(shown);
		free(expected);
		content_free(last);
		if (diags_count(diags, DIAG_ERROR) == 0) {
			free(text);
			text = edited;
			last = next;
		} else {
			free(edited);
			content_free(next);
			last = parse_text(text, NULL, diags);
		}
		content_free(fresh);
		diags_free(diags);
		diags = diags_new();
	}
	content_free(last);
	diags_free(diags);
	free(text);
}
END_TEST

/* ---- IDNA ---- */

START_TEST(idna_both_ways)
{
	static const char *const pairs[][2] = {
		{"bücher.lab", "xn--bcher-kva.lab"},
		{"BÜCHER", "xn--bcher-kva"},
		{"fa\xc3\x9f", "xn--fa-hia"},
		{"bu\xcc\x88" "cher", "xn--bcher-kva"},
		{"ü.", "xn--tda."},
	};
	char ascii[IDNA_TEXT], utf8[IDNA_TEXT];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		ck_assert_ptr_null(idna_to_ascii(ascii, pairs[i][0],
		    strlen(pairs[i][0])));
		ck_assert_str_eq(ascii, pairs[i][1]);
	}
	ck_assert_str_eq(idna_to_utf8(utf8, "xn--bcher-kva.lab", 17),
	    "bücher.lab");
	ck_assert_str_eq(idna_to_utf8(utf8, "xn--bcher-kvaXYZ", 13), "bücher");
	ck_assert_str_eq(idna_to_utf8(utf8, "xn--\x01zz", 7), "xn--\x01zz");
}
END_TEST

START_TEST(idna_refuses)
{
	char ascii[IDNA_TEXT], utf8[IDNA_TEXT], *text = memory_alloc(4000);

	ck_assert_ptr_nonnull(strstr(idna_to_ascii(ascii, "\xfc", 1),
	    "UTF-8"));
	ck_assert_ptr_nonnull(idna_to_ascii(ascii, "☃", 3));
	ck_assert_ptr_nonnull(idna_to_ascii(ascii, "a\0b", 3));
	memset(text, 'x', 4000);
	ck_assert_ptr_nonnull(strstr(idna_to_ascii(ascii, text, 4000), "255"));
	ck_assert_uint_eq(strlen(idna_to_utf8(utf8, text, 4000)),
	    IDNA_TEXT - 1);
	for (size_t i = 0; i < 200; i += 2)
		memcpy(text + i, "\xc3\xbc", 2);
	ck_assert_ptr_nonnull(strstr(idna_to_ascii(ascii, text, 200), "63"));
	free(text);
}
END_TEST

static Suite *
hostsfile_suite(void)
{
	Suite *suite = suite_create("hostsfile");
	TCase *reading = tcase_create("reading");
	TCase *lines = tcase_create("bad lines");
	TCase *chunks = tcase_create("chunks");
	TCase *idna = tcase_create("idna");

	tcase_add_loop_test(reading, golden_file, 0, GOLDEN_COUNT);
	tcase_add_loop_test(reading, golden_cut, 0, GOLDEN_COUNT);
	tcase_add_test(reading, cut_keeps_lines);
	tcase_add_test(reading, no_domain);
	tcase_add_test(reading, long_domain);
	tcase_add_test(lines, bad_line_keeps);
	tcase_add_test(lines, bad_line_does_not_gather);
	tcase_add_test(lines, bad_line_told_again);
	tcase_add_test(lines, long_line);
	tcase_add_test(lines, garbage);
	tcase_add_test(lines, file_kept);
	tcase_add_test(lines, nonsense_keeps_file);
	tcase_add_test(lines, directory);
	tcase_add_test(chunks, chunk_sizes);
	tcase_add_test(chunks, chunk_lines);
	tcase_add_test(chunks, sharing);
	tcase_add_loop_test(chunks, lines_that_come_one_by_one, 0, 2);
	tcase_add_loop_test(chunks, sharing_is_not_seen, 0, 6);
	tcase_add_test(idna, idna_both_ways);
	tcase_add_test(idna, idna_refuses);
	tcase_set_timeout(chunks, 120);
	suite_add_tcase(suite, reading);
	suite_add_tcase(suite, lines);
	suite_add_tcase(suite, chunks);
	suite_add_tcase(suite, idna);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(hostsfile_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
