/* SPDX-License-Identifier: BSD-2-Clause */
/* indexfill.h - a large content put into the tables of names and addresses, or
 * taken out of them.
 *
 * The index's own.  What comes of it is what comes of adding (removing) the
 * content's nodes one after the other; it is done by groups of chunks and by
 * parts of the tables (deal.h), which the workers take as they get free.  So
 * they end together, however many addresses there are to a name.
 *
 * Measured 2026-11-22 (Zen 3, virtual, two processors, gcc -O2, beside other
 * work; medians of 6): 1,000,000 names with an A and an AAAA record each, ms:
 *
 *				two workers	their CPU	one worker
 *	a table each, one
 *	  name after the other	460		640		600
 *	dealt, then put		233		367		328
 *	  nothing prefetched	370		460
 *	  twelve ahead, and the
 *	  segments' heads	325		440
 *
 * A reload in which every line changed takes 830 to 880 ms where this takes
 * the old ones out, 1890 to 2040 where they go one after the other.
 *
 * Two files with the same 1,000,000 names (an A record each, other addresses in
 * each; start until ready, beside much other work): 3.8 s of CPU, of which one
 * file alone takes 0.7; 6.6 where the known were added, and all names of
 * several contributions built, by one thread, one after the other; 5.6 where
 * it was done by parts and nothing brought near that is built next.
 *
 * More entries at once are fewer walks over the tables: a start takes 7 % less
 * with 1,048,576 of them (16 MB) than with 131,072.
 */
#ifndef HOSTLER_NAMES_INDEXFILL_H
#define HOSTLER_NAMES_INDEXFILL_H

#include "base/parts.h"
#include "names/byaddr.h"
#include "names/byname.h"

struct indexfill {
	struct byname *byname;
	struct byaddr *byaddr;
	const struct sources *sources;
	const struct parts *parts;	/* NULL: one worker */
	size_t more_names, more_addrs;	/* than there were, about */
	/* Entries, of 16 bytes: so many that are dealt before they are put, and
	 * of a group of chunks, at least.  A round has a group more than it
	 * should, and beside its entries those that could not be put (at most
	 * as many), or taken (at most twice as many); until the end, the runs;
	 * and until indexfill_settle, 8 bytes for each name and address that is
	 * to be built. */
	size_t at_once;
	size_t group;
};

/* Add the nodes and addresses of the content's chunks that are coming. */
void indexfill_add(const struct indexfill *fill,
    const struct content *content);

/* Take out those of the chunks that are leaving. */
void indexfill_remove(const struct indexfill *fill,
    const struct content *content);

/* Build what changed, of all contents: byname_settle and byaddr_settle, and
 * before them by parts what was found known, or left, by parts. */
void indexfill_settle(const struct indexfill *fill);

#endif
