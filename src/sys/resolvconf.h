/* SPDX-License-Identifier: BSD-2-Clause */
/* resolvconf.h - the servers that a resolv.conf(5) names.  Works on a buffer.
 * What cannot be used is passed over with a note; it never fails.
 */
#ifndef HOSTLER_SYS_RESOLVCONF_H
#define HOSTLER_SYS_RESOLVCONF_H

#include "base/addr.h"
#include "base/diag.h"

#define RESOLVCONF_SERVERS_MAX 8

struct resolvconf {
	unsigned server_count;
	struct endpoint servers[RESOLVCONF_SERVERS_MAX];	/* port 53 */
};

/* path is for the diagnostics. */
void resolvconf_parse(struct resolvconf *list, const char *path,
    const char *text, size_t length, struct diags *diags);

#endif
