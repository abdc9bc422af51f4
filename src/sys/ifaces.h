/* SPDX-License-Identifier: BSD-2-Clause */
/* ifaces.h - the addresses of this machine, and the networks they are in. */
#ifndef HOSTLER_SYS_IFACES_H
#define HOSTLER_SYS_IFACES_H

#include <net/if.h>

#include "base/addr.h"

struct iface {
	char name[IF_NAMESIZE];
	struct addr addr;
	struct prefix prefix;
};

struct ifaces {
	unsigned count;
	struct iface list[];
};

/* As it is now, of interfaces up or down; never NULL, empty where the kernel
 * does not tell.  Free with ifaces_free. */
struct ifaces *ifaces_list(void);
void ifaces_free(struct ifaces *ifaces);

bool ifaces_is_own(const struct addr *addr);

#endif
