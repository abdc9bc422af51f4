/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/byaddr.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/merge.h"
#include "names/version.h"

/* Readers see `set` alone, which never changes once it was frozen. */
struct made {
	uint64_t *list;			/* links */
	uint32_t count;
	uint32_t room;
	uint32_t version;		/* that it was made in */
	uint32_t dirty;			/* to be built */
	struct addr_set set;
};

struct byaddr {
	struct hash_key key;
	const struct sources *sources;
	struct table_writer *writer;
	struct byaddr_hand own;		/* the writer's */
	size_t known[2];
	uint32_t version;
	struct deal_queues queues;
	struct addr_prefix *last[2];	/* asked for last, IPv4 and IPv6: a
					 * name's two mostly come in turn */
};

/* What is looked for and its hash. */
struct place {
	struct addr_prefix prefix;
	uint64_t hash;
};

static uint64_t
hash_of_slot(const void *context, table_slot slot)
{
	const struct byaddr *byaddr = context;
	struct addr_prefix prefix;
	struct addr addr;

	if (table_mark(slot) == ADDR_PREFIX)
		return addr_prefix_hash(&byaddr->key, table_pointer(slot));
	addr = addr_slot_addr(slot);
	prefix = addr_prefix_of(&addr, addr_bits(&addr));
	return addr_prefix_hash(&byaddr->key, &prefix);
}

struct byaddr *
byaddr_new(const struct hash_key *key, const struct sources *sources)
{
	struct byaddr *byaddr = memory_zeroed(1, sizeof(*byaddr));

	byaddr->key = *key;
	byaddr->sources = sources;
	byaddr->writer = table_writer_new(hash_of_slot, byaddr);
	byaddr->own.writer = byaddr->writer;
	return byaddr;
}

static struct made *
made_of(table_slot slot)
{
	return (struct made *)((char *)table_pointer(slot) -
	    offsetof(struct made, set));
}

static void
free_slot(void *context, table_slot slot)
{
	(void)context;
	if (table_mark(slot) == ADDR_PREFIX) {
		free(table_pointer(slot));
	} else if (table_mark(slot) == ADDR_SET) {
		free(made_of(slot)->list);
		free(made_of(slot));
	}
}

void
byaddr_free(struct byaddr *byaddr)
{
	table_visit(table_working(byaddr->writer), free_slot, NULL);
	table_writer_free(byaddr->writer);
	trash_free(&byaddr->own.trash);
	deal_queues_fini(&byaddr->queues);
	free(byaddr);
}

void
byaddr_reserve(struct byaddr *byaddr, size_t more)
{
	table_reserve(byaddr->writer, more);
}

static struct place
place_of(const struct byaddr *byaddr, const struct addr *addr, unsigned bits)
{
	struct place place = { .prefix = addr_prefix_of(addr, bits) };

	place.hash = addr_prefix_hash(&byaddr->key, &place.prefix);
	return place;
}

static table_slot
find_slot(const struct byaddr_hand *hand, const struct place *place)
{
	return addr_slot_find(table_working(hand->writer), place->hash,
	    &place->prefix);
}

/* So many addresses have become known that have all but their last byte in
 * common. */
static void
count_above(struct byaddr *byaddr, const struct addr *addr, uint32_t count)
{
	struct addr_prefix **last = &byaddr->last[addr->family == 6];

	byaddr->known[addr->family == 6] += count;
	for (unsigned bits = addr_bits(addr) - 8; bits > 0; bits -= 8) {
		struct place place;
		struct addr_prefix *prefix = *last;
		table_slot slot;

		if (prefix != NULL && prefix->family == addr->family &&
		    prefix->bits == bits &&
		    memcmp(prefix->bytes, addr->bytes, bits / 8) == 0) {
			prefix->count += count;
			return;
		}
		place = place_of(byaddr, addr, bits);
		slot = find_slot(&byaddr->own, &place);
		if (slot == 0) {
			prefix = memory_alloc(sizeof(*prefix));
			*prefix = place.prefix;
			table_change(byaddr->writer, place.hash, 0,
			    table_slot_of(place.hash, prefix, ADDR_PREFIX));
		}
		if (slot != 0)
			prefix = table_pointer(slot);
		prefix->count += count;
		*last = prefix;
		if (slot != 0)
			return;
		count = 1;
	}
}

