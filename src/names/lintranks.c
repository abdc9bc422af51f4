/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "dns/types.h"
#include "names/lintrule.h"

/* A record that is not among those served, and the RRset that is instead. */
struct hidden {
	const struct node *node;
	const struct rrset *rrset;
	struct origin origin;
	const struct rrset *winner;
};

static bool
is_address(const struct rrset *rrset)
{
	return rrset->type == TYPE_A || rrset->type == TYPE_AAAA;
}

/* What is served of this type, or else the CNAME, or else what there is
 * beside which a CNAME has no place; never what hostler made. */
static const struct rrset *
find_winner(const struct node *served, uint16_t type)
{
	const struct rrset *winner = node_find(served, type);
	const struct rrset *rrset = node_first(served);

	if (winner == NULL)
		winner = node_find(served, TYPE_CNAME);
	for (unsigned i = 0; winner == NULL && i < served->rrset_count; i++) {
		if (!(rrset->flags & (RRSET_OCCLUDED | RRSET_MADE)))
			winner = rrset;
		rrset = rrset_next(rrset);
	}
	return winner;
}

static const char *
kind_name(const struct rrset *rrset)
{
	switch (rrset->kind) {
	case SOURCE_ZONE:
		return "a zone";
	case SOURCE_HOSTS:
		return "a hosts file";
	default:
		return "a lease";
	}
}

static void
report_shadowed(struct lint_walk *walk, const struct hidden *hidden)
{
	const struct rrset *winner = hidden->winner;
	const struct lint_spot spot = {
		.id = LINT_SHADOWED,
		.origin = hidden->origin,
		.then = "zones come before hosts files, these before leases; "
		    "remove one of the two",
	};
	char name[DNAME_TEXT_MAX], place[LINT_PLACE_TEXT];
	char type[TYPE_TEXT], other[TYPE_TEXT];

	lint_report(walk, &spot, "%s %s is never given: the %s of %s comes "
	    "first (%s)", dname_print(node_name(hidden->node), name),
	    type_print(hidden->rrset->type, type),
	    type_print(winner->type, other), kind_name(winner),
	    lint_place(walk, rrset_origins(winner)[0], place));
}

static void
report_other(struct lint_walk *walk, const struct hidden *hidden)
{
	const struct lint_spot spot = {
		.id = LINT_OTHER_ADDRESSES,
		.origin = hidden->origin,
		.then = "this one is never given: of several entries of "
		    "`hosts` the first that has the name counts; remove the "
		    "line that is out of date",
	};
	char name[DNAME_TEXT_MAX], place[LINT_PLACE_TEXT];

	lint_report(walk, &spot, "%s has another address (%s)",
	    dname_print(node_name(hidden->node), name),
	    lint_place(walk, rrset_origins(hidden->winner)[0], place));
}

/* Between entries of `hosts` it is other-addresses; whatever else is hidden
 * is shadowed.  True: it was told. */
static bool
report_hidden(struct lint_walk *walk, const struct hidden *hidden)
{
	bool other = is_address(hidden->rrset) &&
	    hidden->rrset->kind == SOURCE_HOSTS &&
	    hidden->winner->kind == SOURCE_HOSTS &&
	    hidden->winner->type == hidden->rrset->type;

	if (!lint_wants(walk, other ? LINT_OTHER_ADDRESSES : LINT_SHADOWED,
	    hidden->origin))
		return false;
	if (other)
		report_other(walk, hidden);
	else
		report_shadowed(walk, hidden);
	return true;
}

/* Files of one folder add up: is this address of another file than the
 * first? */
static bool
is_beside(const struct lint_walk *walk, const struct hidden *given)
{
	struct origin first = rrset_origins(given->winner)[0];

	return given->rrset->kind == SOURCE_HOSTS &&
	    given->origin.chunk != first.chunk &&
	    strcmp(snapshot_place(walk->names, given->origin).path,
	    snapshot_place(walk->names, first).path) != 0;
}

static void
look_beside(struct lint_walk *walk, const struct hidden *given)
{
	const struct lint_spot spot = {
		.id = LINT_OTHER_ADDRESSES,
		.origin = given->origin,
		.then = "both are given; remove the line that is out of date, "
		    "or write the two into one file",
	};
	struct origin first = rrset_origins(given->winner)[0];
	char name[DNAME_TEXT_MAX], place[LINT_PLACE_TEXT];

	if (!is_beside(walk, given) ||
	    !lint_wants(walk, LINT_OTHER_ADDRESSES, given->origin))
		return;
	lint_report(walk, &spot, "%s has another address (%s)",
	    dname_print(node_name(given->node), name),
	    lint_place(walk, first, place));
}

/* Lines of one source add up, and so do leases: is all that this one has of
 * the type among what is served, but for what was too much? */
