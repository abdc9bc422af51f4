/* SPDX-License-Identifier: BSD-2-Clause */
/* serving.h - what a worker lends to its sockets: the way from packets to
 * replies, and to an upstream's answer where a reply must wait for one.
 *
 * A batch is read under one borrow of the policy:
 *
 *	serving_start(serving)
 *	query_begin, query_prefetch, query_prefetch_answer for all
 *	serving_step for each		REPLY, DROP, or WAIT: kept, asked for
 *	... send ...
 *	serving_end(serving)
 *
 * A query that waits is kept as copies in the waiting table.  When its answer
 * is there it is run again, and the reply goes out by the hook of whoever
 * received it (struct waiting_from).  Where the table, the client's part of it
 * or the engine is full, and where the question comes from whom it was sent to,
 * it is answered SERVFAIL at once.  Of late replies to one client and question
 * only a few go out (waiting.h).  Where the cache has an expired answer the
 * query is run again after QUERY_PATIENCE_MS, or once its upstreams are known
 * to fail, and gets that; its question goes on.  A question for which nobody
 * waits (query.refresh) has SERVING_NOBODY as its waiter's slot.
 *
 * One thread: the worker's.
 */
#ifndef HOSTLER_NET_SERVING_H
#define HOSTLER_NET_SERVING_H

#include <event2/event.h>
#include <stdbool.h>

#include "base/epoch.h"
#include "base/stats.h"
#include "net/sighting.h"
#include "net/waiting.h"
#include "query/forward.h"
#include "query/query.h"

#define SERVING_BATCH 64
#define SERVING_NOBODY UINT32_MAX
/* Whatever happens, a client hears something before 5 s are over; the engine's
 * own limit is shorter. */
#define SERVING_GIVE_UP_MS 4900

struct worker;

struct serving {
	struct event_base *base;
	struct epoch_reader *reader;
	struct publisher *publisher;
	struct waiting *waiting;
	struct event *expiry;		/* of queries that wait for too long */
	int64_t expiry_ms;		/* when it goes off; INT64_MAX: never */
	struct query_env env;		/* of the batch under way */
	int64_t started_ns;		/* the batch */
	unsigned answered[TALLY_SOURCES]; /* in the batch, at once */
	bool asked;			/* in the batch */
	struct sighter sighter;
	struct query *queries;		/* SERVING_BATCH of them */
	uint8_t *again_room;		/* WIRE_MAX, for queries run again */
	struct query *again;
	/* Hands a question to the worker that its hash names. */
	enum forward_asked (*ask)(struct worker *worker,
	    const struct forward_question *question,
	    const struct forward_waiter *waiter);
	/* Called after a batch that asked: the engine may have something to
	 * send. */
	void (*settle)(struct worker *worker);
	/* Let UDP have a turn, a batch a socket.  Not in a batch. */
	void (*let_udp)(struct worker *worker);
	struct worker *worker;
};

/* base is set: watch over what waits; and the end of it. */
void serving_open(struct serving *serving);
void serving_close(struct serving *serving);

void serving_start(struct serving *serving);
void serving_end(struct serving *serving);

/* Room as query_step wants it, and how much of it was written. */
struct serving_reply {
	uint8_t *room;
	size_t length;
};

/* query_step into the room, and for WAIT what follows from it: the query's
 * bytes are copied and its question is asked.  QUERY_WAIT: it is kept, nothing
 * is to be sent now. */
enum query_outcome serving_step(struct serving *serving, struct query *q,
    const struct waiting_from *from, struct serving_reply *reply);

/* The answer to a waiting query's question: run it again.  Not in a batch. */
void serving_answered(struct serving *serving,
    const struct forward_waiter *waiter, struct answer *answer);

/* Nobody will answer that question soon: an expired answer will do, if there is
 * one. */
void serving_hurry(struct serving *serving,
    const struct forward_waiter *waiter);

/* Give up on queries that have waited for SERVING_GIVE_UP_MS: they get
 * SERVFAIL.  Those that can have an expired answer get it sooner.  A timer does
 * it. */
void serving_expire(struct serving *serving, int64_t now_ms);

#endif
