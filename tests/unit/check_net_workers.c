/* SPDX-License-Identifier: BSD-2-Clause */
/* Several workers: questions that belong to another of them, upstreams that
 * do not answer, listeners that come and go, stopping, a new policy. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "netlab.h"
#include "suite.h"

#define CLIENTS 32
#define WAITING 4
#define WEB 0x0a000001
#define LIMIT_MS 5000			/* an answer, good or bad, by then */
#define ROUNDS 30
#define STOP_WAIT_MS 4000
#define PROBE_MS 100
#define TTL_MAX_S 10

static uint8_t reply[WIRE_MAX];

static void
setup(void)
{
	lab_start(&(struct lab_settings){.workers = 2});
}

static void
setup_small(void)
{
	lab_start(&(struct lab_settings){.workers = 1,
	    .waiting_max = WAITING});
}

static void
ask(int fd, const char *name, uint16_t id)
{
	struct lab_query query;

	lab_query(&query, name, id);
	lab_send(fd, &query);
}

static void
expect_forwarded(int fd, uint16_t id)
{
	lab_get(fd, reply);
	ck_assert_uint_eq(lab_id(reply), id);
	ck_assert_uint_eq(lab_rcode(reply), RCODE_NOERROR);
	ck_assert_uint_eq(lab_answers(reply), 1);
}

/* ---- forwarding ---- */

START_TEST(forward_answers_and_keeps)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_udp(listener, NULL);

	for (uint16_t i = 0; i < 100; i++) {
		char name[32];

		snprintf(name, sizeof name, "a%u.up.test.", i % 50u);
		ask(fd, name, i);
		expect_forwarded(fd, i);
	}
	ck_assert_uint_eq(lab_upstream_seen(), 50);
	close(fd);
	lab_drop(listener);
}
END_TEST

/* Clients of both workers ask the same: the upstream is asked once. */
START_TEST(forward_asks_once_for_all)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fds[CLIENTS];

	for (uint16_t i = 0; i < CLIENTS; i++) {
		fds[i] = lab_udp(listener, NULL);
		ask(fds[i], i % 2 ? "HELD.up.test." : "held.up.test.", i);
	}
	lab_wait_stat(STAT_FORWARD_JOINED, CLIENTS - 1);
	lab_wait_upstream(1);
	lab_release();
	for (uint16_t i = 0; i < CLIENTS; i++) {
		expect_forwarded(fds[i], i);
		close(fds[i]);
	}
	ck_assert_uint_eq(lab_upstream_seen(), 1);
	ck_assert_uint_eq(lab_stat(STAT_FORWARD_SENT_UDP), 1);
	lab_drop(listener);
}
END_TEST

/* Many names, so that each worker has questions of the other. */
START_TEST(forward_silence_is_servfail)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_udp(listener, NULL);
	int64_t asked_ms = clock_mono_ms();

	for (uint16_t i = 0; i < CLIENTS; i++) {
		char name[32];

		snprintf(name, sizeof name, "s%u.up.test.", i);
		ask(fd, name, i);
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		lab_get(fd, reply);
		ck_assert_uint_eq(lab_rcode(reply), RCODE_SERVFAIL);
	}
	ck_assert_int_lt(clock_mono_ms() - asked_ms, LIMIT_MS);
	close(fd);
	lab_drop(listener);
}
END_TEST

START_TEST(forward_full_is_servfail_at_once)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_udp(listener, NULL);
	char name[32];

	for (uint16_t i = 0; i < WAITING; i++) {
		snprintf(name, sizeof name, "held%u.up.test.", i);
		ask(fd, name, i);
	}
	lab_wait_upstream(WAITING);
	ask(fd, "a.up.test.", WAITING);
	lab_get(fd, reply);
	ck_assert_uint_eq(lab_id(reply), WAITING);
	ck_assert_uint_eq(lab_rcode(reply), RCODE_SERVFAIL);
	ck_assert_uint_eq(lab_stat(STAT_FORWARD_FULL), 1);
	lab_release();
	for (unsigned i = 0; i < WAITING; i++) {
		lab_get(fd, reply);
		ck_assert_uint_eq(lab_rcode(reply), RCODE_NOERROR);
	}
	ask(fd, "a.up.test.", 99);
	expect_forwarded(fd, 99);
	close(fd);
	lab_drop(listener);
}
END_TEST

/* ---- listeners ---- */

struct load {
	int fd;
	_Atomic bool end;
	unsigned asked, lost;
};

