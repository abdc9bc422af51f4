/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP on loopback: messages cut and joined, out of order, slow readers,
 * closing, idle connections and too many of them. */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "netlab.h"
#include "suite.h"

#define WEB 0x0a000001
#define DB 0x0a000002
#define BIG 1500			/* questions with answers of 16 kB */
#define DEEP 1000			/* questions in one write */
#define IDLE_MS 1000
#define STILL_MS 300			/* a counter that stays as it is */
#define CONNECTIONS 2
#define KEPT_MAX (700 << 10)		/* one slow reader, but not four */
#define READERS 4

static uint8_t reply[WIRE_MAX];

static void
setup(void)
{
	lab_start(&(struct lab_settings){.workers = 1});
}

static void
setup_two_workers(void)
{
	lab_start(&(struct lab_settings){.workers = 2});
}

static void
setup_impatient(void)
{
	lab_start(&(struct lab_settings){.workers = 1, .idle_ms = IDLE_MS});
}

static void
setup_small(void)
{
	lab_start(&(struct lab_settings){.workers = 1,
	    .connections_max = CONNECTIONS});
}

static void
setup_fair(void)
{
	lab_start(&(struct lab_settings){.workers = 1,
	    .client_max = CONNECTIONS});
}

static void
setup_forgetful(void)
{
	lab_start(&(struct lab_settings){.workers = 1,
	    .kept_max = KEPT_MAX});
}

static void
expect_reply(int fd, uint16_t id, uint32_t address)
{
	size_t length = lab_get_tcp(fd, reply);

	ck_assert_uint_eq(lab_id(reply), id);
	ck_assert_uint_eq(lab_rcode(reply), 0);
	ck_assert_uint_eq(lab_answers(reply), 1);
	ck_assert_uint_eq(lab_last_v4(reply, length), address);
}

static void
ask_web(int fd, uint16_t id)
{
	struct lab_query query;

	lab_query(&query, "web.lab.test.", id);
	lab_send_tcp(fd, &query);
	expect_reply(fd, id, WEB);
}

START_TEST(tcp_answers_both_families)
{
	struct listener *v4 = lab_listen("127.0.0.1");
	struct listener *v6 = lab_listen("::1");
	int fd4 = lab_tcp(v4, NULL), fd6 = lab_tcp(v6, NULL);

	ask_web(fd4, 1);
	ask_web(fd6, 2);
	ask_web(fd4, 3);
	ck_assert_uint_eq(lab_stat(STAT_QUERIES_TCP4), 2);
	ck_assert_uint_eq(lab_stat(STAT_QUERIES_TCP6), 1);
	close(fd4);
	close(fd6);
	lab_drop(v4);
	lab_drop(v6);
}
END_TEST

START_TEST(tcp_reads_many_messages_of_one_write)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_tcp(listener, NULL);
	static uint8_t bytes[DEEP * sizeof(struct lab_query)];
	struct lab_query query;
	size_t at = 0;

	for (unsigned i = 0; i < DEEP; i++) {
		lab_query(&query, i % 2 ? "db.lab.test." : "web.lab.test.",
		    (uint16_t)i);
		memcpy(bytes + at, query.bytes, 2 + query.length);
		at += 2 + query.length;
	}
	lab_write(fd, bytes, at);
	for (unsigned i = 0; i < DEEP; i++)
		expect_reply(fd, (uint16_t)i, WEB + i % 2);
	close(fd);
	lab_drop(listener);
}
END_TEST

/* Every byte has left, and is worked, before the next: the kernel tells when
 * the peer has taken all. */
