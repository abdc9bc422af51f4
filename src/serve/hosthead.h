/* SPDX-License-Identifier: BSD-2-Clause */
/* hosthead.h - is a request meant for this server?  What its Host header says.
 *
 * A page of somebody's in a browser inside our network may give its own name
 * our address and then read all that we show as if it were its own (DNS
 * rebinding).  Its requests have that name in Host.  So Host must be an
 * address (those cannot be rebound), localhost, or a name that main has
 * allowed.
 *
 * Pure functions.
 */
#ifndef HOSTLER_SERVE_HOSTHEAD_H
#define HOSTLER_SERVE_HOSTHEAD_H

#include <stdbool.h>
#include <stddef.h>

struct hosthead_names {
	char **list;
	size_t count;
};

/* HOST or HOST:PORT, [ADDR6] and [ADDR6]:PORT too; a dot at the end and the
 * case of letters do not count. */
bool hosthead_allows(const struct hosthead_names *names, const char *value);

void hosthead_set(struct hosthead_names *names, const char *const *list,
    size_t count);			/* copied */
void hosthead_fini(struct hosthead_names *names);

#endif