static void *
ask_on(void *context)
{
	static uint8_t room[WIRE_MAX];
	struct load *load = context;
	struct lab_query query;

	while (!atomic_load(&load->end)) {
		lab_query(&query, "web.lab.test.", (uint16_t)load->asked++);
		lab_send(load->fd, &query);
		if (lab_heard(load->fd, 2000))
			lab_get(load->fd, room);
		else
			load->lost++;
	}
	return NULL;
}

START_TEST(workers_add_and_drop_under_load)
{
	struct listener *steady = lab_listen("127.0.0.1");
	struct load load = {.fd = lab_udp(steady, NULL)};
	pthread_t thread;

	pthread_create(&thread, NULL, ask_on, &load);
	for (uint16_t i = 0; i < ROUNDS; i++) {
		struct listener *other = lab_listen("127.0.0.2");
		int udp = lab_udp(other, NULL), tcp = lab_tcp(other, NULL);
		struct lab_query query;

		ask(udp, "web.lab.test.", i);
		lab_get(udp, reply);
		lab_query(&query, "web.lab.test.", i);
		lab_send_tcp(tcp, &query);
		lab_get_tcp(tcp, reply);
		ask(udp, "silent.up.test.", i);
		lab_drop(other);
		/* The connection outlives its listener. */
		lab_send_tcp(tcp, &query);
		lab_get_tcp(tcp, reply);
		close(udp);
		close(tcp);
	}
	atomic_store(&load.end, true);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(load.lost, 0);
	ck_assert_uint_gt(load.asked, 0);
	ck_assert(workers_alive(lab_workers()));
	close(load.fd);
	lab_drop(steady);
}
END_TEST

/* What was sent before the listener is dropped is answered. */
START_TEST(workers_drop_answers_first)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct listener *listener = lab_listen("127.0.0.1");
		int fd = lab_udp(listener, NULL);

		for (uint16_t i = 0; i < 100; i++)
			ask(fd, "web.lab.test.", i);
		lab_drop(listener);
		for (unsigned i = 0; i < 100; i++)
			lab_get(fd, reply);
		close(fd);
	}
}
END_TEST

static struct listener *
listen_again(const struct endpoint *endpoint)
{
	struct listener *listener;
	int error = 0;

	listener = listener_open(endpoint, 2, &error);
	if (!listener)
		ck_assert_int_eq(error, EADDRINUSE);
	return listener;
}

/* They leave from the address that was asked, though its listener is gone; when
 * that is done the address is free. */
START_TEST(workers_drop_answers_those_that_wait)
{
	struct listener *listener = lab_listen("127.0.0.1");
	struct endpoint endpoint = listener->endpoint;
	int64_t by_ms = clock_mono_ms() + LAB_WAIT_MS;
	int fds[CLIENTS];

	for (uint16_t i = 0; i < CLIENTS; i++) {
		fds[i] = lab_udp(listener, NULL);
		ask(fds[i], "held.up.test.", i);
	}
	lab_wait_stat(STAT_FORWARD_JOINED, CLIENTS - 1);
	lab_wait_upstream(1);
	lab_drop(listener);
	listener = listen_again(&endpoint);
	ck_assert_ptr_null(listener);
	lab_release();
	for (uint16_t i = 0; i < CLIENTS; i++) {
		expect_forwarded(fds[i], i);
		close(fds[i]);
	}
	while (!listener && clock_mono_ms() < by_ms)
		listener = listen_again(&endpoint);
	ck_assert_ptr_nonnull(listener);
	listener_close(listener);
}
END_TEST

/* From an address that has gone nothing can be sent: nothing is kept. */
START_TEST(workers_drop_forgets)
{
	struct listener *listener = lab_listen("127.0.0.1");
	struct endpoint endpoint = listener->endpoint;
	int fd = lab_udp(listener, NULL);

	ask(fd, "held.up.test.", 1);
	lab_wait_upstream(1);
	workers_drop(lab_workers(), listener, WORKERS_FORGET);
	listener_close(listener);
	listener = listen_again(&endpoint);
	ck_assert_ptr_nonnull(listener);
	listener_close(listener);
	lab_release();
	ck_assert(!lab_heard(fd, PROBE_MS));
	close(fd);
}
END_TEST

/* ---- stopping ---- */

static void *
stop(void *context)
{
	(void)context;
	lab_stop_workers(STOP_WAIT_MS);
	return NULL;
}

static void
wait_until_deaf(const struct listener *listener)
{
	int64_t by_ms = clock_mono_ms() + LAB_WAIT_MS;
	unsigned deaf = 0;

	while (deaf < 8) {
		int fd = lab_udp(listener, NULL);

		ck_assert_int_lt(clock_mono_ms(), by_ms);
		ask(fd, "web.lab.test.", 1);
		deaf = lab_heard(fd, PROBE_MS) ? 0 : deaf + 1;
		close(fd);
	}
}

