/* SPDX-License-Identifier: BSD-2-Clause */
/* giveway.h - the part of the hostler that is replaced (takeover.h has the
 * whole story): it gives copies of its sockets to the new one, goes on, and
 * lets go when that one serves.
 *
 * Root and the user that this process runs as may ask, nobody else; one at a
 * time, and none as long as this process waits itself for the end of the one
 * that it replaced, which takes no longer than TAKEOVER_WAIT_S after the last
 * that came from it (takeover.h): connections that still come from there would
 * have nowhere to go.  What a reload opens or closes while the other gets ready
 * is not told: the other has read the configuration itself.
 *
 * One thread: main's, but for giveway_give.
 */
#ifndef HOSTLER_GIVEWAY_H
#define HOSTLER_GIVEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "listeners.h"
#include "serve/control.h"
#include "takeover.h"
#include "web.h"

struct event_base;
struct giveway;

struct giveway_hooks {
	void (*taken)(void *context);	/* the new one serves: end */
	void *context;
};

/* Whose sockets it is to have. */
struct giveway_from {
	const struct listeners *listeners;
	const struct control *control;
	const struct web *web;
	const struct takeover *takeover;
};

struct giveway *giveway_new(struct event_base *base,
    const struct giveway_from *from, const struct giveway_hooks *hooks);
void giveway_free(struct giveway *giveway);	/* NULL is fine */

/* A taker (control.h) for the verb `handover`; context is the giveway. */
#define GIVEWAY_VERB "handover"
void giveway_ask(void *context, const struct control_request *request,
    int fd);

enum giveway_state {
	GIVEWAY_ALONE,
	GIVEWAY_PROMISED,		/* another has the sockets too */
	GIVEWAY_TAKEN,			/* and serves them */
};
enum giveway_state giveway_state(const struct giveway *giveway);
/* Of the new one, once it asked. */
pid_t giveway_pid(const struct giveway *giveway);

/* For workers_give_way (struct tcp_heir); context is the giveway.  Any
 * thread. */
bool giveway_give(void *context, int fd, const uint8_t *bytes,
    size_t length);

#endif
