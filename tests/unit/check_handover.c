/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors over a socketpair, whole and cut at every byte, too many, those
 * of a stranger; and sockets that were given, asked who they are. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "sys/given.h"
#include "sys/handover.h"

#define WAIT_MS 100
#define HEADER 16
#define LONG_BYTES 200000

/* ---- two ends ---- */

static int ends[2];

static void
setup(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    ends), 0);
	handover_limit(ends[0], WAIT_MS);
	handover_limit(ends[1], WAIT_MS);
}

static void
teardown(void)
{
	close(ends[0]);
	close(ends[1]);
}

static unsigned
count_open(void)
{
	struct rlimit limit;
	unsigned count = 0;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int fd = 0; fd < (int)limit.rlim_cur && fd < 4096; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* Descriptors that can be told from each other: pipes with a byte in each. */
static int
make_marked(uint8_t mark)
{
	int pair[2];

	ck_assert_int_eq(pipe(pair), 0);
	ck_assert_int_eq(write(pair[1], &mark, 1), 1);
	close(pair[1]);
	return pair[0];
}

static uint8_t
read_mark(int fd)
{
	uint8_t mark;

	ck_assert_int_eq(read(fd, &mark, 1), 1);
	return mark;
}

static void
send_raw(const void *bytes, size_t length, const int *fds, unsigned count)
{
	struct iovec room = {(void *)(uintptr_t)bytes, length};
	union {
		struct cmsghdr aligned;
		uint8_t bytes[CMSG_SPACE(253 * sizeof(int))];
	} control = {0};
	struct msghdr msg = {.msg_iov = &room, .msg_iovlen = 1};
	struct cmsghdr *c;

	if (count) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(count * sizeof *fds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(count * sizeof *fds);
		memcpy(CMSG_DATA(c), fds, count * sizeof *fds);
	}
	ck_assert_int_eq(sendmsg(ends[0], &msg, 0), (ssize_t)length);
}

/* What handover_send writes for so many descriptors and bytes. */
static void
make_header(uint32_t header[4], uint32_t fds, uint32_t length)
{
	struct handover_parcel word = {.kind = HANDOVER_SOCKETS};

	ck_assert_int_eq(handover_send(ends[0], &word), HANDOVER_WHOLE);
	ck_assert_int_eq(recv(ends[1], header, HEADER, 0), HEADER);
	header[2] = fds;
	header[3] = length;
}

/* ---- parcels ---- */

START_TEST(parcel_arrives)
{
	uint8_t text[] = "what was said";
	struct handover_parcel out = {.kind = HANDOVER_CONNECTION,
	    .fd_count = 2, .fds = {make_marked(7), make_marked(9)},
	    .bytes = text, .length = sizeof text};
	struct handover_parcel in;

	ck_assert_int_eq(handover_send(ends[0], &out), HANDOVER_WHOLE);
	ck_assert_int_eq(handover_send_word(ends[0], HANDOVER_END),
	    HANDOVER_WHOLE);
	ck_assert_int_eq(handover_receive(ends[1], &in), HANDOVER_WHOLE);
	ck_assert_int_eq(in.kind, HANDOVER_CONNECTION);
	ck_assert_uint_eq(in.fd_count, 2);
	ck_assert_uint_eq(read_mark(in.fds[0]), 7);
	ck_assert_uint_eq(read_mark(in.fds[1]), 9);
	ck_assert_int_ne(fcntl(in.fds[0], F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_uint_eq(in.length, sizeof text);
	ck_assert_str_eq((char *)in.bytes, "what was said");
	handover_close(&in);
	ck_assert_int_eq(handover_receive(ends[1], &in), HANDOVER_WHOLE);
	ck_assert_int_eq(in.kind, HANDOVER_END);
	ck_assert_uint_eq(in.fd_count, 0);
	ck_assert_ptr_null(in.bytes);
	close(ends[0]);
	ck_assert_int_eq(handover_receive(ends[1], &in), HANDOVER_ENDED);
	close(out.fds[0]);
	close(out.fds[1]);
}
END_TEST

/* The connecting end would hear of the process that called listen. */
START_TEST(sender_is_known_by_what_it_says)
{
	struct handover_parcel out = {.kind = HANDOVER_SOCKETS,
	    .fd_count = 1, .fds = {make_marked(5)}}, in;
	pid_t child;
	char byte;

	handover_want_sender(ends[0]);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(write(ends[1], "0", 1) != 1 ||
		    handover_send(ends[1], &out) != HANDOVER_WHOLE);
	ck_assert_int_eq(handover_find_sender(ends[0]), child);
	ck_assert_int_eq(recv(ends[0], &byte, 1, 0), 1);
	ck_assert_int_eq(byte, '0');
	ck_assert_int_eq(handover_receive(ends[0], &in), HANDOVER_WHOLE);
	ck_assert_uint_eq(in.fd_count, 1);
	ck_assert_uint_eq(read_mark(in.fds[0]), 5);
	handover_close(&in);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	close(ends[1]);
	ck_assert_int_eq(handover_find_sender(ends[0]), 0);
	close(out.fds[0]);
}
END_TEST

START_TEST(parcel_as_large_as_may_be)
{
	struct handover_parcel out = {.kind = HANDOVER_SOCKETS}, in;
	unsigned before = count_open();

	for (; out.fd_count < HANDOVER_FDS_MAX; out.fd_count++)
		out.fds[out.fd_count] = make_marked((uint8_t)out.fd_count);
	ck_assert_int_eq(handover_send(ends[0], &out), HANDOVER_WHOLE);
	ck_assert_int_eq(handover_receive(ends[1], &in), HANDOVER_WHOLE);
	ck_assert_uint_eq(in.fd_count, HANDOVER_FDS_MAX);
	for (unsigned i = 0; i < in.fd_count; i++)
		ck_assert_uint_eq(read_mark(in.fds[i]), (uint8_t)i);
	handover_close(&in);
	handover_close(&out);
	ck_assert_uint_eq(count_open(), before);
}
END_TEST

/* More than the socket's buffer takes at once: a child reads it. */
START_TEST(parcel_with_many_bytes)
{
	struct handover_parcel out = {.kind = HANDOVER_CONNECTION,
	    .length = LONG_BYTES}, in;
	pid_t child;
	int room = 4096;

	ck_assert_int_eq(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room,
	    sizeof room), 0);
	out.bytes = memory_alloc(LONG_BYTES);
	for (size_t i = 0; i < LONG_BYTES; i++)
		out.bytes[i] = (uint8_t)(i * 7 + i / 256);
	handover_limit(ends[0], 20000);
	handover_limit(ends[1], 20000);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(handover_send(ends[0], &out) != HANDOVER_WHOLE);
	ck_assert_int_eq(handover_receive(ends[1], &in), HANDOVER_WHOLE);
	ck_assert_uint_eq(in.length, LONG_BYTES);
	ck_assert_mem_eq(in.bytes, out.bytes, LONG_BYTES);
	handover_close(&in);
	handover_close(&out);
}
END_TEST

/* Cut off at every byte, with the descriptors at the first: nothing stays
 * open. */
START_TEST(parcel_cut_anywhere)
{
	uint8_t whole[HEADER + 5] = {0};
	int fds[2] = {make_marked(1), make_marked(2)};
	struct handover_parcel in;
	uint32_t header[4];
	unsigned before;

	make_header(header, 2, 5);
	memcpy(whole, header, HEADER);
	for (size_t length = 1; length <= sizeof whole; length++) {
		teardown();
		setup();
		before = count_open();
		send_raw(whole, length, fds, 2);
		shutdown(ends[0], SHUT_WR);
		if (length < sizeof whole) {
			ck_assert_int_eq(handover_receive(ends[1], &in),
			    HANDOVER_BROKEN);
		} else {
			ck_assert_int_eq(handover_receive(ends[1], &in),
			    HANDOVER_WHOLE);
			handover_close(&in);
		}
		ck_assert_uint_eq(count_open(), before);
	}
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(parcel_in_drops)
{
	uint32_t header[4];
	int fd = make_marked(3);
	struct handover_parcel in;

	make_header(header, 1, 0);
	for (size_t i = 0; i < HEADER; i++)
		send_raw((uint8_t *)header + i, 1, &fd, i == 9);
	ck_assert_int_eq(handover_receive(ends[1], &in), HANDOVER_WHOLE);
	ck_assert_uint_eq(read_mark(in.fds[0]), 3);
	handover_close(&in);
	close(fd);
}
END_TEST

/* Each word of the header wrong in turn, and descriptors that are too many or
 * too few: refused, and closed. */
START_TEST(foreign_is_refused)
{
	static const struct {
		unsigned word;
		uint32_t value;
		unsigned fds;
	} wrong[] = {{0, 0x12345678, 1}, {1, 0, 1}, {1, 99, 1}, {2, 2, 1},
	    {2, 0, 1}, {2, 1, 0}, {2, 0xffffffff, 1},
	    {3, HANDOVER_BYTES_MAX + 1, 1}};
	int fd = make_marked(4);
	struct handover_parcel in;
	uint32_t header[4];
	unsigned before = count_open();

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		teardown();
		setup();
		make_header(header, 1, 0);
		header[wrong[i].word] = wrong[i].value;
		send_raw(header, HEADER, &fd, wrong[i].fds);
		ck_assert_int_eq(handover_receive(ends[1], &in),
		    HANDOVER_BROKEN);
		ck_assert_uint_eq(in.fd_count, 0);
		ck_assert_uint_eq(count_open(), before);
	}
	close(fd);
}
END_TEST

START_TEST(words_are_no_parcel)
{
	static const char text[] = "1\nanother process replaces it already\n";
	struct handover_parcel in;

	send_raw(text, sizeof text - 1, NULL, 0);
	ck_assert_int_eq(handover_receive(ends[1], &in), HANDOVER_BROKEN);
}
END_TEST

/* 253 in one message, and 250 with more in the next: over what a parcel has. */
START_TEST(too_many_are_closed)
{
	int fds[253];
	struct handover_parcel in;
	uint32_t header[4];
	unsigned before;

	for (unsigned i = 0; i < 253; i++)
		fds[i] = make_marked(5);
	before = count_open();
	make_header(header, 250, 0);
	send_raw(header, HEADER, fds, 253);
	ck_assert_int_eq(handover_receive(ends[1], &in), HANDOVER_BROKEN);
	ck_assert_uint_eq(count_open(), before);
	teardown();
	setup();
	send_raw(header, 4, fds, 250);
	send_raw(header + 1, HEADER - 4, fds, 100);
	ck_assert_int_eq(handover_receive(ends[1], &in), HANDOVER_BROKEN);
	ck_assert_uint_eq(count_open(), before);
	for (unsigned i = 0; i < 253; i++)
		close(fds[i]);
}
END_TEST

/* The kernel leaves out what the limit of open files does not allow. */
START_TEST(no_room_for_descriptors)
{
	struct handover_parcel out = {.kind = HANDOVER_SOCKETS,
	    .fd_count = 3, .fds = {0, 1, 2}}, in;
	struct rlimit limit;
	rlim_t before;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	before = limit.rlim_cur;
	limit.rlim_cur = (rlim_t)ends[1] + 2;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(handover_send(ends[0], &out), HANDOVER_WHOLE);
	ck_assert_int_eq(handover_receive(ends[1], &in), HANDOVER_BROKEN);
	limit.rlim_cur = before;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_lt(fcntl(ends[1] + 1, F_GETFD), 0);
}
END_TEST

START_TEST(silence_ends)
{
	struct handover_parcel in;
	uint32_t header[4];

	ck_assert_int_eq(handover_receive(ends[1], &in), HANDOVER_FAILED);
	ck_assert_int_eq(errno, EAGAIN);
	make_header(header, 0, 100);
	send_raw(header, HEADER, NULL, 0);
	ck_assert_int_eq(handover_receive(ends[1], &in), HANDOVER_FAILED);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_ptr_null(in.bytes);
}
END_TEST

START_TEST(gone_peer_is_told)
{
	struct handover_parcel out = {.kind = HANDOVER_END};

	close(ends[1]);
	ck_assert_int_eq(handover_send(ends[0], &out), HANDOVER_FAILED);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_str_eq(handover_words(HANDOVER_FAILED), strerror(EPIPE));
}
END_TEST

START_TEST(peer_is_known)
{
	struct handover_peer peer;
	int pair[2];

	ck_assert_int_eq(handover_find_peer(ends[0], &peer), 0);
	ck_assert_int_eq(peer.pid, getpid());
	ck_assert_uint_eq(peer.uid, geteuid());
	ck_assert_int_eq(pipe(pair), 0);
	ck_assert_int_eq(handover_find_peer(pair[0], &peer), -1);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

/* ---- sockets that were given ---- */

static struct endpoint
make_endpoint(const char *text)
{
	struct endpoint endpoint;

	ck_assert_ptr_null(endpoint_parse(&endpoint, text, strlen(text), 53));
	endpoint.port = 0;
	return endpoint;
}

enum listening {
	IS_BOUND,
	LISTENS,
};

/* At a free port of the address; the endpoint gets it. */
static int
open_at(struct endpoint *endpoint, int type, enum listening listening)
{
	struct sockaddr_storage name;
	socklen_t length = endpoint_to_sockaddr(endpoint, &name);
	int fd = socket(name.ss_family, type, 0), one = 1;

	ck_assert_int_ge(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
	if (name.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, length), 0);
	if (listening == LISTENS)
		ck_assert_int_eq(listen(fd, 1), 0);
	length = sizeof name;
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &length),
	    0);
	endpoint_from_sockaddr(endpoint, (struct sockaddr *)&name);
	return fd;
}

START_TEST(given_are_found)
{
	struct endpoint here = make_endpoint("127.0.0.1"), other;
	struct given *given = given_new();
	int udp[3], tcp, taken[3] = {-1, -1, -1};

	udp[0] = open_at(&here, SOCK_DGRAM, IS_BOUND);
	udp[1] = open_at(&here, SOCK_DGRAM, IS_BOUND);
	udp[2] = open_at(&here, SOCK_DGRAM, IS_BOUND);
	tcp = open_at(&here, SOCK_STREAM, LISTENS);
	other = here;
	other.port++;
	for (unsigned i = 0; i < 3; i++)
		ck_assert_ptr_null(given_add(given, udp[i], NULL));
	ck_assert_ptr_null(given_add(given, tcp, NULL));
	ck_assert_ptr_null(given_add(given, dup(udp[1]), "once more"));
	ck_assert_uint_eq(given_left(given), 4);
	ck_assert_uint_eq(given_count(given, &other, GIVEN_UDP), 0);
	ck_assert_uint_eq(given_take(given, &other, GIVEN_UDP, taken, 3), 0);
	ck_assert_uint_eq(given_take(given, &here, GIVEN_UDP, taken, 2), 2);
	ck_assert_int_eq(taken[0], udp[0]);
	ck_assert_int_eq(taken[1], udp[1]);
	ck_assert_int_ne(fcntl(udp[0], F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(udp[0], F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_uint_eq(given_take(given, &here, GIVEN_TCP, taken + 2, 1),
	    1);
	ck_assert_int_eq(taken[2], tcp);
	ck_assert_uint_eq(given_count(given, &here, GIVEN_UDP), 1);
	ck_assert_uint_eq(given_count(given, &here, GIVEN_TCP), 0);
	given_free(given);
	ck_assert_int_lt(fcntl(udp[2], F_GETFD), 0);
	ck_assert_int_ge(fcntl(udp[0], F_GETFD), 0);
	close(udp[0]);
	close(udp[1]);
	close(tcp);
}
END_TEST

/* Not a socket, not for us, not listening, connected, unbound. */
START_TEST(given_foreigners_are_closed)
{
	struct endpoint here = make_endpoint("127.0.0.1"), bound = here;
	struct given *given = given_new();
	struct sockaddr_storage name;
	socklen_t length;
	unsigned before = count_open();
	int connected, pair[2];

	ck_assert_ptr_nonnull(given_add(given, make_marked(1), NULL));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	ck_assert_ptr_nonnull(given_add(given, pair[0], NULL));
	ck_assert_ptr_nonnull(given_add(given, pair[1], NULL));
	ck_assert_ptr_nonnull(given_add(given,
	    open_at(&bound, SOCK_STREAM, IS_BOUND), NULL));
	ck_assert_ptr_nonnull(given_add(given,
	    socket(AF_INET, SOCK_DGRAM, 0), NULL));
	bound = here;
	connected = open_at(&bound, SOCK_DGRAM, IS_BOUND);
	length = endpoint_to_sockaddr(&bound, &name);
	ck_assert_int_eq(connect(connected, (struct sockaddr *)&name,
	    length), 0);
	ck_assert_ptr_nonnull(given_add(given, connected, NULL));
	ck_assert_uint_eq(given_left(given), 0);
	ck_assert_uint_eq(count_open(), before);
	given_free(given);
}
END_TEST

START_TEST(given_for_both_families_is_refused)
{
	struct sockaddr_in6 name = {.sin6_family = AF_INET6};
	struct given *given = given_new();
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), zero = 0;

	ck_assert_int_ge(fd, 0);
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	ck_assert_ptr_nonnull(strstr(given_add(given, fd, NULL), "IPv4"));
	given_free(given);
}
END_TEST

START_TEST(given_wildcard_is_in_the_way)
{
	struct endpoint all = make_endpoint("0.0.0.0"), one, six;
	struct given *given = given_new();
	int fd = open_at(&all, SOCK_DGRAM, IS_BOUND), taken;

	ck_assert_ptr_null(given_add(given, fd, NULL));
	one = make_endpoint("127.0.0.1");
	six = make_endpoint("::1");
	one.port = six.port = all.port;
	ck_assert(given_overlaps(given, &one));
	ck_assert(!given_overlaps(given, &six));
	ck_assert(!given_overlaps(given, &all));
	ck_assert_uint_eq(given_take(given, &all, GIVEN_UDP, &taken, 1), 1);
	ck_assert(given_overlaps(given, &one));
	one.port++;
	ck_assert(!given_overlaps(given, &one));
	close(taken);
	given_free(given);
}
END_TEST

START_TEST(given_names_of_the_unwanted)
{
	struct endpoint here = make_endpoint("127.0.0.1"), there = here;
	struct endpoint nameless = here, refused;
	struct given *given = given_new();
	char *name;
	int fd;

	fd = open_at(&here, SOCK_DGRAM, IS_BOUND);
	ck_assert_ptr_null(given_add(given, fd, "kept"));
	ck_assert_ptr_null(given_add(given,
	    open_at(&there, SOCK_DGRAM, IS_BOUND), "left"));
	ck_assert_uint_eq(given_take(given, &here, GIVEN_UDP, &fd, 1), 1);
	ck_assert_ptr_null(given_add(given,
	    open_at(&nameless, SOCK_DGRAM, IS_BOUND), NULL));
	ck_assert(given_refuse(given, &refused, &name));
	ck_assert_str_eq(name, "left");
	ck_assert(endpoint_equal(&refused, &there));
	free(name);
	ck_assert(given_refuse(given, &refused, &name));
	ck_assert_ptr_null(name);
	ck_assert(endpoint_equal(&refused, &nameless));
	ck_assert(!given_refuse(given, &refused, &name));
	ck_assert_uint_eq(given_left(given), 0);
	close(fd);
	given_free(given);
}
END_TEST

static TCase *
make_parcel_cases(void)
{
	TCase *tcase = tcase_create("parcels");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, parcel_arrives);
	tcase_add_test(tcase, sender_is_known_by_what_it_says);
	tcase_add_test(tcase, parcel_as_large_as_may_be);
	tcase_add_test(tcase, parcel_with_many_bytes);
	tcase_add_test(tcase, parcel_cut_anywhere);
	tcase_add_test(tcase, parcel_in_drops);
	tcase_add_test(tcase, foreign_is_refused);
	tcase_add_test(tcase, words_are_no_parcel);
	tcase_add_test(tcase, too_many_are_closed);
	tcase_add_test(tcase, no_room_for_descriptors);
	tcase_add_test(tcase, silence_ends);
	tcase_add_test(tcase, gone_peer_is_told);
	tcase_add_test(tcase, peer_is_known);
	return tcase;
}

static TCase *
make_given_cases(void)
{
	TCase *tcase = tcase_create("given");

	tcase_add_test(tcase, given_are_found);
	tcase_add_test(tcase, given_foreigners_are_closed);
	tcase_add_test(tcase, given_for_both_families_is_refused);
	tcase_add_test(tcase, given_wildcard_is_in_the_way);
	tcase_add_test(tcase, given_names_of_the_unwanted);
	return tcase;
}

int
main(void)
{
	Suite *suite = suite_create("handover");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, make_parcel_cases());
	suite_add_tcase(suite, make_given_cases());
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
