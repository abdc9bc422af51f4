/* SPDX-License-Identifier: BSD-2-Clause */
#include "follow.h"

#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/loop.h"
#include "sys/ifacewatch.h"

#define QUIET_MS 100			/* a card has several addresses */
#define QUIET_MOST_MS 500		/* who never stops is looked at then */
#define POLL_MS 5000

struct follow {
	struct reload *reload;
	struct listeners *listeners;
	struct follow_hooks hooks;
	int watch;			/* -1: not had */
	int64_t noisy_ms;		/* since then; 0: it is quiet */
	struct event *on_watch;
	struct event *quiet;
	struct event *again;
	struct event *poll;
};

void
follow_settle(struct follow *follow)
{
	int64_t due_ms = listeners_due_ms(follow->listeners);
	int64_t left_ms = due_ms - clock_mono_ms();

	listeners_tell(follow->listeners);
	event_del(follow->again);
	if (due_ms != INT64_MAX)
		loop_timer_set(follow->again,
		    left_ms > 0 ? (unsigned)left_ms : 0);
}

/* Clients of a new network are allowed before they can ask. */
static void
look(struct follow *follow)
{
	follow->noisy_ms = 0;
	if (reload_attach(follow->reload) == RELOAD_PUBLISHED)
		log_debug("the addresses of this machine have changed: "
		    "generation %llu", (unsigned long long)
		    reload_generation(follow->reload));
	listeners_open(follow->listeners, reload_conf(follow->reload));
	listeners_drop(follow->listeners);
	follow_settle(follow);
	follow->hooks.followed(follow->hooks.context);
}

static void
on_quiet(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	look(context);
}

static void
hear_noise(struct follow *follow)
{
	int64_t now_ms = clock_mono_ms(), left_ms;

	if (!follow->noisy_ms)
		follow->noisy_ms = now_ms;
	left_ms = follow->noisy_ms + QUIET_MOST_MS - now_ms;
	loop_timer_set(follow->quiet, left_ms < 0 ? 0 :
	    left_ms < QUIET_MS ? (unsigned)left_ms : QUIET_MS);
}

static void
on_watch(evutil_socket_t fd, short what, void *context)
{
	(void)what;
	if (ifacewatch_drain(fd) == NETLINK_SOMETHING)
		hear_noise(context);
}

static void
on_again(evutil_socket_t fd, short what, void *context)
{
	struct follow *follow = context;

	(void)fd;
	(void)what;
	listeners_retry(follow->listeners);
	follow_settle(follow);
	follow->hooks.followed(follow->hooks.context);
}

/* What changed between the first look and now is found by looking again. */
struct follow *
follow_new(struct event_base *base, struct reload *reload,
    struct listeners *listeners, const struct follow_hooks *hooks)
{
	struct follow *follow = memory_zeroed(1, sizeof *follow);

	follow->reload = reload;
	follow->listeners = listeners;
	follow->hooks = *hooks;
	follow->watch = ifacewatch_open();
	follow->quiet = loop_timer(base, on_quiet, follow);
	follow->again = loop_timer(base, on_again, follow);
	if (follow->watch >= 0)
		follow->on_watch = loop_watch(base, follow->watch,
		    EV_READ | EV_PERSIST, on_watch, follow);
	else
		follow->poll = loop_every(base, POLL_MS, on_quiet, follow);
	hear_noise(follow);
	return follow;
}

void
follow_free(struct follow *follow)
{
	if (!follow)
		return;
	loop_forget(follow->on_watch);
	loop_forget(follow->quiet);
	loop_forget(follow->again);
	loop_forget(follow->poll);
	if (follow->watch >= 0)
		close(follow->watch);
	free(follow);
}
