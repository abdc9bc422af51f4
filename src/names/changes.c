/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"
#include "dns/types.h"
#include "names/idna.h"
#include "names/rdataprint.h"
#include "names/unpaired.h"

/* One record of a chunk that only one of the contents has. */
struct item {
	const struct node *node;
	const uint8_t *rdata;
	uint16_t rdata_length;
	uint16_t type;
	enum unpaired_row row;
};

/* What is done with each. */
struct visit {
	enum unpaired_row row;
	void (*item)(void *context, const struct item *item);
	void *context;
};

static void
visit_rrset(const struct visit *visit, const struct node *node,
    const struct rrset *rrset)
{
	struct item item = {
		.node = node,
		.type = rrset->type,
		.row = visit->row,
	};
	uint32_t offset = 0;

	if (rrset->flags & RRSET_MADE)
		return;
	for (unsigned i = 0; i < rrset->count; i++) {
		item.rdata = rrset_rdata(rrset, &offset, &item.rdata_length);
		visit->item(visit->context, &item);
	}
}

static void
visit_chunk(const struct visit *visit, const struct chunk *chunk)
{
	for (uint32_t i = 0; i < chunk->node_count; i++) {
		const struct node *node = chunk_node(chunk, i);
		const struct rrset *rrset = node_first(node);

		for (unsigned k = 0; k < node->rrset_count; k++) {
			visit_rrset(visit, node, rrset);
			rrset = rrset_next(rrset);
		}
	}
}

/* The ids of a content's chunks: among thousands each is to be found at
 * once. */
struct ids {
	uint8_t *has;			/* by id */
	uint32_t end;
};

static struct ids
list_ids(const struct content *content)
{
	struct ids ids = {0};

	for (uint32_t i = 0; content && i < content->chunk_count; i++)
		if (content->chunks[i]->id >= ids.end)
			ids.end = content->chunks[i]->id + 1;
	ids.has = memory_zeroed(ids.end + 1, 1);
	for (uint32_t i = 0; content && i < content->chunk_count; i++)
		ids.has[content->chunks[i]->id] = 1;
	return ids;
}

/* The chunks of a content that the other has not, in file order. */
struct own {
	const struct chunk **chunks;
	uint32_t count;
	size_t records;
};

static struct own
list_own(const struct content *content, const struct content *other)
{
	uint32_t count = content ? content->chunk_count : 0;
	struct own own = {.chunks = memory_zeroed(count + 1, sizeof(void *))};
	struct ids ids = list_ids(other);

	for (uint32_t i = 0; i < count; i++) {
		const struct chunk *chunk = content->chunks[i];

		if (chunk->id < ids.end && ids.has[chunk->id])
			continue;
		own.chunks[own.count++] = chunk;
		own.records += chunk->record_count;
	}
	free(ids.has);
	return own;
}

/* Both sides, a chunk of each in turn. */
static void
visit_both(const struct own own[2], void (*item)(void *context,
    const struct item *item), void *context)
{
	for (uint32_t i = 0; i < own[0].count || i < own[1].count; i++) {
		for (unsigned row = 0; row < 2; row++) {
			const struct visit visit = {
				.row = row ? UNPAIRED_NOW : UNPAIRED_BEFORE,
				.item = item,
				.context = context,
			};

			if (i < own[row].count)
				visit_chunk(&visit, own[row].chunks[i]);
		}
	}
}

/* Where they are many: first by their hashes, so that only those that differ,
 * or nearly so, are listed. */
struct sieve {
	struct hash_key key;
	struct unpaired *unpaired;
	enum unpaired_result result;
};

static uint64_t
hash_item(const struct sieve *sieve, const struct item *item)
{
	struct hash_key key = sieve->key;

	key.k0 ^= hash_siphash13(&sieve->key, node_name(item->node),
	    item->node->name_length);
	key.k1 ^= item->type;
	return hash_siphash13(&key, item->rdata, item->rdata_length);
}

static void
sieve_item(void *context, const struct item *item)
{
	struct sieve *sieve = context;

	if (sieve->result == UNPAIRED_OK)
		sieve->result = unpaired_add(sieve->unpaired,
		    hash_item(sieve, item), item->row);
}

