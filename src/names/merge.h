/* SPDX-License-Identifier: BSD-2-Clause */
/* merge.h - several contributions to one owner, made one (CONTRACT 3).
 *
 * Parts come in rank order: zone, hosts, lease; within a kind by the rank of
 * the source; within a source in the order of the file.  Parts of one source
 * add up, and so do those of all lease sources.  Then, per type, the first
 * source is served whole; where the first source that holds the name has a
 * CNAME nothing of later ones is served, where it has other data a later CNAME
 * is not.
 *
 * What a zone has at or below a cut (occluded records, NS and DS at the cut)
 * shadows nothing and is shadowed by nothing: it is kept beside the rest.  So
 * is a parent's DS at the apex of a zone that is loaded, too.
 *
 * A struct merge is room that is used again and again.  One thread at a time.
 *
 * A record that several parts have is served once, from the first of them.
 * Parts of one source may be hundreds, each a chunk with a few addresses of one
 * name: beyond a few records (rdataslots.h) they are found by their hash.
 * Measured 2026-11-22, 60 names of 4,000 addresses in one hosts file, user CPU
 * of `hostler -t`: 3.4 s where each was compared with all, 0.5 s so.
 */
#ifndef HOSTLER_NAMES_MERGE_H
#define HOSTLER_NAMES_MERGE_H

#include "base/hash.h"
#include "names/sources.h"

struct merge_part {
	const struct node *node;
	const struct source *source;
	uint32_t position;
	bool only_ds;			/* source_signs_cut: as glue */
};

/* For qsort. */
int merge_compare(const void *a, const void *b);

struct merge;

/* The key is copied: addresses of leases are strangers' choice. */
struct merge *merge_new(const struct hash_key *key);
void merge_free(struct merge *merge);

/* Returns the bytes of the RRsets that merge_write will write.  node gets
 * flags, kind and rrset_count. */
size_t merge_parts(struct merge *merge, const struct merge_part *parts,
    unsigned count, struct node *node);
void merge_write(const struct merge *merge, void *to);

/* For tests: records compared with one another since merge_new; where they are
 * few, those that there were to compare with. */
size_t merge_compared(const struct merge *merge);

#endif
