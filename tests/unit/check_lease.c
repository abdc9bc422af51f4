/* SPDX-License-Identifier: BSD-2-Clause */
/* Lease files: golden ones of each format, each cut at every byte, and the
 * rules of which rows count. */
#include <check.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "dns/types.h"
#include "names/leasefile.h"
#include "names/leasename.h"
#include "names/reverse.h"

#define NOW_S 1700000000
#define MONO_S 1000

/* ---- files: what was opened is kept until the end of a reading ---- */

struct shelf {
	char *blocks[64];
	size_t count;
};

static void *
keep_block(struct shelf *shelf, void *block)
{
	ck_assert_uint_lt(shelf->count, 64);
	shelf->blocks[shelf->count++] = block;
	return block;
}

static void
clear_shelf(struct shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++)
		free(shelf->blocks[i]);
	shelf->count = 0;
}

/* In a block of just its size, so that a byte read behind it is found out. */
static const char *
read_path(struct shelf *shelf, char *path, struct source_text *text)
{
	FILE *file = fopen(path, "rb");
	struct stat status;
	char *bytes;

	keep_block(shelf, path);
	if (file == NULL)
		return "no such file";
	ck_assert_int_eq(fstat(fileno(file), &status), 0);
	if (S_ISDIR(status.st_mode)) {
		fclose(file);
		return "is a directory";
	}
	bytes = keep_block(shelf, malloc((size_t)status.st_size));
	ck_assert_uint_eq(fread(bytes, 1, (size_t)status.st_size, file),
	    status.st_size);
	fclose(file);
	*text = (struct source_text){path, bytes, (size_t)status.st_size};
	return NULL;
}

static const char *
read_file(void *context, const char *from, const char *path,
    struct source_text *text)
{
	const char *slash = strrchr(from, '/');

	if (*path == '/' || slash == NULL)
		return read_path(context, memory_string(path), text);
	return read_path(context, memory_format("%.*s/%s",
	    (int)(slash - from), from, path), text);
}

static void
list_folder(struct shelf *shelf, const char *folder, const char *suffix,
    struct source_paths *paths)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		size_t length = strlen(name), end = strlen(suffix);
		char *path = keep_block(shelf, memory_format("%s/%s", folder,
		    name));

		if (entries[i]->d_type == DT_DIR && *name != '.')
			list_folder(shelf, path, suffix, paths);
		else if (length > end && !strcmp(name + length - end, suffix))
			((const char **)paths->list)[paths->count++] = path;
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static const char *
list_files(void *context, const char *folder, const char *suffix,
    struct source_paths *paths)
{
	struct stat status;

	if (stat(folder, &status) != 0 || !S_ISDIR(status.st_mode))
		return "is no folder";
	paths->list = keep_block(context, memory_alloc(64 * sizeof(char *)));
	paths->count = 0;
	list_folder(context, folder, suffix, paths);
	return NULL;
}

/* ---- reading ---- */

struct reading {
	struct source_spec spec;
	struct leasefile_input input;
	struct source_reader reader;
	struct shelf shelf;
	struct diags *diags;
	struct content *content;
	enum leasefile_result result;
};

static void
start_reading(struct reading *r, const char *path)
{
	memset(r, 0, sizeof(*r));
	r->spec = (struct source_spec){
		.kind = SOURCE_LEASE, .path = path, .ttl = 5,
		.has_domain = true, .domain = dname_from("lab.test"),
	};
	r->reader = (struct source_reader){read_file, &r->shelf, list_files};
	r->input = (struct leasefile_input){
		.spec = &r->spec, .reader = &r->reader, .text = {.path = path},
		.host = "dnshost.lab.test", .now_s = NOW_S, .mono_s = MONO_S,
	};
	r->diags = diags_new();
}

static void
run_reading(struct reading *r)
{
	r->content = NULL;
	r->result = leasefile_parse(&r->input, r->diags, &r->content);
	ck_assert((r->content != NULL) == (r->result == LEASEFILE_GOOD));
}

static void
end_reading(struct reading *r)
{
	content_free(r->content);
	diags_free(r->diags);
	clear_shelf(&r->shelf);
}

