/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of the query log, from given notes. */
#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/memory.h"
#include "base/printable.h"
#include "dns/dname.h"
#include "dns/types.h"
#include "query/tally.h"
#include "serve/queryline.h"

/* 2026-05-04 09:01:02.345678901 UTC */
#define WALL_NS 1777885262345678901

static const struct queryline_style text = {QUERYLINE_TEXT,
    QUERYLINE_UNTIMED, 32, 128};
static const struct queryline_style json = {QUERYLINE_JSON,
    QUERYLINE_UNTIMED, 32, 128};

static char line[QUERYLINE_MAX + 1];

static struct addr
addr_of(const char *word)
{
	struct addr addr;

	ck_assert_ptr_null(addr_parse(&addr, word, strlen(word)));
	return addr;
}

/* The name as wire bytes; NULL: none could be read. */
static struct sighting *
make_note(const uint8_t *name)
{
	size_t length = name ? dname_length(name) : 0;
	struct sighting *seen = memory_zeroed(1, sizeof *seen + length);

	seen->took_ns = 24817;
	seen->client = addr_of("10.0.0.7");
	seen->asked = addr_of("10.0.0.1");
	seen->client_port = 50759;
	seen->id = 29008;
	seen->query_length = 41;
	seen->reply_length = 57;
	seen->reply_flags = FLAG_QR | FLAG_AA | FLAG_RD | FLAG_RA;
	seen->way = TALLY_UDP4;
	seen->source = TALLY_HOSTS;
	seen->ede = EDE_NONE;
	if (!name)
		return seen;
	seen->type = TYPE_A;
	seen->class = CLASS_IN;
	seen->edns = 1;
	seen->udp_size = 1232;
	seen->name_length = (uint8_t)length;
	memcpy(seen->name, name, length);
	return seen;
}

static struct sighting *
note_of(const char *name)
{
	struct dname wire = dname_from(name);

	return make_note(wire.wire);
}

/* One line, its end included, without what would end it or steer a terminal;
 * the note is done with. */
static const char *
write_line(const struct queryline_style *style, struct sighting *seen)
{
	size_t length = queryline_write(line, style, seen, WALL_NS);

	ck_assert_uint_gt(length, 0);
	ck_assert_uint_le(length, QUERYLINE_MAX);
	ck_assert_int_eq(line[length - 1], '\n');
	line[length - 1] = '\0';
	ck_assert_uint_eq(strlen(line), length - 1);
	for (size_t i = 0; i < length - 1; i++)
		ck_assert_uint_eq(printable_length(line + i, 1), 1);
	free(seen);
	return line;
}

START_TEST(the_common_format)
{
	ck_assert_str_eq(write_line(&text, note_of("wEb.Lab.test.")),
	    "[INFO] 10.0.0.7:50759 - 29008 \"A IN web.lab.test. udp 41 false "
	    "1232\" NOERROR qr,aa,rd,ra 57 0.000024817s");
}
END_TEST

START_TEST(every_field)
{
	struct sighting *seen = note_of("x.test.");

	seen->client = addr_of("fd00::7");
	seen->way = TALLY_TCP6;
	seen->type = 65280;
	seen->class = 7;
	seen->dnssec_ok = 1;
	seen->rcode = 3841;
	seen->reply_flags = FLAG_QR | FLAG_TC | FLAG_AD | FLAG_CD;
	seen->took_ns = 4900000001;
	seen->edns = 0;
	ck_assert_str_eq(write_line(&text, seen),
	    "[INFO] [fd00::7]:50759 - 29008 \"TYPE65280 CLASS7 x.test. tcp 41 "
	    "true 65535\" 3841 qr,tc,ad,cd 57 4.900000001s");
	seen = note_of(".");
	seen->edns = 0;
	seen->class = CLASS_CH;
	seen->rcode = RCODE_BADCOOKIE;
	ck_assert_ptr_nonnull(strstr(write_line(&text, seen),
	    "\"A CH . udp 41 false 512\" BADCOOKIE "));
}
END_TEST

START_TEST(a_file_has_the_time)
{
	struct queryline_style timed = text;

	timed.clock = QUERYLINE_TIMED;
	write_line(&timed, note_of("x.test."));
	ck_assert_int_eq(strncmp(line,
	    "2026-05-04T09:01:02.345Z [INFO] 10.0.0.7:50759 ", 47), 0);
}
END_TEST

START_TEST(what_could_not_be_read)
{
	struct sighting *seen = make_note(NULL);

	seen->rcode = RCODE_FORMERR;
	ck_assert_ptr_nonnull(strstr(write_line(&text, seen),
	    "\"- - . udp 41 false 512\" FORMERR "));
}
END_TEST

static const char *
client_with(const struct queryline_style *from, const char *client,
    unsigned bits4, unsigned bits6)
{
	struct queryline_style style = *from;
	struct sighting *seen = note_of("x.test.");

	style.bits4 = (uint8_t)bits4;
	style.bits6 = (uint8_t)bits6;
	seen->client = addr_of(client);
	return write_line(&style, seen);
}

