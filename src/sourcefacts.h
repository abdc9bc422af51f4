/* SPDX-License-Identifier: BSD-2-Clause */
/* sourcefacts.h - the state of all sources as facts (serve/facts.h): what
 * /metrics and /ready say of them.
 *
 * Main's thread.
 */
#ifndef HOSTLER_SOURCEFACTS_H
#define HOSTLER_SOURCEFACTS_H

#include "reload.h"
#include "serve/facts.h"

/* As of now.  The counts of reloads are the caller's to put in. */
struct facts *sourcefacts_make(const struct reload *reload);

/* Something is wrong that status calls degraded: a source that is not as it
 * should be, an error in the configuration or in a list of upstreams. */
bool sourcefacts_is_degraded(const struct reload *reload);

#endif