static bool
is_own(const struct lint_walk *walk, const struct hidden *own)
{
	return own->winner->type == own->rrset->type &&
	    own->winner->kind == own->rrset->kind &&
	    (own->rrset->kind == SOURCE_LEASE ||
	    lint_is_of_content(walk, rrset_origins(own->winner)[0]));
}

/* Its place in what is served; -1: left out, or nobody wants to know. */
static int
find_own(struct lint_walk *walk, const struct hidden *own,
    const struct lint_record *record)
{
	if (lint_is_full(own->winner, record->length))
		return lint_large_find(walk, record);
	if (!is_address(own->rrset) || !is_beside(walk, own))
		return -1;
	return lint_find_among(walk, record);
}

static void
look_own(struct lint_walk *walk, struct hidden *own)
{
	uint32_t offset = 0;

	for (unsigned i = 0; i < own->rrset->count; i++) {
		struct lint_record record = {
			.node = own->node,
			.served = own->winner,
			.origin = rrset_origins(own->rrset)[i],
		};
		int at;

		record.rdata = rrset_rdata(own->rrset, &offset,
		    &record.length);
		own->origin = record.origin;
		at = find_own(walk, own, &record);
		/* The very record that is given, not its like elsewhere. */
		if (at >= 0 && is_address(own->rrset) && memcmp(&own->origin,
		    &rrset_origins(own->winner)[at],
		    sizeof(struct origin)) == 0)
			look_beside(walk, own);
	}
}

/* Of what is hidden in an RRset one word is enough. */
static void
look_rrset(struct lint_walk *walk, const struct lint_owner *owner,
    const struct rrset *rrset)
{
	struct hidden hidden = {
		.node = owner->node,
		.rrset = rrset,
		.winner = find_winner(owner->served, rrset->type),
	};
	uint32_t offset = 0;

	if (hidden.winner == NULL)
		return;
	if (is_own(walk, &hidden)) {
		look_own(walk, &hidden);
		return;
	}
	for (unsigned i = 0; i < rrset->count; i++) {
		struct lint_record record = {
			.node = owner->node,
			.served = hidden.winner,
		};
		int at = -1;

		record.rdata = rrset_rdata(rrset, &offset, &record.length);
		hidden.origin = rrset_origins(rrset)[i];
		if (hidden.winner->type == rrset->type)
			at = lint_find_among(walk, &record);
		if (at < 0 && report_hidden(walk, &hidden))
			return;
	}
}

/* A zone says nothing at or below the apex of a deeper one that is loaded,
 * but for the delegation and its glue. */
static const struct area *
find_deeper(const struct lint_walk *walk, const struct node *node)
{
	const uint8_t *name = node_name(node);
	uint64_t hash[DNAME_LABELS_MAX + 1];
	unsigned labels = dname_hash_suffixes(snapshot_key(walk->names), name,
	    hash);
	const struct area *zone = snapshot_zone(walk->names, name, labels,
	    hash);

	return zone != NULL &&
	    zone->labels > walk->content->spec.domain.labels ? zone : NULL;
}

static void
look_deeper(struct lint_walk *walk, const struct node *node,
    const struct area *zone)
{
	const struct rrset *rrset = node_first(node);
	struct lint_spot spot = {
		.id = LINT_SHADOWED,
		.then = "move it into that zone's file, or remove it",
	};
	char name[DNAME_TEXT_MAX], type[TYPE_TEXT], apex[DNAME_TEXT_MAX];

	for (unsigned i = 0; i < node->rrset_count;
	     i++, rrset = rrset_next(rrset)) {
		if ((node->flags & NODE_CUT) || (is_address(rrset) &&
		    lint_is_glue(walk->cuts, node)))
			continue;
		spot.origin = rrset_origins(rrset)[0];
		if (!lint_wants(walk, LINT_SHADOWED, spot.origin))
			continue;
		lint_report(walk, &spot, "%s %s is never given: the zone %s "
		    "says what is there", dname_print(node_name(node), name),
		    type_print(rrset->type, type),
		    dname_print(zone->apex.wire, apex));
	}
}

static bool
is_of_cut(const struct lint_owner *owner, const struct rrset *rrset)
{
	return (owner->served->flags & NODE_CUT) &&
	    rrset->kind == SOURCE_ZONE;
}

void
lint_look_ranks(struct lint_walk *walk, const struct lint_owner *owner)
{
	const struct rrset *rrset = node_first(owner->node);
	const struct area *deeper;

	if (walk->content->spec.kind == SOURCE_ZONE) {
		deeper = find_deeper(walk, owner->node);
		if (deeper != NULL) {
			look_deeper(walk, owner->node, deeper);
			return;
		}
	}
	if (owner->served == NULL)
		return;
	for (unsigned i = 0; i < owner->node->rrset_count; i++) {
		if (!(rrset->flags & (RRSET_OCCLUDED | RRSET_MADE)) &&
		    !is_of_cut(owner, rrset))
			look_rrset(walk, owner, rrset);
		rrset = rrset_next(rrset);
	}
}
