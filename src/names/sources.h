/* SPDX-License-Identifier: BSD-2-Clause */
/* sources.h - which source a node comes from, and whether it counts.
 *
 * The index's own: contents that are loaded, and a table from the id of a
 * chunk to the content that holds it.  A node knows its chunk by the origin
 * of its first record.  A node whose chunk is in no content is dead; what
 * lists it drops it when it is built the next time.
 *
 * A zone says nothing of names at or below the apex of another loaded zone
 * that lies deeper: there, its nodes are hidden, but for the DS at the cut.
 *
 * The writer's thread only.
 */
#ifndef HOSTLER_NAMES_SOURCES_H
#define HOSTLER_NAMES_SOURCES_H

#include <stdbool.h>

#include "names/source.h"

struct source {
	struct content *content;
	const struct node *soa;		/* zones: has the SOA; NULL: none */
	struct dname *inner;		/* apexes of zones below this one's */
	unsigned inner_count;
};

enum chunk_state {
	CHUNK_HELD,
	CHUNK_COMING,
	CHUNK_LEAVING,
};

struct chunk_entry {
	const struct chunk *chunk;
	const struct source *source;	/* NULL: dead */
	uint32_t position;		/* in the content */
	enum chunk_state state;
};

struct sources {
	struct source **list;
	unsigned count;
	unsigned room;
	struct chunk_entry *chunks;	/* by id */
	uint32_t chunk_room;
	struct prefix *isolated;	/* addresses without a reverse name */
	size_t isolated_count;
};

void sources_init(struct sources *sources);
void sources_fini(struct sources *sources);	/* contents are left */

/* Put content in the place of old; either may be NULL.  Afterwards the chunks
 * that only one of them has are LEAVING (and dead) or COMING. */
void sources_replace(struct sources *sources, const struct content *old,
    struct content *content);
/* What was coming has come, what was leaving has left. */
void sources_settle(struct sources *sources, const struct content *old,
    const struct content *content);

bool sources_isolate(const struct sources *sources, const struct addr *addr);

const struct chunk_entry *sources_entry(const struct sources *sources,
    const struct node *node);
bool source_hides(const struct source *source, const struct node *node);
/* Hidden, but a delegation to the zone whose apex this is, with a DS: that
 * is the parent's to say (RFC 4035 3.1.4.1). */
bool source_signs_cut(const struct source *source, const struct node *node);

/* Find anew which zones lie below this one; true if that changed.  touched
 * then gets the apexes that were or are below (*count of them, to be freed):
 * nodes at or below one of these are to be looked at again. */
bool source_find_inner(const struct sources *sources, struct source *source,
    struct dname **touched, unsigned *count);
/* Is name at or below one of the apexes? */
bool source_is_within(const uint8_t *name, const struct dname *apexes,
    unsigned count);

#endif