/* All wait in one worker, since one client asks them, and half of them belong
 * to the other, which waits for nothing itself. */
START_TEST(workers_stop_answers_what_waits)
{
	struct listener *listener = lab_listen("127.0.0.1");
	bool tcp = _i == 1;
	int fd = tcp ? lab_tcp(listener, NULL) : lab_udp(listener, NULL);
	int64_t began_ms = clock_mono_ms();
	struct lab_query query;
	pthread_t stopper;
	char name[32];

	for (uint16_t i = 0; i < 16; i++) {
		snprintf(name, sizeof name, "held%u.up.test.", i);
		lab_query(&query, name, i);
		(tcp ? lab_send_tcp : lab_send)(fd, &query);
	}
	lab_wait_upstream(16);
	pthread_create(&stopper, NULL, stop, NULL);
	wait_until_deaf(listener);
	lab_release();
	for (unsigned i = 0; i < 16; i++) {
		(tcp ? lab_get_tcp : lab_get)(fd, reply);
		ck_assert_uint_eq(lab_rcode(reply), RCODE_NOERROR);
		ck_assert_uint_eq(lab_answers(reply), 1);
	}
	pthread_join(stopper, NULL);
	ck_assert_int_lt(clock_mono_ms() - began_ms, STOP_WAIT_MS);
	close(fd);
	lab_drop(listener);
}
END_TEST

/* What was sent before the order to stop is answered, on connections that are
 * new and on those that are not, and on one that was not accepted yet. */
START_TEST(workers_stop_reads_what_came)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fds[3] = {lab_udp(listener, NULL), lab_tcp(listener, NULL)};
	struct lab_query query;

	lab_query(&query, "web.lab.test.", 5);
	lab_send_tcp(fds[1], &query);
	lab_get_tcp(fds[1], reply);
	lab_send(fds[0], &query);
	lab_send_tcp(fds[1], &query);
	fds[2] = lab_tcp(listener, NULL);
	lab_send_tcp(fds[2], &query);
	lab_stop_workers(STOP_WAIT_MS);
	lab_get(fds[0], reply);
	lab_get_tcp(fds[1], reply);
	lab_expect_end(fds[1]);
	lab_get_tcp(fds[2], reply);
	lab_expect_end(fds[2]);
	for (unsigned i = 0; i < 3; i++)
		close(fds[i]);
	lab_drop(listener);
}
END_TEST

/* Nobody answers: stopping takes as long as it was told, not more. */
START_TEST(workers_stop_in_time)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_udp(listener, NULL);
	int64_t began_ms;

	ask(fd, "silent.up.test.", 1);
	lab_wait_upstream(1);
	began_ms = clock_mono_ms();
	lab_stop_workers(200);
	ck_assert_int_ge(clock_mono_ms() - began_ms, 150);
	ck_assert_int_lt(clock_mono_ms() - began_ms, 2000);
	close(fd);
	lab_drop(listener);
}
END_TEST

/* ---- policy ---- */

/* An order that is waited for comes after the news, which is not. */
static void
wait_for_news(void)
{
	lab_drop(lab_listen("127.0.0.9"));
}

START_TEST(workers_take_a_new_policy)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_udp(listener, NULL);

	ask(fd, "a1.up.test.", 1);
	ck_assert_uint_eq(lab_ttl(reply, lab_get(fd, reply)), LAB_TTL_S);
	lab_publish(TTL_MAX_S);
	workers_policy_changed(lab_workers());
	wait_for_news();
	for (uint16_t i = 2; i < 20; i++) {
		char name[32];

		snprintf(name, sizeof name, "a%u.up.test.", i);
		ask(fd, name, i);
		ck_assert_uint_eq(lab_ttl(reply, lab_get(fd, reply)),
		    TTL_MAX_S);
	}
	close(fd);
	lab_drop(listener);
}
END_TEST

/* ---- opening ---- */

START_TEST(listen_does_not_share)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int error = 0;

	ck_assert_ptr_null(listener_open(&listener->endpoint, 1, &error));
	ck_assert_int_eq(error, EADDRINUSE);
	lab_drop(listener);
}
END_TEST

static void
expect_open(const char *address)
{
	struct listener *listener;
	struct endpoint endpoint;
	int error = 0;

	ck_assert_ptr_null(endpoint_parse(&endpoint, address, strlen(address),
	    5353));
	listener = listener_open(&endpoint, 1, &error);
	ck_assert_msg(listener != NULL, "%s: %s", address, strerror(error));
	listener_close(listener);
}

