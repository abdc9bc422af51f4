/* SPDX-License-Identifier: BSD-2-Clause */
/* local.h - what the local names say of one name: rules 0 to 3.
 *
 * The order in which they are asked:
 *
 *   cut, DNAME   on the way down from the apex of the deepest zone.  What a
 *                hosts file or a lease says of a name there still counts,
 *                and so does the DS at the cut itself.
 *   the name     its node; or an address whose reverse name it is; or,
 *                inside areas that are no overlay, an empty name.
 *   wildcard     over the closest encloser, at or below the area's apex.
 *   area         there is no such name; or nobody knows yet.
 *
 * Closest encloser: inside areas the deepest node that exists, empty or not
 * (RFC 4592 2.2.1).  Elsewhere (no area, an overlay) empty names are not
 * known, so that they end no search: the deepest known name, or a wildcard on
 * the way up to it.
 *
 * Pure reading; what comes out points into the snapshot.
 */
#ifndef HOSTLER_QUERY_LOCAL_H
#define HOSTLER_QUERY_LOCAL_H

#include <string.h>

#include "names/snapshot.h"

/* Are its last labels these?  wire: the root label too. */
static inline bool
path_ends_in(const struct dname_path *path, unsigned labels, const char *wire,
    size_t length)
{
	size_t at = path->labels < labels ? 0 :
	    path->at[path->labels - labels];

	return path->labels >= labels && path->length - at == length &&
	    memcmp(path->name + at, wire, length) == 0;
}

enum local_kind {
	LOCAL_NONE,			/* nothing: rules 4 and 5 */
	LOCAL_KNOWN,			/* node: its own, or a wildcard */
	LOCAL_REVERSE,			/* of an address that reverse has */
	LOCAL_EMPTY,			/* NODATA for every type */
	LOCAL_CUT,			/* node: the delegation */
	LOCAL_DNAME,			/* node: whose DNAME it is below */
	LOCAL_ABSENT,			/* NXDOMAIN of area */
	LOCAL_NOT_READY,		/* area's source was never read */
};

struct local {
	enum local_kind kind;
	bool has_below;			/* something known is below the name,
					 * whether or not that makes it known */
	uint32_t reverse_ttl;
	const struct node *exact;	/* of this very name, whatever kind
					 * comes of it; NULL: none; told */
	const struct node *node;
	const struct node *reverse;	/* beside KNOWN too, for PTR */
	const struct area *area;	/* the deepest; NULL: none */
	const struct area *zone;	/* the deepest of a zone file */
};

/* local->exact is set by the caller: what snapshot_find says of the name. */
void local_find(const struct snapshot *names, const struct dname_path *path,
    uint16_t type, struct local *local);

/* What the names of a view say (local), joined with what those of the level
 * above it say of the same name, as if both were one: known names and wildcards
 * of the view, then of above, then the rest.
 *
 * A cut or DNAME of the view goes ahead of all but what hosts files and leases
 * of above say of the name; the apex of a `domain` is no known name where above
 * has more than that, too.  A name is empty where either has a name below it;
 * of areas the deeper speaks, the view's where both are equal.
 *
 * True: *local is of above now. */
bool local_join(struct local *local, const struct local *above,
    uint16_t type);

/* Does it know the name so well that nothing above it can count? */
bool local_is_firm(const struct local *local);

/* Is it an area that owns all the names in it? */
static inline bool
area_is_closed(const struct area *area)
{
	return area != NULL && !area->overlay;
}

#endif
