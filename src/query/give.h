/* SPDX-License-Identifier: BSD-2-Clause */
/* give.h - which records of an RRset this client may be given.
 *
 * Loopback addresses of hosts files and leases are for clients on loopback;
 * whoever else asks for the server's own host name gets the address that he
 * asked it at.  Link-local addresses are for nobody: they mean another machine
 * on every link.  All other RRsets go out as they are.
 *
 * Pure; one thread.
 */
#ifndef HOSTLER_QUERY_GIVE_H
#define HOSTLER_QUERY_GIVE_H

#include "names/node.h"
#include "query/query.h"

enum given {
	GIVEN,				/* all, or what is allowed of it */
	GIVEN_NOTHING,			/* no record of it is for this client */
	GIVEN_NO_ROOM,			/* as reply_records says */
};

/* Write what may be given of the RRset, under this owner (NULL: the
 * question's name). */
enum given give_rrset(struct query *q, enum reply_section section,
    const uint8_t *owner, const struct rrset *rrset);

/* Write the address that the client asked, where `name` (lower, as asked for
 * or as the node has it in full) is the server's own host name, known by a
 * loopback address, and the question's type is of that family or ANY.  False:
 * not so. */
bool give_own_address(struct query *q, const struct policy *policy,
    const uint8_t *owner, const struct node *node);

#endif
