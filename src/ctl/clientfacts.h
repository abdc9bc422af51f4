/* SPDX-License-Identifier: BSD-2-Clause */
/* clientfacts.h - what a client must be told to ask hostler: servers, search
 * domain, and which domains are hostler's where it is not to get everything.
 *
 * The one rule: no loopback address is ever given to another machine.
 */
#ifndef HOSTLER_CTL_CLIENTFACTS_H
#define HOSTLER_CTL_CLIENTFACTS_H

#include "conf.h"
#include "ctl/reach.h"

#define CLIENTFACTS_SERVERS_MAX 3	/* more resolv.conf(5) does not take */

enum clientfacts_scope {
	CLIENTFACTS_SPLIT,		/* hostler's own domains alone */
	CLIENTFACTS_ALL,
};

/* Who gets the snippet: loopback is good for this machine alone. */
enum clientfacts_reader {
	CLIENTFACTS_OTHERS,
	CLIENTFACTS_THIS_MACHINE,
};

struct clientfacts {
	unsigned server_count;
	struct addr servers[CLIENTFACTS_SERVERS_MAX];
	char *domain;			/* without a dot behind; NULL: none */
	char **routes;			/* domains and reverse zones, the
					 * domain first; none below another */
	size_t route_count;
	char interface[IF_NAMESIZE];	/* of this machine, in the network of
					 * the first server; "": none */
	enum clientfacts_scope scope;
};

struct clientfacts_request {
	const struct conf *conf;
	const struct ifaces *ifaces;
	const char *const *servers;	/* as they were typed; none: from the
					 * configuration */
	size_t server_count;
	enum clientfacts_reader reader;
	enum clientfacts_scope scope;
};

/* NULL, or why there is no server to name and what to do, in words that the
 * caller frees.  *note (the caller frees it, too) is set where there was a
 * choice; else NULL.  Reads the zone files for the names of their zones. */
char *clientfacts_get(struct clientfacts *facts,
    const struct clientfacts_request *request, char **note);
void clientfacts_fini(struct clientfacts *facts);

/* The reverse zones that cover a network, one or up to CLIENTFACTS_REVERSE_MAX,
 * in lower case without a dot behind; a network with odd bits that would need
 * more gets the zone round it.  Returns how many; the caller frees each. */
#define CLIENTFACTS_REVERSE_MAX 16
unsigned clientfacts_reverse(const struct prefix *network,
    char *zones[CLIENTFACTS_REVERSE_MAX]);

#endif
