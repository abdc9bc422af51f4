/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"
#include "names/generate.h"
#include "names/raretype.h"
#include "names/rdatatext.h"
#include "names/token.h"
#include "names/zonefile.h"

#define NOW_S 1700000000

/* What a parse gave: content, and the diagnostics as text. */
struct outcome {
	struct content *content;
	char *said;
	unsigned errors;
};

struct setup {
	const struct source_reader *reader;
	const struct content *previous;
	int64_t now_s;
};

static struct outcome
parse_with(const struct setup *setup, const char *bytes, size_t length)
{
	struct source_spec spec = {
		.kind = SOURCE_ZONE, .path = "lab.test.zone",
	};
	struct zonefile_input input = {
		.spec = &spec,
		.text = { "lab.test.zone", bytes, length },
		.reader = setup->reader,
		.previous = setup->previous,
		.now_s = setup->now_s,
	};
	struct diags *diags = diags_new();
	struct outcome outcome;
	size_t said;
	FILE *out = open_memstream(&outcome.said, &said);

	outcome.content = zonefile_parse(&input, diags);
	outcome.errors = diags_count(diags, DIAG_ERROR);
	diags_print(diags, out, DIAG_PLAIN);
	fclose(out);
	diags_free(diags);
	ck_assert((outcome.content == NULL) == (outcome.errors > 0));
	return outcome;
}

static struct outcome
parse(const char *text)
{
	return parse_with(&(struct setup){ .now_s = NOW_S }, text,
	    strlen(text));
}

static void
done(struct outcome *outcome)
{
	content_free(outcome->content);
	free(outcome->said);
}

/* Exactly one error, and it says this. */
static void
expect_error(const char *text, const char *words)
{
	struct outcome outcome = parse(text);

	ck_assert_msg(outcome.errors == 1 &&
	    strstr(outcome.said, words) != NULL, "%s\ngave\n%s", text,
	    outcome.said);
	done(&outcome);
}

static void
expect_good(const char *text)
{
	struct outcome outcome = parse(text);

	ck_assert_msg(outcome.errors == 0, "%s\ngave\n%s", text,
	    outcome.said);
	done(&outcome);
}

START_TEST(test_token_places)
{
	static const char text[] = "\xef\xbb\xbfweb\t(a ; c )\n \"b c\") d\\;e"
	    " k=\"v w\"\r\n\n  next";
	static const struct {
		const char *text;
		uint32_t line, column, width;
	} expected[] = {
		{ "web", 1, 1, 3 }, { "a", 1, 6, 1 }, { "b c", 2, 2, 5 },
		{ "d\\;e", 2, 9, 4 }, { "k=\"v w\"", 2, 14, 7 },
	};
	struct tokenizer t;
	struct token token;

	tokenizer_init(&t, text, sizeof(text) - 1);
	ck_assert_int_eq(tokenizer_start(&t), TOKEN_AT_MARGIN);
	for (size_t i = 0; i < 5; i++) {
		tokenizer_next(&t, &token);
		ck_assert_uint_eq(token.length, strlen(expected[i].text));
		ck_assert_mem_eq(token.text, expected[i].text, token.length);
		ck_assert_uint_eq(token.line, expected[i].line);
		ck_assert_uint_eq(token_column(&token), expected[i].column);
		ck_assert_uint_eq(token_width(&token), expected[i].width);
	}
	tokenizer_next(&t, &token);
	ck_assert_int_eq(token.kind, TOKEN_END);
	tokenizer_next(&t, &token);
	ck_assert_int_eq(token.kind, TOKEN_END);
	ck_assert_int_eq(tokenizer_start(&t), TOKEN_INDENTED);
	tokenizer_next(&t, &token);
	ck_assert_mem_eq(token.text, "next", 4);
	ck_assert_uint_eq(token.line, 4);
	tokenizer_skip(&t);
	ck_assert_int_eq(tokenizer_start(&t), TOKEN_FILE_END);
}
END_TEST

