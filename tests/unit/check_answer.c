/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/answer.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "craft.h"

#define NOW 1000000

static const struct answer_limits limits = { 0, 86400, 60 };
static struct craft packet;

/* Section, owner and TTL of the records that are made most. */
static struct craft_record
record(enum message_section section, const char *owner, uint16_t type)
{
	return (struct craft_record){ section, owner, type, 300 };
}

static void
start(const struct forward_question *q, uint16_t flags)
{
	craft_query(&packet, q, 0x1234);
	craft_reply(&packet, packet.bytes, packet.length, flags);
}

static struct answer *
finish_within(const struct forward_question *q,
    const struct answer_limits *within)
{
	struct message message;
	size_t asked = WIRE_HEADER + (size_t)q->name.length + 4;

	ck_assert_int_eq(message_read(&message, packet.bytes, packet.length,
	    packet.bytes, asked), MESSAGE_OK);
	return answer_new(q, &message, within, NOW);
}

static struct answer *
finish(const struct forward_question *q)
{
	return finish_within(q, &limits);
}

struct shown {
	uint8_t bytes[WIRE_MAX];
	size_t length;
	char text[CRAFT_TEXT];
};

/* What a client with this question gets, some time later. */
static const char *
show(const struct answer *answer, const char *asked, int64_t later_ms,
    size_t limit)
{
	static struct shown shown;
	static struct craft client;
	struct forward_question q = craft_question(asked, answer->type, 1,
	    answer->dnssec_ok ? CRAFT_DNSSEC : CRAFT_PLAIN);
	struct dname kept_case = dname_from(asked);
	struct question question;
	struct reply reply;

	q.name = kept_case;
	craft_query(&client, &q, 0x4321);
	ck_assert_int_eq(question_read(&question, client.bytes,
	    client.length), QUESTION_OK);
	reply_start(&reply, &question, shown.bytes, limit);
	answer_reply(answer, &reply, NOW + later_ms);
	shown.length = reply_finish(&reply);
	ck_assert_uint_le(shown.length, limit);
	ck_assert_uint_eq(wire_get16(shown.bytes + 2) & FLAG_RCODE,
	    answer->rcode);
	if ((wire_get16(shown.bytes + 2) & FLAG_TC) != 0)
		return "TC";
	return craft_text(shown.bytes, shown.length, shown.text);
}

static void
expect(struct answer *answer, const char *asked, const char *text)
{
	ck_assert_ptr_nonnull(answer);
	ck_assert_str_eq(show(answer, asked, 0, WIRE_MAX), text);
	answer_release(answer);
}

START_TEST(plain_records_and_nothing_else)
{
	struct forward_question q = craft_question("www.a.test.", TYPE_A, 1,
	    CRAFT_PLAIN);
	struct craft_record ns = record(MESSAGE_AUTHORITY, "a.test.", TYPE_NS);
	struct craft_record glue = record(MESSAGE_ADDITIONAL, "ns.a.test.",
	    TYPE_A);
	struct craft_record sig = record(MESSAGE_ANSWER, "www.a.test.",
	    TYPE_RRSIG);

	start(&q, 0);
	craft_a(&packet, "www.a.test.", 300, 1);
	craft_a(&packet, "WWW.a.test.", 200, 2);
	craft_a(&packet, "bank.test.", 300, 66);
	craft_a(&packet, "a.test.", 300, 67);
	craft_rrsig(&packet, &sig, TYPE_A, "a.test.");
	craft_name(&packet, &ns, "ns.evil.test.");
	craft_add(&packet, &glue, (uint8_t[]){ 192, 0, 2, 68 }, 4);
	expect(finish(&q), "wWw.A.test.",
	    "0 wWw.A.test. A 300 192.0.2.1\n"
	    "0 wWw.A.test. A 200 192.0.2.2\n");
}
END_TEST

START_TEST(poison_behind_a_cname)
{
	struct forward_question q = craft_question("www.a.test.", TYPE_A, 1,
	    CRAFT_PLAIN);
	struct craft_record cname = record(MESSAGE_ANSWER, "www.a.test.",
	    TYPE_CNAME);
	struct craft_record other = record(MESSAGE_ANSWER, "bank.test.",
	    TYPE_CNAME);
	struct craft_record ns = record(MESSAGE_ANSWER, "target.b.test.",
	    TYPE_NS);

	start(&q, 0);
	craft_name(&packet, &cname, "target.b.test.");
	craft_a(&packet, "target.b.test.", 100, 1);
	craft_name(&packet, &other, "evil.test.");
	craft_a(&packet, "evil.test.", 100, 66);
	craft_name(&packet, &ns, "evil.test.");
	expect(finish(&q), "www.a.test.",
	    "0 www.a.test. CNAME 300 target.b.test.\n"
	    "0 target.b.test. A 100 192.0.2.1\n");
}
END_TEST

