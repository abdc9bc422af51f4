/* SPDX-License-Identifier: BSD-2-Clause */
/* clientformats.h - the same few facts as each system wants to be told them.
 *
 * A format is one function that prints the snippet and one line of the table
 * in clientformats.c.  The functions of systems are in clientsystems.c, those
 * of networks and clusters in clientnetworks.c.
 *
 * The one rule: what is printed can be used as it is.  Names and addresses in
 * the facts are plain letters, digits, dots, hyphens and underscores, so that
 * no format needs to quote them.
 */
#ifndef HOSTLER_CTL_CLIENTFORMATS_H
#define HOSTLER_CTL_CLIENTFORMATS_H

#include <stdio.h>

#include "ctl/clientfacts.h"

enum clientformat_for {
	CLIENTFORMAT_OTHERS,		/* VMs, networks, other systems: all
					 * questions go to hostler */
	CLIENTFORMAT_OTHERS_SPLIT,	/* the same, split unless --all */
	CLIENTFORMAT_HOST,		/* this machine, too; split unless
					 * --all */
};

enum clientformat_family {
	CLIENTFORMAT_ANY,
	CLIENTFORMAT_IPV4,		/* it can carry no other addresses */
};

struct clientformat {
	const char *name;
	enum clientformat_for whom;
	enum clientformat_family family;
	/* For formats that have no comments: where it goes.  Else NULL, and
	 * the snippet says it itself. */
	const char *where;
	void (*print)(const struct clientfacts *facts, FILE *out);
};

/* Ends with a name of NULL. */
extern const struct clientformat clientformats[];

const struct clientformat *clientformats_find(const char *name);

/* Text round and between the servers of one family (4, 6; 0: all), or the
 * domains that are routed. */
struct clientformat_list {
	const char *before;		/* of the whole, and of each one */
	const char *each;
	const char *after;		/* of each one */
	const char *between;
	const char *end;
};
/* Nothing at all is printed where there is none; the return value is how many
 * there were. */
unsigned clientformats_servers(const struct clientfacts *facts, int family,
    const struct clientformat_list *list, FILE *out);
unsigned clientformats_routes(const struct clientfacts *facts,
    const struct clientformat_list *list, FILE *out);

/* clientsystems.c */
void clientsystems_netplan(const struct clientfacts *facts, FILE *out);
void clientsystems_resolved(const struct clientfacts *facts, FILE *out);
void clientsystems_networkmanager(const struct clientfacts *facts, FILE *out);
void clientsystems_resolv_conf(const struct clientfacts *facts, FILE *out);
void clientsystems_cloud_init(const struct clientfacts *facts, FILE *out);
void clientsystems_ignition(const struct clientfacts *facts, FILE *out);
void clientsystems_windows(const struct clientfacts *facts, FILE *out);
void clientsystems_macos(const struct clientfacts *facts, FILE *out);
void clientsystems_wsl(const struct clientfacts *facts, FILE *out);

/* clientnetworks.c */
void clientnetworks_libvirt(const struct clientfacts *facts, FILE *out);
void clientnetworks_virtualbox(const struct clientfacts *facts, FILE *out);
void clientnetworks_vmware(const struct clientfacts *facts, FILE *out);
void clientnetworks_openstack(const struct clientfacts *facts, FILE *out);
void clientnetworks_docker(const struct clientfacts *facts, FILE *out);
void clientnetworks_kubernetes(const struct clientfacts *facts, FILE *out);
void clientnetworks_router(const struct clientfacts *facts, FILE *out);

#endif
