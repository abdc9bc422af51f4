/* SPDX-License-Identifier: BSD-2-Clause */
/* observer.h - the thread that reads what workers note of answered queries
 * (net/sighting.h), and shows each note to those who want it: the query log,
 * dnstap, the lists of the status page.
 *
 * What it does may take time, write to slow files, allocate: workers do not
 * wait for it, they drop notes when it is behind.  Notes are at most
 * OBSERVER_ROUND_MS old when they are shown; those of one worker come in
 * order.
 *
 * Made and ended by main; sinks are added before observer_start.  Their
 * functions run in the observer's thread.
 */
#ifndef HOSTLER_SERVE_OBSERVER_H
#define HOSTLER_SERVE_OBSERVER_H

#include "net/sighting.h"
#include "net/worker.h"

#define OBSERVER_SINKS_MAX 4
#define OBSERVER_ROUND_MS 50

struct observer;

struct observer_sink {
	/* wall_ns: Unix time of seen->done_ns. */
	void (*see)(void *context, const struct sighting *seen,
	    int64_t wall_ns);
	/* After each round while the sink wants anything, and after one in
	 * which something was shown to it; may be NULL. */
	void (*flush)(void *context);
	void *context;
};

struct observer *observer_new(void);

/* Returns the sink's number.  It wants nothing yet. */
unsigned observer_add(struct observer *observer,
    const struct observer_sink *sink);

/* What a sink wants from now on (enum sighting_want, or'ed; 0: nothing).  Notes
 * that were made before may still come.  Any thread, at any time. */
void observer_want(struct observer *observer, unsigned sink, unsigned wants);

/* For workers_settings.wants. */
const _Atomic unsigned *observer_wants(const struct observer *observer);

void observer_start(struct observer *observer, struct workers *workers);
/* Shows what is still in the rings, and ends the thread.  Between workers_stop
 * and workers_free: the rings are theirs. */
void observer_stop(struct observer *observer);
void observer_free(struct observer *observer);	/* stopped; NULL passes */

/* Notes that workers dropped; 0 before observer_start.  Any thread, until
 * workers_free. */
uint64_t observer_dropped(const struct observer *observer);

#endif