START_TEST(tcp_reads_byte_by_byte)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_tcp(listener, NULL);
	struct lab_query query, next;
	uint8_t bytes[2 * sizeof query];
	size_t length;

	lab_query(&query, "web.lab.test.", 1);
	lab_query(&next, "db.lab.test.", 2);
	length = 2 + query.length;
	memcpy(bytes, query.bytes, length);
	memcpy(bytes + length, next.bytes, 2 + next.length);
	length += 2 + next.length;
	for (size_t i = 0; i < length; i++)
		lab_write(fd, bytes + i, 1);
	expect_reply(fd, 1, WEB);
	expect_reply(fd, 2, DB);
	close(fd);
	lab_drop(listener);
}
END_TEST

/* Two questions, cut in two writes at every byte. */
START_TEST(tcp_reads_cut_messages)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_tcp(listener, NULL);
	struct lab_query query;
	uint8_t bytes[2 * sizeof query];
	size_t length;

	lab_query(&query, "web.lab.test.", 7);
	length = 2 + query.length;
	memcpy(bytes, query.bytes, length);
	memcpy(bytes + length, query.bytes, length);
	for (size_t cut = 1; cut < 2 * length; cut++) {
		lab_write(fd, bytes, cut);
		if (cut >= length)
			expect_reply(fd, 7, WEB);
		lab_write(fd, bytes + cut, 2 * length - cut);
		expect_reply(fd, 7, WEB);
		if (cut < length)
			expect_reply(fd, 7, WEB);
	}
	close(fd);
	lab_drop(listener);
}
END_TEST

START_TEST(tcp_answers_out_of_order)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_tcp(listener, NULL);
	struct lab_query query;

	lab_query(&query, "held.up.test.", 1);
	lab_send_tcp(fd, &query);
	ask_web(fd, 2);
	lab_wait_upstream(1);
	lab_release();
	lab_get_tcp(fd, reply);
	ck_assert_uint_eq(lab_id(reply), 1);
	ck_assert_uint_eq(lab_answers(reply), 1);
	close(fd);
	lab_drop(listener);
}
END_TEST

/* The client asks, says that it asks no more, and still hears its answers. */
START_TEST(tcp_answers_after_half_close)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_tcp(listener, NULL);
	struct lab_query query;

	lab_query(&query, "held.up.test.", 1);
	lab_send_tcp(fd, &query);
	lab_query(&query, "web.lab.test.", 2);
	lab_send_tcp(fd, &query);
	lab_write(fd, query.bytes, 5);	/* and half of a message */
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	expect_reply(fd, 2, WEB);
	lab_wait_upstream(1);
	ck_assert(!lab_heard(fd, 0));
	lab_release();
	lab_get_tcp(fd, reply);
	ck_assert_uint_eq(lab_id(reply), 1);
	lab_expect_end(fd);
	close(fd);
	lab_drop(listener);
}
END_TEST

/* A client that goes away while its question waits: nobody to tell. */
START_TEST(tcp_forgets_who_is_gone)
{
	struct listener *listener = lab_listen("127.0.0.1");
	struct linger none = {.l_onoff = 1};
	struct lab_query query;
	int fd = lab_tcp(listener, NULL), other = lab_tcp(listener, NULL);

	lab_query(&query, "held.up.test.", 1);
	lab_send_tcp(fd, &query);
	lab_wait_upstream(1);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close(fd);
	ask_web(other, 3);
	lab_release();
	lab_wait_stat(STAT_FORWARD_ANSWERED, 1);
	ask_web(other, 4);
	close(other);
	lab_drop(listener);
}
END_TEST

static void
check_short(const uint8_t *bytes, size_t length)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_tcp(listener, NULL);

	lab_write(fd, bytes, length);
	lab_expect_end(fd);
	lab_wait_stat(STAT_TCP_CLOSED_BAD, 1);
	close(fd);
	lab_drop(listener);
}

START_TEST(tcp_closes_on_short_messages)
{
	uint8_t bytes[2 + 11] = {0, (uint8_t)_i};

	check_short(bytes, 2 + (size_t)_i);
}
END_TEST

