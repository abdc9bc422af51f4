/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the room net that need no socket: mailbox, the table of what
 * waits, and what becomes of a query that must wait. */
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "craft.h"
#include "names/index.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/serving.h"
#include "net/waiting.h"

#define WRITERS 3
#define LETTERS 5000			/* a writer */
#define PATIENCE_MS 20000

/* ---- mailbox ---- */

static bool
is_ringing(const struct mailbox *mailbox, int timeout_ms)
{
	struct pollfd fd = {.fd = mailbox_fd(mailbox), .events = POLLIN};

	return poll(&fd, 1, timeout_ms) == 1;
}

static struct mail
letter(enum mail_kind kind, uint32_t slot)
{
	return (struct mail){.kind = kind, .waiter.slot = slot};
}

static enum mailbox_result
post(struct mailbox *mailbox, enum mail_kind kind, uint32_t slot)
{
	struct mail mail = letter(kind, slot);

	return mailbox_send(mailbox, &mail);
}

/* Frees the letters; how many there were. */
static unsigned
read_all(struct mailbox *mailbox)
{
	struct mail *mail = mailbox_take(mailbox), *next;
	unsigned count = 0;

	for (; mail; mail = next) {
		next = mail->next;
		mail_free(mail);
		count++;
	}
	return count;
}

START_TEST(mailbox_keeps_the_order)
{
	struct mailbox *mailbox = mailbox_new(10);
	struct mail *mail;

	ck_assert(!is_ringing(mailbox, 0));
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_int_eq(post(mailbox, MAIL_ASK, i), MAILBOX_SENT);
	ck_assert(is_ringing(mailbox, 0));
	mail = mailbox_take(mailbox);
	ck_assert(!is_ringing(mailbox, 0));
	for (uint32_t i = 0; i < 3; i++) {
		struct mail *next = mail->next;

		ck_assert_uint_eq(mail->waiter.slot, i);
		mail_free(mail);
		mail = next;
	}
	ck_assert_ptr_null(mail);
	ck_assert_ptr_null(mailbox_take(mailbox));
	ck_assert_int_eq(post(mailbox, MAIL_DONE, 7), MAILBOX_SENT);
	ck_assert(is_ringing(mailbox, 0));
	ck_assert_uint_eq(read_all(mailbox), 1);
	mailbox_free(mailbox);
}
END_TEST

START_TEST(mailbox_is_bounded_but_for_orders)
{
	static const enum mail_kind orders[] = {MAIL_ADD, MAIL_DROP,
	    MAIL_POLICY, MAIL_STOP};
	struct mailbox *mailbox = mailbox_new(2);

	ck_assert_int_eq(post(mailbox, MAIL_ASK, 0), MAILBOX_SENT);
	ck_assert_int_eq(post(mailbox, MAIL_ASK, 1), MAILBOX_SENT);
	ck_assert_int_eq(post(mailbox, MAIL_ASK, 2), MAILBOX_FULL);
	ck_assert_int_eq(post(mailbox, MAIL_DONE, 2), MAILBOX_FULL);
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
		ck_assert_int_eq(post(mailbox, orders[i], 0), MAILBOX_SENT);
	ck_assert_uint_eq(read_all(mailbox), 6);
	ck_assert_int_eq(post(mailbox, MAIL_ASK, 3), MAILBOX_SENT);
	ck_assert_uint_eq(read_all(mailbox), 1);
	mailbox_free(mailbox);
}
END_TEST

START_TEST(mailbox_gives_answers_back)
{
	struct forward_question question = craft_question("a.test.", TYPE_A,
	    1, CRAFT_PLAIN);
	struct answer *answer = answer_new_failure(&question, EDE_OTHER, 0);
	struct mailbox *mailbox = mailbox_new(2);
	struct mail mail = letter(MAIL_DONE, 0);

	mail.answer = answer_hold(answer);
	ck_assert_int_eq(mailbox_send(mailbox, &mail), MAILBOX_SENT);
	mailbox_free(mailbox);
	ck_assert_uint_eq(atomic_load(&answer->references), 1);
	answer_release(answer);
}
END_TEST

struct writer {
	pthread_t thread;
	struct mailbox *mailbox;
	uint32_t number;
};

