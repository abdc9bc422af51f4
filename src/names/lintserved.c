/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/lintfirsts.h"
#include "names/lintrule.h"
#include "names/version.h"

/* Of a link: its content says the name in a further chunk, too. */
#define AGAIN 1u

struct lint_served {
	struct lint_firsts *firsts;	/* of names with company */
	uint32_t *source_of;		/* by the id of a chunk */
	uint32_t chunks;
};

static const struct node *
node_of(uint64_t link)
{
	return (const struct node *)(uintptr_t)(link & ~7ull);
}

static uint64_t
hash_of_link(const void *context, uint64_t link)
{
	return lint_name_hash(context, node_of(link));
}

static uint32_t
last_chunk(const struct content *content)
{
	uint32_t last = 0;

	for (uint32_t i = 0; i < content->chunk_count; i++)
		if (content->chunks[i]->id > last)
			last = content->chunks[i]->id;
	return last;
}

static void
note_chunks(struct lint_served *served, const struct content *content,
    uint32_t source)
{
	uint32_t last = last_chunk(content);

	if (last >= served->chunks) {
		served->source_of = memory_resize(served->source_of,
		    last + 1u, sizeof(served->source_of[0]));
		memset(served->source_of + served->chunks, 0,
		    (last + 1u - served->chunks) *
		    sizeof(served->source_of[0]));
		served->chunks = last + 1;
	}
	for (uint32_t i = 0; i < content->chunk_count; i++)
		served->source_of[content->chunks[i]->id] = source;
}

struct lint_served *
lint_served_new(const struct lint_walk *walk)
{
	const struct lint_input *input = walk->input;
	struct lint_served *served = memory_zeroed(1, sizeof(*served));

	served->firsts = lint_firsts_new(lint_company_count(walk->sieve),
	    hash_of_link, snapshot_key(walk->names));
	for (size_t i = 0; i < input->content_count; i++)
		note_chunks(served, input->contents[i],
		    walk->findings->sources + (uint32_t)i + 1);
	return served;
}

void
lint_served_free(struct lint_served *served)
{
	lint_firsts_free(served->firsts);
	free(served->source_of);
	free(served);
}

static bool
is_same_owner(const struct node *a, const struct node *b)
{
	return a->name_length == b->name_length &&
	    memcmp(node_name(a), node_name(b), a->name_length) == 0;
}

/* 0: none was met yet. */
static uint64_t
find_first(const struct lint_served *served, const struct node *node,
    uint64_t hash, struct lint_firsts_cursor *cursor)
{
	uint64_t link;

	do
		link = lint_firsts_next(served->firsts, hash, cursor);
	while (link != 0 && !is_same_owner(node_of(link), node));
	return link;
}

bool
lint_is_of_content(const struct lint_walk *walk, struct origin origin)
{
	return origin.chunk < walk->served->chunks &&
	    walk->served->source_of[origin.chunk] == walk->source;
}

/* Is what is served of each of the node's types what `first`, of an earlier
 * source, has of it?  The first source is served whole (merge.h); but leases
 * add up, and zones have rules of their own. */
static bool
is_answer(const struct lint_walk *walk, const struct node *first,
    const struct node *node)
{
	const struct rrset *rrset = node_first(node);

	if (first->kind == SOURCE_LEASE || (first->kind == SOURCE_ZONE &&
	    (walk->zones > 1 || (first->flags & (NODE_CUT |
	    NODE_DNAME | NODE_LIMITED | NODE_APEX)))))
		return false;
	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (node_find(first, rrset->type) == NULL)
			return false;
		rrset = rrset_next(rrset);
	}
	return true;
}

/* NULL: it has to be looked up. */
static const struct node *
guess(struct lint_walk *walk, const struct node *node, uint64_t hash)
{
	struct lint_firsts *firsts = walk->served->firsts;
	struct lint_firsts_cursor cursor = { 0 };
	uint64_t link = find_first(walk->served, node, hash, &cursor);

	if (link == 0) {
		lint_firsts_add(firsts, hash, (uintptr_t)node);
		/* Several zones may hide each other's names, and of one label
		 * are those that others are known by, too. */
		return node->labels == 1 || (walk->zones > 1 &&
		    walk->content->spec.kind == SOURCE_ZONE) ? NULL : node;
	}
	if (lint_is_of_content(walk,
	    rrset_origins(node_first(node_of(link)))[0])) {
		lint_firsts_mark(firsts, &cursor, AGAIN);
		return NULL;
	}
	return node->labels > 1 && !(link & AGAIN) &&
	    is_answer(walk, node_of(link), node) ? node_of(link) : NULL;
}

/* One that has company. */
struct asked {
	struct lint_owner *owner;
	uint64_t hash;
};

static void
prefetch_firsts(const struct lint_firsts *firsts, const struct asked *asked,
    uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct lint_firsts_cursor cursor = { 0 };
		uint64_t link = lint_firsts_next(firsts, asked[i].hash,
		    &cursor);

		if (link == 0)
			continue;
		__builtin_prefetch(node_of(link));
		__builtin_prefetch((const char *)node_of(link) + 64);
	}
}

/* The lookups of a window's names wait for memory together. */
static void
look_up(struct lint_walk *walk, struct lint_owner **owners, uint32_t count)
{
	uint64_t hash[LINT_WINDOW];

	walk->findings->looked_up += count;
	for (uint32_t i = 0; i < count; i++) {
		hash[i] = dname_hash(snapshot_key(walk->names),
		    node_name(owners[i]->node));
		snapshot_prefetch(walk->names, hash[i]);
	}
	for (uint32_t i = 0; i < count; i++)
		snapshot_prefetch_node(walk->names, hash[i]);
	for (uint32_t i = 0; i < count; i++)
		owners[i]->served = snapshot_find(walk->names, hash[i],
		    node_name(owners[i]->node), owners[i]->node->name_length);
}

void
lint_find_served(struct lint_walk *walk, struct lint_owner *owners,
    uint32_t count)
{
	struct asked asked[LINT_WINDOW];
	struct lint_owner *unknown[LINT_WINDOW];
	uint32_t some = 0, left = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t hash = lint_name_hash(snapshot_key(walk->names),
		    owners[i].node);

		owners[i].served = owners[i].node;
		if (!lint_has_company(walk, hash))
			continue;
		lint_firsts_prefetch(walk->served->firsts, hash);
		asked[some++] = (struct asked){ &owners[i], hash };
	}
	prefetch_firsts(walk->served->firsts, asked, some);
	for (uint32_t i = 0; i < some; i++) {
		struct lint_owner *owner = asked[i].owner;

		owner->served = guess(walk, owner->node, asked[i].hash);
		if (owner->served == NULL)
			unknown[left++] = owner;
	}
	look_up(walk, unknown, left);
}