START_TEST(masks)
{
	ck_assert_ptr_nonnull(strstr(client_with(&text, "10.1.2.3", 24, 48),
	    " 10.1.2.0:50759 "));
	ck_assert_ptr_nonnull(strstr(client_with(&text, "10.1.2.3", 0, 128),
	    " 0.0.0.0:50759 "));
	ck_assert_ptr_nonnull(strstr(client_with(&text, "10.1.2.3", 32, 0),
	    " 10.1.2.3:50759 "));
	ck_assert_ptr_nonnull(strstr(client_with(&text, "fd00:1:2:3::4", 24,
	    48), " [fd00:1:2::]:50759 "));
	ck_assert_ptr_nonnull(strstr(client_with(&json, "fd00:1:2:3::4", 24,
	    48), "\"client\":\"fd00:1:2::\""));
	ck_assert_ptr_null(strstr(client_with(&json, "10.1.2.3", 24, 48),
	    "10.1.2.3"));
}
END_TEST

static json_t *
read_json(struct sighting *seen)
{
	json_error_t error;
	json_t *object = json_loads(write_line(&json, seen), 0, &error);

	ck_assert_msg(object != NULL, "%s: %s", error.text, line);
	return object;
}

static const char *
word_of(const json_t *object, const char *key)
{
	const char *word = json_string_value(json_object_get(object, key));

	ck_assert_msg(word != NULL, "%s is missing in %s", key, line);
	return word;
}

START_TEST(json_says_the_same)
{
	struct sighting *seen = note_of("wEb.Lab.test.");
	json_t *object, *flags;

	seen->ede = EDE_NOT_READY;
	object = read_json(seen);
	ck_assert_str_eq(word_of(object, "time"),
	    "2026-05-04T09:01:02.345678Z");
	ck_assert_str_eq(word_of(object, "client"), "10.0.0.7");
	ck_assert_str_eq(word_of(object, "server"), "10.0.0.1");
	ck_assert_str_eq(word_of(object, "name"), "web.lab.test.");
	ck_assert_str_eq(word_of(object, "type"), "A");
	ck_assert_str_eq(word_of(object, "class"), "IN");
	ck_assert_str_eq(word_of(object, "proto"), "udp");
	ck_assert_str_eq(word_of(object, "rcode"), "NOERROR");
	ck_assert_str_eq(word_of(object, "source"), "hosts");
	flags = json_object_get(object, "rflags");
	ck_assert_uint_eq(json_array_size(flags), 4);
	ck_assert_str_eq(json_string_value(json_array_get(flags, 1)), "aa");
	ck_assert_int_eq(json_integer_value(json_object_get(object, "port")),
	    50759);
	ck_assert_int_eq(json_integer_value(json_object_get(object, "size")),
	    41);
	ck_assert_int_eq(json_integer_value(json_object_get(object, "rsize")),
	    57);
	ck_assert_int_eq(json_integer_value(json_object_get(object, "ede")),
	    EDE_NOT_READY);
	ck_assert(json_is_false(json_object_get(object, "do")));
	ck_assert_double_eq_tol(json_real_value(json_object_get(object,
	    "duration")), 0.000024817, 1e-12);
	json_decref(object);
	object = read_json(note_of("x.test."));
	ck_assert_ptr_null(json_object_get(object, "ede"));
	json_decref(object);
}
END_TEST

/* Whatever bytes a name has, a line is one line, its quoted part has no quote,
 * and the name can be read back from it. */
static void
check_hostile(const uint8_t *name)
{
	struct dname lower = dname_of(name), back;
	const char *start, *end;
	json_t *object;
	size_t bad;

	dname_lower(lower.wire);
	write_line(&text, make_note(name));
	start = strchr(line, '"');
	end = strchr(start + 1, '"');
	ck_assert_ptr_eq(end, strrchr(line, '"'));
	ck_assert_int_eq(strncmp(start, "\"A IN ", 6), 0);
	ck_assert_ptr_nonnull(strstr(end, "\" NOERROR "));
	start += 6;
	ck_assert_ptr_null(dname_parse(&back, start,
	    (size_t)(strchr(start, ' ') - start), NULL, &bad));
	ck_assert(back.length == lower.length &&
	    memcmp(back.wire, lower.wire, lower.length) == 0);
	object = read_json(make_note(name));
	start = word_of(object, "name");
	ck_assert_ptr_null(dname_parse(&back, start, strlen(start), NULL,
	    &bad));
	ck_assert(back.length == lower.length &&
	    memcmp(back.wire, lower.wire, lower.length) == 0);
	json_decref(object);
}

START_TEST(hostile_names)
{
	uint8_t name[DNAME_MAX];

	check_hostile((const uint8_t *)"\14a\nb\r\33[2J\"\\ .");
	check_hostile((const uint8_t *)"\10\" NXDOMA");
	for (unsigned byte = 0; byte < 256; byte++) {
		memcpy(name, "\1x\4test", 8);
		name[1] = (uint8_t)byte;
		check_hostile(name);
	}
	/* The longest lines that there are: every byte is escaped. */
	for (unsigned fill = 0; fill < 256; fill += 51) {
		memset(name, (int)fill, sizeof name);
		name[0] = name[64] = name[128] = 63;
		name[192] = 61;
		name[254] = 0;
		check_hostile(name);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("querylog");
	TCase *tcase = tcase_create("lines");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, the_common_format);
	tcase_add_test(tcase, every_field);
	tcase_add_test(tcase, a_file_has_the_time);
	tcase_add_test(tcase, what_could_not_be_read);
	tcase_add_test(tcase, masks);
	tcase_add_test(tcase, json_says_the_same);
	tcase_add_test(tcase, hostile_names);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
