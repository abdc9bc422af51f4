/* SPDX-License-Identifier: BSD-2-Clause */
/* upstream.h - moves the bytes of one worker's forwarding engine.
 *
 * query/forward says what to send and to whom; this opens the sockets, tells
 * the engine what came and what time it is, and hands on what it decided.
 * Every UDP query has a socket to itself for as long as it is out (outgoing.h):
 * bound to a random port of our own draw, connected to the upstream; its path
 * MTU is not believed (IP_PMTUDISC_OMIT), so that a forged ICMP cannot make
 * fragments.  A packet from any other source is dropped here.  TCP and TLS
 * connections are kept and shared (streams.h).
 *
 * The one rule: after every forward_ask, upstream_pump.
 *
 * Nothing here blocks; all of it belongs to the worker's thread and its
 * event_base.  Bounded: two sockets a question in flight, packets read a
 * wakeup, and the size of what is read.
 */
#ifndef HOSTLER_NET_UPSTREAM_H
#define HOSTLER_NET_UPSTREAM_H

#include <stdint.h>

#include "base/stats.h"
#include "query/forward.h"

struct event_base;
struct sighter;
struct tls_trust;
struct troubles;
struct upstream_io;

/* Both hooks are called from upstream_pump or from the loop.  The answer is
 * borrowed: answer_hold it where it is to live on.  They may call forward_ask
 * and upstream_pump (which then goes on in the call that is running).
 * keep: it may go into the cache.  done: this waiter's question has ended;
 * keep for it, if any, came before. */
struct upstream_hooks {
	void (*keep)(void *arg, struct answer *answer);
	void (*done)(void *arg, struct answer *answer,
	    const struct forward_waiter *waiter);
	void *arg;
};

struct upstream_settings {
	struct event_base *base;
	struct forward *forward;
	struct stats *stats;
	struct troubles *troubles;
	struct sighter *sighter;	/* NULL: nobody looks */
	struct upstream_hooks hooks;
	unsigned udp_max;		/* sockets; 0: two a question */
	unsigned streams_max;		/* connections; 0: no other limit */
};

/* What settings point to stays the caller's and outlives it.  Never fails
 * (base/memory.h). */
struct upstream_io *upstream_new(const struct upstream_settings *settings);

/* Closes every socket; no hook is called.  Not from a hook. */
void upstream_free(struct upstream_io *io);

/* Whom to believe; see streams_trust. */
void upstream_trust(struct upstream_io *io, struct tls_trust *trust);

/* Do what the engine wants done, and set the timer to its next tick. */
void upstream_pump(struct upstream_io *io, int64_t now_ms);

#endif
