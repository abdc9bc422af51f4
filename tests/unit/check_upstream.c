/* SPDX-License-Identifier: BSD-2-Clause */
/* Real sockets against a small upstream on 127.0.0.1, a thread of this
 * program.  What it does with a query is said by the first letter of the name:
 *
 *   a  answers           w  another socket answers first, then it does
 *   t  TC, TCP answers   f  answers with a wrong id first
 *   d  TC, TCP drips     h  TC, TCP stops in the middle of the message
 */
#include "net/upstream.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "craft.h"
#include "suite.h"

#define QUERIES 300
#define GOOD 1				/* 192.0.2.1 */
#define EVIL 66

/* The upstream's side; read by the test once its thread has ended. */
struct upstream_side {
	int udp, tcp, other;
	int stop[2];			/* a pipe */
	uint16_t port;
	pthread_t thread;
	uint16_t ports[QUERIES], ids[QUERIES];
	unsigned count;
	struct craft craft;
};
static struct upstream_side side;

/* The forwarder's side. */
static struct {
	struct event_base *base;
	struct forward *forward;
	struct upstream_io *io;
	struct stats stats;
	unsigned asked, told, kept, good, failed;
	uint16_t ede;
} here;

static struct sockaddr_in
loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int
open_bound(int type, uint16_t port)
{
	struct sockaddr_in address = loopback(port);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), on = 1;

	ck_assert_int_ge(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address,
	    &length), 0);
	return ntohs(address.sin_port);
}

static void
answer_with(const uint8_t *query, size_t length, uint8_t last)
{
	char name[DNAME_TEXT_MAX];

	craft_reply(&side.craft, query, length, 0);
	craft_a(&side.craft, dname_print(query + WIRE_HEADER, name), 300,
	    last);
}

static void
send_datagram(int fd, const struct sockaddr_in *to)
{
	ck_assert_int_eq(sendto(fd, side.craft.bytes, side.craft.length, 0,
	    (const struct sockaddr *)to, sizeof(*to)),
	    (ssize_t)side.craft.length);
}

