/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"

#define CLIENTS 4096			/* counts; a power of two */
#define BURSTS 1024

/* Late replies of one client and question. */
struct burst {
	int64_t since_ms;
	unsigned count;
};

struct waiting {
	struct hash_key key;
	unsigned client_max;
	uint16_t clients[CLIENTS];
	struct burst bursts[BURSTS];
	struct waiting_query *table;
	struct waiting_query *free;
	struct links all, hurry;
	uint64_t serial;
	unsigned count, used, max;	/* used: slots that ever were */
};

struct waiting *
waiting_new(unsigned max)
{
	struct waiting *waiting = memory_own(sizeof *waiting);

	waiting->table = memory_zeroed(max, sizeof *waiting->table);
	waiting->max = max;
	waiting->client_max = max / 4 < WAITING_CLIENT_MAX ? max / 4 :
	    WAITING_CLIENT_MAX;
	if (waiting->client_max < WAITING_CLIENT_LEAST)
		waiting->client_max = WAITING_CLIENT_LEAST;
	random_bytes(&waiting->key, sizeof waiting->key);
	links_init(&waiting->all);
	links_init(&waiting->hurry);
	return waiting;
}

void
waiting_free(struct waiting *waiting)
{
	struct waiting_query *query;

	while ((query = waiting_oldest(waiting)))
		waiting_remove(waiting, query);
	free(waiting->table);
	free(waiting);
}

/* Memory of a slot that was never used is not touched: the table is large, and
 * few queries wait at one time. */
static struct waiting_query *
take_slot(struct waiting *waiting)
{
	struct waiting_query *query = waiting->free;

	if (query) {
		waiting->free = query->next_free;
		return query;
	}
	if (waiting->used == waiting->max)
		return NULL;
	query = &waiting->table[waiting->used];
	query->slot = waiting->used++;
	return query;
}

static void
free_slot(struct waiting *waiting, struct waiting_query *query)
{
	query->next_free = waiting->free;
	waiting->free = query;
}

static uint64_t
hash_client(const struct waiting *waiting, const struct addr *addr,
    uint64_t question)
{
	uint8_t bytes[sizeof addr->bytes + sizeof question + 1];

	memcpy(bytes, addr->bytes, sizeof addr->bytes);
	memcpy(bytes + sizeof addr->bytes, &question, sizeof question);
	bytes[sizeof bytes - 1] = addr->family;
	return hash_siphash13(&waiting->key, bytes, sizeof bytes);
}

static uint8_t *
room_for(struct waiting_query *query, size_t length)
{
	return length <= sizeof query->small ? query->small : malloc(length);
}

struct waiting_query *
waiting_add(struct waiting *waiting, const struct waiting_from *from,
    const uint8_t *packet, size_t length, int64_t give_up_ms)
{
	uint32_t client = hash_client(waiting, &from->client.addr, 0) %
	    CLIENTS;
	struct waiting_query *query = length > WAITING_PACKET_MAX ||
	    waiting->clients[client] >= waiting->client_max ? NULL :
	    take_slot(waiting);
	uint8_t *copy = query ? room_for(query, length) : NULL;

	if (!copy) {
		if (query)
			free_slot(waiting, query);
		return NULL;
	}
	memcpy(copy, packet, length);
	query->packet = copy;
	query->length = length;
	query->serial = ++waiting->serial;
	query->restarts = 0;
	query->client = client;
	waiting->clients[client]++;
	query->since_ms = query->give_up_ms = give_up_ms;
	query->from = *from;
	links_append(&waiting->all, &query->link);
	waiting->count++;
	return query;
}

struct waiting_query *
waiting_find(struct waiting *waiting, uint32_t slot, uint64_t serial)
{
	struct waiting_query *query = slot < waiting->used
	    ? &waiting->table[slot] : NULL;

	return query && query->serial == serial ? query : NULL;
}

void
waiting_hurry(struct waiting *waiting, struct waiting_query *query,
    int64_t hurry_ms)
{
	waiting_relax(query);
	query->hurry_ms = hurry_ms;
	links_append(&waiting->hurry, &query->hurry);
}

void
waiting_relax(struct waiting_query *query)
{
	if (links_has(&query->hurry))
		links_remove(&query->hurry);
}

struct waiting_query *
waiting_next_hurry(struct waiting *waiting)
{
	return links_member(links_first(&waiting->hurry),
	    offsetof(struct waiting_query, hurry));
}

void
waiting_remove(struct waiting *waiting, struct waiting_query *query)
{
	waiting_relax(query);
	links_remove(&query->link);
	if (query->packet != query->small)
		free(query->packet);
	query->packet = NULL;
	query->serial = 0;
	free_slot(waiting, query);
	waiting->count--;
	waiting->clients[query->client]--;
}

struct waiting_query *
waiting_oldest(const struct waiting *waiting)
{
	return links_member(links_first(&waiting->all),
	    offsetof(struct waiting_query, link));
}

static struct waiting_query *
find_next(const struct waiting *waiting, const struct waiting_query *query)
{
	return links_member(links_next(&waiting->all, &query->link),
	    offsetof(struct waiting_query, link));
}

bool
waiting_has(const struct waiting *waiting, const void *owner)
{
	const struct waiting_query *query = waiting_oldest(waiting);

	while (query && query->from.owner != owner)
		query = find_next(waiting, query);
	return query != NULL;
}

void
waiting_forget(struct waiting *waiting, const void *owner)
{
	struct waiting_query *query = waiting_oldest(waiting), *next;

	for (; query; query = next) {
		next = find_next(waiting, query);
		if (query->from.owner == owner)
			waiting_remove(waiting, query);
	}
}

unsigned
waiting_count(const struct waiting *waiting)
{
	return waiting->count;
}

bool
waiting_allows(struct waiting *waiting, const struct waiting_query *query,
    int64_t now_ms)
{
	struct burst *burst;

	if (query->from.client.transport != QUERY_UDP ||
	    now_ms < query->since_ms + WAITING_LATE_MS)
		return true;
	burst = &waiting->bursts[hash_client(waiting,
	    &query->from.client.addr, query->question.hash) % BURSTS];
	if (burst->count == 0 || now_ms > burst->since_ms + WAITING_SPAN_MS)
		*burst = (struct burst){.since_ms = now_ms};
	return ++burst->count <= WAITING_LATE_MAX;
}
