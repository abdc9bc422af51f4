/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections against a small upstream on 127.0.0.1, a thread of this program.
 * What it does with a question is said by the first letter of the name:
 *
 *   a  answers at once     h  says nothing
 *   o  keeps it; at 'r' it answers all that it kept, the last one first
 *   c  closes the first time that it hears one, then answers
 *   x  closes              p  sends half of the answer and no more
 *   s  answers and closes  g  sends a message that is too short
 */
#include "net/peer.h"
#include "net/streams.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "craft.h"
#include "query/forward.h"
#include "suite.h"

#define CONNECTIONS 64
#define QUESTIONS 600
#define KEPT 400

/* The upstream's side; read by the test once its thread has ended. */
static struct {
	int listening;
	int stop[2];			/* a pipe */
	uint16_t port;
	pthread_t thread;
	struct pollfd polls[2 + CONNECTIONS];
	unsigned accepted, closed_by_us;
	unsigned heard;			/* questions */
	unsigned c_heard;
	unsigned kept_count;
	struct craft kept[KEPT];
	uint16_t ids[QUESTIONS];
	unsigned of[QUESTIONS];		/* the connection, from 1 */
	unsigned number[CONNECTIONS];	/* of the connection in polls */
	struct craft craft;
} side;

/* Our side.  Exchange i has slot i. */
static struct {
	struct event_base *base;
	struct streams *streams;
	struct stats stats;
	struct upstream to;
	unsigned asked, received, broken;
	unsigned order[QUESTIONS];	/* of the exchanges received */
	uint16_t ids[QUESTIONS];
	bool is_broken[QUESTIONS];
	unsigned until;			/* end the loop at so many */
} here;

static void
open_side(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);

	side.listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(side.listening, 0);
	ck_assert_int_eq(bind(side.listening, (struct sockaddr *)&address,
	    sizeof(address)), 0);
	ck_assert_int_eq(listen(side.listening, 64), 0);
	ck_assert_int_eq(getsockname(side.listening,
	    (struct sockaddr *)&address, &length), 0);
	side.port = ntohs(address.sin_port);
}

