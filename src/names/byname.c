/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/byname.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/merge.h"
#include "names/version.h"

/* What is ahead of a node that was made here.  Readers see the node alone,
 * which never changes once it was frozen; the rest is the writer's. */
struct made {
	const struct node **list;	/* contributions, dead ones too until
					 * it is built the next time */
	uint32_t count;
	uint32_t room;
	uint32_t below;			/* known names one label longer */
	uint32_t version;		/* that it was made in */
	uint64_t dirty;			/* to be built */
	struct node node;
};

struct byname {
	struct hash_key key;
	const struct sources *sources;
	struct table_writer *writer;
	struct byname_hand own;		/* the writer's */
	uint32_t version;
	struct deal_queues queues;
	struct made *last;		/* the parent asked for last */
};

/* A name and the hashes of all its suffixes. */
struct place {
	const uint8_t *name;
	unsigned length;
	unsigned labels;
	const uint64_t *hash;
};

static void
make_bare(uint8_t bare[LABEL_MAX + 2], const uint8_t *name)
{
	memcpy(bare, name, name[0] + 1u);
	bare[name[0] + 1] = 0;
}

static uint64_t
hash_of_slot(const void *context, table_slot slot)
{
	const struct byname *byname = context;
	const uint8_t *name = node_name(table_pointer(slot));
	uint8_t bare[LABEL_MAX + 2];

	if (!(table_mark(slot) & NAME_BARE))
		return dname_hash(&byname->key, name);
	make_bare(bare, name);
	return dname_hash(&byname->key, bare);
}

struct byname *
byname_new(const struct hash_key *key, const struct sources *sources)
{
	struct byname *byname = memory_zeroed(1, sizeof(*byname));

	byname->key = *key;
	byname->sources = sources;
	byname->writer = table_writer_new(hash_of_slot, byname);
	byname->own.writer = byname->writer;
	return byname;
}

static struct made *
made_of(table_slot slot)
{
	return (struct made *)((char *)table_pointer(slot) -
	    offsetof(struct made, node));
}

static void
free_slot(void *context, table_slot slot)
{
	(void)context;
	if (table_mark(slot) & NAME_MADE) {
		free(made_of(slot)->list);
		free(made_of(slot));
	}
}

static void
free_hand(struct byname_hand *hand)
{
	free(hand->list.entries);
	free(hand->parts);
	if (hand->merge != NULL)
		merge_free(hand->merge);
}

void
byname_free(struct byname *byname)
{
	table_visit(table_working(byname->writer), free_slot, NULL);
	table_writer_free(byname->writer);
	trash_free(&byname->own.trash);
	free_hand(&byname->own);
	deal_queues_fini(&byname->queues);
	free(byname);
}

void
byname_reserve(struct byname *byname, size_t more)
{
	table_reserve(byname->writer, more);
}

static struct place
place_of(const struct byname *byname, const uint8_t *name,
    uint64_t hash[DNAME_LABELS_MAX + 1])
{
	struct place place = { .name = name, .hash = hash };

	place.labels = dname_hash_suffixes(&byname->key, name, hash);
	place.length = (unsigned)dname_length(name);
	return place;
}

static struct place
parent_of(const struct place *place)
{
	unsigned skip = place->name[0] + 1u;

	return (struct place){
		.name = place->name + skip,
		.length = place->length - skip,
		.labels = place->labels - 1,
		.hash = place->hash + 1,
	};
}

static table_slot
find_slot(const struct byname_hand *hand, const struct place *place)
{
	return name_slot_find(table_working(hand->writer), place->hash[0],
	    place->name, place->length);
}

static bool
is_named(table_slot slot)
{
	const struct node *node = table_pointer(slot);

	return slot != 0 && node->rrset_count > 0;
}

static void
change_slot(struct byname_hand *hand, const struct place *place,
    table_slot old, table_slot new)
{
	hand->named += is_named(new);
	hand->named -= is_named(old);
	table_change(hand->writer, place->hash[0], old, new);
}