static void
parse_bytes(struct reading *r, const char *bytes, size_t length)
{
	char *copy = keep_block(&r->shelf, memory_alloc(length + !length));

	memcpy(copy, bytes, length);
	r->input.text.bytes = copy;
	r->input.text.length = length;
	run_reading(r);
}

static void
parse_text(struct reading *r, const char *text)
{
	parse_bytes(r, text, strlen(text));
}

/* ---- showing ---- */

static void
show_rrset(FILE *out, const struct chunk *chunk, const struct node *node,
    const struct rrset *rrset)
{
	char name[DNAME_TEXT_MAX], text[ADDR_TEXT];
	uint32_t offset = 0;

	ck_assert_uint_eq(rrset->kind, SOURCE_LEASE);
	for (unsigned i = 0; i < rrset->count; i++) {
		struct origin origin = rrset_origins(rrset)[i];
		struct addr addr = {.family = rrset->type == TYPE_A ? 4 : 6};
		uint16_t length;
		const uint8_t *rdata = rrset_rdata(rrset, &offset, &length);

		memcpy(addr.bytes, rdata, length);
		ck_assert_uint_eq(origin.chunk, chunk->id);
		fprintf(out, "%u:%u %s%s %s ttl %u ends %lld%s%s\n",
		    chunk->first_line + origin.line, origin_column(origin),
		    dname_print(node_name(node), name),
		    node->flags & NODE_SHORT ? "" : " (full)",
		    addr_print(&addr, text), rrset_ttl(rrset),
		    (long long)rrset_expiry(rrset),
		    rrset->flags & RRSET_KEPT ? " kept" : "",
		    rrset->flags & RRSET_LINK_LOCAL ? " link-local" : "");
	}
}

static void
show_chunk(FILE *out, const struct chunk *chunk)
{
	char name[DNAME_TEXT_MAX], text[ADDR_TEXT];
	struct reverse_cursor cursor = { 0 };
	struct reverse reverse;

	for (uint32_t i = 0; i < chunk->node_count; i++) {
		const struct node *node = chunk_node(chunk, i);
		const struct rrset *rrset = node_first(node);

		for (unsigned j = 0; j < node->rrset_count; j++) {
			show_rrset(out, chunk, node, rrset);
			rrset = rrset_next(rrset);
		}
	}
	while (reverse_walk(chunk, &cursor, &reverse, 1) > 0)
		fprintf(out, "reverse %s %s\n",
		    addr_print(&reverse.addr, text),
		    dname_print(node_name(reverse.node), name));
}

static struct addr
first_address(const struct chunk *chunk)
{
	struct reverse_cursor cursor = { 0 };
	struct reverse reverse;

	ck_assert_uint_eq(reverse_walk(chunk, &cursor, &reverse, 1), 1);
	return reverse.addr;
}

/* Freed by the caller. */
static char *
show_reading(const struct reading *r)
{
	static const char *const words[] = {"good", "half", "bad"};
	char *bytes = NULL;
	size_t length;
	FILE *out = open_memstream(&bytes, &length);

	fprintf(out, "%s", words[r->result]);
	if (r->content != NULL) {
		fprintf(out, " due %lld records %u\n",
		    (long long)r->content->due_s, r->content->record_count);
		for (uint32_t i = 0; i < r->content->chunk_count; i++)
			show_chunk(out, r->content->chunks[i]);
	} else {
		fprintf(out, "\n");
	}
	diags_print(r->diags, out, DIAG_PLAIN);
	fclose(out);
	return bytes;
}

static void
check_shown(const struct reading *r, const char *expected)
{
	char *shown = show_reading(r);

	if (strcmp(shown, expected) != 0)
		ck_abort_msg("%s: expected\n%s\ngot\n%s", r->spec.path,
		    expected, shown);
	free(shown);
}

/* ---- golden files ---- */

static const struct golden {
	const char *path;
	enum lease_format format;
	const char *machines;
} goldens[] = {
	{"dnsmasq.leases", LEASE_DNSMASQ, NULL},
	{"virbr0.status", LEASE_LIBVIRT, NULL},
	{"dhcpd.leases", LEASE_DHCPD, NULL},
	{"dhcpd6.leases", LEASE_DHCPD, NULL},
	{"vmnet.leases", LEASE_DHCPD, NULL},
	{"kea4.csv", LEASE_KEA, NULL},
	{"kea6.csv", LEASE_KEA, NULL},
	{"networkd.json", LEASE_NETWORKD, NULL},
	{"vbox/vboxnet0-Dhcpd.leases", LEASE_VIRTUALBOX, NULL},
	{"vboxold/intnet-Dhcpd.leases", LEASE_VIRTUALBOX, "vbox/machines"},
	{"bootpd.leases", LEASE_BOOTPD, NULL},
};

