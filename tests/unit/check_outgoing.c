/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets to upstreams: each question's port is its own, none comes again
 * before half of the others were drawn, and none lives for long. */
#include "net/outgoing.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"

#define WAIT_MS 20000
#define ROUND (OUTGOING_PASSES * OUTGOING_BATCH)

static struct {
	struct event_base *base;
	struct outgoing_pool *pool;
	struct endpoint to;
	int upstream, stranger;
	unsigned heard;
} here;

static int watch_error;			/* 0: the kernel decides */

/* In the C library's place: fs.epoll.max_user_watches is for all of the
 * machine. */
int
epoll_ctl(int set, int how, int fd, struct epoll_event *event)
{
	if (how == EPOLL_CTL_ADD && watch_error != 0) {
		errno = watch_error;
		return -1;
	}
	return (int)syscall(SYS_epoll_ctl, set, how, fd, event);
}

static int
open_loopback(uint16_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
	getsockname(fd, (struct sockaddr *)&address, &length);
	*port = ntohs(address.sin_port);
	return fd;
}

static void
count_heard(void *arg, void *const *users, unsigned count)
{
	char bytes[16];

	ck_assert_ptr_eq(arg, &here);
	for (unsigned i = 0; i < count; i++) {
		struct outgoing **socket = users[i];

		here.heard++;
		ck_assert_int_gt(recv(outgoing_fd(*socket), bytes,
		    sizeof(bytes), 0), 0);
	}
}

static void
open_pool(unsigned max)
{
	uint16_t port;

	here.base = event_base_new();
	here.pool = outgoing_pool_new(here.base, max, count_heard, &here);
	here.stranger = open_loopback(&port);
	here.upstream = open_loopback(&port);
	here.heard = 0;
	ck_assert_ptr_null(endpoint_parse(&here.to, "127.0.0.1", 9, port));
}

static void
close_pool(void)
{
	outgoing_pool_free(here.pool);
	event_base_free(here.base);
	close(here.upstream);
	close(here.stranger);
}

static uint16_t
port_of(const struct outgoing *socket)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);

	ck_assert_int_eq(getsockname(outgoing_fd(socket),
	    (struct sockaddr *)&address, &length), 0);
	return ntohs(address.sin_port);
}

static struct outgoing *
take(int64_t now_ms)
{
	static int user;
	struct outgoing *socket = outgoing_take(here.pool, &here.to, &user,
	    now_ms);

	ck_assert_ptr_nonnull(socket);
	return socket;
}

/* One question after the other: the first fill the deck, the others draw from
 * it. */
START_TEST(no_port_comes_again_before_the_others)
{
	static int last[65536];
	unsigned low = 65535, high = 0;

	open_pool(4 * OUTGOING_DECK);
	memset(last, 0, sizeof(last));
	for (int i = 1; i <= 4 * OUTGOING_DECK; i++) {
		struct outgoing *socket = take(1000);
		uint16_t port = port_of(socket);

		ck_assert_msg(last[port] == 0 || i - last[port] >=
		    OUTGOING_DECK / 2 - 1, "port %u again after %d", port,
		    i - last[port]);
		last[port] = i;
		low = port < low ? port : low;
		high = port > high ? port : high;
		outgoing_return(socket, OUTGOING_ANSWERED);
	}
	ck_assert_uint_gt(high - low, 60000);
	close_pool();
}
END_TEST

/* Whoever stood side by side in one turn seldom does in the next. */
START_TEST(they_are_drawn_at_random)
{
	static int place[65536];
	unsigned side_by_side = 0;
	int before = -2;

	open_pool(4 * OUTGOING_DECK);
	for (int i = 0; i < OUTGOING_DECK; i++) {
		struct outgoing *socket = take(1000);

		place[port_of(socket)] = i;
		outgoing_return(socket, OUTGOING_ANSWERED);
	}
	for (int i = 0; i < OUTGOING_DECK / 2; i++) {
		struct outgoing *socket = take(1000);
		int at = place[port_of(socket)];

		side_by_side += at == before + 1 || at == before - 1;
		before = at;
		outgoing_return(socket, OUTGOING_ANSWERED);
	}
	ck_assert_uint_lt(side_by_side, OUTGOING_DECK / 20);
	close_pool();
}
END_TEST

