/* SPDX-License-Identifier: BSD-2-Clause */
/* flight.h - the inside of the forwarding engine (forward.h): what its parts
 * share, and nobody else sees.
 *
 * A flight is one question on its way, with those who wait for its answer; an
 * exchange is one packet to one upstream, on one socket of the net room's.  A
 * flight has two at most, and sends through the older one again.
 *
 *	flights.c	the engine's beginning and end, and the tables of both:
 *			by question, by time, by slot
 *	forwardask.c	whom to ask, when, when again, when no longer
 *	forwardsend.c	the bytes that go out; what the net room is to do
 *	forwardtake.c	what came, and what follows from it
 *
 * One thread, that of its worker.
 */
#ifndef HOSTLER_QUERY_FLIGHT_H
#define HOSTLER_QUERY_FLIGHT_H

#include "dns/wire.h"
#include "query/forward.h"

#define EXCHANGES 2			/* a flight */
#define WAITERS_KEPT 2			/* room for them stays a flight's */
#define COOKIE_OURS HEALTH_OURS		/* bytes; then the server's */
#define NONE UINT32_MAX

enum exchange_state {
	EXCHANGE_OVER,
	EXCHANGE_UDP,
	EXCHANGE_TCP,
};

enum edns {
	EDNS_ASKED,
	EDNS_PLAIN,
};

/* A slot: one socket of the net room's.  What is to be done with it waits
 * here until forward_next: at most one CLOSE (of `closing`), then one SEND. */
struct exchange {
	enum exchange_state state;
	enum edns edns;
	uint16_t generation;
	uint16_t id;
	uint8_t upstream;
	bool queued, to_close, to_send;
	bool heard, closing_heard;	/* see forward_action */
	bool suspect;			/* something came that did not fit:
					 * its port may be known */
	bool judged;			/* its silence was counted */
	bool cookie;			/* ours goes with it */
	uint64_t capitals;		/* bytes of the name, by place % 64 */
	int64_t sent_ms;
	uint32_t closing;
	uint32_t next;			/* in the queue; NONE: last */
};

enum flight_state {
	FLIGHT_FREE,
	FLIGHT_ASKING,			/* in the table and the heap */
	FLIGHT_ENDED,			/* in the list of those to tell of */
};

/* One question on its way.  Sets of upstreams are bits. */
struct flight {
	enum flight_state state;
	struct forward_question question;
	struct forward_waiter *waiters;
	unsigned waiter_count, waiter_room, told;
	struct answer *answer;		/* a failure until there is better */
	bool kept;
	bool only_tcp;			/* somebody forges */
	uint8_t tried;			/* in this round */
	uint8_t dead;			/* not to be asked again */
	uint8_t by_tcp, without_edns, in_lower;
	uint8_t bad_cookie;
	uint8_t breaks[UPSTREAMS_MAX];
	unsigned sends, timeouts, bad;
	unsigned first_wait_ms;		/* the quickest upstream's */
	unsigned current;		/* the exchange that was sent last */
	enum dns_ede why;
	int64_t give_up_ms, send_ms, due_ms;
	uint32_t heap_at;
	uint32_t next;			/* in a table chain or a list */
};

/* Invariants: an ASKING flight is in its chain once and in the heap once,
 * heap[heap_at] is it, and due_ms is the sooner of send_ms and give_up_ms; an
 * exchange that is not OVER belongs to an ASKING flight. */
struct forward {
	struct answer_limits limits;
	struct stats *stats;
	unsigned questions_max, waiters_max;
	struct flight *flights;
	struct exchange *exchanges;	/* flight i: EXCHANGES * i ... */
	uint32_t *table;		/* heads of chains */
	uint32_t table_mask;
	uint32_t *heap;
	uint32_t heap_count;
	uint32_t free;
	uint32_t ended, ended_last;
	uint32_t queue, queue_last;	/* of exchanges */
	struct health health;
	struct hash_key cookie_key;
};

static inline bool
set_has(uint8_t set, unsigned upstream)
{
	return (set >> upstream & 1) != 0;
}

/* ---- flights.c ---- */

static inline uint32_t
flights_index(const struct forward *f, const struct flight *flight)
{
	return (uint32_t)(flight - f->flights);
}

/* The flight that this question can join; NULL: none. */
struct flight *flights_find(struct forward *f,
    const struct forward_question *question);
/* Into the table and the heap, give_up_ms is what is due; out of both. */
void flights_enter(struct forward *f, struct flight *flight);
void flights_leave(struct forward *f, struct flight *flight);
/* Something is to be sent then, unless it is given up before. */
void flights_set_due(struct forward *f, struct flight *flight,
    int64_t send_ms);

/* k: below EXCHANGES. */
struct exchange *flights_exchange(struct forward *f,
    const struct flight *flight, unsigned k);
/* What the net room knows it by. */
uint32_t exchange_number(const struct forward *f,
    const struct exchange *exchange);
struct flight *exchange_flight(struct forward *f,
    const struct exchange *exchange);
const struct endpoint *exchange_endpoint(struct forward *f,
    const struct exchange *exchange);
struct health_entry *exchange_health(struct forward *f,
    const struct exchange *exchange);

/* There is something for forward_next to say of it. */
void exchange_enqueue(struct forward *f, struct exchange *exchange);
void exchange_close(struct forward *f, struct exchange *exchange);
/* Nothing came on it for long: its upstream failed. */
void exchange_judge_silence(struct forward *f, struct exchange *exchange,
    int64_t now_ms);
/* Closed with its answer still out, or overtaken. */
void exchange_forsake(struct forward *f, struct exchange *exchange,
    int64_t now_ms);

/* ---- forwardask.c ---- */

/* Ask one upstream of a flight's now, in the way that it can take. */
void flight_send(struct forward *f, struct flight *flight, unsigned upstream,
    int64_t now_ms);
/* An upstream is done with: the next one at once; where each was asked in this
 * round, the timer brings the next round. */
void flight_move_on(struct forward *f, struct flight *flight, int64_t now_ms);
/* Takes the answer; who waits is told. */
void flight_answer(struct forward *f, struct flight *flight,
    struct answer *answer, int64_t now_ms);

/* ---- forwardsend.c ---- */

/* Our cookie for an upstream (RFC 7873): one each, the same as long as this
 * engine lives. */
void forward_cookie(const struct forward *f, const struct endpoint *endpoint,
    uint8_t cookie[COOKIE_OURS]);
/* The same from the upstream's health entry, where it is kept once it was
 * made. */
const uint8_t *forward_own_cookie(const struct forward *f,
    struct health_entry *entry);
/* Header and question as an exchange sends them. */
struct wire_writer forward_write_question(const struct flight *flight,
    const struct exchange *exchange, uint8_t bytes[FORWARD_QUERY_MAX]);

#endif