#define GOLDENS (sizeof(goldens) / sizeof(goldens[0]))

/* Where the paths of the golden files begin. */
static void
enter_folder(void)
{
	const char *top = getenv("abs_top_srcdir");
	char *folder;

	ck_assert_ptr_nonnull(top);
	folder = memory_format("%s/tests/golden/leases", top);
	ck_assert_int_eq(chdir(folder), 0);
	free(folder);
}

static void
start_golden(struct reading *r, const struct golden *golden)
{
	start_reading(r, golden->path);
	r->spec.machines = golden->machines;
	ck_assert_ptr_null(read_path(&r->shelf, memory_string(golden->path),
	    &r->input.text));
}

static void
check_golden(const struct golden *golden, enum lease_format format)
{
	struct reading r;
	struct source_text expected;
	char *path = memory_format("%s.expect", golden->path), *text;
	const char *missing;

	start_golden(&r, golden);
	r.spec.format = format;
	run_reading(&r);
	missing = read_path(&r.shelf, path, &expected);
	text = missing ? memory_string("") :
	    memory_format("%.*s", (int)expected.length, expected.bytes);
	check_shown(&r, text);
	free(text);
	end_reading(&r);
}

START_TEST(test_golden)
{
	enter_folder();
	check_golden(&goldens[_i], goldens[_i].format);
	check_golden(&goldens[_i], LEASE_AUTO);
}
END_TEST

/* A file that ends early is half, where that can be told: rows of a line each
 * are not missed when the cut is between two of them. */
static bool
may_be_good(const struct golden *golden, const char *bytes, size_t length,
    size_t whole)
{
	while (whole > 0 && strchr(" \n", bytes[whole - 1]))
		whole--;
	if (length >= whole)
		return true;
	for (size_t i = 0; i < length; i++) {
		if (strchr(" \n", bytes[i]) == NULL)
			break;
		if (i + 1 == length)
			return true;
	}
	switch (golden->format) {
	case LEASE_DNSMASQ:
	case LEASE_KEA:
		return length == 0 || bytes[length - 1] == '\n';
	case LEASE_DHCPD:
	case LEASE_BOOTPD:
		return length == 0 || bytes[length - 1] == '\n' ||
		    bytes[length - 1] == '}';
	default:
		return length == 0;
	}
}

static void
check_cut(const struct golden *golden, enum lease_format format,
    size_t length)
{
	struct reading whole, cut;

	start_golden(&whole, golden);
	start_reading(&cut, golden->path);
	cut.spec.machines = golden->machines;
	cut.spec.format = format;
	parse_bytes(&cut, whole.input.text.bytes, length);
	ck_assert_msg(cut.result != LEASEFILE_BAD, "%s: bad at %zu",
	    golden->path, length);
	ck_assert_msg(cut.result == LEASEFILE_HALF ||
	    may_be_good(golden, whole.input.text.bytes, length,
	    whole.input.text.length), "%s: good at %zu", golden->path, length);
	if (cut.result == LEASEFILE_HALF)
		for (int i = 0; i < DIAG_LEVELS; i++)
			ck_assert_uint_eq(diags_count(cut.diags,
			    (enum diag_level)i), 0);
	end_reading(&cut);
	end_reading(&whole);
}

START_TEST(test_cut_at_every_byte)
{
	struct stat status;

	enter_folder();
	ck_assert_int_eq(stat(goldens[_i].path, &status), 0);
	for (size_t i = 0; i <= (size_t)status.st_size; i++) {
		check_cut(&goldens[_i], goldens[_i].format, i);
		check_cut(&goldens[_i], LEASE_AUTO, i);
	}
}
END_TEST

/* ---- the rules ---- */

