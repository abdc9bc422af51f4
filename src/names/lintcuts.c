/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"
#include "names/lintrule.h"

/* The lower targets of all NS records at and below cuts, sorted, made when a
 * first address below a cut asks for it: what is named there is glue, also
 * that of another delegation (RFC 9471 2.2). */
struct lint_cuts {
	const struct lint_input *input;
	struct dname *targets;
	size_t count;
	size_t room;
	bool has_targets;
};

static bool
has_cut(const struct lint_input *input, const struct content *content)
{
	for (uint32_t i = 0; i < content->chunk_count &&
	     !lint_is_stopped(input); i++) {
		const struct chunk *chunk = content->chunks[i];

		for (uint32_t j = 0; j < chunk->node_count; j++) {
			if (chunk_node(chunk, j)->flags &
			    (NODE_CUT | NODE_DNAME))
				return true;
		}
	}
	return false;
}

struct lint_cuts *
lint_cuts_new(const struct lint_input *input)
{
	for (size_t i = 0; i < input->content_count; i++) {
		const struct content *content = input->contents[i];

		if (content->spec.kind == SOURCE_ZONE &&
		    has_cut(input, content)) {
			struct lint_cuts *cuts = memory_zeroed(1,
			    sizeof(*cuts));

			cuts->input = input;
			return cuts;
		}
	}
	return NULL;
}

void
lint_cuts_free(struct lint_cuts *cuts)
{
	if (cuts != NULL)
		free(cuts->targets);
	free(cuts);
}

static void
add_targets(struct lint_cuts *cuts, const struct rrset *rrset)
{
	uint32_t offset = 0;

	for (unsigned i = 0; i < rrset->count; i++) {
		uint16_t length;
		const uint8_t *rdata = rrset_rdata(rrset, &offset, &length);

		if (cuts->count == cuts->room) {
			cuts->room = cuts->room > 0 ? 2 * cuts->room : 16;
			cuts->targets = memory_resize(cuts->targets,
			    cuts->room, sizeof(cuts->targets[0]));
		}
		cuts->targets[cuts->count] = dname_of(rdata);
		dname_lower(cuts->targets[cuts->count++].wire);
	}
}

static int
compare_names(const void *left, const void *right)
{
	const struct dname *a = left, *b = right;

	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return memcmp(a->wire, b->wire, a->length);
}

static void
gather_targets(struct lint_cuts *cuts, const struct content *content)
{
	for (uint32_t i = 0; i < content->chunk_count &&
	     !lint_is_stopped(cuts->input); i++) {
		const struct chunk *chunk = content->chunks[i];

		for (uint32_t j = 0; j < chunk->node_count; j++) {
			const struct node *node = chunk_node(chunk, j);
			const struct rrset *ns = node_find_glue(node,
			    TYPE_NS);

			if (ns != NULL)
				add_targets(cuts, ns);
		}
	}
}

bool
lint_is_glue(struct lint_cuts *cuts, const struct node *node)
{
	const struct lint_input *input;
	struct dname name;

	if (cuts == NULL)
		return false;
	input = cuts->input;
	if (!cuts->has_targets) {
		cuts->has_targets = true;
		for (size_t i = 0; i < input->content_count; i++) {
			if (input->contents[i]->spec.kind == SOURCE_ZONE)
				gather_targets(cuts, input->contents[i]);
		}
		if (cuts->count > 1)
			qsort(cuts->targets, cuts->count,
			    sizeof(cuts->targets[0]), compare_names);
	}
	name = dname_of(node_name(node));
	return cuts->count > 0 && bsearch(&name, cuts->targets, cuts->count,
	    sizeof(name), compare_names) != NULL;
}

/* The cut at or above a name, or the DNAME above it, that is nearest to the
 * apex of its zone; NULL: none. */
static const struct node *
find_cut(const struct lint_walk *walk, const struct node *owner)
{
	const uint8_t *name = node_name(owner);
	uint64_t hash[DNAME_LABELS_MAX + 1];
	unsigned labels = dname_hash_suffixes(snapshot_key(walk->names), name,
	    hash);
	const struct area *zone = snapshot_zone(walk->names, name, labels,
	    hash);

	if (zone == NULL)
		return NULL;
	for (unsigned i = labels - zone->labels + 1; i-- > 0;) {
		const uint8_t *suffix = dname_skip(name, i);
		const struct node *node = snapshot_find(walk->names, hash[i],
		    suffix, owner->name_length - (unsigned)(suffix - name));

		if (node == NULL)
			continue;
		if ((node->flags & NODE_CUT) ||
		    ((node->flags & NODE_DNAME) && i > 0))
			return node;
	}
	return NULL;
}

