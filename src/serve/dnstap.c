/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/dnstap.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "serve/dnstapframe.h"
#include "serve/dnstapwriter.h"
#include "serve/losses.h"

#define RELOAD_WAIT_MS 200
#define END_WAIT_MS 1000

struct dnstap {
	struct observer *observer;
	unsigned sink;
	pthread_mutex_t lock;		/* of writer, identity and losses */
	struct dnstapwriter *writer;	/* NULL: off */
	char *identity;
	char *socket, *file;		/* where it writes to */
	struct dnstapwriter_counts counts;
	_Atomic uint64_t counted;	/* of counts.lost, by losses */
	struct losses losses;
};

/* ---- the observer's thread ---- */

typedef size_t (*fill_frame)(struct dnstapframe *frame,
    const struct dnstapframe_about *about);

static void
write_frame(struct dnstap *tap, fill_frame fill,
    const struct dnstapframe_about *about)
{
	struct ring *ring = dnstapwriter_ring(tap->writer);
	struct dnstapframe frame;
	uint8_t *room = ring_reserve(ring, fill(&frame, about));

	if (!room) {
		losses_add(&tap->losses, 1);
		return;
	}
	dnstapframe_pack(&frame, room);
	ring_commit(ring);
}

static void
see(void *context, const struct sighting *seen, int64_t wall_ns)
{
	struct dnstap *tap = context;

	pthread_mutex_lock(&tap->lock);
	if (tap->writer) {
		const struct dnstapframe_about about = {seen, wall_ns,
		    tap->identity};

		if (seen->query_kept)
			write_frame(tap, dnstapframe_query, &about);
		if (seen->reply_kept)
			write_frame(tap, dnstapframe_reply, &about);
	}
	pthread_mutex_unlock(&tap->lock);
}

static void
tell_lost(struct dnstap *tap)
{
	uint64_t lost = tap->counts.lost, count;

	losses_add(&tap->losses, lost - tap->counted);
	tap->counted = lost;
	count = losses_untold(&tap->losses);
	if (count)
		log_warning("%llu messages of dnstap are lost: %s does not "
		    "take them", (unsigned long long)count,
		    tap->socket ? tap->socket : tap->file);
}

static void
flush(void *context)
{
	struct dnstap *tap = context;

	pthread_mutex_lock(&tap->lock);
	if (tap->writer) {
		dnstapwriter_wake(tap->writer);
		tell_lost(tap);
	}
	pthread_mutex_unlock(&tap->lock);
}

/* ---- main's side ---- */

struct dnstap *
dnstap_new(struct observer *observer)
{
	struct dnstap *tap = memory_zeroed(1, sizeof *tap);

	pthread_mutex_init(&tap->lock, NULL);
	tap->observer = observer;
	losses_init(&tap->losses, observer);
	tap->sink = observer_add(observer,
	    &(struct observer_sink){see, flush, tap});
	return tap;
}

void
dnstap_free(struct dnstap *tap)
{
	if (!tap)
		return;
	if (tap->writer)
		dnstapwriter_stop(tap->writer, END_WAIT_MS);
	pthread_mutex_destroy(&tap->lock);
	free(tap->identity);
	free(tap->socket);
	free(tap->file);
	free(tap);
}

static bool
is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static bool
goes_on(const struct dnstap *tap, const struct dnstap_settings *settings)
{
	return tap->writer && (is_same(tap->socket, settings->socket) ||
	    (is_same(tap->file, settings->file) &&
		dnstapwriter_has_file(tap->writer, tap->file)));
}

static void
turn_to(struct dnstap *tap, struct dnstapwriter *writer)
{
	struct dnstapwriter *before = tap->writer;

	pthread_mutex_lock(&tap->lock);
	tap->writer = writer;
	pthread_mutex_unlock(&tap->lock);
	if (before)
		dnstapwriter_stop(before, RELOAD_WAIT_MS);
}

/* Under the lock: what is told of is named by these. */
static void
set_names(struct dnstap *tap, const struct dnstap_settings *settings)
{
	char host[HOST_NAME_MAX + 1] = "";

	free(tap->identity);
	free(tap->socket);
	free(tap->file);
	gethostname(host, sizeof host - 1);
	tap->identity = memory_string(settings->identity ?
	    settings->identity : host);
	tap->socket = settings->socket ? memory_string(settings->socket) :
	    NULL;
	tap->file = settings->file ? memory_string(settings->file) : NULL;
}

static unsigned
wants_of(const struct dnstap_settings *settings)
{
	unsigned wants = 0;

	if (settings->messages & DNSTAP_CLIENT)
		wants |= SIGHTING_ANY | SIGHTING_PACKETS;
	if (settings->messages & DNSTAP_FORWARDER)
		wants |= SIGHTING_UPSTREAM;
	return wants;
}

char *
dnstap_set(struct dnstap *tap, const struct dnstap_settings *settings)
{
	const struct dnstapwriter_settings to = {settings->socket,
	    settings->file, &tap->counts};
	char *wrong = NULL;
	bool on;

	if (!goes_on(tap, settings)) {
		turn_to(tap, NULL);
		if (to.socket || to.file)
			turn_to(tap, dnstapwriter_start(&to, &wrong));
	}
	pthread_mutex_lock(&tap->lock);
	on = tap->writer != NULL;
	set_names(tap, settings);
	if (on)
		losses_turn_on(&tap->losses);
	else
		losses_turn_off(&tap->losses);
	pthread_mutex_unlock(&tap->lock);
	observer_want(tap->observer, tap->sink, on ? wants_of(settings) : 0);
	return wrong;
}

struct dnstap_counts
dnstap_count(const struct dnstap *tap)
{
	return (struct dnstap_counts){tap->counts.written,
	    losses_count(&tap->losses) + (tap->counts.lost - tap->counted)};
}
