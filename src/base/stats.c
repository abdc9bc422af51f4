/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/stats.h"

#include <assert.h>

const char *
stats_name(enum stats_counter which)
{
	static const char *const names[STAT_COUNT] = {
#define STATS_WORDS(name, words) words,
	    STATS_LIST(STATS_WORDS)
#undef STATS_WORDS
	};

	assert(which < STAT_COUNT);
	return names[which];
}

void
stats_sum(uint64_t sum[STAT_COUNT], const struct stats *stats)
{
	for (unsigned i = 0; i < STAT_COUNT; i++)
		sum[i] += atomic_load_explicit(&stats->count[i],
		    memory_order_relaxed);
}
