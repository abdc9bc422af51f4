/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/epoch.h"
#include "base/memory.h"
#include "base/pages.h"

#define BUCKET_SLOTS 6
#define SHARDS_MAX 16
#define SHARD_BYTES_MIN ((size_t)512 << 10)
#define BUDGET_MIN ((size_t)64 << 10)
/* An answer of one address takes about 160 bytes: were all so small, slots
 * and bytes would run out together. */
#define BYTES_A_SLOT 160
/* This part of a shard is for answers that are retired and may still be
 * read; no single answer takes more than ANSWER_SHARE. */
#define RETIRED_SHARE 16
#define ANSWER_SHARE 4
/* The hand passes so many answers that were used, then takes the next. */
#define HAND_LOOKS_MAX 64
/* A failure is one more in a row where the one before it ended no longer ago
 * than this. */
#define FAILURE_GAP_MS 10000
/* With so many answers for each page of its part of the table, nearly all of
 * those pages were touched. */
#define CROWD_A_PAGE 4
#define MALLOC_OVERHEAD 8
#define MALLOC_ALIGN 16

struct bucket {
	_Alignas(64) _Atomic(struct answer *) slot[BUCKET_SLOTS];
	_Atomic uint16_t tag[BUCKET_SLOTS];
};

/* Who finds an answer reads nothing of this: fills write it all the time. */
struct shard {
	_Alignas(64) pthread_mutex_t lock;
	struct bucket *buckets;		/* part of the cache's */
	size_t slots;
	size_t hand;			/* of the slots, bucket by bucket */
	size_t live, retired;		/* bytes */
	size_t budget;			/* of both, the table taken off */
	size_t entries;
	bool is_crowded;
	uint64_t evicted;
	struct answer *oldest, *newest;	/* retired, by ticket */
};

struct cache {
	size_t budget;
	unsigned shard_count;		/* a power of two, or 0 */
	uint32_t bucket_count;		/* a shard */
	struct bucket *buckets;		/* of all shards */
	_Atomic unsigned crowded;	/* shards, see CROWD_A_PAGE */
	_Atomic int64_t stale_ms;
	struct shard shards[SHARDS_MAX];
};

/* One place in the table. */
struct place {
	_Atomic(struct answer *) *slot;
	_Atomic uint16_t *tag;
};

static size_t
block_size(const struct answer *answer)
{
	return (answer_size(answer) + MALLOC_OVERHEAD + MALLOC_ALIGN - 1) &
	    ~(size_t)(MALLOC_ALIGN - 1);
}

static size_t
table_size(const struct cache *cache)
{
	return (size_t)cache->shard_count * cache->bucket_count *
	    sizeof(struct bucket);
}

static void
start_shard(struct shard *shard, struct bucket *buckets, size_t budget,
    uint32_t count)
{
	pthread_mutex_init(&shard->lock, NULL);
	shard->buckets = buckets;
	shard->slots = (size_t)count * BUCKET_SLOTS;
	shard->budget = budget - count * sizeof(struct bucket);
}

struct cache *
cache_new(size_t budget_bytes)
{
	struct cache *cache = memory_own(sizeof(*cache));
	size_t shard_bytes;

	cache->budget = budget_bytes;
	if (budget_bytes < BUDGET_MIN)
		return cache;
	cache->shard_count = 1;
	while (cache->shard_count < SHARDS_MAX &&
	    budget_bytes / (cache->shard_count * 2) >= SHARD_BYTES_MIN)
		cache->shard_count *= 2;
	shard_bytes = (budget_bytes - sizeof(*cache) - PAGES_UNIT) /
	    cache->shard_count;
	cache->bucket_count = (uint32_t)(shard_bytes /
	    (BYTES_A_SLOT * BUCKET_SLOTS));
	cache->buckets = pages_take(table_size(cache));
	for (unsigned i = 0; i < cache->shard_count; i++)
		start_shard(&cache->shards[i], cache->buckets +
		    (size_t)i * cache->bucket_count, shard_bytes,
		    cache->bucket_count);
	return cache;
}

static void
free_shard(struct shard *shard)
{
	struct answer *answer;

	for (size_t i = 0; i < shard->slots; i++)
		answer_release(atomic_load(
		    &shard->buckets[i / BUCKET_SLOTS].slot[i % BUCKET_SLOTS]));
	while ((answer = shard->oldest) != NULL) {
		shard->oldest = answer->next_retired;
		answer_release(answer);
	}
	pthread_mutex_destroy(&shard->lock);
}

