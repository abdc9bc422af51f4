/* SPDX-License-Identifier: BSD-2-Clause */
/* losses.h - how much of what was to be written is lost: in the rings of the
 * workers, which drop notes when the observer is behind, and by a sink itself;
 * and when it is time to say so.
 *
 * Added to and told in the observer's thread, turned on and off by main's under
 * the sink's lock; counted by any.
 */
#ifndef HOSTLER_SERVE_LOSSES_H
#define HOSTLER_SERVE_LOSSES_H

#include "serve/observer.h"

#define LOSSES_TELL_MS 60000

struct losses {
	const struct observer *observer;
	_Atomic uint64_t own;
	_Atomic uint64_t rings_before;	/* what the rings had lost, last on */
	_Atomic bool on;		/* theirs count */
	uint64_t told;
	int64_t told_ms;		/* 0: never */
};

/* Off at first.  Turning on what is on changes nothing, nor the other way. */
void losses_init(struct losses *losses, const struct observer *observer);
void losses_turn_on(struct losses *losses);
void losses_turn_off(struct losses *losses);

void losses_add(struct losses *losses, uint64_t count);
uint64_t losses_count(const struct losses *losses);

/* Those that nobody was told of, once a minute at most; else 0.  They are told
 * then. */
uint64_t losses_untold(struct losses *losses);

#endif
