/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/observer.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

#define ROUND_NOTES_MAX 65536		/* of one ring, then another's turn */

struct sink {
	struct observer_sink hooks;
	_Atomic unsigned wants;
	bool shown;			/* something, in this round */
};

struct observer {
	/* Workers read this at each batch. */
	struct sighting_reader reader;	/* wants: of all sinks together */
	_Alignas(64) struct sink sinks[OBSERVER_SINKS_MAX];
	unsigned count;
	_Atomic(struct workers *) workers;	/* NULL: not started yet */
	pthread_t thread;
	bool started;
	_Atomic bool ending;
	pthread_mutex_t lock;		/* of the sum of wants */
};

struct observer *
observer_new(void)
{
	struct observer *observer = memory_own(sizeof *observer);

	pthread_mutex_init(&observer->lock, NULL);
	observer->reader.bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert(observer->reader.bell >= 0);
	return observer;
}

void
observer_free(struct observer *observer)
{
	if (!observer)
		return;
	assert(!observer->started);
	close(observer->reader.bell);
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
	atomic_store(&observer->reader.wants, all);
	pthread_mutex_unlock(&observer->lock);
	sighting_ring(&observer->reader);
}

const struct sighting_reader *
observer_reader(const struct observer *observer)
{
	return &observer->reader;
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

/* What a round came to, or a part of it. */
enum round {
	ROUND_NOTHING,
	ROUND_SHOWN,
	ROUND_MORE,			/* there may be more already */
};

/* ahead_ns: of the wall's clock before the monotonic one. */
static enum round
read_ring(struct observer *observer, struct ring *ring, int64_t ahead_ns)
{
	size_t size;

	for (unsigned i = 0; i < ROUND_NOTES_MAX; i++) {
		const struct sighting *seen = ring_peek(ring, &size);

		if (!seen)
			return i > 0 ? ROUND_SHOWN : ROUND_NOTHING;
		show(observer, seen, ahead_ns);
		ring_consume(ring);
	}
	return ROUND_MORE;
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

static enum round
read_all(struct observer *observer)
{
	int64_t ahead_ns = clock_wall_ns() - clock_mono_ns();
	enum round found = ROUND_NOTHING;
	struct ring *ring;

	for (unsigned i = 0;
	     (ring = workers_sightings(observer->workers, i)) != NULL; i++) {
		enum round here = read_ring(observer, ring, ahead_ns);

		if (here > found)
			found = here;
	}
	flush_sinks(observer);
	return found;
}

/* For so long (-1: for ever), or until the bell rings. */
static void
wait_for_bell(const struct observer *observer, int ms)
{
	struct pollfd bell = {.fd = observer->reader.bell, .events = POLLIN};
	uint64_t rung;

	if (poll(&bell, 1, ms) > 0 &&
	    read(bell.fd, &rung, sizeof rung) != sizeof rung)
		assert(errno == EAGAIN);
}

static int
round_ms(const struct observer *observer)
{
	return atomic_load(&observer->reader.wants) & ~SIGHTING_SAMPLE ?
	    OBSERVER_ROUND_MS : OBSERVER_SAMPLES_MS;
}

static int
idle_ms(const struct observer *observer)
{
	for (unsigned i = 0; i < observer->count; i++) {
		if (observer->sinks[i].hooks.flush &&
		    atomic_load(&observer->sinks[i].wants))
			return OBSERVER_IDLE_MS;
	}
	return -1;
}

/* True: all rings are empty, and the bell rings when one is not any more. */
static bool
fall_asleep(const struct observer *observer)
{
	bool empty = true;
	struct ring *ring;

	for (unsigned i = 0;
	     (ring = workers_sightings(observer->workers, i)) != NULL; i++)
		empty = ring_sleep(ring) && empty;
	return empty;
}

static void
wake_up(const struct observer *observer)
{
	struct ring *ring;

	for (unsigned i = 0;
	     (ring = workers_sightings(observer->workers, i)) != NULL; i++)
		ring_awake(ring);
}

static void
rest(const struct observer *observer, enum round found)
{
	if (found == ROUND_SHOWN) {
		wait_for_bell(observer, round_ms(observer));
	} else if (found == ROUND_NOTHING) {
		if (fall_asleep(observer))
			wait_for_bell(observer, idle_ms(observer));
		wake_up(observer);
	}
}

static void *
run_observer(void *context)
{
	struct observer *observer = context;

	pthread_setname_np(pthread_self(), "observer");
	while (!atomic_load(&observer->ending))
		rest(observer, read_all(observer));
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
	atomic_store(&observer->ending, true);
	sighting_ring(&observer->reader);
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