static struct made *
new_made(const struct byname *byname, const struct place *place, size_t room)
{
	size_t padded = (place->length + 7u) & ~7u;
	struct made *made = memory_alloc(sizeof(*made) + padded + room);
	uint8_t *name = (uint8_t *)(made + 1);

	*made = (struct made){
		.version = byname->version,
		.node = {
			.name_length = (uint8_t)place->length,
			.labels = (uint8_t)place->labels,
		},
	};
	memset(name, 0, padded);
	memcpy(name, place->name, place->length);
	return made;
}

static table_slot
slot_of(const struct place *place, const struct made *made)
{
	return table_slot_of(place->hash[0], &made->node, NAME_MADE);
}

static void
retire(const struct byname *byname, struct byname_hand *hand,
    struct made *made)
{
	if (made->version == byname->version)
		free(made);
	else
		trash_add(&hand->trash, made);
}

static void
queue_in(struct pointers *queue, struct made *made)
{
	if (made->dirty)
		return;
	made->dirty = 1;
	pointers_add(queue, made);
}

static void
queue(struct byname *byname, struct made *made)
{
	queue_in(&byname->queues.of[DEAL_PARTS], made);
}

static void
push(struct made *made, const struct node *node)
{
	if (made->count == made->room) {
		made->room = made->room > 0 ? 2 * made->room : 2;
		made->list = memory_resize(made->list, made->room,
		    sizeof(made->list[0]));
	}
	made->list[made->count++] = node;
}

/* Instead of the node that a slot leads to directly. */
static struct made *
wrap_slot(const struct byname *byname, struct byname_hand *hand,
    const struct place *place, table_slot slot)
{
	struct made *made = new_made(byname, place, 0);

	push(made, table_pointer(slot));
	change_slot(hand, place, slot, slot_of(place, made));
	return made;
}

/* So many names have become known: count them with the one above, which may
 * make that known, and so on.  place: of one of them. */
static void
count_above(struct byname *byname, struct place place, uint32_t count)
{
	while (place.labels > 1) {
		struct made *made = byname->last;
		table_slot slot;

		place = parent_of(&place);
		if (made != NULL && made->node.name_length == place.length &&
		    memcmp(made + 1, place.name, place.length) == 0) {
			made->below += count;
			return;
		}
		slot = find_slot(&byname->own, &place);
		if (slot == 0) {
			made = new_made(byname, &place, 0);
			change_slot(&byname->own, &place, 0,
			    slot_of(&place, made));
		} else if (table_mark(slot) & NAME_MADE) {
			made = made_of(slot);
		} else {
			made = wrap_slot(byname, &byname->own, &place, slot);
			queue(byname, made);
		}
		made->below += count;
		byname->last = made;
		if (slot != 0)
			return;
		count = 1;
	}
}

static void
count_off_above(struct byname *byname, const struct place *place,
    uint32_t count)
{
	struct place above;
	struct made *made;
	table_slot slot;

	if (place->labels <= 1)
		return;
	above = parent_of(place);
	slot = find_slot(&byname->own, &above);
	assert(table_mark(slot) & NAME_MADE);
	made = made_of(slot);
	assert(made->below >= count);
	made->below -= count;
	if (made->below == 0)
		queue(byname, made);
}

static bool
signs_cut(const struct byname *byname, const struct node *node)
{
	const struct source *source = sources_entry(byname->sources,
	    node)->source;

	return source != NULL && source_signs_cut(source, node);
}

static void
add_at(struct byname *byname, const struct place *place,
    const struct node *node, unsigned mark)
{
	table_slot slot = find_slot(&byname->own, place);
	struct made *made;

	if (slot == 0) {
		change_slot(&byname->own, place, 0,
		    table_slot_of(place->hash[0], node, mark));
		count_above(byname, *place, 1);
		if (!signs_cut(byname, node))
			return;
		slot = find_slot(&byname->own, place);
	}
	if (table_mark(slot) & NAME_MADE)
		made = made_of(slot);
	else
		made = wrap_slot(byname, &byname->own, place, slot);
	push(made, node);
	queue(byname, made);
}