static void
count_off_above(struct byaddr *byaddr, const struct addr *addr,
    uint32_t count)
{
	struct addr_prefix **last = &byaddr->last[addr->family == 6];

	byaddr->known[addr->family == 6] -= count;
	for (unsigned bits = addr_bits(addr) - 8; bits > 0; bits -= 8) {
		struct place place = place_of(byaddr, addr, bits);
		table_slot slot = find_slot(&byaddr->own, &place);
		struct addr_prefix *prefix = table_pointer(slot);

		assert(slot != 0 && prefix->count >= count);
		prefix->count -= count;
		if (prefix->count > 0)
			return;
		count = 1;
		table_change(byaddr->writer, place.hash, slot, 0);
		if (*last == prefix)
			*last = NULL;
		trash_add(&byaddr->own.trash, prefix);
	}
}

static void
push(struct made *made, uint64_t link)
{
	if (made->count == made->room) {
		made->room = made->room > 0 ? 2 * made->room : 2;
		made->list = memory_resize(made->list, made->room,
		    sizeof(made->list[0]));
	}
	made->list[made->count++] = link;
}

static void
queue_in(struct pointers *queue, struct made *made)
{
	if (made->dirty)
		return;
	made->dirty = 1;
	pointers_add(queue, made);
}

static struct made *
new_made(const struct byaddr *byaddr, const struct addr *addr)
{
	struct made *made = memory_zeroed(1, sizeof(*made));

	made->version = byaddr->version;
	made->set.addr = *addr;
	return made;
}

static table_slot
slot_of(const struct place *place, const struct made *made)
{
	return table_slot_of(place->hash, &made->set, ADDR_SET);
}

static bool
does_count_in(const struct byaddr *byaddr, const struct source *source,
    const struct reverse *reverse)
{
	return source != NULL && !source_hides(source, reverse->node) &&
	    !sources_isolate(byaddr->sources, &reverse->addr);
}

static bool
does_count(const struct byaddr *byaddr, const struct reverse *reverse)
{
	return does_count_in(byaddr, sources_entry(byaddr->sources,
	    reverse->node)->source, reverse);
}

/* In the set of an address that is known; made where it has none. */
static struct made *
list_link(const struct byaddr *byaddr, struct byaddr_hand *hand,
    const struct place *place, table_slot slot, const struct reverse *reverse)
{
	struct made *made;

	if (table_mark(slot) == ADDR_SET) {
		made = made_of(slot);
	} else {
		made = new_made(byaddr, &reverse->addr);
		push(made, table_link(slot));
		table_change(hand->writer, place->hash, slot,
		    slot_of(place, made));
	}
	push(made, reverse->link);
	return made;
}

/* What is listed twice is found when the address is built. */
static void
add_at(struct byaddr *byaddr, const struct place *place,
    const struct reverse *reverse)
{
	table_slot slot = find_slot(&byaddr->own, place);

	if (slot == 0) {
		if (!does_count(byaddr, reverse))
			return;
		table_change(byaddr->writer, place->hash, 0,
		    table_slot_of_link(place->hash, reverse->link));
		count_above(byaddr, &reverse->addr, 1);
		return;
	}
	queue_in(&byaddr->queues.of[DEAL_PARTS],
	    list_link(byaddr, &byaddr->own, place, slot, reverse));
}

