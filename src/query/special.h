/* SPDX-License-Identifier: BSD-2-Clause */
/* special.h - names that mean something by decree: rule 4.
 *
 *   localhost                  RFC 6761 6.3: loopback, at and below it
 *   invalid, test              RFC 6761 6.4, 6.2
 *   local                      RFC 6762 22.1: multicast DNS's, not ours
 *   internal                   reserved by ICANN for private use
 *   onion                      RFC 7686 2: never in the DNS
 *   home.arpa                  RFC 8375 4
 *   private reverse zones      RFC 6303 4, RFC 7793 (100.64/10)
 *
 * Pure; constant tables; thread-safe.
 */
#ifndef HOSTLER_QUERY_SPECIAL_H
#define HOSTLER_QUERY_SPECIAL_H

#include "query/local.h"

enum special_kind {
	SPECIAL_NONE,
	SPECIAL_LOCALHOST,
	SPECIAL_EMPTY,			/* a zone with nothing in it */
	SPECIAL_PRIVATE,		/* the same; a route with private_names
					 * takes it */
};

struct special {
	enum special_kind kind;
	unsigned labels;		/* of its apex */
};

struct special special_find(const struct dname_path *path);

#endif