static void
remove_at(struct byname *byname, const struct place *place,
    const struct node *node, unsigned mark)
{
	table_slot slot = find_slot(&byname->own, place);

	(void)mark;
	if (slot == 0)
		return;
	if (table_mark(slot) & NAME_MADE) {
		queue(byname, made_of(slot));
	} else if (table_pointer(slot) == node) {
		change_slot(&byname->own, place, slot, 0);
		count_off_above(byname, place, 1);
	}
}

/* What is to be done with a node at each of its names. */
struct task {
	void (*work)(struct byname *byname, const struct place *place,
	    const struct node *node, unsigned mark);
};

static void
work_bare(struct byname *byname, const struct node *node,
    const struct task *task)
{
	uint8_t bare[LABEL_MAX + 2];
	uint64_t hash[DNAME_LABELS_MAX + 1];
	struct place place;

	if (!(node->flags & NODE_SHORT) || node->labels <= 1)
		return;
	make_bare(bare, node_name(node));
	place = place_of(byname, bare, hash);
	task->work(byname, &place, node, NAME_BARE);
}

#define WINDOW 16

static void
work_all(struct byname *byname, struct node *const *nodes, uint32_t count,
    const struct task *task)
{
	uint64_t hash[WINDOW][DNAME_LABELS_MAX + 1];
	struct place place[WINDOW];

	for (uint32_t i = 0; i < count; i += WINDOW) {
		uint32_t n = count - i < WINDOW ? count - i : WINDOW;

		for (uint32_t j = 0; j < n; j++) {
			place[j] = place_of(byname, node_name(nodes[i + j]),
			    hash[j]);
			table_prefetch_change(byname->writer, hash[j][0]);
		}
		for (uint32_t j = 0; j < n; j++) {
			task->work(byname, &place[j], nodes[i + j], 0);
			work_bare(byname, nodes[i + j], task);
		}
	}
}

static bool
does_count(const struct byname *byname, const struct node *node)
{
	const struct source *source = sources_entry(byname->sources,
	    node)->source;

	return source != NULL && (!source_hides(source, node) ||
	    source_signs_cut(source, node));
}

/* Where it is not known it may have been hidden; where it is, it is listed
 * once more and judged when the name is built.  Nothing of that where it has
 * the name to itself and goes on counting. */
static void
touch_at(struct byname *byname, const struct place *place,
    const struct node *node, unsigned mark)
{
	table_slot slot = find_slot(&byname->own, place);
	bool counts = does_count(byname, node);

	if (counts && !(table_mark(slot) & NAME_MADE) &&
	    table_pointer(slot) == node && !signs_cut(byname, node))
		return;
	if (slot != 0 || counts)
		add_at(byname, place, node, mark);
}

static void
add_counting(struct byname *byname, const struct place *place,
    const struct node *node, unsigned mark)
{
	if (does_count(byname, node))
		add_at(byname, place, node, mark);
}

void
byname_add(struct byname *byname, struct node *const *nodes, uint32_t count)
{
	work_all(byname, nodes, count, &(struct task){ add_counting });
}

void
byname_remove(struct byname *byname, struct node *const *nodes,
    uint32_t count)
{
	work_all(byname, nodes, count, &(struct task){ remove_at });
}

void
byname_touch(struct byname *byname, struct node *node)
{
	work_all(byname, &node, 1, &(struct task){ touch_at });
}

bool
byname_has(const struct byname *byname, const struct node *node)
{
	uint64_t hash = dname_hash(&byname->key, node_name(node));
	const struct place place = {node_name(node), node->name_length,
	    node->labels, &hash};

	return find_slot(&byname->own, &place) != 0;
}

/* Parts may build anew, and free, what was asked for last. */
void
byname_open(struct byname *byname, size_t more)
{
	byname->last = NULL;
	table_open_parts(byname->writer, more, DEAL_BITS);
}

static bool
is_sibling(const struct dname_path *path, const struct node *node)
{
	const uint8_t *name = node_name(node);
	unsigned skip = name[0] + 1u;

	return path->labels == node->labels && path->length -
	    (size_t)path->at[1] == (size_t)node->name_length - skip &&
	    memcmp(dname_path_suffix(path, 1), name + skip,
	    node->name_length - skip) == 0;
}

