/* SPDX-License-Identifier: BSD-2-Clause */
/* outgoing.h - the UDP sockets that questions to upstreams go out by.
 *
 * Who forges an answer must guess the port that a question went out from.  So
 * each question has a socket bound to a random port of the whole range, and
 * connected to its upstream: a packet from elsewhere is refused by the kernel
 * as on a port that is closed, whether or not a question is out.
 *
 * Opening, binding and closing one costs more than the question itself.  So
 * sockets to one upstream are kept as a deck: a question draws one at random,
 * and none is drawn again before half of the others were.  While the deck is
 * short of OUTGOING_DECK every question opens a new one; a socket is closed
 * after OUTGOING_USES questions, or OUTGOING_AGE_MS, and at once where its
 * question got no answer (a late one is not to meet the next question) or
 * something that is none (somebody knows the port).  So who asks seldom has a
 * fresh port for every question.
 *
 * What comes on a socket that has no question out is read and dropped.
 *
 * All of them are in an epoll set of their own, which is one event of the loop:
 * a thousand events of libevent's, and its way to each of them, cost more than
 * reading their answers.  Level-triggered: nothing stays unread.  In a round of
 * the loop OUTGOING_PASSES full batches are read at most, as many as a UDP
 * listener reads queries: in a flood of questions answers do not lag behind.
 *
 * One thread, that of its event base.  Bounded: sockets in all, upstreams that
 * have a deck (the one asked longest ago gives way).
 */
#ifndef HOSTLER_NET_OUTGOING_H
#define HOSTLER_NET_OUTGOING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

#define OUTGOING_DECK 1024		/* sockets to one upstream */
#define OUTGOING_DECKS 32		/* upstreams */
#define OUTGOING_USES 16
#define OUTGOING_AGE_MS 10000
#define OUTGOING_BATCH 32		/* readable at one time */
#define OUTGOING_PASSES 8		/* of so many, in a round of the loop */

struct event_base;
struct outgoing_pool;
struct outgoing;

/* Sockets of questions are readable: users are what outgoing_take was given,
 * OUTGOING_BATCH at most.  Who does not read all that came is called again. */
typedef void (*outgoing_readable)(void *arg, void *const *users,
    unsigned count);

/* max: sockets in all, lent and kept.  Never NULL: without memory or a
 * descriptor the process ends (base/memory.h, net/loop.h). */
struct outgoing_pool *outgoing_pool_new(struct event_base *base, unsigned max,
    outgoing_readable readable, void *arg);
/* None is lent any more. */
void outgoing_pool_free(struct outgoing_pool *pool);

/* A socket connected to the endpoint, for one question; NULL: none is to be
 * had, errno says why. */
struct outgoing *outgoing_take(struct outgoing_pool *pool,
    const struct endpoint *to, void *user, int64_t now_ms);

/* How its question ended. */
enum outgoing_end {
	OUTGOING_ANSWERED,
	OUTGOING_SPENT,			/* no answer, or not it alone */
};
void outgoing_return(struct outgoing *socket, enum outgoing_end end);

int outgoing_fd(const struct outgoing *socket);

#endif
