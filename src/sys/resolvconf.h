/* SPDX-License-Identifier: BSD-2-Clause */
/* resolvconf.h - what a resolv.conf(5) says: servers, search list, ndots.
 *
 * Works on a buffer, allocates nothing but diagnostics.  It never fails: what
 * cannot be used is passed over with a note, and what the C library knows but
 * hostler has no use for (sortlist, other options) without one.
 */
#ifndef HOSTLER_SYS_RESOLVCONF_H
#define HOSTLER_SYS_RESOLVCONF_H

#include "base/addr.h"
#include "base/diag.h"

#define RESOLVCONF_SERVERS_MAX 8
#define RESOLVCONF_SEARCH_MAX 32
#define RESOLVCONF_NDOTS_MAX 15	/* more is taken as this, as glibc does */

struct resolvconf {
	unsigned server_count;
	struct endpoint servers[RESOLVCONF_SERVERS_MAX]; /* port 53 */
	/* Of the last search or domain line; names as written, pointing into
	 * the text that was parsed. */
	unsigned search_count;
	struct resolvconf_name {
		const char *text;
		size_t length;
	} search[RESOLVCONF_SEARCH_MAX];
	unsigned ndots;				/* 1 unless said */
};

/* Where systemd-resolved lists the servers that it asks itself, for who finds
 * only the address of its stub in a resolv.conf. */
#define RESOLVCONF_RESOLVED "/run/systemd/resolve/resolv.conf"
bool resolvconf_has_stub(const struct resolvconf *list);

/* path is for the diagnostics. */
void resolvconf_parse(struct resolvconf *list, const char *path,
    const char *text, size_t length, struct diags *diags);

#endif
