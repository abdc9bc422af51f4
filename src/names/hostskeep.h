/* SPDX-License-Identifier: BSD-2-Clause */
/* hostskeep.h - the last good records of the names on a bad line.
 *
 * Made when the first bad line of a file is met, from the chunks that the
 * same file had before; finds the nodes of a name among them, and the
 * addresses whose reverse name it is.  It points into the chunks: they must
 * outlive it.  One thread.
 */
#ifndef HOSTLER_NAMES_HOSTSKEEP_H
#define HOSTLER_NAMES_HOSTSKEEP_H

#include "names/source.h"

struct hostskeep;

struct hostskeep *hostskeep_new(struct chunk *const *chunks, uint32_t count);
void hostskeep_free(struct hostskeep *keep);	/* NULL is fine */

/* What is known of a name: a node, or an address that leads back to it. */
struct hostskeep_entry {
	const struct node *node;
	const struct addr *reverse;	/* NULL: this is the node itself */
	uint32_t next;			/* of hostskeep.c */
	bool taken;			/* the caller's, false at first */
};

/* The entry of a name (lower wire) that comes behind `after` (NULL: the
 * first); nodes come before addresses.  NULL at the end. */
struct hostskeep_entry *hostskeep_next(const struct hostskeep *keep,
    const uint8_t *name, size_t len, const struct hostskeep_entry *after);

#endif
