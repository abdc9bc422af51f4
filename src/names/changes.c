/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"
#include "names/idna.h"
#include "names/rdataprint.h"

/* One record of a chunk that only one of the contents has. */
struct item {
	const struct node *node;
	const uint8_t *rdata;
	uint16_t rdata_length;
	uint16_t type;
	bool added;
};

struct items {
	struct item *list;
	size_t count, room;
};

static void
add_item(struct items *items, const struct item *item)
{
	if (items->count == items->room) {
		items->room = items->room ? 2 * items->room : 64;
		items->list = memory_resize(items->list, items->room,
		    sizeof *items->list);
	}
	items->list[items->count++] = *item;
}

static void
add_rrset(struct items *items, const struct node *node,
    const struct rrset *rrset, bool added)
{
	struct item item = {.node = node, .type = rrset->type, .added = added};
	uint32_t offset = 0;

	if (rrset->flags & RRSET_MADE)
		return;
	for (unsigned i = 0; i < rrset->count; i++) {
		item.rdata = rrset_rdata(rrset, &offset, &item.rdata_length);
		add_item(items, &item);
	}
}

static void
add_chunk(struct items *items, const struct chunk *chunk, bool added)
{
	for (uint32_t i = 0; i < chunk->node_count; i++) {
		const struct node *node = chunk_node(chunk, i);
		const struct rrset *rrset = node_first(node);

		for (unsigned k = 0; k < node->rrset_count; k++) {
			add_rrset(items, node, rrset, added);
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

static void
add_content(struct items *items, const struct content *content,
    const struct content *other, bool added)
{
	struct ids ids = list_ids(other);

	for (uint32_t i = 0; content && i < content->chunk_count; i++) {
		const struct chunk *chunk = content->chunks[i];

		if (chunk->id >= ids.end || !ids.has[chunk->id])
			add_chunk(items, chunk, added);
	}
	free(ids.has);
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
	    item->added ? '+' : '-', owner, type_print(item->type, type),
	    rdata ? rdata : "");
	free(rdata);
}

/* Of records that are equal, as many on each side as there may be: no change
 * where both sides have one. */
void
changes_note(struct changes *changes, const struct content *before,
    const struct content *now)
{
	struct items items = {0};
	size_t from, to;

	add_content(&items, before, now, false);
	add_content(&items, now, before, true);
	if (items.count)
		qsort(items.list, items.count, sizeof *items.list,
		    compare_items);
	for (from = 0; from < items.count; from = to) {
		bool sides[2] = {false, false};

		for (to = from; to < items.count && compare_records(
		    &items.list[from], &items.list[to]) == 0; to++)
			sides[items.list[to].added] = true;
		if (!sides[0] || !sides[1])
			tell(changes, &items.list[from]);
	}
	free(items.list);
}

void
changes_fini(struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		free(changes->lines[i]);
	free(changes->lines);
	*changes = (struct changes){0};
}
