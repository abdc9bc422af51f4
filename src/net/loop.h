/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.h - one event base a thread.
 *
 * A base belongs to the thread that runs it and has no locks: whoever else
 * wants something of that thread writes to its mailbox.  Timers are coarse
 * (no PRECISE_TIMER): nothing here needs better than a millisecond.
 */
#ifndef HOSTLER_NET_LOOP_H
#define HOSTLER_NET_LOOP_H

#include <event2/event.h>
#include <stdint.h>

/* What a thread cannot begin without is not to be had, a descriptor mostly:
 * one log line with what failed and errno, and the process ends, as it does
 * without memory (base/memory.h). */
_Noreturn void loop_impossible(const char *what);

/* Never NULL (loop_impossible); free with event_base_free. */
struct event_base *loop_new(void);

/* An event that is added at once; never NULL. */
struct event *loop_watch(struct event_base *base, int fd, short what,
    event_callback_fn call, void *context);

/* A timer that goes off every so often, or (loop_timer) when it is set. */
struct event *loop_every(struct event_base *base, unsigned ms,
    event_callback_fn call, void *context);
struct event *loop_timer(struct event_base *base, event_callback_fn call,
    void *context);
void loop_timer_set(struct event *timer, unsigned ms);

/* Take the event out of its base and free it; NULL is fine. */
void loop_forget(struct event *event);

#endif
