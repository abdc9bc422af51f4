/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/flight.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

#define QUESTIONS_MAX 32768
#define SILENT_MS 400			/* out for so long: a failure */

struct forward *
forward_new(const struct forward_settings *settings)
{
	struct forward *f = memory_own(sizeof(*f));
	uint32_t n = settings->questions_max, size = 1;

	assert(n > 0 && n <= QUESTIONS_MAX && settings->waiters_max > 0);
	f->limits = settings->limits;
	f->stats = settings->stats;
	f->questions_max = n;
	f->waiters_max = settings->waiters_max;
	random_bytes(&f->cookie_key, sizeof(f->cookie_key));
	f->flights = memory_zeroed(n, sizeof(*f->flights));
	f->exchanges = memory_zeroed((size_t)n * EXCHANGES,
	    sizeof(*f->exchanges));
	f->heap = memory_zeroed(n, sizeof(*f->heap));
	while (size < n)
		size *= 2;
	f->table = memory_alloc(size * sizeof(*f->table));
	memset(f->table, 0xff, size * sizeof(*f->table));
	f->table_mask = size - 1;
	for (uint32_t i = 0; i < n; i++)
		f->flights[i].next = i + 1 < n ? i + 1 : NONE;
	f->ended = f->ended_last = f->queue = f->queue_last = NONE;
	return f;
}

void
forward_free(struct forward *f)
{
	if (f == NULL)
		return;
	for (uint32_t i = 0; i < f->questions_max; i++) {
		free(f->flights[i].waiters);
		answer_release(f->flights[i].answer);
	}
	free(f->flights);
	free(f->exchanges);
	free(f->heap);
	free(f->table);
	free(f);
}

const struct health *
forward_health(const struct forward *f)
{
	return &f->health;
}

void
forward_set_limits(struct forward *f, const struct answer_limits *limits)
{
	f->limits = *limits;
}

unsigned
forward_slots(const struct forward *f)
{
	return f->questions_max * EXCHANGES;
}

/* The table of questions in flight. */

static uint32_t *
chain_of(struct forward *f, uint64_t hash)
{
	return &f->table[(hash >> 20) & f->table_mask];
}

static bool
same_question(const struct forward_question *a,
    const struct forward_question *b)
{
	return a->hash == b->hash && a->type == b->type &&
	    a->dnssec_ok == b->dnssec_ok &&
	    a->checking_disabled == b->checking_disabled &&
	    a->to.id == b->to.id && a->name.length == b->name.length &&
	    memcmp(a->name.wire, b->name.wire, a->name.length) == 0;
}

struct flight *
flights_find(struct forward *f, const struct forward_question *question)
{
	uint32_t i = *chain_of(f, question->hash);

	while (i != NONE && !same_question(&f->flights[i].question, question))
		i = f->flights[i].next;
	return i == NONE ? NULL : &f->flights[i];
}

static void
leave_chain(struct forward *f, struct flight *flight)
{
	uint32_t *at = chain_of(f, flight->question.hash);

	while (*at != flights_index(f, flight))
		at = &f->flights[*at].next;
	*at = flight->next;
}

/* The heap of what is due, the soonest on top. */

static bool
is_sooner(const struct forward *f, uint32_t a, uint32_t b)
{
	return f->flights[f->heap[a]].due_ms < f->flights[f->heap[b]].due_ms;
}

static void
swap_in_heap(struct forward *f, uint32_t a, uint32_t b)
{
	uint32_t flight = f->heap[a];

	f->heap[a] = f->heap[b];
	f->heap[b] = flight;
	f->flights[f->heap[a]].heap_at = a;
	f->flights[f->heap[b]].heap_at = b;
}

