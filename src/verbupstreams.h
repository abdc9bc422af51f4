/* SPDX-License-Identifier: BSD-2-Clause */
/* verbupstreams.h - what `status` and `stats` say of upstreams.
 *
 * Each worker knows its upstreams by itself (query/health.h); here they are
 * added up.  A value of its own, made anew for each request.
 *
 * main's thread.
 */
#ifndef HOSTLER_VERBUPSTREAMS_H
#define HOSTLER_VERBUPSTREAMS_H

#include <jansson.h>
#include <stdio.h>

#include "net/worker.h"

#define VERBUPSTREAMS_MAX 256

struct verbupstreams {
	struct workers *workers;	/* NULL: none yet */
	int64_t now_ms;
	unsigned count;
	struct health_view list[VERBUPSTREAMS_MAX];
};

void verbupstreams_get(struct verbupstreams *upstreams,
    struct workers *workers);
/* One line for each upstream of a route, another where its last handshake
 * failed. */
void verbupstreams_print(const struct verbupstreams *upstreams,
    const struct upstreams *to, FILE *out);
/* An array of all that were asked, those of no route any more too. */
json_t *verbupstreams_make(const struct verbupstreams *upstreams);
/* An array: those of a route whose last handshake failed, and why. */
json_t *verbupstreams_make_troubles(const struct verbupstreams *upstreams,
    const struct upstreams *to);
/* As counters: upstream.ADDR@PORT.sent and so on. */
void verbupstreams_print_stats(const struct verbupstreams *upstreams,
    FILE *out);
void verbupstreams_add_stats(const struct verbupstreams *upstreams,
    json_t *object);

#endif
