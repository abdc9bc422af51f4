/* SPDX-License-Identifier: BSD-2-Clause */
/* negative.h - the SOA that goes with "no such name" and "no such type".
 *
 * Its TTL is how long the client may believe it (RFC 2308 5).  Where no zone
 * stands behind an answer the SOA is made up, so that stub resolvers take the
 * answer for what it is and keep it for a moment.
 */
#ifndef HOSTLER_QUERY_NEGATIVE_H
#define HOSTLER_QUERY_NEGATIVE_H

#include "dns/reply.h"
#include "names/snapshot.h"

#define NEGATIVE_SHORT_TTL_S 5		/* an edit is to show at once */
#define NEGATIVE_TTL_S 60

/* The SOA of an area that is no overlay, its TTL ttl_cap at most. */
void negative_of_area(struct reply *reply, const struct area *area,
    uint32_t ttl_cap);

/* One made at `owner`: itself as the server, nobody.invalid as the person. */
void negative_made(struct reply *reply, const uint8_t *owner,
    uint32_t serial, uint32_t ttl_s);

#endif
