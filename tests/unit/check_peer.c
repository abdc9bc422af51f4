/* SPDX-License-Identifier: BSD-2-Clause */
/* Which stream of an upstream takes a question: by a clock that is made up, on
 * transports that are too (those of transport.h are not linked). */
#include "net/peer.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/wire.h"
#include "net/loop.h"
#include "net/pipeline.h"
#include "suite.h"

#define T 100000			/* ms; when a test begins */
#define DOUBT_MS 200
#define WAY_MS 150
#define OWED_MS (DOUBT_MS + 2 * WAY_MS)	/* then it is doubtful */
#define MUCH (1 << 20)			/* bytes that wait to be taken */
#define QUESTIONS 400
#define STREAMS 8

/* ---- transports ---- */

struct transport {
	struct transport_start start;
	enum { OPENING, OPEN, SHUT } state;
	struct evbuffer *input;
	size_t unsent;
	unsigned written;		/* messages */
	uint16_t id;			/* of the last of them */
};

static struct transport *transports[STREAMS];
static unsigned opened, silent, goodbyes;

struct transport *
transport_open(const struct transport_context *context,
    const struct transport_start *start, int64_t now_ms)
{
	struct transport *transport = memory_zeroed(1, sizeof *transport);

	(void)context;
	(void)now_ms;
	ck_assert_uint_lt(opened, STREAMS);
	transport->start = *start;
	transport->input = evbuffer_new();
	transports[opened++] = transport;
	return transport;
}

void
transport_shut(struct transport *transport, enum transport_farewell farewell)
{
	ck_assert_int_ne(transport->state, SHUT);
	transport->state = SHUT;
	silent += farewell == TRANSPORT_SILENT;
	goodbyes += farewell == TRANSPORT_GOODBYE;
}

void
transport_free(struct transport *transport)
{
	ck_assert_int_eq(transport->state, SHUT);
	for (unsigned i = 0; i < opened; i++) {
		if (transports[i] == transport)
			transports[i] = NULL;
	}
	evbuffer_free(transport->input);
	free(transport);
}

bool
transport_is_opening(const struct transport *transport)
{
	return transport->state == OPENING;
}

bool
transport_is_open(const struct transport *transport)
{
	return transport->state == OPEN;
}

int64_t
transport_way_ms(const struct transport *transport)
{
	return transport->state == OPENING ? 0 : WAY_MS;
}

void
transport_note_silence(const struct transport *transport, int64_t now_ms)
{
	(void)transport;
	(void)now_ms;
}

void
transport_write(struct transport *transport, const uint8_t *bytes,
    size_t length)
{
	ck_assert_uint_eq(length, PIPELINE_LENGTH + WIRE_HEADER);
	transport->written++;
	transport->id = wire_get16(bytes + PIPELINE_LENGTH);
}

size_t
transport_unsent(const struct transport *transport)
{
	return transport->unsent;
}

struct evbuffer *
transport_input(const struct transport *transport)
{
	return transport->input;
}

void
transport_unlearn(struct transport *transport)
{
	(void)transport;
}

static struct transport *
below(const struct stream *stream)
{
	for (unsigned i = 0; i < opened; i++) {
		if (transports[i] && transports[i]->start.arg == stream)
			return transports[i];
	}
	ck_abort_msg("no such stream");
	return NULL;
}

/* ---- what upstreams do ---- */

static void
let_open(struct stream *stream, int64_t now_ms)
{
	struct transport *transport = below(stream);

	transport->state = OPEN;
	transport->start.hooks->opened(stream, now_ms);
}

/* The question written last. */
static void
answer(struct stream *stream, int64_t now_ms)
{
	struct transport *transport = below(stream);
	uint8_t bytes[PIPELINE_LENGTH + WIRE_HEADER] = {0, WIRE_HEADER};

	wire_put16(bytes + PIPELINE_LENGTH, transport->id);
	evbuffer_add(transport->input, bytes, sizeof bytes);
	transport->start.hooks->readable(stream, now_ms);
}

static void
let_close(struct stream *stream, int64_t now_ms)
{
	below(stream)->start.hooks->closed(stream, now_ms);
}

/* ---- our side ---- */

static struct event_base *base;
static struct stats stats;
static struct stream_context context;
static struct peer *peer;
static struct asked questions[QUESTIONS];
static unsigned asked_count, received;
static int ending;			/* of the last that ended */

static void
on_received(void *arg, struct asked *asked, uint8_t *bytes, size_t length)
{
	(void)arg;
	(void)bytes;
	ck_assert_uint_eq(length, WIRE_HEADER);
	received++;
	stream_take(asked, T);
}

