/* SPDX-License-Identifier: BSD-2-Clause */
/* transport.h - bytes to and from an upstream, by TCP or by TLS over it.
 *
 * It connects, shakes hands where that is wanted (tls.h; RFC 7858), and is then
 * open: one stream of bytes each way, whichever it is.  What goes wrong before
 * that by TLS is told to troubles.h and forgets the session that was to be
 * resumed; what is verified is counted, and clears the trouble.
 *
 * The one rule: once it is shut (transport_shut) no hook is called, and it is
 * freed (transport_free) when nobody is within a hook.
 *
 * Of messages nothing is known here, nor of time limits.  Nothing here blocks;
 * one thread, that of its event base.
 */
#ifndef HOSTLER_NET_TRANSPORT_H
#define HOSTLER_NET_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stats.h"
#include "query/policy.h"

struct evbuffer;
struct event_base;
struct tls_memory;
struct tls_trust;
struct transport;
struct troubles;

/* What those of one worker share; the caller's, who may change the trust.  It
 * outlives all that were opened with it. */
struct transport_context {
	struct event_base *base;
	struct stats *stats;
	struct troubles *troubles;
	struct tls_trust *trust;	/* NULL: no TLS */
};

/* Called from the loop alone.
 * opened: bytes may be written.
 * readable: there are new ones.
 * failed: it cannot be opened.  closed: it was open, and its peer ended it.
 * The caller shuts it then. */
struct transport_hooks {
	void (*opened)(void *arg, int64_t now_ms);
	void (*readable)(void *arg, int64_t now_ms);
	void (*failed)(void *arg, int64_t now_ms);
	void (*closed)(void *arg, int64_t now_ms);
};

/* All of it is lent, to and memory until it is shut, hooks for as long as it
 * lives. */
struct transport_start {
	const struct upstream *to;	/* not UPSTREAM_UDP */
	struct tls_memory *memory;	/* of that upstream */
	const struct transport_hooks *hooks;
	void *arg;
};

/* Begin to connect.  NULL: errno says why. */
struct transport *transport_open(const struct transport_context *context,
    const struct transport_start *start, int64_t now_ms);

enum transport_farewell {
	TRANSPORT_GOODBYE,		/* told by TLS, where it is open */
	TRANSPORT_SILENT,		/* its peer has gone */
};
void transport_shut(struct transport *transport,
    enum transport_farewell farewell);
/* It is shut; closes the socket. */
void transport_free(struct transport *transport);

/* Neither holds once it is shut. */
bool transport_is_opening(const struct transport *transport);
bool transport_is_open(const struct transport *transport);
/* How long connecting took: about the way there and back.  0 until then. */
int64_t transport_way_ms(const struct transport *transport);
/* It is given up, since opening takes too long: tell the trouble. */
void transport_note_silence(const struct transport *transport,
    int64_t now_ms);

/* Open only.  What the peer does not take is kept: see transport_unsent. */
void transport_write(struct transport *transport, const uint8_t *bytes,
    size_t length);
/* Bytes that wait to be taken. */
size_t transport_unsent(const struct transport *transport);
/* What came and was not drained; within the hook. */
struct evbuffer *transport_input(const struct transport *transport);

/* It leaves nothing to the memory of its upstream any more. */
void transport_unlearn(struct transport *transport);

#endif
