/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/health.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define READ_TRIES 8
#define SRTT_MOST_MS 10000

/* ---- what others may read ---- */

static void
show(struct health_entry *entry, enum health_figure which, uint64_t value)
{
	atomic_store_explicit(&entry->shown.figure[which], value,
	    memory_order_relaxed);
}

static void
count(struct health_entry *entry, unsigned which)
{
	uint64_t old = atomic_load_explicit(&entry->shown.figure[which],
	    memory_order_relaxed);

	atomic_store_explicit(&entry->shown.figure[which], old + 1,
	    memory_order_relaxed);
}

static void
pack_endpoint(uint64_t name[3], const struct endpoint *endpoint)
{
	memcpy(name, endpoint->addr.bytes, 16);
	name[2] = (uint64_t)endpoint->scope << 32 |
	    (uint64_t)endpoint->port << 16 | endpoint->addr.family;
}

static struct endpoint
unpack_endpoint(const uint64_t name[3])
{
	struct endpoint endpoint = {
		.addr.family = (uint8_t)name[2],
		.port = (uint16_t)(name[2] >> 16),
		.scope = (uint32_t)(name[2] >> 32),
	};

	memcpy(endpoint.addr.bytes, name, 16);
	return endpoint;
}

/* Each store is a release, so that none of them is seen before the odd version
 * is; a reader's acquires are the other half. */
static void
show_anew(struct health_entry *entry)
{
	struct health_shown *shown = &entry->shown;
	uint32_t version = atomic_load_explicit(&shown->version,
	    memory_order_relaxed);
	uint64_t name[3];

	pack_endpoint(name, &entry->endpoint);
	atomic_store_explicit(&shown->version, version + 1,
	    memory_order_relaxed);
	for (unsigned i = 0; i < 3; i++)
		atomic_store_explicit(&shown->name[i], name[i],
		    memory_order_release);
	for (unsigned i = 0; i < HEALTH_FIGURES; i++)
		atomic_store_explicit(&shown->figure[i], 0,
		    memory_order_release);
	atomic_store_explicit(&shown->version, version + 2,
	    memory_order_release);
}

bool
health_read(const struct health *health, unsigned index,
    struct health_view *view)
{
	const struct health_shown *shown = &health->entries[index].shown;
	uint32_t version;
	uint64_t name[3];

	assert(index < HEALTH_UPSTREAMS);
	for (unsigned try = 0; try < READ_TRIES; try++) {
		version = atomic_load_explicit(&shown->version,
		    memory_order_acquire);
		if (version == 0)
			return false;
		for (unsigned i = 0; i < 3; i++)
			name[i] = atomic_load_explicit(&shown->name[i],
			    memory_order_acquire);
		for (unsigned i = 0; i < HEALTH_FIGURES; i++)
			view->figure[i] = atomic_load_explicit(
			    &shown->figure[i], memory_order_acquire);
		if (version % 2 == 0 && atomic_load_explicit(&shown->version,
		    memory_order_relaxed) == version) {
			view->endpoint = unpack_endpoint(name);
			return true;
		}
	}
	return false;
}

static uint64_t
mean_us(const struct health_view *a, const struct health_view *b)
{
	uint64_t weight_a = a->figure[HEALTH_ANSWERED];
	uint64_t weight_b = b->figure[HEALTH_ANSWERED];

	if (a->figure[HEALTH_SRTT_US] == 0)
		return b->figure[HEALTH_SRTT_US];
	if (b->figure[HEALTH_SRTT_US] == 0 || weight_a + weight_b == 0)
		return a->figure[HEALTH_SRTT_US];
	return (a->figure[HEALTH_SRTT_US] * weight_a +
	    b->figure[HEALTH_SRTT_US] * weight_b) / (weight_a + weight_b);
}

