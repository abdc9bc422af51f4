/* SPDX-License-Identifier: BSD-2-Clause */
/* peer.h - one upstream: its streams, and which of them takes a question.
 *
 * Questions share a stream until PEER_BUSY of them are out on it; then another
 * is opened, PEER_PIPELINED in all.  Whoever hangs, drips or closes over one
 * question is not to hold up others: where a stream is doubtful, or ended with
 * several questions out, those to that upstream are spread for
 * STREAM_SPREAD_MS, one a stream as far as PEER_STREAMS go.
 *
 * The one rule: a stream that has ended is taken from its peer (peer_lose).
 *
 * One thread, that of the streams.
 */
#ifndef HOSTLER_NET_PEER_H
#define HOSTLER_NET_PEER_H

#include "net/stream.h"

#define PEER_PIPELINED 2		/* streams, or */
#define PEER_STREAMS 64			/* where questions are spread */
#define PEER_BUSY 128			/* questions */

struct peer;

/* Never NULL (base/memory.h).  Whoever made it frees it; its streams point at
 * it until their hook (ended) has run: it does not go before that. */
struct peer *peer_new(const struct upstream *upstream);
/* Kills its streams: see stream_kill.  NULL is fine. */
void peer_free(struct peer *peer);

const struct upstream *peer_upstream(const struct peer *peer);
/* Somebody asks it now; when it was asked last, 0: never. */
void peer_note_asked(struct peer *peer, int64_t now_ms);
int64_t peer_asked_ms(const struct peer *peer);

/* The stream for one more question, opened where it has to be; NULL: none is to
 * be had: errno. */
struct stream *peer_pick(struct peer *peer, struct stream_context *context,
    int64_t now_ms);

bool peer_has_stream(const struct peer *peer);
/* The stream in this place, below PEER_STREAMS; NULL: none is. */
struct stream *peer_stream(const struct peer *peer, unsigned place);
void peer_lose(struct peer *peer, const struct stream *stream);

/* Its streams take no more questions; its TLS session is forgotten. */
void peer_retire(struct peer *peer);

#endif
