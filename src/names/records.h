/* SPDX-License-Identifier: BSD-2-Clause */
/* records.h - records in, nodes out: the last step of every parser.
 *
 * A parser adds the records of one chunk in file order; records_finish groups
 * them by owner and type into nodes in the chunk's arena.  The same record
 * twice is kept once (the first place counts).  Order within an RRset is the
 * order of the file.
 *
 * records_add copies owner and rdata: both may be the caller's stack.
 *
 * The first fault of an RRset is told by records_add, so that the parser can
 * show the line: TTLs that differ (RRSIGs may), or an RRset over RRSET_MAX.
 * In hosts files the shortest TTL of an RRset is that of all its records, and
 * differing is no fault.
 */
#ifndef HOSTLER_NAMES_RECORDS_H
#define HOSTLER_NAMES_RECORDS_H

#include "names/source.h"

struct record {
	const uint8_t *owner;		/* lower */
	uint16_t type;
	uint32_t ttl;
	const uint8_t *rdata;		/* uncompressed */
	uint16_t rdata_length;
	uint8_t rrset_flags;		/* enum rrset_flag */
	uint8_t node_flags;		/* enum node_flag: NODE_SHORT */
	uint8_t kind;
	struct origin origin;
	int64_t expires_s;		/* monotonic; 0: never.  The first to
					 * end decides for its RRset */
};

enum records_result {
	RECORDS_OK,
	RECORDS_SAME,			/* there already: not an error */
	RECORDS_TTL_DIFFERS,
	RECORDS_TOO_LARGE,
};

struct records;

struct records *records_new(void);
void records_free(struct records *records);
/* first: the origin of the RRset's first record, on TTL_DIFFERS and SAME. */
enum records_result records_add(struct records *records,
    const struct record *record, struct origin *first);
/* The place among the chunk's nodes that the owner of the record added last (or
 * found there already) will have: nodes are in the order in which their owners
 * first came. */
uint32_t records_last_node(const struct records *records);
/* Make the chunk's nodes in its arena and forget all records. */
void records_finish(struct records *records, struct chunk *chunk);

#endif
