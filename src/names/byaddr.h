/* SPDX-License-Identifier: BSD-2-Clause */
/* byaddr.h - the writer's table of addresses: which name each leads back to.
 *
 * Every address that a chunk lists (reverse.h) is a candidate; of several
 * for one address the first in rank order wins: zone, hosts, lease, by the
 * rank of the source, by the order of the file.  Isolated addresses have none.
 *
 * The first bytes of each known address are present, too (/8, /16 ...), so
 * that an empty name above a reverse name is one lookup.
 *
 * It works as byname.h does: what changed is built by byaddr_settle.
 */
#ifndef HOSTLER_NAMES_BYADDR_H
#define HOSTLER_NAMES_BYADDR_H

#include "base/hash.h"
#include "names/deal.h"
#include "names/reverse.h"
#include "names/sources.h"
#include "names/table.h"
#include "names/trash.h"

struct byaddr;

/* sources is kept: it must outlive this. */
struct byaddr *byaddr_new(const struct hash_key *key,
    const struct sources *sources);
void byaddr_free(struct byaddr *byaddr);

void byaddr_reserve(struct byaddr *byaddr, size_t more);
/* Many at once, so that the cache misses of some overlap. */
void byaddr_add(struct byaddr *byaddr, const struct reverse *list,
    uint32_t count);
void byaddr_remove(struct byaddr *byaddr, const struct reverse *list,
    uint32_t count);
/* Whether it counts may have changed, or where it ranks. */
void byaddr_touch(struct byaddr *byaddr, const struct reverse *reverse);

bool byaddr_has(const struct byaddr *byaddr, const struct addr *addr);

/* Many by several threads, in the order that byname.h has, for the same
 * reasons.  What does not count is not dealt, so that nothing comes later.
 *
 * A hand is its worker's, zeroed at first; byaddr_take_hand frees what is in
 * it. */
struct byaddr_hand {
	struct deal_list list;
	const struct source *source;	/* of the chunk in work */
	struct byaddr_run {
		bool begun;
		uint8_t above[15];	/* what its addresses begin with */
		size_t at;		/* among the deal's */
	} run[2];			/* IPv4 and IPv6 */
	struct table_writer *writer;	/* of the part in work */
	struct trash trash;
};

void byaddr_open(struct byaddr *byaddr, size_t more);
void byaddr_deal(const struct byaddr *byaddr, const struct chunk *chunk,
    struct byaddr_hand *hand, struct deal *deal);
void byaddr_deal_end(struct byaddr_hand *hand, struct deal *deal);
struct table_part *byaddr_part(const struct byaddr *byaddr);
bool byaddr_knows(const struct table *table, const struct deal_entry *entry);
void byaddr_join(struct byaddr *byaddr, struct byaddr_hand *hand,
    struct deal_part *part, const struct deal_list *known);
void byaddr_leave(struct byaddr *byaddr, struct byaddr_hand *hand,
    struct deal_part *part);
void byaddr_close(struct byaddr *byaddr, struct table_part *part);
void byaddr_count_runs(struct byaddr *byaddr, const struct deal_runs *runs);
void byaddr_count_off_runs(struct byaddr *byaddr,
    const struct deal_runs *runs);
void byaddr_add_rest(struct byaddr *byaddr, const struct deal_list *rest);
void byaddr_remove_rest(struct byaddr *byaddr, const struct deal_list *rest);
void byaddr_take_hand(struct byaddr *byaddr, struct byaddr_hand *hand);

bool byaddr_is_queued_apart(const struct byaddr *byaddr);
void byaddr_settle_part(struct byaddr *byaddr, struct byaddr_hand *hand,
    struct deal_part *part);
void byaddr_settle(struct byaddr *byaddr);
const struct table *byaddr_freeze(struct byaddr *byaddr, struct trash *trash,
    struct table_garbage **garbage);
/* Known addresses, IPv4 and IPv6. */
void byaddr_count(const struct byaddr *byaddr, size_t known[2]);

#endif