void
health_add(struct health_view *sum, const struct health_view *view)
{
	sum->figure[HEALTH_SRTT_US] = mean_us(sum, view);
	if (view->figure[HEALTH_UNTIL_MS] > sum->figure[HEALTH_UNTIL_MS]) {
		sum->figure[HEALTH_UNTIL_MS] = view->figure[HEALTH_UNTIL_MS];
		sum->figure[HEALTH_WHY] = view->figure[HEALTH_WHY];
	}
	for (unsigned i = 0; i < HEALTH_FIGURES; i++) {
		if (i != HEALTH_SRTT_US && i != HEALTH_UNTIL_MS &&
		    i != HEALTH_WHY)
			sum->figure[i] += view->figure[i];
	}
}

const char *
health_failure_name(enum health_failure failure)
{
	static const char *const names[HEALTH_FAILURES] = {
		[HEALTH_SILENT] = "silent",
		[HEALTH_BROKEN] = "broken",
		[HEALTH_REFUSED] = "refused",
		[HEALTH_SERVFAIL] = "servfail",
		[HEALTH_FORMERR] = "formerr",
		[HEALTH_UNUSABLE] = "unusable",
	};

	assert(failure < HEALTH_FAILURES);
	return names[failure];
}

/* ---- the table: open addressing, nobody ever leaves it ---- */

static unsigned
first_place(const uint64_t key[3])
{
	return (unsigned)((key[0] ^ key[1] * 5 ^ key[2] * 3) *
	    0x9e3779b97f4a7c15ULL >> 58) % HEALTH_UPSTREAMS;
}

/* Asked several times a question: three words tell it from others. */
static bool
is_of(const struct health_entry *entry, const uint64_t key[3])
{
	return entry->key[0] == key[0] && entry->key[1] == key[1] &&
	    entry->key[2] == key[2];
}

struct health_entry *
health_find(struct health *health, const struct endpoint *endpoint)
{
	struct health_entry *entry;
	uint64_t key[3];
	unsigned place;

	pack_endpoint(key, endpoint);
	place = first_place(key);
	for (unsigned i = 0; i < HEALTH_UPSTREAMS; i++) {
		entry = &health->entries[(place + i) % HEALTH_UPSTREAMS];
		if (!entry->taken)
			return NULL;
		if (is_of(entry, key))
			return entry;
	}
	return NULL;
}

/* The first free one on its way, else the one that was asked longest ago: in
 * a full table every search goes round. */
static struct health_entry *
find_room(struct health *health, const uint64_t key[3])
{
	unsigned place = first_place(key);
	struct health_entry *oldest = &health->entries[0], *entry;

	for (unsigned i = 0; i < HEALTH_UPSTREAMS; i++) {
		entry = &health->entries[(place + i) % HEALTH_UPSTREAMS];
		if (!entry->taken)
			return entry;
		if (entry->used_ms < oldest->used_ms)
			oldest = entry;
	}
	return oldest;
}

struct health_entry *
health_take(struct health *health, const struct endpoint *endpoint)
{
	struct health_entry *entry = health_find(health, endpoint);
	uint64_t key[3];

	if (entry != NULL)
		return entry;
	pack_endpoint(key, endpoint);
	entry = find_room(health, key);
	memset(entry, 0, offsetof(struct health_entry, shown));
	memcpy(entry->key, key, sizeof(key));
	entry->taken = true;
	entry->endpoint = *endpoint;
	show_anew(entry);
	return entry;
}

/* ---- whom to ask ---- */

/* Asked, and no answer yet: as slow as is waited for. */
static unsigned
srtt_ms(const struct health_entry *entry)
{
	return entry->measured ? entry->srtt_8 / 8 : HEALTH_WAIT_MS;
}

static bool
is_in(uint8_t set, unsigned upstream)
{
	return (set >> upstream & 1) != 0;
}

/* None of them is healthy. */
static unsigned
choose_ailing(struct health *health, const struct upstreams *to, uint8_t but,
    int64_t now_ms)
{
	unsigned best = UPSTREAMS_MAX;
	int64_t best_ms = INT64_MAX, until_ms;

	for (unsigned i = 0; i < to->count; i++) {
		if (is_in(but, i))
			continue;
		until_ms = health_until_ms(health_find(health,
		    &to->list[i].endpoint), now_ms);
		if (until_ms < best_ms) {
			best = i;
			best_ms = until_ms;
		}
	}
	return best;
}

