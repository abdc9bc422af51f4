/* SPDX-License-Identifier: BSD-2-Clause */
/* cache.h - answers of upstreams, kept for all workers within a fixed budget.
 *
 * Reading takes no lock: buckets are atomic pointers to immutable answers, read
 * between epoch_online and epoch_offline; a hit writes at most the answer's
 * `used` byte, and only where it is clear.  Writing (a miss that was answered)
 * locks one of the shards.  Eviction is CLOCK over a shard's answers: what was
 * used since the hand last passed stays.
 *
 * The budget counts whole blocks with malloc's overhead, replaced answers
 * that readers may still see, and the buckets: the process grows by no more.
 *
 * Invariants of a shard: every answer is in exactly one bucket chain and one
 * place of the ring; bytes is their sum; used <= budget after every put.
 */
#ifndef HOSTLER_QUERY_CACHE_H
#define HOSTLER_QUERY_CACHE_H

#include "query/answer.h"

struct cache;

struct cache *cache_new(size_t budget_bytes);	/* 0: keeps nothing */
void cache_free(struct cache *cache);		/* no reader left */

/* The answer, unexpired; NULL: none.  It may be read until epoch_offline. */
const struct answer *cache_find(struct cache *cache,
    const struct forward_question *question, int64_t now_ms);
void cache_prefetch(struct cache *cache, uint64_t hash);

/* Keep it, in the place of one for the same question; takes a reference. */
void cache_put(struct cache *cache, struct answer *answer, int64_t now_ms);

size_t cache_flush_name(struct cache *cache, const uint8_t *lower);
size_t cache_flush_zone(struct cache *cache, const uint8_t *lower);
size_t cache_flush_all(struct cache *cache);

struct cache_usage {
	size_t entries, bytes, budget;
	uint64_t evicted;
};
struct cache_usage cache_usage(struct cache *cache);

#endif
