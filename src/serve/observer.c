/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/observer.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"

#define ROUND_NOTES_MAX 65536		/* of one ring, then another's turn */
#define NS_IN_S 1000000000

struct sink {
	struct observer_sink hooks;
	_Atomic unsigned wants;
	bool shown;			/* something, in this round */
};

struct observer {
	struct sink sinks[OBSERVER_SINKS_MAX];
	unsigned count;
	_Atomic unsigned wants;		/* of all sinks together */
	_Atomic(struct workers *) workers;	/* NULL: not started yet */
	pthread_t thread;
	bool started;
	/* Workers read what is above at each batch. */
	_Alignas(64) pthread_mutex_t lock; /* of `ending` and the sum of wants */
	pthread_cond_t news;
	bool ending;
};

struct observer *
observer_new(void)
{
	struct observer *observer = memory_own(sizeof *observer);
	pthread_condattr_t monotonic;

	pthread_mutex_init(&observer->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&observer->news, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return observer;
}

void
observer_free(struct observer *observer)
{
	if (!observer)
		return;
	assert(!observer->started);
	pthread_cond_destroy(&observer->news);
	pthread_mutex_destroy(&observer->lock);
	free(observer);
}

unsigned
observer_add(struct observer *observer, const struct observer_sink *sink)
{
	assert(!observer->started && observer->count < OBSERVER_SINKS_MAX);
	observer->sinks[observer->count].hooks = *sink;
	return observer->count++;
}

void
observer_want(struct observer *observer, unsigned sink, unsigned wants)
{
	unsigned all = 0;

	pthread_mutex_lock(&observer->lock);
	atomic_store(&observer->sinks[sink].wants, wants);
	for (unsigned i = 0; i < observer->count; i++)
		all |= atomic_load(&observer->sinks[i].wants);
	atomic_store(&observer->wants, all);
	pthread_cond_signal(&observer->news);
	pthread_mutex_unlock(&observer->lock);
}

const _Atomic unsigned *
observer_wants(const struct observer *observer)
{
	return &observer->wants;
}

/* ---- the thread ---- */

static void
show(struct observer *observer, const struct sighting *seen, int64_t ahead_ns)
{
	for (unsigned i = 0; i < observer->count; i++) {
		struct sink *sink = &observer->sinks[i];

		if (!(atomic_load(&sink->wants) & seen->wants))
			continue;
		sink->hooks.see(sink->hooks.context, seen,
		    seen->done_ns + ahead_ns);
		sink->shown = true;
	}
}

/* ahead_ns: of the wall's clock before the monotonic one.  False: there may
 * be more. */
static bool
read_ring(struct observer *observer, struct ring *ring, int64_t ahead_ns)
{
	size_t size;

	for (unsigned i = 0; i < ROUND_NOTES_MAX; i++) {
		const struct sighting *seen = ring_peek(ring, &size);

		if (!seen)
			return true;
		show(observer, seen, ahead_ns);
		ring_consume(ring);
	}
	return false;
}

static void
flush_sinks(struct observer *observer)
{
	for (unsigned i = 0; i < observer->count; i++) {
		struct sink *sink = &observer->sinks[i];

		if (sink->hooks.flush &&
		    (sink->shown || atomic_load(&sink->wants)))
			sink->hooks.flush(sink->hooks.context);
		sink->shown = false;
	}
}

/* False: there may be more already. */
static bool
read_all(struct observer *observer)
{
	int64_t ahead_ns = clock_wall_ns() - clock_mono_ns();
	bool at_end = true;
	struct ring *ring;

	for (unsigned i = 0;
	     (ring = workers_sightings(observer->workers, i)) != NULL; i++)
		at_end = read_ring(observer, ring, ahead_ns) && at_end;
	flush_sinks(observer);
	return at_end;
}

static struct timespec
next_round(void)
{
	int64_t ns = clock_mono_ns() + OBSERVER_ROUND_MS * 1000000LL;

	return (struct timespec){.tv_sec = ns / NS_IN_S,
	    .tv_nsec = ns % NS_IN_S};
}

/* Where nothing is wanted there is nothing to look for. */
static bool
wait_round(struct observer *observer)
{
	struct timespec until = next_round();
	bool on;

	pthread_mutex_lock(&observer->lock);
	while (!observer->ending && atomic_load(&observer->wants) == 0)
		pthread_cond_wait(&observer->news, &observer->lock);
	while (!observer->ending && pthread_cond_timedwait(&observer->news,
	    &observer->lock, &until) == 0)
		continue;
	on = !observer->ending;
	pthread_mutex_unlock(&observer->lock);
	return on;
}

static bool
is_ending(struct observer *observer)
{
	bool ending;

	pthread_mutex_lock(&observer->lock);
	ending = observer->ending;
	pthread_mutex_unlock(&observer->lock);
	return ending;
}

static void *
run_observer(void *context)
{
	struct observer *observer = context;

	pthread_setname_np(pthread_self(), "observer");
	while (wait_round(observer))
		while (!read_all(observer) && !is_ending(observer))
			continue;
	read_all(observer);
	return NULL;
}

void
observer_start(struct observer *observer, struct workers *workers)
{
	sigset_t all, before;
	int error;

	atomic_store(&observer->workers, workers);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&observer->thread, NULL, run_observer,
	    observer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	assert(error == 0);
	observer->started = true;
}

void
observer_stop(struct observer *observer)
{
	if (!observer->started)
		return;
	pthread_mutex_lock(&observer->lock);
	observer->ending = true;
	pthread_cond_signal(&observer->news);
	pthread_mutex_unlock(&observer->lock);
	pthread_join(observer->thread, NULL);
	observer->started = false;
}

uint64_t
observer_dropped(const struct observer *observer)
{
	uint64_t dropped = 0;
	struct ring *ring;

	if (!observer->workers)
		return 0;
	for (unsigned i = 0;
	     (ring = workers_sightings(observer->workers, i)) != NULL; i++)
		dropped += ring_dropped(ring);
	return dropped;
}
