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
 * A struct merge is room that is used again and again.  The writer's thread.
 */
#ifndef HOSTLER_NAMES_MERGE_H
#define HOSTLER_NAMES_MERGE_H

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

struct merge *merge_new(void);
void merge_free(struct merge *merge);

/* Returns the bytes of the RRsets that merge_write will write.  node gets
 * flags, kind and rrset_count. */
size_t merge_parts(struct merge *merge, const struct merge_part *parts,
    unsigned count, struct node *node);
void merge_write(const struct merge *merge, void *to);

#endif
