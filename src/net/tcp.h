/* SPDX-License-Identifier: BSD-2-Clause */
/* tcp.h - clients that ask over TCP: whom there is room for, who is idle for
 * too long, and what becomes of them when the process goes (RFC 7766).
 *
 * What one of them says and hears is connection.h's.  An idle connection costs
 * some 400 bytes of our own memory, the event loop's share included (measured;
 * tests/e2e/tcpload.py).
 *
 * Bounds: connections a worker and a client (crowd.h: the one idle for longest
 * gives way), replies that are not taken (then nothing more is read), queries
 * that wait for upstreams, and the time without a complete message.
 *
 * Many connections at work at once are to hold up nobody who asks by UDP: a
 * wakeup reads a few kilobytes, and after some work UDP has a turn (turns.h).
 *
 * One thread: the worker's.
 */
#ifndef HOSTLER_NET_TCP_H
#define HOSTLER_NET_TCP_H

#include "base/addr.h"
#include "net/serving.h"

struct tcp_limits {
	unsigned connections_max;
	unsigned client_max;		/* of one address; 0: no other limit */
	unsigned idle_ms;
	size_t kept_max;		/* bytes, of all connections */
};

struct acceptor;
struct tcp;

struct tcp *tcp_new(struct serving *serving, const struct tcp_limits *limits);
void tcp_free(struct tcp *tcp);		/* closes every connection */

/* Accept from a listening socket, which stays the caller's to close, until
 * acceptor_free; connections live on then. */
struct acceptor *tcp_listen(struct tcp *tcp, int fd);

/* Read what is in the sockets (128 kB of each at most), then nothing more; what
 * is being answered goes out. */
void tcp_stop_reading(struct tcp *tcp);
/* What others do with connections that are let go (struct workers_heir). */
struct tcp_heir {
	/* The bytes are what was read and is not answered.  True: it has the
	 * connection (a copy of the descriptor) or wants none; false: not
	 * now. */
	bool (*give)(void *context, int fd, const uint8_t *bytes,
	    size_t length);
	void *context;
};

/* Stopped reading: give away every connection for which nothing is being done,
 * until the heir takes no more. */
void tcp_give(struct tcp *tcp, const struct tcp_heir *heir);
/* Go on with a connection of another: the descriptor is the connection's now,
 * the bytes stay the caller's. */
void tcp_inherit(struct tcp *tcp, int fd, const uint8_t *bytes,
    size_t length);

/* No reply is left to be written; no connection is left. */
bool tcp_is_quiet(const struct tcp *tcp);
bool tcp_is_empty(const struct tcp *tcp);

#endif
