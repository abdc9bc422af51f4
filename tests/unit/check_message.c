/* SPDX-License-Identifier: BSD-2-Clause */
/* Types, cursors, rdata and the reading of messages. */
#include <check.h>
#include <dirent.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/message.h"
#include "dns/rdata.h"
#include "dns/types.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(*(a))))
#define CUTS_MAX 400			/* bytes of a message that is cut */

/* ---- types ---- */

/* What ldns knows by name has that name; we know a few more. */
START_TEST(types_as_ldns)
{
	unsigned known = 0;

	for (unsigned type = 1; type <= UINT16_MAX; type++) {
		char ours[TYPE_TEXT], small[TYPE_TEXT];
		char *theirs = ldns_rr_type2str((ldns_rr_type)type);
		uint16_t back = 0;

		type_print((uint16_t)type, ours);
		if (strncmp(theirs, "TYPE", 4) != 0) {
			ck_assert_str_eq(ours, theirs);
			known++;
		}
		free(theirs);
		for (size_t i = 0; i < TYPE_TEXT; i++)
			small[i] = ours[i] >= 'A' && ours[i] <= 'Z' ?
			    (char)(ours[i] + 32) : ours[i];
		ck_assert(type_parse(&back, ours, strlen(ours)));
		ck_assert_uint_eq(back, type);
		back = 0;
		ck_assert(type_parse(&back, small, strlen(small)));
		ck_assert_uint_eq(back, type);
	}
	ck_assert_uint_gt(known, 70);
}
END_TEST

START_TEST(types_unknown)
{
	static const char *const words[] = { "", "AA", "TYPE", "TYPEx",
		"TYPE65536", "TYPE1x", "TYPE-1", "TYPE000001", "CNAM",
		"CNAMES", "IN", "NSAP-PTR " };
	uint16_t type;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		ck_assert_msg(!type_parse(&type, words[i], strlen(words[i])),
		    "%s", words[i]);
	ck_assert(!type_parse(&type, "A\0", 2));
	ck_assert(type_parse(&type, "AAAA", 1) && type == TYPE_A);
	ck_assert(type_parse(&type, "type1", 5) && type == TYPE_A);
	ck_assert(type_parse(&type, "nsap_ptr", 8) && type == TYPE_NSAP_PTR);
	ck_assert(type_parse(&type, "nsap-ptr", 8) && type == TYPE_NSAP_PTR);
}
END_TEST

START_TEST(types_meta)
{
	ck_assert(type_is_meta(TYPE_OPT) && type_is_meta(TYPE_ANY));
	ck_assert(type_is_meta(128) && type_is_meta(TYPE_TSIG));
	ck_assert(!type_is_meta(127) && !type_is_meta(TYPE_URI));
	ck_assert(!type_is_meta(TYPE_A) && !type_is_meta(TYPE_RRSIG));
	ck_assert_str_eq(rcode_name(RCODE_NXDOMAIN), "NXDOMAIN");
	ck_assert_str_eq(rcode_name(RCODE_BADVERS), "BADVERS");
	ck_assert_str_eq(rcode_name(10), "NOTZONE");
	ck_assert_str_eq(rcode_name(11), "RESERVED");
}
END_TEST

/* ---- cursors ---- */

START_TEST(reader_ends)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct wire_reader r = wire_reader_at(bytes, 8, 1);

	ck_assert_uint_eq(wire_read8(&r), 2);
	ck_assert_uint_eq(wire_read16(&r), 0x0304);
	ck_assert_uint_eq(wire_read32(&r), 0x05060708);
	ck_assert(!r.failed && r.at == 8);
	ck_assert_uint_eq(wire_read8(&r), 0);
	ck_assert(r.failed && r.at == 8);
	r = wire_reader_at(bytes, 8, 5);
	ck_assert_uint_eq(wire_read32(&r), 0);
	ck_assert(r.failed);
	/* Once failed, always. */
	ck_assert_uint_eq(wire_read8(&r), 0);
	ck_assert_ptr_null(wire_read_bytes(&r, 0));
	r = wire_reader_at(bytes, 8, 9);
	ck_assert(r.failed);
	r = wire_reader_at(bytes, 8, 8);
	ck_assert_ptr_nonnull(wire_read_bytes(&r, 0));
	ck_assert_ptr_null(wire_read_bytes(&r, SIZE_MAX));
	ck_assert(r.failed);
}
END_TEST

