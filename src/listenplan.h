/* SPDX-License-Identifier: BSD-2-Clause */
/* listenplan.h - which addresses `listen` comes to on a machine with these
 * interfaces.
 *
 *	192.168.0.5@53	that address, whether the machine has it or not
 *	virbr0@53	the addresses of an interface, of both families; IPv6
 *			link-local ones with the interface as their scope
 *	private@53	every private address (RFC 1918, 100.64/10, unique
 *			local, loopback; not link-local) of every interface
 *
 * The one rule: where 0.0.0.0 or :: is written at the same port, it stands for
 * every address of its family; so no address is ever wanted beside it.
 *
 * Pure: reads what it is given, opens nothing.
 */
#ifndef HOSTLER_LISTENPLAN_H
#define HOSTLER_LISTENPLAN_H

#include "conf.h"
#include "sys/ifaces.h"

/* Addresses that a word may stand for; the rest is left out.  (A machine that
 * balances load may have thousands.) */
#define LISTENPLAN_FOLLOWED_MAX 256

enum listenplan_claim {
	LISTENPLAN_WRITTEN,		/* an address, written out */
	LISTENPLAN_FOLLOWED,		/* a word stands for it */
};

struct listenplan_place {
	size_t entry;			/* of conf->listen */
	enum listenplan_claim claim;
	struct endpoint endpoint;
};

/* In the order of the entries; an endpoint stands there once an entry. */
struct listenplan {
	struct listenplan_place *list;
	size_t count;
	size_t left_out;		/* above LISTENPLAN_FOLLOWED_MAX */
};

void listenplan_init(struct listenplan *plan, const struct conf *conf,
    const struct ifaces *ifaces);
void listenplan_fini(struct listenplan *plan);

/* Would a question to this endpoint come here? */
bool listenplan_serves(const struct conf *conf, const struct ifaces *ifaces,
    const struct endpoint *endpoint);

/* What `private` in `listen` means by a private address. */
bool listenplan_is_private(const struct addr *addr);

#endif