START_TEST(test_empty)
{
	static const char *const texts[] = {"", "\n", " \r\n\t\n"};

	for (size_t i = 0; i < 3; i++) {
		struct reading r;

		start_reading(&r, "empty");
		parse_text(&r, texts[i]);
		check_shown(&r, "good due 0 records 0\n");
		end_reading(&r);
	}
}
END_TEST

START_TEST(test_unknown)
{
	static const char *const texts[] = {
		"\177ELF\1\n", "192.0.2.1 web\n",
		"# hosts\n192.0.2.1 web\n", "42\n", "lease\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct reading r;

		start_reading(&r, "what");
		parse_text(&r, texts[i]);
		ck_assert_int_eq(r.result, LEASEFILE_BAD);
		ck_assert_uint_eq(diags_count(r.diags, DIAG_ERROR), 1);
		end_reading(&r);
	}
}
END_TEST

START_TEST(test_comments_alone)
{
	struct reading r;

	start_reading(&r, "f");
	parse_text(&r, "# All times here are in UTC.\n\n");
	check_shown(&r, "good due 0 records 0\n");
	end_reading(&r);
}
END_TEST

/* Second reading of a file, with what it gave before. */
static void
parse_again(struct reading *r, const struct reading *before, const char *text)
{
	start_reading(r, before->spec.path);
	r->input.previous = before->content;
	parse_text(r, text);
}

START_TEST(test_bad_row_keeps_its_name)
{
	struct reading a, b, c;

	start_reading(&a, "f");
	parse_text(&a,
	    "1700000100 52:54:00:00:00:01 192.0.2.1 web *\n"
	    "1700000200 52:54:00:00:00:02 192.0.2.2 db *\n");
	parse_again(&b, &a,
	    "1700000100 52:54:00:00:00:01 192.0.2.x web *\n"
	    "1700000200 52:54:00:00:00:02 192.0.2.2 db *\n");
	check_shown(&b, "good due 1100 records 2\n"
	    "1:0 web.lab.test. 192.0.2.1 ttl 5 ends 1100 kept\n"
	    "2:30 db.lab.test. 192.0.2.2 ttl 5 ends 1200\n"
	    "reverse 192.0.2.1 web.lab.test.\n"
	    "reverse 192.0.2.2 db.lab.test.\n"
	    "f:1:30: error: '192.0.2.x' is not an address: "
	    "it is neither an IPv4 nor an IPv6 address\n"
	    "    1 | 1700000100 52:54:00:00:00:01 192.0.2.x web *\n"
	    "      |                              ^~~~~~~~~\n");
	start_reading(&c, "f");
	c.input.previous = b.content;
	c.input.now_s += 100;
	c.input.mono_s += 100;
	parse_text(&c, "1700000100 52:54:00:00:00:01 192.0.2.x web *\n");
	ck_assert_int_eq(c.result, LEASEFILE_GOOD);
	ck_assert_uint_eq(c.content->record_count, 0);
	end_reading(&c);
	end_reading(&b);
	end_reading(&a);
}
END_TEST

START_TEST(test_good_row_replaces_kept)
{
	struct reading a, b;

	start_reading(&a, "f");
	parse_text(&a, "0 52:54:00:00:00:01 192.0.2.1 web *\n");
	parse_again(&b, &a, "0 52:54:00:00:00:01 192.0.2. web *\n"
	    "0 52:54:00:00:00:01 192.0.2.9 web *\n");
	ck_assert_uint_eq(b.content->record_count, 1);
	ck_assert_uint_eq(first_address(b.content->chunks[0]).bytes[3], 9);
	end_reading(&b);
	end_reading(&a);
}
END_TEST

START_TEST(test_same_rows_are_shared)
{
	const char *text = "1700000100 52:54:00:00:00:01 192.0.2.1 web *\n";
	struct reading a, b, c;

	start_reading(&a, "f");
	parse_text(&a, text);
	start_reading(&b, "f");
	b.input.previous = a.content;
	b.input.now_s += 50;
	b.input.mono_s += 50;
	parse_text(&b, text);
	ck_assert_ptr_eq(a.content->chunks[0], b.content->chunks[0]);
	ck_assert_int_eq(b.content->due_s, 1100);
	parse_again(&c, &a, "1700000101 52:54:00:00:00:01 192.0.2.1 web *\n");
	ck_assert_ptr_ne(a.content->chunks[0], c.content->chunks[0]);
	end_reading(&c);
	end_reading(&b);
	end_reading(&a);
}
END_TEST