START_TEST(test_periods)
{
	static const struct {
		const char *text;
		enum period_result result;
		uint32_t period_s;
	} cases[] = {
		{ "0", PERIOD_OK, 0 }, { "60", PERIOD_OK, 60 },
		{ "1h30m", PERIOD_OK, 5400 }, { "1W2D", PERIOD_OK, 777600 },
		{ "5s", PERIOD_OK, 5 }, { "2147483647", PERIOD_OK, INT32_MAX },
		{ "2147483648", PERIOD_TOO_LONG, 0 },
		{ "9999w", PERIOD_TOO_LONG, 0 },
		{ "99999999999999999999999", PERIOD_TOO_LONG, 0 },
		{ "", PERIOD_NONE, 0 }, { "h", PERIOD_NONE, 0 },
		{ "1h30", PERIOD_NONE, 0 }, { "-1", PERIOD_NONE, 0 },
		{ "1x", PERIOD_NONE, 0 }, { "1hm", PERIOD_NONE, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t period_s = 0;
		enum period_result result = rdatatext_period(cases[i].text,
		    strlen(cases[i].text), &period_s);

		ck_assert_msg(result == cases[i].result, "%s", cases[i].text);
		if (result == PERIOD_OK)
			ck_assert_uint_eq(period_s, cases[i].period_s);
	}
}
END_TEST

START_TEST(test_generate_text)
{
	static const struct {
		const char *template;
		uint32_t number;
		const char *text;	/* NULL: refused */
	} cases[] = {
		{ "host$", 7, "host7" }, { "h${0,3}", 7, "h007" },
		{ "${-5}", 7, "2" }, { "${10,4,x}", 7, "0011" },
		{ "${0,0,X}", 255, "FF" }, { "${0,3,o}", 8, "010" },
		{ "${0,7,n}", 0x12, "2.1.0.0" }, { "\\$ $$ $", 1, "$ $ 1" },
		{ "a\\.b$", 1, "a\\.b1" }, { "${-8}", 7, NULL },
		{ "${0,256}", 1, NULL }, { "${0,1,q}", 1, NULL },
		{ "${0", 1, NULL }, { "${}", 1, NULL },
	};
	char bytes[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct generate_text to = { bytes, sizeof(bytes), 0 };
		const char *wrong = generate_expand(&to, cases[i].template,
		    strlen(cases[i].template), cases[i].number);

		ck_assert_msg((wrong != NULL) == (cases[i].text == NULL),
		    "%s", cases[i].template);
		if (wrong != NULL)
			continue;
		ck_assert_uint_eq(to.length, strlen(cases[i].text));
		ck_assert_mem_eq(bytes, cases[i].text, to.length);
	}
}
END_TEST

START_TEST(test_nearest_types)
{
	char buf[TYPE_TEXT];

	ck_assert_str_eq(raretype_nearest("AAA", 3, buf), "AAAA");
	ck_assert_str_eq(raretype_nearest("cnmae", 5, buf), "CNAME");
	ck_assert_str_eq(raretype_nearest("TXTT", 4, buf), "TXT");
	ck_assert_str_eq(raretype_nearest("HTTP", 4, buf), "HTTPS");
	ck_assert_ptr_null(raretype_nearest("web-server", 10, buf));
	ck_assert_ptr_null(raretype_nearest("", 0, buf));
}
END_TEST

/* A name of `length` bytes on the wire, in text, without the final dot. */
static char *
long_name(unsigned length)
{
	char *text = memory_zeroed(1, 300);
	unsigned at = 0;

	for (unsigned left = length - 1; left > 0;) {
		unsigned label = left > 64 ? 63 : left - 1;

		/* No label of nothing behind this one. */
		if (left - label - 1 == 1)
			label--;
		memset(text + at, 'a', label);
		at += label;
		left -= label + 1;
		if (left > 0)
			text[at++] = '.';
	}
	return text;
}

START_TEST(test_limits_of_names)
{
	char *good = long_name(255), *bad = long_name(256);
	char *text = memory_format("$ORIGIN lab.test.\nx CNAME %s.\n", good);

	expect_good(text);
	free(text);
	text = memory_format("$ORIGIN lab.test.\nx CNAME %s.\n", bad);
	expect_error(text, "is not a name");
	free(text);
	/* As an owner the origin counts, too. */
	text = memory_format("%.*s A 10.0.0.1\n", 245, good);
	expect_error(text, "is not a name");
	free(text);
	free(good);
	free(bad);
	text = memory_format("%063d CNAME %063d\n", 0, 0);
	expect_good(text);
	free(text);
	text = memory_format("%064d A 10.0.0.1\n", 0);
	expect_error(text, "longer than 63");
	free(text);
}
END_TEST

START_TEST(test_limits_of_strings)
{
	char *text = memory_format("x TXT %0255d \"%0255d\"\n", 0, 0);

	expect_good(text);
	free(text);
	text = memory_format("x TXT %0256d\n", 0);
	expect_error(text, "256 bytes");
	free(text);
	/* An escape is one byte. */
	text = memory_format("x TXT %0254d\\000\n", 0);
	expect_good(text);
	free(text);
}
END_TEST

/* A TXT record of so many strings of 255 bytes. */
static char *
big_txt(const char *owner, unsigned strings, int digit)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	fprintf(out, "%s TXT (\n", owner);
	for (unsigned i = 0; i < strings; i++)
		fprintf(out, "%0255d\n", digit);
	fprintf(out, ")\n");
	fclose(out);
	return text;
}

