/* SPDX-License-Identifier: BSD-2-Clause */
/* snapshot.h - all names at one moment, immutable: what a query reads.
 *
 * Made by index.h's writer, read by the workers between epoch_online and
 * epoch_offline.  Nothing here writes, locks or allocates.
 */
#ifndef HOSTLER_NAMES_SNAPSHOT_H
#define HOSTLER_NAMES_SNAPSHOT_H

#include "base/addr.h"
#include "dns/dname.h"
#include "names/node.h"

struct snapshot;

/* A part of the namespace that hostler answers for by itself: rule 3. */
enum area_kind {
	AREA_ZONE,			/* of a zone file */
	AREA_DOMAIN,			/* of the configuration */
};

struct area {
	enum area_kind kind;
	bool overlay;			/* names that it lacks go on */
	bool not_ready;			/* its source was never read: EDE 14 */
	unsigned labels;		/* of the apex */
	struct dname apex;
	/* The SOA of negative answers: one record as kept (dns/reply.h), its
	 * TTL the negative TTL (RFC 2308, capped as CONTRACT 3 says), owned
	 * by soa_owner (a covering zone's apex, or the area's own).  Overlays
	 * have none: the SOA is made at the name. */
	struct dname soa_owner;
	uint16_t soa_length;
	uint8_t soa[600];
};

/* An area as it is asked for (index_set_areas), before it has a SOA. */
struct index_area {
	struct dname apex;
	enum area_kind kind;
	bool overlay;
	bool not_ready;
};

/* The seed of every hash here, and of the cache's. */
const struct hash_key *snapshot_key(const struct snapshot *snapshot);
/* For SOAs made at a name: grows with every change. */
uint32_t snapshot_serial(const struct snapshot *snapshot);

/* The node of this owner (any kind, empty ones too: SOURCE_NONE); NULL where
 * there is neither it nor a name below it.  hash is dname_hash of lower. */
const struct node *snapshot_find(const struct snapshot *snapshot,
    uint64_t hash, const uint8_t *lower, unsigned length);

/* Hints for a batch: near the bucket, then near the node.  What comes out goes
 * to snapshot_find_seen; 0: snapshot_find would say NULL. */
void snapshot_prefetch(const struct snapshot *snapshot, uint64_t hash);
uint64_t snapshot_prefetch_node(const struct snapshot *snapshot,
    uint64_t hash);

/* snapshot_find, where snapshot_prefetch_node said `seen` of that hash. */
const struct node *snapshot_find_seen(const struct snapshot *snapshot,
    uint64_t seen, uint64_t hash, const uint8_t *lower, unsigned length);

/* The deepest area at or above a name; NULL: none.  hash as
 * dname_hash_suffixes gives it.  zones only: struct area of a zone file. */
const struct area *snapshot_area(const struct snapshot *snapshot,
    const uint8_t *lower, unsigned labels, const uint64_t *hash);
const struct area *snapshot_zone(const struct snapshot *snapshot,
    const uint8_t *lower, unsigned labels, const uint64_t *hash);

/* Both at once, of a name without its first `skip` labels.  Either may be NULL;
 * where the deepest area is of a zone file they are the same. */
struct areas_found {
	const struct area *area;
	const struct area *zone;
};
void snapshot_areas(const struct snapshot *snapshot,
    const struct dname_path *path, unsigned skip, struct areas_found *found);

/* The node whose owner is the reverse name of addr; *ttl is that of its
 * address record.  NULL: none. */
const struct node *snapshot_reverse(const struct snapshot *snapshot,
    const struct addr *addr, uint32_t *ttl);
/* Is some known address within the first `bits` (a multiple of 4) of addr? */
bool snapshot_reverse_below(const struct snapshot *snapshot,
    const struct addr *addr, unsigned bits);

/* Every name that has a record, in no order; one that is known by its first
 * label too comes once, under its full name. */
void snapshot_visit(const struct snapshot *snapshot,
    void (*visit)(void *context, const struct node *node), void *context);

/* Where a record was written. */
struct snapshot_place {
	const char *path;
	uint32_t line;			/* from 1; of RRSET_MADE it means
					 * nothing, of what was kept it is the
					 * bad line's */
	uint32_t column;		/* from 1; 0: made, or kept */
};
struct snapshot_place snapshot_place(const struct snapshot *snapshot,
    struct origin origin);

#endif
