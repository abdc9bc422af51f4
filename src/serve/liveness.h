/* SPDX-License-Identifier: BSD-2-Clause */
/* liveness.h - /health: do the loops turn?  /ready: is everything served?
 *
 * /health: 200 "ok" while every worker's loop turns and main's does; else 503
 * with the reason in a line.  Main may be away for a minute: it reads a million
 * names meanwhile, and DNS is answered.  Before the workers have started it is
 * "ok" too: whoever restarts what is not healthy must let it start.
 *
 * /ready: 200 once every source was read, 503 while one never was (its names
 * get SERVFAIL).  A file that breaks later keeps its last good content and is
 * no reason to send clients elsewhere: a line tells of it behind the 200.
 *
 * Main writes, the HTTP thread reads.
 */
#ifndef HOSTLER_SERVE_LIVENESS_H
#define HOSTLER_SERVE_LIVENESS_H

#include <stdatomic.h>

#include "net/worker.h"
#include "serve/facts.h"
#include "serve/http.h"

#define LIVENESS_MAIN_MS 60000

struct liveness {
	_Atomic(struct workers *) workers;	/* NULL: not started yet */
	_Atomic int64_t main_ms;	/* when main's loop turned last
					 * (monotonic); 0: it does not yet */
};

/* Main's loop turned. */
void liveness_beat(struct liveness *liveness);

/* NULL, or what has stopped; at a monotonic time. */
const char *liveness_find_fault(struct liveness *liveness, int64_t now_ms);

/* For http_add_path; the context is the liveness; a factsboard. */
enum http_when liveness_answer(void *context, struct http_request *request,
    struct http_answer *answer);
enum http_when liveness_answer_ready(void *context,
    struct http_request *request, struct http_answer *answer);

#endif
