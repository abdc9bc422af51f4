/* SPDX-License-Identifier: BSD-2-Clause */
/* What a connection's replies count for (turns.h): a batch that is made up,
 * with a reply of the length wanted to each message (those of tcpbatch.h and
 * serving.h are not linked). */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "net/connection.h"
#include "net/loop.h"
#include "net/tcpbatch.h"
#include "net/turns.h"
#include "suite.h"

#define PAGE 4096			/* of replies: as a message */
#define MESSAGE (2 + WIRE_HEADER)
#define MESSAGES 60			/* of one write */

/* ---- batches ---- */

struct tcpbatch {
	bool begun;
	uint8_t out[TCPBATCH_MESSAGE_MAX];
};

static size_t reply_length;
static unsigned begun;

struct tcpbatch *
tcpbatch_new(struct serving *serving)
{
	(void)serving;
	return memory_own(sizeof(struct tcpbatch));
}

void
tcpbatch_free(struct tcpbatch *batch)
{
	free(batch);
}

unsigned
tcpbatch_begin(struct tcpbatch *batch, struct tcpbatch_bytes *from,
    const struct query_client *client, unsigned most)
{
	(void)client;
	ck_assert_uint_gt(most, 0);
	batch->begun = true;
	begun++;
	from->at += MESSAGE;
	return 1;
}

struct tcpbatch_replies
tcpbatch_step(struct tcpbatch *batch, const struct waiting_from *from)
{
	(void)from;
	ck_assert(batch->begun);
	batch->begun = false;
	return (struct tcpbatch_replies){batch->out, reply_length, 0};
}

bool
tcpbatch_is_done(const struct tcpbatch *batch)
{
	return !batch->begun;
}

size_t
tcpbatch_left_at(const struct tcpbatch *batch)
{
	ck_abort_msg("a batch of one has nothing left");
	return batch->begun;
}

struct tcpbatch_replies
tcpbatch_late(struct tcpbatch *batch, const uint8_t *bytes, size_t length)
{
	memcpy(batch->out, bytes, length);
	return (struct tcpbatch_replies){batch->out, length, 0};
}

void
serving_start(struct serving *serving)
{
	(void)serving;
}

void
serving_end(struct serving *serving)
{
	(void)serving;
}

/* ---- a connection, and its client ---- */

static struct serving serving;
static struct stats stats;
static struct connections all;
static int client;
static unsigned udp_turns;

static void
let_udp(struct worker *worker)
{
	(void)worker;
	udp_turns++;
}

static void
setup(void)
{
	const struct crowd_limits limits = {1, 1};
	const struct query_client from = {.addr = {4, {127, 0, 0, 1}},
	    .transport = QUERY_TCP};
	int fds[2];

	begun = udp_turns = 0;
	serving = (struct serving){.base = loop_new(), .env.stats = &stats,
	    .let_udp = let_udp};
	connections_init(&all, &serving, &limits, 1 << 20);
	ck_assert_int_eq(socketpair(AF_UNIX,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	client = fds[1];
	ck_assert_ptr_nonnull(connection_open(&all, fds[0], &from));
	turns_restart(all.turns);
}

static void
teardown(void)
{
	connections_fini(&all);
	event_base_free(serving.base);
	close(client);
}

static void
ask(unsigned count)
{
	uint8_t bytes[MESSAGES * MESSAGE] = {0};

	for (unsigned i = 0; i < count; i++)
		wire_put16(bytes + i * MESSAGE, WIRE_HEADER);
	ck_assert_int_eq(write(client, bytes, count * MESSAGE),
	    (ssize_t)(count * MESSAGE));
}

static void
run_round(void)
{
	ck_assert_int_eq(event_base_loop(serving.base,
	    EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
}

/* How many bytes are there to be read; they are. */
static size_t
take_all(void)
{
	static uint8_t bytes[1 << 16];
	size_t all_length = 0;
	ssize_t length;

	while ((length = read(client, bytes, sizeof bytes)) > 0)
		all_length += (size_t)length;
	return all_length;
}

static void
expect_work(size_t length, unsigned work)
{
	reply_length = length;
	turns_restart(all.turns);
	ask(1);
	run_round();
	ck_assert_uint_eq(all.turns->work, work);
	ck_assert_uint_eq(take_all(), length);
}

START_TEST(a_long_reply_is_work)
{
	expect_work(100, 1);
	expect_work(PAGE - 1, 1);
	expect_work(PAGE, 2);
	expect_work(5 * PAGE, 6);
	expect_work(TCPBATCH_MESSAGE_MAX, 17);
	ck_assert_uint_eq(begun, 5);
}
END_TEST

/* So is what the client takes later. */
START_TEST(what_is_taken_later_is_work)
{
	size_t taken;

	reply_length = TCPBATCH_MESSAGE_MAX;
	while (all.untaken == 0) {
		ask(1);
		run_round();
	}
	ask(1);
	run_round();
	take_all();
	turns_restart(all.turns);
	run_round();
	taken = take_all();
	ck_assert_uint_gt(taken, PAGE);
	ck_assert_uint_eq(all.turns->work, 1 + taken / PAGE);
}
END_TEST

/* Three for each of these: the others are put off until UDP had its turn. */
START_TEST(long_replies_take_turns_with_udp)
{
	const unsigned a_turn = (TURNS_WORK + 2) / 3;
	size_t taken;

	reply_length = 2 * PAGE;
	ask(MESSAGES);
	run_round();
	ck_assert_uint_eq(begun, a_turn);
	ck_assert_uint_eq(udp_turns, 1);
	for (taken = take_all(); taken < MESSAGES * reply_length;
	     taken += take_all())
		run_round();
	ck_assert_uint_eq(begun, MESSAGES);
	ck_assert_uint_eq(taken, MESSAGES * reply_length);
}
END_TEST

START_TEST(short_replies_are_worked_at_once)
{
	reply_length = 100;
	ask(MESSAGES);
	run_round();
	ck_assert_uint_eq(begun, MESSAGES);
	ck_assert_uint_eq(udp_turns, 0);
	ck_assert_uint_eq(take_all(), MESSAGES * reply_length);
}
END_TEST

int
main(void)
{
	return suite_run("net/connection", (const struct suite_case[]){
	    {
		.name = "connection",
		.setup = setup,
		.teardown = teardown,
		.tests = SUITE_TESTS(a_long_reply_is_work,
		    what_is_taken_later_is_work,
		    long_replies_take_turns_with_udp,
		    short_replies_are_worked_at_once),
	    },
	    {0},
	});
}
