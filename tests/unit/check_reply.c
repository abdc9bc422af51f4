/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions read, and answers written to them; ldns reads the answers. */
#include <check.h>
#include <ldns/ldns.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/reply.h"
#include "dns/wire.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(*(a))))
#define SHOWN 20000

/* ---- questions ---- */

#define ID "\22\64"
#define ONE "\0\1\0\0\0\0\0\0"
#define ONE_MORE "\0\1\0\0\0\0\0\1"
#define NAME "\3WwW\7Example\0"
#define OPT(size, version, flags, data) \
	"\0\0\51" size "\0" version flags data
#define PLAIN_OPT OPT("\4\320", "\0", "\0\0", "\0\0")

static const struct {
	const char *packet;
	size_t length;
	enum question_result result;
	uint16_t end;
	bool edns, dnssec_ok;
	uint16_t udp_size;
} packets[] = {
#define PACKET(s) s, sizeof(s) - 1
	{ PACKET(ID "\1\0" ONE NAME "\0\1\0\1"), QUESTION_OK, 29,
	  false, false, 512 },
	{ PACKET(ID "\1\0" ONE "\0\0\2\0\1"), QUESTION_OK, 17,
	  false, false, 512 },
	{ PACKET(ID "\1\0" ONE NAME "\0\1\0\1junk"), QUESTION_OK, 29,
	  false, false, 512 },
	{ PACKET(ID "\1\0" ONE_MORE NAME "\0\1\0\1" PLAIN_OPT), QUESTION_OK,
	  29, true, false, 1232 },
	{ PACKET(ID "\1\0" ONE_MORE NAME "\0\1\0\1"
	  OPT("\20\0", "\0", "\200\0", "\0\0") "junk"), QUESTION_OK,
	  29, true, true, 4096 },
	{ PACKET(ID "\1\0" ONE_MORE NAME "\0\1\0\1"
	  OPT("\0\144", "\0", "\177\377", "\0\6\0\3\0\2ab")), QUESTION_OK,
	  29, true, false, 512 },
	/* A TSIG and the like is passed over. */
	{ PACKET(ID "\1\0" "\0\1\0\0\0\0\0\2" NAME "\0\1\0\1" PLAIN_OPT
	  "\1k\0\0\372\0\377\0\0\0\0\0\2ab"), QUESTION_OK,
	  29, true, false, 1232 },
	{ PACKET(ID "\1\0" ONE_MORE NAME "\0\1\0\1"
	  OPT("\4\320", "\1", "\0\0", "\0\0")), QUESTION_BADVERS, 29,
	  true, false, 1232 },
	/* Another version may have other options. */
	{ PACKET(ID "\1\0" ONE_MORE NAME "\0\1\0\1"
	  OPT("\4\320", "\377", "\200\0", "\0\1x")), QUESTION_BADVERS, 29,
	  true, true, 1232 },
	{ PACKET(""), QUESTION_DROP_SHORT, 0, false, false, 0 },
	{ PACKET(ID "\1\0" "\0\1\0\0\0\0\0"), QUESTION_DROP_SHORT, 0,
	  false, false, 0 },
	{ PACKET(ID "\201\0" ONE NAME "\0\1\0\1"), QUESTION_DROP_RESPONSE, 0,
	  false, false, 0 },
	{ PACKET(ID "\250\0" ONE), QUESTION_DROP_RESPONSE, 0,
	  false, false, 0 },
	{ PACKET(ID "\20\0" ONE NAME "\0\1\0\1"), QUESTION_NOTIMP, 12,
	  false, false, 512 },
	{ PACKET(ID "\170\0" ONE), QUESTION_NOTIMP, 12, false, false, 512 },
	{ PACKET(ID "\1\0" "\0\0\0\0\0\0\0\0"), QUESTION_FORMERR, 12,
	  false, false, 512 },
	{ PACKET(ID "\1\0" "\0\2\0\0\0\0\0\0" NAME "\0\1\0\1" NAME "\0\1\0\1"),
	  QUESTION_FORMERR, 12, false, false, 512 },
	{ PACKET(ID "\1\0" ONE "\300\14\0\1\0\1"), QUESTION_FORMERR, 12,
	  false, false, 512 },
	{ PACKET(ID "\1\0" ONE "\100a\0\0\1\0\1"), QUESTION_FORMERR, 12,
	  false, false, 512 },
	{ PACKET(ID "\1\0" "\0\1\0\1\0\0\0\0" NAME "\0\1\0\1"
	  "\300\14\0\1\0\1\0\0\0\0\0\4\12\0\0\1"), QUESTION_FORMERR, 29,
	  false, false, 512 },
	{ PACKET(ID "\1\0" "\0\1\0\0\0\1\0\0" NAME "\0\1\0\1" PLAIN_OPT),
	  QUESTION_FORMERR, 29, false, false, 512 },
	/* two OPTs; an OPT with an owner; more records told than there are */
	{ PACKET(ID "\1\0" "\0\1\0\0\0\0\0\2" NAME "\0\1\0\1" PLAIN_OPT
	  PLAIN_OPT), QUESTION_FORMERR, 29, true, false, 1232 },
	{ PACKET(ID "\1\0" ONE_MORE NAME "\0\1\0\1\1a" PLAIN_OPT),
	  QUESTION_FORMERR, 29, false, false, 512 },
	{ PACKET(ID "\1\0" "\0\1\0\0\0\0\0\2" NAME "\0\1\0\1" PLAIN_OPT),
	  QUESTION_FORMERR, 29, true, false, 1232 },
	/* options that do not end where the OPT does */
	{ PACKET(ID "\1\0" ONE_MORE NAME "\0\1\0\1"
	  OPT("\4\320", "\0", "\0\0", "\0\5\0\12\0\2a")), QUESTION_FORMERR,
	  29, true, false, 1232 },
};

