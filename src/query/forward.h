/* SPDX-License-Identifier: BSD-2-Clause */
/* forward.h - asking upstreams, without touching a socket or a clock.
 *
 * One struct forward a worker; a question belongs to the worker that its hash
 * names, so identical questions in flight are one upstream query.  The engine
 * is told what is asked, what came and what time it is; it says what to send
 * and to whom.  net/upstream moves the bytes.
 *
 *   ask -> SEND_UDP ... received -> DONE
 *                   ... truncated -> SEND_TCP ... received -> DONE
 *                   ... tick (timeout) -> CLOSE, SEND_UDP to the next ...
 *
 * An exchange is one query on one socket of its own: fresh random port (net),
 * fresh random id and case of the letters (here), connected to its upstream,
 * closed after use.  What does not match id and question, or has no QR, is
 * counted, and the exchange waits on; after a few of them the question goes to
 * TCP.  Where all matches but the case, it is not believed, and the upstream is
 * asked once more in lower case.
 *
 * Cookies (RFC 7873): each upstream asked by UDP gets one of ours, and its own
 * back.  A reply with another one than ours is forged; so is one without, by
 * UDP, of an upstream that gave one in the last quarter of an hour: then TCP is
 * asked beside, and what it says is believed.  A question ends
 * within FORWARD_GIVE_UP_MS, answered or with SERVFAIL.  Bounded: questions in
 * flight, two exchanges a question (the one before the last still listens
 * while the next upstream is tried), waiters a question.
 *
 * One thread, that of its worker.
 */
#ifndef HOSTLER_QUERY_FORWARD_H
#define HOSTLER_QUERY_FORWARD_H

#include "base/stats.h"
#include "query/answer.h"
#include "query/health.h"

#define FORWARD_GIVE_UP_MS 4500
/* Header, question, EDNS with a cookie; in blocks of padding. */
#define FORWARD_QUERY_MAX (12 + 255 + 4 + 11 + 4 + 8 + 32 + 4 + 54)

struct forward;

struct forward_settings {
	unsigned questions_max;		/* in flight, 32,768 at most */
	unsigned waiters_max;		/* a question */
	struct answer_limits limits;
	struct stats *stats;
};

struct forward *forward_new(const struct forward_settings *settings);
void forward_free(struct forward *forward);
/* What is known of its upstreams: for health_read, from any thread. */
const struct health *forward_health(const struct forward *forward);
/* Limits changed by a reload. */
void forward_set_limits(struct forward *forward,
    const struct answer_limits *limits);

/* Who is told when a question ends: worker, slot and serial are opaque to the
 * engine.  The rest is of the client's query, so that a question which comes
 * back from where it was sent is known; zeros where nobody asked. */
struct forward_waiter {
	uint32_t worker;
	uint32_t slot;
	uint64_t serial;
	uint64_t cookie;		/* see struct question */
	struct addr client;
	bool has_capitals;		/* in the name */
};

enum forward_asked {
	FORWARD_ASKED,			/* a DONE action will come */
	FORWARD_IS_FULL,		/* never: answer SERVFAIL */
	FORWARD_LOOPS,			/* the same; it came back to us */
};
enum forward_asked forward_ask(struct forward *forward,
    const struct forward_question *question,
    const struct forward_waiter *waiter, int64_t now_ms);

/* How many questions are on their way. */
unsigned forward_in_flight(const struct forward *forward);

/* Did all of the question's upstreams fail lately: are they passed over, or
 * were until a moment ago, with nothing good since?  It is asked all the same;
 * but nobody should wait for it who has another answer. */
bool forward_is_hopeless(struct forward *forward,
    const struct forward_question *question, int64_t now_ms);

/* What the net room has to do now.  Drain after every call. */
enum forward_do {
	FORWARD_SEND_UDP,		/* open a socket for exchange, send */
	FORWARD_SEND_TCP,
	FORWARD_SEND_TLS,		/* and by nothing else */
	FORWARD_CLOSE,			/* the exchange is over: close it */
	FORWARD_KEEP,			/* put answer into the cache; release */
	FORWARD_DONE,			/* tell the waiter; release answer */
};
struct forward_action {
	enum forward_do action;
	uint32_t exchange;		/* SEND, CLOSE */
	struct endpoint to;		/* SEND */
	uint16_t server;		/* SEND_TLS: servers.h */
	bool heard;			/* CLOSE: its upstream said something
					 * that fits, nobody else anything:
					 * nothing more will come, and nobody
					 * knows of its port */
	uint16_t length;
	uint8_t bytes[FORWARD_QUERY_MAX];
	struct answer *answer;		/* KEEP, DONE: a reference */
	struct forward_waiter waiter;
};
bool forward_next(struct forward *forward, struct forward_action *action);

/* Exchanges carry a generation, so that what comes late for one that is over
 * is known.  Those open at one time differ in their slot, which is below
 * forward_slots: an index for the net room's table. */
static inline unsigned
forward_slot(uint32_t exchange)
{
	return exchange & 0xffff;
}
unsigned forward_slots(const struct forward *forward);

/* A packet (or TCP message) came on an exchange's socket.  Its question is
 * turned to lower case, so that no name in it has the case that was drawn. */
void forward_received(struct forward *forward, uint32_t exchange,
    uint8_t *bytes, size_t length, int64_t now_ms);
/* It could not be sent, was refused or closed. */
void forward_broken(struct forward *forward, uint32_t exchange,
    int64_t now_ms);
/* Time went on: retransmit, give up.  forward_next_tick says when this is
 * due next; INT64_MAX: never. */
void forward_tick(struct forward *forward, int64_t now_ms);
int64_t forward_next_tick(const struct forward *forward);

#endif