/* Nothing changes where it has the address to itself and goes on counting. */
static void
touch_at(struct byaddr *byaddr, const struct place *place,
    const struct reverse *reverse)
{
	table_slot slot = find_slot(&byaddr->own, place);

	if (slot != 0 && table_link(slot) == reverse->link &&
	    does_count(byaddr, reverse))
		return;
	add_at(byaddr, place, reverse);
}

static void
remove_at(struct byaddr *byaddr, const struct place *place,
    const struct reverse *reverse)
{
	table_slot slot = find_slot(&byaddr->own, place);

	if (slot == 0)
		return;
	if (table_mark(slot) == ADDR_SET) {
		queue_in(&byaddr->queues.of[DEAL_PARTS], made_of(slot));
	} else if (table_link(slot) == reverse->link) {
		table_change(byaddr->writer, place->hash, slot, 0);
		count_off_above(byaddr, &reverse->addr, 1);
	}
}

/* What is to be done with each address. */
struct task {
	void (*work)(struct byaddr *byaddr, const struct place *place,
	    const struct reverse *reverse);
};

#define WINDOW 16

static void
work_all(struct byaddr *byaddr, const struct reverse *list,
    uint32_t count, const struct task *task)
{
	struct place place[WINDOW];

	for (uint32_t i = 0; i < count; i += WINDOW) {
		uint32_t n = count - i < WINDOW ? count - i : WINDOW;

		for (uint32_t j = 0; j < n; j++) {
			const struct addr *addr = &list[i + j].addr;

			place[j] = place_of(byaddr, addr, addr_bits(addr));
			table_prefetch_change(byaddr->writer, place[j].hash);
		}
		for (uint32_t j = 0; j < n; j++)
			task->work(byaddr, &place[j], &list[i + j]);
	}
}

void
byaddr_add(struct byaddr *byaddr, const struct reverse *list,
    uint32_t count)
{
	work_all(byaddr, list, count, &(struct task){ add_at });
}

void
byaddr_remove(struct byaddr *byaddr, const struct reverse *list,
    uint32_t count)
{
	work_all(byaddr, list, count, &(struct task){ remove_at });
}

void
byaddr_touch(struct byaddr *byaddr, const struct reverse *reverse)
{
	work_all(byaddr, reverse, 1, &(struct task){ touch_at });
}

bool
byaddr_has(const struct byaddr *byaddr, const struct addr *addr)
{
	const struct place place = place_of(byaddr, addr, addr_bits(addr));

	return find_slot(&byaddr->own, &place) != 0;
}

void
byaddr_open(struct byaddr *byaddr, size_t more)
{
	table_open_parts(byaddr->writer, more, DEAL_BITS);
}

/* Runs of the two families mostly come in turn. */
static void
count_in_run(struct byaddr_hand *hand, const struct reverse *reverse,
    struct deal *deal)
{
	struct byaddr_run *run = &hand->run[reverse->addr.family == 6];
	unsigned same = addr_bits(&reverse->addr) / 8 - 1;

	if (!run->begun ||
	    memcmp(run->above, reverse->addr.bytes, same) != 0) {
		run->begun = true;
		run->at = deal->runs.count;
		memcpy(run->above, reverse->addr.bytes, same);
		deal_begin_run(&deal->runs, reverse->link);
	}
	deal->runs.list[run->at].count++;
}

/* What leaves has no source any more.  What does not count is in no slot, or
 * in those of addresses that are to be built already, since it was touched
 * when it stopped to count: it need not come, nor be taken out. */
static bool
is_dealt(const struct byaddr *byaddr, const struct source *source,
    const struct reverse *reverse)
{
	if (source == NULL)
		return !sources_isolate(byaddr->sources, &reverse->addr);
	return does_count_in(byaddr, source, reverse);
}

static void
deal_address(const struct byaddr *byaddr, const struct reverse *reverse,
    struct byaddr_hand *hand, struct deal *deal)
{
	struct place place;