/* What stands before it is answered; what stands behind it is not. */
START_TEST(tcp_closes_on_short_messages_among_others)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_tcp(listener, NULL);
	struct lab_query query;
	uint8_t bytes[2 * sizeof query + 2] = {0};
	size_t length;

	lab_query(&query, "web.lab.test.", 7);
	length = 2 + query.length;
	memcpy(bytes, query.bytes, length);
	memcpy(bytes + length + 2, query.bytes, length);
	lab_write(fd, bytes, 2 * length + 2);
	expect_reply(fd, 7, WEB);
	lab_expect_end(fd);
	ck_assert_uint_eq(lab_stat(STAT_TCP_CLOSED_BAD), 1);
	ck_assert_uint_eq(lab_stat(STAT_QUERIES_TCP4), 1);
	close(fd);
	lab_drop(listener);
}
END_TEST

/* ---- slow readers ---- */

static void *
write_questions(void *context)
{
	const int *fd = context;
	struct lab_query query;

	for (unsigned i = 0; i < BIG; i++) {
		lab_query(&query, "many.lab.test.", (uint16_t)i);
		if (send(*fd, query.bytes, 2 + query.length, MSG_NOSIGNAL) <
		    0)
			break;
	}
	return NULL;
}

/* Until the worker has taken some questions more and then takes none. */
static uint64_t
wait_until_still(uint64_t already)
{
	uint64_t before = 0, now;

	lab_wait_stat(STAT_QUERIES_TCP4, already + 10);
	while ((now = lab_stat(STAT_QUERIES_TCP4)) != before) {
		before = now;
		poll(NULL, 0, STILL_MS);
	}
	return now;
}

/* The answers are 24 MB, far more than sockets hold: the worker must stop
 * reading, and lose nothing.  Somebody else is served meanwhile. */
START_TEST(tcp_waits_for_slow_readers)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_tcp(listener, NULL), other = lab_tcp(listener, NULL);
	pthread_t writer;

	ck_assert_int_eq(pthread_create(&writer, NULL, write_questions, &fd),
	    0);
	ck_assert_uint_lt(wait_until_still(0), BIG * 3 / 4);
	ask_web(other, 5);
	for (unsigned i = 0; i < BIG; i++) {
		lab_get_tcp(fd, reply);
		ck_assert_uint_eq(lab_id(reply), i);
		ck_assert_uint_eq(lab_answers(reply), LAB_MANY);
	}
	pthread_join(writer, NULL);
	close(fd);
	close(other);
	lab_drop(listener);
}
END_TEST

/* More questions wait for the upstream than one connection may have there:
 * they are worked as answers come. */
START_TEST(tcp_works_what_was_held_back)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_tcp(listener, NULL);
	static uint8_t seen[150];
	struct lab_query query;

	for (unsigned i = 0; i < sizeof seen; i++) {
		lab_query(&query, "held.up.test.", (uint16_t)i);
		lab_send_tcp(fd, &query);
	}
	lab_wait_stat(STAT_QUERIES_TCP4, 100);
	lab_wait_upstream(1);
	ck_assert_uint_eq(lab_stat(STAT_QUERIES_TCP4), 100);
	lab_release();
	for (unsigned i = 0; i < sizeof seen; i++) {
		lab_get_tcp(fd, reply);
		ck_assert_uint_lt(lab_id(reply), sizeof seen);
		ck_assert_uint_eq(seen[lab_id(reply)]++, 0);
		ck_assert_uint_eq(lab_answers(reply), 1);
	}
	ck_assert_uint_eq(lab_upstream_seen(), 1);
	close(fd);
	lab_drop(listener);
}
END_TEST

/* Some that take nothing of their answers: the first gives way to the last,
 * and who keeps up stays. */