START_TEST(test_limits_of_rdata)
{
	char *text = big_txt("x", 253, 0), *other, *both;

	expect_good(text);
	other = big_txt("x", 2, 1);
	both = memory_format("%s%s", text, other);
	expect_error(both, "over 65023 bytes");
	free(text);
	free(other);
	free(both);
	text = big_txt("x", 257, 0);
	expect_error(text, "over 65535 bytes");
	free(text);
}
END_TEST

/* `lines` lines, of which some are said by the caller. */
static char *
big_zone(uint32_t lines, uint32_t special, const char *entry)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	for (uint32_t i = 1; i <= lines; i++) {
		if (i == special)
			fprintf(out, "%s\n", entry);
		else
			fprintf(out, "n%u 300 A 10.%u.%u.%u\n", i, i >> 16,
			    i >> 8 & 255, i & 255);
	}
	fclose(out);
	return text;
}

START_TEST(test_chunks)
{
	char *text = big_zone(140000, 70000, "n5 300 AAAA 2001:db8::5");
	struct outcome outcome = parse(text);
	uint32_t records = 0;

	ck_assert_msg(outcome.errors == 0, "%s", outcome.said);
	ck_assert_uint_eq(outcome.content->record_count, 140002);
	/* Three chunks of the file, and the SOA and NS that were made. */
	ck_assert_uint_eq(outcome.content->chunk_count, 4);
	for (uint32_t i = 0; i < 3; i++) {
		const struct chunk *chunk = outcome.content->chunks[i];

		ck_assert_uint_le(chunk->line_count, 65536);
		ck_assert_uint_eq(chunk->first_line, i * 65536 + 1);
		records += chunk->reverse_count;
		for (uint32_t j = 0; j < chunk->node_count; j++) {
			struct origin origin = *rrset_origins(
			    node_first(chunk_node(chunk, j)));

			ck_assert_uint_eq(origin.chunk, chunk->id);
			ck_assert_uint_lt(origin.line, chunk->line_count);
		}
	}
	ck_assert_uint_eq(records, 140000);
	free(text);
	done(&outcome);
}
END_TEST

START_TEST(test_faults_between_chunks)
{
	char *text = big_zone(70000, 69999, "n5 60 A 10.9.9.9");

	expect_error(text, "lab.test.zone:69999:7: error: n5.lab.test. has "
	    "records of one type with different TTLs (A at line 5)");
	free(text);
	text = big_zone(70000, 69999, "n5 CNAME x");
	expect_error(text, "lab.test.zone:69999:4: error: n5.lab.test. has a "
	    "CNAME beside other data (A at line 5)");
	free(text);
	text = big_zone(70000, 7, "n69999 CNAME x");
	expect_error(text, "lab.test.zone:69999:12: error: n69999.lab.test. "
	    "has a CNAME beside other data (CNAME at line 7)");
	free(text);
}
END_TEST

