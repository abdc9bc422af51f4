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
	if (!turns->first)
		loop_timer_set(turns->now, 0);
	member->next = NULL;
	member->link = turns->end;
	*turns->end = member;
	turns->end = &member->next;
}

void
turns_take_up(struct turns *turns, struct turns_member *member)
{
	if (!member->link)
		return;
	*member->link = member->next;
	if (member->next)
		member->next->link = member->link;
	else
		turns->end = member->link;
	member->link = NULL;
}

/* Those that were put off before this round, each for one turn. */
static void
on_now(evutil_socket_t fd, short what, void *context)
{
	struct turns *turns = context;
	unsigned count = 0;

	(void)fd;
	(void)what;
	for (struct turns_member *m = turns->first; m; m = m->next)
		count++;
	for (; count > 0 && turns->first; count--) {
		struct turns_member *member = turns->first;

		turns_take_up(turns, member);
		turns->resume(member);
		turns_take(turns);
	}
	if (turns->first)
		loop_timer_set(turns->now, 0);
}

struct turns *
turns_new(struct serving *serving,
    void (*resume)(struct turns_member *member))
{
	struct turns *turns = memory_own(sizeof *turns);

	turns->serving = serving;
	turns->resume = resume;
	turns->end = &turns->first;
	turns->now = loop_timer(serving->base, on_now, turns);
	return turns;
}

void
turns_free(struct turns *turns)
{
	loop_forget(turns->now);
	free(turns);
}
