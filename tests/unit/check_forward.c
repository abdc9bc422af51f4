/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine with simulated time: what it sends to whom, and when. */
#include "query/forward.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "craft.h"
#include "query/health.h"
#include "query/servers.h"

#define START 1000000
#define LIST_MAX 64

struct told {
	struct answer *answer;
	struct forward_waiter waiter;
};

/* One engine, and what it had done since the world began. */
static struct world {
	struct forward *forward;
	struct stats stats;
	int64_t now_ms;
	struct forward_action sent[LIST_MAX];
	unsigned sent_count;
	uint32_t closed[LIST_MAX];
	unsigned closed_count;
	bool heard;			/* of the CLOSE before */
	struct told told[LIST_MAX];
	unsigned told_count;
	unsigned kept_count;
} w;
static struct craft packet;

static void
begin_with(unsigned questions, unsigned waiters)
{
	struct forward_settings settings = { questions, waiters,
		{ 0, 86400, 60 }, &w.stats };

	memset(&w, 0, sizeof(w));
	w.now_ms = START;
	w.forward = forward_new(&settings);
}

static void
begin(void)
{
	begin_with(16, 4);
}

static void
end(void)
{
	for (unsigned i = 0; i < w.told_count; i++)
		answer_release(w.told[i].answer);
	forward_free(w.forward);
}

static void
drain(void)
{
	struct forward_action action;

	while (forward_next(w.forward, &action)) {
		switch (action.action) {
		case FORWARD_SEND_UDP:
		case FORWARD_SEND_TCP:
		case FORWARD_SEND_TLS:
			ck_assert_uint_lt(w.sent_count, LIST_MAX);
			w.sent[w.sent_count++] = action;
			break;
		case FORWARD_CLOSE:
			ck_assert_uint_lt(w.closed_count, LIST_MAX);
			w.closed[w.closed_count++] = action.exchange;
			w.heard = action.heard;
			break;
		case FORWARD_KEEP:
			ck_assert_uint_eq(w.kept_count, 0);
			w.kept_count++;
			answer_release(action.answer);
			break;
		case FORWARD_DONE:
			ck_assert_uint_lt(w.told_count, LIST_MAX);
			w.told[w.told_count++] = (struct told){
				action.answer, action.waiter };
			break;
		}
	}
}

static enum forward_asked
ask(const struct forward_question *q)
{
	struct forward_waiter waiter = { .worker = 1, .slot = 2,
		.serial = 3 };
	enum forward_asked asked = forward_ask(w.forward, q, &waiter,
	    w.now_ms);

	drain();
	return asked;
}

static void
pass_ms(int64_t ms)
{
	w.now_ms += ms;
	forward_tick(w.forward, w.now_ms);
	drain();
}

/* The answer to the n-th that was sent, to be filled by hand. */
static void
reply_to(unsigned n, uint16_t flags)
{
	ck_assert_uint_lt(n, w.sent_count);
	craft_reply(&packet, w.sent[n].bytes, w.sent[n].length, flags);
}

static void
deliver_to(unsigned n)
{
	forward_received(w.forward, w.sent[n].exchange, packet.bytes,
	    packet.length, w.now_ms);
	drain();
}

static void
answer_to(unsigned n)
{
	reply_to(n, 0);
	craft_a(&packet, "www.a.test.", 300, 1);
	deliver_to(n);
}

static unsigned
sent_to(unsigned n)			/* the last byte of its address */
{
	ck_assert_uint_lt(n, w.sent_count);
	ck_assert_uint_eq(w.sent[n].to.port, 53);
	return w.sent[n].to.addr.bytes[3];
}

static uint64_t
counted(enum stats_counter which)
{
	return atomic_load(&w.stats.count[which]);
}

static struct forward_question
www(unsigned upstreams)
{
	return craft_question("www.a.test.", TYPE_A, upstreams, CRAFT_PLAIN);
}

/* The n-th of many questions, never the same twice. */
static struct forward_question
numbered(unsigned n, unsigned upstreams)
{
	char name[32];

	snprintf(name, sizeof(name), "q%u.test.", n);
	return craft_question(name, TYPE_A, upstreams, CRAFT_PLAIN);
}

/* Everything that was sent, opened, told up to now is done with. */
static void
forget(void)
{
	for (unsigned i = 0; i < w.told_count; i++)
		answer_release(w.told[i].answer);
	w.sent_count = w.closed_count = w.told_count = w.kept_count = 0;
}

static void
expect_answered(void)
{
	ck_assert_uint_eq(w.told_count, 1);
	ck_assert_int_eq(w.told[0].answer->rcode, RCODE_NOERROR);
	ck_assert_uint_eq(w.told[0].answer->count[0], 1);
	ck_assert_uint_eq(w.kept_count, 1);
	ck_assert_int_eq(forward_next_tick(w.forward), INT64_MAX);
}

static void
expect_failed(enum dns_ede why)
{
	ck_assert_uint_eq(w.told_count, 1);
	ck_assert_int_eq(w.told[0].answer->rcode, RCODE_SERVFAIL);
	ck_assert_int_eq(w.told[0].answer->ede, why);
	ck_assert_int_eq(forward_next_tick(w.forward), INT64_MAX);
}

START_TEST(a_query_and_its_answer)
{
	struct forward_question q = www(2);
	const uint8_t *sent;

	begin();
	ck_assert_int_eq(ask(&q), FORWARD_ASKED);
	ck_assert_uint_eq(w.sent_count, 1);
	ck_assert_int_eq(w.sent[0].action, FORWARD_SEND_UDP);
	ck_assert_uint_eq(sent_to(0), 1);
	sent = w.sent[0].bytes;
	ck_assert_uint_eq(wire_get16(sent + 2), FLAG_RD | FLAG_AD);
	ck_assert_uint_eq(wire_get16(sent + 4), 1);
	ck_assert_uint_eq(wire_get32(sent + 6), 0);
	ck_assert_uint_eq(wire_get16(sent + 10), 1);
	ck_assert(dname_equal(sent + 12, q.name.wire));
	ck_assert_uint_eq(w.sent[0].length, 12u + q.name.length + 4 + 11 +
	    12);
	ck_assert_mem_eq(sent + w.sent[0].length - 23,
	    "\0\0\x29\x04\xd0\0\0\0\0\0\x0c\0\x0a\0\x08", 15);
	w.now_ms += 20;
	answer_to(0);
	expect_answered();
	ck_assert_uint_eq(w.told[0].waiter.worker, 1);
	ck_assert_uint_eq(w.told[0].waiter.slot, 2);
	ck_assert_uint_eq(w.told[0].waiter.serial, 3);
	ck_assert_uint_eq(w.closed_count, 1);
	ck_assert_uint_eq(w.closed[0], w.sent[0].exchange);
	ck_assert_uint_eq(counted(STAT_FORWARD_ANSWERED), 1);
	end();
}
END_TEST

/* As long as names can be, of every byte there is: letters come in both cases,
 * wherever they stand, and nothing else is touched. */
