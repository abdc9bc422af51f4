/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/epoch.h"
#include "base/memory.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "names/byaddr.h"
#include "names/byname.h"
#include "names/indexfill.h"
#include "names/records.h"
#include "names/version.h"

#define MADE_TTL 5

/* Names and addresses that go to their table together (byname.h): a few hundred
 * kilobytes beside two contents and their tables. */
#define BATCH 4096u

/* A group deals to a part some cache lines, and stays in the cache.  Entries
 * that are held at once: 16 MB where nothing was, 2 MB beside a content that
 * readers still have, when the process is at its largest. */
static const struct index_sizes usual_sizes = {
	.apart = INDEX_APART,
	.group = 16384,
	.at_once = (size_t)1 << 20,
	.beside = (size_t)1 << 17,
};

/* What a commit replaced.  Readers of the version before may see it until they
 * have all passed `ticket`, which is taken once the new one is published. */
struct garbage {
	struct garbage *next;
	uint64_t ticket;		/* 0: not taken yet */
	struct snapshot *snapshot;
	struct trash names, addrs;
	struct table_garbage *name_table, *addr_table;
	struct content **contents;
	size_t content_count;
};

struct index {
	struct hash_key key;
	struct sources sources;
	struct byname *byname;
	struct byaddr *byaddr;
	struct index_area *configured;
	size_t configured_count;
	struct snapshot *current;
	struct content *apexes;		/* made for domains */
	uint32_t serial;
	struct parts parts;
	struct index_sizes sizes;
	bool changed;
	bool zones_changed;
	struct content **gone;		/* since the last commit */
	size_t gone_count, gone_room;
	struct garbage *first, *last;
};

struct index *
index_new(const struct hash_key *key)
{
	struct index *index = memory_zeroed(1, sizeof(*index));

	index->key = *key;
	sources_init(&index->sources);
	index->byname = byname_new(key, &index->sources);
	index->byaddr = byaddr_new(key, &index->sources);
	index->parts.workers = 1;
	index->sizes = usual_sizes;
	index->changed = true;
	return index;
}

void
index_set_parts(struct index *index, const struct parts *parts)
{
	index->parts = *parts;
}

void
index_set_sizes(struct index *index, const struct index_sizes *sizes)
{
	index->sizes = *sizes;
}

static void
free_snapshot(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	areas_free(snapshot->areas);
	free(snapshot->places);
	free(snapshot);
}

static void
free_garbage(struct garbage *garbage)
{
	free_snapshot(garbage->snapshot);
	trash_free(&garbage->names);
	trash_free(&garbage->addrs);
	table_garbage_free(garbage->name_table);
	table_garbage_free(garbage->addr_table);
	for (size_t i = 0; i < garbage->content_count; i++)
		content_free(garbage->contents[i]);
	free(garbage->contents);
	free(garbage);
}

static void
drop_first(struct index *index)
{
	struct garbage *garbage = index->first;

	index->first = garbage->next;
	if (index->first == NULL)
		index->last = NULL;
	free_garbage(garbage);
}

void
index_free(struct index *index)
{
	if (index == NULL)
		return;
	while (index->first != NULL)
		drop_first(index);
	byname_free(index->byname);
	byaddr_free(index->byaddr);
	for (size_t i = 0; i < index->gone_count; i++)
		content_free(index->gone[i]);
	for (unsigned i = 0; i < index->sources.count; i++)
		content_free(index->sources.list[i]->content);
	sources_fini(&index->sources);
	free_snapshot(index->current);
	free(index->configured);
	free(index->gone);
	free(index);
}

static void
touch_addresses(struct index *index, const struct chunk *chunk)
{
	struct reverse_cursor cursor = { 0 };
	struct reverse reverse;

	while (reverse_walk(chunk, &cursor, &reverse, 1) > 0)
		byaddr_touch(index->byaddr, &reverse);
}

static void
touch_chunk(struct index *index, const struct chunk *chunk)
{
	for (uint32_t i = 0; i < chunk->node_count; i++)
		byname_touch(index->byname, chunk_node(chunk, i));
	touch_addresses(index, chunk);
}

static enum chunk_state
state_of(const struct index *index, const struct chunk *chunk)
{
	return index->sources.chunks[chunk->id].state;
}

struct tally {
	size_t nodes;
	size_t names;
	size_t addrs;
};

static struct tally
count_chunks(const struct index *index, const struct content *content,
    enum chunk_state state)
{
	struct tally tally = { 0, 0, 0 };

	for (uint32_t i = 0; content && i < content->chunk_count; i++) {
		const struct chunk *chunk = content->chunks[i];

		if (state_of(index, chunk) != state)
			continue;
		tally.nodes += chunk->node_count;
		tally.names += chunk->node_count + chunk->short_count;
		tally.addrs += chunk->reverse_count;
	}
	return tally;
}