static void
serve_datagram(void)
{
	uint8_t query[512];
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	ssize_t n = recvfrom(side.udp, query, sizeof(query), 0,
	    (struct sockaddr *)&from, &length);
	char kind = (char)(query[WIRE_HEADER + 1] | 0x20);

	if (n < WIRE_HEADER + 5)
		return;
	if (side.count < QUERIES) {
		side.ports[side.count] = ntohs(from.sin_port);
		side.ids[side.count++] = wire_get16(query);
	}
	if (kind == 'w' || kind == 'f') {
		answer_with(query, (size_t)n, EVIL);
		if (kind == 'f')
			side.craft.bytes[0] ^= 1;
		send_datagram(kind == 'w' ? side.other : side.udp, &from);
	}
	if (kind == 't' || kind == 'd' || kind == 'h')
		craft_reply(&side.craft, query, (size_t)n, FLAG_TC);
	else
		answer_with(query, (size_t)n, GOOD);
	send_datagram(side.udp, &from);
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

/* The answer with its length ahead, in pieces of so many bytes. */
static void
write_pieces(int fd, size_t piece, size_t length)
{
	uint8_t bytes[2 + 512];

	wire_put16(bytes, (uint16_t)side.craft.length);
	memcpy(bytes + 2, side.craft.bytes, side.craft.length);
	for (size_t at = 0; at < length; at += piece) {
		if (piece > length - at)
			piece = length - at;
		if (send(fd, bytes + at, piece, MSG_NOSIGNAL) < 0)
			return;
	}
}

static void
serve_connection(void)
{
	int fd = accept(side.tcp, NULL, NULL), on = 1;
	uint8_t query[512];
	size_t length;
	char kind;

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (read_whole(fd, query, 2) &&
	    (length = wire_get16(query)) <= sizeof(query) &&
	    length > WIRE_HEADER && read_whole(fd, query, length)) {
		kind = (char)(query[WIRE_HEADER + 1] | 0x20);
		answer_with(query, length, GOOD);
		write_pieces(fd, kind == 'd' ? 1 : 512,
		    2 + side.craft.length - (kind == 'h' ? 20 : 0));
	}
	close(fd);
}

static void *
serve(void *arg)
{
	struct pollfd polls[3] = {
		{ .fd = side.udp, .events = POLLIN },
		{ .fd = side.tcp, .events = POLLIN },
		{ .fd = side.stop[0], .events = POLLIN },
	};

	while (poll(polls, 3, -1) > 0 && polls[2].revents == 0) {
		if (polls[0].revents != 0)
			serve_datagram();
		if (polls[1].revents != 0)
			serve_connection();
	}
	return arg;
}

/* One port that is free for both. */
static void
open_side(void)
{
	memset(&side, 0, sizeof(side));
	do {
		side.udp = open_bound(SOCK_DGRAM, 0);
		side.port = port_of(side.udp);
		side.tcp = open_bound(SOCK_STREAM, side.port);
		if (side.tcp < 0)
			close(side.udp);
	} while (side.tcp < 0);
	side.other = open_bound(SOCK_DGRAM, 0);
	ck_assert_int_eq(listen(side.tcp, 16), 0);
	ck_assert_int_eq(pipe(side.stop), 0);
	ck_assert_int_eq(pthread_create(&side.thread, NULL, serve, NULL), 0);
}

static void
end_side(void)
{
	ck_assert_int_eq(write(side.stop[1], "", 1), 1);
	pthread_join(side.thread, NULL);
	close(side.udp);
	close(side.tcp);
	close(side.other);
	close(side.stop[0]);
	close(side.stop[1]);
}

static void
count_kept(void *arg, struct answer *answer)
{
	(void)arg;
	here.kept += answer->count[0];
}

static void
count_told(void *arg, struct answer *answer,
    const struct forward_waiter *waiter)
{
	const uint8_t *body = answer_body(answer);

	(void)arg;
	ck_assert_uint_eq(waiter->serial, 9);
	here.told++;
	here.failed += answer->rcode == RCODE_SERVFAIL;
	here.ede = answer->ede;
	if (answer->count[0] == 1)
		here.good += body[answer->body_length - 1] == GOOD;
	if (here.told == here.asked)
		event_base_loopbreak(here.base);
}

static void
start(void)
{
	struct forward_settings settings = { 512, 4, { 0, 86400, 60 },
		&here.stats };
	struct upstream_settings upstream = { .stats = &here.stats,
		.hooks = { count_kept, count_told, NULL } };

	open_side();
	memset(&here, 0, sizeof(here));
	here.base = event_base_new();
	here.forward = forward_new(&settings);
	upstream.base = here.base;
	upstream.forward = here.forward;
	here.io = upstream_new(&upstream);
}

static void
stop(void)
{
	upstream_free(here.io);
	forward_free(here.forward);
	event_base_free(here.base);
	end_side();
}

static void
ask(const char *name, uint16_t port)
{
	struct forward_question q = craft_question(name, TYPE_A, 1,
	    CRAFT_PLAIN);
	struct forward_waiter waiter = { .serial = 9 };

	q.to.list[0].endpoint.addr = (struct addr){ 4, { 127, 0, 0, 1 } };
	q.to.list[0].endpoint.port = port;
	here.asked++;
	ck_assert_int_eq(forward_ask(here.forward, &q, &waiter,
	    clock_mono_ms()), FORWARD_ASKED);
}

static void
run(void)
{
	upstream_pump(here.io, clock_mono_ms());
	if (here.told < here.asked)
		event_base_dispatch(here.base);
	ck_assert_uint_eq(here.told, here.asked);
}

static uint64_t
counted(enum stats_counter which)
{
	return atomic_load(&here.stats.count[which]);
}

static int
compare(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static unsigned
count_distinct(uint16_t *values)
{
	unsigned distinct = 1;

	qsort(values, QUERIES, sizeof(*values), compare);
	for (unsigned i = 1; i < QUERIES; i++)
		distinct += values[i] != values[i - 1];
	return distinct;
}

START_TEST(ports_and_ids_are_random)
{
	char name[32];

	start();
	for (unsigned i = 0; i < QUERIES; i++) {
		snprintf(name, sizeof(name), "a%u.test.", i);
		ask(name, side.port);
		if (i % 10 == 9)
			run();
	}
	stop();
	ck_assert_uint_eq(here.good, QUERIES);
	ck_assert_uint_eq(here.kept, QUERIES);
	ck_assert_uint_eq(side.count, QUERIES);
	ck_assert_uint_ge(count_distinct(side.ports), 290);
	ck_assert_uint_ge(side.ports[0], 1024);
	ck_assert_uint_ge(side.ports[QUERIES - 1] - side.ports[0], 25000);
	ck_assert_uint_ge(count_distinct(side.ids), 295);
}
END_TEST

START_TEST(only_the_upstream_is_heard)
{
	start();
	ask("w.test.", side.port);
	run();
	stop();
	ck_assert_uint_eq(here.good, 1);
	ck_assert_uint_eq(counted(STAT_FORWARD_MISMATCHED), 0);
	ck_assert_uint_eq(counted(STAT_FORWARD_SENT_UDP), 1);
}
END_TEST

START_TEST(a_wrong_id_is_passed_over)
{
	start();
	ask("f.test.", side.port);
	run();
	stop();
	ck_assert_uint_eq(here.good, 1);
	ck_assert_uint_eq(counted(STAT_FORWARD_MISMATCHED), 1);
	ck_assert_uint_eq(counted(STAT_FORWARD_SENT_UDP), 1);
}
END_TEST

START_TEST(truncated_comes_by_tcp)
{
	start();
	ask("t.test.", side.port);
	run();
	stop();
	ck_assert_uint_eq(here.good, 1);
	ck_assert_uint_eq(counted(STAT_FORWARD_SENT_TCP), 1);
}
END_TEST

START_TEST(tcp_may_drip)
{
	start();
	ask("d1.test.", side.port);
	ask("d2.test.", side.port);
	run();
	stop();
	ck_assert_uint_eq(here.good, 2);
	ck_assert_uint_eq(counted(STAT_FORWARD_SENT_TCP), 2);
}
END_TEST

START_TEST(half_a_message_is_no_answer)
{
	int64_t before_ms = clock_mono_ms();

	start();
	ask("h.test.", side.port);
	run();
	stop();
	ck_assert_uint_eq(here.failed, 1);
	ck_assert_uint_eq(here.ede, EDE_NETWORK_ERROR);
	ck_assert_int_lt(clock_mono_ms() - before_ms, FORWARD_GIVE_UP_MS);
}
END_TEST

START_TEST(nobody_at_the_port)
{
	int64_t before_ms = clock_mono_ms();
	int fd = open_bound(SOCK_DGRAM, 0);
	uint16_t port = port_of(fd);

	close(fd);
	start();
	ask("a.test.", port);
	run();
	stop();
	ck_assert_uint_eq(here.failed, 1);
	ck_assert_uint_eq(here.ede, EDE_NETWORK_ERROR);
	ck_assert_int_lt(clock_mono_ms() - before_ms, FORWARD_GIVE_UP_MS);
}
END_TEST

/* What the first packet asks; from then on the upstream hears nobody but who
 * sent it, and all others are told that nobody is there. */
static size_t
hear_one_alone(int fd, uint8_t query[512])
{
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	ssize_t n = recvfrom(fd, query, 512, 0, (struct sockaddr *)&from,
	    &length);

	ck_assert_int_gt(n, WIRE_HEADER);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&from, length), 0);
	return (size_t)n;
}