START_TEST(chain_in_any_order)
{
	struct forward_question q = craft_question("a.test.", TYPE_A, 1,
	    CRAFT_PLAIN);
	struct craft_record first = record(MESSAGE_ANSWER, "a.test.",
	    TYPE_CNAME);
	struct craft_record second = record(MESSAGE_ANSWER, "b.test.",
	    TYPE_CNAME);

	start(&q, 0);
	craft_a(&packet, "c.test.", 10, 3);
	craft_name(&packet, &second, "c.test.");
	craft_name(&packet, &first, "B.test.");
	expect(finish(&q), "a.test.",
	    "0 a.test. CNAME 300 B.test.\n"
	    "0 B.test. CNAME 300 c.test.\n"
	    "0 c.test. A 10 192.0.2.3\n");
}
END_TEST

START_TEST(loops_are_refused)
{
	struct forward_question q = craft_question("a.test.", TYPE_A, 1,
	    CRAFT_PLAIN);
	struct craft_record first = record(MESSAGE_ANSWER, "a.test.",
	    TYPE_CNAME);
	struct craft_record second = record(MESSAGE_ANSWER, "b.test.",
	    TYPE_CNAME);

	start(&q, 0);
	craft_name(&packet, &first, "b.test.");
	craft_name(&packet, &second, "a.test.");
	ck_assert_ptr_null(finish(&q));
	start(&q, 0);
	craft_name(&packet, &first, "a.test.");
	ck_assert_ptr_null(finish(&q));
}
END_TEST

START_TEST(dname_only_where_it_makes_the_cname)
{
	struct forward_question q = craft_question("x.old.test.", TYPE_A, 1,
	    CRAFT_PLAIN);
	struct craft_record dname = record(MESSAGE_ANSWER, "old.test.",
	    TYPE_DNAME);
	struct craft_record cname = record(MESSAGE_ANSWER, "x.old.test.",
	    TYPE_CNAME);

	start(&q, 0);
	craft_name(&packet, &dname, "new.test.");
	craft_name(&packet, &cname, "x.new.test.");
	craft_a(&packet, "x.new.test.", 300, 1);
	expect(finish(&q), "x.old.test.",
	    "0 old.test. DNAME 300 new.test.\n"
	    "0 x.old.test. CNAME 300 x.new.test.\n"
	    "0 x.new.test. A 300 192.0.2.1\n");
	start(&q, 0);
	craft_name(&packet, &dname, "evil.test.");
	craft_name(&packet, &cname, "x.new.test.");
	craft_a(&packet, "x.new.test.", 300, 1);
	expect(finish(&q), "x.old.test.",
	    "0 x.old.test. CNAME 300 x.new.test.\n"
	    "0 x.new.test. A 300 192.0.2.1\n");
}
END_TEST

START_TEST(cname_asked_for_is_not_followed)
{
	struct forward_question q = craft_question("a.test.", TYPE_CNAME, 1,
	    CRAFT_PLAIN);
	struct craft_record cname = record(MESSAGE_ANSWER, "a.test.",
	    TYPE_CNAME);

	start(&q, 0);
	craft_name(&packet, &cname, "b.test.");
	craft_a(&packet, "b.test.", 300, 1);
	expect(finish(&q), "a.test.", "0 a.test. CNAME 300 b.test.\n");
}
END_TEST

START_TEST(ttls_are_capped)
{
	struct forward_question q = craft_question("a.test.", TYPE_A, 1,
	    CRAFT_PLAIN);
	struct answer_limits narrow = { 30, 600, 60 };
	struct answer *answer;

	start(&q, 0);
	craft_a(&packet, "a.test.", 0x80000001, 1);
	craft_a(&packet, "a.test.", 1000000, 2);
	answer = finish(&q);
	ck_assert_int_eq(answer->expires_ms, NOW);
	expect(answer, "a.test.",
	    "0 a.test. A 0 192.0.2.1\n"
	    "0 a.test. A 86400 192.0.2.2\n");
	answer = finish_within(&q, &narrow);
	ck_assert_int_eq(answer->expires_ms, NOW + 30000);
	expect(answer, "a.test.",
	    "0 a.test. A 30 192.0.2.1\n"
	    "0 a.test. A 600 192.0.2.2\n");
}
END_TEST