static bool
read_whole(int fd, uint8_t *to, size_t length)
{
	for (size_t at = 0; at < length;) {
		ssize_t n = read(fd, to + at, length - at);

		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

static void
write_reply(int fd, const struct craft *reply, size_t length)
{
	uint8_t bytes[2 + 512];

	wire_put16(bytes, (uint16_t)reply->length);
	memcpy(bytes + 2, reply->bytes, reply->length);
	if (send(fd, bytes, length, MSG_NOSIGNAL) < 0)
		return;
}

static void
answer_kept(int fd)
{
	while (side.kept_count > 0) {
		const struct craft *reply = &side.kept[--side.kept_count];

		write_reply(fd, reply, 2 + reply->length);
	}
}

enum manner {
	MANNER_STAYS,
	MANNER_CLOSES,
};

static enum manner
treat(int fd, const uint8_t *query, size_t length)
{
	char kind = (char)query[WIRE_HEADER + 1];

	craft_reply(&side.craft, query, length, 0);
	if (kind == 'g')
		side.craft.length = 5;
	if (kind == 'x' || (kind == 'c' && side.c_heard++ == 0))
		return MANNER_CLOSES;
	if (kind == 'o')
		side.kept[side.kept_count++] = side.craft;
	else if (kind == 'r')
		answer_kept(fd);
	else if (kind == 'p')
		write_reply(fd, &side.craft, 10);
	else if (kind != 'h')
		write_reply(fd, &side.craft, 2 + side.craft.length);
	if (kind == 'r')
		write_reply(fd, &side.craft, 2 + side.craft.length);
	return kind == 's' ? MANNER_CLOSES : MANNER_STAYS;
}

static void
close_at(unsigned at)
{
	close(side.polls[2 + at].fd);
	side.polls[2 + at].fd = -1;
}

static void
serve_at(unsigned at)
{
	int fd = side.polls[2 + at].fd;
	uint8_t query[512];
	size_t length;

	if (!read_whole(fd, query, 2) || !read_whole(fd, query,
	    length = wire_get16(query))) {
		side.closed_by_us++;
		close_at(at);
		return;
	}
	side.of[side.heard] = side.number[at];
	side.ids[side.heard++] = wire_get16(query);
	if (treat(fd, query, length) == MANNER_CLOSES)
		close_at(at);
}

static void
accept_one(void)
{
	unsigned at = 0;

	while (side.polls[2 + at].fd >= 0)
		at++;
	ck_assert_uint_lt(at, CONNECTIONS);
	side.polls[2 + at] = (struct pollfd){ .events = POLLIN,
		.fd = accept(side.listening, NULL, NULL) };
	side.number[at] = ++side.accepted;
}

static void *
serve(void *arg)
{
	for (unsigned i = 0; i < CONNECTIONS; i++)
		side.polls[2 + i].fd = -1;
	side.polls[0] = (struct pollfd){ side.stop[0], POLLIN, 0 };
	side.polls[1] = (struct pollfd){ side.listening, POLLIN, 0 };
	while (side.polls[0].revents == 0 &&
	    poll(side.polls, 2 + CONNECTIONS, -1) > 0) {
		for (unsigned i = 0; i < CONNECTIONS; i++) {
			if (side.polls[2 + i].fd >= 0 &&
			    side.polls[2 + i].revents != 0)
				serve_at(i);
		}
		if (side.polls[1].revents != 0)
			accept_one();
	}
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		if (side.polls[2 + i].fd >= 0)
			close_at(i);
	}
	return arg;
}

static void
count(unsigned exchange)
{
	(void)exchange;
	if (here.received + here.broken == here.until)
		event_base_loopbreak(here.base);
}

static void
on_received(void *arg, uint32_t exchange, uint8_t *bytes, size_t length)
{
	(void)arg;
	ck_assert_uint_ge(length, WIRE_HEADER);
	here.order[here.received++] = exchange;
	here.ids[exchange] = wire_get16(bytes);
	streams_forget(here.streams, exchange);
	count(exchange);
}

static void
on_broken(void *arg, uint32_t exchange)
{
	(void)arg;
	here.broken++;
	here.is_broken[exchange] = true;
	count(exchange);
}

static void
start_with(struct streams_times times)
{
	struct streams_settings settings = { .stats = &here.stats,
		.slots = QUESTIONS, .times = times,
		.hooks = { on_received, on_broken, NULL } };

	memset(&side, 0, sizeof(side));
	open_side();
	ck_assert_int_eq(pipe(side.stop), 0);
	ck_assert_int_eq(pthread_create(&side.thread, NULL, serve, NULL), 0);
	memset(&here, 0, sizeof(here));
	here.base = event_base_new();
	settings.base = here.base;
	here.streams = streams_new(&settings);
	here.to.transport = UPSTREAM_TCP;
	here.to.endpoint.addr = (struct addr){ 4, { 127, 0, 0, 1 } };
	here.to.endpoint.port = side.port;
}

static void
start(void)
{
	start_with((struct streams_times)STREAMS_TIMES);
}

/* Everything is quick, and the tests of time are too. */
static void
start_quick(void)
{
	start_with((struct streams_times){ 300, 20, 500, 1000, 10 });
}

static void
stop(void)
{
	streams_free(here.streams);
	event_base_free(here.base);
	ck_assert_int_eq(write(side.stop[1], "", 1), 1);
	pthread_join(side.thread, NULL);
	close(side.listening);
	close(side.stop[0]);
	close(side.stop[1]);
}

static enum streams_asked
try_with_id(const char *name, uint16_t id)
{
	struct forward_question q = craft_question(name, TYPE_A, 1,
	    CRAFT_PLAIN);
	struct craft query;
	struct streams_question question = { .exchange = here.asked,
		.to = &here.to };

	craft_query(&query, &q, id);
	question.bytes = query.bytes;
	question.length = query.length;
	here.asked++;
	return streams_ask(here.streams, &question, clock_mono_ms());
}

static void
ask_with_id(const char *name, uint16_t id)
{
	ck_assert_int_eq(try_with_id(name, id), STREAMS_ASKED);
}

static void
ask(const char *name)
{
	ask_with_id(name, (uint16_t)(1000 + here.asked));
}

/* Until so many were received or broken since the start. */
static void
run_until(unsigned until)
{
	here.until = until;
	if (here.received + here.broken < until)
		event_base_dispatch(here.base);
	ck_assert_uint_eq(here.received + here.broken, until);
}

static uint64_t
counted(enum stats_counter which)
{
	return atomic_load(&here.stats.count[which]);
}

START_TEST(many_on_one_connection)
{
	char name[32];

	start();
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "a%u.test.", i);
		ask(name);
	}
	run_until(100);
	ask("a.test.");
	run_until(101);
	stop();
	ck_assert_uint_eq(here.received, 101);
	ck_assert_uint_eq(side.accepted, 1);
	ck_assert_uint_eq(counted(STAT_STREAMS_OPENED), 1);
	for (unsigned i = 0; i < 101; i++)
		ck_assert_uint_eq(here.ids[i], 1000 + i);
}
END_TEST

