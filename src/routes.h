/* SPDX-License-Identifier: BSD-2-Clause */
/* routes.h - the `forward` entries of the configuration, resolved: addresses
 * as written, or those that a resolv.conf names at present.
 *
 * hostler's own addresses in a resolv.conf are passed over with a warning, or
 * it would ask itself; where it names systemd-resolved's stub, the list that
 * the stub itself uses is read instead.
 */
#ifndef HOSTLER_ROUTES_H
#define HOSTLER_ROUTES_H

#include "base/diag.h"
#include "conf.h"
#include "query/policy.h"

/* Fill view->routes from the scope's entries, longest zone first; policy_free
 * frees them. */
void routes_make(struct view *view, const struct conf *conf,
    const struct conf_scope *scope, struct diags *diags);

/* The files that the entries name, and the one that is read in the place of a
 * list with systemd-resolved's stub: what is to be watched. */
size_t routes_paths(const struct conf *conf, const char ***paths);

/* What all these say at present: while it is the same, so are the routes. */
uint64_t routes_hash(const struct conf *conf);

#endif
