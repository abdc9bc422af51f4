/* SPDX-License-Identifier: BSD-2-Clause */
/* referral.h - names that a zone hands away: rule 0.
 *
 * Who asks without RD is told where to go; for the others hostler asks there
 * itself, at the addresses that the zone (or another local source) gives for
 * the delegation's servers.
 */
#ifndef HOSTLER_QUERY_REFERRAL_H
#define HOSTLER_QUERY_REFERRAL_H

#include "query/query.h"

/* NS (and DS) in the authority section, glue behind (RFC 1034 4.3.2 3b). */
void referral_write(struct query *q, const struct query_env *env,
    const struct snapshot *names, const struct node *cut);

/* The delegation's servers as upstreams; count 0: no address is known. */
void referral_upstreams(const struct snapshot *names, const struct node *cut,
    struct upstreams *to);

#endif