/* What is done with the chunks of a content that are in a state. */
struct pass {
	const struct content *content;
	enum chunk_state state;
	struct tally tally;
	void (*names)(struct byname *byname, struct node *const *nodes,
	    uint32_t count);
	void (*addrs)(struct byaddr *byaddr, const struct reverse *list,
	    uint32_t count);
	void (*apart)(const struct indexfill *fill,	/* where it is large */
	    const struct content *content);
	size_t more_names, more_addrs;	/* than there were */
	size_t at_once;			/* as of indexfill.h */
};

static void
pass_names(struct index *index, const struct pass *pass)
{
	const struct content *content = pass->content;
	size_t room = pass->tally.nodes < BATCH ? pass->tally.nodes : BATCH;
	struct node **nodes = memory_alloc(room * sizeof(struct node *));
	uint32_t count = 0;

	byname_reserve(index->byname, pass->more_names);
	for (uint32_t i = 0; i < content->chunk_count; i++) {
		const struct chunk *chunk = content->chunks[i];

		if (state_of(index, chunk) != pass->state)
			continue;
		for (uint32_t j = 0; j < chunk->node_count; j++) {
			nodes[count++] = chunk_node(chunk, j);
			if (count < room)
				continue;
			pass->names(index->byname, nodes, count);
			count = 0;
		}
	}
	pass->names(index->byname, nodes, count);
	free(nodes);
}

static void
pass_addrs(struct index *index, const struct pass *pass)
{
	const struct content *content = pass->content;
	size_t room = pass->tally.addrs < BATCH ? pass->tally.addrs : BATCH;
	struct reverse *list = memory_alloc(room * sizeof(*list));
	uint32_t count = 0;

	byaddr_reserve(index->byaddr, pass->more_addrs);
	for (uint32_t i = 0; i < content->chunk_count; i++) {
		struct reverse_cursor cursor = { 0 };

		if (state_of(index, content->chunks[i]) != pass->state)
			continue;
		for (;;) {
			count += reverse_walk(content->chunks[i], &cursor,
			    list + count, (uint32_t)room - count);
			if (count < room)
				break;
			pass->addrs(index->byaddr, list, count);
			count = 0;
		}
	}
	pass->addrs(index->byaddr, list, count);
	free(list);
}

static struct indexfill
fill_of(struct index *index)
{
	return (struct indexfill){
		.byname = index->byname,
		.byaddr = index->byaddr,
		.sources = &index->sources,
		.parts = &index->parts,
		.group = index->sizes.group,
	};
}

static bool
is_large(const struct index *index, const struct tally *tally)
{
	return tally->names + tally->addrs >= index->sizes.apart;
}

/* A small one goes a batch after the other. */
static void
work_pass(struct index *index, const struct pass *pass)
{
	struct indexfill fill = fill_of(index);

	fill.more_names = pass->more_names;
	fill.more_addrs = pass->more_addrs;
	fill.at_once = pass->at_once;
	if (is_large(index, &pass->tally)) {
		pass->apart(&fill, pass->content);
		return;
	}
	if (pass->tally.nodes > 0)
		pass_names(index, pass);
	if (pass->tally.addrs > 0)
		pass_addrs(index, pass);
}

static void
remove_leaving(struct index *index, const struct content *old)
{
	const struct pass pass = {
		.content = old,
		.state = CHUNK_LEAVING,
		.tally = count_chunks(index, old, CHUNK_LEAVING),
		.names = byname_remove,
		.addrs = byaddr_remove,
		.apart = indexfill_remove,
		.at_once = index->sizes.beside,
	};

	work_pass(index, &pass);
}

static void
add_coming(struct index *index, const struct content *old,
    const struct content *content)
{
	const struct tally leaving = count_chunks(index, old, CHUNK_LEAVING);
	struct pass pass = {
		.content = content,
		.state = CHUNK_COMING,
		.tally = count_chunks(index, content, CHUNK_COMING),
		.names = byname_add,
		.addrs = byaddr_add,
		.apart = indexfill_add,
		.at_once = old == NULL ? index->sizes.at_once :
		    index->sizes.beside,
	};

	if (pass.tally.names > leaving.names)
		pass.more_names = pass.tally.names - leaving.names;
	if (pass.tally.addrs > leaving.addrs)
		pass.more_addrs = pass.tally.addrs - leaving.addrs;
	work_pass(index, &pass);
}

/* The same chunks may rank differently now. */
static void
touch_held(struct index *index, const struct content *old,
    const struct content *content)
{
	if (old == NULL || old->spec.rank == content->spec.rank)
		return;
	for (uint32_t i = 0; i < content->chunk_count; i++) {
		if (state_of(index, content->chunks[i]) == CHUNK_HELD)
			touch_chunk(index, content->chunks[i]);
	}
}

