/* SPDX-License-Identifier: BSD-2-Clause */
/* neighbour.h - which address belongs to which Ethernet address: what
 * sys/neighbours finds out and names/leasefile makes names of.
 *
 * A value, copied freely.
 */
#ifndef HOSTLER_BASE_NEIGHBOUR_H
#define HOSTLER_BASE_NEIGHBOUR_H

#include "base/addr.h"

#define NEIGHBOUR_MAC 6			/* bytes */

struct neighbour {
	struct addr addr;
	uint8_t mac[NEIGHBOUR_MAC];
};

#endif
