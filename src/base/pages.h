/* SPDX-License-Identifier: BSD-2-Clause */
/* pages.h - room for what is large, lives long and is read at random.
 *
 * A name among a million lies anywhere in 200 MB.  In pages of 4 kB nearly
 * every look at one costs a walk of the page tables beside the cache miss; of
 * huge pages, 2 MB, the processor keeps all in mind.  The system makes one of
 * a stretch that is aligned so when it is told (madvise(2), MADV_COLLAPSE; by
 * and by where it only knows MADV_HUGEPAGE).
 *
 * Blocks are cut from stretches of 2 MB, to whole pages of 4 kB that take
 * memory as they are touched: a small daemon stays small.  What is larger than
 * a stretch stands alone.  pages_settle, after loading, joins the stretches
 * that are full by then, if all together are large (PAGES_HUGE_FROM): where
 * three quarters are in use or more, so that one grows by 512 KB at most, and
 * by little as a rule, since loading fills them one behind the other.  What is
 * given back goes to the system, of a joined stretch when half of it is free;
 * an empty one is unmapped.
 *
 * Measured 2026-11-21 (Zen 3, virtual, Linux 6.18): a query of one of 1,000,000
 * names, from bytes to bytes (tests/bench/line): 290 ns without, 235 with; of
 * 100,000: 190 and 141.  Huge pages from the first touch on instead cost that
 * machine 5 ms each, since its host takes free memory back: +0.6 s for
 * 2,000,000 lines.
 *
 * Any thread; under one lock, so for blocks of tens of kilobytes and more.
 * Where the system has no such pages, or they are turned off, everything is
 * the same but for the speed.
 */
#ifndef HOSTLER_BASE_PAGES_H
#define HOSTLER_BASE_PAGES_H

#include <stddef.h>

#define PAGES_STRETCH ((size_t)2 << 20)
#define PAGES_UNIT ((size_t)4096)
#define PAGES_HUGE_FROM (8 * PAGES_STRETCH)

/* Zeroed room of at least size bytes (over 0) that begins on a page, or, where
 * the size is a power of two, on a multiple of that (PAGES_STRETCH at most).
 * Fails as base/memory.h does. */
void *pages_take(size_t size);
/* All of it; size as it was taken or trimmed to.  NULL is fine. */
void pages_give(void *room, size_t size);
/* Only the first `needed` bytes (over 0) are wanted: gives the pages behind
 * them back, in which nothing was written yet.  The room's size is `needed`
 * from then on. */
void pages_trim(void *room, size_t size, size_t needed);
/* All of it was written.  Only then does pages_settle join room over a stretch,
 * its whole stretches; of smaller room it means nothing. */
void pages_fill(void *room, size_t size);

/* Much was filled and is going to stay: make huge pages of it.  Not for a
 * thread that answers: each takes some 0.3 ms of this one.  Where it takes much
 * longer the rest is left to the system, as pages_join does. */
void pages_settle(void);

/* Every page of this room (over a stretch, begun by pages_take) was touched by
 * now, so that huge ones take no more: the system may exchange them, by and
 * by, in a thread of its own.  Any thread. */
void pages_join(void *room, size_t size);

struct pages_usage {
	size_t stretches;		/* each of PAGES_STRETCH bytes; room
					 * over a stretch counts as many as it
					 * begins */
	size_t bytes;			/* of blocks in use, whole pages */
};
struct pages_usage pages_usage(void);

#endif