/* The second error ends a question that has one upstream; the answer to what
 * was sent first stands behind it in the same round. */
START_TEST(an_answer_goes_ahead_of_an_error)
{
	uint8_t query[512];
	size_t length;
	int fd = open_bound(SOCK_DGRAM, 0);

	start();
	ask("a.test.", port_of(fd));
	upstream_pump(here.io, clock_mono_ms());
	length = hear_one_alone(fd, query);
	while (here.told == 0 && counted(STAT_FORWARD_SENT_UDP) < 3)
		ck_assert_int_eq(event_base_loop(here.base, EVLOOP_ONCE), 0);
	ck_assert_uint_eq(here.told, 0);
	answer_with(query, length, GOOD);
	ck_assert_int_eq(send(fd, side.craft.bytes, side.craft.length, 0),
	    (ssize_t)side.craft.length);
	run();
	stop();
	close(fd);
	ck_assert_uint_eq(here.failed, 0);
	ck_assert_uint_eq(here.good, 1);
}
END_TEST

START_TEST(no_descriptors_left)
{
	struct rlimit limit, none;

	start();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 4;	/* as many as poll is given */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ask("a.test.", side.port);
	run();
	ck_assert_uint_eq(here.failed, 1);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ask("a2.test.", side.port);
	run();
	stop();
	ck_assert_uint_eq(here.good, 1);
}
END_TEST

START_TEST(sockets_are_given_back)
{
	char name[32];
	int before, set, after;

	start();
	before = dup(0);
	for (unsigned i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "%c%u.test.", "atdf"[i % 4], i);
		ask(name, side.port);
	}
	run();
	ck_assert_uint_eq(here.good, 50);
	/* In flight when it ends: closed too. */
	ask("a.test.", side.port);
	upstream_pump(here.io, clock_mono_ms());
	upstream_free(here.io);
	here.io = NULL;
	set = dup(0);		/* where the sockets' epoll set was */
	ck_assert_int_lt(set, before);
	after = dup(0);
	ck_assert_int_eq(after, before + 1);
	close(after);
	stop();
	close(before);
	close(set);
}
END_TEST

int
main(void)
{
	return suite_run("upstream", (const struct suite_case[]){
	    {
		.name = "upstream",
		.tests = SUITE_TESTS(ports_and_ids_are_random,
		    only_the_upstream_is_heard, a_wrong_id_is_passed_over,
		    truncated_comes_by_tcp, tcp_may_drip,
		    half_a_message_is_no_answer, nobody_at_the_port,
		    an_answer_goes_ahead_of_an_error, no_descriptors_left,
		    sockets_are_given_back),
	    },
	    {0},
	});
}
