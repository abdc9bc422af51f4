/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/hostskeep.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "names/reverse.h"

#define NONE UINT32_MAX

/* Chains of entries by the hash of the name.  Entries are put in from the last
 * to the first, addresses before nodes, so that a chain is in the order that
 * hostskeep_next promises. */
struct hostskeep {
	struct hostskeep_entry *entries;
	uint32_t count;
	uint32_t mask;
	struct addr *addrs;		/* of entries with a reverse */
	uint32_t addr_count;
	uint32_t *heads;
};

static uint32_t
hash_name(const uint8_t *name, size_t len)
{
	static const struct hash_key key = {0x6b65657020776861, 0x7420776173};

	return (uint32_t)hash_siphash13(&key, name, len);
}

static void
put_entry(struct hostskeep *keep, const struct node *node,
    const struct addr *reverse)
{
	uint32_t *head = &keep->heads[keep->mask &
	    hash_name(node_name(node), node->name_length)];

	keep->entries[keep->count] = (struct hostskeep_entry){
		.node = node,
		.reverse = reverse,
		.next = *head,
	};
	*head = keep->count++;
}

/* From the last to the first. */
static void
put_addresses(struct hostskeep *keep, const struct chunk *chunk)
{
	uint32_t count = chunk->reverse_count;
	struct reverse *list = memory_alloc((count + 1) * sizeof(*list));
	struct reverse_cursor cursor = { 0 };

	count = reverse_walk(chunk, &cursor, list, count);
	while (count-- > 0) {
		struct addr *addr = &keep->addrs[keep->addr_count++];

		*addr = list[count].addr;
		put_entry(keep, list[count].node, addr);
	}
	free(list);
}

static uint32_t
count_entries(struct chunk *const *chunks, uint32_t count)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += chunks[i]->node_count + chunks[i]->reverse_count;
	return sum;
}

struct hostskeep *
hostskeep_new(struct chunk *const *chunks, uint32_t count)
{
	struct hostskeep *keep = memory_zeroed(1, sizeof(*keep));
	uint32_t room = count_entries(chunks, count), heads = 1;

	while (heads < room)
		heads *= 2;
	keep->mask = heads - 1;
	keep->heads = memory_alloc(heads * sizeof(keep->heads[0]));
	memset(keep->heads, 0xff, heads * sizeof(keep->heads[0]));
	keep->entries = memory_zeroed(room + 1, sizeof(keep->entries[0]));
	keep->addrs = memory_alloc((room + 1) * sizeof(keep->addrs[0]));
	for (uint32_t i = count; i-- > 0;)
		put_addresses(keep, chunks[i]);
	for (uint32_t i = count; i-- > 0;)
		for (uint32_t j = chunks[i]->node_count; j-- > 0;)
			put_entry(keep, chunk_node(chunks[i], j), NULL);
	return keep;
}

void
hostskeep_free(struct hostskeep *keep)
{
	if (keep == NULL)
		return;
	free(keep->entries);
	free(keep->heads);
	free(keep->addrs);
	free(keep);
}

struct hostskeep_entry *
hostskeep_next(const struct hostskeep *keep, const uint8_t *name, size_t len,
    const struct hostskeep_entry *after)
{
	uint32_t next;

	if (after != NULL)
		next = after->next;
	else
		next = keep->heads[keep->mask & hash_name(name, len)];
	while (next != NONE) {
		struct hostskeep_entry *entry = &keep->entries[next];

		if (entry->node->name_length == len &&
		    memcmp(node_name(entry->node), name, len) == 0)
			return entry;
		next = entry->next;
	}
	return NULL;
}