START_TEST(answers_out_of_order)
{
	start();
	ask("o1.test.");
	ask("o2.test.");
	ask("o3.test.");
	ask("a.test.");
	ask("r.test.");
	run_until(5);
	stop();
	ck_assert_uint_eq(side.accepted, 1);
	ck_assert_uint_eq(here.order[0], 3);
	ck_assert_uint_eq(here.order[1], 2);
	ck_assert_uint_eq(here.order[2], 1);
	ck_assert_uint_eq(here.order[3], 0);
	ck_assert_uint_eq(here.order[4], 4);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_uint_eq(here.ids[i], 1000 + i);
}
END_TEST

START_TEST(ids_that_collide)
{
	start();
	for (unsigned i = 0; i < 20; i++)
		ask_with_id("o.test.", 7);
	ask_with_id("r.test.", 7);
	run_until(21);
	stop();
	ck_assert_uint_eq(here.received, 21);
	ck_assert_uint_eq(side.accepted, 1);
	for (unsigned i = 0; i < 21; i++) {
		ck_assert_uint_eq(here.ids[i], 7);
		ck_assert_uint_eq(here.order[i], i < 20 ? 19 - i : 20);
		for (unsigned k = 0; k < i; k++)
			ck_assert_uint_ne(side.ids[i], side.ids[k]);
	}
	ck_assert_uint_eq(side.ids[0], 7);
}
END_TEST

START_TEST(a_second_connection_then_none)
{
	start();
	for (unsigned i = 0; i < PEER_BUSY; i++)
		ask("h.test.");
	ck_assert_uint_eq(counted(STAT_STREAMS_OPENED), 1);
	for (unsigned i = PEER_BUSY; i < 512; i++)
		ask("h.test.");
	ck_assert_uint_eq(counted(STAT_STREAMS_OPENED), 2);
	ck_assert_int_eq(try_with_id("h.test.", 1), STREAMS_FAILED);
	/* One that is forgotten makes room for one. */
	streams_forget(here.streams, 5);
	ask("h.test.");
	ck_assert_int_eq(try_with_id("h.test.", 1), STREAMS_FAILED);
	stop();
}
END_TEST

START_TEST(what_is_forgotten_is_not_heard)
{
	start();
	ask("o1.test.");
	ask("o2.test.");
	ask("a.test.");
	run_until(1);
	streams_forget(here.streams, 1);
	streams_forget(here.streams, 1);
	ask("r.test.");
	run_until(3);
	stop();
	ck_assert_uint_eq(here.order[1], 0);
	ck_assert_uint_eq(here.order[2], 3);
}
END_TEST

START_TEST(closed_in_the_middle)
{
	start();
	ask("a1.test.");
	ask("a2.test.");
	run_until(2);
	ask("c.test.");
	ask("a3.test.");
	ask("a4.test.");
	run_until(5);
	stop();
	ck_assert_uint_eq(here.received, 5);
	ck_assert_uint_eq(here.broken, 0);
	/* Apart: one of them may have been at fault. */
	ck_assert_uint_eq(side.accepted, 4);
	ck_assert_uint_eq(counted(STAT_STREAMS_ASKED_AGAIN), 3);
}
END_TEST

START_TEST(asked_again_once)
{
	start();
	ask("x.test.");
	run_until(1);
	stop();
	ck_assert_uint_eq(here.broken, 1);
	ck_assert_uint_eq(side.accepted, 2);
	ck_assert_uint_eq(side.heard, 2);
}
END_TEST

START_TEST(one_question_a_connection)
{
	start();
	for (unsigned i = 0; i < 40; i++)
		ask("s.test.");
	run_until(40);
	stop();
	ck_assert_uint_eq(here.received, 40);
	ck_assert_uint_ge(side.accepted, 40);
	ck_assert_uint_le(side.accepted, 42);
}
END_TEST

START_TEST(garbage_breaks)
{
	start();
	ask("a.test.");
	run_until(1);
	ask("g.test.");
	ask("h.test.");
	run_until(3);
	stop();
	ck_assert_uint_eq(here.broken, 2);
	ck_assert_uint_eq(side.accepted, 1);
}
END_TEST