static bool
have_same_above(const struct node *a, const struct node *b)
{
	unsigned skip = node_name(a)[0] + 1u, other = node_name(b)[0] + 1u;

	return a->labels == b->labels &&
	    a->name_length - skip == b->name_length - other &&
	    memcmp(node_name(a) + skip, node_name(b) + other,
	    a->name_length - skip) == 0;
}

static void
deal_node(const struct byname *byname, const struct node *node,
    struct byname_hand *hand, struct deal *deal)
{
	const uint8_t *name = node_name(node);
	uint64_t link = (uintptr_t)node;

	if (hand->path.labels == 0 || !is_sibling(&hand->path, node)) {
		dname_path_set(&hand->path, &byname->key, name,
		    node->name_length);
		deal_begin_run(&deal->runs, link);
	}
	deal->runs.list[deal->runs.count - 1].count++;
	deal_list_add(&hand->list, (struct deal_entry){
		.hash = dname_path_hash_child(&hand->path, 1, name + 1,
		    name[0]),
		.link = link,
	});
	if (!(node->flags & NODE_SHORT) || node->labels <= 1)
		return;
	deal_list_add(&hand->list, (struct deal_entry){
		.hash = dname_path_hash_child(&hand->path, node->labels,
		    name + 1, name[0]),
		.link = link | NAME_BARE,
	});
}

void
byname_deal(const struct byname *byname, const struct chunk *chunk,
    struct byname_hand *hand, struct deal *deal)
{
	const struct source *source =
	    byname->sources->chunks[chunk->id].source;

	for (uint32_t i = 0; i < chunk->node_count; i++) {
		const struct node *node = chunk_node(chunk, i);
		bool signs = source != NULL && source_signs_cut(source, node);

		if (!signs && source != NULL && source_hides(source, node))
			continue;
		if (node->labels == 0 || signs)
			deal_list_add(&deal->later, (struct deal_entry){
				.link = (uintptr_t)node,
			});
		else
			deal_node(byname, node, hand, deal);
	}
}

void
byname_deal_end(struct byname_hand *hand, struct deal *deal)
{
	deal_sort(deal, &hand->list);
	hand->list.count = 0;
	hand->path.labels = 0;
}

bool
byname_knows(const struct table *table, const struct deal_entry *entry)
{
	struct table_cursor cursor = { 0 };
	table_slot slot;

	while ((slot = table_next(table, entry->hash, &cursor)) != 0) {
		const struct node *node = table_pointer(entry->link);
		const uint8_t *name = node_name(node);
		uint8_t bare[LABEL_MAX + 2];

		if (!(entry->link & NAME_BARE)) {
			if (name_slot_fits(slot, name, node->name_length))
				return true;
			continue;
		}
		make_bare(bare, name);
		if (name_slot_fits(slot, bare, name[0] + 2u))
			return true;
	}
	return false;
}

struct table_part *
byname_part(const struct byname *byname)
{
	return table_part_new(byname->writer);
}

void
byname_close(struct byname *byname, struct table_part *part)
{
	byname->own.named += (size_t)table_part_close(byname->writer, part);
}

/* A bare name has none above it. */
static void
count_in_run(struct deal_runs *runs, uint64_t link)
{
	const struct node *node = table_pointer(link);
	const struct node *last;

	if (link & NAME_BARE)
		return;
	last = runs->count == 0 ? NULL :
	    table_pointer(runs->list[runs->count - 1].link);
	if (last == NULL || !have_same_above(last, node))
		deal_begin_run(runs, link);
	runs->list[runs->count - 1].count++;
}

/* The place of an entry; bare is room for its name. */
static struct place
place_of_entry(const struct deal_entry *entry, uint8_t bare[LABEL_MAX + 2])
{
	const struct node *node = table_pointer(entry->link);

	if (!(entry->link & NAME_BARE))
		return (struct place){node_name(node), node->name_length,
		    node->labels, &entry->hash};
	make_bare(bare, node_name(node));
	return (struct place){bare, bare[0] + 2u, 1, &entry->hash};
}

