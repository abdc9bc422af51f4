/* SPDX-License-Identifier: BSD-2-Clause */
/* acceptor.h - takes connections from a listening socket, some a wakeup.
 *
 * Where the process has no descriptor left the event of the socket would come
 * again at once, for ever: whoever holds connections is asked to let one go
 * (scarce), and where none can go accepting pauses for ACCEPTOR_PAUSE_MS.
 *
 * The one rule: a hook may close connections, not the acceptor.
 *
 * The listening socket stays the caller's, who closes it after acceptor_free.
 * One thread, that of its event base.
 */
#ifndef HOSTLER_NET_ACCEPTOR_H
#define HOSTLER_NET_ACCEPTOR_H

#include <stdbool.h>
#include <sys/socket.h>

#define ACCEPTOR_MAX 32			/* connections a wakeup */
#define ACCEPTOR_PAUSE_MS 500

struct acceptor;
struct event_base;

/* accepted: the descriptor, which does not block and is closed on exec, is the
 * hook's now.
 * scarce: the system refuses for want of descriptors or memory; true: something
 * was given back.
 * turn: a wakeup is over, nothing of the acceptor is under way. */
struct acceptor_hooks {
	void (*accepted)(void *arg, int fd,
	    const struct sockaddr_storage *peer);
	bool (*scarce)(void *arg);
	void (*turn)(void *arg);
	void *arg;
};

/* The socket listens and does not block.  Never NULL (base/memory.h,
 * net/loop.h). */
struct acceptor *acceptor_new(struct event_base *base, int fd,
    const struct acceptor_hooks *hooks);

/* Those that wait already are accepted yet, ACCEPTOR_MAX at most: accepted is
 * called for each, scarce where it has to be; their arg lives until this has
 * returned. */
void acceptor_free(struct acceptor *acceptor);

#endif