	if (!is_dealt(byaddr, hand->source, reverse))
		return;
	place = place_of(byaddr, &reverse->addr, addr_bits(&reverse->addr));
	count_in_run(hand, reverse, deal);
	deal_list_add(&hand->list, (struct deal_entry){
		.hash = place.hash,
		.link = reverse->link,
	});
}

#define WALK 64u

void
byaddr_deal(const struct byaddr *byaddr, const struct chunk *chunk,
    struct byaddr_hand *hand, struct deal *deal)
{
	struct reverse_cursor cursor = { 0 };
	struct reverse list[WALK];
	uint32_t count;

	hand->source = byaddr->sources->chunks[chunk->id].source;
	do {
		count = reverse_walk(chunk, &cursor, list, WALK);
		for (uint32_t i = 0; i < count; i++)
			deal_address(byaddr, &list[i], hand, deal);
	} while (count > 0);
}

void
byaddr_deal_end(struct byaddr_hand *hand, struct deal *deal)
{
	deal_sort(deal, &hand->list);
	hand->list.count = 0;
	hand->run[0].begun = hand->run[1].begun = false;
}

bool
byaddr_knows(const struct table *table, const struct deal_entry *entry)
{
	struct table_cursor cursor = { 0 };
	struct addr_prefix prefix;
	struct addr addr;
	table_slot slot;

	while ((slot = table_next(table, entry->hash, &cursor)) != 0) {
		addr = reverse_of(entry->link).addr;
		prefix = addr_prefix_of(&addr, addr_bits(&addr));
		if (addr_slot_fits(slot, &prefix))
			return true;
	}
	return false;
}

struct table_part *
byaddr_part(const struct byaddr *byaddr)
{
	return table_part_new(byaddr->writer);
}

void
byaddr_close(struct byaddr *byaddr, struct table_part *part)
{
	table_part_close(byaddr->writer, part);
}

/* Of those in one run all but the last byte is the same. */
static void
count_run(struct deal_runs *runs, const struct reverse *reverse)
{
	unsigned same = addr_bits(&reverse->addr) / 8 - 1;
	struct addr last = { .family = 0 };

	if (runs->count > 0)
		last = reverse_of(runs->list[runs->count - 1].link).addr;
	if (last.family != reverse->addr.family ||
	    memcmp(last.bytes, reverse->addr.bytes, same) != 0)
		deal_begin_run(runs, reverse->link);
	runs->list[runs->count - 1].count++;
}

static struct place
place_of_entry(const struct deal_entry *entry, const struct reverse *reverse)
{
	return (struct place){addr_prefix_of(&reverse->addr,
	    addr_bits(&reverse->addr)), entry->hash};
}

void
byaddr_join(struct byaddr *byaddr, struct byaddr_hand *hand,
    struct deal_part *part, const struct deal_list *known)
{
	hand->writer = table_part_writer(part->table);
	for (size_t i = 0; i < known->count; i++) {
		const struct deal_entry *entry = &known->entries[i];
		const struct reverse reverse = reverse_of(entry->link);
		const struct place place = place_of_entry(entry, &reverse);
		table_slot slot = find_slot(hand, &place);

		if (slot == 0) {
			deal_list_add(&part->rest, *entry);
			continue;
		}
		count_run(&part->runs, &reverse);
		queue_in(&byaddr->queues.of[part->number],
		    list_link(byaddr, hand, &place, slot, &reverse));
	}
}

void
byaddr_leave(struct byaddr *byaddr, struct byaddr_hand *hand,
    struct deal_part *part)
{
	size_t kept = part->left;

	hand->writer = table_part_writer(part->table);
	for (size_t i = kept; i < part->rest.count; i++) {
		const struct deal_entry *entry = &part->rest.entries[i];
		const struct reverse reverse = reverse_of(entry->link);
		const struct place place = place_of_entry(entry, &reverse);
		table_slot slot = find_slot(hand, &place);

		count_run(&part->runs, &reverse);
		if (slot != 0 && table_mark(slot) == ADDR_SET)
			queue_in(&byaddr->queues.of[part->number],
			    made_of(slot));
		else if (slot != 0 && table_link(slot) == entry->link)
			part->rest.entries[kept++] = *entry;
	}
	part->rest.count = part->left = kept;
}

