/* SPDX-License-Identifier: BSD-2-Clause */
/* listen.h - the sockets that clients ask at.
 *
 * For every address one UDP socket and one TCP listener a worker, all with
 * SO_REUSEPORT, so that the kernel spreads clients over the workers.  Opened by
 * main while it may (before rights are dropped), handed to the workers by
 * index; a reload opens what is new and drops what is gone.
 *
 * An address is probed without SO_REUSEPORT first, so that a second hostler
 * cannot share it by mistake.
 *
 * Sockets that were given (sys/given.h) are served all, whatever their number:
 * one that nobody reads would lose the queries that the kernel puts there.
 * Socket number i is worker i's, and where there are more, they go round; with
 * too few, more are opened beside them.  Those are bound when they can be read
 * at once, and not before: see listener_complete.
 *
 * One thread (main's) opens and closes; a socket is used by its worker alone.
 */
#ifndef HOSTLER_NET_LISTEN_H
#define HOSTLER_NET_LISTEN_H

#include "base/addr.h"
#include "sys/given.h"

struct listener {
	struct endpoint endpoint;
	unsigned count;			/* of each: one a worker, or more */
	int *udp;			/* -1: could not be had */
	int *tcp;
	unsigned udp_bound, tcp_bound;	/* the first so many are */
};

struct listen_set {
	unsigned count;
	struct listener **list;
};

/* Open one address for so many workers, also one that this machine does not
 * have at present (IP_FREEBIND): it is served from the moment it appears.
 * NULL: *error_number is the errno; ports_explain (sys/ports.h) has words for
 * it. */
struct listener *listener_open(const struct endpoint *endpoint,
    unsigned workers, int *error_number);

/* The same of what was given; of an address that was not, listener_open.  Where
 * a wildcard address takes the place of one of its own or the other way round,
 * nothing is probed: the sockets that were given would stand in the way. */
struct listener *listener_adopt(const struct endpoint *endpoint,
    unsigned workers, struct given *given, int *error_number);

/* The workers run: bind what listener_adopt left (the sockets were made with
 * the rights of that time).  0, or the errno: no socket of a kind could be had. */
int listener_complete(struct listener *listener);
void listener_close(struct listener *listener);	/* closes what is open */

#endif
