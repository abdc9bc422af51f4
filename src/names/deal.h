/* SPDX-License-Identifier: BSD-2-Clause */
/* deal.h - what several threads put into a table, or take out, at once.
 *
 * First they deal: each takes groups of chunks, makes an entry of each name (or
 * address) in them, and sorts those of a group by the first bits of the hash.
 * Then they put: each takes parts of the table (table_open_parts), and puts in
 * what all groups dealt to that part, in the groups' order.  A part of the
 * table of a million names, 85 KB, stays in the cache meanwhile: what would be
 * a cache miss for each name are some for a part.
 *
 * What is known already joins what is there, still in the part, and waits in
 * the part's queue to be built; that is done by parts, too, when all contents
 * have come.
 *
 * What cannot be done so is done afterwards, by one thread: what was not dealt
 * (a group's `later`), what the part had no room for (its `rest`), and the
 * counts in names above.  Those are taken in runs: what stands together in a
 * file mostly has the same name, or address, above it.  All that was dealt is
 * in its group's runs; what of it was known is counted off again, by runs of
 * the part's.
 *
 * Taking out is the same the other way round.  A slot is known by its value:
 * where a name has one contribution, that is not read.  The gaps are closed
 * later, a segment at a time; what could not be taken is looked up then, and
 * waits in the queue if it is to be built.
 *
 * Nothing here hangs on which thread does what.
 */
#ifndef HOSTLER_NAMES_DEAL_H
#define HOSTLER_NAMES_DEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names/pointers.h"
#include "names/table.h"

#define DEAL_BITS 7
#define DEAL_PARTS (1u << DEAL_BITS)

/* link: a pointer and its marks, as the table's slots have (table.h). */
struct deal_entry {
	uint64_t hash;
	uint64_t link;
};

/* Zeroed: empty. */
struct deal_list {
	struct deal_entry *entries;
	size_t count;
	size_t room;
};

/* So many entries, the first of which is link's, have the same above them. */
struct deal_run {
	uint64_t link;
	uint64_t count;
};

struct deal_runs {
	struct deal_run *list;
	size_t count;
	size_t room;
};

/* What is to be built: what the table's owner made; of each part, and in the
 * last place of what one thread queued. */
struct deal_queues {
	struct pointers of[DEAL_PARTS + 1];
};

/* A part of a table in work.  runs: of entries that their groups' runs count,
 * though they did not come (or leave): the table knew them (or had them in
 * another way).  rest: what is left to one thread; left: so many of it, the
 * first, are known to be, where it is taken from. */
struct deal_part {
	unsigned number;
	struct table_part *table;
	struct deal_list rest;
	size_t left;
	struct deal_runs runs;
};

/* Of a group.  entries is room for all of them, somebody else's; those of part
 * p begin at at[p]. */
struct deal {
	struct deal_entry *entries;
	uint32_t at[DEAL_PARTS + 1];
	struct deal_list later;
	struct deal_runs runs;
};

void deal_list_widen(struct deal_list *list);

static inline void
deal_list_add(struct deal_list *list, struct deal_entry entry)
{
	if (list->count == list->room)
		deal_list_widen(list);
	list->entries[list->count++] = entry;
}

/* A run begins with this entry, which is to be counted still. */
void deal_begin_run(struct deal_runs *runs, uint64_t link);

/* Is something in the queue of a part; in any queue? */
bool deal_queues_are_apart(const struct deal_queues *queues);
bool deal_queues_are_empty(const struct deal_queues *queues);
/* The queue of one thread, whose room is small mostly, keeps that; those of the
 * parts, of contents that were large, give it back. */
void deal_queues_clear(struct deal_queues *queues);
void deal_queues_fini(struct deal_queues *queues);

/* Write what was collected to deal->entries, by parts. */
void deal_sort(struct deal *deal, const struct deal_list *from);

/* Does the table have what the entry stands for, of this or of others? */
typedef bool (*deal_knows)(const struct table *table,
    const struct deal_entry *entry);

/* Put entries of a part into it, or take them out.  known, or rest, gets those
 * that could not be: to be put they must not be known to the table nor find the
 * part full, to be taken they must be there as they were dealt. */
void deal_put(struct table_part *part, const struct deal_entry *entries,
    uint32_t count, deal_knows knows, struct deal_list *known);
void deal_take(struct table_part *part, const struct deal_entry *entries,
    uint32_t count, struct deal_list *rest);

/* The lists; the rest is not theirs. */
void deal_fini(struct deal *deal);
void deal_part_fini(struct deal_part *part);

#endif
