/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/flight.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

#define SENDS_MAX 16			/* a flight, all transports */
#define TCP_WAIT_MS 1500		/* at least, before the next one */
/* A lone upstream is asked again later than another would be: one that is slow
 * with many questions is not to get each of them twice. */
#define LONE_FACTOR 3
#define LONE_WAIT_MS 400		/* at least */
#define ROUND_WAIT_MS 400
#define TICK_MAX 256			/* flights a tick */
#define HOPELESS_MS 5000		/* behind the end of a penalty */

/* One that is over, else the older one, which is then closed. */
static struct exchange *
take_exchange(struct forward *f, struct flight *flight, int64_t now_ms)
{
	unsigned k = flight->current;

	if (flights_exchange(f, flight, k)->state != EXCHANGE_OVER)
		k = (k + 1) % EXCHANGES;
	flight->current = k;
	exchange_forsake(f, flights_exchange(f, flight, k), now_ms);
	return flights_exchange(f, flight, k);
}

static bool
is_waiting(struct forward *f, const struct flight *flight)
{
	for (unsigned k = 0; k < EXCHANGES; k++) {
		if (flights_exchange(f, flight, k)->state != EXCHANGE_OVER)
			return true;
	}
	return false;
}

/* How long before the next upstream (or the same again) is asked: by what is
 * known of this one, twice as long each time.  Where the first one was asked
 * to be measured, no longer than the quickest would have been waited for. */
static int64_t
wait_of(struct forward *f, const struct flight *flight,
    const struct exchange *exchange)
{
	unsigned ms = health_wait_ms(exchange_health(f, exchange));

	if (flight->sends == 1 && ms > flight->first_wait_ms)
		ms = flight->first_wait_ms;
	if (flight->question.to.count == 1)
		ms *= LONE_FACTOR;
	if (flight->question.to.count == 1 && ms < LONE_WAIT_MS)
		ms = LONE_WAIT_MS;
	for (unsigned i = 0; i < flight->timeouts &&
	    ms < HEALTH_WAIT_MOST_MS; i++)
		ms *= 2;
	if (ms > HEALTH_WAIT_MOST_MS)
		ms = HEALTH_WAIT_MOST_MS;
	return exchange->state == EXCHANGE_TCP && ms < TCP_WAIT_MS ?
	    TCP_WAIT_MS : ms;
}

static enum exchange_state
transport_of(const struct flight *flight, unsigned upstream)
{
	return flight->only_tcp || set_has(flight->by_tcp, upstream) ||
	    flight->question.to.list[upstream].transport != UPSTREAM_UDP ?
	    EXCHANGE_TCP : EXCHANGE_UDP;
}

/* With EDNS and in random case, unless its upstream cannot.  Nobody guesses
 * what TCP carries. */
static void
set_manners(struct forward *f, struct exchange *exchange, int64_t now_ms)
{
	const struct flight *flight = exchange_flight(f, exchange);
	const struct health_entry *entry = exchange_health(f, exchange);
	unsigned upstream = exchange->upstream;

	exchange->edns = set_has(flight->without_edns, upstream) ||
	    health_is_plain(entry, now_ms) ? EDNS_PLAIN : EDNS_ASKED;
	exchange->cookie = exchange->edns == EDNS_ASKED &&
	    flight->question.to.list[upstream].transport == UPSTREAM_UDP;
	exchange->capitals = 0;
	if (exchange->state == EXCHANGE_UDP &&
	    !set_has(flight->in_lower, upstream) &&
	    !health_is_lower(entry, now_ms))
		random_bytes(&exchange->capitals, sizeof(exchange->capitals));
}

void
flight_send(struct forward *f, struct flight *flight, unsigned upstream,
    int64_t now_ms)
{
	struct exchange *exchange = take_exchange(f, flight, now_ms);
	uint8_t bit = (uint8_t)(1u << upstream);

	flight->tried |= bit;
	flight->sends++;
	exchange->upstream = (uint8_t)upstream;
	exchange->state = transport_of(flight, upstream);
	set_manners(f, exchange, now_ms);
	exchange->generation++;
	exchange->id = random_16();
	exchange->to_send = true;
	exchange->heard = exchange->judged = exchange->suspect = false;
	exchange->sent_ms = now_ms;
	health_sent(exchange_health(f, exchange), now_ms);
	exchange_enqueue(f, exchange);
	flights_set_due(f, flight, now_ms + wait_of(f, flight, exchange));
}

/* Flights. */

