/* SPDX-License-Identifier: BSD-2-Clause */
/* rebind.h - private addresses in answers from outside (DNS rebinding).
 *
 * Whoever owns a name out there can give it an address of this network, and a
 * browser that runs his pages then talks to a VM or a router as if it were his
 * site.  Where the protection is on, an upstream's answer with such an address
 * is withheld, unless the name is at or below one that the administrator
 * allows.
 *
 * What an answer holds is found out once, when it is made (answer.h); whether
 * that matters is decided each time it is used, so that a reload shows at once
 * on what the cache has.
 *
 * Pure; any thread.
 */
#ifndef HOSTLER_QUERY_REBIND_H
#define HOSTLER_QUERY_REBIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/dname.h"

struct rebind {
	bool enabled;
	unsigned count;
	struct dname *allow;		/* lower; the policy owns them */
};

/* May a name (lower) hold private addresses? */
bool rebind_allows(const struct rebind *rebind, const uint8_t *name);

/* Does this rdata, which was found well formed, hold an address that only means
 * something here: RFC 1918, loopback, link-local, site-local, unique local,
 * 0.0.0.0/8 and ::, 255.255.255.255; the IPv4 ones mapped into IPv6,
 * IPv4-compatible (::/96) or behind 64:ff9b::/96 too.  100.64/10 is none: it
 * is given out by carriers, not by the network that is asked from.  A, AAAA,
 * and the address hints of SVCB and HTTPS (RFC 9460 7.3). */
bool rebind_is_private(uint16_t type, const uint8_t *rdata, size_t length);

#endif