unsigned
health_choose(struct health *health, const struct upstreams *to, uint8_t but,
    int64_t now_ms)
{
	unsigned ms[UPSTREAMS_MAX], least = UINT32_MAX;
	const struct health_entry *entry;

	for (unsigned i = 0; i < to->count; i++) {
		ms[i] = UINT32_MAX;
		if (is_in(but, i))
			continue;
		entry = health_find(health, &to->list[i].endpoint);
		if (entry == NULL)
			return i;
		if (health_until_ms(entry, now_ms) != 0)
			continue;
		ms[i] = srtt_ms(entry);
		if (ms[i] < least)
			least = ms[i];
	}
	if (least == UINT32_MAX)
		return choose_ailing(health, to, but, now_ms);
	for (unsigned i = 0; ; i++) {
		if (ms[i] != UINT32_MAX && ms[i] <= least + HEALTH_EQUAL_MS)
			return i;
	}
}

unsigned
health_take_turns(struct health *health, const struct upstreams *to,
    unsigned chosen, int64_t now_ms)
{
	struct health_entry *entry = health_find(health,
	    &to->list[chosen].endpoint);
	unsigned other = chosen;
	int64_t oldest_ms = INT64_MAX;

	if (entry == NULL || ++entry->turns % HEALTH_TURN != 0)
		return chosen;
	for (unsigned i = 0; i < to->count; i++) {
		entry = health_find(health, &to->list[i].endpoint);
		if (i == chosen || entry == NULL ||
		    entry->used_ms >= oldest_ms ||
		    health_until_ms(entry, now_ms) != 0)
			continue;
		other = i;
		oldest_ms = entry->used_ms;
	}
	return other;
}

unsigned
health_wait_ms(const struct health_entry *entry)
{
	unsigned ms;

	if (entry == NULL || !entry->measured)
		return HEALTH_WAIT_MS;
	ms = entry->srtt_8 / 8 + entry->rttvar_4;
	if (ms < HEALTH_WAIT_LEAST_MS)
		return HEALTH_WAIT_LEAST_MS;
	return ms < HEALTH_WAIT_MOST_MS ? ms : HEALTH_WAIT_MOST_MS;
}

int64_t
health_until_ms(const struct health_entry *entry, int64_t now_ms)
{
	return entry == NULL || entry->until_ms <= now_ms ? 0 :
	    entry->until_ms;
}

/* ---- what happened ---- */

/* RFC 6298 2: gains of an eighth and a quarter.  srtt_8 is eight times the
 * mean, rttvar_4 four times the variance, so the differences go in whole. */
static void
measure(struct health_entry *entry, int64_t rtt_ms)
{
	uint32_t ms = rtt_ms < SRTT_MOST_MS ? (uint32_t)rtt_ms : SRTT_MOST_MS;
	uint32_t mean = entry->srtt_8 / 8;

	if (!entry->measured) {
		entry->measured = true;
		entry->srtt_8 = ms * 8;
		entry->rttvar_4 = ms * 2;
	} else {
		entry->rttvar_4 -= entry->rttvar_4 / 4;
		entry->rttvar_4 += ms > mean ? ms - mean : mean - ms;
		entry->srtt_8 = entry->srtt_8 - entry->srtt_8 / 8 + ms;
	}
	show(entry, HEALTH_SRTT_US, entry->srtt_8 == 0 ? 1 :
	    (uint64_t)entry->srtt_8 * 125);
}

void
health_sent(struct health_entry *entry, int64_t now_ms)
{
	entry->used_ms = now_ms;
	count(entry, HEALTH_SENT);
}