START_TEST(letters_alone_are_drawn)
{
	struct forward_question q = www(1);
	uint8_t large[DNAME_MAX] = { 0 }, small[DNAME_MAX] = { 0 };
	uint8_t next = 0;

	q.name.length = DNAME_MAX;
	q.name.labels = 4;
	for (unsigned i = 0; i < DNAME_MAX - 1; i++) {
		if (next == 'A')
			next = 'Z' + 1;
		q.name.wire[i] = i % 64 == 0 ? i < 192 ? 63 : 61 : next++;
	}
	q.name.wire[DNAME_MAX - 1] = 0;
	for (unsigned try = 0; try < 60; try++) {
		begin();
		ask(&q);
		for (unsigned i = 0; i < DNAME_MAX; i++) {
			uint8_t asked = q.name.wire[i];
			uint8_t sent = w.sent[0].bytes[WIRE_HEADER + i];
			bool is_letter = asked >= 'a' && asked <= 'z' &&
			    i % 64 != 0;

			ck_assert(sent == asked || (is_letter &&
			    sent == (asked ^ 0x20)));
			small[i] += is_letter && sent == asked;
			large[i] += is_letter && sent != asked;
		}
		answer_to(0);
		end();
	}
	for (unsigned i = 0; i < DNAME_MAX; i++) {
		uint8_t asked = q.name.wire[i];

		if (i % 64 != 0 && asked >= 'a' && asked <= 'z')
			ck_assert(small[i] > 0 && large[i] > 0);
	}
}
END_TEST

START_TEST(do_and_cd_go_with_it)
{
	struct forward_question q = craft_question("www.a.test.", TYPE_A, 1,
	    CRAFT_DNSSEC);

	begin();
	q.checking_disabled = true;
	ask(&q);
	ck_assert_uint_eq(wire_get16(w.sent[0].bytes + 2),
	    FLAG_RD | FLAG_AD | FLAG_CD);
	ck_assert_uint_eq(w.sent[0].bytes[w.sent[0].length - 16], 0x80);
	end();
}
END_TEST

START_TEST(silence_goes_to_the_next)
{
	struct forward_question q = www(2);

	begin();
	ask(&q);
	ck_assert_int_eq(forward_next_tick(w.forward), START + 400);
	pass_ms(399);
	ck_assert_uint_eq(w.sent_count, 1);
	pass_ms(1);
	ck_assert_uint_eq(w.sent_count, 2);
	ck_assert_uint_eq(sent_to(1), 2);
	ck_assert_uint_eq(w.closed_count, 0);
	ck_assert_uint_eq(counted(STAT_FORWARD_TIMEOUTS), 1);
	/* The first one was only slow. */
	answer_to(0);
	expect_answered();
	ck_assert_uint_eq(w.closed_count, 2);
	end();
}
END_TEST

START_TEST(silence_ends_in_time)
{
	struct forward_question q = www(2);
	int64_t due_ms;

	begin();
	ask(&q);
	while ((due_ms = forward_next_tick(w.forward)) != INT64_MAX) {
		ck_assert_int_gt(due_ms, w.now_ms);
		ck_assert_uint_eq(w.told_count, 0);
		pass_ms(due_ms - w.now_ms);
	}
	expect_failed(EDE_NO_REACHABLE_AUTHORITY);
	ck_assert_int_eq(w.now_ms, START + FORWARD_GIVE_UP_MS);
	ck_assert_int_le(FORWARD_GIVE_UP_MS, 5000);
	ck_assert_uint_ge(w.sent_count, 4);
	ck_assert_uint_le(w.sent_count, 6);
	for (unsigned i = 0; i < w.sent_count; i++)
		ck_assert_uint_eq(sent_to(i), i % 2 + 1);
	ck_assert_uint_eq(w.closed_count, w.sent_count);
	ck_assert_uint_eq(counted(STAT_FORWARD_FAILED), 1);
	end();
}
END_TEST

START_TEST(every_try_has_an_id_of_its_own)
{
	struct forward_question q = www(1);

	begin();
	ask(&q);
	pass_ms(1199);
	ck_assert_uint_eq(w.sent_count, 1);	/* there is no other */
	pass_ms(1);
	ck_assert_uint_eq(w.sent_count, 2);
	ck_assert_uint_ne(w.sent[0].exchange, w.sent[1].exchange);
	/* The id of the other exchange does not count here. */
	if (memcmp(w.sent[0].bytes, w.sent[1].bytes, 2) != 0) {
		reply_to(1, 0);
		craft_a(&packet, "www.a.test.", 300, 66);
		deliver_to(0);
		ck_assert_uint_eq(w.told_count, 0);
		ck_assert_uint_eq(counted(STAT_FORWARD_MISMATCHED), 1);
	}
	answer_to(1);
	expect_answered();
	end();
}
END_TEST

/* Its socket may serve again only where its own upstream alone was heard. */
START_TEST(who_was_heard)
{
	struct forward_question q = www(1);

	begin();
	ask(&q);
	answer_to(0);
	expect_answered();
	ck_assert(w.heard);
	end();

	begin();
	ask(&q);
	reply_to(0, 0);
	packet.bytes[0] ^= 1;		/* somebody found the port */
	deliver_to(0);
	answer_to(0);
	expect_answered();
	ck_assert(!w.heard);
	end();

	begin();
	ask(&q);
	pass_ms(FORWARD_GIVE_UP_MS);
	ck_assert(!w.heard);
	end();
}
END_TEST

START_TEST(identical_questions_join)
{
	struct forward_question q = www(1);
	struct forward_question dnssec = craft_question("www.a.test.",
	    TYPE_A, 1, CRAFT_DNSSEC);

	begin();
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(ask(&q), FORWARD_ASKED);
	ck_assert_int_eq(ask(&q), FORWARD_IS_FULL);
	ck_assert_uint_eq(w.sent_count, 1);
	ck_assert_uint_eq(counted(STAT_FORWARD_JOINED), 3);
	ck_assert_uint_eq(counted(STAT_FORWARD_FULL), 1);
	ck_assert_int_eq(ask(&dnssec), FORWARD_ASKED);
	ck_assert_uint_eq(w.sent_count, 2);
	answer_to(0);
	ck_assert_uint_eq(w.told_count, 4);
	ck_assert_uint_eq(w.kept_count, 1);
	end();
}
END_TEST

START_TEST(questions_in_flight_are_bounded)
{
	struct forward_question q;
	char name[32];

	begin();
	for (unsigned i = 0; i < 17; i++) {
		snprintf(name, sizeof(name), "n%u.test.", i);
		q = craft_question(name, TYPE_A, 1, CRAFT_PLAIN);
		ck_assert_int_eq(ask(&q), i < 16 ? FORWARD_ASKED :
		    FORWARD_IS_FULL);
	}
	/* One that ends makes room for one. */
	reply_to(3, RCODE_NXDOMAIN);
	deliver_to(3);
	ck_assert_uint_eq(w.told_count, 1);
	ck_assert_int_eq(ask(&q), FORWARD_ASKED);
	ck_assert_uint_eq(w.sent_count, 17);
	end();
}
END_TEST

/* Each of these is passed over, and the good answer is taken after it. */
enum forgery {
	FORGED_ID,
	FORGED_NAME,
	FORGED_TYPE,
	FORGED_CLASS,
	FORGED_NO_QUESTION,
	FORGED_TWO_QUESTIONS,
	FORGED_NO_QR,
	FORGED_OPCODE,
	FORGED_SHORT,
	FORGED_EMPTY,
	FORGED_GARBAGE,
	FORGED_CUT,
	FORGED_POINTER_LOOP,
	FORGED_FORMERR_ALONE,
	FORGERIES,
};

