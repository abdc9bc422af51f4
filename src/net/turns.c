/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/turns.h"

#include <stdlib.h>

#include "base/memory.h"
#include "net/loop.h"
#include "net/serving.h"

void
turns_restart(struct turns *turns)
{
	turns->work = 0;
}

/* UDP, which nobody has to wait with, is not to wait for the rest of the loop's
 * round. */
void
turns_take(struct turns *turns)
{
	if (!turns_over(turns))
		return;
	turns->work = 0;
	turns->serving->let_udp(turns->serving->worker);
}

void
turns_put_off(struct turns *turns, struct turns_member *member)
{
	if (!links_first(&turns->later))
		loop_timer_set(turns->now, 0);
	links_append(&turns->later, &member->link);
}

void
turns_take_up(struct turns_member *member)
{
	if (turns_is_put_off(member))
		links_remove(&member->link);
}

static struct turns_member *
find_first(const struct turns *turns)
{
	return links_member(links_first(&turns->later),
	    offsetof(struct turns_member, link));
}

/* Those that were put off before this round, each for one turn. */
static void
on_now(evutil_socket_t fd, short what, void *context)
{
	struct turns *turns = context;
	struct turns_member *member;
	struct link *link = links_first(&turns->later);
	unsigned count = 0;

	(void)fd;
	(void)what;
	for (; link; link = links_next(&turns->later, link))
		count++;
	for (; count > 0 && (member = find_first(turns)); count--) {
		turns_take_up(member);
		turns->resume(member);
		turns_take(turns);
	}
	if (links_first(&turns->later))
		loop_timer_set(turns->now, 0);
}

struct turns *
turns_new(struct serving *serving,
    void (*resume)(struct turns_member *member))
{
	struct turns *turns = memory_own(sizeof *turns);

	turns->serving = serving;
	turns->resume = resume;
	links_init(&turns->later);
	turns->now = loop_timer(serving->base, on_now, turns);
	return turns;
}

void
turns_free(struct turns *turns)
{
	loop_forget(turns->now);
	free(turns);
}
