/* SPDX-License-Identifier: BSD-2-Clause */
/* follow.h - the addresses of this machine come and go while hostler runs: the
 * listeners follow them, and the policy, where `attached` and the networks of
 * the machine are its interfaces' prefixes.
 *
 *   the kernel says that something happened, and it was quiet for 100 ms
 *   an address could not be bound, and is to be tried again
 *   every five seconds, where the kernel cannot be asked to say so
 *
 * One thread: main's, in its event loop.
 */
#ifndef HOSTLER_FOLLOW_H
#define HOSTLER_FOLLOW_H

#include "listeners.h"
#include "reload.h"

struct event_base;
struct follow;

/* Called when listeners and policy were held against the machine's addresses:
 * both may be others now. */
struct follow_hooks {
	void (*followed)(void *context);
	void *context;
};

/* Changes count from now.  reload and its listeners must outlive it. */
struct follow *follow_new(struct event_base *base, struct reload *reload,
    struct listeners *listeners, const struct follow_hooks *hooks);
void follow_free(struct follow *follow);	/* NULL is fine */

/* The listeners were opened or dropped otherwise: say so in the log, and try
 * again in time what failed. */
void follow_settle(struct follow *follow);

#endif
