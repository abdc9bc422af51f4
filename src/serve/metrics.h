/* SPDX-License-Identifier: BSD-2-Clause */
/* metrics.h - /metrics: all that hostler counts, as Prometheus reads it.
 *
 * Names are CoreDNS's where it has one, with `hostler_` in front; each counter
 * of base/stats.h is there under its own name, too.  hostler(8) lists them.
 *
 * metrics_print is a pure function of what it is given.  metrics_answer, for
 * http_add_path, gathers that: it waits for nobody, for main least of all.
 */
#ifndef HOSTLER_SERVE_METRICS_H
#define HOSTLER_SERVE_METRICS_H

#include <stdatomic.h>

#include "net/worker.h"
#include "serve/facts.h"
#include "serve/http.h"
#include "sys/process.h"

#define METRICS_UPSTREAMS_MAX 256

struct metrics_input {
	const struct tally *tally;
	const uint64_t *stats;		/* STAT_COUNT of them */
	const struct health_view *upstreams;
	unsigned upstream_count;
	struct cache_usage cache;
	const struct facts *facts;
	struct process_usage process;
	int64_t started_s;		/* Unix time */
};
void metrics_print(struct evbuffer *out, const struct metrics_input *input);

/* Where it is found; all outlive the HTTP thread. */
struct metrics {
	_Atomic(struct workers *) *workers;	/* NULL in it: none yet */
	struct cache *cache;
	struct factsboard *board;
	/* Counters that no worker has are put in; any thread. */
	void (*add_stats)(void *context, uint64_t stats[STAT_COUNT]);
	void *context;
	int64_t started_s;
};
enum http_when metrics_answer(void *context, struct http_request *request,
    struct http_answer *answer);

#endif