START_TEST(test_cut_between_chunks)
{
	char *text = big_zone(70000, 7, "n69999 300 NS ns.example.");
	struct outcome outcome = parse(text);
	const struct chunk *chunk;
	const struct node *cut;

	ck_assert_msg(outcome.errors == 0, "%s", outcome.said);
	chunk = outcome.content->chunks[1];
	cut = chunk_node(chunk, chunk->node_count - 2);
	ck_assert(cut->flags & NODE_CUT && cut->flags & NODE_LIMITED);
	ck_assert(node_first(cut)->flags & RRSET_OCCLUDED);
	cut = chunk_node(outcome.content->chunks[0], 6);
	ck_assert(cut->flags & NODE_CUT && !(cut->flags & NODE_LIMITED));
	free(text);
	done(&outcome);
}
END_TEST

START_TEST(test_long_entry)
{
	char *lines = memory_zeroed(1, 65537), *text;

	memset(lines, '\n', 65536);
	text = memory_format("a A 10.0.0.1\nb (%s TXT x\n)\nc TXT y\n", lines);
	expect_error(text, "over 65536 lines");
	free(text);
	lines[65535] = '\0';
	text = memory_format("a A 10.0.0.1\nb (%s TXT x\n)\nc TXT y\n", lines);
	expect_good(text);
	free(text);
	free(lines);
}
END_TEST

START_TEST(test_serial)
{
	struct setup setup = { .now_s = NOW_S };
	struct outcome first = parse("a A 10.0.0.1\n");
	struct outcome second;

	ck_assert(first.content->soa_made);
	ck_assert_uint_eq(first.content->serial, NOW_S);
	/* The same records: the same serial, however late it is. */
	setup.previous = first.content;
	setup.now_s = NOW_S + 100;
	second = parse_with(&setup, "a  A  10.0.0.1\n", 15);
	ck_assert_uint_eq(second.content->serial, NOW_S);
	done(&second);
	second = parse_with(&setup, "a A 10.0.0.2\n", 13);
	ck_assert_uint_eq(second.content->serial, NOW_S + 100);
	done(&second);
	/* The clock went backwards. */
	setup.now_s = NOW_S - 100;
	second = parse_with(&setup, "a A 10.0.0.2\n", 13);
	ck_assert_uint_eq(second.content->serial, NOW_S + 1);
	done(&second);
	second = parse_with(&setup, "@ SOA n h 7 1 1 1 1\n", 20);
	ck_assert_uint_eq(second.content->serial, 7);
	ck_assert(!second.content->soa_made);
	done(&second);
	done(&first);
}
END_TEST

START_TEST(test_ttl)
{
	struct outcome outcome = parse("a A 10.0.0.1\nb 7 A 10.0.0.2\n"
	    "$TTL 0\nc A 10.0.0.3\nd IN 1h A 10.0.0.4\n");
	static const uint32_t expected[] = { 60, 7, 0, 3600 };

	ck_assert_uint_eq(outcome.errors, 0);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_eq(rrset_ttl(node_first(
		    chunk_node(outcome.content->chunks[0], i))), expected[i]);
	done(&outcome);
}
END_TEST

/* Files by name: N includes N+1 up to `last`; `loop` itself. */
static const char *
read_number(void *context, const char *from, const char *path,
    struct source_text *text)
{
	static char texts[20][32], paths[20][8];
	unsigned number = (unsigned)atoi(path);
	unsigned last = *(unsigned *)context;

	ck_assert_ptr_nonnull(from);
	ck_assert_uint_lt(number, 20);
	snprintf(paths[number], sizeof(paths[number]), "%u", number);
	if (number == last)
		snprintf(texts[number], sizeof(texts[number]),
		    "deep A 10.0.0.1\n");
	else
		snprintf(texts[number], sizeof(texts[number]),
		    "$INCLUDE %u\n", number + 1);
	*text = (struct source_text){ paths[number], texts[number],
	    strlen(texts[number]) };
	return NULL;
}

