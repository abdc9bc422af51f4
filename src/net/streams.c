/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/streams.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "dns/wire.h"
#include "net/peer.h"
#include "net/pipeline.h"
#include "net/tls.h"
#include "net/troubles.h"

/* Invariants: slots[s] is the question of the exchange in slot s and is on a
 * stream, which is one of its peer's. */
struct streams {
	struct stream_context context;
	struct streams_hooks hooks;
	int64_t look_ms;
	unsigned slot_count;
	struct asked **slots;
	struct peer *peers[STREAMS_UPSTREAMS];
	struct event sweep;
	bool sweeping;
};

/* ---- questions ---- */

static struct asked *
find_asked(struct streams *streams, uint32_t exchange)
{
	struct asked *asked = streams->slots[forward_slot(exchange)];

	return asked != NULL && asked->exchange == exchange ? asked : NULL;
}

static struct asked *
new_asked(const struct streams_question *question)
{
	struct asked *asked = malloc(sizeof(*asked));

	assert(question->length >= WIRE_HEADER &&
	    question->length <= FORWARD_QUERY_MAX);
	if (asked == NULL)
		return NULL;
	asked->stream = NULL;
	asked->exchange = question->exchange;
	asked->sent = asked->again = false;
	asked->own_id = wire_get16(question->bytes);
	asked->length = (uint16_t)(PIPELINE_LENGTH + question->length);
	wire_put16(asked->bytes, (uint16_t)question->length);
	memcpy(asked->bytes + PIPELINE_LENGTH, question->bytes,
	    question->length);
	return asked;
}

static void
drop_asked(struct streams *streams, struct asked *asked)
{
	streams->slots[forward_slot(asked->exchange)] = NULL;
	free(asked);
}

static void
break_asked(struct streams *streams, struct asked *asked)
{
	uint32_t exchange = asked->exchange;

	drop_asked(streams, asked);
	streams->hooks.broken(streams->hooks.arg, exchange);
}

/* ---- upstreams ---- */

/* A place for a peer: free, or of the one asked longest ago of those without
 * a stream; -1: all have one. */
static int
find_place(const struct streams *streams)
{
	int place = -1;

	for (int i = 0; i < STREAMS_UPSTREAMS; i++) {
		const struct peer *peer = streams->peers[i];

		if (peer == NULL)
			return i;
		if (!peer_has_stream(peer) && (place < 0 ||
		    peer_asked_ms(peer) <
		    peer_asked_ms(streams->peers[place])))
			place = i;
	}
	return place;
}

static struct peer *
find_peer(struct streams *streams, const struct upstream *upstream)
{
	struct peer *peer;
	int place;

	for (unsigned i = 0; i < STREAMS_UPSTREAMS; i++) {
		peer = streams->peers[i];
		if (peer != NULL &&
		    upstream_equal(peer_upstream(peer), upstream))
			return peer;
	}
	place = find_place(streams);
	if (place < 0) {
		errno = ENOBUFS;
		return NULL;
	}
	peer_free(streams->peers[place]);
	streams->peers[place] = peer_new(upstream);
	return streams->peers[place];
}

/* Once a stream is there somebody looks after it. */
static void
start_sweeping(struct streams *streams)
{
	int64_t wait_ms = streams->look_ms;
	struct timeval wait = { wait_ms / 1000, wait_ms % 1000 * 1000 };

	if (streams->sweeping)
		return;
	streams->sweeping = true;
	event_add(&streams->sweep, &wait);
}

/* ---- streams, and their end ---- */

/* NULL: none is to be had, errno. */
static struct stream *
pick_stream(struct streams *streams, struct peer *peer, int64_t now_ms)
{
	struct stream *stream = peer_pick(peer, &streams->context, now_ms);

	if (stream != NULL)
		start_sweeping(streams);
	return stream;
}

static void
move_asked(struct streams *streams, const struct upstream *to,
    struct asked *asked, int64_t now_ms)
{
	bool spent = asked->again && asked->sent;
	struct peer *peer = spent ? NULL : find_peer(streams, to);
	struct stream *stream = peer == NULL ? NULL :
	    pick_stream(streams, peer, now_ms);

	if (stream == NULL) {
		break_asked(streams, asked);
		return;
	}
	stats_add(streams->context.transport.stats, STAT_STREAMS_ASKED_AGAIN,
	    asked->sent);
	asked->again |= asked->sent;
	asked->sent = false;
	stream_put(stream, asked, now_ms);
}

/* The hooks may forget or ask anything meanwhile: nothing is added to a stream
 * that has ended, what is left on it is looked up anew each time, and so is its
 * peer, which may have given way to another. */
static void
on_ended(void *arg, struct stream *stream, enum stream_ending ending,
    int64_t now_ms)
{
	struct streams *streams = arg;
	struct upstream to = *peer_upstream(stream_peer(stream));
	struct asked *asked;

	peer_lose(stream_peer(stream), stream);
	while ((asked = stream_any(stream)) != NULL) {
		stream_take(asked, now_ms);
		if (ending == STREAM_BY_PEER || ending == STREAM_SINGLE)
			move_asked(streams, &to, asked, now_ms);
		else
			break_asked(streams, asked);
	}
}