static void
forge(enum forgery how, size_t question_end)
{
	uint8_t *bytes = packet.bytes;

	switch (how) {
	case FORGED_ID:
		bytes[1] ^= 1;
		break;
	case FORGED_NAME:
		bytes[WIRE_HEADER + 1] ^= 1;
		break;
	case FORGED_TYPE:
		bytes[question_end - 3] = TYPE_AAAA;
		break;
	case FORGED_CLASS:
		bytes[question_end - 1] = CLASS_CH;
		break;
	case FORGED_NO_QUESTION:
		bytes[5] = 0;
		memmove(bytes + WIRE_HEADER, bytes + question_end,
		    packet.length - question_end);
		packet.length -= question_end - WIRE_HEADER;
		break;
	case FORGED_TWO_QUESTIONS:
		bytes[5] = 2;
		break;
	case FORGED_NO_QR:
		bytes[2] &= 0x7f;
		break;
	case FORGED_OPCODE:
		bytes[2] |= 0x20;
		break;
	case FORGED_SHORT:
		packet.length = 11;
		break;
	case FORGED_EMPTY:
		packet.length = 0;
		break;
	case FORGED_GARBAGE:
		memset(bytes + 2, 0xff, packet.length - 2);
		break;
	case FORGED_CUT:
		packet.length--;
		break;
	case FORGED_POINTER_LOOP:
		bytes[question_end] = 0xc0;
		bytes[question_end + 1] = (uint8_t)question_end;
		break;
	case FORGED_FORMERR_ALONE:
		bytes[3] = RCODE_FORMERR;
		memset(bytes + 4, 0, 8);
		packet.length = WIRE_HEADER;
		break;
	case FORGERIES:
		break;
	}
}

START_TEST(forged_packets_are_passed_over)
{
	struct forward_question q = www(2);

	begin();
	ask(&q);
	reply_to(0, 0);
	craft_a(&packet, "www.a.test.", 300, 66);
	forge((enum forgery)_i, WIRE_HEADER + q.name.length + 4u);
	deliver_to(0);
	ck_assert_uint_eq(w.told_count, 0);
	ck_assert_uint_eq(w.sent_count, 1);
	ck_assert_uint_eq(w.closed_count, 0);
	ck_assert_uint_eq(counted(STAT_FORWARD_MISMATCHED) +
	    counted(STAT_FORWARD_MALFORMED), 1);
	answer_to(0);
	expect_answered();
	end();
}
END_TEST

START_TEST(many_forged_packets_lead_to_tcp)
{
	struct forward_question q = www(2);

	begin();
	ask(&q);
	pass_ms(400);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(w.sent_count, 2);
		reply_to(1, 0);
		forge(i == 1 ? FORGED_CUT : FORGED_ID,
		    WIRE_HEADER + q.name.length + 4u);
		deliver_to(1);
	}
	ck_assert_uint_eq(w.sent_count, 3);
	ck_assert_int_eq(w.sent[2].action, FORWARD_SEND_TCP);
	ck_assert_uint_eq(sent_to(2), 2);
	ck_assert_uint_eq(w.closed_count, 2);
	/* No datagram counts any more. */
	answer_to(0);
	answer_to(1);
	ck_assert_uint_eq(w.told_count, 0);
	/* Nor is there a new one. */
	pass_ms(1500);
	ck_assert_uint_eq(w.sent_count, 4);
	ck_assert_int_eq(w.sent[3].action, FORWARD_SEND_TCP);
	answer_to(2);
	expect_answered();
	end();
}
END_TEST

START_TEST(truncated_goes_to_tcp)
{
	struct forward_question q = www(2);

	begin();
	ask(&q);
	reply_to(0, FLAG_TC);
	deliver_to(0);
	ck_assert_uint_eq(w.sent_count, 2);
	ck_assert_int_eq(w.sent[1].action, FORWARD_SEND_TCP);
	ck_assert_uint_eq(sent_to(1), 1);
	ck_assert_uint_eq(w.closed_count, 1);
	answer_to(1);
	expect_answered();
	end();
}
END_TEST

START_TEST(cut_off_with_tc_goes_to_tcp)
{
	struct forward_question q = www(1);

	begin();
	ask(&q);
	reply_to(0, FLAG_TC);
	craft_a(&packet, "www.a.test.", 300, 1);
	packet.length -= 3;
	deliver_to(0);
	ck_assert_uint_eq(w.sent_count, 2);
	ck_assert_int_eq(w.sent[1].action, FORWARD_SEND_TCP);
	end();
}
END_TEST

/* Never by anything else, and in whole blocks of 128 bytes (RFC 8467). */
START_TEST(tls_is_padded_and_stays_tls)
{
	struct forward_question q = www(1);
	const uint8_t *bytes = w.sent[0].bytes;
	size_t opt = 12 + q.name.length + 4u;
	uint16_t cookie = 4 + 8;

	begin();
	q.to.list[0].transport = UPSTREAM_TLS;
	q.to.list[0].server = servers_number("dns.test");
	ask(&q);
	ck_assert_int_eq(w.sent[0].action, FORWARD_SEND_TLS);
	ck_assert_str_eq(servers_name(w.sent[0].server), "dns.test");
	ck_assert_uint_eq(w.sent[0].length, 128);
	ck_assert_uint_eq(wire_get16(bytes + opt + 9), 128 - opt - 11);
	if (wire_get16(bytes + opt + 11) != 10)
		cookie = 0;
	ck_assert_uint_eq(wire_get16(bytes + opt + 11 + cookie), 12);
	ck_assert_uint_eq(wire_get16(bytes + opt + 13 + cookie),
	    128 - opt - 15 - cookie);
	/* Forged answers, and TC, change nothing of it. */
	for (unsigned i = 0; i < 3; i++) {
		reply_to(0, 0);
		packet.bytes[0] ^= 1;
		deliver_to(0);
	}
	pass_ms(1500);
	for (unsigned i = 0; i < w.sent_count; i++)
		ck_assert_int_eq(w.sent[i].action, FORWARD_SEND_TLS);
	end();
}
END_TEST

