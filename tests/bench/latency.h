/* SPDX-License-Identifier: BSD-2-Clause */
/* latency.h - how long answers took: a histogram whose steps are 1/64 of the
 * value, from a nanosecond to minutes. */
#ifndef HOSTLER_BENCH_LATENCY_H
#define HOSTLER_BENCH_LATENCY_H

#include <stdint.h>

#define LATENCY_STEPS 64
#define LATENCY_BUCKETS (LATENCY_STEPS * 40)

struct latency {
	uint64_t buckets[LATENCY_BUCKETS];
	uint64_t count;
	int64_t most_ns;
};

void latency_add(struct latency *latency, int64_t took_ns);

/* Microseconds that the part (0.99, say) of all answers took at most; 0 where
 * there are none. */
double latency_us(const struct latency *latency, double part);

#endif