START_TEST(writer_ends)
{
	uint8_t bytes[9];
	struct wire_writer w = wire_writer_to(bytes, 8);

	bytes[7] = bytes[8] = 0xee;
	wire_write8(&w, 1);
	wire_write16(&w, 0x0203);
	wire_write32(&w, 0x04050607);
	ck_assert_mem_eq(bytes, "\1\2\3\4\5\6\7", 7);
	wire_write16(&w, 0x0809);
	ck_assert(w.failed && w.at == 7);
	wire_write8(&w, 8);
	ck_assert(w.at == 7 && bytes[7] == 0xee);
	w = wire_writer_to(bytes, 8);
	wire_write_bytes(&w, "12345678", 8);
	ck_assert(!w.failed && w.at == 8 && bytes[8] == 0xee);
	wire_write_bytes(&w, NULL, 0);
	ck_assert(!w.failed);
}
END_TEST

/* A header of 12, then names. */
#define HEADER "............"

static const struct {
	const char *bytes;
	size_t length, at;
	const char *name;		/* NULL: refused */
	size_t end;
} pointers[] = {
#define BYTES(s) HEADER s, sizeof(HEADER s) - 1
	{ BYTES("\1a\0"), 12, "a.", 15 },
	{ BYTES("\1a\0\1B\300\14x"), 15, "B.a.", 19 },
	{ BYTES("\1a\0\300\14\300\17"), 17, "a.", 19 },
	{ BYTES("\0\300\14"), 13, ".", 15 },
	/* to itself, forward, into the header, past what was read */
	{ BYTES("\300\14"), 12, NULL, 0 },
	{ BYTES("\300\16\1a\0"), 12, NULL, 0 },
	{ BYTES("\300\0"), 12, NULL, 0 },
	{ BYTES("\300\13"), 12, NULL, 0 },
	{ BYTES("\1a\300\14"), 12, NULL, 0 },
	{ BYTES("\1a\300\20\1b\300\14"), 16, NULL, 0 },
	{ BYTES("\1a\1b\0\300\16\300\14"), 19, "a.b.", 21 },
	/* label types of nobody */
	{ BYTES("\100\1a\0"), 12, NULL, 0 },
	{ BYTES("\200\1a\0"), 12, NULL, 0 },
	/* cut off */
	{ BYTES("\1a"), 12, NULL, 0 },
	{ BYTES("\2a"), 12, NULL, 0 },
	{ BYTES("\1a\300"), 12, NULL, 0 },
};

START_TEST(follows_pointers)
{
	size_t length = pointers[_i].length;
	uint8_t *bytes = malloc(length);
	struct wire_reader r;
	char text[DNAME_TEXT_MAX];
	struct dname name;

	memcpy(bytes, pointers[_i].bytes, length);
	r = wire_reader_at(bytes, length, pointers[_i].at);
	wire_read_dname(&r, &name);
	ck_assert_int_eq(r.failed, pointers[_i].name == NULL);
	if (!r.failed) {
		ck_assert_str_eq(dname_print(name.wire, text),
		    pointers[_i].name);
		ck_assert_uint_eq(r.at, pointers[_i].end);
	} else {
		ck_assert_uint_eq(name.length, 1);
	}
	free(bytes);
}
END_TEST

/* Each name is a letter and a pointer to the one before. */
START_TEST(bounds_pointers)
{
	uint8_t bytes[600] = { [12] = 0 };
	size_t before = 12, at = 13;
	struct wire_reader r;
	struct dname name;

	for (unsigned i = 1; i <= 130; i++) {
		bytes[at] = 1;
		bytes[at + 1] = 'a';
		wire_put16(bytes + at + 2, (uint16_t)(0xc000 | before));
		r = wire_reader_at(bytes, sizeof(bytes), at);
		wire_read_dname(&r, &name);
		ck_assert_int_eq(r.failed, i > 127);
		if (!r.failed)
			ck_assert_uint_eq(name.labels, i);
		before = at;
		at += 4;
	}
	/* Not into the header, whatever stands there. */
	bytes[13] = 0xc0;
	bytes[14] = 11;
	r = wire_reader_at(bytes, sizeof(bytes), 13);
	wire_read_dname(&r, &name);
	ck_assert(r.failed);
	/* Pointers to pointers: 127 of them. */
	before = 12;
	at = 13;
	for (unsigned i = 1; i <= 130; i++) {
		wire_put16(bytes + at, (uint16_t)(0xc000 | before));
		r = wire_reader_at(bytes, sizeof(bytes), at);
		wire_read_dname(&r, &name);
		ck_assert_int_eq(r.failed, i > 127);
		before = at;
		at += 2;
	}
}
END_TEST

/* ---- rdata ---- */

/* Rdata as ldns makes it of its text is valid, no cut of it is (but where the
 * type ends in bytes of any number: the least that it needs), and a byte more
 * is not either. */
