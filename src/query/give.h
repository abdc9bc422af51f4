/* SPDX-License-Identifier: BSD-2-Clause */
/* give.h - which records of an RRset this client may be given, and in which
 * order.
 *
 * Loopback addresses of hosts files and leases are for clients on loopback;
 * whoever else asks for the server's own host name gets the address that he
 * asked it at.  Link-local addresses are for nobody: they mean another machine
 * on every link; nor are those of isolated networks.
 *
 * Where a name has several addresses, and they are not all in the same
 * networks, those that are near the client (networks.h) come first; with
 * NETWORKS_ONLY they alone, A and AAAA judged together.  Such an answer is
 * good for this client: its TTL is GIVE_NEAR_TTL_S at most.  A lease's TTL is
 * at most what is left of it.  All other RRsets go out as they are.
 *
 * Pure; one thread.
 */
#ifndef HOSTLER_QUERY_GIVE_H
#define HOSTLER_QUERY_GIVE_H

#include "names/node.h"
#include "query/query.h"

#define GIVE_NEAR_TTL_S 5

enum given {
	GIVEN,				/* all, or what is allowed of it */
	GIVEN_NOTHING,			/* no record of it is for this client */
	GIVEN_NO_ROOM,			/* as reply_records says */
};

/* owner NULL: the question's name.  node: the RRset's, for its addresses of
 * the other family. */
struct give {
	const struct query_env *env;
	enum reply_section section;
	const uint8_t *owner;
	const struct node *node;
	const struct rrset *rrset;
};

/* Write what may be given of the RRset. */
enum given give_rrset(struct query *q, const struct give *give);

/* The TTL of what comes of the node's addresses, a reverse name: `ttl`, and no
 * longer than what is left of a lease. */
uint32_t give_ttl(const struct query_env *env, const struct node *node,
    uint32_t ttl);

/* Can the answer depend on who asks?  If not, and no flag of the RRset says
 * so, it is written as it is. */
static inline bool
give_may_differ(const struct networks *networks, const struct rrset *rrset)
{
	return (rrset->type == TYPE_A || rrset->type == TYPE_AAAA) &&
	    (networks->some_isolated || networks->mode == NETWORKS_ONLY ||
	    (rrset->count > 1 && networks->mode == NETWORKS_PREFER));
}

/* Write the address that the client asked, where `name` (lower, as asked for
 * or as the node has it in full) is the server's own host name, known by a
 * loopback address, and the question's type is of that family or ANY.  False:
 * not so, or it is an address for nobody. */
bool give_own_address(struct query *q, const struct policy *policy,
    const uint8_t *owner, const struct node *node);

#endif