START_TEST(test_include_depth)
{
	unsigned last = 8;
	struct source_reader reader = {
		.read = read_number, .context = &last,
	};
	struct setup setup = { .reader = &reader, .now_s = NOW_S };
	struct outcome outcome = parse_with(&setup, "$INCLUDE 1\n", 11);

	ck_assert_msg(outcome.errors == 0, "%s", outcome.said);
	ck_assert_uint_eq(outcome.content->record_count, 3);
	done(&outcome);
	last = 9;
	outcome = parse_with(&setup, "$INCLUDE 1\n", 11);
	ck_assert_uint_eq(outcome.errors, 1);
	ck_assert_ptr_nonnull(strstr(outcome.said, "8:1:10: error: files "
	    "include each other over 8 deep"));
	done(&outcome);
	expect_error("$INCLUDE x\n", "no file can be included here");
}
END_TEST

START_TEST(test_generate_is_bounded)
{
	struct outcome outcome = parse("$GENERATE 0-65535 h$ A 10.0.0.1\n");

	ck_assert_uint_eq(outcome.errors, 0);
	ck_assert_uint_eq(outcome.content->record_count, 65538);
	done(&outcome);
	expect_error("$GENERATE 0-65536 h$ A 10.0.0.1\n", "over 65536");
	expect_error("$GENERATE 0-2147483648 h$ A 10.0.0.1\n", "not a range");
	expect_error("$GENERATE 0-255 h$ A 10.0.0.x$\n", "10.0.0.x0 is not");
}
END_TEST

START_TEST(test_origin)
{
	expect_error("$ORIGIN other.test.\nx.lab.test. A 10.0.0.1\n",
	    "x.lab.test. is not in the zone other.test.");
	expect_error("a A 10.0.0.1\n$ORIGIN other.test.\nx A 10.0.0.1\n",
	    "x.other.test. is not in the zone lab.test.");
	expect_good("$ORIGIN other.test.\n$ORIGIN sub\nx A 10.0.0.1\n"
	    "x.other.test. A 10.0.0.2\n");
	/* As servers that dump zones write it. */
	expect_good("$ORIGIN .\nlab.test SOA a b 1 1 1 1 1\n"
	    "$ORIGIN lab.test.\nx A 10.0.0.1\n");
}
END_TEST

static void
expect_apex(const char *path, const char *text, const char *apex)
{
	struct source_spec spec = { .kind = SOURCE_ZONE, .path = path };
	struct dname found = { 0 };
	struct zonefile_input input = {
		.spec = &spec,
		.text = { path, text, strlen(text) },
		.now_s = NOW_S,
		.apex = &found,
	};
	struct diags *diags = diags_new();
	char print[DNAME_TEXT_MAX];

	ck_assert_ptr_null(zonefile_parse(&input, diags));
	if (apex == NULL)
		ck_assert_uint_eq(found.length, 0);
	else
		ck_assert_str_eq(dname_print(found.wire, print), apex);
	diags_free(diags);
}

/* Which zone a file is of shows in spite of its errors. */
START_TEST(test_origin_of_broken_zone)
{
	expect_apex("some.zone", "$ORIGIN Other.test.\nx A 10.0.0.999\n",
	    "other.test.");
	expect_apex("some.zone", "$TTL never\n$ORIGIN other.test.\n",
	    "other.test.");
	expect_apex("lab.test.zone", "x A 10.0.0.999\n", "lab.test.");
	expect_apex("lab..test.zone", "x A 10.0.0.999\n", NULL);
}
END_TEST

/* Sorted, canonical text of a zone, by ldns from what each reader made. */
static int
compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
add_string(char **list, size_t *count, ldns_rr *rr)
{
	ldns_rr2canonical(rr);
	list[(*count)++] = ldns_rr2str(rr);
}

