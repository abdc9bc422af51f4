/* SPDX-License-Identifier: BSD-2-Clause */
/* Late replies: gathered within a round of the loop, and all sent at its end;
 * before, where there are many or somebody asks for it. */
#include "net/late.h"

#include <check.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	struct event_base *base;
	struct late *late;
	struct stats stats;
	int server, other;		/* replies leave by these */
	int client;
	union waiting_name to;
	unsigned to_put, in_first, heard_in_second;
} here;

static int
open_loopback(union waiting_name *name)
{
	socklen_t length = sizeof(name->v4);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	*name = (union waiting_name){ .v4 = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	ck_assert_int_eq(bind(fd, &name->any, length), 0);
	ck_assert_int_eq(getsockname(fd, &name->any, &length), 0);
	return fd;
}

static void
setup(void)
{
	union waiting_name unused;

	memset(&here, 0, sizeof(here));
	here.base = event_base_new();
	here.late = late_new(here.base, &here.stats);
	here.server = open_loopback(&unused);
	here.other = open_loopback(&unused);
	here.client = open_loopback(&here.to);
}

static void
teardown(void)
{
	late_free(here.late);
	event_base_free(here.base);
	close(here.server);
	close(here.other);
	close(here.client);
}

static void
put_by(int fd, uint8_t number, const union waiting_name *to)
{
	late_put(here.late, &(struct late_reply){
	    .fd = fd,
	    .to = to,
	    .to_length = sizeof(to->v4),
	    .bytes = &number,
	    .length = 1,
	});
}

static void
put(uint8_t number)
{
	put_by(here.server, number, &here.to);
}

/* They come in the order in which they were put, from this one on. */
static unsigned
hear(uint8_t from)
{
	unsigned count = 0;
	uint8_t byte;

	while (recv(here.client, &byte, 1, 0) == 1)
		ck_assert_uint_eq(byte, from + count++);
	return count;
}

static uint64_t
dropped(void)
{
	return atomic_load(&here.stats.count[STAT_DROPPED_SEND]);
}

static void
on_first(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	for (unsigned i = 0; i < here.to_put; i++)
		put((uint8_t)i);
	here.in_first = hear(0);
}

static void
on_second(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	here.heard_in_second = hear((uint8_t)here.in_first);
	put((uint8_t)here.to_put);
}

/* One round in which two events are ready; what is heard after it. */
static unsigned
run_round(unsigned to_put)
{
	struct event *first = event_new(here.base, -1, 0, on_first, NULL);
	struct event *second = event_new(here.base, -1, 0, on_second, NULL);

	here.to_put = to_put;
	event_active(first, EV_TIMEOUT, 0);
	event_active(second, EV_TIMEOUT, 0);
	event_base_loop(here.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	event_free(first);
	event_free(second);
	return hear((uint8_t)(here.in_first + here.heard_in_second));
}

START_TEST(they_leave_at_the_end_of_the_round)
{
	ck_assert_uint_eq(run_round(5), 6);
	ck_assert_uint_eq(here.in_first, 0);
	ck_assert_uint_eq(here.heard_in_second, 0);
	ck_assert_uint_eq(run_round(3), 4);
	ck_assert_uint_eq(dropped(), 0);
}
END_TEST

START_TEST(many_leave_at_once)
{
	ck_assert_uint_eq(run_round(2 * LATE_MAX + 3), 4);
	ck_assert_uint_eq(here.in_first, 2 * LATE_MAX);
	ck_assert_uint_eq(run_round(LATE_MAX), 1);
	ck_assert_uint_eq(here.in_first, LATE_MAX);
}
END_TEST

START_TEST(flush_does_not_wait)
{
	put(0);
	put(1);
	ck_assert_uint_eq(hear(0), 0);
	late_flush(here.late);
	ck_assert_uint_eq(hear(0), 2);
	late_flush(here.late);
	event_base_loop(here.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_uint_eq(hear(0), 0);
}
END_TEST

START_TEST(each_leaves_by_its_own_socket)
{
	const int by[] = { here.server, here.other, here.other, here.server };
	struct sockaddr_in from, expected;
	socklen_t length;
	uint8_t byte;

	for (uint8_t i = 0; i < 4; i++)
		put_by(by[i], i, &here.to);
	late_flush(here.late);
	for (uint8_t i = 0; i < 4; i++) {
		length = sizeof(from);
		ck_assert_int_eq(recvfrom(here.client, &byte, 1, 0,
		    (struct sockaddr *)&from, &length), 1);
		ck_assert_uint_eq(byte, i);
		length = sizeof(expected);
		getsockname(by[i], (struct sockaddr *)&expected, &length);
		ck_assert_uint_eq(from.sin_port, expected.sin_port);
	}
}
END_TEST

/* Port 0 is nobody's, and a closed socket sends nothing. */
START_TEST(one_that_cannot_be_sent_holds_nobody_up)
{
	union waiting_name nobody = here.to;

	nobody.v4.sin_port = 0;
	put(0);
	put_by(here.server, 9, &nobody);
	put(1);
	put_by(-1, 9, &here.to);
	put(2);
	late_flush(here.late);
	ck_assert_uint_eq(hear(0), 3);
	ck_assert_uint_eq(dropped(), 2);
}
END_TEST

/* The address that it leaves from goes with it, and with it alone. */
START_TEST(control_is_its_own)
{
	union {
		struct cmsghdr aligned;
		uint8_t bytes[LATE_CONTROL_MAX];
	} control = { .aligned = {
	    .cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo)),
	    .cmsg_level = IPPROTO_IP,
	    .cmsg_type = IP_PKTINFO,
	} };
	struct in_pktinfo info = {
	    .ipi_spec_dst.s_addr = htonl(INADDR_LOOPBACK + 1) };
	struct sockaddr_in from;
	socklen_t length;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	uint8_t byte = 7;

	memcpy(CMSG_DATA(&control.aligned), &info, sizeof(info));
	late_put(here.late, &(struct late_reply){
	    .fd = fd, .to = &here.to, .to_length = sizeof(here.to.v4),
	    .control = &control,
	    .control_length = CMSG_SPACE(sizeof(info)),
	    .bytes = &byte, .length = 1 });
	put_by(fd, 8, &here.to);
	memset(&control, 0, sizeof(control));
	late_flush(here.late);
	for (unsigned i = 0; i < 2; i++) {
		length = sizeof(from);
		ck_assert_int_eq(recvfrom(here.client, &byte, 1, 0,
		    (struct sockaddr *)&from, &length), 1);
		ck_assert_uint_eq(byte, 7 + i);
		ck_assert_uint_eq(ntohl(from.sin_addr.s_addr),
		    INADDR_LOOPBACK + (i == 0));
	}
	close(fd);
}
END_TEST

static Suite *
make_suite(void)
{
	Suite *suite = suite_create("late");
	TCase *tcase = tcase_create("late");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, they_leave_at_the_end_of_the_round);
	tcase_add_test(tcase, many_leave_at_once);
	tcase_add_test(tcase, flush_does_not_wait);
	tcase_add_test(tcase, each_leaves_by_its_own_socket);
	tcase_add_test(tcase, one_that_cannot_be_sent_holds_nobody_up);
	tcase_add_test(tcase, control_is_its_own);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
