/* SPDX-License-Identifier: BSD-2-Clause */
/* additional.h - addresses that a client will ask for next.
 *
 * For the targets of NS, MX, SRV, SVCB and HTTPS records in the answer: what
 * the local names know of them, those of the client's view first, as far as
 * there is room.  And for referrals:
 * glue, needed where the target is within the delegated zone (RFC 9471).
 *
 * Pure; one thread; bounded by what is looked at, whatever a zone holds.
 */
#ifndef HOSTLER_QUERY_ADDITIONAL_H
#define HOSTLER_QUERY_ADDITIONAL_H

#include "query/query.h"

#define ADDITIONAL_RECORDS_MAX 64
#define ADDITIONAL_TARGETS_MAX 16

static inline bool
additional_is_due(uint16_t type)
{
	return type == TYPE_NS || type == TYPE_MX || type == TYPE_SRV ||
	    type == TYPE_SVCB || type == TYPE_HTTPS;
}

/* Behind an RRset of such a type; owner is its lower name, which SVCB and
 * HTTPS records with the target "." mean (RFC 9460 2.5). */
struct additional {
	const struct query_env *env;
	const struct rrset *rrset;
	const uint8_t *owner;
};
void additional_write(struct query *q, const struct additional *additional);

/* Behind the NS RRset of a delegation: in-domain glue first. */
void additional_write_glue(struct query *q, const struct query_env *env,
    const struct snapshot *names, const struct node *cut);

/* The node of a target (any case); NULL: no local name. */
const struct node *additional_target(const struct snapshot *names,
    const uint8_t *target);

#endif