START_TEST(listen_does_not_wait_for_an_address)
{
	expect_open("192.0.2.250");
	expect_open("2001:db8::250");
}
END_TEST

/* ---- sockets and connections of another process ---- */

/* A listener's sockets as another process would give them, so many of each
 * kind; the listener is closed. */
static struct given *
give_away(struct listener *listener, unsigned udp, unsigned tcp)
{
	struct given *given = given_new();

	for (unsigned i = 0; i < udp; i++)
		ck_assert_ptr_null(given_add(given, dup(listener->udp[i]),
		    NULL));
	for (unsigned i = 0; i < tcp; i++)
		ck_assert_ptr_null(given_add(given, dup(listener->tcp[i]),
		    NULL));
	listener_close(listener);
	return given;
}

/* Enough clients that each socket has some. */
static void
expect_service(const struct listener *listener)
{
	struct lab_query query;

	for (uint16_t i = 0; i < CLIENTS; i++) {
		int udp = lab_udp(listener, "127.0.0.1");
		int tcp = lab_tcp(listener, "127.0.0.1");

		ask(udp, "web.lab.test.", i);
		lab_query(&query, "web.lab.test.", i);
		lab_send_tcp(tcp, &query);
		ck_assert_uint_eq(lab_last_v4(reply, lab_get(udp, reply)),
		    WEB);
		ck_assert_uint_eq(lab_last_v4(reply, lab_get_tcp(tcp, reply)),
		    WEB);
		close(udp);
		close(tcp);
	}
}

/* As many as workers, more, fewer, and of one kind alone. */
static const struct {
	unsigned udp, tcp, count;
} numbers_given[] = {{2, 2, 2}, {5, 5, 5}, {1, 1, 2}, {3, 0, 3}, {0, 1, 2}};

START_TEST(adopted_sockets_are_all_served)
{
	struct listener *listener = lab_listen("127.0.0.1");
	struct endpoint endpoint = listener->endpoint;
	struct given *given;
	int error = 0;

	lab_drop(listener);
	listener = listener_open(&endpoint, 5, &error);
	ck_assert_ptr_nonnull(listener);
	given = give_away(listener, numbers_given[_i].udp,
	    numbers_given[_i].tcp);
	listener = listener_adopt(&endpoint, 2, given, &error);
	ck_assert_ptr_nonnull(listener);
	ck_assert_uint_eq(listener->count, numbers_given[_i].count);
	ck_assert_uint_eq(given_left(given), 0);
	given_free(given);
	ck_assert_int_eq(listener_complete(listener), 0);
	workers_add(lab_workers(), listener);
	expect_service(listener);
	lab_drop(listener);
}
END_TEST

/* What was given is in nobody's way: a wildcard's place is taken by an address
 * of its own; anything else is probed as ever. */
START_TEST(adopted_beside_a_wildcard)
{
	struct listener *all = lab_listen("0.0.0.0"), *one;
	struct endpoint endpoint = all->endpoint;
	struct given *given;
	int error = 0;

	lab_drop(all);
	all = listener_open(&endpoint, 2, &error);
	ck_assert_ptr_nonnull(all);
	given = give_away(all, 2, 2);
	ck_assert_ptr_null(endpoint_parse(&endpoint, "127.0.0.1", 9,
	    endpoint.port));
	ck_assert_ptr_null(listener_open(&endpoint, 2, &error));
	one = listener_adopt(&endpoint, 2, given, &error);
	ck_assert_ptr_nonnull(one);
	ck_assert_int_eq(listener_complete(one), 0);
	workers_add(lab_workers(), one);
	expect_service(one);
	lab_drop(one);
	given_free(given);
}
END_TEST

/* What came of the connections of workers that gave way. */
static struct {
	pthread_mutex_t lock;
	unsigned refuse;		/* so many times first */
	unsigned count;
	int fds[CLIENTS];
	uint8_t *bytes[CLIENTS];
	size_t lengths[CLIENTS];
} heir = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool
keep_connection(void *context, int fd, const uint8_t *bytes, size_t length)
{
	bool keep;

	(void)context;
	pthread_mutex_lock(&heir.lock);
	keep = heir.refuse == 0;
	if (keep) {
		heir.fds[heir.count] = dup(fd);
		heir.bytes[heir.count] = memory_alloc(length);
		memcpy(heir.bytes[heir.count], bytes ? bytes :
		    (const uint8_t *)"", length);
		heir.lengths[heir.count++] = length;
	} else {
		heir.refuse--;
	}
	pthread_mutex_unlock(&heir.lock);
	return keep;
}