static void
add_rrset(char **list, size_t *count, const struct node *node,
    const struct rrset *rrset)
{
	uint32_t offset = 0;

	for (unsigned i = 0; i < rrset->count; i++) {
		uint8_t wire[2000];
		uint16_t length;
		const uint8_t *rdata = rrset_rdata(rrset, &offset, &length);
		size_t at = 0, total = node->name_length + 10u + length;
		ldns_rr *rr;

		ck_assert_uint_lt(total, sizeof(wire));
		memcpy(wire, node_name(node), node->name_length);
		memcpy(wire + node->name_length, rdata - 10, 10u + length);
		ck_assert_int_eq(ldns_wire2rr(&rr, wire, total, &at,
		    LDNS_SECTION_ANSWER), LDNS_STATUS_OK);
		add_string(list, count, rr);
		ldns_rr_free(rr);
	}
}

static size_t
list_ours(const struct content *content, char **list)
{
	size_t count = 0;

	for (uint32_t i = 0; i < content->chunk_count; i++) {
		for (uint32_t j = 0; j < content->chunks[i]->node_count; j++) {
			const struct node *node =
			    chunk_node(content->chunks[i], j);
			const struct rrset *rrset = node_first(node);

			for (unsigned k = 0; k < node->rrset_count; k++) {
				add_rrset(list, &count, node, rrset);
				rrset = rrset_next(rrset);
			}
		}
	}
	qsort(list, count, sizeof(list[0]), compare_strings);
	return count;
}

static size_t
list_theirs(const char *text, char **list)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	ldns_rdf *origin = ldns_dname_new_frm_str("lab.test.");
	ldns_zone *zone;
	size_t count = 0;

	ck_assert_int_eq(ldns_zone_new_frm_fp(&zone, in, origin, 60,
	    LDNS_RR_CLASS_IN), LDNS_STATUS_OK);
	add_string(list, &count, ldns_zone_soa(zone));
	for (size_t i = 0; i < ldns_zone_rr_count(zone); i++)
		add_string(list, &count,
		    ldns_rr_list_rr(ldns_zone_rrs(zone), i));
	qsort(list, count, sizeof(list[0]), compare_strings);
	ldns_zone_deep_free(zone);
	ldns_rdf_deep_free(origin);
	fclose(in);
	return count;
}

static const char oracle_zone[] =
    "$TTL 3600\n"
    "$ORIGIN lab.test.\n"
    "@ IN SOA ns hostmaster ( 1 3600 600 86400 60 )\n"
    "  IN NS ns\n"
    "ns 300 IN A 10.0.0.1\n"
    "ns IN AAAA 2001:db8::53 ; a comment\n"
    "www IN CNAME ns\n"
    "mail IN MX 10 mx.Example.\n"
    "txt IN TXT \"one two\" three \"q\\\"uote\" \"\\065\"\n"
    "_sip._udp IN SRV 0 5 5060 ns\n"
    "ptr IN PTR host.lab.test.\n"
    "caa IN CAA 0 issue \"ca.example\"\n"
    "sub IN NS ns.sub\n"
    "ns.sub IN A 10.0.0.2\n"
    "dn IN DNAME example.\n"
    "rp IN RP admin.lab.test. txt\n"
    "afs IN AFSDB 1 ns\n"
    "hi IN HINFO \"PC\" \"Linux\"\n"
    "ds IN DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118\n"
    "ssh IN SSHFP 1 1 AABBCCDD\n"
    "_443._tcp.www IN TLSA 3 1 1 AABBCCDD\n"
    "key IN DNSKEY 257 3 13 AwEAAQ==\n"
    "na IN NAPTR 100 50 \"s\" \"http\" \"\" ns.lab.test.\n"
    "loc IN LOC 42 21 54 N 71 06 18 W -24m 30m\n"
    "kx IN KX 10 ns\n"
    "min IN MINFO a b\n"
    "px IN PX 10 a b\n"
    "sm IN SMIMEA 3 1 1 AABB\n"
    "any IN TYPE65280 \\# 3 abcdef\n"
    "*.wild IN A 10.0.0.3\n"
    "e\\.scaped IN A 10.0.0.4\n"
    "\\100igit IN A 10.0.0.5\n";

