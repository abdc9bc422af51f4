/* SPDX-License-Identifier: BSD-2-Clause */
/* stream.h - one connection to an upstream, and the questions out on it.
 *
 * Questions wait until the transport is open, go out one behind the other, and
 * their answers, in any order, are told apart by id (pipeline.h; RFC 7766
 * 6.2.1).  A stream knows since when its upstream owes it a byte, or a message,
 * and ends where that is for too long; so it does when nobody needs it.
 *
 * There are upstreams that answer one question a connection and no more.
 * Whoever closes on several questions after one answer, or none, is asked one
 * question a stream for STREAM_SINGLE_MS; where a stream ends with several out,
 * they are spread over others for STREAM_SPREAD_MS (struct stream_manner).
 *
 * The one rule: a stream that has ended takes no question, and those that are
 * on it are taken off (stream_take) before its hook returns.
 *
 * It is freed some time after it ended, by the loop.  Questions are the
 * caller's.  One thread, that of the event base.
 */
#ifndef HOSTLER_NET_STREAM_H
#define HOSTLER_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/transport.h"

#define STREAM_SPREAD_MS 60000
#define STREAM_SINGLE_MS 60000

struct asked;
struct event;
struct peer;
struct stream;
struct tls_memory;

enum stream_ending {
	STREAM_BY_PEER,			/* questions may be asked again */
	STREAM_SINGLE,			/* it had its one: others move on */
	STREAM_FAILED,
	STREAM_IDLE,			/* there are none */
};

/* Called from the loop, never from within a function of this module but
 * stream_look.
 * received: a message came with the id of this question's; it has the id that
 * the question came with; bytes are lent.  The question stays on.
 * ended: see the one rule. */
struct stream_hooks {
	void (*received)(void *arg, struct asked *asked, uint8_t *bytes,
	    size_t length);
	void (*ended)(void *arg, struct stream *stream,
	    enum stream_ending ending, int64_t now_ms);
	void *arg;
};

/* For how long something may last. */
struct stream_limits {
	int64_t idle_ms;		/* without a question */
	int64_t doubt_ms;		/* a message is owed: doubtful */
	int64_t silence_ms;		/* a byte is owed; opening */
	int64_t slow_ms;		/* a message is owed: over */
};

/* What the streams of one worker share: the caller's, who sets it, and reads
 * only from then on, but for the trust. */
struct stream_context {
	struct transport_context transport;
	struct stream_hooks hooks;
	struct stream_limits limits;
	unsigned count, max;		/* streams that are not freed */
	struct stream *dead;
	struct event *bury;		/* frees those */
};
/* The transport's part, hooks, limits and max are set.  Never fails
 * (net/loop.h). */
void stream_context_init(struct stream_context *context);
/* All streams are killed, or ended. */
void stream_context_fini(struct stream_context *context);

/* How an upstream is asked, as its streams' ends have shown. */
struct stream_manner {
	int64_t spread_ms;		/* one at a time, until; and */
	int64_t single_ms;		/* one in all a stream, until */
};
bool stream_manner_is_single(const struct stream_manner *manner,
    int64_t now_ms);

/* Of one upstream: lent until the stream ends. */
struct stream_start {
	const struct upstream *to;
	struct tls_memory *memory;
	struct stream_manner *manner;
	struct peer *peer;		/* see stream_peer */
};

/* NULL: none is to be had: errno. */
struct stream *stream_open(struct stream_context *context,
    const struct stream_start *start, int64_t now_ms);
/* End it, without a hook.  Questions that are still on it go on naming it, and
 * it will be freed: so it is killed empty, or by who frees them too before
 * anything is done with them (streams_free). */
void stream_kill(struct stream *stream, enum stream_ending ending);

struct peer *stream_peer(const struct stream *stream);

/* Take the question: it goes out at once, or when the stream is open.  The
 * stream is not full. */
void stream_put(struct stream *stream, struct asked *asked, int64_t now_ms);
/* The question is on its stream no more.  What waits behind it may go out: see
 * stream_send.  What its upstream owes is owed on. */
void stream_take(struct asked *asked, int64_t now_ms);
/* Send whatever may go out. */
void stream_send(struct stream *stream, int64_t now_ms);
/* One of those that are on it; NULL: there is none. */
struct asked *stream_any(const struct stream *stream);
unsigned stream_count(const struct stream *stream);

/* It takes no question. */
bool stream_is_full(const struct stream *stream, int64_t now_ms);
/* It has been opening, or its upstream has owed a message, for longer than the
 * way there and back and doubt_ms. */
bool stream_is_doubtful(const struct stream *stream, int64_t now_ms);

/* It takes no more questions, ends with those that it has, and leaves no TLS
 * session. */
void stream_retire(struct stream *stream);

/* Has something lasted too long?  It ends then. */
void stream_look(struct stream *stream, int64_t now_ms);

#endif