START_TEST(ttls_age)
{
	struct forward_question q = craft_question("a.test.", TYPE_A, 1,
	    CRAFT_PLAIN);
	struct answer *answer;

	start(&q, 0);
	craft_a(&packet, "a.test.", 300, 1);
	answer = finish(&q);
	ck_assert_str_eq(show(answer, "a.test.", 10999, WIRE_MAX),
	    "0 a.test. A 290 192.0.2.1\n");
	ck_assert_str_eq(show(answer, "a.test.", 400000, WIRE_MAX),
	    "0 a.test. A 0 192.0.2.1\n");
	answer_release(answer);
}
END_TEST

START_TEST(negative_answers)
{
	struct forward_question q = craft_question("no.a.test.", TYPE_A, 1,
	    CRAFT_PLAIN);
	struct answer *answer;

	start(&q, RCODE_NXDOMAIN);
	craft_soa(&packet, "evil.test.", 3600, 3600);
	craft_soa(&packet, "a.test.", 3600, 20);
	answer = finish(&q);
	ck_assert_int_eq(answer->rcode, RCODE_NXDOMAIN);
	ck_assert_int_eq(answer->expires_ms, NOW + 20000);
	expect(answer, "no.a.test.", "1 a.test. SOA 20 22\n");

	start(&q, 0);
	craft_soa(&packet, "a.test.", 3600, 3600);
	answer = finish(&q);
	ck_assert_int_eq(answer->rcode, RCODE_NOERROR);
	ck_assert_int_eq(answer->expires_ms, NOW + 60000);
	expect(answer, "no.a.test.", "1 a.test. SOA 60 22\n");

	start(&q, RCODE_NXDOMAIN);
	craft_soa(&packet, "a.test.", 3600, 0x80000000);
	answer = finish(&q);
	ck_assert_int_eq(answer->expires_ms, NOW);
	expect(answer, "no.a.test.", "1 a.test. SOA 0 22\n");
}
END_TEST

START_TEST(negative_without_soa_is_short)
{
	struct forward_question q = craft_question("no.a.test.", TYPE_A, 1,
	    CRAFT_PLAIN);
	struct answer *answer;

	start(&q, RCODE_NXDOMAIN);
	craft_soa(&packet, "below.no.a.test.", 3600, 3600);
	answer = finish(&q);
	ck_assert_int_eq(answer->expires_ms,
	    NOW + ANSWER_NO_SOA_TTL_S * 1000);
	expect(answer, "no.a.test.", "");
	start(&q, 0);
	answer = finish(&q);
	ck_assert_int_eq(answer->expires_ms,
	    NOW + ANSWER_NO_SOA_TTL_S * 1000);
	expect(answer, "no.a.test.", "");
}
END_TEST

START_TEST(negative_behind_a_chain)
{
	struct forward_question q = craft_question("a.test.", TYPE_A, 1,
	    CRAFT_PLAIN);
	struct craft_record cname = record(MESSAGE_ANSWER, "a.test.",
	    TYPE_CNAME);
	struct answer *answer;

	start(&q, RCODE_NXDOMAIN);
	craft_name(&packet, &cname, "gone.b.test.");
	craft_soa(&packet, "b.test.", 30, 3600);
	answer = finish(&q);
	ck_assert_int_eq(answer->rcode, RCODE_NXDOMAIN);
	ck_assert_int_eq(answer->expires_ms, NOW + 30000);
	expect(answer, "a.test.",
	    "0 a.test. CNAME 300 gone.b.test.\n"
	    "1 b.test. SOA 30 22\n");
}
END_TEST

START_TEST(useless_ones_are_refused)
{
	struct forward_question q = craft_question("www.a.test.", TYPE_A, 1,
	    CRAFT_PLAIN);
	struct craft_record ns = record(MESSAGE_AUTHORITY, "a.test.", TYPE_NS);
	struct answer *answer;

	start(&q, 0);
	craft_name(&packet, &ns, "ns.a.test.");
	ck_assert_ptr_null(finish(&q));
	start(&q, FLAG_AA);
	craft_name(&packet, &ns, "ns.a.test.");
	answer = finish(&q);
	ck_assert_ptr_nonnull(answer);
	answer_release(answer);
	start(&q, RCODE_SERVFAIL);
	ck_assert_ptr_null(finish(&q));
	start(&q, RCODE_REFUSED);
	ck_assert_ptr_null(finish(&q));
	start(&q, RCODE_NXDOMAIN);
	craft_a(&packet, "www.a.test.", 300, 1);
	ck_assert_ptr_null(finish(&q));
}
END_TEST