static void
pass_connections(void)
{
	for (unsigned i = 0; i < heir.count; i++)
		workers_inherit(lab_workers(), heir.fds[i], heir.bytes[i],
		    heir.lengths[i]);
}

/* Idle ones, one in the middle of a message, one whose question is still with
 * the upstream: none of them notices. */
START_TEST(connections_live_on)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int idle = lab_tcp(listener, NULL), half = lab_tcp(listener, NULL);
	int busy = lab_tcp(listener, NULL);
	struct lab_query query;

	heir.refuse = _i ? 3 : 0;
	lab_query(&query, "web.lab.test.", 1);
	lab_send_tcp(idle, &query);
	lab_get_tcp(idle, reply);
	lab_write(half, query.bytes, 9);
	lab_query(&query, "a1.up.test.", 2);
	lab_send_tcp(busy, &query);
	lab_wait_stat(STAT_TCP_ACCEPTED, 3);
	lab_renew_workers(STOP_WAIT_MS, &(struct tcp_heir){keep_connection,
	    NULL});
	ck_assert_uint_eq(heir.count, 3);
	lab_query(&query, "web.lab.test.", 3);
	lab_send_tcp(idle, &query);
	pass_connections();
	lab_get_tcp(idle, reply);
	ck_assert_uint_eq(lab_id(reply), 3);
	lab_query(&query, "web.lab.test.", 1);
	lab_write(half, query.bytes + 9, 2 + query.length - 9);
	ck_assert_uint_eq(lab_last_v4(reply, lab_get_tcp(half, reply)), WEB);
	lab_get_tcp(busy, reply);
	ck_assert_uint_eq(lab_id(reply), 2);
	lab_send_tcp(busy, &query);
	ck_assert_uint_eq(lab_last_v4(reply, lab_get_tcp(busy, reply)), WEB);
	close(idle);
	close(half);
	close(busy);
	listener_close(listener);
}
END_TEST

/* The worker is held up here, in the turn in which it is told to stop, until
 * the next turn finds both: the upstream's answer, and its own end. */
static bool
hold_up(void *context, int fd, const uint8_t *bytes, size_t length)
{
	int64_t until_ms = clock_mono_ms() + PROBE_MS;

	(void)context;
	(void)fd;
	(void)bytes;
	(void)length;
	lab_release();
	lab_wait_answered(1);
	while (clock_mono_ms() < until_ms)
		poll(NULL, 0, 1);
	return true;
}

START_TEST(workers_stop_sends_what_is_late)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_udp(listener, NULL), tcp = lab_tcp(listener, NULL);
	struct lab_query query;

	ask(fd, "held.up.test.", 1);
	lab_wait_upstream(1);
	lab_query(&query, "web.lab.test.", 2);
	lab_send_tcp(tcp, &query);
	lab_get_tcp(tcp, reply);
	lab_renew_workers(0, &(struct tcp_heir){hold_up, NULL});
	expect_forwarded(fd, 1);
	close(fd);
	close(tcp);
	listener_close(listener);
}
END_TEST

int
main(void)
{
	return suite_run("net/workers", (const struct suite_case[]){
	    {
		.name = "two workers",
		.setup = setup,
		.teardown = lab_stop,
		.tests = SUITE_TESTS(forward_answers_and_keeps,
		    forward_asks_once_for_all, forward_silence_is_servfail,
		    workers_add_and_drop_under_load, workers_drop_answers_first,
		    workers_drop_answers_those_that_wait, workers_drop_forgets,
		    workers_stop_in_time, workers_take_a_new_policy,
		    listen_does_not_share, listen_does_not_wait_for_an_address,
		    adopted_beside_a_wildcard),
	    },
	    {
		.name = "a small table",
		.setup = setup_small,
		.teardown = lab_stop,
		.tests = SUITE_TESTS(forward_full_is_servfail_at_once,
		    workers_stop_sends_what_is_late),
	    },
	    {
		.name = "stopping",
		.setup = setup,
		.teardown = lab_stop,
		.turns = 2,
		.tests = SUITE_TESTS(workers_stop_answers_what_waits,
		    connections_live_on),
	    },
	    {
		.name = "stopping, many times",
		.setup = setup,
		.teardown = lab_stop,
		.turns = ROUNDS,
		.tests = SUITE_TESTS(workers_stop_reads_what_came),
	    },
	    {
		.name = "adopted sockets",
		.setup = setup,
		.teardown = lab_stop,
		.turns = sizeof numbers_given / sizeof *numbers_given,
		.tests = SUITE_TESTS(adopted_sockets_are_all_served),
	    },
	    {0},
	});
}
