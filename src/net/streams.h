/* SPDX-License-Identifier: BSD-2-Clause */
/* streams.h - questions to upstreams by TCP and TLS: on connections that are
 * opened when needed, kept, and shared.
 *
 * Each upstream has its streams, of which one is picked for a question
 * (peer.h); on a stream questions go out one behind the other, and their
 * answers come back in any order (stream.h; RFC 7766 6.2.1); what carries it is
 * TCP, or TLS over it (transport.h).  What is here is the questions, by
 * exchange, the upstreams, and what becomes of a question when its stream ends:
 *
 * Upstreams close when they like (RFC 7766 6.2.3).  What was out then is asked
 * again at once on a new stream, once; the second time it is broken.  A stream
 * that could not be opened, that owes an answer and gave no byte (silence_ms)
 * or no whole message (slow_ms) is closed, and its questions are broken.  So
 * are those of a TLS handshake that fails.  One that nobody needs is closed
 * (idle_ms).
 *
 * The one rule: an exchange that was asked here is forgotten (streams_forget)
 * or broken (the hook) before its slot asks anew.
 *
 * Nothing here blocks; all of it belongs to the worker's thread and its
 * event_base.  Bounded: upstreams, streams each, PIPELINE_MAX questions a
 * stream, what waits to be written, one message read.
 */
#ifndef HOSTLER_NET_STREAMS_H
#define HOSTLER_NET_STREAMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/stats.h"
#include "query/policy.h"

#define STREAMS_UPSTREAMS 64

struct event_base;
struct streams;
struct tls_trust;
struct troubles;

/* Called from the loop, never from within a function of this module.  They may
 * call streams_ask and streams_forget.
 * received: a message came with the id of this exchange's question, and has
 * the id that the question was given in streams_ask; bytes are lent.  The
 * exchange goes on until it is forgotten.
 * broken: there will be no answer; the exchange is forgotten already. */
struct streams_hooks {
	void (*received)(void *arg, uint32_t exchange, uint8_t *bytes,
	    size_t length);
	void (*broken)(void *arg, uint32_t exchange);
	void *arg;
};

/* Kept to the nearest look_ms, but doubt_ms. */
struct streams_times {
	int64_t idle_ms, doubt_ms, silence_ms, slow_ms, look_ms;
};
#define STREAMS_TIMES { 10000, 200, 4000, 10000, 500 }

struct streams_settings {
	struct event_base *base;
	struct stats *stats;		/* of the worker */
	struct troubles *troubles;
	unsigned slots;			/* forward_slots */
	unsigned connections_max;	/* in all; 0: PEER_STREAMS (peer.h)
					 * for each upstream */
	struct streams_hooks hooks;
	struct streams_times times;
};

/* base, stats and troubles stay the caller's and outlive it.  Never fails
 * (base/memory.h). */
struct streams *streams_new(const struct streams_settings *settings);

/* Closes every connection; no hook is called.  Not from a hook. */
void streams_free(struct streams *streams);

/* Whom to believe from now on; NULL: nobody, then nothing is asked by TLS.
 * Takes the caller's reference.  Connections under another trust end with the
 * questions that are out, and sessions are not resumed. */
void streams_trust(struct streams *streams, struct tls_trust *trust);

/* The message without the length ahead of it. */
struct streams_question {
	uint32_t exchange;
	const struct upstream *to;	/* not UPSTREAM_UDP */
	const uint8_t *bytes;
	size_t length;			/* FORWARD_QUERY_MAX at most */
};

enum streams_asked {
	STREAMS_ASKED,			/* a hook will say more */
	STREAMS_FAILED,			/* no connection is to be had: errno */
};
enum streams_asked streams_ask(struct streams *streams,
    const struct streams_question *question, int64_t now_ms);

/* The exchange is over: what comes for it is passed over.  Nothing happens
 * where it is not out. */
void streams_forget(struct streams *streams, uint32_t exchange);

#endif