START_TEST(signatures_and_proofs_for_do)
{
	struct forward_question q = craft_question("www.a.test.", TYPE_A, 1,
	    CRAFT_DNSSEC);
	struct craft_record sig = record(MESSAGE_ANSWER, "www.a.test.",
	    TYPE_RRSIG);
	struct craft_record soasig = record(MESSAGE_AUTHORITY, "a.test.",
	    TYPE_RRSIG);
	struct craft_record nsec = record(MESSAGE_AUTHORITY, "m.a.test.",
	    TYPE_NSEC);
	struct craft_record far = record(MESSAGE_AUTHORITY, "m.b.test.",
	    TYPE_NSEC);
	static const uint8_t next[] = { 1, 'z', 1, 'a', 4, 't', 'e', 's', 't',
		0, 0, 1, 0x40 };

	start(&q, FLAG_AD);
	craft_a(&packet, "www.a.test.", 300, 1);
	craft_rrsig(&packet, &sig, TYPE_A, "a.test.");
	craft_rrsig(&packet, &sig, TYPE_AAAA, "a.test.");
	craft_add(&packet, &nsec, next, sizeof(next));
	expect(finish(&q), "www.a.test.",
	    "0 www.a.test. A 300 192.0.2.1\n"
	    "0 www.a.test. RRSIG 300 90\n");

	start(&q, RCODE_NXDOMAIN);
	craft_soa(&packet, "a.test.", 50, 3600);
	craft_rrsig(&packet, &soasig, TYPE_SOA, "a.test.");
	craft_add(&packet, &nsec, next, sizeof(next));
	craft_add(&packet, &far, next, sizeof(next));
	expect(finish(&q), "www.a.test.",
	    "1 a.test. SOA 50 22\n"
	    "1 a.test. RRSIG 50 90\n"
	    "1 m.a.test. NSEC 50 13\n");
}
END_TEST

START_TEST(wildcards_keep_their_proof)
{
	struct forward_question q = craft_question("w.a.test.", TYPE_A, 1,
	    CRAFT_DNSSEC);
	struct craft_record sig = record(MESSAGE_ANSWER, "w.a.test.",
	    TYPE_RRSIG);
	struct craft_record nsec = record(MESSAGE_AUTHORITY, "m.a.test.",
	    TYPE_NSEC);
	static const uint8_t next[] = { 1, 'z', 1, 'a', 4, 't', 'e', 's', 't',
		0, 0, 1, 0x40 };
	size_t at;

	start(&q, 0);
	craft_a(&packet, "w.a.test.", 300, 1);
	at = packet.length + dname_from("w.a.test.").length + 10;
	craft_rrsig(&packet, &sig, TYPE_A, "a.test.");
	packet.bytes[at + 3] = 2;	/* labels: *.a.test. */
	craft_add(&packet, &nsec, next, sizeof(next));
	expect(finish(&q), "w.a.test.",
	    "0 w.a.test. A 300 192.0.2.1\n"
	    "0 w.a.test. RRSIG 300 90\n"
	    "1 m.a.test. NSEC 300 13\n");
}
END_TEST

START_TEST(what_does_not_fit_sets_tc)
{
	struct forward_question q = craft_question("a.test.", TYPE_A, 1,
	    CRAFT_PLAIN);
	struct craft_record cname = record(MESSAGE_ANSWER, "a.test.",
	    TYPE_CNAME);
	struct answer *answer;
	const char *text;

	start(&q, 0);
	craft_name(&packet, &cname,
	    "a-name-that-is-long-enough-to-be-worth-a-pointer.test.");
	for (unsigned i = 0; i < 20; i++)
		craft_a(&packet, "a-name-that-is-long-enough-to-be-worth-a-"
		    "pointer.test.", 300, (uint8_t)i);
	answer = finish(&q);
	ck_assert_uint_gt(answer->body_length, REPLY_UDP_SIZE);
	text = show(answer, "a.test.", 0, REPLY_UDP_SIZE);
	ck_assert_ptr_nonnull(strstr(text, "192.0.2.19\n"));
	ck_assert_str_eq(show(answer, "a.test.", 0, 300), "TC");
	answer_release(answer);
}
END_TEST

