/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/source.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Ids are given again after their chunk was freed, so that a table by id stays
 * as small as the number of chunks that live. */
static struct {
	uint32_t *free;
	uint32_t free_count;
	uint32_t free_room;
	uint32_t next;
} ids;

uint32_t
chunk_new_id(void)
{
	if (ids.free_count > 0)
		return ids.free[--ids.free_count];
	return ids.next++;
}

static void
give_back_id(uint32_t id)
{
	if (ids.free_count == ids.free_room) {
		ids.free_room = ids.free_room > 0 ? 2 * ids.free_room : 64;
		ids.free = memory_resize(ids.free, ids.free_room,
		    sizeof(ids.free[0]));
	}
	ids.free[ids.free_count++] = id;
}

struct content *
content_new(const struct source_spec *spec)
{
	struct content *content = memory_zeroed(1, sizeof(*content));

	content->spec = *spec;
	content->spec.path = memory_string(spec->path);
	content->spec.machines = NULL;	/* of use to parsers alone */
	content->spec.macs = NULL;
	return content;
}

struct chunk *
chunk_new(const char *path, uint32_t first_line)
{
	/* The nodes, which are nearly all of it, come in one block. */
	struct arena *arena = arena_new(sizeof(struct chunk));
	struct chunk *chunk = arena_alloc(arena, sizeof(*chunk));

	*chunk = (struct chunk){
		.id = chunk_new_id(),
		.references = 1,
		.arena = arena,
		.first_line = first_line,
	};
	chunk->path = arena_copy(arena, path, strlen(path) + 1);
	return chunk;
}

/* The array doubles at each power of two; its room needs no field. */
static void
append_chunk(struct content *content, struct chunk *chunk)
{
	uint32_t count = content->chunk_count;

	if ((count & (count - 1)) == 0)
		content->chunks = memory_resize(content->chunks,
		    count > 0 ? 2 * count : 1, sizeof(content->chunks[0]));
	content->chunks[content->chunk_count++] = chunk;
	content->record_count += chunk->record_count;
}

void
content_add(struct content *content, struct chunk *chunk)
{
	arena_trim(chunk->arena);
	append_chunk(content, chunk);
}

void
content_share(struct content *content, struct chunk *chunk)
{
	chunk->references++;
	append_chunk(content, chunk);
}

struct content *
content_ranked(const struct content *old, uint32_t rank)
{
	struct content *content = content_new(&old->spec);

	content->spec.rank = rank;
	content->serial = old->serial;
	content->soa_made = old->soa_made;
	content->due_s = old->due_s;
	for (uint32_t i = 0; i < old->chunk_count; i++)
		content_share(content, old->chunks[i]);
	return content;
}

void
chunk_drop(struct chunk *chunk)
{
	assert(chunk->references > 0);
	if (--chunk->references > 0)
		return;
	give_back_id(chunk->id);
	arena_free(chunk->arena);
}

void
content_cut(struct content *content, uint32_t count)
{
	/* The array's room follows from the number of chunks. */
	uint32_t left = content->chunk_count - count;
	struct chunk **chunks = content->chunks;

	content->chunks = NULL;
	content->chunk_count = 0;
	content->record_count = 0;
	for (uint32_t i = 0; i < count; i++)
		append_chunk(content, chunks[i]);
	for (uint32_t i = 0; i < left; i++)
		chunk_drop(chunks[count + i]);
	free(chunks);
}

void
content_free(struct content *content)
{
	if (content == NULL)
		return;
	for (uint32_t i = 0; i < content->chunk_count; i++)
		chunk_drop(content->chunks[i]);
	free(content->chunks);
	free((char *)content->spec.path);
	free(content);
}

static bool
is_same_spec(const struct source_spec *a, const struct source_spec *b)
{
	return a->kind == b->kind && a->rank == b->rank && a->ttl == b->ttl &&
	    a->overlay == b->overlay && a->has_domain == b->has_domain &&
	    strcmp(a->path, b->path) == 0 &&
	    (!a->has_domain || (a->domain.length == b->domain.length &&
	    memcmp(a->domain.wire, b->domain.wire, a->domain.length) == 0));
}

/* Everything but the places. */
static bool
is_same_node(const struct node *a, const struct node *b)
{
	const struct rrset *x = node_first(a), *y = node_first(b);

	if (memcmp(a, b, sizeof(*a)) != 0 ||
	    memcmp(node_name(a), node_name(b), a->name_length) != 0)
		return false;
	for (unsigned i = 0; i < a->rrset_count; i++) {
		if (memcmp(x, y, sizeof(*x)) != 0 ||
		    rrset_expiry(x) != rrset_expiry(y) ||
		    memcmp(rrset_wire(x), rrset_wire(y), x->length) != 0)
			return false;
		x = rrset_next(x);
		y = rrset_next(y);
	}
	return true;
}

static bool
is_same_chunk(const struct chunk *a, const struct chunk *b)
{
	if (a == b)
		return true;
	if (a->node_count != b->node_count ||
	    a->listed_count != b->listed_count)
		return false;
	for (uint32_t i = 0; i < a->node_count; i++) {
		if (!is_same_node(chunk_node(a, i), chunk_node(b, i)))
			return false;
	}
	for (uint32_t i = 0; i < a->listed_count; i++) {
		const struct chunk_reverse *x = &a->listed[i];
		const struct chunk_reverse *y = &b->listed[i];

		if (x->before != y->before ||
		    !addr_equal(&x->addr, &y->addr) ||
		    !is_same_node(x->node, y->node))
			return false;
	}
	return true;
}

bool
content_equal(const struct content *a, const struct content *b)
{
	if (a->chunk_count != b->chunk_count || a->serial != b->serial ||
	    a->soa_made != b->soa_made || !is_same_spec(&a->spec, &b->spec))
		return false;
	for (uint32_t i = 0; i < a->chunk_count; i++) {
		if (!is_same_chunk(a->chunks[i], b->chunks[i]))
			return false;
	}
	return true;
}

static bool
has_same_places(const struct node *a, const struct node *b)
{
	const struct rrset *x = node_first(a), *y = node_first(b);

	for (unsigned i = 0; i < a->rrset_count; i++) {
		for (unsigned k = 0; k < x->count; k++) {
			struct origin s = rrset_origins(x)[k];
			struct origin t = rrset_origins(y)[k];

			if (s.line != t.line || s.column != t.column)
				return false;
		}
		x = rrset_next(x);
		y = rrset_next(y);
	}
	return true;
}

/* Of a chunk that both have, the lines may have moved: then one before it has
 * another number of them. */
bool
content_places_equal(const struct content *a, const struct content *b)
{
	for (uint32_t i = 0; i < a->chunk_count; i++) {
		const struct chunk *x = a->chunks[i], *y = b->chunks[i];

		if (x == y)
			continue;
		if (x->first_line != y->first_line ||
		    x->line_count != y->line_count ||
		    strcmp(x->path, y->path) != 0)
			return false;
		for (uint32_t k = 0; k < x->node_count; k++) {
			if (!has_same_places(chunk_node(x, k),
			    chunk_node(y, k)))
				return false;
		}
	}
	return true;
}
