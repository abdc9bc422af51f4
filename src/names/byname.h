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

/* Many by several threads (deal.h): byname_open with about how many, then
 * byname_deal of chunks and deal_put, in any number of rounds, between
 * byname_part and byname_close of each part; then, by one thread, of
 * everything byname_count_runs, byname_add_later and last byname_add_known of
 * what deal_put left (byname_knows).
 *
 * byname_deal changes nothing but what it is given; the hand is the worker's,
 * zeroed at first; its list is to be freed.  byname_deal_end sorts what was
 * dealt, and the hand is empty again. */
struct byname_hand {
	struct deal_list list;
	struct dname_path path;		/* of the name above; no labels: none */
};

void byname_open(struct byname *byname, size_t more);
void byname_deal(const struct byname *byname, const struct chunk *chunk,
    struct byname_hand *hand, struct deal *deal);
void byname_deal_end(struct byname_hand *hand, struct deal *deal);
struct table_part *byname_part(const struct byname *byname);
bool byname_knows(const struct table *table, const struct deal_entry *entry);
void byname_close(struct byname *byname, struct table_part *part);
void byname_count_runs(struct byname *byname, const struct deal_runs *runs);
void byname_add_later(struct byname *byname, const struct deal_list *later);
void byname_add_known(struct byname *byname, const struct deal_list *known);

/* The same for chunks that leave: their nodes are dealt, then taken out of the
 * parts (table_part_take; what is not there as it was dealt is missed).  When
 * all parts are closed: count what was missed as if it came, then count all
 * runs off, then remove what is left one after the other. */
void byname_count_missed(struct byname *byname,
    const struct deal_list *missed);
void byname_count_off_runs(struct byname *byname,
    const struct deal_runs *runs);
void byname_remove_later(struct byname *byname,
    const struct deal_list *later);
void byname_remove_missed(struct byname *byname,
    const struct deal_list *missed);

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