void
cache_free(struct cache *cache)
{
	if (cache == NULL)
		return;
	for (unsigned i = 0; i < cache->shard_count; i++)
		free_shard(&cache->shards[i]);
	if (cache->buckets != NULL)
		pages_give(cache->buckets, table_size(cache));
	free(cache);
}

/* Shard, bucket and tag are taken from different bits of the hash. */
static struct shard *
shard_of(struct cache *cache, uint64_t hash)
{
	return &cache->shards[hash & (cache->shard_count - 1)];
}

static struct bucket *
bucket_of(struct cache *cache, uint64_t hash)
{
	size_t shard = hash & (cache->shard_count - 1);

	return &cache->buckets[shard * cache->bucket_count +
	    ((hash >> 32) * cache->bucket_count >> 32)];
}

static uint16_t
tag_of(uint64_t hash)
{
	return (uint16_t)(hash >> 16);
}

void
cache_prefetch(struct cache *cache, uint64_t hash)
{
	if (cache->shard_count != 0)
		__builtin_prefetch(bucket_of(cache, hash));
}

/* Most answers are no longer than three cache lines. */
void
cache_prefetch_answer(struct cache *cache, uint64_t hash)
{
	struct bucket *bucket;
	const char *answer;
	uint16_t tag = tag_of(hash);

	if (cache->shard_count == 0)
		return;
	bucket = bucket_of(cache, hash);
	for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
		if (atomic_load_explicit(&bucket->tag[i],
		    memory_order_relaxed) != tag)
			continue;
		answer = (const char *)atomic_load_explicit(&bucket->slot[i],
		    memory_order_relaxed);
		/* Of a free slot the tag says nothing. */
		if (answer == NULL)
			continue;
		__builtin_prefetch(answer);
		__builtin_prefetch(answer + 64);
		__builtin_prefetch(answer + 128);
	}
}

void
cache_set_stale(struct cache *cache, int64_t stale_ms)
{
	atomic_store_explicit(&cache->stale_ms, stale_ms,
	    memory_order_relaxed);
}

/* Expired, but of use where nothing better comes. */
static bool
is_of_use(struct cache *cache, const struct answer *answer, int64_t now_ms)
{
	return !answer_is_failure(answer) && now_ms - answer->expires_ms <
	    atomic_load_explicit(&cache->stale_ms, memory_order_relaxed);
}

/* A slot and its tag are not written as one: a reader that sees one of them
 * changed finds an answer that does not fit, or none; both are a miss. */
static struct answer *
find_slot(struct cache *cache, const struct forward_question *question)
{
	struct bucket *bucket;
	struct answer *answer;
	uint16_t tag = tag_of(question->hash);

	if (cache->shard_count == 0)
		return NULL;
	bucket = bucket_of(cache, question->hash);
	for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
		if (atomic_load_explicit(&bucket->tag[i],
		    memory_order_relaxed) != tag)
			continue;
		answer = atomic_load_explicit(&bucket->slot[i],
		    memory_order_acquire);
		if (answer != NULL && answer_fits(answer, question))
			return answer;
	}
	return NULL;
}

/* Near the end of its time? */
static bool
is_due(const struct answer *answer, int64_t now_ms)
{
	int64_t lasts_ms = answer->expires_ms - answer->stored_ms;

	return (answer->expires_ms - now_ms) * CACHE_DUE_PART <= lasts_ms &&
	    lasts_ms >= CACHE_DUE_LEAST_MS;
}

const struct answer *
cache_find(struct cache *cache, const struct forward_question *question,
    int64_t now_ms, enum cache_state *state)
{
	struct answer *answer = find_slot(cache, question);

	if (answer == NULL)
		return NULL;
	*state = CACHE_FRESH;
	if (answer->expires_ms <= now_ms) {
		if (!is_of_use(cache, answer, now_ms))
			return NULL;
		*state = atomic_load_explicit(&answer->ask_ms,
		    memory_order_relaxed) > now_ms ? CACHE_STALE_FAILED :
		    CACHE_STALE;
	}
	if (atomic_load_explicit(&answer->used, memory_order_relaxed) == 0)
		atomic_store_explicit(&answer->used, 1,
		    memory_order_relaxed);
	else if (*state == CACHE_FRESH && is_due(answer, now_ms))
		*state = CACHE_DUE;
	return answer;
}

