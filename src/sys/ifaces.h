/* SPDX-License-Identifier: BSD-2-Clause */
/* ifaces.h - the addresses of this machine, and the networks they are in. */
#ifndef HOSTLER_SYS_IFACES_H
#define HOSTLER_SYS_IFACES_H

#include <net/if.h>

#include "base/addr.h"

struct iface {
	char name[IF_NAMESIZE];		/* or an IPv4 address's label, which
					 * is the name or NAME:WORD */
	struct addr addr;
	uint32_t scope;			/* of a link-local IPv6 address: the
					 * interface's index; else 0 */
	struct prefix prefix;
};

struct ifaces {
	bool known;			/* false: the kernel did not tell */
	unsigned count;
	struct iface list[];
};

/* As it is now, of interfaces up or down; never NULL, empty where the kernel
 * does not tell.  Free with ifaces_free. */
struct ifaces *ifaces_list(void);
void ifaces_free(struct ifaces *ifaces);	/* NULL is fine */

/* The same addresses at the same interfaces, in the same order. */
bool ifaces_equal(const struct ifaces *a, const struct ifaces *b);

bool ifaces_is_own(const struct addr *addr);

/* Can something be bound to this address at this moment?  Tried with any free
 * port: the networks that only loopback has (127.0.0.0/8) count too, an IPv6
 * address whose uniqueness is being tested does not yet. */
bool ifaces_has(const struct endpoint *endpoint);

#endif