START_TEST(tls_of_any_length_is_padded)
{
	char name[256] = "";
	struct forward_question q;

	for (unsigned i = 0; i < 4; i++) {
		snprintf(name + strlen(name), sizeof(name) - strlen(name),
		    "%.*s.", i < 3 ? 63 : 61,
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaa");
		begin();
		q = craft_question(name, TYPE_A, 1, CRAFT_PLAIN);
		q.to.list[0].transport = UPSTREAM_TLS;
		ask(&q);
		ck_assert_uint_eq(w.sent[0].length % 128, 0);
		end();
	}
}
END_TEST

START_TEST(server_names_have_one_number)
{
	uint16_t a = servers_number("a.test"), b = servers_number("b.test");
	char name[16];

	ck_assert_uint_ne(a, SERVERS_NONE);
	ck_assert_uint_ne(a, b);
	ck_assert_uint_eq(servers_number("a.test"), a);
	ck_assert_str_eq(servers_name(b), "b.test");
	ck_assert_str_eq(servers_name(SERVERS_NONE), "");
	for (unsigned i = 0; i < SERVERS_MAX; i++) {
		snprintf(name, sizeof(name), "n%u.test", i);
		servers_number(name);
	}
	ck_assert_uint_eq(servers_number("more.test"), SERVERS_NONE);
	ck_assert_uint_eq(servers_number("b.test"), b);
}
END_TEST

START_TEST(truncated_in_tcp_is_a_failure)
{
	struct forward_question q = www(1);

	begin();
	q.to.list[0].transport = UPSTREAM_TCP;
	ask(&q);
	ck_assert_int_eq(w.sent[0].action, FORWARD_SEND_TCP);
	reply_to(0, FLAG_TC);
	deliver_to(0);
	expect_failed(EDE_NETWORK_ERROR);
	end();
}
END_TEST

START_TEST(formerr_is_asked_without_edns)
{
	struct forward_question q = www(2);

	begin();
	ask(&q);
	reply_to(0, RCODE_FORMERR);
	deliver_to(0);
	ck_assert_uint_eq(w.sent_count, 2);
	ck_assert_uint_eq(sent_to(1), 1);
	ck_assert_uint_eq(w.sent[1].length, 12u + q.name.length + 4);
	ck_assert_uint_eq(wire_get16(w.sent[1].bytes + 10), 0);
	ck_assert_uint_eq(wire_get16(w.sent[1].bytes + 2), FLAG_RD);
	reply_to(1, RCODE_FORMERR);
	deliver_to(1);
	ck_assert_uint_eq(w.sent_count, 3);
	ck_assert_uint_eq(sent_to(2), 2);
	ck_assert_uint_eq(w.sent[2].length, w.sent[0].length);
	answer_to(2);
	expect_answered();
	end();
}
END_TEST

/* Ask and have it answered at once, with EDNS or without. */
static void
expect_edns(unsigned n, unsigned opts)
{
	struct forward_question q = numbered(n, 1);

	forget();
	ask(&q);
	ck_assert_uint_eq(wire_get16(w.sent[0].bytes + 10), opts);
	reply_to(0, RCODE_NXDOMAIN);
	deliver_to(0);
	ck_assert_uint_eq(w.told_count, 1);
}

START_TEST(edns_is_left_out_for_a_while)
{
	struct forward_question q = www(1);

	begin();
	ask(&q);
	reply_to(0, RCODE_NOTIMP);
	deliver_to(0);
	/* It was the name's fault: nothing to remember. */
	reply_to(1, RCODE_SERVFAIL);
	deliver_to(1);
	expect_edns(1, 1);
	forget();
	ask(&q);
	reply_to(0, RCODE_FORMERR);
	deliver_to(0);
	answer_to(1);
	expect_answered();
	expect_edns(2, 0);
	w.now_ms += HEALTH_MEMORY_MS - 1;
	expect_edns(3, 0);
	w.now_ms += 1;
	expect_edns(4, 1);
	end();
}
END_TEST

static unsigned
capitals_in(unsigned n)
{
	unsigned count = 0;

	for (const uint8_t *at = w.sent[n].bytes + WIRE_HEADER; *at; at++)
		count += *at >= 'A' && *at <= 'Z';
	return count;
}

#define LONG_NAME "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq.example."

START_TEST(letters_are_drawn)
{
	struct forward_question q = craft_question(LONG_NAME, TYPE_A, 1,
	    CRAFT_PLAIN);
	unsigned least = UINT32_MAX, most = 0;

	begin();
	for (unsigned i = 0; i < 20; i++) {
		forget();
		ask(&q);
		ck_assert(dname_equal(w.sent[0].bytes + WIRE_HEADER,
		    q.name.wire));
		if (capitals_in(0) < least)
			least = capitals_in(0);
		if (capitals_in(0) > most)
			most = capitals_in(0);
		reply_to(0, RCODE_NXDOMAIN);
		deliver_to(0);
		ck_assert_uint_eq(w.told_count, 1);
	}
	/* 50 letters; farther than that from 25 comes once in 10^8. */
	ck_assert_uint_ge(least, 5);
	ck_assert_uint_le(most, 45);
	ck_assert_uint_ne(least, most);
	end();
}
END_TEST

/* An answer whose CNAME leads to a name that ends in the question's. */
static void
answer_by_cname(unsigned n)
{
	struct craft_record record = { MESSAGE_ANSWER, LONG_NAME, TYPE_CNAME,
		300 };

	reply_to(n, 0);
	craft_add(&packet, &record, "\003www\300\014", 6);
	deliver_to(n);
}

START_TEST(drawn_letters_stay_here)
{
	struct forward_question q = craft_question(LONG_NAME, TYPE_A, 1,
	    CRAFT_PLAIN);
	struct dname target = dname_from("www." LONG_NAME);
	const struct answer *answer;

	begin();
	ask(&q);
	ck_assert_uint_gt(capitals_in(0), 0);
	answer_by_cname(0);
	ck_assert_uint_eq(w.told_count, 1);
	answer = w.told[0].answer;
	ck_assert_mem_eq(answer_name(answer), q.name.wire, q.name.length);
	ck_assert_uint_eq(answer->count[0], 1);
	ck_assert_mem_eq(answer_body(answer) + 12, target.wire,
	    target.length);
	end();
}
END_TEST

/* A DNAME, and what a server makes of it with the letters it was asked. */
static void
answer_by_dname(unsigned n)
{
	static const char *const owner = "example.";
	struct craft_record dname = { MESSAGE_ANSWER, owner, TYPE_DNAME, 300 };
	struct craft_record cname = { MESSAGE_ANSWER, NULL, TYPE_CNAME, 300 };
	char asked[DNAME_TEXT_MAX], made[DNAME_TEXT_MAX];

	dname_print(w.sent[n].bytes + WIRE_HEADER, asked);
	snprintf(made, sizeof(made), "%.*sother.",
	    (int)(strlen(asked) - strlen(owner)), asked);
	reply_to(n, 0);
	cname.owner = asked;
	craft_name(&packet, &dname, "other.");
	craft_name(&packet, &cname, made);
	craft_a(&packet, made, 300, 1);
	deliver_to(n);
}

START_TEST(drawn_letters_stay_out_of_dnames)
{
	struct forward_question q = craft_question(LONG_NAME, TYPE_A, 1,
	    CRAFT_PLAIN);
	const struct answer *answer;

	begin();
	ask(&q);
	answer_by_dname(0);
	ck_assert_uint_eq(w.told_count, 1);
	answer = w.told[0].answer;
	ck_assert_uint_eq(answer->count[0], 3);
	for (uint32_t i = 0; i < answer->body_length; i++)
		ck_assert(answer_body(answer)[i] < 'A' ||
		    answer_body(answer)[i] > 'Z');
	end();
}
END_TEST

/* The reply fits, but its letters are turned round. */
static void
recase_to(unsigned n)
{
	reply_to(n, 0);
	craft_a(&packet, "www.a.test.", 300, 66);
	for (uint8_t *at = packet.bytes + WIRE_HEADER; *at; at++) {
		if ((*at | 0x20) >= 'a' && (*at | 0x20) <= 'z')
			*at ^= 0x20;
	}
	deliver_to(n);
}

START_TEST(other_letters_are_not_believed)
{
	struct forward_question q = craft_question(LONG_NAME, TYPE_A, 2,
	    CRAFT_PLAIN);

	begin();
	ask(&q);
	recase_to(0);
	ck_assert_uint_eq(w.told_count, 0);
	ck_assert_uint_eq(w.sent_count, 2);
	ck_assert_uint_eq(sent_to(1), 1);
	ck_assert_uint_eq(capitals_in(1), 0);
	ck_assert_uint_ne(w.sent[0].exchange, w.sent[1].exchange);
	ck_assert_uint_eq(w.closed_count, 1);
	ck_assert_uint_eq(counted(STAT_FORWARD_RECASED), 1);
	/* Asked in lower case it has no excuse. */
	recase_to(1);
	ck_assert_uint_eq(w.told_count, 0);
	ck_assert_uint_eq(w.sent_count, 2);
	reply_to(1, RCODE_NXDOMAIN);
	deliver_to(1);
	ck_assert_uint_eq(w.told_count, 1);
	end();
}
END_TEST

static void
expect_capitals(bool wanted)
{
	struct forward_question q = craft_question(LONG_NAME, TYPE_A, 1,
	    CRAFT_PLAIN);

	forget();
	ask(&q);
	ck_assert_int_eq(capitals_in(0) > 0, wanted);
}

static void
recase_one(void)
{
	expect_capitals(true);
	recase_to(0);
	reply_to(1, RCODE_NXDOMAIN);
	deliver_to(1);
	ck_assert_uint_eq(w.told_count, 1);
}

START_TEST(case_is_given_up_for_a_while)
{
	begin();
	recase_one();
	recase_one();
	/* One that keeps it in between: not in a row. */
	expect_capitals(true);
	reply_to(0, RCODE_NXDOMAIN);
	deliver_to(0);
	for (unsigned i = 0; i < 3; i++)
		recase_one();
	expect_capitals(false);
	reply_to(0, RCODE_NXDOMAIN);
	deliver_to(0);
	w.now_ms += HEALTH_MEMORY_MS;
	expect_capitals(true);
	end();
}
END_TEST

/* The cookie option of the n-th query, behind its head; *length of it. */
static const uint8_t *
cookie_of(unsigned n, size_t *length)
{
	size_t at = WIRE_HEADER + 4 + 11 +
	    dname_length(w.sent[n].bytes + WIRE_HEADER);

	ck_assert_uint_ge(w.sent[n].length, at + 4);
	ck_assert_uint_eq(wire_get16(w.sent[n].bytes + at), 10);
	*length = wire_get16(w.sent[n].bytes + at + 2);
	ck_assert_uint_eq(w.sent[n].length, at + 4 + *length);
	return w.sent[n].bytes + at + 4;
}

enum cookie_kind {
	COOKIE_NONE,
	COOKIE_RIGHT,
	COOKIE_OTHER,			/* not the one that was sent */
};

/* An OPT with upper rcode bits and a cookie: ours, then so many bytes. */
static void
craft_cookie(unsigned n, enum cookie_kind kind, size_t theirs, uint8_t fill)
{
	uint8_t option[4 + 8 + 64] = { 0, 10, 0, (uint8_t)(8 + theirs) };
	struct craft_record opt = { MESSAGE_ADDITIONAL, ".", TYPE_OPT, 0 };
	size_t length;

	memcpy(option + 4, cookie_of(n, &length), 8);
	option[4] ^= kind == COOKIE_OTHER;
	memset(option + 12, fill, theirs);
	craft_add(&packet, &opt, option, kind == COOKIE_NONE ? 0 :
	    12 + theirs);
}

static void
cookie_to(unsigned n, enum cookie_kind kind, size_t theirs, uint8_t fill)
{
	reply_to(n, RCODE_NXDOMAIN);
	craft_cookie(n, kind, theirs, fill);
	deliver_to(n);
}

/* Ask, and have the upstream give a cookie of 16 times `fill`. */
static void
give_cookie(unsigned n, uint8_t fill)
{
	struct forward_question q = numbered(n, 1);

	forget();
	ask(&q);
	cookie_to(0, COOKIE_RIGHT, 16, fill);
	ck_assert_uint_eq(w.told_count, 1);
	forget();
}

START_TEST(cookies_are_given_back)
{
	struct forward_question q = numbered(9, 2);
	uint8_t ours[8], wanted[16];
	const uint8_t *cookie;
	size_t length;

	begin();
	give_cookie(1, 7);
	ask(&q);
	pass_ms(400);
	ck_assert_uint_eq(sent_to(1), 1);
	cookie = cookie_of(1, &length);
	ck_assert_uint_eq(length, 8 + 16);
	memcpy(ours, cookie, 8);
	memset(wanted, 7, 16);
	ck_assert_mem_eq(cookie + 8, wanted, 16);
	/* To another upstream another one, and nothing of the first's. */
	cookie = cookie_of(0, &length);
	ck_assert_uint_eq(sent_to(0), 2);
	ck_assert_uint_eq(length, 8);
	ck_assert_mem_ne(cookie, ours, 8);
	end();
}
END_TEST

START_TEST(other_cookies_are_forged)
{
	struct forward_question q = numbered(9, 1);
	static const size_t bad[] = { 1, 7, 33 };

	begin();
	ask(&q);
	cookie_to(0, COOKIE_OTHER, 16, 1);
	ck_assert_uint_eq(w.told_count, 0);
	cookie_to(0, COOKIE_RIGHT, bad[_i], 1);
	ck_assert_uint_eq(w.told_count, 0);
	ck_assert_uint_eq(counted(STAT_FORWARD_MISMATCHED), 2);
	ck_assert_uint_eq(w.sent_count, 1);
	cookie_to(0, COOKIE_RIGHT, 32, 1);
	ck_assert_uint_eq(w.told_count, 1);
	end();
}
END_TEST

START_TEST(a_cookie_that_is_due)
{
	struct forward_question q = numbered(9, 1);
	size_t length;

	begin();
	give_cookie(1, 7);
	ask(&q);
	cookie_to(0, COOKIE_NONE, 0, 0);
	ck_assert_uint_eq(w.told_count, 0);
	/* Both wait now. */
	ck_assert_uint_eq(w.sent_count, 2);
	ck_assert_int_eq(w.sent[1].action, FORWARD_SEND_TCP);
	ck_assert_uint_eq(w.closed_count, 0);
	cookie_to(0, COOKIE_RIGHT, 0, 0);
	ck_assert_uint_eq(w.told_count, 0);
	ck_assert_uint_eq(w.sent_count, 2);
	if (_i == 0) {
		cookie_to(0, COOKIE_RIGHT, 16, 8);
		ck_assert_uint_eq(w.told_count, 1);
	} else {
		/* By TCP it is believed, and forgotten. */
		cookie_to(1, COOKIE_NONE, 0, 0);
		ck_assert_uint_eq(w.told_count, 1);
		forget();
		ask(&q);
		cookie_of(0, &length);
		ck_assert_uint_eq(length, 8);
		cookie_to(0, COOKIE_NONE, 0, 0);
		ck_assert_uint_eq(w.told_count, 1);
	}
	end();
}
END_TEST

static void
badcookie_to(unsigned n, uint8_t fill)
{
	reply_to(n, RCODE_BADCOOKIE & 15);
	craft_cookie(n, COOKIE_RIGHT, 8, fill);
	packet.bytes[packet.length - 20 - 6] = RCODE_BADCOOKIE >> 4;
	deliver_to(n);
}

START_TEST(a_bad_cookie_is_asked_again)
{
	struct forward_question q = numbered(9, 1);
	const uint8_t *cookie;
	size_t length;

	begin();
	ask(&q);
	badcookie_to(0, 5);
	ck_assert_uint_eq(w.sent_count, 2);
	ck_assert_int_eq(w.sent[1].action, FORWARD_SEND_UDP);
	cookie = cookie_of(1, &length);
	ck_assert_uint_eq(length, 16);
	ck_assert_mem_eq(cookie + 8, "\5\5\5\5\5\5\5\5", 8);
	if (_i == 0) {
		cookie_to(1, COOKIE_RIGHT, 8, 5);
		ck_assert_uint_eq(w.told_count, 1);
	} else {
		badcookie_to(1, 6);
		ck_assert_uint_eq(w.sent_count, 3);
		ck_assert_int_eq(w.sent[2].action, FORWARD_SEND_TCP);
		badcookie_to(2, 6);
		expect_failed(EDE_NETWORK_ERROR);
	}
	end();
}
END_TEST

START_TEST(our_own_questions_are_known)
{
	static const struct {
		const char *what;
		struct addr upstream, client;
		bool cookie, has_capitals;	/* of the second query */
		enum forward_asked wanted;
	} rows[] = {
		{ "another client", { 4, { 192, 0, 2, 1 } },
		    { 4, { 192, 0, 2, 9 } }, true, true, FORWARD_ASKED },
		{ "the upstream", { 4, { 192, 0, 2, 1 } },
		    { 4, { 192, 0, 2, 1 } }, false, false, FORWARD_LOOPS },
		{ "a program here", { 4, { 127, 0, 0, 2 } },
		    { 4, { 127, 0, 0, 1 } }, false, true, FORWARD_ASKED },
		{ "another one", { 4, { 127, 0, 0, 2 } },
		    { 4, { 127, 0, 0, 1 } }, true, false, FORWARD_ASKED },
		{ "a forwarder here", { 4, { 127, 0, 0, 2 } },
		    { 4, { 127, 0, 0, 1 } }, true, true, FORWARD_LOOPS },
		{ "not from here", { 4, { 127, 0, 0, 2 } },
		    { 4, { 192, 0, 2, 1 } }, true, true, FORWARD_ASKED },
	};
	struct forward_waiter waiter = { .cookie = rows[_i].cookie,
		.client = rows[_i].client,
		.has_capitals = rows[_i].has_capitals };
	struct forward_question q = www(1);

	begin();
	q.to.list[0].endpoint.addr = rows[_i].upstream;
	ask(&q);
	ck_assert_msg((int)forward_ask(w.forward, &q, &waiter, w.now_ms) ==
	    (int)rows[_i].wanted, "%s", rows[_i].what);
	ck_assert_uint_eq(counted(STAT_FORWARD_LOOPS),
	    rows[_i].wanted == FORWARD_LOOPS);
	ck_assert_uint_eq(w.sent_count, 1);
	end();
}
END_TEST

START_TEST(a_forwarder_may_ask_again)
{
	struct forward_waiter waiter = { .cookie = 77, .has_capitals = true,
		.client = { 4, { 127, 0, 0, 1 } } };
	struct forward_question q = www(1);

	begin();
	q.to.list[0].endpoint.addr = (struct addr){ 4, { 127, 0, 0, 2 } };
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(forward_ask(w.forward, &q, &waiter,
		    w.now_ms), FORWARD_ASKED);
	waiter.cookie = 78;
	ck_assert_int_eq(forward_ask(w.forward, &q, &waiter, w.now_ms),
	    FORWARD_LOOPS);
	end();
}
END_TEST

START_TEST(our_own_cookie_is_known)
{
	struct forward_waiter waiter = { .client = { 4, { 203, 0, 113, 9 } } };
	struct forward_question q = www(2);
	size_t length;

	begin();
	ask(&q);
	memcpy(&waiter.cookie, cookie_of(0, &length), sizeof(waiter.cookie));
	ck_assert_int_eq(forward_ask(w.forward, &q, &waiter, w.now_ms),
	    FORWARD_LOOPS);
	waiter.cookie ^= 1;
	ck_assert_int_eq(forward_ask(w.forward, &q, &waiter, w.now_ms),
	    FORWARD_ASKED);
	end();
}
END_TEST

START_TEST(refusals_go_to_the_next_at_once)
{
	static const uint16_t rcodes[] = { RCODE_SERVFAIL, RCODE_REFUSED,
		RCODE_YXDOMAIN };
	struct craft_record ns = { MESSAGE_AUTHORITY, "a.test.", TYPE_NS,
		300 };
	struct forward_question q = www(2);

	for (unsigned i = 0; i < 4; i++) {
		begin();
		ask(&q);
		reply_to(0, i < 3 ? rcodes[i] : RCODE_NOERROR);
		if (i == 3)		/* lame */
			craft_name(&packet, &ns, "ns.a.test.");
		deliver_to(0);
		ck_assert_uint_eq(w.sent_count, 2);
		ck_assert_uint_eq(sent_to(1), 2);
		answer_to(1);
		expect_answered();
		end();
	}
}
END_TEST

START_TEST(refused_by_all_fails_at_once)
{
	struct forward_question q = www(2);

	begin();
	ask(&q);
	for (unsigned i = 0; i < 2; i++) {
		reply_to(i, RCODE_SERVFAIL);
		deliver_to(i);
	}
	ck_assert_uint_eq(w.sent_count, 2);
	expect_failed(EDE_NETWORK_ERROR);
	end();
}
END_TEST

START_TEST(broken_ones_are_tried_twice)
{
	struct forward_question q = www(2);

	begin();
	ask(&q);
	forward_broken(w.forward, w.sent[0].exchange, w.now_ms);
	drain();
	ck_assert_uint_eq(w.sent_count, 2);
	ck_assert_uint_eq(sent_to(1), 2);
	forward_broken(w.forward, w.sent[1].exchange, w.now_ms);
	drain();
	ck_assert_uint_eq(w.sent_count, 2);
	ck_assert_uint_eq(w.told_count, 0);
	pass_ms(400);
	ck_assert_uint_eq(w.sent_count, 3);
	forward_broken(w.forward, w.sent[2].exchange, w.now_ms);
	drain();
	ck_assert_uint_eq(w.sent_count, 4);
	forward_broken(w.forward, w.sent[3].exchange, w.now_ms);
	drain();
	expect_failed(EDE_NETWORK_ERROR);
	end();
}
END_TEST

START_TEST(a_broken_lone_one_is_soon_tried_again)
{
	struct forward_question q = www(1);

	begin();
	ask(&q);
	forward_broken(w.forward, w.sent[0].exchange, w.now_ms);
	drain();
	ck_assert_uint_eq(w.sent_count, 1);
	pass_ms(400);
	ck_assert_uint_eq(w.sent_count, 2);
	forward_broken(w.forward, w.sent[1].exchange, w.now_ms);
	drain();
	expect_failed(EDE_NETWORK_ERROR);
	end();
}
END_TEST

START_TEST(a_silent_upstream_is_passed_over_for_a_while)
{
	struct forward_question q = www(2);
	struct forward_question other = craft_question("b.test.", TYPE_A, 2,
	    CRAFT_PLAIN);
	struct forward_question third = craft_question("c.test.", TYPE_A, 2,
	    CRAFT_PLAIN);

	begin();
	ask(&q);
	pass_ms(400);
	answer_to(1);
	ask(&other);
	ck_assert_uint_eq(sent_to(2), 2);
	w.now_ms += 500;
	ask(&third);
	ck_assert_uint_eq(sent_to(3), 2);	/* the quicker one */
	end();
}
END_TEST

/* Ask, and let each upstream answer after its own time; whom the question
 * went to first. */
static unsigned
ask_and_answer(unsigned n, unsigned upstreams, const int rtt_ms[])
{
	struct forward_question q = numbered(n, upstreams);
	int64_t sent_ms[LIST_MAX], next_ms;
	unsigned first, known = 0, i;

	forget();
	ask(&q);
	first = sent_to(0);
	while (w.told_count == 0) {
		for (; known < w.sent_count; known++)
			sent_ms[known] = w.now_ms;
		next_ms = forward_next_tick(w.forward);
		for (i = 0; i < known; i++) {
			if (rtt_ms[sent_to(i) - 1] >= 0 && sent_ms[i] +
			    rtt_ms[sent_to(i) - 1] <= next_ms)
				break;
		}
		if (i == known) {
			pass_ms(next_ms - w.now_ms);
			continue;
		}
		w.now_ms = sent_ms[i] + rtt_ms[sent_to(i) - 1];
		reply_to(i, RCODE_NXDOMAIN);
		deliver_to(i);
	}
	return first;
}

START_TEST(the_quickest_is_asked)
{
	static const int rtt_ms[] = { 60, 20, 25, 90 };
	unsigned asked[5] = { 0 };

	begin();
	for (unsigned n = 0; n < 4; n++)
		ck_assert_uint_eq(ask_and_answer(n, 4, rtt_ms), n + 1);
	for (unsigned n = 4; n < 4 + 320; n++)
		asked[ask_and_answer(n, 4, rtt_ms)]++;
	/* The third is as quick as the second, but stands behind it. */
	ck_assert_uint_eq(asked[2], 310);
	for (unsigned i = 1; i <= 4; i++)
		ck_assert_uint_ge(asked[i], 3);
	end();
}
END_TEST

START_TEST(one_that_becomes_slow_is_left)
{
	int rtt_ms[] = { 10, 40 };
	unsigned asked[3] = { 0 };

	begin();
	for (unsigned n = 0; n < 40; n++)
		ask_and_answer(n, 2, rtt_ms);
	ck_assert_uint_eq(ask_and_answer(40, 2, rtt_ms), 1);
	rtt_ms[0] = 2000;
	for (unsigned n = 41; n < 61; n++)
		asked[ask_and_answer(n, 2, rtt_ms)]++;
	ck_assert_uint_ge(asked[2], 15);
	/* And found again. */
	rtt_ms[0] = 10;
	for (unsigned n = 61; n < 1500; n++)
		ask_and_answer(n, 2, rtt_ms);
	ck_assert_uint_eq(ask_and_answer(1500, 2, rtt_ms), 1);
	end();
}
END_TEST

START_TEST(the_wait_follows_the_time_to_an_answer)
{
	static const int rtt_ms[] = { 20, 300 };
	struct forward_question q = numbered(1000, 2);

	begin();
	for (unsigned n = 0; n < 10; n++)
		ask_and_answer(n, 2, rtt_ms);
	forget();
	ask(&q);
	ck_assert_int_eq(forward_next_tick(w.forward), w.now_ms + 150);
	pass_ms(150);
	ck_assert_uint_eq(w.sent_count, 2);
	/* Overtaken, not failed. */
	ck_assert_uint_eq(counted(STAT_FORWARD_TIMEOUTS), 0);
	pass_ms(250);
	ck_assert_uint_eq(counted(STAT_FORWARD_TIMEOUTS), 0);
	end();
}
END_TEST

START_TEST(a_lone_quick_one_is_asked_again_sooner)
{
	static const int rtt_ms[] = { 20 };
	struct forward_question q = numbered(1000, 1);

	begin();
	for (unsigned n = 0; n < 10; n++)
		ask_and_answer(n, 1, rtt_ms);
	forget();
	ask(&q);
	ck_assert_int_eq(forward_next_tick(w.forward), w.now_ms + 450);
	pass_ms(450);
	ck_assert_uint_eq(w.sent_count, 2);
	ck_assert_uint_eq(counted(STAT_FORWARD_TIMEOUTS), 1);
	ck_assert_int_eq(forward_next_tick(w.forward), w.now_ms + 900);
	end();
}
END_TEST

START_TEST(late_and_strange_numbers_are_ignored)
{
	struct forward_question q = www(1);
	struct forward_question other = craft_question("b.test.", TYPE_A, 1,
	    CRAFT_PLAIN);

	begin();
	ask(&q);
	answer_to(0);
	expect_answered();
	answer_to(0);
	forward_broken(w.forward, w.sent[0].exchange, w.now_ms);
	forward_broken(w.forward, UINT32_MAX, w.now_ms);
	forward_received(w.forward, 77, packet.bytes, packet.length,
	    w.now_ms);
	drain();
	ck_assert_uint_eq(w.told_count, 1);
	ck_assert_uint_eq(w.closed_count, 1);
	/* The slot is used again, under another number. */
	ask(&other);
	ck_assert_uint_eq(forward_slot(w.sent[0].exchange),
	    forward_slot(w.sent[1].exchange));
	ck_assert_uint_ne(w.sent[0].exchange, w.sent[1].exchange);
	forward_broken(w.forward, w.sent[0].exchange, w.now_ms);
	drain();
	ck_assert_uint_eq(w.closed_count, 1);
	end();
}
END_TEST

START_TEST(without_upstreams_it_fails_at_once)
{
	struct forward_question q = www(0);

	begin();
	ck_assert_int_eq(ask(&q), FORWARD_ASKED);
	ck_assert_uint_eq(w.sent_count, 0);
	expect_failed(EDE_NO_REACHABLE_AUTHORITY);
	end();
}
END_TEST

START_TEST(a_hostile_upstream_gets_no_storm)
{
	struct forward_question q = www(8);
	int64_t due_ms;

	begin();
	ask(&q);
	/* Whatever is sent is answered with the worst: TC, then nothing. */
	for (unsigned i = 0; w.told_count == 0; i++) {
		if (i < w.sent_count) {
			reply_to(i, FLAG_TC);
			deliver_to(i);
			continue;
		}
		due_ms = forward_next_tick(w.forward);
		i--;
		pass_ms(due_ms - w.now_ms);
	}
	ck_assert_uint_le(w.sent_count, 24);
	ck_assert_int_le(w.now_ms, START + FORWARD_GIVE_UP_MS);
	end();
}
END_TEST

#define CROWD 2000

/* Many at once: due times in any order, each told exactly once. */
static struct crowd {
	struct forward_action sent[CROWD];
	unsigned sent_count, told[CROWD], told_count;
} crowd;

static void
drain_crowd(void)
{
	struct forward_action action;

	while (forward_next(w.forward, &action)) {
		if (action.action == FORWARD_SEND_UDP &&
		    crowd.sent_count < CROWD)
			crowd.sent[crowd.sent_count++] = action;
		if (action.action == FORWARD_DONE) {
			crowd.told[action.waiter.slot]++;
			crowd.told_count++;
		}
		if (action.action == FORWARD_DONE ||
		    action.action == FORWARD_KEEP)
			answer_release(action.answer);
	}
}

static void
ask_crowd(void)
{
	struct forward_question q;
	struct forward_waiter waiter = { 0 };
	char name[32];

	for (unsigned i = 0; i < CROWD; i++) {
		snprintf(name, sizeof(name), "n%u.test.", i);
		q = craft_question(name, TYPE_A, 2, CRAFT_PLAIN);
		waiter.slot = i;
		ck_assert_int_eq(forward_ask(w.forward, &q, &waiter,
		    w.now_ms + i * 7919 % 300), FORWARD_ASKED);
	}
	drain_crowd();
	ck_assert_uint_eq(crowd.sent_count, CROWD);
}

START_TEST(hopeless_until_something_good_comes)
{
	struct forward_question q = craft_question("www.test.", TYPE_A, 2,
	    CRAFT_PLAIN);
	struct forward_question more = craft_question("www.test.", TYPE_A, 3,
	    CRAFT_PLAIN);

	begin();
	ck_assert(!forward_is_hopeless(w.forward, &q, w.now_ms));
	ck_assert_int_eq(ask(&q), FORWARD_ASKED);
	ck_assert_uint_eq(forward_in_flight(w.forward), 1);
	ck_assert(!forward_is_hopeless(w.forward, &q, w.now_ms));
	for (unsigned ms = 0; ms < FORWARD_GIVE_UP_MS; ms += 100)
		pass_ms(100);
	ck_assert_uint_eq(forward_in_flight(w.forward), 0);
	ck_assert(forward_is_hopeless(w.forward, &q, w.now_ms));
	ck_assert(!forward_is_hopeless(w.forward, &more, w.now_ms));
	/* An hour later nobody knows. */
	ck_assert(!forward_is_hopeless(w.forward, &q, w.now_ms + 3600000));
	forget();
	ck_assert_int_eq(ask(&q), FORWARD_ASKED);
	ck_assert(forward_is_hopeless(w.forward, &q, w.now_ms));
	answer_to(0);
	ck_assert(!forward_is_hopeless(w.forward, &q, w.now_ms));
	end();
}
END_TEST

START_TEST(many_questions_at_once)
{
	int64_t due_ms, last_ms = 0;

	begin_with(CROWD, 1);
	memset(&crowd, 0, sizeof(crowd));
	ask_crowd();
	for (unsigned i = 0; i < CROWD; i += 3) {
		craft_reply(&packet, crowd.sent[i].bytes,
		    crowd.sent[i].length, RCODE_NXDOMAIN);
		forward_received(w.forward, crowd.sent[i].exchange,
		    packet.bytes, packet.length, w.now_ms);
	}
	drain_crowd();
	ck_assert_uint_eq(crowd.told_count, (CROWD + 2) / 3);
	while ((due_ms = forward_next_tick(w.forward)) != INT64_MAX) {
		ck_assert_int_ge(due_ms, last_ms);
		last_ms = due_ms;
		forward_tick(w.forward, due_ms);
		drain_crowd();
	}
	for (unsigned i = 0; i < CROWD; i++)
		ck_assert_uint_eq(crowd.told[i], 1);
	ck_assert_int_le(last_ms, START + 300 + FORWARD_GIVE_UP_MS);
	forward_free(w.forward);
}
END_TEST

START_TEST(ids_are_random)
{
	static uint8_t seen[65536];
	unsigned distinct = 0, id;

	begin_with(CROWD, 1);
	memset(&crowd, 0, sizeof(crowd));
	ask_crowd();
	for (unsigned i = 0; i < 300; i++) {
		id = wire_get16(crowd.sent[i].bytes);
		distinct += seen[id] == 0;
		seen[id] = 1;
	}
	ck_assert_uint_ge(distinct, 295);
	forward_free(w.forward);
}
END_TEST

START_TEST(undrained_it_stays_whole)
{
	struct forward_question q = www(2);
	struct forward_waiter waiter = { 0 };
	int64_t due_ms;

	begin();
	forward_ask(w.forward, &q, &waiter, w.now_ms);
	while ((due_ms = forward_next_tick(w.forward)) != INT64_MAX)
		forward_tick(w.forward, due_ms);
	drain();
	/* Nothing was opened, so nothing is sent or closed. */
	ck_assert_uint_eq(w.sent_count, 0);
	ck_assert_uint_eq(w.closed_count, 0);
	expect_failed(EDE_NO_REACHABLE_AUTHORITY);
	end();
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, a_query_and_its_answer);
	tcase_add_test(tc, letters_alone_are_drawn);
	tcase_add_test(tc, do_and_cd_go_with_it);
	tcase_add_test(tc, silence_goes_to_the_next);
	tcase_add_test(tc, silence_ends_in_time);
	tcase_add_test(tc, every_try_has_an_id_of_its_own);
	tcase_add_test(tc, who_was_heard);
	tcase_add_test(tc, identical_questions_join);
	tcase_add_test(tc, questions_in_flight_are_bounded);
	tcase_add_loop_test(tc, forged_packets_are_passed_over, 0, FORGERIES);
	tcase_add_test(tc, many_forged_packets_lead_to_tcp);
	tcase_add_test(tc, truncated_goes_to_tcp);
	tcase_add_test(tc, cut_off_with_tc_goes_to_tcp);
	tcase_add_test(tc, tls_is_padded_and_stays_tls);
	tcase_add_test(tc, tls_of_any_length_is_padded);
	tcase_add_test(tc, server_names_have_one_number);
	tcase_add_test(tc, truncated_in_tcp_is_a_failure);
	tcase_add_test(tc, formerr_is_asked_without_edns);
	tcase_add_test(tc, edns_is_left_out_for_a_while);
	tcase_add_test(tc, letters_are_drawn);
	tcase_add_test(tc, drawn_letters_stay_here);
	tcase_add_test(tc, drawn_letters_stay_out_of_dnames);
	tcase_add_test(tc, other_letters_are_not_believed);
	tcase_add_test(tc, case_is_given_up_for_a_while);
	tcase_add_test(tc, cookies_are_given_back);
	tcase_add_loop_test(tc, other_cookies_are_forged, 0, 3);
	tcase_add_loop_test(tc, a_cookie_that_is_due, 0, 2);
	tcase_add_loop_test(tc, a_bad_cookie_is_asked_again, 0, 2);
	tcase_add_loop_test(tc, our_own_questions_are_known, 0, 6);
	tcase_add_test(tc, a_forwarder_may_ask_again);
	tcase_add_test(tc, our_own_cookie_is_known);
	tcase_add_test(tc, refusals_go_to_the_next_at_once);
	tcase_add_test(tc, refused_by_all_fails_at_once);
	tcase_add_test(tc, broken_ones_are_tried_twice);
	tcase_add_test(tc, a_broken_lone_one_is_soon_tried_again);
	tcase_add_test(tc, a_silent_upstream_is_passed_over_for_a_while);
	tcase_add_test(tc, the_quickest_is_asked);
	tcase_add_test(tc, one_that_becomes_slow_is_left);
	tcase_add_test(tc, the_wait_follows_the_time_to_an_answer);
	tcase_add_test(tc, a_lone_quick_one_is_asked_again_sooner);
	tcase_add_test(tc, late_and_strange_numbers_are_ignored);
	tcase_add_test(tc, without_upstreams_it_fails_at_once);
	tcase_add_test(tc, a_hostile_upstream_gets_no_storm);
	tcase_add_test(tc, hopeless_until_something_good_comes);
	tcase_add_test(tc, many_questions_at_once);
	tcase_add_test(tc, ids_are_random);
	tcase_add_test(tc, undrained_it_stays_whole);
}

int
main(void)
{
	Suite *suite = suite_create("forward");
	TCase *tc = tcase_create("forward");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	add_tests(tc);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