START_TEST(silence_blocks_nobody)
{
	int64_t before_ms;

	start_quick();
	before_ms = clock_mono_ms();
	ask("h.test.");
	while (clock_mono_ms() < before_ms + 150)
		event_base_loop(here.base, EVLOOP_NONBLOCK);
	ask("a.test.");
	run_until(1);
	ck_assert_uint_eq(here.order[0], 1);
	run_until(2);
	ck_assert_int_ge(clock_mono_ms() - before_ms, 500);
	stop();
	ck_assert(here.is_broken[0]);
	ck_assert_uint_eq(side.accepted, 2);
}
END_TEST

/* Bytes come, and the message does not end. */
START_TEST(half_a_message_blocks_nobody)
{
	int64_t before_ms;

	start_quick();
	before_ms = clock_mono_ms();
	ask("p.test.");
	while (clock_mono_ms() < before_ms + 150)
		event_base_loop(here.base, EVLOOP_NONBLOCK);
	ask("a.test.");
	run_until(2);
	stop();
	ck_assert_uint_eq(here.order[0], 1);
	ck_assert(here.is_broken[0]);
	ck_assert_uint_eq(side.accepted, 2);
}
END_TEST

/* A connection whose questions were all given up is no good one. */
START_TEST(silence_is_found_without_questions)
{
	start_quick();
	ask("a.test.");
	run_until(1);
	ask("h.test.");
	event_base_loop(here.base, EVLOOP_ONCE);	/* it is sent */
	streams_forget(here.streams, 1);
	/* The loop ends by itself where no connection is left. */
	event_base_dispatch(here.base);
	stop();
	ck_assert_uint_eq(side.heard, 2);
	ck_assert_uint_eq(side.closed_by_us, 1);
	ck_assert_uint_eq(here.received + here.broken, 1);
}
END_TEST

START_TEST(idle_ones_are_closed)
{
	int64_t before_ms;

	start_quick();
	ask("a.test.");
	run_until(1);
	before_ms = clock_mono_ms();
	event_base_dispatch(here.base);
	ck_assert_int_ge(clock_mono_ms() - before_ms, 290);
	ask("a.test.");
	run_until(2);
	stop();
	ck_assert_uint_eq(here.received, 2);
	ck_assert_uint_eq(side.accepted, 2);
	ck_assert_uint_eq(counted(STAT_STREAMS_ASKED_AGAIN), 0);
}
END_TEST

START_TEST(nobody_listens)
{
	start();
	here.to.endpoint.port = 1;
	ask("a.test.");
	ask("a.test.");
	run_until(2);
	stop();
	ck_assert_uint_eq(here.broken, 2);
	ck_assert_uint_eq(counted(STAT_STREAMS_ASKED_AGAIN), 0);
}
END_TEST

/* More upstreams than there are places: those without a connection give way,
 * and where all have one there is none to be had. */
START_TEST(upstreams_are_bounded)
{
	start();
	for (unsigned i = 0; i < STREAMS_UPSTREAMS; i++) {
		here.to.endpoint.addr.bytes[3] = (uint8_t)(1 + i);
		ask("h.test.");
	}
	here.to.endpoint.addr.bytes[3] = 200;
	ck_assert_int_eq(try_with_id("a.test.", 1), STREAMS_FAILED);
	/* Only 127.0.0.1 is listened at: the others are refused. */
	run_until(STREAMS_UPSTREAMS - 1);
	ck_assert_uint_eq(here.broken, STREAMS_UPSTREAMS - 1);
	ask("a.test.");
	run_until(STREAMS_UPSTREAMS);
	here.to.endpoint.addr.bytes[3] = 1;
	ask("a.test.");
	run_until(STREAMS_UPSTREAMS + 1);
	stop();
	ck_assert_uint_eq(here.received, 1);
	ck_assert_uint_eq(side.accepted, 1);
}
END_TEST

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return suite_run("streams", (const struct suite_case[]){
	    {
		.name = "streams",
		.tests = SUITE_TESTS(many_on_one_connection,
		    answers_out_of_order, ids_that_collide,
		    a_second_connection_then_none,
		    what_is_forgotten_is_not_heard, closed_in_the_middle,
		    asked_again_once, one_question_a_connection, garbage_breaks,
		    silence_blocks_nobody, half_a_message_blocks_nobody,
		    silence_is_found_without_questions, idle_ones_are_closed,
		    nobody_listens, upstreams_are_bounded),
	    },
	    {0},
	});
}
