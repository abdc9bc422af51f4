/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/peer.h"

#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"
#include "net/tls.h"

struct peer {
	struct upstream upstream;
	struct stream *list[PEER_STREAMS];
	struct tls_memory memory;
	struct stream_manner manner;
	int64_t asked_ms;
};

/* ---- which stream ---- */

static bool
is_spread(const struct peer *peer, int64_t now_ms)
{
	return peer->manner.spread_ms > now_ms ||
	    stream_manner_is_single(&peer->manner, now_ms);
}

static bool
is_busy(const struct peer *peer, const struct stream *stream, int64_t now_ms)
{
	unsigned most = is_spread(peer, now_ms) ? 1 : PEER_BUSY;

	return stream_count(stream) >= most ||
	    stream_is_doubtful(stream, now_ms);
}

static bool
is_better(const struct stream *a, const struct stream *b, int64_t now_ms)
{
	bool doubtful;

	if (b == NULL)
		return true;
	doubtful = stream_is_doubtful(b, now_ms);
	if (stream_is_doubtful(a, now_ms) != doubtful)
		return doubtful;
	return stream_count(a) < stream_count(b);
}

static int
count_places(const struct peer *peer, int64_t now_ms)
{
	return is_spread(peer, now_ms) ? PEER_STREAMS : PEER_PIPELINED;
}

static void
note_doubt(struct peer *peer, int64_t now_ms)
{
	int places = count_places(peer, now_ms);

	for (int i = 0; i < places; i++) {
		if (peer->list[i] != NULL &&
		    stream_is_doubtful(peer->list[i], now_ms))
			peer->manner.spread_ms = now_ms + STREAM_SPREAD_MS;
	}
}

/* Of those that are there, the first that is not busy; else the best, and
 * *place is where there is room for another; -1: nowhere. */
static struct stream *
find_stream(const struct peer *peer, int64_t now_ms, int *place)
{
	int places = count_places(peer, now_ms);
	struct stream *best = NULL;

	*place = -1;
	for (int i = 0; i < places; i++) {
		struct stream *stream = peer->list[i];

		if (stream == NULL)
			*place = i;
		if (stream == NULL || stream_is_full(stream, now_ms))
			continue;
		if (!is_busy(peer, stream, now_ms)) {
			*place = -1;
			return stream;
		}
		if (is_better(stream, best, now_ms))
			best = stream;
	}
	return best;
}

struct stream *
peer_pick(struct peer *peer, struct stream_context *context, int64_t now_ms)
{
	const struct stream_start start = {
	    .to = &peer->upstream,
	    .memory = &peer->memory,
	    .manner = &peer->manner,
	    .peer = peer,
	};
	struct stream *best;
	int place;

	note_doubt(peer, now_ms);
	best = find_stream(peer, now_ms, &place);
	if (place < 0) {
		errno = ENOBUFS;
		return best;
	}
	peer->list[place] = stream_open(context, &start, now_ms);
	return peer->list[place] != NULL ? peer->list[place] : best;
}

/* ---- the upstream, and those that it has ---- */

struct peer *
peer_new(const struct upstream *upstream)
{
	struct peer *peer = memory_zeroed(1, sizeof(*peer));

	peer->upstream = *upstream;
	return peer;
}

void
peer_free(struct peer *peer)
{
	if (peer == NULL)
		return;
	for (unsigned i = 0; i < PEER_STREAMS; i++) {
		if (peer->list[i] != NULL)
			stream_kill(peer->list[i], STREAM_IDLE);
	}
	tls_memory_forget(&peer->memory);
	free(peer);
}

const struct upstream *
peer_upstream(const struct peer *peer)
{
	return &peer->upstream;
}

void
peer_note_asked(struct peer *peer, int64_t now_ms)
{
	peer->asked_ms = now_ms;
}

int64_t
peer_asked_ms(const struct peer *peer)
{
	return peer->asked_ms;
}

bool
peer_has_stream(const struct peer *peer)
{
	for (unsigned i = 0; i < PEER_STREAMS; i++) {
		if (peer->list[i] != NULL)
			return true;
	}
	return false;
}

struct stream *
peer_stream(const struct peer *peer, unsigned place)
{
	return peer->list[place];
}

void
peer_lose(struct peer *peer, const struct stream *stream)
{
	for (unsigned i = 0; i < PEER_STREAMS; i++) {
		if (peer->list[i] == stream)
			peer->list[i] = NULL;
	}
}

void
peer_retire(struct peer *peer)
{
	tls_memory_forget(&peer->memory);
	for (unsigned i = 0; i < PEER_STREAMS; i++) {
		if (peer->list[i] != NULL)
			stream_retire(peer->list[i]);
	}
}