static const struct {
	const char *type, *text;
	int least;			/* -1: the whole */
} rdatas[] = {
	{ "A", "192.0.2.1", -1 },
	{ "AAAA", "2001:db8::1", -1 },
	{ "NS", "ns.example.", -1 },
	{ "CNAME", ".", -1 },
	{ "DNAME", "a.b.", -1 },
	{ "SOA", "ns.example. host.example. 1 2 3 4 5", -1 },
	{ "PTR", "a.example.", -1 },
	{ "MX", "10 mail.example.", -1 },
	{ "HINFO", "\"cpu\" \"os\"", -1 },
	{ "MINFO", "a. b.", -1 },
	{ "RP", "a. b.", -1 },
	{ "AFSDB", "1 a.", -1 },
	{ "X25", "311061700956", -1 },
	{ "RT", "1 a.", -1 },
	{ "PX", "1 a. b.", -1 },
	{ "LOC", "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m", -1 },
	{ "SRV", "1 2 53 a.example.", -1 },
	{ "NAPTR", "1 2 \"u\" \"E2U+sip\" \"!a!b!\" .", -1 },
	{ "KX", "1 a.", -1 },
	{ "EUI48", "00-00-5e-00-53-2a", -1 },
	{ "EUI64", "00-00-5e-ef-10-00-00-2a", -1 },
	{ "L32", "10 10.1.2.0", -1 },
	{ "L64", "10 2001:0db8:1140:1000", -1 },
	{ "NID", "10 0014:4fff:ff20:ee64", -1 },
	{ "LP", "10 a.", -1 },
	{ "DS", "1 13 2 "
	  "abababababababababababababababababababababababababababababababab",
	  5 },
	{ "SSHFP", "1 1 abababababababababababababababababababab", 3 },
	{ "TLSA", "3 1 1 abab", 4 },
	{ "SMIMEA", "3 1 1 abab", 4 },
	{ "DNSKEY", "257 3 13 AAAAAAAA", 5 },
	{ "CDS", "0 0 0 00", 5 },
	{ "CDNSKEY", "0 3 0 AA==", 5 },
	{ "RRSIG", "A 13 1 60 20300101000000 20200101000000 1 a. AAAA", 22 },
	{ "CERT", "1 1 8 AAAA", 5 },
	{ "OPENPGPKEY", "AAAA", 1 },
	{ "DHCID", "AAIB", 1 },
	{ "URI", "1 1 \"http://a/\"", 5 },
	{ "CAA", "0 issue \"ca.example\"", 7 },
	{ "ZONEMD", "1 1 1 "
	  "abababababababababababababababababababababababababababababababab"
	  "abababababababababababababababab", 7 },
};

static size_t
rdata_by_ldns(const char *type, const char *text, uint8_t *to)
{
	char line[500];
	ldns_rr *rr;
	ldns_buffer *buffer = ldns_buffer_new(1000);
	size_t length;

	snprintf(line, sizeof(line), "x. 1 IN %s %s", type, text);
	ck_assert_msg(ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL) ==
	    LDNS_STATUS_OK, "%s", line);
	ck_assert_int_eq(ldns_rr_rdata2buffer_wire(buffer, rr),
	    LDNS_STATUS_OK);
	length = ldns_buffer_position(buffer);
	memcpy(to, ldns_buffer_begin(buffer), length);
	ldns_buffer_free(buffer);
	ldns_rr_free(rr);
	return length;
}

static bool
is_valid_alone(uint16_t type, const uint8_t *rdata, size_t length)
{
	uint8_t *alone = malloc(length + 1);
	bool valid;

	memcpy(alone, rdata, length);
	alone = realloc(alone, length ? length : 1);
	valid = rdata_is_valid(type, alone, length);
	free(alone);
	return valid;
}

START_TEST(rdata_has_its_length)
{
	uint8_t rdata[1000], copy[1000];
	size_t length = rdata_by_ldns(rdatas[_i].type, rdatas[_i].text, rdata);
	int least = rdatas[_i].least < 0 ? (int)length : rdatas[_i].least;
	struct wire_reader r = wire_reader_at(rdata, length, 0);
	struct wire_writer w = wire_writer_to(copy, length);
	uint16_t type;

	ck_assert(type_parse(&type, rdatas[_i].type, strlen(rdatas[_i].type)));
	for (size_t cut = 0; cut <= length; cut++)
		ck_assert_msg(is_valid_alone(type, rdata, cut) ==
		    ((int)cut >= least), "%s %s cut at %zu", rdatas[_i].type,
		    rdatas[_i].text, cut);
	rdata[length] = 0;
	ck_assert_int_eq(is_valid_alone(type, rdata, length + 1),
	    least < (int)length || rdatas[_i].least == (int)length);
	rdata_copy(&r, type, length, &w);
	ck_assert(!r.failed && !w.failed && w.at == length);
	ck_assert_mem_eq(copy, rdata, length);
	w = wire_writer_to(copy, length - 1);
	r = wire_reader_at(rdata, length, 0);
	rdata_copy(&r, type, length, &w);
	ck_assert(!r.failed && w.failed);
}
END_TEST

