/* SPDX-License-Identifier: BSD-2-Clause */
/* priority.h - which thread goes ahead where several want one core.
 *
 * Whoever answers questions goes ahead of whoever reads files, and both of
 * whoever looks for mistakes in them.  Nothing here needs a right: a thread
 * only ever goes down, and stays there, so that what is to give way for a while
 * is done by a thread made for it (giving.h).
 *
 * PROMPT is a short slice, not a higher priority: a scheduler that lets the
 * running thread finish its slice (EEVDF, Linux 6.6) does so until the next
 * tick, 4 ms at 250 Hz, unless the one that wakes has the shorter slice (since
 * Linux 6.12; older ones ignore it).  Its share of the core is what it was.
 * That alone does not help where both want more than half of the core: then a
 * reading of equal weight has one tick in two.  GIVING (nice 5 more) has a
 * quarter of a core that is full, so that a reload ends soon there as well, and
 * all that is left of one that is not.
 *
 * LEISURE is nice 19, a seventieth, and not SCHED_IDLE, which is a three
 * hundredth: the linter keeps old names from being freed as long as it runs, so
 * that it has to end, in bounded time, on a core that is always full.
 *
 * Measured 2026-11-21, Linux 6.18, not preemptible, 250 Hz: 2,000,000 lines
 * read again on the core of a worker under 20,000 q/s, the longest that the
 * worker waited for the reading thread, and how often over 1 ms (one reader on
 * one core: of a crew, sys/crew.h, each member is as GIVING as the thread that
 * called it, and a core that has several of them gives that much more to
 * them):
 *
 *   as it was              5.7 ms, 8 times on end    (answers 20 to 28 ms late)
 *   PROMPT                 5.7 ms, 8 times           (8 ms)
 *   PROMPT and GIVING      4.0 to 5.6 ms, 1 or 2 times (6 to 8 ms)
 *   PROMPT and SCHED_IDLE  0.2 ms, never             (but see above)
 *
 * For the calling thread.
 */
#ifndef HOSTLER_SYS_PRIORITY_H
#define HOSTLER_SYS_PRIORITY_H

enum priority {
	PRIORITY_PROMPT,
	PRIORITY_GIVING,		/* way to those who are prompt */
	PRIORITY_LEISURE,
};

/* As far as the system lets it; another scheduler than the usual one (chrt, a
 * unit's CPUSchedulingPolicy) is left alone.  Priorities are relative to what
 * the thread has (a unit's Nice). */
void priority_take(enum priority priority);

/* The calling thread's, for tests: */
int priority_nice(void);
unsigned priority_slice_us(void);	/* 0: the system's own */

#endif
