/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/deal.h"

#include <stdlib.h>

#include "base/memory.h"

void
deal_list_widen(struct deal_list *list)
{
	list->room = list->room > 0 ? 2 * list->room : 64;
	list->entries = memory_resize(list->entries, list->room,
	    sizeof(list->entries[0]));
}

void
deal_begin_run(struct deal_runs *runs, uint64_t link)
{
	if (runs->count == runs->room) {
		runs->room = runs->room > 0 ? 2 * runs->room : 16;
		runs->list = memory_resize(runs->list, runs->room,
		    sizeof(runs->list[0]));
	}
	runs->list[runs->count++] = (struct deal_run){ link, 0 };
}

bool
deal_queues_are_apart(const struct deal_queues *queues)
{
	unsigned p = 0;

	while (p < DEAL_PARTS && queues->of[p].count == 0)
		p++;
	return p < DEAL_PARTS;
}

bool
deal_queues_are_empty(const struct deal_queues *queues)
{
	return queues->of[DEAL_PARTS].count == 0 &&
	    !deal_queues_are_apart(queues);
}

void
deal_queues_clear(struct deal_queues *queues)
{
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		pointers_fini(&queues->of[p]);
	queues->of[DEAL_PARTS].count = 0;
}

void
deal_queues_fini(struct deal_queues *queues)
{
	deal_queues_clear(queues);
	pointers_fini(&queues->of[DEAL_PARTS]);
}

static inline unsigned
part_of(const struct deal_entry *entry)
{
	return (unsigned)(entry->hash >> (64 - DEAL_BITS));
}

void
deal_sort(struct deal *deal, const struct deal_list *from)
{
	uint32_t next[DEAL_PARTS] = { 0 };

	for (size_t i = 0; i < from->count; i++)
		next[part_of(&from->entries[i])]++;
	deal->at[0] = 0;
	for (unsigned p = 0; p < DEAL_PARTS; p++) {
		deal->at[p + 1] = deal->at[p] + next[p];
		next[p] = deal->at[p];
	}
	for (size_t i = 0; i < from->count; i++)
		deal->entries[next[part_of(&from->entries[i])]++] =
		    from->entries[i];
}

static inline table_slot
slot_of(const struct deal_entry *entry)
{
	return table_slot_of_link(entry->hash, entry->link);
}

/* Entries whose buckets are brought near before their turn. */
#define AHEAD 8u

static inline void
look_ahead(const struct table *table, const struct deal_entry *entries,
    uint32_t i, uint32_t count)
{
	if (count - i > AHEAD)
		table_prefetch(table, entries[i + AHEAD].hash);
}

/* Where some are known: what they are compared with. */
#define NEAR 4u

static inline void
look_near(const struct table *table, const struct deal_entry *entry)
{
	if (table_prefetch_target(table, entry->hash) == 0)
		return;
	__builtin_prefetch(table_pointer(entry->link));
	__builtin_prefetch((char *)table_pointer(entry->link) + 64);
}

void
deal_put(struct table_part *part, const struct deal_entry *entries,
    uint32_t count, deal_knows knows, struct deal_list *known)
{
	const struct table *table = table_part_working(part);

	for (uint32_t i = 0; i < count; i++) {
		const struct deal_entry *entry = &entries[i];

		look_ahead(table, entries, i, count);
		if (known->count > 0 && count - i > NEAR)
			look_near(table, &entries[i + NEAR]);
		if (knows(table, entry) ||
		    !table_part_add(part, entry->hash, slot_of(entry)))
			deal_list_add(known, *entry);
	}
}

void
deal_take(struct table_part *part, const struct deal_entry *entries,
    uint32_t count, struct deal_list *rest)
{
	const struct table *table = table_part_working(part);

	for (uint32_t i = 0; i < count; i++) {
		const struct deal_entry *entry = &entries[i];

		look_ahead(table, entries, i, count);
		if (!table_part_take(part, entry->hash, slot_of(entry)))
			deal_list_add(rest, *entry);
	}
}

void
deal_fini(struct deal *deal)
{
	free(deal->later.entries);
	free(deal->runs.list);
}

void
deal_part_fini(struct deal_part *part)
{
	free(part->rest.entries);
	free(part->runs.list);
}