static void
on_ended(void *arg, struct stream *stream, enum stream_ending how,
    int64_t now_ms)
{
	struct asked *asked;

	(void)arg;
	ending = (int)how;
	peer_lose(peer, stream);
	while ((asked = stream_any(stream)))
		stream_take(asked, now_ms);
}

static void
setup(void)
{
	const struct upstream upstream = {.transport = UPSTREAM_TCP};

	opened = silent = goodbyes = asked_count = received = 0;
	ending = -1;
	base = loop_new();
	context = (struct stream_context){
	    .transport = {.base = base, .stats = &stats},
	    .hooks = {on_received, on_ended, NULL},
	    .limits = {.idle_ms = 10000, .doubt_ms = DOUBT_MS,
		.silence_ms = 4000, .slow_ms = 10000},
	    .max = STREAMS,
	};
	stream_context_init(&context);
	peer = peer_new(&upstream);
}

static void
teardown(void)
{
	peer_free(peer);
	stream_context_fini(&context);
	ck_assert_uint_eq(context.count, 0);
	event_base_free(base);
}

static void
put(struct stream *stream, unsigned count, int64_t now_ms)
{
	for (unsigned i = 0; i < count; i++) {
		struct asked *asked = &questions[asked_count++];

		ck_assert_uint_le(asked_count, QUESTIONS);
		*asked = (struct asked){
		    .exchange = asked_count,
		    .own_id = (uint16_t)asked_count,
		    .length = PIPELINE_LENGTH + WIRE_HEADER,
		};
		wire_put16(asked->bytes, WIRE_HEADER);
		wire_put16(asked->bytes + PIPELINE_LENGTH, asked->own_id);
		stream_put(stream, asked, now_ms);
	}
}

static struct stream *
pick(int64_t now_ms)
{
	return peer_pick(peer, &context, now_ms);
}

/* Another stream, which is open, with so many questions. */
static struct stream *
pick_new(unsigned count, int64_t now_ms)
{
	unsigned before = opened;
	struct stream *stream = pick(now_ms);

	ck_assert_ptr_nonnull(stream);
	ck_assert_uint_eq(opened, before + 1);
	let_open(stream, now_ms);
	put(stream, count, now_ms);
	return stream;
}

/* ---- doubt ---- */

START_TEST(the_way_takes_what_it_takes)
{
	struct stream *stream = pick_new(1, T);

	ck_assert(!stream_is_doubtful(stream, T + OWED_MS - 1));
	ck_assert(stream_is_doubtful(stream, T + OWED_MS));
	answer(stream, T + OWED_MS);
	ck_assert_uint_eq(received, 1);
	ck_assert(!stream_is_doubtful(stream, T + 10 * OWED_MS));
}
END_TEST

/* The first SYN may be lost: doubt comes later than with an open one. */
START_TEST(opening_is_doubtful_in_the_end)
{
	struct stream *stream = pick(T);

	put(stream, 1, T);
	ck_assert(!stream_is_doubtful(stream, T + 2 * DOUBT_MS));
	ck_assert(stream_is_doubtful(stream, T + 10 * DOUBT_MS));
	let_open(stream, T + 10 * DOUBT_MS);
	ck_assert(!stream_is_doubtful(stream, T + 10 * DOUBT_MS));
}
END_TEST

/* Questions are spread from then on, also once the doubt is over, and for no
 * longer than it is said. */
START_TEST(doubt_spreads_questions)
{
	const int64_t doubt_ms = T + OWED_MS;
	const int64_t end_ms = doubt_ms + STREAM_SPREAD_MS;
	struct stream *slow = pick_new(1, T), *second;

	ck_assert_ptr_eq(pick(doubt_ms - 1), slow);
	second = pick_new(1, doubt_ms);
	answer(slow, doubt_ms);
	put(slow, 1, end_ms - 1);
	answer(second, doubt_ms);
	put(second, 1, end_ms - 1);
	pick_new(1, end_ms - 1);
	ck_assert_uint_eq(opened, 3);
	ck_assert_ptr_eq(pick(end_ms), slow);
}
END_TEST

/* ---- one question a stream ---- */

/* It closes with one answered and one that is not: nothing is spread for that,
 * but nothing is asked behind another. */
START_TEST(who_answers_one_is_asked_one)
{
	struct stream *first = pick_new(2, T), *single;

	answer(first, T);
	let_close(first, T);
	ck_assert_int_eq(ending, STREAM_BY_PEER);
	ck_assert_uint_eq(silent, 1);
	single = pick_new(2, T);
	ck_assert_uint_eq(below(single)->written, 1);
	pick_new(1, T);
	/* It had its one, and ends for that as soon as it can. */
	ck_assert(!stream_is_full(single, T));
	answer(single, T);
	ck_assert_int_eq(ending, STREAM_SINGLE);
	pick_new(0, T);
}
END_TEST

