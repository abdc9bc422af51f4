/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/toplist.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"

#define NONE UINT32_MAX

/* Chains of entries by hash.  The smallest is looked for by going through all
 * of them: some hundreds, a thousand times a second at the most. */
struct entry {
	struct toplist_row row;		/* count 0: free */
	uint64_t hash;
	uint32_t next;
};

struct toplist {
	struct hash_key key;
	unsigned size;
	struct entry *entries;
	uint32_t *heads;		/* as many */
};

static void
empty_heads(struct toplist *list)
{
	for (unsigned i = 0; i < list->size; i++)
		list->heads[i] = NONE;
}

struct toplist *
toplist_new(unsigned entries)
{
	struct toplist *list = memory_zeroed(1, sizeof *list);

	list->size = entries;
	list->entries = memory_zeroed(entries, sizeof *list->entries);
	list->heads = memory_zeroed(entries, sizeof *list->heads);
	random_bytes(&list->key, sizeof list->key);
	empty_heads(list);
	return list;
}

void
toplist_free(struct toplist *list)
{
	free(list->entries);
	free(list->heads);
	free(list);
}

static uint32_t *
head_of(struct toplist *list, uint64_t hash)
{
	return &list->heads[hash % list->size];
}

static struct entry *
find(struct toplist *list, uint64_t hash, const void *key, size_t length)
{
	for (uint32_t i = *head_of(list, hash); i != NONE;
	     i = list->entries[i].next) {
		struct entry *entry = &list->entries[i];

		if (entry->hash == hash && entry->row.length == length &&
		    memcmp(entry->row.key, key, length) == 0)
			return entry;
	}
	return NULL;
}

static void
link_entry(struct toplist *list, struct entry *entry)
{
	uint32_t *head = head_of(list, entry->hash);

	entry->next = *head;
	*head = (uint32_t)(entry - list->entries);
}

static void
unlink_entry(struct toplist *list, const struct entry *entry)
{
	uint32_t *link = head_of(list, entry->hash);

	while (&list->entries[*link] != entry)
		link = &list->entries[*link].next;
	*link = entry->next;
}

/* A free one, count 0, or the smallest. */
static struct entry *
find_smallest(struct toplist *list)
{
	struct entry *smallest = &list->entries[0];

	for (unsigned i = 1; i < list->size && smallest->row.count; i++)
		if (list->entries[i].row.count < smallest->row.count)
			smallest = &list->entries[i];
	return smallest;
}

void
toplist_add(struct toplist *list, const void *key, size_t length,
    uint64_t count)
{
	uint64_t hash = hash_siphash13(&list->key, key, length);
	struct entry *entry = find(list, hash, key, length);

	assert(length <= TOPLIST_KEY_MAX);
	if (!entry) {
		entry = find_smallest(list);
		if (entry->row.count)
			unlink_entry(list, entry);
		entry->hash = hash;
		entry->row.error = entry->row.count;
		entry->row.length = (uint8_t)length;
		memcpy(entry->row.key, key, length);
		link_entry(list, entry);
	}
	entry->row.count += count;
}

void
toplist_fade(struct toplist *list)
{
	empty_heads(list);
	for (unsigned i = 0; i < list->size; i++) {
		struct entry *entry = &list->entries[i];

		entry->row.count /= 2;
		entry->row.error /= 2;
		if (entry->row.count)
			link_entry(list, entry);
	}
}

unsigned
toplist_read(const struct toplist *list, struct toplist_row *rows,
    unsigned max)
{
	unsigned count = 0;

	for (unsigned i = 0; i < list->size; i++) {
		const struct toplist_row *row = &list->entries[i].row;
		unsigned at = count;

		if (!row->count || (count == max &&
		    rows[max - 1].count >= row->count))
			continue;
		if (count == max)
			at--;
		else
			count++;
		for (; at > 0 && rows[at - 1].count < row->count; at--)
			rows[at] = rows[at - 1];
		rows[at] = *row;
	}
	return count;
}