static void *
write_letters(void *context)
{
	struct writer *writer = context;
	struct mail mail = letter(MAIL_ASK, 0);

	mail.waiter.worker = writer->number;
	for (mail.waiter.slot = 0; mail.waiter.slot < LETTERS;
	     mail.waiter.slot++)
		mailbox_send(writer->mailbox, &mail);
	return NULL;
}

/* Of each writer all, in its order. */
static unsigned
read_in_order(struct mailbox *mailbox, uint32_t seen[WRITERS])
{
	struct mail *mail = mailbox_take(mailbox), *next;
	unsigned count = 0;

	for (; mail; mail = next) {
		next = mail->next;
		ck_assert_uint_eq(mail->waiter.slot,
		    seen[mail->waiter.worker]);
		seen[mail->waiter.worker]++;
		mail_free(mail);
		count++;
	}
	return count;
}

START_TEST(mailbox_loses_nothing_between_threads)
{
	struct mailbox *mailbox = mailbox_new(WRITERS * LETTERS);
	struct writer writers[WRITERS];
	uint32_t seen[WRITERS] = {0};
	unsigned count = 0;

	for (uint32_t i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){.mailbox = mailbox,
		    .number = i};
		ck_assert_int_eq(pthread_create(&writers[i].thread, NULL,
		    write_letters, &writers[i]), 0);
	}
	while (count < WRITERS * LETTERS) {
		ck_assert(is_ringing(mailbox, PATIENCE_MS));
		count += read_in_order(mailbox, seen);
	}
	for (uint32_t i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	ck_assert_ptr_null(mailbox_take(mailbox));
	mailbox_free(mailbox);
}
END_TEST

/* ---- waiting ---- */

static const uint8_t packet[] = "packet";

static struct waiting_query *
add(struct waiting *waiting, void *owner)
{
	struct waiting_from from = {.owner = owner};

	return waiting_add(waiting, &from, packet, sizeof packet, 1000);
}

START_TEST(waiting_knows_a_slot_by_its_serial)
{
	struct waiting *waiting = waiting_new(1);
	struct waiting_query *query = add(waiting, NULL);
	uint32_t slot = query->slot;
	uint64_t serial = query->serial;

	ck_assert_ptr_eq(waiting_find(waiting, slot, serial), query);
	ck_assert_mem_eq(query->packet, packet, sizeof packet);
	ck_assert_ptr_ne(query->packet, packet);
	waiting_remove(waiting, query);
	ck_assert_ptr_null(waiting_find(waiting, slot, serial));
	query = add(waiting, NULL);
	ck_assert_uint_eq(query->slot, slot);
	ck_assert_ptr_null(waiting_find(waiting, slot, serial));
	ck_assert_ptr_eq(waiting_find(waiting, slot, query->serial), query);
	ck_assert_ptr_null(waiting_find(waiting, 1, query->serial));
	waiting_free(waiting);
}
END_TEST

START_TEST(waiting_is_bounded)
{
	static const uint8_t longer[WAITING_PACKET_MAX + 1];
	const struct waiting_from from = {.owner = NULL};
	struct waiting *waiting = waiting_new(2);
	struct waiting_query *query;

	ck_assert_ptr_null(waiting_add(waiting, &from, longer,
	    sizeof longer, 1000));
	query = waiting_add(waiting, &from, longer, WAITING_PACKET_MAX, 1000);
	ck_assert_ptr_nonnull(query);
	ck_assert_ptr_nonnull(add(waiting, NULL));
	ck_assert_ptr_null(add(waiting, NULL));
	ck_assert_uint_eq(waiting_count(waiting), 2);
	waiting_remove(waiting, query);
	ck_assert_uint_eq(waiting_count(waiting), 1);
	ck_assert_ptr_nonnull(add(waiting, NULL));
	ck_assert_ptr_null(add(waiting, NULL));
	waiting_free(waiting);
}
END_TEST

