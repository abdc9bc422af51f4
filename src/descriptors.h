/* SPDX-License-Identifier: BSD-2-Clause */
/* descriptors.h - what the limit of open files lets the workers take.
 *
 * Whoever floods with connections, or with questions to a silent upstream, is
 * not to take the descriptors that a reload and the control socket need.  So
 * what is open already, and a reserve, is left out of account, and the rest
 * shared: half of it for TCP clients, the other for sockets to upstreams (two
 * by UDP a question at most, and the streams).
 *
 * However low the limit is, clients are served: of TCP clients a few, who give
 * way to each other; UDP clients need no descriptor.
 *
 * One thread: main's, at the start.
 */
#ifndef HOSTLER_DESCRIPTORS_H
#define HOSTLER_DESCRIPTORS_H

#include "net/worker.h"

/* Take what the hard limit gives. */
void descriptors_raise(void);

/* Settings as they would be without a limit; what is too much is lowered, and
 * told where that shows.  When all is open that main itself opens. */
void descriptors_fit(struct workers_settings *settings);

/* The same for a limit and a number of open descriptors: the part that is
 * reckoned.  False: everything has room. */
bool descriptors_share(struct workers_settings *settings, uint64_t limit,
    unsigned open);

#endif
