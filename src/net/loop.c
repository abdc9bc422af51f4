/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

static struct timeval
make_interval(unsigned ms)
{
	return (struct timeval){ms / 1000, (suseconds_t)(ms % 1000) * 1000};
}

_Noreturn void
loop_impossible(const char *what)
{
	char text[64];

	log_error("a thread cannot begin: %s: %s", what,
	    strerror_r(errno, text, sizeof text));
	exit(MEMORY_EXIT);
}

struct event_base *
loop_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	base = event_base_new_with_config(config);
	event_config_free(config);
	if (!base)
		loop_impossible("an event loop");
	return base;
}

struct event *
loop_watch(struct event_base *base, int fd, short what,
    event_callback_fn call, void *context)
{
	struct event *event = event_new(base, fd, what, call, context);

	assert(event);
	event_add(event, NULL);
	return event;
}

struct event *
loop_every(struct event_base *base, unsigned ms, event_callback_fn call,
    void *context)
{
	struct event *timer = event_new(base, -1, EV_PERSIST, call, context);
	struct timeval interval = make_interval(ms);

	assert(timer);
	event_add(timer, &interval);
	return timer;
}

struct event *
loop_timer(struct event_base *base, event_callback_fn call, void *context)
{
	struct event *timer = evtimer_new(base, call, context);

	assert(timer);
	return timer;
}

void
loop_timer_set(struct event *timer, unsigned ms)
{
	struct timeval interval = make_interval(ms);

	event_add(timer, &interval);
}

void
loop_forget(struct event *event)
{
	if (event)
		event_free(event);
}