static void
settle_in_heap(struct forward *f, uint32_t at)
{
	uint32_t child;

	while (at > 0 && is_sooner(f, at, (at - 1) / 2)) {
		swap_in_heap(f, at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
	while ((child = 2 * at + 1) < f->heap_count) {
		if (child + 1 < f->heap_count &&
		    is_sooner(f, child + 1, child))
			child++;
		if (!is_sooner(f, child, at))
			break;
		swap_in_heap(f, at, child);
		at = child;
	}
}

static void
leave_heap(struct forward *f, struct flight *flight)
{
	uint32_t at = flight->heap_at, last = --f->heap_count;

	if (at == last)
		return;
	swap_in_heap(f, at, last);
	settle_in_heap(f, at);
}

void
flights_set_due(struct forward *f, struct flight *flight, int64_t send_ms)
{
	flight->send_ms = send_ms;
	flight->due_ms = send_ms < flight->give_up_ms ? send_ms :
	    flight->give_up_ms;
	settle_in_heap(f, flight->heap_at);
}

void
flights_enter(struct forward *f, struct flight *flight)
{
	uint32_t *chain = chain_of(f, flight->question.hash);

	flight->next = *chain;
	*chain = flights_index(f, flight);
	flight->heap_at = f->heap_count++;
	f->heap[flight->heap_at] = flights_index(f, flight);
	flights_set_due(f, flight, flight->give_up_ms);
}

void
flights_leave(struct forward *f, struct flight *flight)
{
	leave_chain(f, flight);
	leave_heap(f, flight);
}

/* Exchanges. */

struct exchange *
flights_exchange(struct forward *f, const struct flight *flight, unsigned k)
{
	return &f->exchanges[EXCHANGES * flights_index(f, flight) + k];
}

uint32_t
exchange_number(const struct forward *f, const struct exchange *exchange)
{
	return (uint32_t)exchange->generation << 16 |
	    (uint32_t)(exchange - f->exchanges);
}

void
exchange_enqueue(struct forward *f, struct exchange *exchange)
{
	uint32_t slot = (uint32_t)(exchange - f->exchanges);

	if (exchange->queued)
		return;
	exchange->queued = true;
	exchange->next = NONE;
	if (f->queue == NONE)
		f->queue = slot;
	else
		f->exchanges[f->queue_last].next = slot;
	f->queue_last = slot;
}

void
exchange_close(struct forward *f, struct exchange *exchange)
{
	if (exchange->state == EXCHANGE_OVER)
		return;
	exchange->state = EXCHANGE_OVER;
	if (exchange->to_send) {
		exchange->to_send = false;	/* it was never opened */
		return;
	}
	exchange->to_close = true;
	exchange->closing = exchange_number(f, exchange);
	exchange->closing_heard = exchange->heard && !exchange->suspect;
	exchange_enqueue(f, exchange);
}

struct flight *
exchange_flight(struct forward *f, const struct exchange *exchange)
{
	return &f->flights[(exchange - f->exchanges) / EXCHANGES];
}

const struct endpoint *
exchange_endpoint(struct forward *f, const struct exchange *exchange)
{
	return &exchange_flight(f, exchange)->question.to.list[
	    exchange->upstream].endpoint;
}

struct health_entry *
exchange_health(struct forward *f, const struct exchange *exchange)
{
	return health_take(&f->health, exchange_endpoint(f, exchange));
}

static bool
is_out(const struct exchange *exchange)
{
	return exchange->state != EXCHANGE_OVER && !exchange->to_send &&
	    !exchange->heard;
}

void
exchange_judge_silence(struct forward *f, struct exchange *exchange,
    int64_t now_ms)
{
	if (!is_out(exchange) || exchange->judged ||
	    now_ms - exchange->sent_ms < SILENT_MS)
		return;
	exchange->judged = true;
	stats_count(f->stats, STAT_FORWARD_TIMEOUTS);
	health_failed(exchange_health(f, exchange), HEALTH_SILENT, now_ms);
	exchange_flight(f, exchange)->why = EDE_NO_REACHABLE_AUTHORITY;
}

void
exchange_forsake(struct forward *f, struct exchange *exchange,
    int64_t now_ms)
{
	exchange_judge_silence(f, exchange, now_ms);
	if (is_out(exchange))
		health_lost(exchange_health(f, exchange),
		    now_ms - exchange->sent_ms);
	exchange_close(f, exchange);
}