/* In a block of its size, for the sanitizers. */
static uint8_t *
copy_alone(const void *bytes, size_t length)
{
	uint8_t *alone = malloc(length ? length : 1);

	memcpy(alone, bytes, length);
	return alone;
}

START_TEST(reads_questions)
{
	struct question q;
	uint8_t *packet = copy_alone(packets[_i].packet, packets[_i].length);

	ck_assert_int_eq(question_read(&q, packet, packets[_i].length),
	    packets[_i].result);
	if (packets[_i].end > 0) {
		ck_assert_uint_eq(q.id, 0x1234);
		ck_assert_uint_eq(q.flags, wire_get16(packet + 2));
		ck_assert_uint_eq(q.end, packets[_i].end);
		ck_assert_int_eq(q.edns, packets[_i].edns);
		ck_assert_int_eq(q.dnssec_ok, packets[_i].dnssec_ok);
		ck_assert_uint_eq(q.udp_size, packets[_i].udp_size);
	}
	if (packets[_i].end == 29) {
		ck_assert_mem_eq(q.name, "\3www\7example", 13);
		ck_assert_uint_eq(q.name_length, 13);
		ck_assert_uint_eq(q.labels, 2);
		ck_assert_uint_eq(q.type, TYPE_A);
		ck_assert_uint_eq(q.class, CLASS_IN);
	}
	free(packet);
}
END_TEST

/* A packet cut at any byte is dropped or FORMERR, until all is there. */
START_TEST(reads_whole_questions)
{
	struct question q;
	enum question_result cut_result;

	if (packets[_i].result != QUESTION_OK)
		return;
	for (size_t length = 0; length < packets[_i].length; length++) {
		uint8_t *packet = copy_alone(packets[_i].packet, length);

		cut_result = question_read(&q, packet, length);
		if (length < WIRE_HEADER)
			ck_assert_int_eq(cut_result, QUESTION_DROP_SHORT);
		else if (cut_result == QUESTION_FORMERR)
			ck_assert(q.end == WIRE_HEADER ||
			    q.end == packets[_i].end);
		else
			/* what is cut off was behind the last record */
			ck_assert(cut_result == QUESTION_OK &&
			    length >= packets[_i].length - 4);
		if (length < packets[_i].end)
			ck_assert_int_ne(cut_result, QUESTION_OK);
		free(packet);
	}
}
END_TEST

/* 255 bytes of name are good, 256 are not; 127 labels. */
START_TEST(reads_longest_names)
{
	uint8_t packet[12 + 256 + 4] = ID "\1\0" ONE;
	struct question q;

	for (unsigned i = 0; i < 254; i += 2)
		memcpy(packet + 12 + i, "\1Z", 2);
	wire_put16(packet + 12 + 255, TYPE_A);
	wire_put16(packet + 12 + 257, CLASS_IN);
	ck_assert_int_eq(question_read(&q, packet, 12 + 255 + 4),
	    QUESTION_OK);
	ck_assert_uint_eq(q.labels, 127);
	ck_assert_uint_eq(q.name_length, 255);
	for (unsigned i = 0; i < 254; i += 2)
		ck_assert_mem_eq(q.name + i, "\1z", 2);
	ck_assert_uint_eq(q.name[254], 0);
	memcpy(packet + 12 + 252, "\2ab\0\0\1\0\1", 8);
	ck_assert_int_eq(question_read(&q, packet, sizeof(packet)),
	    QUESTION_FORMERR);
	ck_assert_uint_eq(q.end, 12);
}
END_TEST

