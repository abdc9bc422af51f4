/* SPDX-License-Identifier: BSD-2-Clause */
/* history.h - the last hour, a point every HISTORY_STEP_S seconds: what was
 * answered from where and how, how long it took, how quick upstreams were.
 *
 * Whoever keeps it takes a point now and then from the sums that grow
 * (query/tally.h, query/health.h); a point holds what came since the one
 * before.  Points are numbered from 1; those older than an hour are gone.
 * Where the sums went back, as those of an upstream that was forgotten do, the
 * point starts anew from nothing.
 *
 * One thread, that of its owner.  About 400 KB.
 */
#ifndef HOSTLER_SERVE_HISTORY_H
#define HOSTLER_SERVE_HISTORY_H

#include "query/health.h"
#include "query/tally.h"

#define HISTORY_STEP_S 5
#define HISTORY_POINTS 720
#define HISTORY_UPSTREAMS 16

/* Whose times are put together: what hostler knows itself, what it had asked
 * before, and what it had to ask. */
enum history_group {
	HISTORY_LOCAL,
	HISTORY_CACHE,
	HISTORY_FORWARD,
	HISTORY_GROUPS
};

enum history_rcode {
	HISTORY_NOERROR,
	HISTORY_NXDOMAIN,
	HISTORY_SERVFAIL,
	HISTORY_REFUSED,
	HISTORY_OTHER,
	HISTORY_RCODES
};

struct history_upstream {
	uint32_t sent, lost;
	uint32_t srtt_us;		/* 0: not measured */
	bool passed_over;
};

struct history_point {
	uint64_t number;		/* 0: none */
	int64_t at_s;			/* Unix time of its end */
	uint32_t span_ms;		/* how long it is */
	uint32_t answers[TALLY_SOURCES];
	uint32_t rcodes[HISTORY_RCODES];
	uint32_t took[HISTORY_GROUPS][TALLY_BUCKETS];
	struct history_upstream upstreams[HISTORY_UPSTREAMS];
};

struct history_sample {
	int64_t at_s;			/* Unix time */
	int64_t mono_ms;
	const struct tally *tally;	/* of all workers */
	const struct health_view *upstreams;
	unsigned upstream_count;
};

struct history;

struct history *history_new(void);
void history_free(struct history *history);	/* NULL passes */

/* The first one makes no point: it is what the next is counted from. */
void history_take(struct history *history,
    const struct history_sample *sample);

/* Number of the newest point, 0: there is none yet; a point by its number,
 * NULL: gone, or not yet there. */
uint64_t history_newest(const struct history *history);
const struct history_point *history_point(const struct history *history,
    uint64_t number);
/* The upstream at a place of every point's list; NULL: there is none.  A place
 * whose upstream is no longer known is given to another when all are taken. */
const struct endpoint *history_upstream(const struct history *history,
    unsigned place);

#endif