/* Types whose parts may be left out at the end, or come several times. */
static const struct {
	uint16_t type;
	bool valid;
	const char *rdata;
	size_t length;
} forms[] = {
#define RDATA(s) s, sizeof(s) - 1
	{ TYPE_TXT, true, RDATA("\0") },
	{ TYPE_TXT, true, RDATA("\1a\0\2bc") },
	{ TYPE_TXT, false, RDATA("") },
	{ TYPE_TXT, false, RDATA("\1a\2b") },
	{ TYPE_SPF, false, RDATA("\5abc") },
	{ TYPE_ISDN, true, RDATA("\3" "123" "\1" "4") },
	{ TYPE_GPOS, true, RDATA("\0011\0012\0013") },
	{ TYPE_GPOS, false, RDATA("\0011\0012") },
	{ TYPE_SVCB, true, RDATA("\0\1\0") },
	{ TYPE_HTTPS, true, RDATA("\0\1\1a\0\0\1\0\3\2h2\0\3\0\2\1\273") },
	{ TYPE_HTTPS, false, RDATA("\0\1\0\0\3\0\2\1\273\0\1\0\3\2h2") },
	{ TYPE_HTTPS, false, RDATA("\0\1\0\0\3\0\2\1\273\0\3\0\2\1\273") },
	{ TYPE_HTTPS, false, RDATA("\0\1\0\0\1\0\4\2h2") },
	{ TYPE_HTTPS, false, RDATA("\0\1\0\0\1\0") },
	{ TYPE_HTTPS, false, RDATA("\0\1\300\14") },
	{ TYPE_NSEC, true, RDATA("\1a\0\0\1\100") },
	{ TYPE_NSEC, true, RDATA("\0\0\1\100\1\1\100") },
	{ TYPE_NSEC, false, RDATA("\0\1\1\100\0\1\100") },
	{ TYPE_NSEC, false, RDATA("\0\0\1\100\0\1\100") },
	{ TYPE_NSEC, false, RDATA("\0\0\0") },
	{ TYPE_NSEC, false, RDATA("\0\0\2\100") },
	{ TYPE_NSEC, false, RDATA("\0\0\41"
	    "01234567890123456789012345678901\1") },
	{ TYPE_NSEC3, true, RDATA("\1\0\0\1\1a\2bc\0\1\100") },
	{ TYPE_NSEC3, true, RDATA("\1\0\0\1\0\2bc") },
	{ TYPE_NSEC3, false, RDATA("\1\0\0\1\0\0") },
	{ TYPE_NSEC3PARAM, true, RDATA("\1\0\0\1\0") },
	{ TYPE_NSEC3PARAM, false, RDATA("\1\0\0\1\1") },
	{ TYPE_CSYNC, true, RDATA("\0\0\0\1\0\3\0\1\100") },
	{ TYPE_CAA, false, RDATA("\0\0ca") },
	{ TYPE_CAA, true, RDATA("\0\1a") },
	{ TYPE_APL, true, RDATA("") },
	{ TYPE_APL, true, RDATA("\0\1\30\203\300\0\2\0\2\40\1\40") },
	{ TYPE_APL, false, RDATA("\0\1\30\3\300\0") },
	{ TYPE_OPT, true, RDATA("") },
	{ TYPE_OPT, true, RDATA("\0\12\0\2ab\0\17\0\0") },
	{ TYPE_OPT, false, RDATA("\0\12\0\3ab") },
	{ TYPE_OPT, false, RDATA("\0\12\0") },
	{ 10, true, RDATA("") },
	{ 65280, true, RDATA("any\0thing") },
	{ 257 + 2, true, RDATA("x") },
};

START_TEST(rdata_has_its_form)
{
	ck_assert_int_eq(is_valid_alone(forms[_i].type,
	    (const uint8_t *)forms[_i].rdata, forms[_i].length),
	    forms[_i].valid);
}
END_TEST