/* ---- replies ---- */

/* 33 bytes; only as many as a row tells of count. */
#define MORE "................................."
#define BAD 1000
START_TEST(reads_cookies)
{
	static const struct {
		const char *options;
		size_t length;
		unsigned at, size;	/* of the cookie */
	} rows[] = {
		{ "", 0, 0, 0 },
		{ "\0\12\0\010abcdefgh", 12, 34, 8 },
		{ "\0\3\0\1x\0\12\0\010abcdefgh", 17, 39, 8 },
		{ "\0\12\0\020abcdefgh" MORE, 20, 34, 16 },
		{ "\0\12\0\050abcdefgh" MORE, 44, 34, 40 },
		{ "\0\3\0\010abcdefgh", 12, 0, 0 },
		/* of two the first counts */
		{ "\0\12\0\010abcdefgh" "\0\12\0\1x", 17, 34, 8 },
		/* no cookie is so long: RFC 7873 5.2.2 */
		{ "\0\12\0\0", 4, 0, BAD },
		{ "\0\12\0\7abcdefg", 11, 0, BAD },
		{ "\0\12\0\011abcdefghi", 13, 0, BAD },
		{ "\0\12\0\017abcdefghijklmno", 19, 0, BAD },
		{ "\0\12\0\051abcdefgh" MORE, 45, 0, BAD },
	};
	uint8_t bytes[80] = "\1\2\1\0\0\1\0\0\0\0\0\1" "\1a\0\0\1\0\1"
	    "\0\0\51\4\320\0\0\0\0\0";
	struct question q;
	uint64_t cookie;

	memcpy(&cookie, "abcdefgh", sizeof(cookie));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bytes[29] = (uint8_t)rows[i].length;
		memcpy(bytes + 30, rows[i].options, rows[i].length);
		ck_assert_int_eq(question_read(&q, bytes, 30 +
		    rows[i].length), rows[i].size == BAD ?
		    QUESTION_FORMERR : QUESTION_OK);
		ck_assert(q.edns);
		ck_assert(q.cookie == (rows[i].at ? cookie : 0));
		ck_assert_uint_eq(q.cookie_at, rows[i].at);
		if (rows[i].at)
			ck_assert_uint_eq(q.cookie_length, rows[i].size);
	}
}
END_TEST

enum edns {
	EDNS_NONE,
	EDNS_PLAIN,
	EDNS_DO,
};

/* A question, the packet it came in and the room for its answer. */
struct talk {
	uint8_t packet[400];
	struct question q;
	struct reply reply;
	uint8_t *bytes;
	size_t length;
};

static void
ask(struct talk *talk, const char *name, enum edns edns)
{
	struct wire_writer w = wire_writer_to(talk->packet,
	    sizeof(talk->packet));
	struct dname qname = dname_from(name);

	wire_write_bytes(&w, ID "\1\20", 4);
	wire_write_bytes(&w, edns ? ONE_MORE : ONE, 8);
	wire_write_bytes(&w, qname.wire, qname.length);
	wire_write32(&w, TYPE_A << 16 | CLASS_IN);
	if (edns == EDNS_PLAIN)
		wire_write_bytes(&w, PLAIN_OPT, 11);
	if (edns == EDNS_DO)
		wire_write_bytes(&w, OPT("\4\320", "\0", "\200\0", "\0\0"),
		    11);
	ck_assert_int_eq(question_read(&talk->q, talk->packet, w.at),
	    QUESTION_OK);
}

static void
start(struct talk *talk, const char *name, enum edns edns, size_t limit)
{
	ask(talk, name, edns);
	talk->length = 0;
	talk->bytes = malloc(limit);
	reply_start(&talk->reply, &talk->q, talk->bytes, limit);
}

static void
finish(struct talk *talk)
{
	talk->length = reply_finish(&talk->reply);
	ck_assert_uint_le(talk->length, talk->reply.limit);
	ck_assert_mem_eq(talk->bytes, talk->packet, 2);
	ck_assert_mem_eq(talk->bytes + 12, talk->packet + 12,
	    talk->q.end - 12u);
}

static ldns_pkt *
parse(const struct talk *talk)
{
	ldns_pkt *pkt = NULL;

	ck_assert_int_eq(ldns_wire2pkt(&pkt, talk->bytes, talk->length),
	    LDNS_STATUS_OK);
	return pkt;
}