void
byaddr_take_hand(struct byaddr *byaddr, struct byaddr_hand *hand)
{
	trash_move(&byaddr->own.trash, &hand->trash);
	free(hand->list.entries);
	*hand = (struct byaddr_hand){ 0 };
}

void
byaddr_count_runs(struct byaddr *byaddr, const struct deal_runs *runs)
{
	for (size_t i = 0; i < runs->count; i++) {
		struct addr addr = reverse_of(runs->list[i].link).addr;

		count_above(byaddr, &addr, (uint32_t)runs->list[i].count);
	}
}

/* They were counted with their runs. */
void
byaddr_add_rest(struct byaddr *byaddr, const struct deal_list *rest)
{
	for (size_t i = 0; i < rest->count; i++) {
		struct reverse reverse = reverse_of(rest->entries[i].link);

		count_off_above(byaddr, &reverse.addr, 1);
		byaddr_add(byaddr, &reverse, 1);
	}
}

void
byaddr_count_off_runs(struct byaddr *byaddr, const struct deal_runs *runs)
{
	for (size_t i = 0; i < runs->count; i++) {
		struct addr addr = reverse_of(runs->list[i].link).addr;

		count_off_above(byaddr, &addr,
		    (uint32_t)runs->list[i].count);
	}
}

void
byaddr_remove_rest(struct byaddr *byaddr, const struct deal_list *rest)
{
	for (size_t i = 0; i < rest->count; i++) {
		struct reverse reverse = reverse_of(rest->entries[i].link);

		byaddr_remove(byaddr, &reverse, 1);
	}
}

static bool
goes_ahead(const struct byaddr *byaddr, const struct reverse *a,
    const struct reverse *b)
{
	const struct chunk_entry *x = sources_entry(byaddr->sources, a->node);
	const struct chunk_entry *y = sources_entry(byaddr->sources, b->node);
	int order;

	if (x == y)
		return reverse_compare(x->chunk, a->link, b->link) < 0;
	order = merge_compare(&(struct merge_part){
		.source = x->source, .position = x->position,
	    }, &(struct merge_part){
		.source = y->source, .position = y->position,
	    });
	return order < 0;
}