START_TEST(waiting_shows_the_oldest)
{
	struct waiting *waiting = waiting_new(3);
	struct waiting_query *first = add(waiting, NULL);
	struct waiting_query *second = add(waiting, NULL);
	struct waiting_query *third = add(waiting, NULL);

	ck_assert_ptr_eq(waiting_oldest(waiting), first);
	waiting_remove(waiting, second);
	ck_assert_ptr_eq(waiting_oldest(waiting), first);
	waiting_remove(waiting, first);
	ck_assert_ptr_eq(waiting_oldest(waiting), third);
	first = add(waiting, NULL);
	ck_assert_ptr_eq(waiting_oldest(waiting), third);
	waiting_remove(waiting, third);
	ck_assert_ptr_eq(waiting_oldest(waiting), first);
	waiting_remove(waiting, first);
	ck_assert_ptr_null(waiting_oldest(waiting));
	waiting_free(waiting);
}
END_TEST

START_TEST(waiting_forgets_an_owner)
{
	struct waiting *waiting = waiting_new(5);
	int going, staying;

	add(waiting, &going);
	add(waiting, &staying);
	add(waiting, &going);
	add(waiting, &staying);
	add(waiting, &going);
	waiting_forget(waiting, &going);
	ck_assert_uint_eq(waiting_count(waiting), 2);
	ck_assert_ptr_eq(waiting_oldest(waiting)->from.owner, &staying);
	waiting_forget(waiting, &staying);
	ck_assert_uint_eq(waiting_count(waiting), 0);
	ck_assert_ptr_nonnull(add(waiting, &going));
	waiting_free(waiting);
}
END_TEST

/* ---- serving ---- */

static struct {
	struct index *index;
	struct cache *cache;
	struct route route;
	struct policy policy;
	struct publisher publisher;
	struct stats stats;
	struct serving serving;
	struct query query;
	enum forward_asked says;	/* of the engine */
	unsigned asked;
	struct forward_question question;	/* the last of them */
	struct forward_waiter waiter;
	unsigned replies;
	uint8_t rcode;			/* of the last */
	uint8_t room[WIRE_MAX];
} here;

static enum forward_asked
note_ask(struct worker *worker, const struct forward_question *question,
    const struct forward_waiter *waiter)
{
	(void)worker;
	here.asked++;
	here.question = *question;
	here.waiter = *waiter;
	return here.says;
}

static void
note_nothing(struct worker *worker)
{
	(void)worker;
}

static void
note_reply(const struct waiting_from *from, const uint8_t *bytes,
    size_t length)
{
	(void)from;
	ck_assert_ptr_nonnull(bytes);
	ck_assert_uint_gt(length, WIRE_HEADER);
	here.replies++;
	here.rcode = bytes[3] & 15;
}

static void
make_policy(void)
{
	static const struct hash_key key = {1, 2};

	here.index = index_new(&key);
	here.route = (struct route){.zone = dname_from("."), .to.count = 1};
	upstreams_set_id(&here.route.to);
	here.policy = (struct policy){.top = {index_commit(here.index, 1), 1,
	    &here.route}, .allow.any = true};
	atomic_store(&here.publisher.current, &here.policy);
}

/* Room for two that wait. */
static void
start_serving(void)
{
	make_policy();
	here.cache = cache_new(0);
	here.says = FORWARD_ASKED;
	here.serving = (struct serving){
	    .base = loop_new(),
	    .reader = epoch_reader_new(),
	    .publisher = &here.publisher,
	    .waiting = waiting_new(2),
	    .env.cache = here.cache,
	    .env.stats = &here.stats,
	    .again_room = here.room,
	    .again = calloc(1, sizeof(struct query)),
	    .ask = note_ask,
	    .settle = note_nothing,
	};
	ck_assert_ptr_nonnull(here.serving.again);
	serving_open(&here.serving);
}

static void
end_serving(void)
{
	serving_close(&here.serving);
	free(here.serving.again);
	waiting_free(here.serving.waiting);
	epoch_reader_free(here.serving.reader);
	event_base_free(here.serving.base);
	cache_free(here.cache);
	index_free(here.index);
}

/* A batch of one; `length` bytes, those behind the question are none of its
 * business. */
