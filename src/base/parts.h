/* SPDX-License-Identifier: BSD-2-Clause */
/* parts.h - work that falls into parts which may be done at the same time.
 *
 * Who has such work (a parser, say) starts no threads: it says what a part is
 * and how many there are, and whoever drives it hands in how they are run
 * (sys/crew.h), or nothing: then they are run one after the other.
 *
 * The one rule: parts share nothing that any of them writes, but for what is
 * the worker's own; the result may not hang on which worker had which part.
 */
#ifndef HOSTLER_BASE_PARTS_H
#define HOSTLER_BASE_PARTS_H

#include <stddef.h>

struct parts_work {
	/* Do part 0 to count - 1; worker, below parts_workers, is nobody
	 * else's until this returns. */
	void (*part)(void *argument, unsigned part, unsigned worker);
	void *argument;
	unsigned count;
};

struct parts {
	unsigned workers;		/* at least 1 */
	/* Returns when every part is done; what they wrote is seen by the
	 * caller then. */
	void (*run)(const struct parts_work *work, unsigned workers);
};

/* How many may work at a time; NULL: one. */
static inline unsigned
parts_workers(const struct parts *parts)
{
	return parts != NULL ? parts->workers : 1;
}

static inline void
parts_run(const struct parts *parts, const struct parts_work *work)
{
	if (parts_workers(parts) > 1) {
		parts->run(work, parts->workers);
		return;
	}
	for (unsigned i = 0; i < work->count; i++)
		work->part(work->argument, i, 0);
}

#endif