/* Which types may have a pointer, and where it comes out. */
START_TEST(rdata_is_uncompressed)
{
	static const struct {
		uint16_t type;
		const char *rdata;
		size_t length;
		const char *copy;	/* NULL: refused */
		size_t copied;
	} cases[] = {
		{ TYPE_NS, RDATA("\300\14"), RDATA("\1a\0") },
		{ TYPE_PTR, RDATA("\1b\300\14"), RDATA("\1b\1a\0") },
		{ TYPE_MX, RDATA("\0\1\300\14"), RDATA("\0\1\1a\0") },
		{ TYPE_SOA, RDATA("\300\14\1h\300\14" "12345678901234567890"),
		  RDATA("\1a\0\1h\1a\0" "12345678901234567890") },
		{ TYPE_MINFO, RDATA("\300\14\300\14"), RDATA("\1a\0\1a\0") },
		{ TYPE_SRV, RDATA("123456\300\14"), RDATA("123456\1a\0") },
		{ TYPE_NAPTR, RDATA("1234\0\0\0\300\14"),
		  RDATA("1234\0\0\0\1a\0") },
		{ TYPE_RP, RDATA("\0\300\14"), RDATA("\0\1a\0") },
		{ TYPE_DNAME, RDATA("\300\14"), NULL, 0 },
		{ TYPE_KX, RDATA("12\300\14"), NULL, 0 },
		{ TYPE_RRSIG, RDATA("123456789012345678\300\14x"), NULL, 0 },
		{ TYPE_NSEC, RDATA("\300\14"), NULL, 0 },
		{ TYPE_HTTPS, RDATA("\0\1\300\14"), NULL, 0 },
		/* The pointer's second byte, and bytes behind the name. */
		{ TYPE_NS, RDATA("\300"), NULL, 0 },
		{ TYPE_NS, RDATA("\300\14x"), NULL, 0 },
		{ TYPE_NS, RDATA("\1b"), NULL, 0 },
		{ 65280, RDATA("\300\14"), RDATA("\300\14") },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t message[100] = HEADER "\1a";
		uint8_t copy[100];
		struct wire_reader r = wire_reader_at(message,
		    sizeof(message), 15), s = r;
		struct wire_writer w = wire_writer_to(copy, sizeof(copy));

		memcpy(message + 15, cases[i].rdata, cases[i].length);
		rdata_copy(&r, cases[i].type, cases[i].length, &w);
		rdata_skip(&s, cases[i].type, cases[i].length);
		ck_assert_msg(r.failed == (cases[i].copy == NULL), "%zu", i);
		ck_assert_int_eq(s.failed, r.failed);
		if (r.failed)
			continue;
		ck_assert_uint_eq(r.at, 15 + cases[i].length);
		ck_assert_uint_eq(s.at, r.at);
		ck_assert_uint_eq(w.at, cases[i].copied);
		ck_assert_mem_eq(copy, cases[i].copy, w.at);
		/* Alone a pointer has nowhere to lead. */
		if (cases[i].type != 65280)
			ck_assert(!rdata_is_valid(cases[i].type,
			    message + 15, cases[i].length));
	}
}
END_TEST

START_TEST(rdata_plain_names_end)
{
	uint8_t rdata[300];

	memset(rdata, 'a', sizeof(rdata));
	for (unsigned i = 0; i < 256; i += 64)
		rdata[i] = 63;
	rdata[192] = 61;
	rdata[254] = 0;
	ck_assert(rdata_is_valid(TYPE_DNAME, rdata, 255));
	rdata[192] = 62;
	rdata[255] = 0;
	ck_assert(!rdata_is_valid(TYPE_DNAME, rdata, 256));
	ck_assert(!rdata_is_valid(TYPE_NS, rdata, 256));
}
END_TEST

START_TEST(rdata_knows_targets)
{
	static const struct {
		uint16_t type;
		int at;
	} cases[] = {
		{ TYPE_NS, 0 }, { TYPE_CNAME, 0 }, { TYPE_PTR, 0 },
		{ TYPE_DNAME, 0 }, { TYPE_MX, 2 }, { TYPE_KX, 2 },
		{ TYPE_AFSDB, 2 }, { TYPE_SVCB, 2 }, { TYPE_HTTPS, 2 },
		{ TYPE_SRV, 6 }, { TYPE_A, -1 }, { TYPE_SOA, -1 },
		{ TYPE_TXT, -1 }, { TYPE_NAPTR, -1 },
	};
	uint8_t rdata[300] = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		ck_assert_ptr_eq(rdata_target(cases[i].type, rdata),
		    cases[i].at < 0 ? NULL : rdata + cases[i].at);
}
END_TEST

/* ---- messages ---- */

struct file {
	char name[80];
	uint8_t bytes[2000];
	size_t length;
	size_t asked_length;
};

/* The next message of the corpus that bears its own question. */
static bool
next_file(DIR *folder, struct file *file)
{
	struct dirent *entry;
	uint8_t mode;

	while ((entry = readdir(folder)) != NULL) {
		char path[1000];
		struct dname name;
		FILE *in;

		snprintf(path, sizeof(path),
		    "%s/tests/fuzz/corpus/answer/%s", getenv("abs_top_srcdir"),
		    entry->d_name);
		snprintf(file->name, sizeof(file->name), "%.79s",
		    entry->d_name);
		if (entry->d_name[0] == '.' || !(in = fopen(path, "rb")))
			continue;
		if (fread(&mode, 1, 1, in) != 1)
			mode = 1;
		file->length = fread(file->bytes, 1, sizeof(file->bytes), in);
		fclose(in);
		if (mode != 0 || file->length < WIRE_HEADER ||
		    !dname_read(&name, file->bytes + WIRE_HEADER,
		    file->length - WIRE_HEADER))
			continue;
		file->asked_length = WIRE_HEADER + name.length + 4u;
		return true;
	}
	return false;
}

