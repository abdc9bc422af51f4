/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/acceptor.h"

#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"
#include "net/loop.h"

struct acceptor {
	struct acceptor_hooks hooks;
	struct event *acceptable, *again;
	int fd;
};

static bool
is_scarcity(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM;
}

static void
pause_accepting(struct acceptor *acceptor)
{
	event_del(acceptor->acceptable);
	loop_timer_set(acceptor->again, ACCEPTOR_PAUSE_MS);
}

static void
on_again(evutil_socket_t fd, short what, void *context)
{
	struct acceptor *acceptor = context;

	(void)fd;
	(void)what;
	event_add(acceptor->acceptable, NULL);
}

/* accept says EMFILE also where nobody is there to be accepted: it counts only
 * of the first, for whom the event came. */
static void
accept_some(struct acceptor *acceptor)
{
	const struct acceptor_hooks *hooks = &acceptor->hooks;
	struct sockaddr_storage peer;
	socklen_t length;
	int accepted;

	for (unsigned i = 0; i < ACCEPTOR_MAX; i++) {
		length = sizeof peer;
		accepted = accept4(acceptor->fd, (struct sockaddr *)&peer,
		    &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (accepted >= 0) {
			hooks->accepted(hooks->arg, accepted, &peer);
			continue;
		}
		if (i == 0 && is_scarcity(errno) && !hooks->scarce(hooks->arg))
			pause_accepting(acceptor);
		return;
	}
}

static void
on_acceptable(evutil_socket_t fd, short what, void *context)
{
	struct acceptor *acceptor = context;

	(void)fd;
	(void)what;
	accept_some(acceptor);
	acceptor->hooks.turn(acceptor->hooks.arg);
}

struct acceptor *
acceptor_new(struct event_base *base, int fd,
    const struct acceptor_hooks *hooks)
{
	struct acceptor *acceptor = memory_zeroed(1, sizeof *acceptor);

	acceptor->hooks = *hooks;
	acceptor->fd = fd;
	acceptor->again = loop_timer(base, on_again, acceptor);
	acceptor->acceptable = loop_watch(base, fd, EV_READ | EV_PERSIST,
	    on_acceptable, acceptor);
	return acceptor;
}

void
acceptor_free(struct acceptor *acceptor)
{
	accept_some(acceptor);
	loop_forget(acceptor->acceptable);
	loop_forget(acceptor->again);
	free(acceptor);
}