START_TEST(nothing_goes_out_behind_another)
{
	const int64_t end_ms = T + STREAM_SINGLE_MS;
	struct stream *first = pick_new(2, T), *next;

	answer(first, T);
	let_close(first, T);
	next = pick_new(0, T);
	put(next, 2, end_ms - 1);
	stream_send(next, end_ms - 1);
	ck_assert_uint_eq(below(next)->written, 1);
	ck_assert_ptr_ne(pick(end_ms - 1), next);
	stream_send(next, end_ms);
	ck_assert_uint_eq(below(next)->written, 2);
}
END_TEST

/* Whoever closes on one question after many answers is no such upstream. */
START_TEST(who_answers_many_is_asked_many)
{
	struct stream *first = pick_new(1, T), *next;

	for (unsigned i = 0; i < 3; i++) {
		answer(first, T);
		put(first, 1, T);
	}
	let_close(first, T);
	next = pick_new(2, T);
	ck_assert_uint_eq(below(next)->written, 2);
	ck_assert_ptr_eq(pick(T), next);
}
END_TEST

/* One of those that are out may be at fault: the next are asked apart, but for
 * that no stream has one only. */
START_TEST(who_ends_with_several_is_asked_apart)
{
	struct stream *first = pick_new(1, T), *next;

	answer(first, T);
	put(first, 1, T);
	answer(first, T);
	put(first, 2, T);
	let_close(first, T);
	next = pick_new(2, T);
	ck_assert_uint_eq(below(next)->written, 2);
	pick_new(0, T);
}
END_TEST

/* ---- the best of the busy ---- */

START_TEST(who_has_fewest_is_best)
{
	struct stream *first, *second;

	first = pick_new(PEER_BUSY + 2, T);
	second = pick_new(PEER_BUSY, T);
	ck_assert_ptr_eq(pick(T), second);
	put(second, 4, T);
	ck_assert_ptr_eq(pick(T), first);
	ck_assert_uint_eq(opened, 2);
}
END_TEST

/* No other stream is to be had. */
START_TEST(who_is_not_doubtful_is_best)
{
	struct stream *first, *second;

	context.max = 2;
	first = pick_new(PEER_BUSY, T);
	second = pick_new(PEER_BUSY + 3, T);
	answer(second, T + OWED_MS);
	ck_assert(stream_is_doubtful(first, T + OWED_MS));
	ck_assert_ptr_eq(pick(T + OWED_MS), second);
	answer(first, T + 2 * OWED_MS);
	put(first, 10, T + 2 * OWED_MS);
	ck_assert(stream_is_doubtful(second, T + 2 * OWED_MS));
	ck_assert_ptr_eq(pick(T + 2 * OWED_MS), first);
	ck_assert_uint_eq(opened, 2);
}
END_TEST

/* ---- those that take none ---- */

START_TEST(who_does_not_take_is_asked_no_more)
{
	struct stream *first = pick_new(1, T);

	ck_assert_ptr_eq(pick(T), first);
	below(first)->unsent = MUCH;
	ck_assert(stream_is_full(first, T));
	ck_assert_ptr_ne(pick(T), first);
	below(first)->unsent = 0;
	ck_assert_ptr_eq(peer_stream(peer, PEER_PIPELINED - 1), first);
	ck_assert(!stream_is_full(first, T));
}
END_TEST

START_TEST(who_is_retired_is_asked_no_more)
{
	struct stream *first = pick_new(1, T);

	peer_retire(peer);
	pick_new(1, T);
	stream_look(first, T);
	ck_assert_int_eq(ending, -1);
	answer(first, T);
	stream_look(first, T);
	ck_assert_int_eq(ending, STREAM_IDLE);
	ck_assert_uint_eq(goodbyes, 1);
}
END_TEST

START_TEST(all_are_full)
{
	context.max = 1;
	below(pick_new(1, T))->unsent = MUCH;
	errno = 0;
	ck_assert_ptr_null(pick(T));
	ck_assert_int_eq(errno, EMFILE);
}
END_TEST

int
main(void)
{
	return suite_run("net/peer", (const struct suite_case[]){
	    {
		.name = "peer",
		.setup = setup,
		.teardown = teardown,
		.tests = SUITE_TESTS(the_way_takes_what_it_takes,
		    opening_is_doubtful_in_the_end, doubt_spreads_questions,
		    who_answers_one_is_asked_one,
		    nothing_goes_out_behind_another,
		    who_answers_many_is_asked_many,
		    who_ends_with_several_is_asked_apart,
		    who_has_fewest_is_best, who_is_not_doubtful_is_best,
		    who_does_not_take_is_asked_no_more,
		    who_is_retired_is_asked_no_more, all_are_full),
	    },
	    {0},
	});
}