void
byname_join(struct byname *byname, struct byname_hand *hand,
    struct deal_part *part, const struct deal_list *known)
{
	hand->writer = table_part_writer(part->table);
	for (size_t i = 0; i < known->count; i++) {
		const struct deal_entry *entry = &known->entries[i];
		uint8_t bare[LABEL_MAX + 2];
		const struct place place = place_of_entry(entry, bare);
		table_slot slot = find_slot(hand, &place);
		struct made *made;

		if (slot == 0) {
			deal_list_add(&part->rest, *entry);
			continue;
		}
		count_in_run(&part->runs, entry->link);
		made = table_mark(slot) & NAME_MADE ? made_of(slot) :
		    wrap_slot(byname, hand, &place, slot);
		push(made, table_pointer(entry->link));
		queue_in(&byname->queues.of[part->number], made);
	}
}

void
byname_leave(struct byname *byname, struct byname_hand *hand,
    struct deal_part *part)
{
	size_t kept = part->left;

	hand->writer = table_part_writer(part->table);
	for (size_t i = kept; i < part->rest.count; i++) {
		const struct deal_entry *entry = &part->rest.entries[i];
		uint8_t bare[LABEL_MAX + 2];
		const struct place place = place_of_entry(entry, bare);
		table_slot slot = find_slot(hand, &place);

		count_in_run(&part->runs, entry->link);
		if (table_mark(slot) & NAME_MADE)
			queue_in(&byname->queues.of[part->number],
			    made_of(slot));
		else if (table_pointer(slot) == table_pointer(entry->link))
			part->rest.entries[kept++] = *entry;
	}
	part->rest.count = part->left = kept;
}

void
byname_take_hand(struct byname *byname, struct byname_hand *hand)
{
	byname->own.named += hand->named;
	trash_move(&byname->own.trash, &hand->trash);
	free_hand(hand);
	*hand = (struct byname_hand){ 0 };
}

void
byname_count_runs(struct byname *byname, const struct deal_runs *runs)
{
	uint64_t hash[DNAME_LABELS_MAX + 1];

	for (size_t i = 0; i < runs->count; i++) {
		const struct node *node = table_pointer(runs->list[i].link);

		count_above(byname, place_of(byname, node_name(node), hash),
		    (uint32_t)runs->list[i].count);
	}
}

void
byname_add_later(struct byname *byname, const struct deal_list *later)
{
	for (size_t i = 0; i < later->count; i++) {
		struct node *node = table_pointer(later->entries[i].link);

		byname_add(byname, &node, 1);
	}
}

static void
work_entries(struct byname *byname, const struct deal_list *list,
    const struct task *task)
{
	for (size_t i = 0; i < list->count; i++) {
		uint64_t link = list->entries[i].link;
		const struct node *node = table_pointer(link);
		const uint8_t *name = node_name(node);
		uint64_t hash[DNAME_LABELS_MAX + 1];
		uint8_t bare[LABEL_MAX + 2];
		struct place place;

		if (link & NAME_BARE)
			make_bare(bare, name);
		place = place_of(byname, link & NAME_BARE ? bare : name, hash);
		task->work(byname, &place, node, table_mark(link));
	}
}

/* They were counted with their runs. */
static void
add_counted(struct byname *byname, const struct place *place,
    const struct node *node, unsigned mark)
{
	count_off_above(byname, place, 1);
	add_at(byname, place, node, mark);
}

void
byname_add_rest(struct byname *byname, const struct deal_list *rest)
{
	work_entries(byname, rest, &(struct task){ add_counted });
}

void
byname_count_off_runs(struct byname *byname, const struct deal_runs *runs)
{
	uint64_t hash[DNAME_LABELS_MAX + 1];

	for (size_t i = 0; i < runs->count; i++) {
		const struct node *node = table_pointer(runs->list[i].link);
		const struct place place = place_of(byname, node_name(node),
		    hash);

		count_off_above(byname, &place,
		    (uint32_t)runs->list[i].count);
	}
}

void
byname_remove_later(struct byname *byname, const struct deal_list *later)
{
	for (size_t i = 0; i < later->count; i++) {
		struct node *node = table_pointer(later->entries[i].link);

		byname_remove(byname, &node, 1);
	}
}