struct items {
	const struct sieve *sieve;	/* NULL: all of them */
	struct item *list;
	size_t count, room;
};

static void
add_item(void *context, const struct item *item)
{
	struct items *items = context;

	if (items->sieve != NULL && !unpaired_has(items->sieve->unpaired,
	    hash_item(items->sieve, item)))
		return;
	if (items->count == items->room) {
		items->room = items->room ? 2 * items->room : 64;
		items->list = memory_resize(items->list, items->room,
		    sizeof *items->list);
	}
	items->list[items->count++] = *item;
}

static int
compare_bytes(const uint8_t *a, size_t a_length, const uint8_t *b,
    size_t b_length)
{
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

	return order ? order : (a_length > b_length) - (a_length < b_length);
}

static int
compare_records(const struct item *a, const struct item *b)
{
	int order = compare_bytes(node_name(a->node), a->node->name_length,
	    node_name(b->node), b->node->name_length);

	if (order == 0)
		order = (a->type > b->type) - (a->type < b->type);
	return order ? order : compare_bytes(a->rdata, a->rdata_length,
	    b->rdata, b->rdata_length);
}

static int
compare_items(const void *left, const void *right)
{
	return compare_records(left, right);
}

static void
print_owner(const struct node *node, char text[IDNA_TEXT])
{
	char ascii[DNAME_TEXT_MAX];
	size_t length;

	dname_print(node_name(node), ascii);
	length = strlen(ascii);
	if (node->flags & NODE_SHORT)
		length = strcspn(ascii, ".");
	else if (length > 1)
		length--;
	idna_to_utf8(text, ascii, length);
}

static void
tell(struct changes *changes, const struct item *item)
{
	char owner[IDNA_TEXT], type[TYPE_TEXT];
	char *rdata;

	if (changes->count == CHANGES_LINES_MAX) {
		changes->more++;
		return;
	}
	print_owner(item->node, owner);
	rdata = rdataprint(item->type, item->rdata, item->rdata_length);
	changes->lines = memory_resize(changes->lines, changes->count + 1,
	    sizeof *changes->lines);
	changes->lines[changes->count++] = memory_format("%c %s %s %s",
	    item->row == UNPAIRED_NOW ? '+' : '-', owner,
	    type_print(item->type, type),
	    rdata ? rdata : "");
	free(rdata);
}

/* Of records that are equal, as many on each side as there may be: no change
 * where both sides have one. */
static void
tell_items(struct changes *changes, struct items *items)
{
	size_t from, to;

	if (items->count)
		qsort(items->list, items->count, sizeof *items->list,
		    compare_items);
	for (from = 0; from < items->count; from = to) {
		bool sides[2] = {false, false};

		for (to = from; to < items->count && compare_records(
		    &items->list[from], &items->list[to]) == 0; to++)
			sides[items->list[to].row == UNPAIRED_NOW] = true;
		if (!sides[0] || !sides[1])
			tell(changes, &items->list[from]);
	}
	free(items->list);
}

static void
note_many(struct changes *changes, const struct own own[2])
{
	struct sieve sieve = {
		.unpaired = unpaired_new(CHANGES_COMPARED_MAX),
	};
	struct items items = {.sieve = &sieve};

	random_bytes(&sieve.key, sizeof sieve.key);
	visit_both(own, sieve_item, &sieve);
	if (sieve.result == UNPAIRED_TOO_MANY)
		changes->anew += own[0].records + own[1].records;
	else if (unpaired_count(sieve.unpaired) > 0)
		visit_both(own, add_item, &items);
	unpaired_free(sieve.unpaired);
	tell_items(changes, &items);
}

void
changes_note(struct changes *changes, const struct content *before,
    const struct content *now)
{
	const struct own own[2] = {
		list_own(before, now), list_own(now, before),
	};
	struct items items = {0};

	if (own[0].records + own[1].records > CHANGES_COMPARED_MAX) {
		note_many(changes, own);
	} else {
		visit_both(own, add_item, &items);
		tell_items(changes, &items);
	}
	free(own[0].chunks);
	free(own[1].chunks);
}

void
changes_fini(struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		free(changes->lines[i]);
	free(changes->lines);
	*changes = (struct changes){0};
}