static void
end_flight(struct forward *f, struct flight *flight, int64_t now_ms)
{
	for (unsigned k = 0; k < EXCHANGES; k++)
		exchange_forsake(f, flights_exchange(f, flight, k), now_ms);
	flights_leave(f, flight);
	flight->state = FLIGHT_ENDED;
	flight->told = 0;
	flight->kept = false;
	flight->next = NONE;
	if (f->ended == NONE)
		f->ended = flights_index(f, flight);
	else
		f->flights[f->ended_last].next = flights_index(f, flight);
	f->ended_last = flights_index(f, flight);
}

static void
fail_flight(struct forward *f, struct flight *flight, int64_t now_ms)
{
	struct answer *failure = flight->answer;

	stats_count(f->stats, STAT_FORWARD_FAILED);
	end_flight(f, flight, now_ms);
	/* Made when the question was asked, seen by nobody yet. */
	failure->ede = (uint16_t)flight->why;
	failure->stored_ms = now_ms;
	failure->expires_ms = now_ms + ANSWER_FAILURE_TTL_S * 1000;
}

void
flight_answer(struct forward *f, struct flight *flight,
    struct answer *answer, int64_t now_ms)
{
	answer_release(flight->answer);
	flight->answer = answer;
	stats_count(f->stats, STAT_FORWARD_ANSWERED);
	end_flight(f, flight, now_ms);
}

static unsigned
choose_upstream(struct forward *f, const struct flight *flight, uint8_t but,
    int64_t now_ms)
{
	return health_choose(&f->health, &flight->question.to, but, now_ms);
}

void
flight_move_on(struct forward *f, struct flight *flight, int64_t now_ms)
{
	uint8_t all = (uint8_t)((1u << flight->question.to.count) - 1);
	unsigned upstream;

	if ((flight->dead & all) == all) {
		fail_flight(f, flight, now_ms);
		return;
	}
	upstream = choose_upstream(f, flight, flight->dead | flight->tried,
	    now_ms);
	if (upstream < UPSTREAMS_MAX && flight->sends < SENDS_MAX)
		flight_send(f, flight, upstream, now_ms);
	else if (is_waiting(f, flight))
		return;
	else if (flight->sends >= SENDS_MAX)
		fail_flight(f, flight, now_ms);
	else if (flight->due_ms > now_ms + ROUND_WAIT_MS)
		flights_set_due(f, flight, now_ms + ROUND_WAIT_MS);
}

/* The first upstream of a question. */
static void
begin_asking(struct forward *f, struct flight *flight, int64_t now_ms)
{
	const struct upstreams *to = &flight->question.to;
	unsigned upstream = choose_upstream(f, flight, 0, now_ms);

	if (upstream == UPSTREAMS_MAX) {
		fail_flight(f, flight, now_ms);
		return;
	}
	flight->first_wait_ms = health_wait_ms(health_find(&f->health,
	    &to->list[upstream].endpoint));
	upstream = health_take_turns(&f->health, to, upstream, now_ms);
	flight_send(f, flight, upstream, now_ms);
}

/* Nothing came in time: whoever was not asked yet, else a new round. */
static void
send_again(struct forward *f, struct flight *flight, int64_t now_ms)
{
	unsigned upstream;

	for (unsigned k = 0; k < EXCHANGES; k++)
		exchange_judge_silence(f, flights_exchange(f, flight, k),
		    now_ms);
	flight->timeouts++;
	upstream = choose_upstream(f, flight, flight->dead | flight->tried,
	    now_ms);
	if (upstream == UPSTREAMS_MAX) {
		flight->tried = 0;
		upstream = choose_upstream(f, flight, flight->dead, now_ms);
	}
	assert(upstream < UPSTREAMS_MAX);	/* else it had failed */
	if (flight->sends < SENDS_MAX)
		flight_send(f, flight, upstream, now_ms);
	else
		flights_set_due(f, flight, flight->give_up_ms);
}

/* Asking. */

static bool
add_waiter(struct forward *f, struct flight *flight,
    const struct forward_waiter *waiter)
{
	struct forward_waiter *bigger;
	unsigned room = flight->waiter_room;

	if (flight->waiter_count == f->waiters_max)
		return false;
	if (flight->waiter_count == room) {
		room = room == 0 ? WAITERS_KEPT : room * 2;
		bigger = realloc(flight->waiters, room * sizeof(*bigger));
		if (bigger == NULL)
			return false;
		flight->waiters = bigger;
		flight->waiter_room = room;
	}
	flight->waiters[flight->waiter_count++] = *waiter;
	return true;
}

