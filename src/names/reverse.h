/* SPDX-License-Identifier: BSD-2-Clause */
/* reverse.h - the addresses of a chunk, and the name that each leads back to.
 *
 * Nearly every such address is that of the first A or AAAA record of its node:
 * then a bit in the node says so, and the address is nowhere but in the record.
 * The others (a further address of a name, or one out of order) are listed in
 * the chunk.  Either way one pointer with a mark names it: a link.
 *
 * A link is good as long as its chunk is.
 */
#ifndef HOSTLER_NAMES_REVERSE_H
#define HOSTLER_NAMES_REVERSE_H

#include "names/source.h"

/* The three low bits of what the table of addresses holds; links have one of
 * the first three. */
enum addr_mark {
	ADDR_LISTED = 0,		/* struct chunk_reverse */
	ADDR_A = 1,			/* struct node, its first A record */
	ADDR_AAAA = 2,			/* struct node, its first AAAA record */
	ADDR_SET = 3,			/* struct addr_set */
	ADDR_PREFIX = 4,		/* struct addr_prefix */
};

struct reverse {
	const struct node *node;
	uint64_t link;
	struct addr addr;
};

/* An address whose name is that of a node by its place in the chunk. */
struct reverse_pending {
	uint32_t node;
	struct addr addr;
};

/* Say the addresses of a chunk whose nodes are made, in file order; those of a
 * node are among its A and AAAA records.  Once a chunk. */
void reverse_set(struct chunk *chunk, const struct reverse_pending *list,
    uint32_t count);

/* Walk them, those of one family in the order in which they were said; what
 * was listed of a node may come behind the first of its other family.  Start
 * with a zeroed cursor; fills up to `room` and returns how many, 0 at the
 * end. */
struct reverse_cursor {
	uint32_t node;
	uint32_t listed;
	uint8_t done;			/* of the node's records */
};

uint32_t reverse_walk(const struct chunk *chunk,
    struct reverse_cursor *cursor, struct reverse *to, uint32_t room);

struct reverse reverse_of(uint64_t link);

/* The rdata of the address that a link leads to, 4 or 16 bytes, where it has
 * the mark ADDR_A or ADDR_AAAA. */
const uint8_t *reverse_rdata(const struct node *node, enum addr_mark mark);

/* Which of two links of one chunk comes first in that walk: below 0, a; 0:
 * they are the same. */
int reverse_compare(const struct chunk *chunk, uint64_t a, uint64_t b);

#endif
