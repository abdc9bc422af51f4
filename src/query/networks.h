/* SPDX-License-Identifier: BSD-2-Clause */
/* networks.h - who can reach which address: the networks of `networks`, or
 * those that the server's own interfaces are in.
 *
 * A network is one or several prefixes, IPv4 and IPv6 together, and has a
 * number below NETWORKS_MAX; those that an address lies in are a set of bits.
 * Client and address are near each other where their sets have one in common.
 *
 * An isolated network (the NAT that every VM has to itself) is one whose
 * addresses mean another machine to whoever else has them: they are never an
 * answer.
 *
 * A client at a link-local address (a VM that was told by a router's
 * advertisement to ask fe80::1) is in no prefix that anybody wrote, but the
 * card by which it came is: such a client is wherever all of that card's prefix
 * is.
 *
 * Values of one policy, read-only once published.
 */
#ifndef HOSTLER_QUERY_NETWORKS_H
#define HOSTLER_QUERY_NETWORKS_H

#include "base/addr.h"

#define NETWORKS_MAX 64

enum networks_mode {
	NETWORKS_OFF,			/* every client gets the same */
	NETWORKS_PREFER,		/* near addresses come first */
	NETWORKS_ONLY,			/* where there are any, only those */
};

struct network_prefix {
	struct prefix prefix;
	uint8_t network;		/* its number */
	bool isolated;
};

/* One prefix of one of this machine's cards. */
struct network_link {
	uint32_t scope;			/* its index */
	struct prefix prefix;
};

struct networks {
	enum networks_mode mode;
	bool some_isolated;
	uint64_t own;			/* those that this machine is in */
	unsigned prefix_count;
	struct network_prefix *prefixes;
	unsigned link_count;
	struct network_link *links;
	unsigned count;
	char *names[NETWORKS_MAX];
};

/* Add an empty network; false: there are NETWORKS_MAX already.  The name is
 * copied. */
bool networks_add(struct networks *networks, const char *name);
/* Give the network added last a prefix. */
void networks_add_prefix(struct networks *networks,
    const struct prefix *prefix, bool isolated);
void networks_add_link(struct networks *networks,
    const struct network_link *link);
void networks_fini(struct networks *networks);

/* The set of networks that addr lies in; a v4-mapped IPv6 address lies where
 * its IPv4 address does. */
uint64_t networks_of(const struct networks *networks, const struct addr *addr);
/* The same for who asks: on loopback it is this machine, which is in all of its
 * own.  link is the index of the card of a link-local client, else 0. */
uint64_t networks_of_client(const struct networks *networks,
    const struct addr *client, uint32_t link);
bool networks_isolate(const struct networks *networks,
    const struct addr *addr);
/* The name of the first network of a set; NULL: it is empty. */
const char *networks_name(const struct networks *networks, uint64_t set);

#endif