bool
cache_claim(struct cache *cache, const struct forward_question *question)
{
	struct answer *answer = find_slot(cache, question);

	return answer != NULL && atomic_load_explicit(&answer->claimed,
	    memory_order_relaxed) == 0 && atomic_exchange_explicit(
	    &answer->claimed, 1, memory_order_relaxed) == 0;
}

void
cache_postpone(struct cache *cache, const struct forward_question *question,
    int64_t until_ms)
{
	struct answer *answer = find_slot(cache, question);

	if (answer != NULL && atomic_load_explicit(&answer->ask_ms,
	    memory_order_relaxed) < until_ms)
		atomic_store_explicit(&answer->ask_ms, until_ms,
		    memory_order_relaxed);
}

/* From here on: with the shard's lock held. */

static void
release_passed(struct shard *shard)
{
	struct answer *answer;

	while ((answer = shard->oldest) != NULL &&
	    epoch_passed(answer->retired)) {
		shard->oldest = answer->next_retired;
		if (shard->oldest == NULL)
			shard->newest = NULL;
		shard->retired -= block_size(answer);
		answer_release(answer);
	}
}

/* The answer is out of sight already. */
static void
retire(struct shard *shard, struct answer *answer)
{
	size_t size = block_size(answer);

	answer->retired = epoch_advance();
	answer->next_retired = NULL;
	if (shard->newest == NULL)
		shard->oldest = answer;
	else
		shard->newest->next_retired = answer;
	shard->newest = answer;
	shard->live -= size;
	shard->retired += size;
	shard->entries--;
}

static void
fill(struct shard *shard, struct place place, struct answer *answer)
{
	struct answer *old = atomic_load_explicit(place.slot,
	    memory_order_relaxed);

	if (answer != NULL) {
		shard->live += block_size(answer);
		shard->entries++;
		atomic_store_explicit(place.tag, tag_of(answer->hash),
		    memory_order_relaxed);
	}
	atomic_store_explicit(place.slot, answer, memory_order_release);
	if (old != NULL)
		retire(shard, old);
}

static struct place
place_at(const struct shard *shard, size_t i)
{
	struct bucket *bucket = &shard->buckets[i / BUCKET_SLOTS];

	return (struct place){ &bucket->slot[i % BUCKET_SLOTS],
		&bucket->tag[i % BUCKET_SLOTS] };
}

/* One that has expired, of the bucket that slot i is in; else slot i. */
static struct place
prefer_expired(const struct shard *shard, size_t i, int64_t now_ms)
{
	size_t first = i - i % BUCKET_SLOTS;
	const struct answer *answer;
	struct place place;

	for (size_t k = first; k < first + BUCKET_SLOTS; k++) {
		place = place_at(shard, k);
		answer = atomic_load_explicit(place.slot,
		    memory_order_relaxed);
		if (answer != NULL && answer->expires_ms <= now_ms)
			return place;
	}
	return place_at(shard, i);
}

/* One step of the hand that ends with an answer gone.  There is one. */
static void
evict_one(struct shard *shard, int64_t now_ms)
{
	struct answer *answer;
	struct place place;
	unsigned looks = 0;
	size_t at;

	for (;;) {
		at = shard->hand;
		place = place_at(shard, at);
		shard->hand = (at + 1) % shard->slots;
		answer = atomic_load_explicit(place.slot,
		    memory_order_relaxed);
		if (answer == NULL)
			continue;
		if (answer->expires_ms <= now_ms ||
		    atomic_load_explicit(&answer->used,
		    memory_order_relaxed) == 0 || ++looks > HAND_LOOKS_MAX)
			break;
		atomic_store_explicit(&answer->used, 0,
		    memory_order_relaxed);
	}
	fill(shard, prefer_expired(shard, at, now_ms), NULL);
	shard->evicted++;
}

/* False where it cannot be had now: too big, or readers hold on to what was
 * retired. */
