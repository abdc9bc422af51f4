/* SPDX-License-Identifier: BSD-2-Clause */
/* observer.h - the thread that reads what workers note of answered queries
 * (net/sighting.h), and shows each note to those who want it: the query log,
 * dnstap, the lists of the status page.
 *
 * What it does may take time, write to slow files, allocate: workers do not
 * wait for it, they drop notes when it is behind.  Notes are at most
 * OBSERVER_ROUND_MS old when they are shown, where only samples are wanted
 * OBSERVER_SAMPLES_MS; those of one worker come in order.
 *
 * After a round in which nothing was shown it sleeps until a worker's next note
 * wakes it; where a sink that wants something has a flush, no longer than
 * OBSERVER_IDLE_MS.
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
#define OBSERVER_SAMPLES_MS 250
#define OBSERVER_IDLE_MS 1000		/* between rounds that show nothing */

struct observer;

struct observer_sink {
	/* wall_ns: Unix time of seen->done_ns. */
	void (*see)(void *context, const struct sighting *seen,
	    int64_t wall_ns);
	/* After each round while the sink wants anything, every
	 * OBSERVER_IDLE_MS at least, and after one in which something was
	 * shown to it; may be NULL. */
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

/* For workers_settings.reader. */
const struct sighting_reader *observer_reader(const struct observer *observer);

void observer_start(struct observer *observer, struct workers *workers);
/* Shows what is still in the rings, and ends the thread.  Between workers_stop
 * and workers_free: the rings are theirs. */
void observer_stop(struct observer *observer);
void observer_free(struct observer *observer);	/* stopped; NULL passes */

/* Notes that workers dropped; 0 before observer_start.  Any thread, until
 * workers_free. */
uint64_t observer_dropped(const struct observer *observer);

#endif
