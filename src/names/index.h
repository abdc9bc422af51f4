/* SPDX-License-Identifier: BSD-2-Clause */
/* index.h - the writer's side of the names: contents in, snapshots out.
 *
 * The index holds, per owner, every contribution of every source in rank
 * order, so that taking the winner away brings the shadowed one back.  A
 * change costs what it changes: index_replace compares old and new content
 * chunk by chunk, then touches the owners of chunks that differ, and those
 * alone; index_commit publishes a version that shares all the rest with the
 * one before (table.h).
 *
 * What merging does (CONTRACT 3): of several contributions to one owner, per
 * type, the first of zone, hosts, lease is served whole; lines of one hosts
 * entry add up, between entries the first is served whole; where the first
 * source that holds the name has a CNAME nothing of later ones is served,
 * where it has other data a later CNAME is not.
 *
 * One thread writes; it may let several put a large content into the tables
 * (index_set_parts; indexfill.h).  Ownership: the index
 * takes contents and frees them, and what else a version replaced, when no
 * reader can see them (index_reclaim).
 */
#ifndef HOSTLER_NAMES_INDEX_H
#define HOSTLER_NAMES_INDEX_H

#include "base/hash.h"
#include "base/parts.h"
#include "names/snapshot.h"
#include "names/source.h"

struct index;

struct index *index_new(const struct hash_key *key);
/* All versions and contents; no reader may be left. */
void index_free(struct index *index);

/* From so many names and addresses on, what comes and goes is worked in parts:
 * run as parts says (copied), else one after the other. */
#define INDEX_APART 10000
void index_set_parts(struct index *index, const struct parts *parts);

/* For tests: how large that is, in names and addresses, and in entries of
 * indexfill.h. */
struct index_sizes {
	size_t apart;			/* INDEX_APART */
	size_t group;
	size_t at_once;			/* where there was nothing before */
	size_t beside;			/* beside an old content */
};
void index_set_sizes(struct index *index, const struct index_sizes *sizes);

/* Put `content` in the place of `old` (either may be NULL). */
void index_replace(struct index *index, struct content *old,
    struct content *content);

/* The domains of the configuration, and zones without content yet. */
void index_set_areas(struct index *index, const struct index_area *areas,
    size_t count);

/* Addresses within these have no reverse name: they mean another machine to
 * everybody.  The prefixes are copied. */
void index_set_isolated(struct index *index, const struct prefix *prefixes,
    size_t count);

/* Make a snapshot of all changes since the last, or return the last where
 * there were none.  It belongs to the index.
 * now_s: Unix time, for made serials.  The snapshot before stays valid until
 * index_reclaim has found that every reader passed on. */
const struct snapshot *index_commit(struct index *index, int64_t now_s);

/* Free what readers cannot see any more; returns how many versions wait
 * still (0: nothing).  Call after the new snapshot was published, and again
 * while it returns more than 0. */
unsigned index_reclaim(struct index *index);

/* What each source says of a name (lower), served or shadowed, in rank order;
 * between a commit and the next change. */
void index_contributions(struct index *index, const uint8_t *name,
    void (*visit)(void *context, const struct node *node,
	const struct source_spec *spec), void *context);

size_t index_name_count(const struct index *index);

#endif