START_TEST(test_many_lines)
{
	struct reading r;
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	for (unsigned i = 0; i < 70000; i++)
		fprintf(out, "0 52:54:00:%02x:%02x:%02x 10.%u.%u.%u h%u *\n",
		    i >> 16, i >> 8 & 255, i & 255, i >> 16, i >> 8 & 255,
		    i & 255, i);
	fclose(out);
	start_reading(&r, "f");
	parse_bytes(&r, text, length);
	ck_assert_uint_eq(r.content->record_count, 70000);
	ck_assert_uint_gt(r.content->chunk_count, 1);
	free(text);
	end_reading(&r);
}
END_TEST

START_TEST(test_no_domain)
{
	struct reading r;

	start_reading(&r, "f");
	r.spec.has_domain = false;
	parse_text(&r, "0 52:54:00:00:00:01 169.254.1.1 web.lab.test *\n");
	check_shown(&r, "good due 0 records 1\n"
	    "1:21 web. (full) 169.254.1.1 ttl 5 ends 0 link-local\n"
	    "f:1:33: note: a lease gives its first label: 'web' without "
	    "'.lab.test'\n"
	    "    1 | 0 52:54:00:00:00:01 169.254.1.1 web.lab.test *\n"
	    "      |                                 ^~~~~~~~~~~~\n");
	end_reading(&r);
}
END_TEST

/* The newest by start, then by end, then by place; a warning only where two
 * machines are meant. */
static const struct shared {
	const char *first;
	const char *second;
	unsigned newest;		/* last octet */
	unsigned warnings;
} shared[] = {
	{"1700000300 52:54:00:00:00:01 192.0.2.1 web *",
	    "1700000200 52:54:00:00:00:02 192.0.2.2 web *", 1, 1},
	{"1700000300 52:54:00:00:00:01 192.0.2.1 web *",
	    "1700000300 52:54:00:00:00:02 192.0.2.2 web *", 2, 1},
	{"0 52:54:00:00:00:01 192.0.2.1 web *",
	    "1700000300 52:54:00:00:00:02 192.0.2.2 web *", 1, 1},
	{"1700000300 52:54:00:00:00:01 192.0.2.1 web *",
	    "1700000200 52:54:00:00:00:01 192.0.2.2 WEB *", 1, 0},
	{"1700000300 52:54:00:00:00:01 192.0.2.1 web *",
	    "1699999999 52:54:00:00:00:02 192.0.2.2 web *", 1, 0},
	{"1700000300 52:54:00:00:00:01 192.0.2.1 web *",
	    "1700000300 7 2001:db8::1 web 00:01", 1, 0},
	{"1700000300 7 2001:db8::1 web 00:01",
	    "1700000400 7 2001:db8::2 web 00:01", 2, 0},
	{"1700000300 7 2001:db8::1 web 00:01",
	    "1700000400 7 2001:db8::2 web 00:02", 2, 1},
};

START_TEST(test_shared_name)
{
	const struct shared *one = &shared[_i];
	char *text = memory_format("%s\n%s\n", one->first, one->second);
	const struct chunk *chunk;
	struct addr addr;
	struct reading r;

	start_reading(&r, "f");
	parse_text(&r, text);
	ck_assert_int_eq(r.result, LEASEFILE_GOOD);
	chunk = r.content->chunks[0];
	addr = first_address(chunk);
	ck_assert_uint_eq(chunk->node_count, 1);
	ck_assert_uint_eq(addr.bytes[addr.family == 4 ? 3 : 15],
	    one->newest);
	ck_assert_uint_eq(diags_count(r.diags, DIAG_WARNING), one->warnings);
	end_reading(&r);
	free(text);
}
END_TEST

/* ---- what is refused ---- */