static void
show_list(FILE *out, unsigned section, const ldns_rr_list *list)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		char *text = ldns_rr2str(ldns_rr_list_rr(list, i));

		for (char *c = text; *c; c++)
			if (*c == '\t')
				*c = ' ';
		fprintf(out, "%u %s", section, text);
		free(text);
	}
}

/* What ldns sees in the answer (finished here if it is not yet): a line a
 * record, its section ahead. */
static void
expect(struct talk *talk, const char *expected)
{
	static char shown[SHOWN];
	FILE *out = fmemopen(shown, sizeof(shown), "w");
	ldns_pkt *pkt;

	if (talk->length == 0)
		finish(talk);
	pkt = parse(talk);
	shown[0] = '\0';
	show_list(out, 0, ldns_pkt_answer(pkt));
	show_list(out, 1, ldns_pkt_authority(pkt));
	show_list(out, 2, ldns_pkt_additional(pkt));
	fclose(out);
	ck_assert_str_eq(shown, expected);
	ldns_pkt_free(pkt);
	free(talk->bytes);
}

/* Addresses 10.0.0.1 and up, as kept. */
struct kept {
	uint8_t wire[100 * 16];
	struct reply_rrset rrset;
};

static const struct reply_rrset *
keep(struct kept *kept, const uint8_t *owner, uint16_t count)
{
	for (unsigned i = 0; i < count; i++) {
		uint8_t *at = kept->wire + 16 * i;

		memcpy(at, "\300\14\0\1\0\1\0\0\1\54\0\4\12\0\0", 15);
		at[15] = (uint8_t)(i + 1);
	}
	kept->rrset = (struct reply_rrset){ owner, kept->wire, 16u * count,
		count, UINT32_MAX };
	return &kept->rrset;
}

START_TEST(writes_the_plain_answer)
{
	struct talk talk;
	struct kept kept;

	start(&talk, "WwW.Example.", EDNS_NONE, 512);
	ck_assert(reply_records(&talk.reply, REPLY_ANSWER,
	    keep(&kept, NULL, 2)));
	talk.reply.flags |= FLAG_AA;
	finish(&talk);
	ck_assert_uint_eq(talk.length, 29 + 32);
	/* QR, AA, RD and CD; one question, two answers */
	ck_assert_mem_eq(talk.bytes, ID "\205\20\0\1\0\2\0\0\0\0", 12);
	ck_assert_mem_eq(talk.bytes + 29, kept.wire, 32);
	expect(&talk, "0 WwW.Example. 300 IN A 10.0.0.1\n"
	    "0 WwW.Example. 300 IN A 10.0.0.2\n");
}
END_TEST

START_TEST(writes_sections)
{
	struct talk talk;
	struct kept kept;
	struct dname mail = dname_from("mail.example.");
	struct dname www = dname_from("www.example.");
	struct dname zone = dname_from("example."), other = dname_from("b.c.");
	struct dname root = dname_from(".");
	uint8_t mx[2 + DNAME_MAX] = { 0, 10 };
	struct reply_record record = {
		NULL, TYPE_MX, CLASS_IN, 60, 2 + mail.length, mx,
	};

	memcpy(mx + 2, mail.wire, mail.length);
	start(&talk, "Www.Example.", EDNS_DO, 1232);
	ck_assert(reply_record(&talk.reply, REPLY_ANSWER, &record));
	record = (struct reply_record){ zone.wire, TYPE_NS, CLASS_IN, 61,
		other.length, other.wire };
	ck_assert(reply_record(&talk.reply, REPLY_AUTHORITY, &record));
	record.owner = root.wire;
	ck_assert(reply_record(&talk.reply, REPLY_AUTHORITY, &record));
	ck_assert(reply_records(&talk.reply, REPLY_ADDITIONAL,
	    keep(&kept, mail.wire, 2)));
	ck_assert(reply_records(&talk.reply, REPLY_NEEDED,
	    keep(&kept, other.wire, 2)));
	/* Names that stand there already, whole or their ends. */
	kept.rrset.ttl_cap = 7;
	ck_assert(reply_records(&talk.reply, REPLY_ADDITIONAL,
	    keep(&kept, www.wire, 1)));
	ck_assert_uint_eq(reply_find_name(&talk.reply, www.wire), 12);
	ck_assert_uint_eq(reply_find_name(&talk.reply, zone.wire), 16);
	ck_assert_uint_eq(reply_find_name(&talk.reply, root.wire), 0);
	ck_assert_uint_ne(reply_find_name(&talk.reply, mail.wire), 0);
	ck_assert_uint_eq(reply_find_name(&talk.reply, other.wire + 2),
	    reply_find_name(&talk.reply, other.wire) + 2);
	talk.reply.rcode = RCODE_NXDOMAIN;
	expect(&talk, "0 Www.Example. 60 IN MX 10 mail.example.\n"
	    "1 Example. 61 IN NS b.c.\n"
	    "1 . 61 IN NS b.c.\n"
	    "2 mail.Example. 300 IN A 10.0.0.1\n"
	    "2 mail.Example. 300 IN A 10.0.0.2\n"
	    "2 b.c. 300 IN A 10.0.0.1\n"
	    "2 b.c. 300 IN A 10.0.0.2\n"
	    "2 Www.Example. 300 IN A 10.0.0.1\n");
}
END_TEST

