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
	struct waiting_query *first, **end;
	struct waiting_query *hurry, **hurry_end;
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
	waiting->end = &waiting->first;
	waiting->hurry_end = &waiting->hurry;
	return waiting;
}

void
waiting_free(struct waiting *waiting)
{
	while (waiting->first)
		waiting_remove(waiting, waiting->first);
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
		waiting->free = query->next;
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
	query->next = waiting->free;
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
	query->hurry_link = NULL;
	query->next = NULL;
	query->link = waiting->end;
	*waiting->end = query;
	waiting->end = &query->next;
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
	waiting_relax(waiting, query);
	query->hurry_ms = hurry_ms;
	query->hurry_next = NULL;
	query->hurry_link = waiting->hurry_end;
	*waiting->hurry_end = query;
	waiting->hurry_end = &query->hurry_next;
}

void
waiting_relax(struct waiting *waiting, struct waiting_query *query)
{
	if (!query->hurry_link)
		return;
	*query->hurry_link = query->hurry_next;
	if (query->hurry_next)
		query->hurry_next->hurry_link = query->hurry_link;
	else
		waiting->hurry_end = query->hurry_link;
	query->hurry_link = NULL;
}

struct waiting_query *
waiting_next_hurry(struct waiting *waiting)
{
	return waiting->hurry;
}

void
waiting_remove(struct waiting *waiting, struct waiting_query *query)
{
	waiting_relax(waiting, query);
	*query->link = query->next;
	if (query->next)
		query->next->link = query->link;
	else
		waiting->end = query->link;
	if (query->packet != query->small)
		free(query->packet);
	query->packet = NULL;
	query->serial = 0;
	free_slot(waiting, query);
	waiting->count--;
	waiting->clients[query->client]--;
}

bool
waiting_has(const struct waiting *waiting, const void *owner)
{
	const struct waiting_query *query = waiting->first;

	while (query && query->from.owner != owner)
		query = query->next;
	return query != NULL;
}

void
waiting_forget(struct waiting *waiting, const void *owner)
{
	struct waiting_query *query = waiting->first, *next;

	for (; query; query = next) {
		next = query->next;
		if (query->from.owner == owner)
			waiting_remove(waiting, query);
	}
}

struct waiting_query *
waiting_oldest(struct waiting *waiting)
{
	return waiting->first;
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
