/* SPDX-License-Identifier: BSD-2-Clause */
/* turns.h - TCP and UDP take turns: many connections at work at once are to
 * hold up nobody who asks by UDP.
 *
 * Work is counted in messages; opening, closing and long replies count for
 * some.  After TURNS_WORK of it a connection stops where it is, UDP has a turn
 * (serving.let_udp), and what was read and is left over is put off until the
 * loop's next round.
 *
 * The one rule: a member that is put off is taken up again (turns_take_up)
 * before it goes.
 *
 * Members are embedded by those who are put off, and stay theirs.  Nothing is
 * allocated after turns_new.  One thread, that of the serving's event base.
 */
#ifndef HOSTLER_NET_TURNS_H
#define HOSTLER_NET_TURNS_H

#include "base/links.h"

#define TURNS_WORK 128			/* messages */

struct event;
struct serving;

/* Zeroed before its first use. */
struct turns_member {
	struct link link;		/* while it is put off */
};

/* Written by the functions below alone; here so that counting costs a message
 * no call. */
struct turns {
	unsigned work;			/* since UDP had its turn */
	struct serving *serving;
	void (*resume)(struct turns_member *member);
	struct links later;		/* those put off */
	struct event *now;		/* goes off for them */
};

/* The hook is called in a later round, for a member that was put off and has
 * been taken up: it goes on, may be put off again, and may be gone, and others
 * too, when it returns.  The serving stays the caller's and outlives this.
 * Never NULL (base/memory.h). */
struct turns *turns_new(struct serving *serving,
    void (*resume)(struct turns_member *member));
void turns_free(struct turns *turns);	/* nobody is put off any more */

/* So much was done. */
static inline void
turns_work(struct turns *turns, unsigned messages)
{
	turns->work += messages;
}

/* It was enough for one turn. */
static inline bool
turns_over(const struct turns *turns)
{
	return turns->work >= TURNS_WORK;
}

/* Count anew, without a turn for UDP. */
void turns_restart(struct turns *turns);
/* Where it was enough, UDP has its turn now.  No batch is under way; whoever
 * was worked before may be gone. */
void turns_take(struct turns *turns);

void turns_put_off(struct turns *turns, struct turns_member *member);
/* Nothing happens where it is not put off. */
void turns_take_up(struct turns_member *member);

static inline bool
turns_is_put_off(const struct turns_member *member)
{
	return links_has(&member->link);
}

#endif
