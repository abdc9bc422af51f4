/* SPDX-License-Identifier: BSD-2-Clause */
/* reach.h - at which addresses others reach a hostler with this configuration.
 *
 * Clients ask port 53: an address with another port reaches nobody.  0.0.0.0
 * and :: stand for every address that the machine has of that family, names of
 * interfaces and `private` for those that listenplan.h says.
 *
 * Values and one list; nothing is asked of the network.
 */
#ifndef HOSTLER_CTL_REACH_H
#define HOSTLER_CTL_REACH_H

#include <stdbool.h>

#include "conf.h"
#include "sys/ifaces.h"

#define REACH_MAX 64

/* One address, with the interface it is on; on an interface of this machine
 * only where `interface` is not empty. */
struct reach_address {
	struct addr addr;
	char interface[IF_NAMESIZE];
	struct prefix network;		/* family 0: not known */
};

struct reach {
	/* Those that others can use: not loopback, not link-local; addresses
	 * of isolated networks last.  In the order of the configuration. */
	unsigned count;
	struct reach_address list[REACH_MAX];
	bool loopback;			/* served, too, and which */
	struct addr loopback_addr;
	uint16_t other_port;		/* served beyond loopback; 0: none */
};

/* What the configuration comes to on a machine with these interfaces. */
void reach_find(struct reach *reach, const struct conf *conf,
    const struct ifaces *ifaces);

#endif
