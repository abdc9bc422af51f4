/* SPDX-License-Identifier: BSD-2-Clause */
/* cache.h - answers of upstreams, kept for all workers within a fixed budget.
 *
 * Reading takes no lock: the table's slots are atomic pointers to immutable
 * answers, read between epoch_online and epoch_offline; a hit writes at most
 * the answer's `used` byte, and only where it is clear.  Writing (a miss that
 * was answered) locks one of the shards.  What a writer takes out of its slot
 * is retired: released once every reader has passed.
 *
 * A bucket is one cache line: six slots and a few bits of the hash of each, so
 * that a miss touches no answer.  Eviction is CLOCK: within a bucket that is
 * full, and by a hand that goes round a shard's slots where the bytes run out;
 * what was used since it last passed stays.
 *
 * The budget counts whole blocks with malloc's overhead, retired answers that
 * readers may still see, and the table: the process grows by no more.  Where
 * readers hold on to so much that nothing can be freed, an answer is not kept.
 *
 * What has expired stays where it is until something else needs its place, and
 * gives way before all others.  For cache_set_stale longer it may be given
 * where no upstream answers (RFC 8767); a failure never takes the place of such
 * an answer, it only notes there until when asking again is of no use.
 *
 * Invariants of a shard: live is the sum of the answers in its slots, retired
 * that of its list; live + retired <= budget after every put; an answer is put
 * once in its life.
 */
#ifndef HOSTLER_QUERY_CACHE_H
#define HOSTLER_QUERY_CACHE_H

#include "query/answer.h"

struct cache;

struct cache *cache_new(size_t budget_bytes);	/* under 64 kB: keeps nothing */
void cache_free(struct cache *cache);		/* no reader left */

/* How long after its end an answer that is no failure may be given; 0, as it
 * begins: not at all.  Any thread. */
void cache_set_stale(struct cache *cache, int64_t stale_ms);

enum cache_state {
	CACHE_FRESH,
	CACHE_DUE,			/* in the last tenth of its time, which
					 * was not short, and used before */
	CACHE_STALE,			/* expired: ask, it may be needed */
	CACHE_STALE_FAILED,		/* expired, and asking has failed just
					 * now or takes too long */
};

/* The answer; NULL: none.  It may be read until epoch_offline. */
const struct answer *cache_find(struct cache *cache,
    const struct forward_question *question, int64_t now_ms,
    enum cache_state *state);
/* Of those that find it CACHE_DUE one is to have it asked for: is it this
 * one? */
bool cache_claim(struct cache *cache,
    const struct forward_question *question);
/* The upstreams keep clients waiting for this question: until then what is
 * expired is CACHE_STALE_FAILED. */
void cache_postpone(struct cache *cache,
    const struct forward_question *question, int64_t until_ms);
/* Bring near: the bucket of a question's hash; then the answer in it. */
void cache_prefetch(struct cache *cache, uint64_t hash);
void cache_prefetch_answer(struct cache *cache, uint64_t hash);

/* Keep it, in the place of one for the same question; takes a reference of
 * its own.  What has expired already (TTL 0) is not kept.  A failure that
 * follows another one of the same question lasts twice as long, up to
 * CACHE_FAILURE_MAX_MS (RFC 9520 3.2): call this before anybody else reads
 * it. */
#define CACHE_DUE_LEAST_MS 10000
#define CACHE_DUE_PART 10
#define CACHE_FAILURE_MAX_MS 5000
void cache_put(struct cache *cache, struct answer *answer, int64_t now_ms);

/* How many went.  Any thread. */
size_t cache_flush_name(struct cache *cache, const uint8_t *lower);
size_t cache_flush_zone(struct cache *cache, const uint8_t *lower);
size_t cache_flush_all(struct cache *cache);

struct cache_usage {
	size_t entries, bytes, budget;
	uint64_t evicted;
};
struct cache_usage cache_usage(struct cache *cache);

#endif