START_TEST(appended_behind_a_local_chain)
{
	struct forward_question asked = craft_question("local.test.", TYPE_A,
	    1, CRAFT_PLAIN);
	struct forward_question q = craft_question("far.test.", TYPE_A, 1,
	    CRAFT_PLAIN);
	struct dname far = dname_from("far.test.");
	struct reply_record cname = { .type = TYPE_CNAME, .class = CLASS_IN,
		.ttl = 5, .rdata_length = far.length, .rdata = far.wire };
	static struct craft client;
	static uint8_t bytes[WIRE_MAX];
	char text[CRAFT_TEXT];
	struct question question;
	struct answer *answer;
	struct reply reply;

	start(&q, FLAG_AD);
	craft_a(&packet, "far.test.", 300, 1);
	answer = finish(&q);
	craft_query(&client, &asked, 1);
	ck_assert_int_eq(question_read(&question, client.bytes,
	    client.length), QUESTION_OK);
	reply_start(&reply, &question, bytes, WIRE_MAX);
	ck_assert(reply_record(&reply, REPLY_ANSWER, &cname));
	answer_append(answer, &reply, NOW + 1000);
	ck_assert_str_eq(craft_text(bytes, reply_finish(&reply), text),
	    "0 local.test. CNAME 5 far.test.\n"
	    "0 far.test. A 299 192.0.2.1\n");
	ck_assert_uint_eq(wire_get16(bytes + 2) & FLAG_AD, 0);
	answer_release(answer);
}
END_TEST

START_TEST(failures_are_answers)
{
	struct forward_question q = craft_question("a.test.", TYPE_A, 1,
	    CRAFT_PLAIN);
	struct forward_question other = craft_question("b.test.", TYPE_A, 1,
	    CRAFT_PLAIN);
	struct answer *answer = answer_new_failure(&q, EDE_NETWORK_ERROR,
	    NOW);

	ck_assert(answer_fits(answer, &q));
	ck_assert(!answer_fits(answer, &other));
	ck_assert_int_eq(answer->rcode, RCODE_SERVFAIL);
	ck_assert_int_eq(answer->expires_ms, NOW + 1000);
	ck_assert_ptr_eq(answer_hold(answer), answer);
	answer_release(answer);
	expect(answer, "a.test.", "");
}
END_TEST

START_TEST(bounds_hold)
{
	struct forward_question q = craft_question("a.test.", TYPE_A, 1,
	    CRAFT_PLAIN);
	char owner[64], target[64];
	struct craft_record cname = record(MESSAGE_ANSWER, owner, TYPE_CNAME);
	struct answer *answer;

	start(&q, 0);
	for (unsigned i = 0; i <= ANSWER_RECORDS_MAX; i++)
		craft_a(&packet, "a.test.", 300, 1);
	ck_assert_ptr_null(finish(&q));
	/* A chain of the most steps, last first; then one more. */
	for (unsigned most = ANSWER_CHAIN_MAX; most <= ANSWER_CHAIN_MAX + 1;
	    most++) {
		start(&q, 0);
		snprintf(owner, sizeof(owner), "x%u.test.", most);
		craft_a(&packet, owner, 300, 1);
		for (unsigned i = most; i > 0; i--) {
			snprintf(owner, sizeof(owner),
			    i == 1 ? "a.test." : "x%u.test.", i - 1);
			snprintf(target, sizeof(target), "x%u.test.", i);
			craft_name(&packet, &cname, target);
		}
		answer = finish(&q);
		ck_assert((answer != NULL) == (most == ANSWER_CHAIN_MAX));
		answer_release(answer);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("answer");
	TCase *tc = tcase_create("answer");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, plain_records_and_nothing_else);
	tcase_add_test(tc, poison_behind_a_cname);
	tcase_add_test(tc, chain_in_any_order);
	tcase_add_test(tc, loops_are_refused);
	tcase_add_test(tc, dname_only_where_it_makes_the_cname);
	tcase_add_test(tc, cname_asked_for_is_not_followed);
	tcase_add_test(tc, ttls_are_capped);
	tcase_add_test(tc, ttls_age);
	tcase_add_test(tc, negative_answers);
	tcase_add_test(tc, negative_without_soa_is_short);
	tcase_add_test(tc, negative_behind_a_chain);
	tcase_add_test(tc, useless_ones_are_refused);
	tcase_add_test(tc, signatures_and_proofs_for_do);
	tcase_add_test(tc, wildcards_keep_their_proof);
	tcase_add_test(tc, what_does_not_fit_sets_tc);
	tcase_add_test(tc, appended_behind_a_local_chain);
	tcase_add_test(tc, failures_are_answers);
	tcase_add_test(tc, bounds_hold);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