static enum query_outcome
serve(const char *name, size_t length)
{
	static struct craft craft;
	static uint8_t room[WIRE_MAX];
	const struct query_client client = {.addr = {4, {10, 0, 0, 1}},
	    .asked = {4, {10, 0, 0, 2}}, .transport = QUERY_TCP};
	const struct waiting_from from = {.client = client,
	    .reply = note_reply};
	struct forward_question question = craft_question(name, TYPE_A, 1,
	    CRAFT_PLAIN);
	enum query_outcome outcome;
	size_t replied;

	memset(craft.bytes, 0, sizeof craft.bytes);
	craft_query(&craft, &question, 1);
	serving_start(&here.serving);
	query_begin(&here.query, &here.serving.env, &client, craft.bytes,
	    length ? length : craft.length);
	outcome = serving_step(&here.serving, &here.query, &from, room,
	    &replied);
	serving_end(&here.serving);
	here.rcode = room[3] & 15;
	return outcome;
}

/* What the upstream said to the question asked last. */
static struct answer *
make_answer(uint8_t last)
{
	static struct craft query, reply;
	const struct answer_limits limits = {0, 300, 60};
	struct message message;
	struct answer *answer;
	char name[DNAME_TEXT_MAX];

	craft_query(&query, &here.question, 1);
	craft_reply(&reply, query.bytes, query.length, 0);
	craft_a(&reply, dname_print(here.question.name.wire, name), 300,
	    last);
	ck_assert_int_eq(message_read(&message, reply.bytes, reply.length,
	    query.bytes, WIRE_HEADER + here.question.name.length + 4),
	    MESSAGE_OK);
	answer = answer_new(&here.question, &message, &limits,
	    clock_mono_ms());
	ck_assert_ptr_nonnull(answer);
	return answer;
}

START_TEST(serving_answers_what_waits_once)
{
	struct answer *answer;

	ck_assert_int_eq(serve("a.example.", 0), QUERY_WAIT);
	ck_assert_uint_eq(here.asked, 1);
	ck_assert_uint_eq(waiting_count(here.serving.waiting), 1);
	answer = make_answer(9);
	here.waiter.serial++;
	serving_answered(&here.serving, &here.waiter, answer);
	ck_assert_uint_eq(here.replies, 0);
	here.waiter.serial--;
	serving_answered(&here.serving, &here.waiter, answer);
	ck_assert_uint_eq(here.replies, 1);
	ck_assert_uint_eq(here.rcode, RCODE_NOERROR);
	ck_assert_uint_eq(waiting_count(here.serving.waiting), 0);
	serving_answered(&here.serving, &here.waiter, answer);
	ck_assert_uint_eq(here.replies, 1);
	answer_release(answer);
}
END_TEST

/* The routes changed while it waited: what came answers another question, and
 * the query waits for the right one. */
START_TEST(serving_asks_again_after_a_change)
{
	struct answer *answer;

	ck_assert_int_eq(serve("a.example.", 0), QUERY_WAIT);
	answer = make_answer(9);
	here.route.to.list[0].endpoint.port = 5353;
	upstreams_set_id(&here.route.to);
	serving_answered(&here.serving, &here.waiter, answer);
	ck_assert_uint_eq(here.replies, 0);
	ck_assert_uint_eq(here.asked, 2);
	ck_assert_uint_eq(waiting_count(here.serving.waiting), 1);
	answer_release(answer);
	answer = make_answer(10);
	serving_answered(&here.serving, &here.waiter, answer);
	ck_assert_uint_eq(here.replies, 1);
	ck_assert_uint_eq(here.rcode, RCODE_NOERROR);
	answer_release(answer);
}
END_TEST

/* Answers that never fit do not keep a query for ever. */
START_TEST(serving_ends_a_query_that_is_asked_too_often)
{
	ck_assert_int_eq(serve("a.example.", 0), QUERY_WAIT);
	for (unsigned i = 0; i < QUERY_RESTARTS_MAX; i++) {
		struct answer *answer = make_answer(9);

		ck_assert_uint_eq(here.replies, 0);
		here.route.to.list[0].endpoint.port++;
		upstreams_set_id(&here.route.to);
		serving_answered(&here.serving, &here.waiter, answer);
		answer_release(answer);
	}
	ck_assert_uint_eq(here.replies, 1);
	ck_assert_uint_eq(here.rcode, RCODE_SERVFAIL);
	ck_assert_uint_eq(waiting_count(here.serving.waiting), 0);
}
END_TEST

