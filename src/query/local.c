/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/local.h"

#include <string.h>

#include "dns/types.h"

/* The node of the suffix that has `depth` labels, fewer than the name. */
static const struct node *
find_at(const struct snapshot *names, const struct dname_path *path,
    unsigned depth)
{
	unsigned skip = path->labels - depth;

	return snapshot_find(names, dname_path_hash(path, skip),
	    dname_path_suffix(path, skip), path->length - path->at[skip]);
}

static const struct node *
find_wildcard_at(const struct snapshot *names, const struct dname_path *path,
    unsigned depth)
{
	unsigned skip = path->labels - depth;
	unsigned length = path->length - path->at[skip];
	uint8_t wildcard[DNAME_MAX];

	if (length + 2 > sizeof(wildcard))
		return NULL;
	wildcard[0] = 1;
	wildcard[1] = '*';
	memcpy(wildcard + 2, dname_path_suffix(path, skip), length);
	return snapshot_find(names,
	    dname_path_hash_child(path, skip, wildcard + 1, 1), wildcard,
	    length + 2);
}

static bool
is_under_arpa(const struct dname_path *path)
{
	return path->labels > 2 &&
	    path_ends_in(path, 1, "\4arpa", sizeof("\4arpa"));
}

static void
find_reverse(const struct snapshot *names, const struct dname_path *path,
    struct local *local)
{
	struct addr addr;
	unsigned bits;

	if (!is_under_arpa(path) || !dname_to_addr(path->name, &addr, &bits) ||
	    bits == 0)
		return;
	if (bits == (addr.family == 4 ? 32u : 128u))
		local->reverse = snapshot_reverse(names, &addr,
		    &local->reverse_ttl);
	else if (snapshot_reverse_below(names, &addr, bits))
		local->has_below = true;
}

/* Is there anything here that did not come from the zone file?  Below a cut
 * that alone is served. */
static bool
has_guest(const struct node *node)
{
	const struct rrset *rrset = node_first(node);

	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (rrset->kind > SOURCE_ZONE &&
		    !(rrset->flags & RRSET_OCCLUDED))
			return true;
		rrset = rrset_next(rrset);
	}
	return false;
}

/* What the node at this depth of the zone hands away, if anything. */
static enum local_kind
judge_cut(const struct node *node, unsigned depth,
    const struct dname_path *path, const struct area *zone)
{
	if (node->labels != depth)	/* short for a name elsewhere */
		return LOCAL_NONE;
	if ((node->flags & NODE_CUT) && depth > zone->labels)
		return LOCAL_CUT;
	if ((node->flags & NODE_DNAME) && depth < path->labels)
		return LOCAL_DNAME;
	return LOCAL_NONE;
}

/* The first cut or DNAME on the way down.  A zone that was never read has
 * neither, and hides those of the zone around it. */
static bool
find_cut(const struct snapshot *names, const struct dname_path *path,
    struct local *local)
{
	const struct area *zone = local->zone;

	if (zone == NULL || zone->not_ready)
		return false;
	if (local->area->kind == AREA_ZONE &&
	    local->area->labels > zone->labels)
		return false;
	for (unsigned d = zone->labels; d <= path->labels; d++) {
		const struct node *node = d == path->labels ? local->exact :
		    find_at(names, path, d);

		if (node == NULL)
			return false;
		local->kind = judge_cut(node, d, path, zone);
		local->node = node;
		if (local->kind != LOCAL_NONE)
			return true;
	}
	return false;
}

/* Does what the exact name has go ahead of the cut or DNAME above it? */
static bool
is_served_there(const struct local *local, const struct node *exact,
    uint16_t type)
{
	if (local->kind == LOCAL_CUT && exact == local->node) {
		if (type == TYPE_DS)
			return true;
		if (type == TYPE_NS)
			return false;
	}
	return local->reverse != NULL || (exact != NULL && has_guest(exact));
}

static bool
find_exact(const struct node *exact, struct local *local)
{
	if (exact != NULL && node_is_served(exact))
		local->kind = LOCAL_KNOWN;
	else if (local->reverse != NULL)
		local->kind = LOCAL_REVERSE;
	else if (local->has_below && area_is_closed(local->area) &&
	    !local->area->not_ready)	/* its file may say more */
		local->kind = LOCAL_EMPTY;
	else
		return false;
	local->node = exact;
	return true;
}