static bool
make_room(struct shard *shard, size_t size, int64_t now_ms)
{
	size_t kept_free = shard->budget / RETIRED_SHARE;

	release_passed(shard);
	if (size > shard->budget / ANSWER_SHARE ||
	    shard->retired > kept_free)
		return false;
	while (shard->live + size > shard->budget - kept_free)
		evict_one(shard, now_ms);
	release_passed(shard);
	return shard->live + shard->retired + size <= shard->budget;
}

static bool
same_question(const struct answer *a, const struct answer *b)
{
	return a->hash == b->hash && a->type == b->type &&
	    a->dnssec_ok == b->dnssec_ok &&
	    a->checking_disabled == b->checking_disabled &&
	    a->set == b->set && a->name_length == b->name_length &&
	    memcmp(answer_name(a), answer_name(b), a->name_length) == 0;
}

/* How gladly a slot's answer is given up for a new one; the most gladly
 * wins. */
enum worth {
	WORTH_USED,
	WORTH_UNUSED,
	WORTH_EXPIRED,
	WORTH_EMPTY,
	WORTH_REPLACED,
};

static enum worth
worth_of(const struct answer *held, const struct answer *answer,
    int64_t now_ms)
{
	if (held == NULL)
		return WORTH_EMPTY;
	if (same_question(held, answer))
		return WORTH_REPLACED;
	if (held->expires_ms <= now_ms)
		return WORTH_EXPIRED;
	return atomic_load_explicit(&held->used, memory_order_relaxed) == 0 ?
	    WORTH_UNUSED : WORTH_USED;
}

static void
clear_used(struct bucket *bucket)
{
	for (unsigned i = 0; i < BUCKET_SLOTS; i++)
		atomic_store_explicit(&atomic_load_explicit(&bucket->slot[i],
		    memory_order_relaxed)->used, 0, memory_order_relaxed);
}

/* Where in its bucket the answer goes; among equals the oldest gives way. */
static struct place
choose_place(struct shard *shard, struct bucket *bucket,
    const struct answer *answer, int64_t now_ms)
{
	enum worth best = WORTH_USED, worth;
	const struct answer *held, *given = NULL;
	unsigned at = 0;

	for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
		held = atomic_load_explicit(&bucket->slot[i],
		    memory_order_relaxed);
		worth = worth_of(held, answer, now_ms);
		if (i != 0 && (worth < best || (worth == best &&
		    (held == NULL || held->stored_ms >= given->stored_ms))))
			continue;
		best = worth;
		given = held;
		at = i;
	}
	if (best == WORTH_USED)
		clear_used(bucket);
	if (best <= WORTH_EXPIRED)
		shard->evicted++;
	return (struct place){ &bucket->slot[at], &bucket->tag[at] };
}

/* The slot of the same question; slot is NULL where there is none. */
static struct place
find_place(struct bucket *bucket, const struct answer *answer)
{
	const struct answer *held;

	for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
		held = atomic_load_explicit(&bucket->slot[i],
		    memory_order_relaxed);
		if (held != NULL && same_question(held, answer))
			return (struct place){ &bucket->slot[i],
				&bucket->tag[i] };
	}
	return (struct place){ NULL, NULL };
}

/* One more in a row? */
static void
prolong(struct answer *failure, const struct answer *before, int64_t now_ms)
{
	int64_t lasts_ms = (before->expires_ms - before->stored_ms) * 2;

	if (lasts_ms > CACHE_FAILURE_MAX_MS)
		lasts_ms = CACHE_FAILURE_MAX_MS;
	if (now_ms - before->expires_ms < FAILURE_GAP_MS &&
	    failure->expires_ms < now_ms + lasts_ms)
		failure->expires_ms = now_ms + lasts_ms;
}

/* What a failure comes to where something is known already.  False: it is not
 * to be kept, what is there is better. */
static bool
is_news(struct cache *cache, struct answer *failure, const struct place *place,
    int64_t now_ms)
{
	struct answer *held = place->slot == NULL ? NULL :
	    atomic_load_explicit(place->slot, memory_order_relaxed);

	if (held == NULL)
		return true;
	if (answer_is_failure(held)) {
		prolong(failure, held, now_ms);
		return true;
	}
	if (held->expires_ms <= now_ms && !is_of_use(cache, held, now_ms))
		return true;
	atomic_store_explicit(&held->ask_ms, now_ms + CACHE_FAILURE_MAX_MS,
	    memory_order_relaxed);
	return false;
}