static unsigned
count_new_ports(int64_t now_ms, const bool *before)
{
	unsigned fresh = 0;

	for (int i = 0; i < OUTGOING_DECK; i++) {
		struct outgoing *socket = take(now_ms);

		fresh += !before[port_of(socket)];
		outgoing_return(socket, OUTGOING_ANSWERED);
	}
	return fresh;
}

START_TEST(none_is_used_for_long)
{
	static bool before[65536];

	open_pool(4 * OUTGOING_DECK);
	memset(before, 0, sizeof(before));
	for (int i = 0; i < OUTGOING_DECK; i++) {
		struct outgoing *socket = take(1000);

		before[port_of(socket)] = true;
		outgoing_return(socket, OUTGOING_ANSWERED);
	}
	ck_assert_uint_eq(count_new_ports(1000, before), 0);
	for (int i = 0; i < 2 * OUTGOING_USES; i++)
		count_new_ports(1000, before);
	/* Nearly all: a new one may have an old one's port by chance. */
	ck_assert_uint_gt(count_new_ports(1000, before),
	    OUTGOING_DECK * 9 / 10);
	close_pool();
	open_pool(4 * OUTGOING_DECK);
	memset(before, 0, sizeof(before));
	for (int i = 0; i < OUTGOING_DECK; i++) {
		struct outgoing *socket = take(1000);

		before[port_of(socket)] = true;
		outgoing_return(socket, OUTGOING_ANSWERED);
	}
	ck_assert_uint_gt(count_new_ports(1000 + OUTGOING_AGE_MS, before),
	    OUTGOING_DECK * 9 / 10);
	close_pool();
}
END_TEST

START_TEST(one_without_an_answer_is_closed)
{
	struct outgoing *socket;
	int fd, after;

	open_pool(8);
	socket = take(1000);
	fd = outgoing_fd(socket);
	outgoing_return(socket, OUTGOING_SPENT);
	after = dup(0);
	ck_assert_int_eq(after, fd);
	close(after);
	close_pool();
}
END_TEST

static void
send_to_port(int from, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port) };

	ck_assert_int_eq(sendto(from, "x", 1, 0, (struct sockaddr *)&address,
	    sizeof(address)), 1);
}