static DIR *
open_corpus(void)
{
	char path[1000];
	DIR *folder;

	ck_assert_ptr_nonnull(getenv("abs_top_srcdir"));
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/answer",
	    getenv("abs_top_srcdir"));
	folder = opendir(path);
	ck_assert_ptr_nonnull(folder);
	return folder;
}

static enum message_result
read_alone(const struct file *file, size_t length)
{
	uint8_t *alone = malloc(length + 1);
	enum message_result result;
	struct message m;

	memcpy(alone, file->bytes, length);
	alone = realloc(alone, length ? length : 1);
	result = message_read(&m, alone, length, file->bytes,
	    file->asked_length);
	free(alone);
	return result;
}

/* A record of ours against the same one of ldns. */
static void
compare_record(const struct message *m, const struct message_record *record,
    const ldns_rr *rr)
{
	uint8_t copy[2000];
	struct wire_reader r = wire_reader_at(m->bytes, m->length,
	    record->rdata_at);
	struct wire_writer w = wire_writer_to(copy, sizeof(copy));
	ldns_buffer *buffer = ldns_buffer_new(2000);

	rdata_copy(&r, record->type, record->rdata_length, &w);
	ck_assert(!r.failed && !w.failed);
	ck_assert_uint_eq(record->type, ldns_rr_get_type(rr));
	ck_assert_uint_eq(record->class, ldns_rr_get_class(rr));
	if (ldns_rr_ttl(rr) < 0x80000000)
		ck_assert_uint_eq(record->ttl, ldns_rr_ttl(rr));
	else
		ck_assert_uint_eq(record->ttl, 0);
	ck_assert_uint_eq(record->owner.length,
	    ldns_rdf_size(ldns_rr_owner(rr)));
	ck_assert_mem_eq(record->owner.wire, ldns_rdf_data(ldns_rr_owner(rr)),
	    record->owner.length);
	ck_assert_int_eq(ldns_rr_rdata2buffer_wire(buffer, rr),
	    LDNS_STATUS_OK);
	ck_assert_uint_eq(w.at, ldns_buffer_position(buffer));
	ck_assert_mem_eq(copy, ldns_buffer_begin(buffer), w.at);
	ldns_buffer_free(buffer);
}

static void
compare_message(const struct file *file, const ldns_pkt *pkt)
{
	ldns_rr_list *lists[] = { ldns_pkt_answer(pkt),
		ldns_pkt_authority(pkt), ldns_pkt_additional(pkt) };
	size_t seen[3] = { 0 };
	struct message_walk walk = { 0 };
	struct message_record record;
	struct message m;

	ck_assert_int_eq(message_read(&m, file->bytes, file->length,
	    file->bytes, file->asked_length), MESSAGE_OK);
	ck_assert_uint_eq(m.id, ldns_pkt_id(pkt));
	ck_assert_int_eq(m.edns, ldns_pkt_edns(pkt));
	ck_assert_uint_eq(m.rcode, ldns_pkt_get_rcode(pkt) |
	    (m.edns ? ldns_pkt_edns_extended_rcode(pkt) << 4 : 0));
	while (message_next(&m, &walk, &record)) {
		size_t i = seen[record.section]++;

		ck_assert_uint_lt(i, ldns_rr_list_rr_count(
		    lists[record.section]));
		compare_record(&m, &record,
		    ldns_rr_list_rr(lists[record.section], i));
	}
	for (unsigned s = 0; s < 3; s++)
		ck_assert_uint_eq(seen[s], ldns_rr_list_rr_count(lists[s]));
}

/* Every message that we take, ldns takes, and shows the same records. */
START_TEST(messages_as_ldns)
{
	DIR *folder = open_corpus();
	static struct file file;
	unsigned compared = 0;

	while (next_file(folder, &file)) {
		ldns_pkt *pkt = NULL;

		if (read_alone(&file, file.length) != MESSAGE_OK ||
		    strcmp(file.name, "class-ch") == 0)
			continue;
		ck_assert_msg(ldns_wire2pkt(&pkt, file.bytes, file.length) ==
		    LDNS_STATUS_OK, "%s", file.name);
		compare_message(&file, pkt);
		ldns_pkt_free(pkt);
		compared++;
	}
	closedir(folder);
	ck_assert_uint_ge(compared, 15);
}
END_TEST