/* "zone cut dev.lab. (lab.zone:12)" */
#define CUT_TEXT (DNAME_TEXT_MAX + LINT_PLACE_TEXT + 20)

static void
describe_cut(const struct lint_walk *walk, const struct node *cut,
    char text[CUT_TEXT])
{
	bool is_dname = !(cut->flags & NODE_CUT);
	const struct rrset *rrset = node_find_glue(cut,
	    is_dname ? TYPE_DNAME : TYPE_NS);
	char name[DNAME_TEXT_MAX], place[LINT_PLACE_TEXT];

	dname_print(node_name(cut), name);
	if (rrset != NULL)
		snprintf(text, CUT_TEXT, "%s %s (%s)",
		    is_dname ? "DNAME" : "zone cut", name,
		    lint_place(walk, rrset_origins(rrset)[0], place));
	else
		snprintf(text, CUT_TEXT, "%s %s",
		    is_dname ? "DNAME" : "zone cut", name);
}

static const char *
say_where(const struct node *node, const struct node *cut)
{
	return node->name_length == cut->name_length ? "at" : "below";
}

/* ---- below-cut ---- */

static void
look_below(struct lint_walk *walk, const struct node *node)
{
	const struct node *cut = find_cut(walk, node);
	const struct lint_spot spot = {
		.id = LINT_BELOW_CUT,
		.origin = rrset_origins(node_first(node))[0],
		.then = "it is served all the same; it belongs in the zone "
		    "that is delegated there, or the delegation should go",
	};
	char name[DNAME_TEXT_MAX], text[CUT_TEXT];

	if (cut == NULL || !lint_wants(walk, LINT_BELOW_CUT, spot.origin))
		return;
	describe_cut(walk, cut, text);
	lint_report(walk, &spot, "%s lies %s the %s",
	    dname_print(node_name(node), name), say_where(node, cut), text);
}

/* ---- occluded ---- */

/* What a zone may have below a cut without anybody asking for it there. */
static bool
is_excused(struct lint_cuts *cuts, const struct node *cut,
    const struct node *node, uint16_t type)
{
	if (type == TYPE_RRSIG || type == TYPE_NSEC || type == TYPE_NSEC3)
		return true;
	return (cut->flags & NODE_CUT) &&
	    (type == TYPE_A || type == TYPE_AAAA) && lint_is_glue(cuts, node);
}

static void
look_occluded(struct lint_walk *walk, const struct node *node,
    const struct rrset *rrset)
{
	const struct node *cut = find_cut(walk, node);
	const struct lint_spot spot = {
		.id = LINT_OCCLUDED,
		.origin = rrset_origins(rrset)[0],
		.then = "there only the addresses of its name servers have a "
		    "use; write it into the zone that is delegated, or take "
		    "the delegation out",
	};
	char name[DNAME_TEXT_MAX], type[TYPE_TEXT], text[CUT_TEXT];

	if (cut == NULL || is_excused(walk->cuts, cut, node, rrset->type) ||
	    !lint_wants(walk, LINT_OCCLUDED, spot.origin))
		return;
	describe_cut(walk, cut, text);
	lint_report(walk, &spot, "%s %s is never answered: it lies %s the %s",
	    dname_print(node_name(node), name),
	    type_print(rrset->type, type), say_where(node, cut), text);
}

void
lint_look_cuts(struct lint_walk *walk, const struct lint_owner *owner)
{
	const struct node *node = owner->node;
	const struct rrset *rrset = node_first(node);

	if (walk->cuts == NULL)
		return;
	if (walk->content->spec.kind != SOURCE_ZONE) {
		look_below(walk, node);
		return;
	}
	if (!(node->flags & NODE_LIMITED))
		return;
	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (rrset->flags & RRSET_OCCLUDED)
			look_occluded(walk, node, rrset);
		rrset = rrset_next(rrset);
	}
}
