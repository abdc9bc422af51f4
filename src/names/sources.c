/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/sources.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"

void
sources_init(struct sources *sources)
{
	memset(sources, 0, sizeof(*sources));
}

void
sources_fini(struct sources *sources)
{
	for (unsigned i = 0; i < sources->count; i++) {
		free(sources->list[i]->inner);
		free(sources->list[i]);
	}
	free(sources->list);
	free(sources->chunks);
	free(sources->isolated);
}

static struct chunk_entry *
entry_of(struct sources *sources, uint32_t id)
{
	uint32_t room = sources->chunk_room > 0 ? sources->chunk_room : 64;

	while (room <= id)
		room *= 2;
	if (room > sources->chunk_room) {
		sources->chunks = memory_resize(sources->chunks, room,
		    sizeof(sources->chunks[0]));
		memset(sources->chunks + sources->chunk_room, 0,
		    (room - sources->chunk_room) *
		    sizeof(sources->chunks[0]));
		sources->chunk_room = room;
	}
	return &sources->chunks[id];
}

static unsigned
find_source(const struct sources *sources, const struct content *content)
{
	unsigned i = 0;

	while (i < sources->count && sources->list[i]->content != content)
		i++;
	return i;
}

static struct source *
add_source(struct sources *sources)
{
	if (sources->count == sources->room) {
		sources->room = sources->room > 0 ? 2 * sources->room : 8;
		sources->list = memory_resize(sources->list, sources->room,
		    sizeof(sources->list[0]));
	}
	sources->list[sources->count] = memory_zeroed(1,
	    sizeof(struct source));
	return sources->list[sources->count++];
}

static void
remove_source(struct sources *sources, unsigned i)
{
	free(sources->list[i]->inner);
	free(sources->list[i]);
	sources->list[i] = sources->list[--sources->count];
}

static const struct node *
find_soa(const struct content *content)
{
	for (uint32_t i = 0; i < content->chunk_count; i++) {
		const struct chunk *chunk = content->chunks[i];

		for (uint32_t j = 0; j < chunk->node_count; j++) {
			if ((chunk_node(chunk, j)->flags & NODE_APEX) &&
			    node_find(chunk_node(chunk, j), TYPE_SOA) != NULL)
				return chunk_node(chunk, j);
		}
	}
	return NULL;
}

static void
leave_chunks(struct sources *sources, const struct content *old)
{
	for (uint32_t i = 0; i < old->chunk_count; i++) {
		struct chunk_entry *entry = entry_of(sources,
		    old->chunks[i]->id);

		entry->state = CHUNK_LEAVING;
		entry->source = NULL;
	}
}

static void
take_chunks(struct sources *sources, const struct source *source)
{
	const struct content *content = source->content;

	for (uint32_t i = 0; i < content->chunk_count; i++) {
		const struct chunk *chunk = content->chunks[i];
		struct chunk_entry *entry = entry_of(sources, chunk->id);
		bool stays = entry->chunk == chunk &&
		    entry->state == CHUNK_LEAVING;

		*entry = (struct chunk_entry){
			.chunk = chunk,
			.source = source,
			.position = i,
			.state = stays ? CHUNK_HELD : CHUNK_COMING,
		};
	}
}

void
sources_replace(struct sources *sources, const struct content *old,
    struct content *content)
{
	unsigned i = sources->count;
	struct source *source;

	if (old != NULL) {
		i = find_source(sources, old);
		assert(i < sources->count);
		leave_chunks(sources, old);
	}
	if (content == NULL) {
		if (old != NULL)
			remove_source(sources, i);
		return;
	}
	source = old != NULL ? sources->list[i] : add_source(sources);
	source->content = content;
	source->soa = content->spec.kind == SOURCE_ZONE ? find_soa(content) :
	    NULL;
	take_chunks(sources, source);
}

static void
settle_entry(struct sources *sources, uint32_t id)
{
	struct chunk_entry *entry = entry_of(sources, id);

	if (entry->state == CHUNK_LEAVING)
		entry->chunk = NULL;
	entry->state = CHUNK_HELD;
}

void
sources_settle(struct sources *sources, const struct content *old,
    const struct content *content)
{
	for (uint32_t i = 0; old != NULL && i < old->chunk_count; i++)
		settle_entry(sources, old->chunks[i]->id);
	for (uint32_t i = 0; content != NULL && i < content->chunk_count; i++)
		settle_entry(sources, content->chunks[i]->id);
}

bool
sources_isolate(const struct sources *sources, const struct addr *addr)
{
	for (size_t i = 0; i < sources->isolated_count; i++) {
		if (prefix_contains(&sources->isolated[i], addr))
			return true;
	}
	return false;
}

const struct chunk_entry *
sources_entry(const struct sources *sources, const struct node *node)
{
	uint32_t id = rrset_origins(node_first(node))[0].chunk;

	assert(node->rrset_count > 0 && id < sources->chunk_room);
	return &sources->chunks[id];
}

bool
source_is_within(const uint8_t *name, const struct dname *apexes,
    unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (dname_is_below_or_at(name, apexes[i].wire))
			return true;
	}
	return false;
}

bool
source_hides(const struct source *source, const struct node *node)
{
	return source->inner_count > 0 && source_is_within(node_name(node),
	    source->inner, source->inner_count);
}

bool
source_signs_cut(const struct source *source, const struct node *node)
{
	const uint8_t *name = node_name(node);
	bool found = false;

	if (!(node->flags & NODE_CUT) || node_find(node, TYPE_DS) == NULL)
		return false;
	for (unsigned i = 0; i < source->inner_count; i++) {
		const struct dname *apex = &source->inner[i];

		if (!dname_is_below_or_at(name, apex->wire))
			continue;
		if (apex->length != node->name_length)
			return false;
		found = true;
	}
	return found;
}

static bool
is_inner(const struct source *outer, const struct source *source)
{
	const struct source_spec *in = &source->content->spec;
	const struct source_spec *out = &outer->content->spec;

	return in->kind == SOURCE_ZONE && out->kind == SOURCE_ZONE &&
	    in->domain.labels > out->domain.labels &&
	    dname_is_below_or_at(in->domain.wire, out->domain.wire);
}

static bool
is_same_list(const struct dname *a, const struct dname *b, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (a[i].length != b[i].length ||
		    memcmp(a[i].wire, b[i].wire, a[i].length) != 0)
			return false;
	}
	return true;
}

bool
source_find_inner(const struct sources *sources, struct source *source,
    struct dname **touched, unsigned *count)
{
	unsigned room = source->inner_count + sources->count, found = 0;
	unsigned before = source->inner_count;
	struct dname *list = memory_alloc(room * sizeof(*list));

	for (unsigned i = 0; i < sources->count; i++) {
		if (is_inner(source, sources->list[i]))
			list[found++] = sources->list[i]->content->spec.domain;
	}
	if (found == before && is_same_list(list, source->inner, found)) {
		free(list);
		return false;
	}
	if (before > 0)
		memcpy(list + found, source->inner, before * sizeof(*list));
	*touched = list;
	*count = found + before;
	free(source->inner);
	source->inner = memory_alloc(found * sizeof(*list));
	memcpy(source->inner, list, found * sizeof(*list));
	source->inner_count = found;
	return true;
}
