/* SPDX-License-Identifier: BSD-2-Clause */
/* Late replies: gathered within a round of the loop, and all sent at its end;
 * before, where there are many or somebody asks for it. */
#include "net/late.h"

#include <check.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS 20000

union control {
	struct cmsghdr aligned;
	uint8_t bytes[LATE_CONTROL_MAX];
};

static struct {
	struct event_base *base;
	struct late *late;
	struct stats stats;
	int server, other;		/* replies leave by these */
	int client, second;
	union waiting_name to, to_second;
	enum segments_ability ability;	/* of what is put next */
	size_t control_length;
	unsigned to_put;
	union control control;
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
	here.second = open_loopback(&here.to_second);
}

static void
teardown(void)
{
	late_free(here.late);
	event_base_free(here.base);
	close(here.server);
	close(here.other);
	close(here.client);
	close(here.second);
}

static void
put_by(int fd, uint8_t number, const union waiting_name *to)
{
	late_put(here.late, &(struct late_reply){
	    .fd = fd,
	    .ability = here.ability,
	    .to = to,
	    .to_length = sizeof(to->v4),
	    .control = &here.control,
	    .control_length = here.control_length,
	    .bytes = &number,
	    .length = 1,
	});
}

static void
put(uint8_t number)
{
	put_by(here.server, number, &here.to);
}

/* What must come, and who sent it. */
static uint8_t
take(int client, struct sockaddr_in *from)
{
	struct pollfd wait = { .fd = client, .events = POLLIN };
	socklen_t length = sizeof(*from);
	uint8_t byte;

	ck_assert_int_eq(poll(&wait, 1, WAIT_MS), 1);
	ck_assert_int_eq(recvfrom(client, &byte, 1, 0,
	    (struct sockaddr *)from, &length), 1);
	return byte;
}

/* So many, and no more: they come in the order in which they were put, from
 * this one on. */
static void
hear(uint8_t from, unsigned count)
{
	struct sockaddr_in sender;
	uint8_t byte;

	for (unsigned i = 0; i < count; i++)
		ck_assert_uint_eq(take(here.client, &sender), from + i);
	ck_assert_int_eq(recv(here.client, &byte, 1, 0), -1);
}

static uint64_t
counted(enum stats_counter which)
{
	return atomic_load(&here.stats.count[which]);
}

/* The next ones leave from this address. */
static void
set_source(uint32_t address)
{
	struct in_pktinfo info = { .ipi_spec_dst.s_addr = htonl(address) };

	here.control.aligned = (struct cmsghdr){
	    .cmsg_len = CMSG_LEN(sizeof(info)),
	    .cmsg_level = IPPROTO_IP,
	    .cmsg_type = IP_PKTINFO,
	};
	memcpy(CMSG_DATA(&here.control.aligned), &info, sizeof(info));
	here.control_length = CMSG_SPACE(sizeof(info));
}

/* Full ones do not wait for the end of the round. */
static unsigned
at_once(void)
{
	return here.to_put / LATE_MAX * LATE_MAX;
}

static void
on_first(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	for (unsigned i = 0; i < here.to_put; i++)
		put((uint8_t)i);
	hear(0, at_once());
}

static void
on_second(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	hear(0, 0);
	put((uint8_t)here.to_put);
}

/* One round in which two events are ready: the first puts so many, the second
 * one more. */
static void
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
	hear((uint8_t)at_once(), to_put - at_once() + 1);
}

START_TEST(they_leave_at_the_end_of_the_round)
{
	run_round(5);
	run_round(3);
	ck_assert_uint_eq(counted(STAT_DROPPED_SEND), 0);
}
END_TEST

START_TEST(many_leave_at_once)
{
	run_round(2 * LATE_MAX + 3);
	run_round(LATE_MAX);
}
END_TEST

START_TEST(flush_does_not_wait)
{
	put(0);
	put(1);
	hear(0, 0);
	late_flush(here.late);
	hear(0, 2);
	late_flush(here.late);
	event_base_loop(here.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	hear(0, 0);
}
END_TEST

START_TEST(each_leaves_by_its_own_socket)
{
	const int by[] = { here.server, here.other, here.other, here.server };
	struct sockaddr_in from, expected;
	socklen_t length;

	for (uint8_t i = 0; i < 4; i++)
		put_by(by[i], i, &here.to);
	late_flush(here.late);
	for (uint8_t i = 0; i < 4; i++) {
		ck_assert_uint_eq(take(here.client, &from), i);
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
	hear(0, 3);
	ck_assert_uint_eq(counted(STAT_DROPPED_SEND), 2);
}
END_TEST

/* The address that it leaves from goes with it, and with it alone. */
START_TEST(control_is_its_own)
{
	struct sockaddr_in from;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	set_source(INADDR_LOOPBACK + 1);
	put_by(fd, 7, &here.to);
	memset(&here.control, 0, sizeof(here.control));
	here.control_length = 0;
	put_by(fd, 8, &here.to);
	late_flush(here.late);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_uint_eq(take(here.client, &from), 7 + i);
		ck_assert_uint_eq(ntohl(from.sin_addr.s_addr),
		    INADDR_LOOPBACK + (i == 0));
	}
	close(fd);
}
END_TEST

/* Two clients in turn: a message each, from the address that was asked. */
START_TEST(those_to_one_client_share_a_message)
{
	const int clients[] = { here.client, here.second };
	struct sockaddr_in from;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	here.ability = segments_ability(fd);
	ck_assert_int_eq(here.ability, SEGMENTS_KNOWN);
	if (_i == 1)
		set_source(INADDR_LOOPBACK + 1);
	for (uint8_t i = 0; i < 10; i++)
		put_by(fd, i, i % 2 ? &here.to_second : &here.to);
	late_flush(here.late);
	ck_assert_uint_eq(counted(STAT_SEGMENTS_SENT), 10);
	ck_assert_uint_eq(counted(STAT_SEGMENTS_REFUSED), 0);
	for (unsigned i = 0; i < 10; i++) {
		ck_assert_uint_eq(take(clients[i % 2], &from), i);
		ck_assert_uint_eq(ntohl(from.sin_addr.s_addr),
		    INADDR_LOOPBACK + (unsigned)_i);
	}
	hear(0, 0);
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
	tcase_add_loop_test(tcase, those_to_one_client_share_a_message, 0, 2);
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