/* An owner is written once, its records and later names point at it. */
START_TEST(writes_owners_once)
{
	struct talk talk;
	struct kept kept;
	struct dname name = dname_from("some.other.test.");
	struct dname sub = dname_from("sub.other.test.");

	start(&talk, "a.", EDNS_NONE, 512);
	ck_assert(reply_records(&talk.reply, REPLY_ANSWER,
	    keep(&kept, name.wire, 3)));
	ck_assert_uint_eq(talk.reply.at, 12 + 3 + 4 + 17 + 3 * 14 + 2 * 2);
	ck_assert(reply_records(&talk.reply, REPLY_ANSWER,
	    keep(&kept, sub.wire, 1)));
	ck_assert_uint_eq(talk.reply.at, 82 + 4 + 2 + 14);
	ck_assert(reply_records(&talk.reply, REPLY_ANSWER,
	    keep(&kept, sub.wire, 1)));
	ck_assert_uint_eq(talk.reply.at, 102 + 16);
	expect(&talk, "0 some.other.test. 300 IN A 10.0.0.1\n"
	    "0 some.other.test. 300 IN A 10.0.0.2\n"
	    "0 some.other.test. 300 IN A 10.0.0.3\n"
	    "0 sub.other.test. 300 IN A 10.0.0.1\n"
	    "0 sub.other.test. 300 IN A 10.0.0.1\n");
}
END_TEST

START_TEST(caps_ttls)
{
	struct talk talk;
	struct kept kept;
	struct dname owner = dname_from("x.");
	uint8_t before[32];

	start(&talk, "a.", EDNS_NONE, 512);
	keep(&kept, NULL, 2);
	kept.wire[16 + 9] = 4;		/* 260 */
	kept.wire[16 + 8] = 0;		/* 4 */
	memcpy(before, kept.wire, 32);
	kept.rrset.ttl_cap = 5;
	ck_assert(reply_records(&talk.reply, REPLY_ANSWER, &kept.rrset));
	kept.rrset.owner = owner.wire;
	ck_assert(reply_records(&talk.reply, REPLY_ANSWER, &kept.rrset));
	ck_assert_mem_eq(kept.wire, before, 32);
	expect(&talk, "0 a. 5 IN A 10.0.0.1\n0 a. 4 IN A 10.0.0.2\n"
	    "0 x. 5 IN A 10.0.0.1\n0 x. 4 IN A 10.0.0.2\n");
}
END_TEST

/* Every limit from the least on: an RRset is there whole or not at all, with
 * TC as its section has it, and the message is always a good one. */
START_TEST(keeps_its_limit)
{
	struct dname other = dname_from("b.c."), sub = dname_from("b.c.a.");
	const uint8_t *owners[] = { NULL, other.wire, sub.wire };
	const size_t more[] = { 0, 3, 4 };
	size_t least = 12 + 3 + 4 + 11;

	for (size_t limit = least; limit < 200; limit++) {
		for (unsigned way = 0; way < 12; way++) {
			enum reply_section section = way / 3;
			struct talk talk;
			struct kept kept;
			ldns_pkt *pkt;
			size_t size = 3 * 16 + more[way % 3];
			bool fits = least + size <= limit;

			start(&talk, "a.", EDNS_PLAIN, limit);
			ck_assert_int_eq(reply_records(&talk.reply, section,
			    keep(&kept, owners[way % 3], 3)), fits);
			ck_assert_int_eq(talk.reply.full,
			    !fits && section != REPLY_ADDITIONAL);
			/* Behind one that did not fit nothing comes. */
			ck_assert_int_eq(reply_records(&talk.reply, section,
			    keep(&kept, NULL, 1)), !talk.reply.full &&
			    least + (fits ? size : 0) + 16 <= limit);
			finish(&talk);
			pkt = parse(&talk);
			ck_assert_int_eq(ldns_pkt_tc(pkt),
			    talk.reply.full);
			ck_assert_uint_eq(talk.reply.name_count,
			    fits && way % 3 > 0);
			ldns_pkt_free(pkt);
			free(talk.bytes);
		}
	}
}
END_TEST

