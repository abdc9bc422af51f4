/* SPDX-License-Identifier: BSD-2-Clause */
/* health.h - which upstreams failed lately, as one worker saw it.
 *
 * A failure has the upstream passed over for a while that doubles with each
 * further one; one good answer forgets them all.  It is tried again by a real
 * question, never by a probe.  A small fixed table: where it is full, the
 * upstream whose time is over first is forgotten.
 *
 * Pure; one thread.
 */
#ifndef HOSTLER_QUERY_HEALTH_H
#define HOSTLER_QUERY_HEALTH_H

#include "base/addr.h"

#define HEALTH_UPSTREAMS 64
#define HEALTH_FIRST_MS 500
#define HEALTH_LONGEST_MS 32000
#define HEALTH_SOFT_MAX 3		/* soft failures that are let pass */

enum health_failure {
	HEALTH_HARD,			/* silence, no connection, REFUSED */
	HEALTH_SOFT,			/* SERVFAIL, lame: may be the name's
					 * fault, so it takes a few in a row */
};

struct health_entry {
	struct endpoint endpoint;
	unsigned failures;		/* 0: the entry is free */
	int64_t until_ms;
};

struct health {
	struct health_entry entries[HEALTH_UPSTREAMS];
};

/* Until when the upstream is passed over; 0: it is not. */
int64_t health_until_ms(const struct health *health,
    const struct endpoint *endpoint, int64_t now_ms);
void health_failed(struct health *health, const struct endpoint *endpoint,
    enum health_failure failure, int64_t now_ms);
void health_answered(struct health *health, const struct endpoint *endpoint);

#endif
