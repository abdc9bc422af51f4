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
#include "dns/dname.h"
#include "names/deal.h"
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

/* Is the node's owner known? */
bool byname_has(const struct byname *byname, const struct node *node);

/* Many by several threads (deal.h), in this order:
 *
 *   byname_open            with about how many come; byname_part of each part
 *   byname_deal            of chunks, in any number of rounds, and deal_put;
 *   byname_join            then of a part what deal_put left
 *   byname_close           each part; from here on one thread, with everything:
 *   byname_count_runs      of the groups, first: what is added or removed next
 *                          counts with a name above that must be there
 *   byname_count_off_runs  of the parts: what was known did not come
 *   byname_add_later       of the groups
 *   byname_add_rest        of the parts
 *   byname_take_hand       of each worker
 *
 * Or, for chunks that leave:
 *
 *   byname_open            with 0; byname_part of each part
 *   byname_deal            of chunks, in any number of rounds, and deal_take;
 *   table_part_sweep       then of a part what deal_take left: now and then,
 *   byname_leave           and of each part at the end
 *   byname_close           each part; from here on one thread, with everything:
 *   byname_count_runs      of the parts, first: no count may be short of what
 *                          it is to lose
 *   byname_count_off_runs  of the groups
 *   byname_remove_later    of the groups
 *   byname_remove_rest     of the parts
 *   byname_take_hand       of each worker
 *
 * When all contents have come and left, what was queued is built.  By several
 * threads, where byname_is_queued_apart says that it is worth it:
 *
 *   byname_open            with 0; byname_part of each part
 *   byname_settle_part     of each part
 *   byname_close           each part
 *   byname_take_hand       of each worker
 *
 * and then, always, byname_settle, which builds the rest.
 *
 * A hand is its worker's, zeroed at first; byname_take_hand frees what is in
 * it.  byname_deal changes nothing but what it is given.  byname_deal_end sorts
 * what was dealt: then the hand may deal another group. */
struct byname_hand {
	struct deal_list list;
	struct dname_path path;		/* of the name above; no labels: none */
	struct table_writer *writer;	/* of the part in work */
	size_t named;			/* that came to be, or less */
	struct trash trash;
	struct merge *merge;		/* NULL: not needed so far */
	struct merge_part *parts;
	unsigned part_room;
};

void byname_open(struct byname *byname, size_t more);
void byname_deal(const struct byname *byname, const struct chunk *chunk,
    struct byname_hand *hand, struct deal *deal);
void byname_deal_end(struct byname_hand *hand, struct deal *deal);
struct table_part *byname_part(const struct byname *byname);
bool byname_knows(const struct table *table, const struct deal_entry *entry);
/* What deal_put left of this part: what is known gets a further contribution;
 * what the part had no room for is left in its rest. */
void byname_join(struct byname *byname, struct byname_hand *hand,
    struct deal_part *part, const struct deal_list *known);
/* What deal_take left in the part's rest since the last time: names with
 * several contributions are going to be built, what is to be removed stays
 * there.  After table_part_sweep. */
void byname_leave(struct byname *byname, struct byname_hand *hand,
    struct deal_part *part);
void byname_close(struct byname *byname, struct table_part *part);
void byname_count_runs(struct byname *byname, const struct deal_runs *runs);
void byname_count_off_runs(struct byname *byname,
    const struct deal_runs *runs);
/* Of nodes at the root, or that sign a cut: their hash was not dealt. */
void byname_add_later(struct byname *byname, const struct deal_list *later);
void byname_remove_later(struct byname *byname,
    const struct deal_list *later);
void byname_add_rest(struct byname *byname, const struct deal_list *rest);
void byname_remove_rest(struct byname *byname, const struct deal_list *rest);
void byname_take_hand(struct byname *byname, struct byname_hand *hand);

/* Was something queued by byname_join or byname_leave that is not built
 * yet? */
bool byname_is_queued_apart(const struct byname *byname);
void byname_settle_part(struct byname *byname, struct byname_hand *hand,
    struct deal_part *part);
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