START_TEST(keeps_its_limit_by_record)
{
	struct dname other = dname_from("b.c."), cname = dname_from("d.");
	size_t least = 12 + 3 + 4;

	for (unsigned way = 0; way < 2; way++) {
		size_t size = (way ? 5 : 2) + 10 + cname.length;

		for (size_t limit = least; limit < 60; limit++) {
			struct talk talk;
			struct reply_record record = {
				way ? other.wire : NULL, TYPE_CNAME, CLASS_IN,
				9, cname.length, cname.wire,
			};
			bool fits = least + size <= limit;

			start(&talk, "a.", EDNS_NONE, limit);
			ck_assert_int_eq(reply_record(&talk.reply,
			    REPLY_ANSWER, &record), fits);
			ck_assert_int_eq(talk.reply.full, !fits);
			expect(&talk, !fits ? "" : way ?
			    "0 b.c. 9 IN CNAME d.\n" :
			    "0 a. 9 IN CNAME d.\n");
		}
	}
}
END_TEST

/* Pointers reach 16,383: names further on are written again. */
START_TEST(points_within_reach)
{
	struct talk talk;
	struct kept kept;
	static uint8_t filler[20000];
	struct dname name = dname_from("some.long.name.test.");
	struct dname parent = dname_from("long.name.test.");
	struct reply_record big = { NULL, 65280, CLASS_IN, 1, 0, filler };
	ldns_pkt *pkt;

	for (unsigned at = 16370; at < 16400; at++) {
		start(&talk, "a.", EDNS_NONE, WIRE_MAX);
		big.rdata_length = (uint16_t)(at - 19 - 12);
		ck_assert(reply_record(&talk.reply, REPLY_ANSWER, &big));
		ck_assert_uint_eq(talk.reply.at, at);
		ck_assert(reply_records(&talk.reply, REPLY_ANSWER,
		    keep(&kept, name.wire, 2)));
		ck_assert(reply_records(&talk.reply, REPLY_ANSWER,
		    keep(&kept, parent.wire, 2)));
		ck_assert_int_eq(reply_find_name(&talk.reply, name.wire),
		    at <= 0x3fff ? at : 0);
		finish(&talk);
		pkt = parse(&talk);
		for (size_t i = 1; i < 5; i++) {
			ldns_rdf *owner = ldns_rr_owner(ldns_rr_list_rr(
			    ldns_pkt_answer(pkt), i));

			ck_assert(dname_equal(ldns_rdf_data(owner), i < 3 ?
			    name.wire : parent.wire));
		}
		ldns_pkt_free(pkt);
		free(talk.bytes);
	}
}
END_TEST

/* An RRset as large as one can be, behind a CNAME to a long name. */
START_TEST(points_at_a_target)
{
	enum { RECORDS = 4063, EACH = 16 };
	static uint8_t wire[RECORDS * EACH];
	static const uint8_t head[12] = {0xc0, 12, 0, TYPE_A, 0, CLASS_IN,
	    0, 0, 0, 60, 0, 4};
	char label[64] = "", text[200];
	struct dname target;
	struct reply_record cname = { NULL, TYPE_CNAME, CLASS_IN, 60, 0,
	    target.wire };
	struct reply_rrset rrset = { target.wire, wire, sizeof(wire), RECORDS,
	    UINT32_MAX };
	struct talk talk;
	ldns_pkt *pkt;

	for (unsigned i = 0; i < RECORDS; i++) {
		memcpy(wire + i * EACH, head, sizeof(head));
		wire_put16(wire + i * EACH + 14, (uint16_t)i);
	}
	memset(label, 'x', 63);
	snprintf(text, sizeof(text), "%s.%s.%s.", label, label, label);
	target = dname_from(text);
	cname.rdata_length = target.length;
	for (unsigned spare = 0; spare < 2; spare++) {
		/* Question, CNAME and addresses, to the last byte. */
		start(&talk, "a.", EDNS_NONE, 12 + 7 + 12 + target.length +
		    sizeof(wire) - 1 + spare);
		ck_assert(reply_record(&talk.reply, REPLY_ANSWER, &cname));
		reply_know_last(&talk.reply, target.length);
		ck_assert_int_eq(reply_records(&talk.reply, REPLY_ANSWER,
		    &rrset), spare);
		finish(&talk);
		pkt = parse(&talk);
		ck_assert_int_eq(ldns_pkt_tc(pkt), !spare);
		ck_assert_uint_eq(ldns_pkt_ancount(pkt), spare ? 1 + RECORDS :
		    1);
		if (spare)
			ck_assert(dname_equal(ldns_rdf_data(ldns_rr_owner(
			    ldns_rr_list_rr(ldns_pkt_answer(pkt), RECORDS))),
			    target.wire));
		ldns_pkt_free(pkt);
		free(talk.bytes);
	}
}
END_TEST

