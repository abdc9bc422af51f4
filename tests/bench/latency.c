/* SPDX-License-Identifier: BSD-2-Clause */
#include "latency.h"

#define STEP_BITS 6			/* LATENCY_STEPS is 1 << STEP_BITS */

static unsigned
bucket_of(int64_t took_ns)
{
	uint64_t value = took_ns > 0 ? (uint64_t)took_ns : 0;
	unsigned magnitude, bucket;

	if (value < LATENCY_STEPS)
		return (unsigned)value;
	magnitude = 63 - (unsigned)__builtin_clzll(value) - STEP_BITS;
	bucket = (magnitude + 1) * LATENCY_STEPS +
	    (unsigned)(value >> magnitude) - LATENCY_STEPS;
	return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

/* The middle of the bucket. */
static double
value_of(unsigned bucket)
{
	unsigned magnitude = bucket / LATENCY_STEPS;
	unsigned step = bucket % LATENCY_STEPS;

	if (magnitude == 0)
		return step;
	return (LATENCY_STEPS + step + 0.5) *
	    (double)(UINT64_C(1) << (magnitude - 1));
}

void
latency_add(struct latency *latency, int64_t took_ns)
{
	latency->buckets[bucket_of(took_ns)]++;
	latency->count++;
	if (took_ns > latency->most_ns)
		latency->most_ns = took_ns;
}

double
latency_us(const struct latency *latency, double part)
{
	uint64_t wanted = (uint64_t)(part * (double)latency->count);
	uint64_t seen = 0;

	for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
		seen += latency->buckets[i];
		if (seen > wanted || (seen && seen == latency->count))
			return value_of(i) / 1000;
	}
	return 0;
}