/* What was measured while it failed is no figure for one that is back. */
void
health_heard(struct health_entry *entry, int64_t rtt_ms)
{
	count(entry, HEALTH_ANSWERED);
	if (rtt_ms < 0)
		return;
	if (entry->until_ms != 0)
		entry->measured = false;
	measure(entry, rtt_ms);
}

void
health_lost(struct health_entry *entry, int64_t out_ms)
{
	count(entry, HEALTH_LOST);
	if (!entry->measured || out_ms > entry->srtt_8 / 8)
		measure(entry, out_ms);
}

int64_t
health_bound_ms(unsigned bucket)
{
	static const int64_t bounds_ms[HEALTH_BUCKETS - 1] = {1, 2, 5, 10, 25,
	    50, 100, 250, 500, 1000, 2000, 3500, 5000};

	return bucket < HEALTH_BUCKETS - 1 ? bounds_ms[bucket] : INT64_MAX;
}

void
health_replied(struct health_entry *entry, unsigned rcode, int64_t took_ms)
{
	unsigned bucket = 0;

	if (rcode >= HEALTH_RCODES)
		rcode = HEALTH_RCODES - 1;
	while (took_ms > health_bound_ms(bucket))
		bucket++;
	count(entry, HEALTH_RCODE + rcode);
	count(entry, HEALTH_TOOK + bucket);
	if (took_ms > 0)
		show(entry, HEALTH_TOOK_MS, (uint64_t)took_ms +
		    atomic_load_explicit(&entry->shown.figure[HEALTH_TOOK_MS],
			memory_order_relaxed));
}

static int64_t
penalty_ms(unsigned failures)
{
	int64_t ms = HEALTH_FIRST_MS;

	while (--failures > 0 && ms < HEALTH_LONGEST_MS)
		ms *= 2;
	return ms;
}

void
health_failed(struct health_entry *entry, enum health_failure failure,
    int64_t now_ms)
{
	count(entry, HEALTH_FAILED + failure);
	/* Questions that were out together fail together: once. */
	if (entry->until_ms > now_ms)
		return;
	entry->failures++;
	show(entry, HEALTH_WHY, failure);
	if (failure > HEALTH_REFUSED && entry->failures <= HEALTH_SOFT_MAX)
		return;
	entry->until_ms = now_ms + penalty_ms(entry->failures);
	show(entry, HEALTH_UNTIL_MS, (uint64_t)entry->until_ms);
}

void
health_answered(struct health_entry *entry)
{
	if (entry->failures == 0)
		return;
	entry->failures = 0;
	entry->until_ms = 0;
	show(entry, HEALTH_UNTIL_MS, 0);
}

/* ---- what it cannot do ---- */

void
health_remember_plain(struct health_entry *entry, int64_t now_ms)
{
	entry->plain_until_ms = now_ms + HEALTH_MEMORY_MS;
}

bool
health_is_plain(const struct health_entry *entry, int64_t now_ms)
{
	return entry->plain_until_ms > now_ms;
}

void
health_recased(struct health_entry *entry, int64_t now_ms)
{
	if (++entry->recased < HEALTH_RECASED_MAX)
		return;
	entry->recased = 0;
	entry->lower_until_ms = now_ms + HEALTH_MEMORY_MS;
}

void
health_kept_case(struct health_entry *entry)
{
	entry->recased = 0;
}

bool
health_is_lower(const struct health_entry *entry, int64_t now_ms)
{
	return entry->lower_until_ms > now_ms;
}

void
health_remember_cookie(struct health_entry *entry, const uint8_t *cookie,
    size_t length, int64_t now_ms)
{
	assert(length <= sizeof(entry->cookie));
	memcpy(entry->cookie, cookie, length);
	entry->cookie_length = (uint8_t)length;
	entry->cookie_until_ms = now_ms + HEALTH_MEMORY_MS;
}

void
health_forget_cookie(struct health_entry *entry)
{
	entry->cookie_length = 0;
}

size_t
health_cookie(const struct health_entry *entry, int64_t now_ms)
{
	return entry->cookie_until_ms > now_ms ? entry->cookie_length : 0;
}