START_TEST(tcp_keeps_so_much_and_no_more)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fds[READERS], other = lab_tcp(listener, NULL);
	pthread_t writers[READERS];
	uint64_t asked = 1;

	ask_web(other, 1);
	for (unsigned i = 0; i < READERS; i++) {
		fds[i] = lab_tcp(listener, NULL);
		ck_assert_int_eq(pthread_create(&writers[i], NULL,
		    write_questions, &fds[i]), 0);
		asked = wait_until_still(asked);
		ck_assert(i > 0 || lab_stat(STAT_TCP_CLOSED_MAKE_ROOM) == 0);
	}
	pthread_join(writers[0], NULL);
	ck_assert_uint_lt(lab_stat(STAT_TCP_CLOSED_MAKE_ROOM), READERS);
	ask_web(other, 2);
	lab_get_tcp(fds[READERS - 1], reply);
	ck_assert_uint_eq(lab_answers(reply), LAB_MANY);
	for (unsigned i = 0; i < READERS; i++)
		shutdown(fds[i], SHUT_RDWR);
	for (unsigned i = 1; i < READERS; i++)
		pthread_join(writers[i], NULL);
	for (unsigned i = 0; i < READERS; i++)
		close(fds[i]);
	close(other);
	lab_drop(listener);
}
END_TEST

/* ---- idle ---- */

START_TEST(tcp_closes_idle_connections)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_tcp(listener, NULL), silent = lab_tcp(listener, NULL);
	int64_t asked_ms = clock_mono_ms();

	ask_web(fd, 1);
	lab_expect_end(fd);
	ck_assert_int_ge(clock_mono_ms() - asked_ms, IDLE_MS);
	lab_expect_end(silent);
	ck_assert_uint_eq(lab_stat(STAT_TCP_CLOSED_IDLE), 2);
	close(fd);
	close(silent);
	lab_drop(listener);
}
END_TEST

/* Bytes that never make a message buy no time. */
START_TEST(tcp_takes_dripping_for_idle)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_tcp(listener, NULL);
	uint8_t length[2] = {0xff, 0xff};
	int64_t by_ms = clock_mono_ms() + LAB_WAIT_MS;

	lab_write(fd, length, 2);
	while (!lab_heard(fd, 20)) {
		ck_assert_int_lt(clock_mono_ms(), by_ms);
		(void)!send(fd, length, 1, MSG_NOSIGNAL);
	}
	lab_expect_end(fd);
	ck_assert_uint_eq(lab_stat(STAT_TCP_CLOSED_IDLE), 1);
	close(fd);
	lab_drop(listener);
}
END_TEST

/* Nor is one idle whose question waits; and it has its time once more when
 * that is answered. */
START_TEST(tcp_is_patient_with_who_waits)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int fd = lab_tcp(listener, NULL), idle = lab_tcp(listener, NULL);
	struct lab_query query;
	int64_t answered_ms;

	lab_query(&query, "held.up.test.", 1);
	lab_send_tcp(fd, &query);
	lab_wait_upstream(1);
	lab_expect_end(idle);
	ck_assert_uint_eq(lab_stat(STAT_TCP_CLOSED_IDLE), 1);
	answered_ms = clock_mono_ms();
	lab_release();
	lab_get_tcp(fd, reply);
	ck_assert_uint_eq(lab_id(reply), 1);
	lab_expect_end(fd);
	ck_assert_int_ge(clock_mono_ms() - answered_ms, IDLE_MS);
	close(fd);
	close(idle);
	lab_drop(listener);
}
END_TEST

/* ---- too many ---- */

START_TEST(tcp_lets_the_longest_idle_give_way)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int first = lab_tcp(listener, NULL), second = lab_tcp(listener, NULL);
	int third;

	ask_web(first, 1);
	ask_web(second, 2);
	ask_web(first, 3);
	third = lab_tcp(listener, NULL);
	ask_web(third, 4);
	lab_expect_end(second);
	ask_web(first, 5);
	ck_assert_uint_eq(lab_stat(STAT_TCP_CLOSED_MAKE_ROOM), 1);
	close(first);
	close(second);
	close(third);
	lab_drop(listener);
}
END_TEST

