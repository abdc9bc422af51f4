/* SPDX-License-Identifier: BSD-2-Clause */
/* giving.h - long work for which main's thread waits, done by a thread that
 * gives way to the workers (sys/priority.h).
 *
 * main's thread itself cannot go down and up again without a right that it has
 * dropped.  While it waits it does nothing: what it owns, the work may use as
 * if it were main's thread, and nothing needs a lock.
 */
#ifndef HOSTLER_GIVING_H
#define HOSTLER_GIVING_H

/* Returns when work(context) has.  Where no thread is to be had the caller does
 * it.  Signals stay the caller's. */
void giving_do(void (*work)(void *context), void *context);

#endif