START_TEST(messages_are_whole)
{
	DIR *folder = open_corpus();
	static struct file file;
	unsigned cut = 0;

	while (next_file(folder, &file)) {
		if (file.length > CUTS_MAX ||
		    read_alone(&file, file.length) != MESSAGE_OK)
			continue;
		for (size_t length = 0; length < file.length; length++)
			ck_assert_int_eq(read_alone(&file, length),
			    length < file.asked_length ? MESSAGE_OTHER :
			    MESSAGE_MALFORMED);
		file.bytes[file.length] = 0;
		ck_assert_int_eq(read_alone(&file, file.length + 1),
		    MESSAGE_MALFORMED);
		cut++;
	}
	closedir(folder);
	ck_assert_uint_ge(cut, 10);
}
END_TEST

START_TEST(messages_that_are_bad)
{
	static const char *const names[] = { "pointer-self",
		"pointer-forward", "pointer-header", "counts-lie", "trailing",
		"a-of-5", "two-opts", "opt-in-authority", "opt-bad-option",
		"txt-empty", "txt-past-end", "dname-compressed",
		"nsec-bitmap-bad", "svcb-keys-unsorted" };
	DIR *folder = open_corpus();
	static struct file file;
	unsigned seen = 0;

	while (next_file(folder, &file))
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (strcmp(file.name, names[i]) == 0) {
				ck_assert_msg(read_alone(&file, file.length)
				    == MESSAGE_MALFORMED, "%s", file.name);
				seen++;
			}
	closedir(folder);
	ck_assert_uint_eq(seen, sizeof(names) / sizeof(*names));
}
END_TEST

/* www.a. A, answered with one address and an OPT. */
static const uint8_t plain[] =
    "\22\64\201\200\0\1\0\1\0\0\0\1"
    "\3www\1a\0\0\1\0\1"
    "\300\14\0\1\0\1\0\0\1\54\0\4\300\0\2\1"
    "\0\0\51\4\320\0\0\200\0\0\0";
#define PLAIN_LENGTH (sizeof(plain) - 1)
#define PLAIN_ASKED (12 + 7 + 4)

START_TEST(messages_that_are_others)
{
	static const struct {
		size_t at;
		uint8_t flip;
	} changes[] = {
		{ 0, 1 }, { 1, 0x80 },	/* id */
		{ 2, 0x80 },		/* QR */
		{ 2, 0x08 }, { 2, 0x40 },	/* opcode */
		{ 5, 1 }, { 5, 2 }, { 4, 1 },	/* one question */
		{ 12, 1 }, { 13, 1 }, { 12, 0x20 },	/* its name */
		{ 20, 2 }, { 22, 2 },	/* type, class */
	};
	uint8_t bytes[PLAIN_LENGTH];
	struct message m;

	ck_assert_int_eq(message_read(&m, plain, PLAIN_LENGTH, plain,
	    PLAIN_ASKED), MESSAGE_OK);
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		memcpy(bytes, plain, PLAIN_LENGTH);
		bytes[changes[i].at] ^= changes[i].flip;
		ck_assert_msg(message_read(&m, bytes, PLAIN_LENGTH, plain,
		    PLAIN_ASKED) == MESSAGE_OTHER, "%zu", i);
	}
}
END_TEST

START_TEST(messages_with_other_case)
{
	static const size_t letters[] = { 13, 14, 15, 17 };
	uint8_t bytes[PLAIN_LENGTH];
	struct message m;

	memcpy(bytes, plain, PLAIN_LENGTH);
	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++) {
		bytes[letters[i]] ^= 0x20;
		ck_assert_int_eq(message_read(&m, bytes, PLAIN_LENGTH, plain,
		    PLAIN_ASKED), MESSAGE_RECASED);
	}
	ck_assert_int_eq(message_read(&m, bytes, PLAIN_LENGTH, bytes,
	    PLAIN_ASKED), MESSAGE_OK);
	bytes[20] ^= 2;
	ck_assert_int_eq(message_read(&m, bytes, PLAIN_LENGTH, plain,
	    PLAIN_ASKED), MESSAGE_OTHER);
}
END_TEST

START_TEST(messages_have_one_opt)
{
	uint8_t bytes[PLAIN_LENGTH + 11];
	struct message m;

	/* With an owner. */
	memcpy(bytes, plain, PLAIN_LENGTH - 11);
	memcpy(bytes + PLAIN_LENGTH - 11, "\300\14\0\51\4\320\0\0\0\0\0\0",
	    12);
	ck_assert_int_eq(message_read(&m, bytes, PLAIN_LENGTH + 1, plain,
	    PLAIN_ASKED), MESSAGE_MALFORMED);
	/* Twice. */
	memcpy(bytes, plain, PLAIN_LENGTH);
	memcpy(bytes + PLAIN_LENGTH, plain + PLAIN_LENGTH - 11, 11);
	bytes[11] = 2;
	ck_assert_int_eq(message_read(&m, bytes, PLAIN_LENGTH + 11, plain,
	    PLAIN_ASKED), MESSAGE_MALFORMED);
}
END_TEST

