/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/rate.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"

#define SETS 4096
#define ALL_SETS 1024
#define WAYS 4				/* a cache line */
#define ANSWER 1000u			/* credit: thousandths of an answer */
#define ALL_KINDS 255

/* tag 0: free.  Times are the lower 32 bits of the clock's ms: an entry that
 * was not touched for 49 days may seem young, and be poor for a second. */
struct entry {
	uint32_t tag;
	uint32_t at_ms;
	uint32_t credit;
	uint32_t limited;		/* answers */
};

struct rate {
	struct hash_key key;
	struct entry kinds[SETS][WAYS];
	struct entry all[ALL_SETS][WAYS];
};

struct rate *
rate_new(void)
{
	struct rate *rate = memory_own(sizeof(*rate));

	random_bytes(&rate->key, sizeof(rate->key));
	return rate;
}

void
rate_free(struct rate *rate)
{
	free(rate);
}

static uint64_t
hash_of(const struct rate *rate, const struct rate_answer *answer,
    unsigned kind)
{
	const struct addr *client = answer->client;
	uint8_t bytes[9 + sizeof(answer->name)] = { 0 };

	bytes[0] = (uint8_t)kind;
	bytes[1] = client->family;
	memcpy(bytes + 2, client->bytes, client->family == 4 ? 3 : 7);
	if (kind != ALL_KINDS)
		memcpy(bytes + 9, &answer->name, sizeof(answer->name));
	return hash_siphash13(&rate->key, bytes, sizeof(bytes));
}

static uint32_t
credit_at(const struct entry *entry, unsigned per_second, uint32_t now_ms)
{
	uint64_t credit = entry->credit +
	    (uint64_t)(now_ms - entry->at_ms) * per_second;
	uint64_t most = (uint64_t)per_second * ANSWER;

	return (uint32_t)(credit < most ? credit : most);
}

/* The richest gives its place: it has the least to remember. */
static struct entry *
find_entry(struct entry set[WAYS], uint64_t hash, unsigned per_second,
    uint32_t now_ms)
{
	uint32_t tag = (uint32_t)(hash >> 32) | 1, most = 0;
	struct entry *richest = &set[0];

	for (unsigned i = 0; i < WAYS; i++) {
		uint32_t credit;

		if (set[i].tag == tag)
			return &set[i];
		credit = set[i].tag == 0 ? UINT32_MAX :
		    credit_at(&set[i], per_second, now_ms);
		if (credit > most) {
			richest = &set[i];
			most = credit;
		}
	}
	*richest = (struct entry){ .tag = tag, .at_ms = now_ms,
		.credit = per_second * ANSWER };
	return richest;
}

static struct entry *
fill_entry(struct entry set[WAYS], uint64_t hash, unsigned per_second,
    uint32_t now_ms)
{
	struct entry *entry = find_entry(set, hash, per_second, now_ms);

	entry->credit = credit_at(entry, per_second, now_ms);
	entry->at_ms = now_ms;
	return entry;
}

static enum rate_verdict
hold_back(struct entry *entry, unsigned slip)
{
	entry->limited++;
	return slip > 0 && entry->limited % slip == 0 ? RATE_SLIP : RATE_DROP;
}

enum rate_verdict
rate_judge(struct rate *rate, const struct rate_limits *limits,
    const struct rate_answer *answer, int64_t now_ms)
{
	uint32_t now = (uint32_t)now_ms;
	struct entry *entry;
	uint64_t hash;

	if (limits->per_second > 0) {
		hash = hash_of(rate, answer, answer->kind);
		entry = fill_entry(rate->kinds[hash % SETS], hash,
		    limits->per_second, now);
		if (entry->credit < ANSWER)
			return hold_back(entry, limits->slip);
		entry->credit -= ANSWER;
	}
	if (limits->all_per_second == 0)
		return RATE_PASS;
	hash = hash_of(rate, answer, ALL_KINDS);
	entry = fill_entry(rate->all[hash % ALL_SETS], hash,
	    limits->all_per_second, now);
	if (entry->credit < ANSWER)
		return hold_back(entry, limits->slip);
	entry->credit -= ANSWER;
	return RATE_PASS;
}