static const struct refused {
	enum lease_format format;
	const char *text;
	const char *expected;
} refused[] = {
	{LEASE_VIRTUALBOX, "<!DOCTYPE a [<!ENTITY b \"c\">]>\n<a>&b;</a>\n",
	    "bad\n"
	    "f:1:13: error: this is not the XML that belongs here: a document "
	    "type does not belong here\n"
	    "    1 | <!DOCTYPE a [<!ENTITY b \"c\">]>\n"
	    "      |             ^\n"},
	{LEASE_VIRTUALBOX, "<a></b>\n",
	    "bad\n"
	    "f:1:6: error: this is not the XML that belongs here: mismatched "
	    "tag\n"
	    "    1 | <a></b>\n"
	    "      |      ^\n"},
	{LEASE_LIBVIRT, "[{]\n",
	    "bad\n"
	    "f:1:3: error: this is not JSON: string or '}' expected near "
	    "']'\n"
	    "    1 | [{]\n"
	    "      |   ^\n"},
	{LEASE_LIBVIRT, "{}\n",
	    "bad\n"
	    "f:1:1: error: a .status file of libvirt is a list of leases\n"
	    "    1 | {}\n"
	    "      | ^\n"},
	{LEASE_NETWORKD, "[]\n",
	    "bad\n"
	    "f:1:1: error: a lease file of systemd-networkd is an object with "
	    "'Leases'\n"
	    "    1 | []\n"
	    "      | ^\n"},
	{LEASE_KEA, "address,hwaddr,hostname\n",
	    "bad\n"
	    "f:1:1: error: the header has no column 'valid_lifetime'\n"
	    "    1 | address,hwaddr,hostname\n"
	    "      | ^~~~~~~~~~~~~~~~~~~~~~~\n"},
};

START_TEST(test_refused)
{
	struct reading r;

	start_reading(&r, "f");
	r.spec.format = refused[_i].format;
	parse_text(&r, refused[_i].text);
	check_shown(&r, refused[_i].expected);
	end_reading(&r);
}
END_TEST

/* Nested without end: refused or passed over, and no stack is eaten up. */
static void
check_deep(enum lease_format format, const char *open, const char *close,
    enum leasefile_result expected)
{
	const size_t depth = 100000;
	char *text = NULL;
	struct reading r;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	for (size_t i = 0; i < depth; i++)
		fputs(open, out);
	for (size_t i = 0; i < depth; i++)
		fputs(close, out);
	fclose(out);
	start_reading(&r, "f");
	r.spec.format = format;
	parse_bytes(&r, text, length);
	ck_assert_int_eq(r.result, expected);
	free(text);
	end_reading(&r);
}

START_TEST(test_deep)
{
	check_deep(LEASE_VIRTUALBOX, "<a>", "</a>", LEASEFILE_BAD);
	check_deep(LEASE_LIBVIRT, "[", "]", LEASEFILE_BAD);
	check_deep(LEASE_NETWORKD, "{\"a\":[", "]}", LEASEFILE_BAD);
	check_deep(LEASE_DHCPD, "a {", "}", LEASEFILE_GOOD);
}
END_TEST

START_TEST(test_many_faults)
{
	struct reading r;
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	for (unsigned i = 0; i < 1000; i++)
		fprintf(out, "0 52:54:00:00:00:01 192.0.2.x h%u *\n", i);
	fclose(out);
	start_reading(&r, "f");
	parse_bytes(&r, text, length);
	ck_assert_uint_eq(diags_count(r.diags, DIAG_ERROR), 101);
	free(text);
	end_reading(&r);
}
END_TEST

/* ---- companions ---- */

static const char status[] = "[{\"ip-address\":\"192.0.2.1\","
    "\"mac-address\":\"52:54:00:00:00:01\"}]\n";
static const char domains[] =
    "[{\"domain\":\"web\",\"macs\":[\"52:54:00:00:00:01\"]}]\n";

static const char *
read_text(void *context, const char *from, const char *path,
    struct source_text *text)
{
	ck_assert_str_eq(from, "net/v.status");
	ck_assert_str_eq(path, "v.macs");
	*text = (struct source_text){"net/v.macs", context, strlen(context)};
	return NULL;
}

static void
parse_status(struct reading *r, char *macs, const struct content *previous)
{
	start_reading(r, "net/v.status");
	r->reader.read = read_text;
	r->reader.context = macs;
	r->input.previous = previous;
	parse_text(r, status);
	ck_assert_int_eq(r->result, LEASEFILE_GOOD);
}

/* A machine keeps its name while the list of machines is being written, and
 * loses it when it is no longer there. */