static void
push_gone(struct index *index, struct content *old)
{
	if (index->gone_count == index->gone_room) {
		index->gone_room = index->gone_room * 2 + 4;
		index->gone = memory_resize(index->gone, index->gone_room,
		    sizeof(index->gone[0]));
	}
	index->gone[index->gone_count++] = old;
}

static bool
is_zone(const struct content *content)
{
	return content != NULL && content->spec.kind == SOURCE_ZONE;
}

void
index_replace(struct index *index, struct content *old,
    struct content *content)
{
	if (old == NULL && content == NULL)
		return;
	assert(old != content);
	sources_replace(&index->sources, old, content);
	if (old != NULL)
		remove_leaving(index, old);
	if (content != NULL) {
		add_coming(index, old, content);
		touch_held(index, old, content);
	}
	sources_settle(&index->sources, old, content);
	if (old != NULL)
		push_gone(index, old);
	index->changed = true;
	index->zones_changed |= is_zone(old) || is_zone(content);
}

static bool
has_areas(const struct index *index, const struct index_area *areas,
    size_t count)
{
	if (count != index->configured_count)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct index_area *a = &index->configured[i];
		const struct index_area *b = &areas[i];

		if (a->kind != b->kind || a->overlay != b->overlay ||
		    a->not_ready != b->not_ready ||
		    a->apex.length != b->apex.length || memcmp(a->apex.wire,
		    b->apex.wire, a->apex.length) != 0)
			return false;
	}
	return true;
}

void
index_set_areas(struct index *index, const struct index_area *areas,
    size_t count)
{
	if (has_areas(index, areas, count))
		return;
	free(index->configured);
	index->configured = memory_alloc(count * sizeof(*areas));
	if (count > 0)
		memcpy(index->configured, areas, count * sizeof(*areas));
	index->configured_count = count;
	index->changed = true;
}

static void
touch_addresses_below(struct index *index, const struct chunk *chunk,
    const struct dname *apexes, unsigned count)
{
	struct reverse_cursor cursor = { 0 };
	struct reverse reverse;

	while (reverse_walk(chunk, &cursor, &reverse, 1) > 0)
		if (source_is_within(node_name(reverse.node), apexes, count))
			byaddr_touch(index->byaddr, &reverse);
}

static void
touch_below(struct index *index, const struct content *content,
    const struct dname *apexes, unsigned count)
{
	for (uint32_t i = 0; i < content->chunk_count; i++) {
		const struct chunk *chunk = content->chunks[i];

		for (uint32_t j = 0; j < chunk->node_count; j++) {
			struct node *node = chunk_node(chunk, j);

			if (source_is_within(node_name(node), apexes, count))
				byname_touch(index->byname, node);
		}
		touch_addresses_below(index, chunk, apexes, count);
	}
}

/* A zone that came or went hides or shows what the zones around it have. */
static void
settle_zones(struct index *index)
{
	if (!index->zones_changed)
		return;
	for (unsigned i = 0; i < index->sources.count; i++) {
		struct source *source = index->sources.list[i];
		struct dname *touched;
		unsigned count;

		if (!is_zone(source->content) || !source_find_inner(
		    &index->sources, source, &touched, &count))
			continue;
		touch_below(index, source->content, touched, count);
		free(touched);
	}
	index->zones_changed = false;
}

static bool
has_isolated(const struct index *index, const struct prefix *prefixes,
    size_t count)
{
	const struct sources *sources = &index->sources;

	if (count != sources->isolated_count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (sources->isolated[i].length != prefixes[i].length ||
		    !addr_equal(&sources->isolated[i].addr,
		    &prefixes[i].addr))
			return false;
	}
	return true;
}

static void
touch_all_addresses(struct index *index, const struct content *content)
{
	for (uint32_t i = 0; i < content->chunk_count; i++)
		touch_addresses(index, content->chunks[i]);
}

void
index_set_isolated(struct index *index, const struct prefix *prefixes,
    size_t count)
{
	struct sources *sources = &index->sources;

	if (has_isolated(index, prefixes, count))
		return;
	free(sources->isolated);
	sources->isolated = memory_alloc(count * sizeof(*prefixes));
	if (count > 0)
		memcpy(sources->isolated, prefixes, count * sizeof(*prefixes));
	sources->isolated_count = count;
	for (unsigned i = 0; i < sources->count; i++)
		touch_all_addresses(index, sources->list[i]->content);
	index->changed = true;
}

static struct areas *
make_areas(const struct index *index)
{
	const struct areas_input input = {
		.key = &index->key,
		.sources = &index->sources,
		.configured = index->configured,
		.count = index->configured_count,
		.serial = index->serial,
	};

	return areas_new(&input);
}

