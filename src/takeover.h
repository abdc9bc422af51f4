/* SPDX-License-Identifier: BSD-2-Clause */
/* takeover.h - where this process's sockets come from, when not from the
 * kernel: the hostler that it replaces (-R), or the service manager.
 *
 *   the new one                              the one that runs (giveway.h)
 *   "handover 1", at the control socket ---> is that root, or my own user?
 *                                       <--- "0", then its sockets: END
 *   opens what is missing, drops rights,
 *   reads its sources, starts its workers
 *   DONE                                ---> stops reading, answers what is in
 *                                            flight
 *                                       <--- each TCP connection, once nothing
 *                                            is being done for it
 *                                            and ends
 *
 * The sockets are the same in both, not others at the same address: wherever
 * the kernel puts a packet, somebody reads it.  Until DONE nothing has changed
 * for the old one; when the connection ends before that, it goes on.
 *
 * One thread: main's.
 */
#ifndef HOSTLER_TAKEOVER_H
#define HOSTLER_TAKEOVER_H

#include <stdbool.h>

#include "net/worker.h"
#include "sys/given.h"

struct event_base;
struct takeover;

/* With what the service manager passed. */
struct takeover *takeover_new(void);
/* NULL is fine. */
void takeover_free(struct takeover *takeover);

/* Ask whoever answers at the control socket (NULL: there is none) for its
 * sockets.  What is wrong is logged. */
enum takeover_result {
	TAKEOVER_NOBODY,		/* no hostler runs there */
	TAKEOVER_AGREED,
	TAKEOVER_REFUSED,		/* or it does not know how */
};
enum takeover_result takeover_ask(struct takeover *takeover,
    const char *control_path);

/* It agreed, and serves still: nothing of it may be disturbed. */
bool takeover_is_pending(const struct takeover *takeover);

/* Nobody is replaced, or the old one has ended or is given up: this process is
 * the service's main one. */
bool takeover_is_over(const struct takeover *takeover);

/* The sockets at which clients ask, until takeover_done. */
struct given *takeover_given(struct takeover *takeover);
/* The control socket of the old one, once (the caller's then); -1: none. */
int takeover_control(struct takeover *takeover);

/* The workers serve: what nobody wanted is closed (left is called with the
 * address of each such socket of the old one), and the old one may let go.
 * From now on its connections come to the workers, until it ends; then ended is
 * called (at once where nobody is replaced).  One that does not end, as it is
 * stopped or writes to a file system that hangs, is given up with a warning
 * TAKEOVER_WAIT_S after the last that came from it: what it still has is lost
 * with it, and a third may take over here. */
#define TAKEOVER_WAIT_S 15
struct takeover_hooks {
	void (*left)(void *context, const struct endpoint *endpoint);
	void (*ended)(void *context);
	void *context;
};
void takeover_done(struct takeover *takeover, struct event_base *base,
    struct workers *workers, const struct takeover_hooks *hooks);

#endif