START_TEST(test_half_companion)
{
	struct reading a, b, c;
	char *macs = memory_string(domains);

	parse_status(&a, macs, NULL);
	ck_assert_uint_eq(a.content->record_count, 1);
	for (size_t i = strlen(macs) - 2; i > 0; i--) {
		macs[i] = '\0';
		parse_status(&b, macs, a.content);
		ck_assert_uint_eq(b.content->record_count, 1);
		ck_assert(content_equal(a.content, b.content));
		ck_assert_uint_eq(diags_count(b.diags, DIAG_ERROR), 0);
		end_reading(&b);
	}
	strcpy(macs, "[]\n");
	parse_status(&c, macs, a.content);
	ck_assert_uint_eq(c.content->record_count, 0);
	end_reading(&c);
	end_reading(&a);
	free(macs);
}
END_TEST

START_TEST(test_refused_machine)
{
	char macs[] =
	    "[{\"domain\":\"wpad\",\"macs\":[\"52:54:00:00:00:01\"]}]\n";
	struct reading r;

	parse_status(&r, macs, NULL);
	ck_assert_uint_eq(r.content->record_count, 0);
	ck_assert_uint_eq(diags_count(r.diags, DIAG_WARNING), 1);
	end_reading(&r);
}
END_TEST

START_TEST(test_broken_companion)
{
	char macs[] = "[}]\n";
	struct reading r;

	parse_status(&r, macs, NULL);
	check_shown(&r, "good due 0 records 0\n"
	    "net/v.macs:1:2: error: this is not JSON: unexpected token near "
	    "'}'\n"
	    "    1 | [}]\n"
	    "      |  ^\n"
	    "      = the machines in it give no names to leases\n");
	end_reading(&r);
}
END_TEST

/* ---- neighbours ---- */

START_TEST(test_neighbours)
{
	static const struct neighbour neighbours[] = {
		{{4, {192, 0, 2, 7}}, {0x52, 0x54, 0, 0, 0, 7}},
		{{6, {0x20, 1, 0xd, 0xb8, [15] = 7}},
		    {0x52, 0x54, 0, 0, 0, 7}},
		{{6, {0xfe, 0x80, [15] = 7}}, {0x52, 0x54, 0, 0, 0, 7}},
		{{4, {192, 0, 2, 8}}, {0x52, 0x54, 0, 0, 0, 8}},
		{{4, {192, 0, 2, 99}}, {0x52, 0x54, 0, 0, 0, 0x99}},
	};
	struct reading r;

	enter_folder();
	start_reading(&r, "neighbours");
	r.spec.format = LEASE_NEIGHBOURS;
	r.spec.macs = "ethers";
	r.input.neighbours = neighbours;
	r.input.neighbour_count = 5;
	run_reading(&r);
	check_shown(&r, "good due 0 records 3\n"
	    "2:19 seven.lab.test. 192.0.2.7 ttl 5 ends 0\n"
	    "2:19 seven.lab.test. 2001:db8::7 ttl 5 ends 0\n"
	    "3:16 eight.lab.test. 192.0.2.8 ttl 5 ends 0\n"
	    "reverse 192.0.2.7 seven.lab.test.\n"
	    "reverse 2001:db8::7 seven.lab.test.\n"
	    "reverse 192.0.2.8 eight.lab.test.\n"
	    "ethers:5:1: error: '52:54:00:00:00' is not a MAC address\n"
	    "    5 | 52:54:00:00:00 nine\n"
	    "      | ^~~~~~~~~~~~~~\n");
	end_reading(&r);
}
END_TEST

START_TEST(test_neighbours_by_machines)
{
	static const struct neighbour neighbour = {
		{4, {192, 0, 2, 7}}, {8, 0, 0x27, 0, 0, 2},
	};
	struct reading r;

	enter_folder();
	start_reading(&r, "neighbours");
	r.spec.format = LEASE_NEIGHBOURS;
	r.spec.macs = "vbox/machines";
	r.input.neighbours = &neighbour;
	r.input.neighbour_count = 1;
	run_reading(&r);
	check_shown(&r, "good due 0 records 1\n"
	    "1:0 db-64-bit.lab.test. 192.0.2.7 ttl 5 ends 0\n"
	    "reverse 192.0.2.7 db-64-bit.lab.test.\n");
	end_reading(&r);
}
END_TEST