START_TEST(tcp_spares_the_busy)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int busy = lab_tcp(listener, NULL), idle = lab_tcp(listener, NULL);
	struct lab_query query;
	int third;

	lab_query(&query, "held.up.test.", 1);
	lab_send_tcp(busy, &query);
	lab_wait_upstream(1);
	ask_web(idle, 2);
	third = lab_tcp(listener, NULL);
	ask_web(third, 3);
	lab_expect_end(idle);
	lab_release();
	lab_get_tcp(busy, reply);
	ck_assert_uint_eq(lab_id(reply), 1);
	close(busy);
	close(idle);
	close(third);
	lab_drop(listener);
}
END_TEST

/* All of them come from one address. */
START_TEST(tcp_keeps_a_client_to_its_part)
{
	struct listener *listener = lab_listen("127.0.0.1");
	int first = lab_tcp(listener, NULL), second = lab_tcp(listener, NULL);
	struct lab_query query;
	int third, fourth;

	ask_web(second, 1);
	lab_query(&query, "held.up.test.", 2);
	lab_send_tcp(first, &query);
	lab_wait_upstream(1);
	third = lab_tcp(listener, NULL);
	ask_web(third, 3);
	lab_expect_end(second);
	lab_query(&query, "heldtoo.up.test.", 4);
	lab_send_tcp(third, &query);
	lab_wait_upstream(2);
	fourth = lab_tcp(listener, NULL);
	lab_expect_end(fourth);
	ck_assert_uint_eq(lab_stat(STAT_TCP_REFUSED_CLIENT), 1);
	lab_release();
	lab_get_tcp(first, reply);
	ck_assert_uint_eq(lab_id(reply), 2);
	close(first);
	close(second);
	close(third);
	close(fourth);
	lab_drop(listener);
}
END_TEST

int
main(void)
{
	return suite_run("net/tcp", (const struct suite_case[]){
	    {
		.name = "one worker",
		.setup = setup,
		.teardown = lab_stop,
		.tests = SUITE_TESTS(tcp_answers_both_families,
		    tcp_reads_many_messages_of_one_write,
		    tcp_reads_byte_by_byte, tcp_reads_cut_messages,
		    tcp_answers_out_of_order, tcp_answers_after_half_close,
		    tcp_forgets_who_is_gone,
		    tcp_closes_on_short_messages_among_others,
		    tcp_waits_for_slow_readers, tcp_works_what_was_held_back),
	    },
	    {
		.name = "two workers",
		.setup = setup_two_workers,
		.teardown = lab_stop,
		.tests = SUITE_TESTS(tcp_answers_out_of_order,
		    tcp_answers_after_half_close, tcp_works_what_was_held_back),
	    },
	    {
		.name = "idle",
		.setup = setup_impatient,
		.teardown = lab_stop,
		.tests = SUITE_TESTS(tcp_closes_idle_connections,
		    tcp_takes_dripping_for_idle, tcp_is_patient_with_who_waits),
	    },
	    {
		.name = "too many",
		.setup = setup_small,
		.teardown = lab_stop,
		.tests = SUITE_TESTS(tcp_lets_the_longest_idle_give_way,
		    tcp_spares_the_busy),
	    },
	    {
		.name = "one client",
		.setup = setup_fair,
		.teardown = lab_stop,
		.tests = SUITE_TESTS(tcp_keeps_a_client_to_its_part),
	    },
	    {
		.name = "slow",
		.setup = setup_forgetful,
		.teardown = lab_stop,
		.tests = SUITE_TESTS(tcp_keeps_so_much_and_no_more),
	    },
	    {
		.name = "short messages",
		.setup = setup,
		.teardown = lab_stop,
		.turns = 12,
		.tests = SUITE_TESTS(tcp_closes_on_short_messages),
	    },
	    {0},
	});
}