START_TEST(messages_show_a_cookie)
{
	static const struct {
		const char *options;
		size_t length;
		enum message_result result;
		int at;			/* in the options; -1: none */
		unsigned size;
	} rows[] = {
		{ "", 0, MESSAGE_OK, -1, 0 },
		{ "\0\12\0\0", 4, MESSAGE_OK, 4, 0 },
		{ "\0\12\0\3abc", 7, MESSAGE_OK, 4, 3 },
		{ "\0\3\0\1x\0\12\0\2ab", 11, MESSAGE_OK, 9, 2 },
		{ "\0\12\0\1a\0\12\0\1b", 10, MESSAGE_OK, 4, 1 },
		{ "\0\12\0\4abc", 7, MESSAGE_MALFORMED, -1, 0 },
		{ "\0\12\377\377abc", 7, MESSAGE_MALFORMED, -1, 0 },
		{ "\0\12\0", 3, MESSAGE_MALFORMED, -1, 0 },
	};
	uint8_t bytes[PLAIN_LENGTH + 16];
	struct message m;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		memcpy(bytes, plain, PLAIN_LENGTH);
		bytes[PLAIN_LENGTH - 1] = (uint8_t)rows[i].length;
		memcpy(bytes + PLAIN_LENGTH, rows[i].options, rows[i].length);
		ck_assert_int_eq(message_read(&m, bytes, PLAIN_LENGTH +
		    rows[i].length, plain, PLAIN_ASKED), rows[i].result);
		ck_assert_int_eq(m.cookie, rows[i].at >= 0);
		if (rows[i].at < 0)
			continue;
		ck_assert_uint_eq(m.cookie_at, PLAIN_LENGTH +
		    (unsigned)rows[i].at);
		ck_assert_uint_eq(m.cookie_length, rows[i].size);
	}
}
END_TEST

START_TEST(messages_show_records)
{
	uint8_t bytes[PLAIN_LENGTH];
	struct message_record record;
	struct message_walk walk = { 0 };
	struct message m;

	memcpy(bytes, plain, PLAIN_LENGTH);
	bytes[3] |= 0x08;		/* rcode 8 ... */
	bytes[PLAIN_LENGTH - 6] = 0x12;	/* ... and 0x12 above it */
	bytes[PLAIN_ASKED + 6] = 0x80;	/* TTL */
	bytes[PLAIN_ASKED + 5] = 4;	/* class */
	ck_assert_int_eq(message_read(&m, bytes, PLAIN_LENGTH, plain,
	    PLAIN_ASKED), MESSAGE_OK);
	ck_assert_uint_eq(m.rcode, 0x128);
	ck_assert_uint_eq(m.flags, 0x8188);
	ck_assert(m.edns);
	ck_assert(message_next(&m, &walk, &record));
	ck_assert_int_eq(record.section, MESSAGE_ANSWER);
	ck_assert_uint_eq(record.ttl, 0);
	ck_assert_uint_eq(record.class, 4);
	ck_assert_uint_eq(record.type, TYPE_A);
	ck_assert_uint_eq(record.rdata_length, 4);
	ck_assert_uint_eq(record.rdata_at, PLAIN_ASKED + 12);
	ck_assert(!message_next(&m, &walk, &record));
	ck_assert(!message_next(&m, &walk, &record));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("message");
	TCase *tcase = tcase_create("message");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, types_as_ldns);
	tcase_add_test(tcase, types_unknown);
	tcase_add_test(tcase, types_meta);
	tcase_add_test(tcase, reader_ends);
	tcase_add_test(tcase, writer_ends);
	tcase_add_loop_test(tcase, follows_pointers, 0, COUNT(pointers));
	tcase_add_test(tcase, bounds_pointers);
	tcase_add_loop_test(tcase, rdata_has_its_length, 0, COUNT(rdatas));
	tcase_add_loop_test(tcase, rdata_has_its_form, 0, COUNT(forms));
	tcase_add_test(tcase, rdata_is_uncompressed);
	tcase_add_test(tcase, rdata_plain_names_end);
	tcase_add_test(tcase, rdata_knows_targets);
	tcase_add_test(tcase, messages_as_ldns);
	tcase_add_test(tcase, messages_are_whole);
	tcase_add_test(tcase, messages_that_are_bad);
	tcase_add_test(tcase, messages_that_are_others);
	tcase_add_test(tcase, messages_show_a_cookie);
	tcase_add_test(tcase, messages_with_other_case);
	tcase_add_test(tcase, messages_have_one_opt);
	tcase_add_test(tcase, messages_show_records);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
