/* SPDX-License-Identifier: BSD-2-Clause */
/* querylog.h - a line for each answered query, or for each that failed, to
 * stderr or to the end of a file.
 *
 * FAILURES are the answers with any rcode but NOERROR; NXDOMAIN is one: that is
 * where mistyped names show.  NODATA is none.  A query that got no answer has
 * no line either, the counters dropped.* have it.
 *
 * The one rule: nobody waits.  Workers note what they answered in their rings,
 * the observer's thread makes lines of that and writes them.  What a ring, a
 * full disk, or a pipe that nobody reads does not take is lost, counted, and
 * told once a minute.  A pipe gets whole lines, up to LOG_WRITE_MAX bytes at a
 * time; one that took nothing for LOG_WAIT_MS is not waited for again until it
 * does.
 *
 * Lines of one worker come in order; those of several may be OBSERVER_ROUND_MS
 * out of it, JSON and files have the time.
 *
 * What it costs, CPU of the whole process a query, 1,000 local names and a
 * tenth of the questions NXDOMAIN, medians of nine runs on a busy machine,
 * where the least that a server can do took 5.9 us: off 6.9 us, failures 7.5
 * us, all 9.2 us (a tenth and a third more).  Off, nothing is done at all.
 *
 * On stderr a line begins as CoreDNS's do, with "[INFO] ", where journald reads
 * with the level ahead of that; in a file with the time (queryline.h).
 *
 * Made, set and ended by main's thread; the lines are written in the
 * observer's.
 */
#ifndef HOSTLER_SERVE_QUERYLOG_H
#define HOSTLER_SERVE_QUERYLOG_H

#include "serve/observer.h"
#include "serve/queryline.h"

struct querylog;

enum querylog_queries {
	QUERYLOG_OFF,
	QUERYLOG_FAILURES,
	QUERYLOG_ALL,
};

struct querylog_settings {
	enum querylog_queries queries;
	enum queryline_format format;
	uint8_t bits4, bits6;		/* see queryline.h */
	const char *file;		/* NULL: stderr */
};

/* One more sink of the observer's, before observer_start. */
struct querylog *querylog_new(struct observer *observer);
void querylog_free(struct querylog *log);	/* observer stopped */

/* These count from now on.  The file is opened anew, whether it is another one
 * or not: that is how logs are rotated.  It is made with the mode 0640 where it
 * is missing.  NULL, or why it cannot be opened, in words to be freed: the
 * lines then go where they went before, if anywhere; all else counts. */
char *querylog_set(struct querylog *log,
    const struct querylog_settings *settings);
/* Are lines written at all? */
bool querylog_is_on(struct querylog *log);

/* So far; lost are those that no ring or file took.  Any thread. */
struct querylog_counts {
	uint64_t written, lost;
};
struct querylog_counts querylog_count(const struct querylog *log);

#endif