START_TEST(test_neighbours_without_names)
{
	struct reading r;

	enter_folder();
	start_reading(&r, "neighbours");
	r.spec.format = LEASE_NEIGHBOURS;
	r.spec.macs = "missing";
	run_reading(&r);
	check_shown(&r, "good due 0 records 0\n"
	    "missing: warning: no such file [no-machine-names]\n"
	    "      = leases whose name stands there have none\n");
	end_reading(&r);
}
END_TEST

/* ---- names ---- */

static void
check_name(const char *text, enum leasename_from from, const char *expected)
{
	struct leasename name;
	const char *wrong = leasename_clean(&name, text, strlen(text), from,
	    "DNS1.lab.test");

	if (expected == NULL) {
		ck_assert_msg(wrong != NULL, "%s is taken", text);
		return;
	}
	ck_assert_msg(wrong == NULL, "%s %s", text, wrong);
	ck_assert_uint_eq(name.length, strlen(expected));
	ck_assert_mem_eq(name.label, expected, name.length);
}

START_TEST(test_names)
{
	char longest[65];

	memset(longest, 'a', 64);
	longest[64] = '\0';
	check_name(longest, LEASENAME_GUEST, NULL);
	longest[63] = '\0';
	check_name(longest, LEASENAME_GUEST, longest);
	check_name("Web1", LEASENAME_GUEST, "web1");
	check_name("web1.lab", LEASENAME_GUEST, "web1");
	check_name("my_pc", LEASENAME_GUEST, "my-pc");
	check_name("_my pc_ ", LEASENAME_GUEST, "my-pc");
	check_name("10", LEASENAME_GUEST, "10");
	check_name("a--b", LEASENAME_GUEST, "a--b");
	check_name("bücher", LEASENAME_GUEST, "xn--bcher-kva");
	check_name("Bücher PC", LEASENAME_MACHINE, "xn--bcher-pc-65a");
	check_name("jo's", LEASENAME_GUEST, NULL);
	check_name("\xff\xfe", LEASENAME_GUEST, NULL);
	check_name("", LEASENAME_GUEST, NULL);
	check_name(".lab", LEASENAME_GUEST, NULL);
	check_name("---", LEASENAME_GUEST, NULL);
	check_name("WPAD", LEASENAME_GUEST, NULL);
	check_name("isatap.lab", LEASENAME_GUEST, NULL);
	check_name("localhost", LEASENAME_MACHINE, NULL);
	check_name("dns1", LEASENAME_GUEST, NULL);
	check_name("dns", LEASENAME_GUEST, "dns");
	check_name("Ubuntu (64-bit)", LEASENAME_MACHINE, "ubuntu-64-bit");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lease");
	TCase *files = tcase_create("files"), *rules = tcase_create("rules");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(files, 120);
	tcase_set_timeout(rules, 120);
	tcase_add_loop_test(files, test_golden, 0, GOLDENS);
	tcase_add_loop_test(files, test_cut_at_every_byte, 0, GOLDENS);
	tcase_add_test(rules, test_empty);
	tcase_add_test(rules, test_unknown);
	tcase_add_test(rules, test_comments_alone);
	tcase_add_test(rules, test_bad_row_keeps_its_name);
	tcase_add_test(rules, test_good_row_replaces_kept);
	tcase_add_test(rules, test_same_rows_are_shared);
	tcase_add_test(rules, test_many_lines);
	tcase_add_test(rules, test_no_domain);
	tcase_add_loop_test(rules, test_shared_name, 0,
	    sizeof(shared) / sizeof(shared[0]));
	tcase_add_loop_test(rules, test_refused, 0,
	    sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(rules, test_deep);
	tcase_add_test(rules, test_many_faults);
	tcase_add_test(rules, test_half_companion);
	tcase_add_test(rules, test_refused_machine);
	tcase_add_test(rules, test_broken_companion);
	tcase_add_test(rules, test_neighbours);
	tcase_add_test(rules, test_neighbours_by_machines);
	tcase_add_test(rules, test_neighbours_without_names);
	tcase_add_test(rules, test_names);
	suite_add_tcase(suite, files);
	suite_add_tcase(suite, rules);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
