/* SPDX-License-Identifier: BSD-2-Clause */
/* chaos.h - what the server says of itself, in class CH (RFC 4892).
 *
 * version.bind and version.server: the program and its version.
 * hostname.bind and id.server: policy.hostname, where there is one.
 */
#ifndef HOSTLER_QUERY_CHAOS_H
#define HOSTLER_QUERY_CHAOS_H

#include "query/query.h"

/* False: no such name or type; nothing was written. */
bool chaos_answer(struct query *q, const struct policy *policy);

#endif