START_TEST(test_against_ldns)
{
	char *ours[200], *theirs[200];
	struct outcome outcome = parse(oracle_zone);
	size_t count, their_count;

	ck_assert_msg(outcome.errors == 0, "%s", outcome.said);
	count = list_ours(outcome.content, ours);
	their_count = list_theirs(oracle_zone, theirs);
	for (size_t i = 0; i < count && i < their_count; i++)
		ck_assert_str_eq(ours[i], theirs[i]);
	ck_assert_uint_eq(count, their_count);
	ck_assert_uint_eq(count, 30);
	for (size_t i = 0; i < count; i++) {
		free(ours[i]);
		free(theirs[i]);
	}
	done(&outcome);
}
END_TEST

static const char cut_zone[] =
    "\xef\xbb\xbf$ORIGIN lab.test.\r\n$TTL 1h30m ; units\r\n"
    "@ SOA ns host ( 1 1h\n 600 86400 60 ) \n NS ns\n"
    "ns 300 IN A 10.0.0.1\n  AAAA 2001:db8::1\n"
    "t TXT \"a\\\"b\" \\065\\;x ( \"c\"\n ) ; end\n"
    "h HTTPS 1 . alpn=\"h2,h3\" port=443\n"
    "l LOC 42 21 54 N 71 06 18 W -24m 30m\n"
    "g A \\# 4 0a000001\n"
    "k DNSKEY 257 3 13 AwE AAQ==\n"
    "$GENERATE 1-3/2 x${1,2,d} MX \"10 h$\"\n"
    "$INCLUDE 1 sub\n"
    "c CAA 0 issue \"x\"\nsub.c NS ns\nd DNAME e.\n"
    "*.w CNAME @\n";

/* Whatever is cut off, the rest is read to its end: content or errors. */
START_TEST(test_cut_at_every_byte)
{
	unsigned last = 1;
	struct source_reader reader = {
		.read = read_number, .context = &last,
	};
	struct setup setup = { .reader = &reader, .now_s = NOW_S };
	struct outcome outcome;

	for (size_t i = 0; i < sizeof(cut_zone); i++) {
		/* On the heap and no byte longer, for ASan to see. */
		char *part = memory_alloc(i + (i == 0));

		memcpy(part, cut_zone, i);
		outcome = parse_with(&setup, part, i);
		free(part);
		if (i + 1 == sizeof(cut_zone))
			ck_assert_msg(outcome.errors == 0, "%s",
			    outcome.said);
		done(&outcome);
	}
}
END_TEST

static TCase *
small_tests(void)
{
	TCase *tests = tcase_create("parts");

	tcase_add_test(tests, test_token_places);
	tcase_add_test(tests, test_periods);
	tcase_add_test(tests, test_generate_text);
	tcase_add_test(tests, test_nearest_types);
	return tests;
}

static TCase *
zone_tests(void)
{
	TCase *tests = tcase_create("zones");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_limits_of_names);
	tcase_add_test(tests, test_limits_of_strings);
	tcase_add_test(tests, test_limits_of_rdata);
	tcase_add_test(tests, test_chunks);
	tcase_add_test(tests, test_faults_between_chunks);
	tcase_add_test(tests, test_cut_between_chunks);
	tcase_add_test(tests, test_long_entry);
	tcase_add_test(tests, test_serial);
	tcase_add_test(tests, test_ttl);
	tcase_add_test(tests, test_include_depth);
	tcase_add_test(tests, test_generate_is_bounded);
	tcase_add_test(tests, test_origin);
	tcase_add_test(tests, test_origin_of_broken_zone);
	tcase_add_test(tests, test_against_ldns);
	tcase_add_test(tests, test_cut_at_every_byte);
	return tests;
}

int
main(void)
{
	Suite *suite = suite_create("zonefile");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, small_tests());
	suite_add_tcase(suite, zone_tests());
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