static void
on_received(void *arg, struct asked *asked, uint8_t *bytes, size_t length)
{
	struct streams *streams = arg;

	streams->hooks.received(streams->hooks.arg, asked->exchange, bytes,
	    length);
}

/* ---- asking ---- */

enum streams_asked
streams_ask(struct streams *streams, const struct streams_question *question,
    int64_t now_ms)
{
	struct asked **slot = &streams->slots[forward_slot(
	    question->exchange)];
	struct peer *peer = find_peer(streams, question->to);
	struct stream *stream;

	assert(*slot == NULL);
	if (peer == NULL)
		return STREAMS_FAILED;
	if (question->to->transport == UPSTREAM_TLS &&
	    streams->context.transport.trust == NULL) {
		troubles_note(streams->context.transport.troubles, question->to,
		    "no certificates to know it by (see tls.ca-file)", now_ms);
		errno = EPROTO;
		return STREAMS_FAILED;
	}
	peer_note_asked(peer, now_ms);
	stream = pick_stream(streams, peer, now_ms);
	if (stream == NULL)
		return STREAMS_FAILED;
	*slot = new_asked(question);
	if (*slot == NULL)
		return STREAMS_FAILED;
	stream_put(stream, *slot, now_ms);
	return STREAMS_ASKED;
}

void
streams_forget(struct streams *streams, uint32_t exchange)
{
	struct asked *asked = find_asked(streams, exchange);
	struct stream *stream;
	int64_t now_ms = clock_mono_ms();

	if (asked == NULL)
		return;
	stream = asked->stream;
	stream_take(asked, now_ms);
	drop_asked(streams, asked);
	stream_send(stream, now_ms);
}

/* ---- all of them ---- */

/* What ends may change peers, each of which is looked up anew. */
static void
look_after(struct streams *streams, unsigned i, int64_t now_ms)
{
	for (unsigned k = 0; k < PEER_STREAMS; k++) {
		struct peer *peer = streams->peers[i];
		struct stream *stream = peer == NULL ? NULL :
		    peer_stream(peer, k);

		if (stream != NULL)
			stream_look(stream, now_ms);
	}
}

static void
on_sweep(int fd, short what, void *arg)
{
	struct streams *streams = arg;
	int64_t now_ms = clock_mono_ms();
	bool any = false;

	(void)fd;
	(void)what;
	streams->sweeping = false;
	for (unsigned i = 0; i < STREAMS_UPSTREAMS; i++) {
		look_after(streams, i, now_ms);
		any |= streams->peers[i] != NULL &&
		    peer_has_stream(streams->peers[i]);
	}
	if (any)
		start_sweeping(streams);
}

static void
set_context(struct stream_context *context, struct streams *streams,
    const struct streams_settings *settings)
{
	context->transport = (struct transport_context){
	    .base = settings->base,
	    .stats = settings->stats,
	    .troubles = settings->troubles,
	};
	context->hooks = (struct stream_hooks){
	    .received = on_received,
	    .ended = on_ended,
	    .arg = streams,
	};
	context->limits = (struct stream_limits){
	    .idle_ms = settings->times.idle_ms,
	    .doubt_ms = settings->times.doubt_ms,
	    .silence_ms = settings->times.silence_ms,
	    .slow_ms = settings->times.slow_ms,
	};
	context->max = settings->connections_max ?
	    settings->connections_max : UINT_MAX;
	stream_context_init(context);
}

struct streams *
streams_new(const struct streams_settings *settings)
{
	struct streams *streams = memory_zeroed(1, sizeof(*streams));

	set_context(&streams->context, streams, settings);
	streams->hooks = settings->hooks;
	streams->look_ms = settings->times.look_ms;
	streams->slot_count = settings->slots;
	streams->slots = memory_zeroed(settings->slots,
	    sizeof(struct asked *));
	evtimer_assign(&streams->sweep, settings->base, on_sweep, streams);
	return streams;
}

void
streams_free(struct streams *streams)
{
	if (streams == NULL)
		return;
	for (unsigned i = 0; i < STREAMS_UPSTREAMS; i++)
		peer_free(streams->peers[i]);
	stream_context_fini(&streams->context);
	tls_trust_release(streams->context.transport.trust);
	event_del(&streams->sweep);
	for (unsigned i = 0; i < streams->slot_count; i++)
		free(streams->slots[i]);
	free(streams->slots);
	free(streams);
}

void
streams_trust(struct streams *streams, struct tls_trust *trust)
{
	struct transport_context *context = &streams->context.transport;

	tls_trust_release(context->trust);
	context->trust = trust;
	for (unsigned i = 0; i < STREAMS_UPSTREAMS; i++) {
		struct peer *peer = streams->peers[i];

		if (peer != NULL &&
		    peer_upstream(peer)->transport == UPSTREAM_TLS)
			peer_retire(peer);
	}
}