START_TEST(serving_gives_up_in_time)
{
	int64_t now_ms = clock_mono_ms();

	ck_assert_int_eq(serve("a.example.", 0), QUERY_WAIT);
	ck_assert_int_eq(serve("b.example.", 0), QUERY_WAIT);
	serving_expire(&here.serving, now_ms + SERVING_GIVE_UP_MS - 1);
	ck_assert_uint_eq(here.replies, 0);
	serving_expire(&here.serving, clock_mono_ms() + SERVING_GIVE_UP_MS);
	ck_assert_uint_eq(here.replies, 2);
	ck_assert_uint_eq(here.rcode, RCODE_SERVFAIL);
	ck_assert_uint_eq(waiting_count(here.serving.waiting), 0);
	ck_assert_int_le(SERVING_GIVE_UP_MS, 5000);
}
END_TEST

/* Even where the question would be another one by then. */
START_TEST(serving_gives_up_after_a_change)
{
	ck_assert_int_eq(serve("a.example.", 0), QUERY_WAIT);
	here.route.to.list[0].endpoint.port = 5353;
	upstreams_set_id(&here.route.to);
	serving_expire(&here.serving, clock_mono_ms() + SERVING_GIVE_UP_MS);
	ck_assert_uint_eq(here.asked, 1);
	ck_assert_uint_eq(here.replies, 1);
	ck_assert_uint_eq(here.rcode, RCODE_SERVFAIL);
}
END_TEST

START_TEST(serving_says_when_nobody_can_be_asked)
{
	here.says = FORWARD_IS_FULL;
	ck_assert_int_eq(serve("a.example.", 0), QUERY_REPLY);
	ck_assert_uint_eq(here.rcode, RCODE_SERVFAIL);
	ck_assert_uint_eq(waiting_count(here.serving.waiting), 0);
}
END_TEST

START_TEST(serving_says_when_too_many_wait)
{
	ck_assert_int_eq(serve("a.example.", 0), QUERY_WAIT);
	ck_assert_int_eq(serve("b.example.", 0), QUERY_WAIT);
	ck_assert_int_eq(serve("c.example.", 0), QUERY_REPLY);
	ck_assert_uint_eq(here.rcode, RCODE_SERVFAIL);
	ck_assert_uint_eq(here.asked, 2);
	ck_assert_uint_eq(here.stats.count[STAT_FORWARD_FULL], 1);
}
END_TEST

START_TEST(serving_keeps_no_long_packets)
{
	ck_assert_int_eq(serve("a.example.", WAITING_PACKET_MAX), QUERY_WAIT);
	ck_assert_int_eq(serve("b.example.", WAITING_PACKET_MAX + 1),
	    QUERY_REPLY);
	ck_assert_uint_eq(here.rcode, RCODE_SERVFAIL);
	ck_assert_uint_eq(waiting_count(here.serving.waiting), 1);
}
END_TEST

/* ---- all ---- */

static void
add_case(Suite *suite, const char *name, const TTest *const *tests)
{
	TCase *tcase = tcase_create(name);

	if (strcmp(name, "serving") == 0)
		tcase_add_checked_fixture(tcase, start_serving, end_serving);
	tcase_set_timeout(tcase, 60);
	for (; *tests; tests++)
		tcase_add_test(tcase, *tests);
	suite_add_tcase(suite, tcase);
}

int
main(void)
{
	const TTest *const mailbox[] = {mailbox_keeps_the_order,
	    mailbox_is_bounded_but_for_orders, mailbox_gives_answers_back,
	    mailbox_loses_nothing_between_threads, NULL};
	const TTest *const waiting[] = {waiting_knows_a_slot_by_its_serial,
	    waiting_is_bounded, waiting_shows_the_oldest,
	    waiting_forgets_an_owner, NULL};
	const TTest *const serving[] = {serving_answers_what_waits_once,
	    serving_asks_again_after_a_change,
	    serving_ends_a_query_that_is_asked_too_often,
	    serving_gives_up_in_time, serving_gives_up_after_a_change,
	    serving_says_when_nobody_can_be_asked,
	    serving_says_when_too_many_wait, serving_keeps_no_long_packets,
	    NULL};
	Suite *suite = suite_create("net/parts");
	SRunner *runner = srunner_create(suite);
	int failed;

	add_case(suite, "mailbox", mailbox);
	add_case(suite, "waiting", waiting);
	add_case(suite, "serving", serving);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