/* More owners than are remembered: all are right all the same. */
START_TEST(forgets_names)
{
	struct talk talk;
	struct kept kept;
	char text[40];
	ldns_pkt *pkt;

	start(&talk, "a.", EDNS_NONE, WIRE_MAX);
	for (unsigned i = 0; i < 2 * REPLY_NAMES; i++) {
		struct dname name;

		snprintf(text, sizeof(text), "n%u.t%u.", i, i);
		name = dname_from(text);
		ck_assert(reply_records(&talk.reply, REPLY_ANSWER,
		    keep(&kept, name.wire, 2)));
	}
	ck_assert_uint_eq(talk.reply.name_count, REPLY_NAMES);
	finish(&talk);
	pkt = parse(&talk);
	for (unsigned i = 0; i < 4 * REPLY_NAMES; i++) {
		struct dname name;

		snprintf(text, sizeof(text), "n%u.t%u.", i / 2, i / 2);
		name = dname_from(text);
		ck_assert_mem_eq(ldns_rdf_data(ldns_rr_owner(ldns_rr_list_rr(
		    ldns_pkt_answer(pkt), i))), name.wire, name.length);
	}
	ldns_pkt_free(pkt);
	free(talk.bytes);
}
END_TEST

static const struct {
	enum edns edns;
	uint16_t rcode;
	enum dns_ede ede;
	const char *text;
	size_t more;			/* room for the OPT's data */
	const char *opt;		/* from the size on; NULL: none */
	size_t opt_length;
} opts[] = {
	{ EDNS_NONE, RCODE_SERVFAIL, EDE_NOT_READY, "no", 100, NULL, 0 },
	{ EDNS_PLAIN, 0, EDE_NONE, NULL, 100, PACKET("\4\320\0\0\0\0\0\0") },
	{ EDNS_DO, 0, EDE_NONE, NULL, 0, PACKET("\4\320\0\0\200\0\0\0") },
	{ EDNS_PLAIN, RCODE_BADVERS, EDE_NONE, NULL, 0,
	  PACKET("\4\320\1\0\0\0\0\0") },
	{ EDNS_DO, 0xabc, EDE_NONE, NULL, 0,
	  PACKET("\4\320\253\0\200\0\0\0") },
	{ EDNS_PLAIN, RCODE_SERVFAIL, EDE_NOT_READY, NULL, 6,
	  PACKET("\4\320\0\0\0\0\0\6\0\17\0\2\0\16") },
	{ EDNS_PLAIN, RCODE_SERVFAIL, EDE_NOT_READY, "no", 8,
	  PACKET("\4\320\0\0\0\0\0\10\0\17\0\4\0\16no") },
	{ EDNS_PLAIN, RCODE_SERVFAIL, EDE_OTHER, "no", 7,
	  PACKET("\4\320\0\0\0\0\0\6\0\17\0\2\0\0") },
	{ EDNS_PLAIN, RCODE_SERVFAIL, EDE_OTHER, "no", 5,
	  PACKET("\4\320\0\0\0\0\0\0") },
};

START_TEST(writes_opt)
{
	struct talk talk;
	size_t end = 12 + 3 + 4;

	start(&talk, "a.", opts[_i].edns, end + 11 + opts[_i].more);
	reply_ede(&talk.reply, EDE_STALE, "told first");
	if (opts[_i].ede != EDE_NONE)
		reply_ede(&talk.reply, opts[_i].ede, opts[_i].text);
	else
		talk.reply.ede = EDE_NONE;
	talk.reply.rcode = opts[_i].rcode;
	finish(&talk);
	ck_assert_uint_eq(talk.bytes[3] & 15, opts[_i].rcode & 15);
	ck_assert_uint_eq(wire_get16(talk.bytes + 10), opts[_i].opt != NULL);
	if (opts[_i].opt) {
		ck_assert_uint_eq(talk.length, end + 3 + opts[_i].opt_length);
		ck_assert_mem_eq(talk.bytes + end, "\0\0\51", 3);
		ck_assert_mem_eq(talk.bytes + end + 3, opts[_i].opt,
		    opts[_i].opt_length);
	} else {
		ck_assert_uint_eq(talk.length, end);
	}
	expect(&talk, "");
}
END_TEST