START_TEST(only_the_upstream_is_heard)
{
	struct outgoing *socket;

	open_pool(8);
	socket = outgoing_take(here.pool, &here.to, &socket, 1000);
	ck_assert_ptr_nonnull(socket);
	send_to_port(here.stranger, port_of(socket));
	event_base_loop(here.base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(here.heard, 0);
	send_to_port(here.upstream, port_of(socket));
	event_base_loop(here.base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(here.heard, 1);
	outgoing_return(socket, OUTGOING_ANSWERED);
	close_pool();
}
END_TEST

/* What is late for one question does not meet the next. */
START_TEST(strays_are_dropped)
{
	struct outgoing *socket;
	char byte;

	open_pool(1);
	socket = take(1000);
	outgoing_return(socket, OUTGOING_ANSWERED);
	send_to_port(here.upstream, port_of(socket));
	event_base_loop(here.base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(here.heard, 0);
	ck_assert_ptr_eq(take(1000), socket);
	ck_assert_int_eq(recv(outgoing_fd(socket), &byte, 1, 0), -1);
	ck_assert_int_eq(errno, EAGAIN);
	outgoing_return(socket, OUTGOING_ANSWERED);
	close_pool();
}
END_TEST

static void
await_readable(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	ck_assert_int_eq(poll(&wait, 1, WAIT_MS), 1);
}

/* Of many answers that are there one round of the loop takes some batches, and
 * the next one the others. */
START_TEST(a_round_takes_many)
{
	static struct outgoing *sockets[ROUND + 10];

	open_pool(ROUND + 10);
	for (unsigned i = 0; i < ROUND + 10; i++) {
		sockets[i] = outgoing_take(here.pool, &here.to, &sockets[i],
		    1000);
		ck_assert_ptr_nonnull(sockets[i]);
	}
	for (unsigned i = 0; i < ROUND + 10; i++) {
		send_to_port(here.upstream, port_of(sockets[i]));
		await_readable(outgoing_fd(sockets[i]));
	}
	event_base_loop(here.base, EVLOOP_ONCE |
	    EVLOOP_NONBLOCK);
	ck_assert_uint_eq(here.heard, ROUND);
	event_base_loop(here.base, EVLOOP_ONCE |
	    EVLOOP_NONBLOCK);
	ck_assert_uint_eq(here.heard, ROUND + 10);
	for (unsigned i = 0; i < ROUND + 10; i++)
		outgoing_return(sockets[i], OUTGOING_ANSWERED);
	close_pool();
}
END_TEST

/* Who asks can tell the operator. */
START_TEST(it_says_why_there_is_none)
{
	int user;

	open_pool(4);
	watch_error = ENOSPC;
	errno = 0;
	ck_assert_ptr_null(outgoing_take(here.pool, &here.to, &user, 1000));
	ck_assert_int_eq(errno, ENOSPC);
	watch_error = 0;
	outgoing_return(take(1000), OUTGOING_ANSWERED);
	close_pool();
}
END_TEST

/* Whatever a sanitizer looks for at the end may need descriptors. */
static void
lift_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Ends the process, and not by a signal. */
START_TEST(without_a_descriptor_it_ends)
{
	struct rlimit limit;

	here.base = event_base_new();
	ck_assert_int_eq(atexit(lift_limit), 0);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = (rlim_t)dup(0);
	close((int)limit.rlim_cur);
	setrlimit(RLIMIT_NOFILE, &limit);
	here.pool = outgoing_pool_new(here.base, 8, count_heard, &here);
}
END_TEST

START_TEST(no_more_than_max)
{
	struct outgoing *sockets[4];
	struct endpoint other;
	int user;

	open_pool(4);
	for (unsigned i = 0; i < 4; i++)
		sockets[i] = take(1000);
	ck_assert_ptr_null(outgoing_take(here.pool, &here.to, &user, 1000));
	outgoing_return(sockets[0], OUTGOING_ANSWERED);
	/* A kept one gives way to another upstream's. */
	other = here.to;
	other.port ^= 1;
	sockets[0] = outgoing_take(here.pool, &other, &user, 1000);
	ck_assert_ptr_nonnull(sockets[0]);
	for (unsigned i = 0; i < 4; i++)
		outgoing_return(sockets[i], OUTGOING_SPENT);
	close_pool();
}
END_TEST

START_TEST(decks_give_way)
{
	struct endpoint to;
	int user, before, after;

	open_pool(1000);
	before = dup(0);
	to = here.to;
	for (unsigned i = 0; i < 3 * OUTGOING_DECKS; i++) {
		struct outgoing *socket;

		to.addr.bytes[3] = (uint8_t)(1 + i);
		socket = outgoing_take(here.pool, &to, &user, 1000 + i);
		ck_assert_ptr_nonnull(socket);
		outgoing_return(socket, OUTGOING_ANSWERED);
	}
	after = dup(0);
	ck_assert_int_le(after, before + 4 + OUTGOING_DECKS);
	close(after);
	close(before);
	close_pool();
}
END_TEST

static Suite *
make_suite(void)
{
	Suite *suite = suite_create("outgoing");
	TCase *tcase = tcase_create("outgoing");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, no_port_comes_again_before_the_others);
	tcase_add_test(tcase, they_are_drawn_at_random);
	tcase_add_test(tcase, none_is_used_for_long);
	tcase_add_test(tcase, one_without_an_answer_is_closed);
	tcase_add_test(tcase, only_the_upstream_is_heard);
	tcase_add_test(tcase, strays_are_dropped);
	tcase_add_test(tcase, a_round_takes_many);
	tcase_add_test(tcase, it_says_why_there_is_none);
	tcase_add_exit_test(tcase, without_a_descriptor_it_ends, MEMORY_EXIT);
	tcase_add_test(tcase, no_more_than_max);
	tcase_add_test(tcase, decks_give_way);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(make_suite());
	struct rlimit limit;
	int failed;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