void
byname_remove_rest(struct byname *byname, const struct deal_list *rest)
{
	work_entries(byname, rest, &(struct task){ remove_at });
}

/* Those of the list that count, in rank order; a node that was listed twice
 * once. */
static unsigned
collect_parts(const struct byname *byname, struct byname_hand *hand,
    const struct made *made)
{
	unsigned count = 0, kept = 0;

	if (made->count > hand->part_room) {
		hand->part_room = made->count * 2;
		hand->parts = memory_resize(hand->parts, hand->part_room,
		    sizeof(hand->parts[0]));
	}
	for (uint32_t i = 0; i < made->count; i++) {
		const struct node *node = made->list[i];
		const struct chunk_entry *entry =
		    sources_entry(byname->sources, node);

		if (does_count(byname, node))
			hand->parts[count++] = (struct merge_part){
				.node = node,
				.source = entry->source,
				.position = entry->position,
				.only_ds = source_signs_cut(entry->source,
				    node),
			};
	}
	if (count > 1)
		qsort(hand->parts, count, sizeof(hand->parts[0]),
		    merge_compare);
	for (unsigned i = 0; i < count; i++) {
		if (kept == 0 ||
		    hand->parts[kept - 1].node != hand->parts[i].node)
			hand->parts[kept++] = hand->parts[i];
	}
	return kept;
}

/* A lease has the bare form only if no other source has it. */
static unsigned
drop_bare_leases(const struct byname_hand *hand, const struct made *made,
    unsigned count)
{
	unsigned i = 0;

	if (made->node.labels != 1)
		return count;
	while (i < count &&
	    hand->parts[i].source->content->spec.kind != SOURCE_LEASE)
		i++;
	return i > 0 ? i : count;
}

static struct made *
build(const struct byname *byname, struct byname_hand *hand,
    const struct place *place, struct made *old)
{
	struct node head = { 0 };
	unsigned count = drop_bare_leases(hand, old, old->count);
	size_t padded = (place->length + 7u) & ~7u;
	struct made *made;

	if (hand->merge == NULL)
		hand->merge = merge_new(&byname->key);
	made = new_made(byname, place,
	    merge_parts(hand->merge, hand->parts, count, &head));
	if (count > 0) {
		made->node.flags = head.flags;
		made->node.kind = head.kind;
		made->node.rrset_count = head.rrset_count;
	}
	if (place->labels == 1)
		made->node.flags &= (uint8_t)~NODE_SHORT;
	merge_write(hand->merge, (uint8_t *)(made + 1) + padded);
	made->below = old->below;
	made->list = old->list;
	made->count = old->count;
	made->room = old->room;
	return made;
}

/* The list is what counts, now. */
static unsigned
clean_list(const struct byname *byname, struct byname_hand *hand,
    struct made *made)
{
	unsigned count = collect_parts(byname, hand, made);

	for (unsigned i = 0; i < count; i++)
		made->list[i] = hand->parts[i].node;
	made->count = count;
	if (count == 0) {
		free(made->list);
		made->list = NULL;
		made->room = 0;
	}
	return count;
}

/* Nothing is left of a name: the one above must know. */
static void
drop(struct byname *byname, struct made *made)
{
	uint64_t hash[DNAME_LABELS_MAX + 1];
	const struct place place = place_of(byname, node_name(&made->node),
	    hash);

	made->dirty = 0;
	change_slot(&byname->own, &place, slot_of(&place, made), 0);
	count_off_above(byname, &place, 1);
	retire(byname, &byname->own, made);
}

/* The one node that counts takes the place of what was made. */
static void
unwrap(struct byname_hand *hand, const struct place *place,
    struct made *made)
{
	const struct node *node = made->list[0];
	unsigned mark = node->labels != place->labels ? NAME_BARE : 0;

	change_slot(hand, place, slot_of(place, made),
	    table_slot_of(place->hash[0], node, mark));
	free(made->list);
}

/* false: nothing is left of the name, and it is to be dropped. */
static bool
settle_one(const struct byname *byname, struct byname_hand *hand,
    struct made *made)
{
	const uint8_t *name = node_name(&made->node);
	uint64_t hash = dname_hash(&byname->key, name);
	const struct place place = {name, made->node.name_length,
	    made->node.labels, &hash};
	unsigned count = clean_list(byname, hand, made);

