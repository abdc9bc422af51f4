/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of a query that must wait, without a worker. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "craft.h"
#include "names/index.h"
#include "net/loop.h"
#include "net/serving.h"
#include "net/udp.h"
#include "suite.h"

#define LATEST_MS 15000			/* on a machine under load */

static struct {
	struct index *index;
	struct cache *cache;
	struct route route;
	struct policy policy;
	struct publisher publisher;
	struct stats stats;
	struct tally tally;
	struct serving serving;
	struct query query;
	enum forward_asked says;	/* of the engine */
	unsigned asked, settled;
	struct forward_question question;	/* the last of them */
	struct forward_waiter waiter;
	unsigned replies, forgotten;
	enum query_transport transport;	/* of the client */
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
note_settled(struct worker *worker)
{
	(void)worker;
	here.settled++;
}

static void
note_reply(const struct waiting_from *from, const uint8_t *bytes,
    size_t length)
{
	(void)from;
	if (!bytes) {
		here.forgotten++;
		return;
	}
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
	here.policy = (struct policy){
	    .top = {
		.names = index_commit(here.index, 1),
		.route_count = 1,
		.routes = &here.route,
	    },
	    .allow.any = true,
	};
	atomic_store(&here.publisher.current, &here.policy);
}

/* Room for two that wait. */
static void
start_serving(void)
{
	make_policy();
	here.cache = cache_new(1 << 20);
	cache_set_stale(here.cache, 3600000);
	here.says = FORWARD_ASKED;
	here.transport = QUERY_TCP;
	here.serving = (struct serving){
	    .base = loop_new(),
	    .reader = epoch_reader_new(),
	    .publisher = &here.publisher,
	    .waiting = waiting_new(2),
	    .env.cache = here.cache,
	    .env.stats = &here.stats,
	    .env.tally = &here.tally,
	    .again_room = here.room,
	    .again = calloc(1, sizeof(struct query)),
	    .ask = note_ask,
	    .settle = note_settled,
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
	    .asked = {4, {10, 0, 0, 2}}, .transport = here.transport};
	const struct waiting_from from = {.client = client,
	    .reply = note_reply};
	struct forward_question question = craft_question(name, TYPE_A, 1,
	    CRAFT_PLAIN);
	enum query_outcome outcome;
	struct serving_reply reply = {.room = room};

	memset(craft.bytes, 0, sizeof craft.bytes);
	craft_query(&craft, &question, 1);
	serving_start(&here.serving);
	query_begin(&here.query, &here.serving.env, &client, craft.bytes,
	    length ? length : craft.length);
	outcome = serving_step(&here.serving, &here.query, &from, &reply);
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

/* The same by the clock: an engine that never says anything, and a first
 * query that was answered, so that the timer goes off for nothing once. */
START_TEST(serving_gives_up_by_itself)
{
	int64_t began_ms = clock_mono_ms();
	struct answer *answer;

	ck_assert_int_eq(serve("a.example.", 0), QUERY_WAIT);
	answer = make_answer(9);
	serving_answered(&here.serving, &here.waiter, answer);
	answer_release(answer);
	ck_assert_uint_eq(here.replies, 1);
	while (clock_mono_ms() < began_ms + 20)
		event_base_loop(here.serving.base, EVLOOP_NONBLOCK);
	ck_assert_int_eq(serve("b.example.", 0), QUERY_WAIT);
	while (here.replies < 2)
		event_base_loop(here.serving.base, EVLOOP_ONCE);
	ck_assert_uint_eq(here.rcode, RCODE_SERVFAIL);
	ck_assert_int_ge(clock_mono_ms() - began_ms, SERVING_GIVE_UP_MS);
	ck_assert_int_lt(clock_mono_ms() - began_ms, LATEST_MS);
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

#define MANY (WAITING_LATE_MAX + 4)

/* One client, one question, MANY times; answered after waited_ms. */
static void
answer_many(int64_t waited_ms)
{
	struct forward_waiter waiters[MANY];
	struct answer *answer;

	waiting_free(here.serving.waiting);
	here.serving.waiting = waiting_new(8 * MANY);
	for (unsigned i = 0; i < MANY; i++) {
		ck_assert_int_eq(serve("a.example.", 0), QUERY_WAIT);
		waiters[i] = here.waiter;
		waiting_find(here.serving.waiting, here.waiter.slot,
		    here.waiter.serial)->since_ms -= waited_ms;
	}
	answer = make_answer(9);
	for (unsigned i = 0; i < MANY; i++)
		serving_answered(&here.serving, &waiters[i], answer);
	answer_release(answer);
	ck_assert_uint_eq(waiting_count(here.serving.waiting), 0);
	ck_assert_uint_eq(here.replies + here.forgotten, MANY);
}

START_TEST(serving_lets_no_burst_go)
{
	here.transport = QUERY_UDP;
	answer_many(WAITING_LATE_MS);
	ck_assert_uint_eq(here.replies, WAITING_LATE_MAX);
	ck_assert_uint_eq(here.stats.count[STAT_DROPPED_LATE], 4);
}
END_TEST

START_TEST(serving_answers_all_that_are_not_late)
{
	here.transport = QUERY_UDP;
	answer_many(0);
	ck_assert_uint_eq(here.replies, MANY);
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

/* As if its answer, good for 300 s, had come so long ago. */
static void
keep_old(const char *name, int64_t age_ms)
{
	struct answer *answer;

	ck_assert_int_eq(serve(name, 0), QUERY_WAIT);
	answer = make_answer(9);
	answer->stored_ms -= age_ms;
	answer->expires_ms -= age_ms;
	cache_put(here.cache, answer, answer->stored_ms);
	answer_release(answer);
	waiting_forget(here.serving.waiting, NULL);
	here.asked = 0;
}

static void
keep_expired(const char *name)
{
	keep_old(name, 310000);
}

START_TEST(serving_refreshes_what_is_popular)
{
	struct answer *answer;

	keep_old("a.example.", 280000);
	ck_assert_int_eq(serve("a.example.", 0), QUERY_REPLY);
	ck_assert_uint_eq(here.asked, 0);
	ck_assert_int_eq(serve("a.example.", 0), QUERY_REPLY);
	ck_assert_uint_eq(here.asked, 1);
	ck_assert_uint_eq(here.waiter.slot, SERVING_NOBODY);
	ck_assert_uint_eq(here.question.to.count, 1);
	ck_assert_int_eq(serve("a.example.", 0), QUERY_REPLY);
	ck_assert_uint_eq(here.asked, 1);
	ck_assert_uint_eq(here.stats.count[STAT_CACHE_PREFETCHED], 1);
	ck_assert_uint_eq(waiting_count(here.serving.waiting), 0);
	answer = make_answer(9);
	serving_answered(&here.serving, &here.waiter, answer);
	answer_release(answer);
	ck_assert_uint_eq(here.replies, 0);
	/* Where nobody can be asked the client does not notice. */
	keep_old("b.example.", 280000);
	here.says = FORWARD_IS_FULL;
	ck_assert_int_eq(serve("b.example.", 0), QUERY_REPLY);
	ck_assert_int_eq(serve("b.example.", 0), QUERY_REPLY);
	ck_assert_uint_eq(here.rcode, RCODE_NOERROR);
	ck_assert_uint_eq(here.asked, 1);
	ck_assert_uint_eq(here.stats.count[STAT_CACHE_PREFETCHED], 1);
}
END_TEST

START_TEST(serving_settles_batches_that_ask)
{
	ck_assert_int_eq(serve("a.example.", 0), QUERY_WAIT);
	ck_assert_uint_eq(here.settled, 1);
	keep_old("b.example.", 280000);	/* and it asks for it */
	ck_assert_uint_eq(here.settled, 2);
	ck_assert_int_eq(serve("b.example.", 0), QUERY_REPLY);
	ck_assert_uint_eq(here.settled, 2);
	/* The second time it is popular, and asked for anew. */
	ck_assert_int_eq(serve("b.example.", 0), QUERY_REPLY);
	ck_assert_uint_eq(here.settled, 3);
	ck_assert_int_eq(serve("b.example.", 0), QUERY_REPLY);
	ck_assert_uint_eq(here.settled, 3);
}
END_TEST

START_TEST(serving_hurries_after_a_while)
{
	int64_t now_ms;

	keep_expired("a.example.");
	now_ms = clock_mono_ms();
	ck_assert_int_eq(serve("b.example.", 0), QUERY_WAIT);
	ck_assert(!here.question.has_stale);
	ck_assert_int_eq(serve("a.example.", 0), QUERY_WAIT);
	ck_assert(here.question.has_stale);
	serving_expire(&here.serving, now_ms + QUERY_PATIENCE_MS - 1);
	ck_assert_uint_eq(here.replies, 0);
	serving_expire(&here.serving, clock_mono_ms() + QUERY_PATIENCE_MS);
	ck_assert_uint_eq(here.replies, 1);
	ck_assert_uint_eq(here.rcode, RCODE_NOERROR);
	ck_assert_uint_eq(waiting_count(here.serving.waiting), 1);
	ck_assert_uint_eq(here.stats.count[STAT_CACHE_STALE], 1);
	/* Whoever asks for it now does not wait, nor is it asked again. */
	ck_assert_int_eq(serve("a.example.", 0), QUERY_REPLY);
	ck_assert_uint_eq(here.asked, 2);
}
END_TEST

START_TEST(serving_hurries_by_itself)
{
	int64_t began_ms = clock_mono_ms();

	keep_expired("a.example.");
	ck_assert_int_eq(serve("b.example.", 0), QUERY_WAIT);
	ck_assert_int_eq(serve("a.example.", 0), QUERY_WAIT);
	while (here.replies < 1)
		event_base_loop(here.serving.base, EVLOOP_ONCE);
	ck_assert_uint_eq(here.rcode, RCODE_NOERROR);
	ck_assert_int_ge(clock_mono_ms() - began_ms, QUERY_PATIENCE_MS);
	/* The other one is not forgotten by that. */
	while (here.replies < 2)
		event_base_loop(here.serving.base, EVLOOP_ONCE);
	ck_assert_uint_eq(here.rcode, RCODE_SERVFAIL);
	ck_assert_int_ge(clock_mono_ms() - began_ms, SERVING_GIVE_UP_MS);
	ck_assert_int_lt(clock_mono_ms() - began_ms, LATEST_MS);
}
END_TEST

START_TEST(serving_hurries_when_it_is_told)
{
	keep_expired("a.example.");
	ck_assert_int_eq(serve("a.example.", 0), QUERY_WAIT);
	here.waiter.serial++;
	serving_hurry(&here.serving, &here.waiter);
	ck_assert_uint_eq(here.replies, 0);
	here.waiter.serial--;
	serving_hurry(&here.serving, &here.waiter);
	ck_assert_uint_eq(here.replies, 1);
	ck_assert_uint_eq(here.rcode, RCODE_NOERROR);
	ck_assert_uint_eq(waiting_count(here.serving.waiting), 0);
	/* What is not in the cache any more is waited for. */
	keep_expired("b.example.");
	ck_assert_int_eq(serve("b.example.", 0), QUERY_WAIT);
	cache_flush_all(here.cache);
	serving_hurry(&here.serving, &here.waiter);
	ck_assert_uint_eq(here.replies, 1);
	ck_assert_uint_eq(waiting_count(here.serving.waiting), 1);
}
END_TEST

START_TEST(serving_has_a_failure_hurry)
{
	struct answer *failure;

	keep_expired("a.example.");
	ck_assert_int_eq(serve("a.example.", 0), QUERY_WAIT);
	failure = answer_new_failure(&here.question, EDE_NETWORK_ERROR,
	    clock_mono_ms());
	ck_assert_ptr_nonnull(failure);
	serving_answered(&here.serving, &here.waiter, failure);
	answer_release(failure);
	ck_assert_uint_eq(here.replies, 1);
	ck_assert_uint_eq(here.rcode, RCODE_NOERROR);
	/* Nor does it matter that nobody can be asked. */
	here.says = FORWARD_IS_FULL;
	ck_assert_int_eq(serve("a.example.", 0), QUERY_REPLY);
	ck_assert_uint_eq(here.rcode, RCODE_NOERROR);
}
END_TEST

/* ---- with a socket ---- */

static struct endpoint
bind_loopback(int fd)
{
	struct endpoint endpoint = {.addr = {4, {127, 0, 0, 1}}};
	struct sockaddr_storage name;
	socklen_t length = endpoint_to_sockaddr(&endpoint, &name);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, length), 0);
	length = sizeof name;
	getsockname(fd, (struct sockaddr *)&name, &length);
	endpoint_from_sockaddr(&endpoint, (struct sockaddr *)&name);
	return endpoint;
}

static void
await(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	ck_assert_int_eq(poll(&wait, 1, LATEST_MS), 1);
}

/* A query from client to server, which waits now. */
static void
ask_by_udp(struct udp *udp, int client, int server,
    const struct endpoint *endpoint)
{
	static struct craft craft;
	struct forward_question question = craft_question("a.example.",
	    TYPE_A, 1, CRAFT_PLAIN);
	struct sockaddr_storage name;
	socklen_t length = endpoint_to_sockaddr(endpoint, &name);

	craft_query(&craft, &question, 1);
	ck_assert_int_eq(sendto(client, craft.bytes, craft.length, 0,
	    (struct sockaddr *)&name, length), (ssize_t)craft.length);
	await(server);
	udp_take_turn(udp);
	ck_assert_uint_eq(here.asked, 1);
	ck_assert(udp_is_awaited(udp));
}

/* In one turn of the loop its answer comes and the listener goes, by leaving
 * or at once; then its socket is closed. */
START_TEST(serving_answers_before_a_socket_goes)
{
	int server = socket(AF_INET, SOCK_DGRAM, 0);
	int client = socket(AF_INET, SOCK_DGRAM, 0);
	struct udp_batch *batch = udp_batch_new();
	struct endpoint endpoint = bind_loopback(server);
	struct udp *udp;
	struct answer *answer;
	uint8_t byte;

	here.serving.queries = calloc(SERVING_BATCH, sizeof(struct query));
	udp = udp_new(&here.serving, batch, server, &endpoint);
	ask_by_udp(udp, client, server, &endpoint);
	answer = make_answer(9);
	serving_answered(&here.serving, &here.waiter, answer);
	answer_release(answer);
	ck_assert_int_eq(recv(client, &byte, 1, MSG_DONTWAIT), -1);
	(_i ? udp_free : udp_leave)(udp);
	close(server);
	event_base_loop(here.serving.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	await(client);
	if (!_i)
		udp_free(udp);
	udp_batch_free(batch);
	free(here.serving.queries);
	close(client);
}
END_TEST

int
main(void)
{
	return suite_run("net/serving", (const struct suite_case[]){
	    {
		.name = "waiting",
		.setup = start_serving,
		.teardown = end_serving,
		.tests = SUITE_TESTS(serving_answers_what_waits_once,
		    serving_asks_again_after_a_change,
		    serving_ends_a_query_that_is_asked_too_often,
		    serving_gives_up_in_time, serving_gives_up_by_itself,
		    serving_gives_up_after_a_change,
		    serving_says_when_nobody_can_be_asked,
		    serving_says_when_too_many_wait, serving_lets_no_burst_go,
		    serving_answers_all_that_are_not_late,
		    serving_keeps_no_long_packets,
		    serving_refreshes_what_is_popular,
		    serving_settles_batches_that_ask,
		    serving_hurries_after_a_while, serving_hurries_by_itself,
		    serving_hurries_when_it_is_told,
		    serving_has_a_failure_hurry),
	    },
	    {
		.name = "waiting, two ways",
		.setup = start_serving,
		.teardown = end_serving,
		.turns = 2,
		.tests = SUITE_TESTS(serving_answers_before_a_socket_goes),
	    },
	    {0},
	});
}
