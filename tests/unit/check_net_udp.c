/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP on loopback: families, batches, source addresses, rubbish. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netlab.h"
#include "suite.h"

#define BURST 200
#define BURSTS 10
#define WEB 0x0a000001

static uint8_t reply[WIRE_MAX];

static void
setup(void)
{
	lab_start(&(struct lab_settings){.workers = 2});
}

static void
ask_web(const struct listener *listener, const char *address)
{
	struct lab_query query;
	int fd = lab_udp(listener, address);
	size_t length;

	lab_query(&query, "web.lab.test.", 77);
	lab_send(fd, &query);
	length = lab_get(fd, reply);
	ck_assert_uint_eq(lab_id(reply), 77);
	ck_assert_uint_eq(lab_rcode(reply), 0);
	ck_assert_uint_eq(lab_answers(reply), 1);
	ck_assert_uint_eq(lab_last_v4(reply, length), WEB);
	close(fd);
}

START_TEST(udp_answers_both_families)
{
	struct listener *v4 = lab_listen("127.0.0.1");
	struct listener *v6 = lab_listen("::1");

	ask_web(v4, NULL);
	ask_web(v6, NULL);
	ck_assert_uint_eq(lab_stat(STAT_QUERIES_UDP4), 1);
	ck_assert_uint_eq(lab_stat(STAT_QUERIES_UDP6), 1);
	lab_drop(v4);
	lab_drop(v6);
}
END_TEST

/* A connected client hears nothing that comes from another address than the
 * one it asked. */
START_TEST(udp_replies_from_the_address_asked)
{
	struct listener *v4 = lab_listen("0.0.0.0");
	struct listener *v6 = lab_listen("::");

	ask_web(v4, "127.0.0.2");
	ask_web(v4, "127.0.0.3");
	ask_web(v6, "::1");
	lab_drop(v4);
	lab_drop(v6);
}
END_TEST

/* The same holds for a reply that waited for an upstream. */
START_TEST(udp_late_replies_too)
{
	struct listener *v4 = lab_listen("0.0.0.0");
	struct listener *v6 = lab_listen("::");
	int fd4 = lab_udp(v4, "127.0.0.4"), fd6 = lab_udp(v6, "::1");
	struct lab_query query;

	lab_query(&query, "a.late.up.test.", 5);
	lab_send(fd4, &query);
	lab_get(fd4, reply);
	ck_assert_uint_eq(lab_answers(reply), 1);
	lab_query(&query, "a.later.up.test.", 6);
	lab_send(fd6, &query);
	lab_get(fd6, reply);
	ck_assert_uint_eq(lab_answers(reply), 1);
	ck_assert_uint_eq(lab_stat(STAT_ANSWERS_FORWARD), 2);
	close(fd4);
	close(fd6);
	lab_drop(v4);
	lab_drop(v6);
}
END_TEST

START_TEST(udp_answers_every_one_of_many)
{
	struct listener *listener = lab_listen("127.0.0.1");
	static uint8_t seen[BURST * BURSTS];
	struct lab_query query;
	int fd = lab_udp(listener, NULL);

	for (unsigned i = 0; i < BURST * BURSTS; i++) {
		lab_query(&query, i % 2 ? "db.lab.test." : "web.lab.test.",
		    (uint16_t)i);
		lab_send(fd, &query);
		for (unsigned k = 0; i % BURST == BURST - 1 && k < BURST;
		     k++) {
			size_t length = lab_get(fd, reply);
			unsigned id = lab_id(reply);

			ck_assert_uint_lt(id, BURST * BURSTS);
			ck_assert_uint_eq(seen[id]++, 0);
			ck_assert_uint_eq(lab_last_v4(reply, length),
			    WEB + id % 2);
		}
	}
	close(fd);
	lab_drop(listener);
}
END_TEST

/* Bytes that nobody need answer, one packet each; then a question shows that
 * they were passed over. */
START_TEST(udp_passes_over_rubbish)
{
	struct listener *listener = lab_listen("127.0.0.1");
	struct lab_query query, response;
	int fd = lab_udp(listener, NULL);

	lab_query(&query, "web.lab.test.", 9);
	response = query;
	response.bytes[4] |= 0x80;
	lab_send(fd, &response);
	for (size_t cut = 0; cut < 12; cut++)
		ck_assert_int_eq(send(fd, query.bytes + 2, cut, 0),
		    (ssize_t)cut);
	lab_send(fd, &query);
	lab_get(fd, reply);
	ck_assert_uint_eq(lab_id(reply), 9);
	ck_assert_uint_eq(lab_answers(reply), 1);
	ck_assert_uint_eq(lab_stat(STAT_DROPPED_RESPONSE), 1);
	ck_assert_uint_eq(lab_stat(STAT_DROPPED_SHORT), 12);
	close(fd);
	lab_drop(listener);
}
END_TEST

/* More than a datagram may carry: what comes says so. */
START_TEST(udp_truncates)
{
	struct listener *listener = lab_listen("127.0.0.1");
	struct lab_query query;
	int fd = lab_udp(listener, NULL);

	lab_query(&query, "many.lab.test.", 9);
	lab_send(fd, &query);
	ck_assert_uint_le(lab_get(fd, reply), 512);
	ck_assert_uint_ne(reply[2] & 2, 0);
	close(fd);
	lab_drop(listener);
}
END_TEST

int
main(void)
{
	return suite_run("net/udp", (const struct suite_case[]){
	    {
		.name = "udp",
		.setup = setup,
		.teardown = lab_stop,
		.tests = SUITE_TESTS(udp_answers_both_families,
		    udp_replies_from_the_address_asked, udp_late_replies_too,
		    udp_answers_every_one_of_many, udp_passes_over_rubbish,
		    udp_truncates),
	    },
	    {0},
	});
}
