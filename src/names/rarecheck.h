/* SPDX-License-Identifier: BSD-2-Clause */
/* rarecheck.h - is the rdata that ldns is to read right?
 *
 * ldns takes much that is wrong: numbers that are too large wrap around in it,
 * unknown types in a bit map become TYPE0, services that it does not know are
 * dropped, and so are words behind a LOC.  So each word is checked before ldns
 * sees it, and parameters of SVCB when it is done.
 *
 * False means a fault in r, as rdatatext.h has it.
 */
#ifndef HOSTLER_NAMES_RARECHECK_H
#define HOSTLER_NAMES_RARECHECK_H

#include <ldns/ldns.h>

#include "names/rdatatext.h"

/* Where in one rdata we are; zeroed at its start. */
struct rarecheck {
	unsigned tokens;		/* so far */
	unsigned digits;		/* hex digits so far */
	unsigned loc_part;		/* latitude, longitude, sizes */
	unsigned loc_token;		/* within the part */
};

/* The token read last is a field of this kind: is it right? */
bool rarecheck_token(struct rdatatext *r, struct rarecheck *check,
    ldns_rdf_type field);
/* All tokens were read. */
bool rarecheck_end(struct rdatatext *r, const struct rarecheck *check);
/* The whole rdata is in r->out. */
bool rarecheck_wire(struct rdatatext *r);

#endif