static void
put(struct cache *cache, struct shard *shard, struct answer *answer,
    int64_t now_ms)
{
	struct bucket *bucket = bucket_of(cache, answer->hash);
	struct place place = find_place(bucket, answer);

	if (answer_is_failure(answer) &&
	    !is_news(cache, answer, &place, now_ms))
		return;
	if (answer->expires_ms <= now_ms) {
		if (place.slot != NULL)
			fill(shard, place, NULL);
		return;
	}
	if (!make_room(shard, block_size(answer), now_ms))
		return;
	fill(shard, choose_place(shard, bucket, answer, now_ms),
	    answer_hold(answer));
	release_passed(shard);
}

/* The table is not to take more memory than it would page by page: it is made
 * of huge ones once all shards are crowded. */
static void
note_crowd(struct cache *cache, struct shard *shard)
{
	size_t size = cache->bucket_count * sizeof(struct bucket);

	if (shard->is_crowded || shard->entries * PAGES_UNIT <
	    size * CROWD_A_PAGE)
		return;
	shard->is_crowded = true;
	if (atomic_fetch_add(&cache->crowded, 1) + 1 == cache->shard_count &&
	    table_size(cache) > PAGES_STRETCH)
		pages_join(cache->buckets, table_size(cache));
}

void
cache_put(struct cache *cache, struct answer *answer, int64_t now_ms)
{
	struct shard *shard;

	if (cache->shard_count == 0 || atomic_exchange_explicit(
	    &answer->kept, 1, memory_order_relaxed) != 0)
		return;
	shard = shard_of(cache, answer->hash);
	pthread_mutex_lock(&shard->lock);
	put(cache, shard, answer, now_ms);
	note_crowd(cache, shard);
	pthread_mutex_unlock(&shard->lock);
}

enum flush_what {
	FLUSH_NAME,
	FLUSH_ZONE,
	FLUSH_ALL,
};

static bool
is_flushed(const struct answer *answer, enum flush_what what,
    const uint8_t *lower)
{
	switch (what) {
	case FLUSH_NAME:
		return dname_equal(answer_name(answer), lower);
	case FLUSH_ZONE:
		return dname_is_below_or_at(answer_name(answer), lower);
	case FLUSH_ALL:
		return true;
	}
	return false;
}

static size_t
flush_shard(struct shard *shard, enum flush_what what, const uint8_t *lower)
{
	const struct answer *answer;
	struct place place;
	size_t gone = 0;

	for (size_t i = 0; i < shard->slots; i++) {
		place = place_at(shard, i);
		answer = atomic_load_explicit(place.slot,
		    memory_order_relaxed);
		if (answer == NULL || !is_flushed(answer, what, lower))
			continue;
		fill(shard, place, NULL);
		gone++;
	}
	release_passed(shard);
	return gone;
}

static size_t
flush(struct cache *cache, enum flush_what what, const uint8_t *lower)
{
	struct shard *shard;
	size_t gone = 0;

	for (unsigned i = 0; i < cache->shard_count; i++) {
		shard = &cache->shards[i];
		pthread_mutex_lock(&shard->lock);
		gone += flush_shard(shard, what, lower);
		pthread_mutex_unlock(&shard->lock);
	}
	return gone;
}

size_t
cache_flush_name(struct cache *cache, const uint8_t *lower)
{
	return flush(cache, FLUSH_NAME, lower);
}

size_t
cache_flush_zone(struct cache *cache, const uint8_t *lower)
{
	return flush(cache, FLUSH_ZONE, lower);
}

size_t
cache_flush_all(struct cache *cache)
{
	return flush(cache, FLUSH_ALL, NULL);
}

struct cache_usage
cache_usage(struct cache *cache)
{
	struct cache_usage usage = { .budget = cache->budget };
	struct shard *shard;

	for (unsigned i = 0; i < cache->shard_count; i++) {
		shard = &cache->shards[i];
		pthread_mutex_lock(&shard->lock);
		release_passed(shard);
		usage.entries += shard->entries;
		usage.bytes += shard->live + shard->retired +
		    shard->slots / BUCKET_SLOTS * sizeof(struct bucket);
		usage.evicted += shard->evicted;
		pthread_mutex_unlock(&shard->lock);
	}
	return usage;
}