static void
add_made(struct records *records, const struct area *area, uint32_t chunk)
{
	struct origin first;
	struct record record = {
		.owner = area->apex.wire,
		.type = TYPE_SOA,
		.ttl = MADE_TTL,
		.rdata = area->soa + 12,
		.rdata_length = (uint16_t)(area->soa_length - 12),
		.rrset_flags = RRSET_MADE,
		.node_flags = NODE_APEX,
		.kind = SOURCE_HOSTS,
		.origin = { .chunk = chunk },
	};

	records_add(records, &record, &first);
	record.type = TYPE_NS;
	record.rdata = area->apex.wire;
	record.rdata_length = area->apex.length;
	records_add(records, &record, &first);
}

/* SOA and NS at the apex of domains that lie in no zone, as a source of their
 * own that counts least. */
static void
settle_apexes(struct index *index, const struct areas *areas)
{
	const struct source_spec spec = {
		.kind = SOURCE_HOSTS,
		.path = "",
		.rank = UINT32_MAX,
	};
	struct content *old = index->apexes;
	const struct area *area;
	unsigned cursor = 0;

	index->apexes = NULL;
	area = areas_next_made(areas, &cursor);
	if (area != NULL) {
		struct chunk *chunk = chunk_new("", 1);
		struct records *records = records_new();

		for (; area != NULL; area = areas_next_made(areas, &cursor))
			add_made(records, area, chunk->id);
		records_finish(records, chunk);
		records_free(records);
		index->apexes = content_new(&spec);
		content_add(index->apexes, chunk);
	}
	index_replace(index, old, index->apexes);
}

static void
copy_places(const struct index *index, struct snapshot *snapshot)
{
	const struct sources *sources = &index->sources;

	snapshot->places = memory_zeroed(sources->chunk_room,
	    sizeof(snapshot->places[0]));
	snapshot->place_count = sources->chunk_room;
	for (uint32_t i = 0; i < sources->chunk_room; i++) {
		const struct chunk_entry *entry = &sources->chunks[i];

		if (entry->source != NULL)
			snapshot->places[i] = (struct place_entry){
				.path = entry->chunk->path,
				.first_line = entry->chunk->first_line,
			};
	}
}

static void
freeze(struct index *index, struct snapshot *snapshot)
{
	struct garbage *garbage = memory_zeroed(1, sizeof(*garbage));

	snapshot->names = byname_freeze(index->byname, &garbage->names,
	    &garbage->name_table);
	snapshot->addrs = byaddr_freeze(index->byaddr, &garbage->addrs,
	    &garbage->addr_table);
	garbage->snapshot = index->current;
	garbage->contents = index->gone;
	garbage->content_count = index->gone_count;
	index->gone = NULL;
	index->gone_count = 0;
	index->gone_room = 0;
	if (index->last != NULL)
		index->last->next = garbage;
	else
		index->first = garbage;
	index->last = garbage;
}

const struct snapshot *
index_commit(struct index *index, int64_t now_s)
{
	const struct indexfill fill = fill_of(index);
	struct snapshot *snapshot;

	if (!index->changed)
		return index->current;
	index->serial++;
	if (now_s > (int64_t)index->serial && now_s <= UINT32_MAX)
		index->serial = (uint32_t)now_s;
	snapshot = memory_zeroed(1, sizeof(*snapshot));
	snapshot->areas = make_areas(index);
	settle_apexes(index, snapshot->areas);
	settle_zones(index);
	indexfill_settle(&fill);
	snapshot->key = index->key;
	snapshot->serial = index->serial;
	byaddr_count(index->byaddr, snapshot->known);
	copy_places(index, snapshot);
	freeze(index, snapshot);
	index->current = snapshot;
	index->changed = false;
	return snapshot;
}

unsigned
index_reclaim(struct index *index)
{
	unsigned waiting = 0;
	uint64_t ticket = 0;

	for (struct garbage *g = index->first; g != NULL; g = g->next) {
		if (g->ticket == 0 && ticket == 0)
			ticket = epoch_advance();
		if (g->ticket == 0)
			g->ticket = ticket;
	}
	while (index->first != NULL && epoch_passed(index->first->ticket))
		drop_first(index);
	for (struct garbage *g = index->first; g != NULL; g = g->next)
		waiting++;
	return waiting;
}

size_t
index_name_count(const struct index *index)
{
	return byname_count(index->byname);
}

void
index_contributions(struct index *index, const uint8_t *name,
    void (*visit)(void *context, const struct node *node,
	const struct source_spec *spec), void *context)
{
	byname_contributions(index->byname, name, visit, context);
}
