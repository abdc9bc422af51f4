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
 * One thread (main's) opens and closes; a socket is used by its worker alone.
 */
#ifndef HOSTLER_NET_LISTEN_H
#define HOSTLER_NET_LISTEN_H

#include "base/addr.h"

struct listener {
	struct endpoint endpoint;
	unsigned workers;
	int *udp;			/* one a worker */
	int *tcp;
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
void listener_close(struct listener *listener);	/* closes what is open */

#endif