START_TEST(cuts_long_words)
{
	struct talk talk;
	char words[500];

	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	start(&talk, "a.", EDNS_PLAIN, 512);
	reply_ede(&talk.reply, EDE_OTHER, words);
	finish(&talk);
	ck_assert_uint_eq(talk.length, 19 + 11 + 6 + REPLY_EDE_TEXT_MAX);
	expect(&talk, "");
}
END_TEST

START_TEST(clears)
{
	struct talk talk;
	struct kept kept;
	struct dname other = dname_from("b.c.");

	start(&talk, "a.", EDNS_PLAIN, 200);
	talk.reply.flags |= FLAG_AA | FLAG_AD;
	ck_assert(reply_records(&talk.reply, REPLY_ANSWER,
	    keep(&kept, other.wire, 2)));
	ck_assert(!reply_records(&talk.reply, REPLY_AUTHORITY,
	    keep(&kept, NULL, 50)));
	reply_ede(&talk.reply, EDE_OTHER, "why");
	talk.reply.rcode = RCODE_SERVFAIL;
	reply_clear(&talk.reply);
	ck_assert_uint_eq(reply_find_name(&talk.reply, other.wire), 0);
	finish(&talk);
	ck_assert_mem_eq(talk.bytes, ID "\201\22\0\1\0\0\0\0\0\1", 12);
	ck_assert_uint_eq(talk.length, 19 + 11 + 9);
	reply_clear(&talk.reply);
	talk.length = 0;
	ck_assert(reply_records(&talk.reply, REPLY_ANSWER,
	    keep(&kept, NULL, 1)));
	expect(&talk, "0 a. 300 IN A 10.0.0.1\n");
}
END_TEST

/* An error answers as much of the question as was understood. */
START_TEST(writes_errors)
{
	struct question q;
	uint8_t *packet = copy_alone(packets[_i].packet, packets[_i].length);
	uint8_t *bytes = malloc(12 + 259 + 11);
	size_t end = packets[_i].end, length;

	question_read(&q, packet, packets[_i].length);
	if (end > 0) {
		length = reply_error(&q, RCODE_BADVERS, bytes);
		ck_assert_uint_eq(length, end + (packets[_i].edns ? 11 : 0));
		ck_assert_mem_eq(bytes, ID, 2);
		ck_assert_uint_eq(wire_get16(bytes + 2), FLAG_QR |
		    (q.flags & (FLAG_OPCODE | FLAG_RD | FLAG_CD)));
		ck_assert_uint_eq(wire_get16(bytes + 4), end > 12);
		ck_assert_mem_eq(bytes + 12, packet + 12, end - 12);
		ck_assert_uint_eq(wire_get16(bytes + 10), packets[_i].edns);
		if (packets[_i].edns)
			ck_assert_uint_eq(bytes[length - 6], 1);
	}
	free(bytes);
	free(packet);
}
END_TEST

START_TEST(asserts_its_least)
{
	struct talk talk;

	start(&talk, "a.", EDNS_PLAIN, 12 + 3 + 4 + 10);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reply");
	TCase *tcase = tcase_create("reply");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, reads_questions, 0, COUNT(packets));
	tcase_add_loop_test(tcase, reads_whole_questions, 0, COUNT(packets));
	tcase_add_test(tcase, reads_longest_names);
	tcase_add_test(tcase, reads_cookies);
	tcase_add_test(tcase, writes_the_plain_answer);
	tcase_add_test(tcase, writes_sections);
	tcase_add_test(tcase, writes_owners_once);
	tcase_add_test(tcase, caps_ttls);
	tcase_add_test(tcase, keeps_its_limit);
	tcase_add_test(tcase, keeps_its_limit_by_record);
	tcase_add_test(tcase, points_within_reach);
	tcase_add_test(tcase, points_at_a_target);
	tcase_add_test(tcase, forgets_names);
	tcase_add_loop_test(tcase, writes_opt, 0, COUNT(opts));
	tcase_add_test(tcase, cuts_long_words);
	tcase_add_test(tcase, clears);
	tcase_add_loop_test(tcase, writes_errors, 0, COUNT(packets));
	tcase_add_test_raise_signal(tcase, asserts_its_least, SIGABRT);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