static void
start_flight(struct forward *f, struct flight *flight,
    const struct forward_question *question, int64_t now_ms)
{
	flight->state = FLIGHT_ASKING;
	flight->question = *question;
	flight->only_tcp = false;
	flight->tried = flight->dead = 0;
	flight->by_tcp = flight->without_edns = flight->in_lower = 0;
	flight->bad_cookie = 0;
	memset(flight->breaks, 0, sizeof(flight->breaks));
	flight->sends = flight->timeouts = flight->bad = 0;
	flight->current = 0;
	flight->why = EDE_NO_REACHABLE_AUTHORITY;
	flight->give_up_ms = now_ms + FORWARD_GIVE_UP_MS;
	flights_enter(f, flight);
}

static bool
has_our_cookie(const struct forward *f, const struct upstream *upstream,
    uint64_t cookie)
{
	uint8_t ours[COOKIE_OURS];

	if (cookie == 0)
		return false;
	forward_cookie(f, &upstream->endpoint, ours);
	return memcmp(ours, &cookie, COOKIE_OURS) == 0;
}

/* All of one machine have the same address: there it must look like a
 * forwarder's question, and not like the first one again: that is a forwarder
 * who has no answer yet. */
static bool
is_from(const struct upstream *upstream, const struct flight *flight,
    const struct forward_waiter *waiter)
{
	const struct addr *addr = &upstream->endpoint.addr;

	if (!addr_is_loopback(addr))
		return addr_equal(addr, &waiter->client);
	return addr_is_loopback(&waiter->client) && waiter->cookie != 0 &&
	    waiter->has_capitals &&
	    waiter->cookie != flight->waiters[0].cookie;
}

/* The question is out to who asks it: our own, or of an upstream that forwards
 * to us. */
static bool
is_loop(const struct forward *f, const struct flight *flight,
    const struct forward_waiter *waiter)
{
	const struct upstreams *to = &flight->question.to;

	for (unsigned i = 0; i < to->count; i++) {
		if (has_our_cookie(f, &to->list[i], waiter->cookie) ||
		    is_from(&to->list[i], flight, waiter))
			return true;
	}
	return false;
}

static enum forward_asked
say_full(struct forward *f)
{
	stats_count(f->stats, STAT_FORWARD_FULL);
	return FORWARD_IS_FULL;
}

enum forward_asked
forward_ask(struct forward *f, const struct forward_question *question,
    const struct forward_waiter *waiter, int64_t now_ms)
{
	struct flight *flight = flights_find(f, question);

	assert(question->to.count <= UPSTREAMS_MAX);
	if (flight != NULL && is_loop(f, flight, waiter)) {
		stats_count(f->stats, STAT_FORWARD_LOOPS);
		return FORWARD_LOOPS;
	}
	if (flight != NULL) {
		if (!add_waiter(f, flight, waiter))
			return say_full(f);
		stats_count(f->stats, STAT_FORWARD_JOINED);
		return FORWARD_ASKED;
	}
	if (f->free == NONE)
		return say_full(f);
	flight = &f->flights[f->free];
	flight->waiter_count = 0;
	flight->answer = answer_new_failure(question,
	    EDE_NO_REACHABLE_AUTHORITY, now_ms);
	if (flight->answer == NULL || !add_waiter(f, flight, waiter)) {
		answer_release(flight->answer);
		flight->answer = NULL;
		return say_full(f);
	}
	f->free = flight->next;
	start_flight(f, flight, question, now_ms);
	begin_asking(f, flight, now_ms);
	return FORWARD_ASKED;
}

unsigned
forward_in_flight(const struct forward *f)
{
	return f->heap_count;
}

bool
forward_is_hopeless(struct forward *f,
    const struct forward_question *question, int64_t now_ms)
{
	const struct health_entry *entry;

	for (unsigned i = 0; i < question->to.count; i++) {
		entry = health_find(&f->health,
		    &question->to.list[i].endpoint);
		if (entry == NULL ||
		    health_until_ms(entry, now_ms - HOPELESS_MS) == 0)
			return false;
	}
	return true;
}

void
forward_tick(struct forward *f, int64_t now_ms)
{
	struct flight *flight;

	for (unsigned i = 0; i < TICK_MAX && f->heap_count > 0; i++) {
		flight = &f->flights[f->heap[0]];
		if (flight->due_ms > now_ms)
			return;
		if (flight->give_up_ms <= now_ms)
			fail_flight(f, flight, now_ms);
		else
			send_again(f, flight, now_ms);
	}
}

int64_t
forward_next_tick(const struct forward *f)
{
	return f->heap_count == 0 ? INT64_MAX :
	    f->flights[f->heap[0]].due_ms;
}
