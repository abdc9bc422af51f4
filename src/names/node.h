/* SPDX-License-Identifier: BSD-2-Clause */
/* node.h - one owner name and its RRsets, as the workers see them.
 *
 * A node is one block of memory: header, owner, RRsets, packed in that order
 * so that a local answer touches one or two cache lines.  Nodes are written by
 * records.c (one chunk of one source) and index.c (several sources merged) and
 * are const once published.
 *
 *   struct node | owner, lower, wire, padded to 8 | struct rrset ... | ...
 *   struct rrset | struct origin[count] | expiry | wire[length], padded to 8
 *
 * The expiry (8 bytes) is there where RRSET_EXPIRES says so.
 *
 * wire is what goes out (dns/reply.h): count records of
 * c0 0c | type | class IN | ttl | rdlength | rdata.
 *
 * Two kinds of node look alike from here: a contribution (what one chunk of
 * one source says of an owner) and a merged node (what several contributions
 * come to, by the ranks of CONTRACT 3).  Where only one contribution exists it
 * is itself what the index points to.
 */
#ifndef HOSTLER_NAMES_NODE_H
#define HOSTLER_NAMES_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Rank order: the first that has a name and type is served. */
enum source_kind {
	SOURCE_NONE,			/* an empty name above a known one */
	SOURCE_ZONE,
	SOURCE_HOSTS,
	SOURCE_LEASE,
};

/* The place a record was written: chunk is a piece of a file whose first line
 * the snapshot knows (snapshot_place), so that lines inserted above a chunk
 * touch nothing in it.  line counts from 0 within the chunk, column from 1 (0:
 * made by hostler, or kept from an earlier reading of a hosts file whose line
 * has an error now); its top bit is set where the line says "# hostler: ok".
 * 8 bytes a record. */
struct origin {
	uint32_t chunk;
	uint16_t line;
	uint16_t column;
};

#define ORIGIN_OK 0x8000u
#define ORIGIN_OK_MARK "hostler: ok"	/* in a comment on the line */
#define ORIGIN_COLUMN_MAX 0x7fffu

static inline uint16_t
origin_column(struct origin origin)
{
	return origin.column & ORIGIN_COLUMN_MAX;
}

enum rrset_flag {
	RRSET_OCCLUDED = 1,		/* zone data at or below a cut or below
					 * a DNAME: glue, never an answer */
	RRSET_LOOPBACK = 2,		/* hosts or lease A/AAAA with at least
					 * one loopback address */
	RRSET_MADE = 4,			/* SOA or NS that hostler made */
	RRSET_LINK_LOCAL = 8,		/* A/AAAA of any source with a
					 * link-local address: never given */
	RRSET_KEPT = 16,		/* hosts: a record is of an earlier
					 * reading, its line has an error now */
	RRSET_EXPIRES = 32,		/* leases: it ends at rrset_expiry */
};

/* Bytes of wire in one RRset: what a message by TCP (65,535) has room for
 * beside its header, the longest question and OPT (512).  4,063 A, 2,322
 * AAAA. */
#define RRSET_MAX 65023u

struct rrset {
	uint16_t type;
	uint16_t count;
	uint16_t length;		/* of wire */
	uint8_t flags;
	uint8_t kind;			/* enum source_kind */
};

enum node_flag {
	NODE_SHORT = 1,			/* known by its first label, too */
	NODE_APEX = 2,			/* of a zone or a domain, SOA and all */
	NODE_CUT = 4,			/* a delegation: NS below an apex */
	NODE_DNAME = 8,
	NODE_MERGED = 16,
	NODE_LIMITED = 32,		/* some RRset is OCCLUDED, LOOPBACK,
					 * LINK_LOCAL or EXPIRES: off the
					 * shortest path */
};

/* The address in the first A or AAAA record leads back to this name; what else
 * does is listed in the chunk (reverse.h). */
enum node_reverse {
	NODE_REVERSE_A = 1,
	NODE_REVERSE_AAAA = 2,
};

struct node {
	uint8_t name_length;		/* of wire, root label too */
	uint8_t labels;
	uint8_t flags;
	uint8_t kind;			/* first source with an RRset here */
	uint16_t rrset_count;
	uint8_t reverse;		/* enum node_reverse */
	uint8_t reserved;
};

static inline const uint8_t *
node_name(const struct node *node)
{
	return (const uint8_t *)(node + 1);
}

static inline const struct rrset *
node_first(const struct node *node)
{
	return (const struct rrset *)(node_name(node) +
	    ((node->name_length + 7u) & ~7u));
}

static inline const struct origin *
rrset_origins(const struct rrset *rrset)
{
	return (const struct origin *)(rrset + 1);
}

static inline const uint8_t *
rrset_wire(const struct rrset *rrset)
{
	return (const uint8_t *)(rrset_origins(rrset) + rrset->count) +
	    ((rrset->flags & RRSET_EXPIRES) ? sizeof(int64_t) : 0);
}

/* The monotonic second in which it ends; 0: never. */
static inline int64_t
rrset_expiry(const struct rrset *rrset)
{
	int64_t expiry = 0;

	if (rrset->flags & RRSET_EXPIRES)
		memcpy(&expiry, rrset_origins(rrset) + rrset->count,
		    sizeof(expiry));
	return expiry;
}

static inline const struct rrset *
rrset_next(const struct rrset *rrset)
{
	return (const struct rrset *)(rrset_wire(rrset) +
	    ((rrset->length + 7u) & ~7u));
}

/* The RRset of this type that is served; NULL: none.  Occluded ones are found
 * by node_find_glue alone. */
static inline const struct rrset *
node_find(const struct node *node, uint16_t type)
{
	const struct rrset *rrset = node_first(node);

	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (rrset->type == type && !(rrset->flags & RRSET_OCCLUDED))
			return rrset;
		rrset = rrset_next(rrset);
	}
	return NULL;
}

/* Any RRset of the zone file with this type, occluded or not. */
const struct rrset *node_find_glue(const struct node *node, uint16_t type);

/* Has the node at least one RRset that is served? */
bool node_is_served(const struct node *node);

/* Walk the records of an RRset: rdata and its length of record i, from the
 * wire.  offset starts at 0 and is moved on. */
const uint8_t *rrset_rdata(const struct rrset *rrset, uint32_t *offset,
    uint16_t *rdata_length);
uint32_t rrset_ttl(const struct rrset *rrset);

#endif