static int
compare_links(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Those that are in the list already stand in order. */
static void
sort_links(uint64_t *list, uint32_t count)
{
	uint32_t i = 1;

	while (i < count && list[i - 1] <= list[i])
		i++;
	if (i < count)
		qsort(list, count, sizeof(list[0]), compare_links);
}

/* Leave those in the list that count, each once; returns the one that wins, its
 * node NULL where none does. */
static struct reverse
clean_list(const struct byaddr *byaddr, struct made *made)
{
	struct reverse winner = { 0 };
	uint32_t kept = 0;

	sort_links(made->list, made->count);
	for (uint32_t i = 0; i < made->count; i++) {
		struct reverse reverse = reverse_of(made->list[i]);

		if ((kept > 0 && made->list[kept - 1] == reverse.link) ||
		    !does_count(byaddr, &reverse))
			continue;
		made->list[kept++] = reverse.link;
		if (winner.node == NULL ||
		    goes_ahead(byaddr, &reverse, &winner))
			winner = reverse;
	}
	made->count = kept;
	return winner;
}

static void
retire(const struct byaddr *byaddr, struct byaddr_hand *hand,
    struct made *made)
{
	if (made->version == byaddr->version)
		free(made);
	else
		trash_add(&hand->trash, made);
}

/* Nothing is left of an address: those above it must know. */
static void
drop(struct byaddr *byaddr, struct made *made)
{
	const struct addr addr = made->set.addr;
	const struct place place = place_of(byaddr, &addr, addr_bits(&addr));

	made->dirty = 0;
	table_change(byaddr->writer, place.hash, slot_of(&place, made), 0);
	count_off_above(byaddr, &addr, 1);
	free(made->list);
	retire(byaddr, &byaddr->own, made);
}

static struct made *
build(const struct byaddr *byaddr, const struct made *old,
    const struct node *winner)
{
	struct made *made = new_made(byaddr, &old->set.addr);

	made->set.winner = winner;
	made->list = old->list;
	made->count = old->count;
	made->room = old->room;
	return made;
}

/* false: nothing is left of the address, and it is to be dropped. */
static bool
settle_one(const struct byaddr *byaddr, struct byaddr_hand *hand,
    struct made *made)
{
	const struct addr addr = made->set.addr;
	const struct place place = place_of(byaddr, &addr, addr_bits(&addr));
	const struct reverse winner = clean_list(byaddr, made);

	if (made->count == 0)
		return false;
	made->dirty = 0;
	if (made->count > 1 && made->set.winner == winner.node)
		return true;
	if (made->count > 1) {
		table_change(hand->writer, place.hash, slot_of(&place, made),
		    slot_of(&place, build(byaddr, made, winner.node)));
	} else {
		table_change(hand->writer, place.hash, slot_of(&place, made),
		    table_slot_of_link(place.hash, winner.link));
		free(made->list);
	}
	retire(byaddr, hand, made);
	return true;
}

/* So many ahead, as byname.c has it. */
#define NEAR_MADE 12u
#define NEAR_LIST 8u
#define NEAR_NODES 4u

static inline __attribute__((always_inline)) void
look_ahead(const struct pointers *queue, size_t i)
{
	const struct made *made;

	if (i + NEAR_MADE < queue->count)
		__builtin_prefetch(queue->list[i + NEAR_MADE]);
	if (i + NEAR_LIST < queue->count) {
		made = queue->list[i + NEAR_LIST];
		__builtin_prefetch(made->list);
	}
	if (i + NEAR_NODES < queue->count) {
		made = queue->list[i + NEAR_NODES];
		for (uint32_t j = 0; j < made->count && j < 2; j++)
			__builtin_prefetch(table_pointer(made->list[j]));
	}
}

bool
byaddr_is_queued_apart(const struct byaddr *byaddr)
{
	return deal_queues_are_apart(&byaddr->queues);
}

void
byaddr_settle_part(struct byaddr *byaddr, struct byaddr_hand *hand,
    struct deal_part *part)
{
	struct pointers *queue = &byaddr->queues.of[part->number];
	size_t kept = 0;

	hand->writer = table_part_writer(part->table);
	for (size_t i = 0; i < queue->count; i++) {
		look_ahead(queue, i);
		if (!settle_one(byaddr, hand, queue->list[i]))
			queue->list[kept++] = queue->list[i];
	}
	queue->count = kept;
}

void
byaddr_settle(struct byaddr *byaddr)
{
	for (unsigned p = 0; p <= DEAL_PARTS; p++) {
		struct pointers *queue = &byaddr->queues.of[p];

		for (size_t i = 0; i < queue->count; i++) {
			look_ahead(queue, i);
			if (!settle_one(byaddr, &byaddr->own, queue->list[i]))
				drop(byaddr, queue->list[i]);
		}
	}
	deal_queues_clear(&byaddr->queues);
}

const struct table *
byaddr_freeze(struct byaddr *byaddr, struct trash *trash,
    struct table_garbage **garbage)
{
	assert(deal_queues_are_empty(&byaddr->queues));
	*trash = byaddr->own.trash;
	byaddr->own.trash = (struct trash){ 0 };
	byaddr->version++;
	return table_freeze(byaddr->writer, garbage);
}

void
byaddr_count(const struct byaddr *byaddr, size_t known[2])
{
	known[0] = byaddr->known[0];
	known[1] = byaddr->known[1];
}
