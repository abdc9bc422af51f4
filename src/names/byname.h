/* SPDX-License-Identifier: BSD-2-Clause */
/* byname.h - the writer's table of owner names.
 *
 * Where one node contributes to a name and no known name is below it, the slot
 * points at that node itself.  Else it points at a node made here, with what
 * the writer must know ahead of it: the contributions, and how many known
 * names are directly below.  So every ancestor of a known name is present, and
 * whether there is something at or below a name is one lookup.  The root is
 * nobody's ancestor here.
 *
 * A node that is NODE_SHORT contributes to two names.
 *
 * Names with several contributions are built by byname_settle, once, however
 * many of them came or went since the last; what it leaves out then are nodes
 * that sources.h calls dead or hidden.
 */
#ifndef HOSTLER_NAMES_BYNAME_H
#define HOSTLER_NAMES_BYNAME_H

#include "base/hash.h"
#include "names/sources.h"
#include "names/table.h"
#include "names/trash.h"

struct byname;

/* sources is kept: it must outlive this. */
struct byname *byname_new(const struct hash_key *key,
    const struct sources *sources);
void byname_free(struct byname *byname);

void byname_reserve(struct byname *byname, size_t more);
/* Many at once, so that the cache misses of some overlap. */
void byname_add(struct byname *byname, struct node *const *nodes,
    uint32_t count);
void byname_remove(struct byname *byname, struct node *const *nodes,
    uint32_t count);
/* Whether the node counts may have changed, or where it ranks. */
void byname_touch(struct byname *byname, struct node *node);

void byname_settle(struct byname *byname);
/* After byname_settle.  trash and garbage get what was replaced. */
const struct table *byname_freeze(struct byname *byname, struct trash *trash,
    struct table_garbage **garbage);
/* What each source says of a name (lower), whether it is served or not, in
 * rank order.  Not while something is to be settled. */
void byname_contributions(struct byname *byname, const uint8_t *name,
    void (*visit)(void *context, const struct node *node,
	const struct source_spec *spec), void *context);
/* Names with at least one record. */
size_t byname_count(const struct byname *byname);

#endif