static bool
find_wildcard(const struct snapshot *names, const struct dname_path *path,
    struct local *local)
{
	bool closed = area_is_closed(local->area);
	unsigned apex = local->area != NULL ? local->area->labels : 0;
	unsigned depth = apex;

	while (depth + 1 < path->labels &&
	    find_at(names, path, depth + 1) != NULL)
		depth++;
	for (;; depth--) {
		const struct node *node, *encloser;

		if (depth == path->labels || (depth == 0 && !closed))
			return false;
		node = find_wildcard_at(names, path, depth);
		if (node != NULL && (closed || node_is_served(node))) {
			local->kind = node_is_served(node) ? LOCAL_KNOWN :
			    LOCAL_EMPTY;
			local->node = node;
			return true;
		}
		if (closed || depth == apex)
			return false;
		encloser = find_at(names, path, depth);
		if (encloser != NULL && node_is_served(encloser))
			return false;
	}
}

void
local_find(const struct snapshot *names, const struct dname_path *path,
    uint16_t type, struct local *local)
{
	const struct node *exact = local->exact;
	struct areas_found found;

	snapshot_areas(names, path, 0, &found);
	*local = (struct local){
		.has_below = exact != NULL,
		.exact = exact,
		.area = found.area,
		.zone = found.zone,
	};
	if (exact == NULL || type == TYPE_PTR || !node_is_served(exact))
		find_reverse(names, path, local);
	if (find_cut(names, path, local)) {
		if (!is_served_there(local, exact, type))
			return;
		if (type == TYPE_DS && exact == local->node) {
			local->kind = LOCAL_KNOWN;
			return;
		}
	}
	local->kind = LOCAL_NONE;
	local->node = NULL;
	if (find_exact(exact, local) || find_wildcard(names, path, local))
		return;
	if (local->area != NULL && local->area->not_ready)
		local->kind = LOCAL_NOT_READY;
	else if (area_is_closed(local->area))
		local->kind = LOCAL_ABSENT;
}

/* Is there nothing but what hostler made for an apex? */
static bool
is_made(const struct node *node)
{
	const struct rrset *rrset = node_first(node);

	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (!(rrset->flags & RRSET_MADE))
			return false;
		rrset = rrset_next(rrset);
	}
	return true;
}

bool
local_is_firm(const struct local *local)
{
	return local->kind == LOCAL_REVERSE ||
	    (local->kind == LOCAL_KNOWN && !is_made(local->node));
}

static bool
is_known(const struct local *local)
{
	return local->kind == LOCAL_KNOWN || local->kind == LOCAL_REVERSE ||
	    local->kind == LOCAL_CUT || local->kind == LOCAL_DNAME;
}

/* Does a view that knows the name leave it to what is above all the same? */
static bool
yields(const struct local *local, const struct local *above, uint16_t type)
{
	if (local_is_firm(local))
		return false;
	if (local->kind == LOCAL_KNOWN)
		return is_known(above);
	if (type == TYPE_NS && local->exact == local->node)
		return false;
	return above->reverse != NULL ||
	    (above->exact != NULL && has_guest(above->exact));
}

/* Where both are of one apex, the one whose file may say more. */
static bool
is_nearer(const struct area *above, const struct area *area)
{
	if (above == NULL || area == NULL)
		return above != NULL;
	return above->labels > area->labels ||
	    (above->labels == area->labels && above->not_ready);
}

static enum local_kind
judge_unknown(const struct area *area, bool empty)
{
	if (area != NULL && area->not_ready)
		return LOCAL_NOT_READY;
	if (!area_is_closed(area))
		return LOCAL_NONE;
	return empty ? LOCAL_EMPTY : LOCAL_ABSENT;
}

static bool
join_unknown(struct local *local, const struct local *above)
{
	bool below = local->has_below || above->has_below;
	bool empty = below || local->kind == LOCAL_EMPTY ||
	    above->kind == LOCAL_EMPTY;
	bool nearer = is_nearer(above->area, local->area);

	if (nearer)
		*local = *above;
	local->has_below = below;
	local->kind = judge_unknown(local->area, empty);
	return nearer;
}

bool
local_join(struct local *local, const struct local *above, uint16_t type)
{
	if (!is_known(local) && !is_known(above))
		return join_unknown(local, above);
	if (is_known(local) && !yields(local, above, type))
		return false;
	*local = *above;
	return true;
}