	if (count == 0 && made->below == 0)
		return false;
	made->dirty = 0;
	if (count == 0 && made->node.rrset_count == 0)
		return true;
	if (count == 1 && made->below == 0 && !hand->parts[0].only_ds)
		unwrap(hand, &place, made);
	else
		change_slot(hand, &place, slot_of(&place, made),
		    slot_of(&place, build(byname, hand, &place, made)));
	retire(byname, hand, made);
	return true;
}

static inline __attribute__((always_inline)) void
bring_near(const void *what)
{
	__builtin_prefetch(what);
	__builtin_prefetch((const char *)what + 64);
}

/* So many ahead of what is built is what is brought near: first itself, then
 * its list, then the first nodes in that. */
#define NEAR_MADE 12u
#define NEAR_LIST 8u
#define NEAR_NODES 4u

/* Inlined by order: gcc takes a function that only prefetches for one that does
 * nothing, and leaves the call out. */
static inline __attribute__((always_inline)) void
look_ahead(const struct pointers *queue, size_t i)
{
	const struct made *made;

	if (i + NEAR_MADE < queue->count)
		bring_near(queue->list[i + NEAR_MADE]);
	if (i + NEAR_LIST < queue->count) {
		made = queue->list[i + NEAR_LIST];
		__builtin_prefetch(made->list);
	}
	if (i + NEAR_NODES < queue->count) {
		made = queue->list[i + NEAR_NODES];
		for (uint32_t j = 0; j < made->count && j < 2; j++)
			bring_near(made->list[j]);
	}
}

bool
byname_is_queued_apart(const struct byname *byname)
{
	return deal_queues_are_apart(&byname->queues);
}

void
byname_settle_part(struct byname *byname, struct byname_hand *hand,
    struct deal_part *part)
{
	struct pointers *queue = &byname->queues.of[part->number];
	size_t kept = 0;

	hand->writer = table_part_writer(part->table);
	for (size_t i = 0; i < queue->count; i++) {
		look_ahead(queue, i);
		if (!settle_one(byname, hand, queue->list[i]))
			queue->list[kept++] = queue->list[i];
	}
	queue->count = kept;
}

/* The last queue grows meanwhile. */
void
byname_settle(struct byname *byname)
{
	byname->last = NULL;
	for (unsigned p = 0; p <= DEAL_PARTS; p++) {
		struct pointers *queue = &byname->queues.of[p];

		for (size_t i = 0; i < queue->count; i++) {
			look_ahead(queue, i);
			if (!settle_one(byname, &byname->own, queue->list[i]))
				drop(byname, queue->list[i]);
		}
	}
	deal_queues_clear(&byname->queues);
}

const struct table *
byname_freeze(struct byname *byname, struct trash *trash,
    struct table_garbage **garbage)
{
	assert(deal_queues_are_empty(&byname->queues));
	*trash = byname->own.trash;
	byname->own.trash = (struct trash){ 0 };
	byname->last = NULL;
	byname->version++;
	return table_freeze(byname->writer, garbage);
}

size_t
byname_count(const struct byname *byname)
{
	return byname->own.named;
}

void
byname_contributions(struct byname *byname, const uint8_t *name,
    void (*visit)(void *context, const struct node *node,
	const struct source_spec *spec), void *context)
{
	uint64_t hash[DNAME_LABELS_MAX + 1];
	struct place place = place_of(byname, name, hash);
	table_slot slot = find_slot(&byname->own, &place);
	const struct node *node = table_pointer(slot);
	unsigned count;

	if (slot == 0)
		return;
	if (!(table_mark(slot) & NAME_MADE)) {
		visit(context, node, &sources_entry(byname->sources,
		    node)->source->content->spec);
		return;
	}
	count = collect_parts(byname, &byname->own, made_of(slot));
	for (unsigned i = 0; i < count; i++)
		visit(context, byname->own.parts[i].node,
		    &byname->own.parts[i].source->content->spec);
}
