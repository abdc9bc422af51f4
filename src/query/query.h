/* SPDX-License-Identifier: BSD-2-Clause */
/* query.h - the life of a query, from its bytes to what happens with it.
 *
 * query_step (step.c) is the line: bytes and now in; REPLY, WAIT or DROP
 * out.  It opens no socket, reads no clock and allocates nothing.
 *
 * A batch is worked in stages, so that cache misses of different queries
 * overlap; query_begin must come first, the prefetches are hints:
 *
 *   for each: query_begin            parse, hash, bring the bucket near
 *   for each: query_prefetch         bring the node near, or the cache's bucket
 *   for each: query_prefetch_answer  bring the answer in that near
 *   for each: query_step             decide and write
 *
 * WAIT: the net room copies packet and client, hands q->forward to the worker
 * that its hash names, and when the answer is there does all three again with
 * env->fresh set: local names are looked up anew, what was fetched is found
 * in `fresh` (or in the cache), and the next step of a chain may WAIT again,
 * QUERY_RESTARTS_MAX times at most.  Where q->forward.has_stale is set the
 * cache has an expired answer: after QUERY_PATIENCE_MS, or as soon as it is
 * known that none of the upstreams answers, the query is run again with
 * env->in_need.
 *
 * REPLY with q->refresh: the answer is near its end and popular; q->forward is
 * to be asked so that the cache has a new one in time.
 */
#ifndef HOSTLER_QUERY_QUERY_H
#define HOSTLER_QUERY_QUERY_H

#include "base/stats.h"
#include "dns/cookie.h"
#include "dns/question.h"
#include "dns/reply.h"
#include "query/answer.h"
#include "query/cache.h"
#include "query/policy.h"
#include "query/rate.h"
#include "query/tally.h"
#include "query/trace.h"

#define QUERY_CHAIN_MAX 8		/* CNAME and DNAME steps */
#define QUERY_RESTARTS_MAX 8
#define QUERY_PATIENCE_MS 1800		/* RFC 8767 5 */

enum query_outcome {
	QUERY_REPLY,			/* length bytes are to be sent */
	QUERY_WAIT,			/* forward says for what */
	QUERY_DROP,
};

enum query_transport {
	QUERY_UDP,
	QUERY_TCP,
};

struct query_client {
	struct addr addr;
	struct addr asked;		/* where the packet came to */
	uint16_t port;			/* the client's; decides nothing */
	uint32_t link;			/* the card by which a link-local
					 * client came, by index; else 0 */
	enum query_transport transport;
};

struct query_env {
	const struct policy *policy;
	struct cache *cache;		/* never NULL; may keep nothing */
	struct stats *stats;
	struct tally *tally;
	struct rate *rate;		/* NULL: no limit */
	int64_t now_ms;			/* monotonic */
	int64_t unix_less_now_s;	/* Unix time, for cookies, less that */
	const struct answer *fresh;	/* what was waited for; else NULL */
	bool in_need;			/* what has expired will do */
	bool may_refresh;		/* somebody looks at q->refresh */
	unsigned restarts;
	struct trace *trace;		/* NULL: nobody asks why */
};

/* What every query touches stands together; of a local answer the rest is
 * written nowhere, so that a batch of them stays in the first cache. */
struct query {
	enum question_result parsed;
	enum tally_source source;	/* on REPLY: whose data it was */
	uint16_t rcode;			/* on REPLY; extended, 12 bits */
	bool vouched;			/* by its cookie: no forged sender */
	bool refused;			/* the client may not ask */
	bool is_near;			/* forward was made by query_prefetch */
	bool refresh;			/* forward is to be asked, unawaited */
	bool has_seen;			/* query_prefetch was called, and */
	uint64_t seen;			/* that is what it saw of the node */
	uint64_t hash;			/* of question.name */
	const struct view *view;	/* of the client */
	const struct node *node;	/* of it, once the query is answered */
	struct query_client client;
	struct question question;
	struct reply reply;
	uint8_t cookie[COOKIE_FULL];	/* for the reply, where one came */
	const struct route *route;	/* where is_near: forward's */
	struct forward_question forward;	/* on WAIT, and as above */
};

void query_begin(struct query *q, const struct query_env *env,
    const struct query_client *client, const uint8_t *packet, size_t length);
void query_prefetch(struct query *q, const struct query_env *env);
void query_prefetch_answer(const struct query *q,
    const struct query_env *env);

/* room: at least 65,535 bytes for TCP, REPLY_UDP_SIZE for UDP; not the
 * packet's bytes.  *length is set on REPLY. */
enum query_outcome query_step(struct query *q, const struct query_env *env,
    uint8_t *room, size_t *length);

#endif
