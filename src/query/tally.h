/* SPDX-License-Identifier: BSD-2-Clause */
/* tally.h - what a worker counts of every question and answer: questions by
 * way and type, answers by source and rcode, and how long answers took.
 *
 * A tally has one writer, its worker; every count is a relaxed load and store.
 * Others read it at any time and see values that were true a moment ago
 * (tally_add sums up several).  What `stats` shows of this is made from it by
 * tally_fill: nothing is counted twice.
 *
 * Of a batch all answers from one source count as taking as long as the batch,
 * from the moment it was read until its answers went out: two readings of the
 * clock for up to 64 queries.
 */
#ifndef HOSTLER_QUERY_TALLY_H
#define HOSTLER_QUERY_TALLY_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/stats.h"
#include "dns/types.h"

enum tally_way {
	TALLY_UDP4,
	TALLY_UDP6,
	TALLY_TCP4,
	TALLY_TCP6,
	TALLY_WAYS
};

/* Where an answer comes from.  ERROR: nobody's data, hostler's own refusal or
 * failure. */
enum tally_source {
	TALLY_ZONE,
	TALLY_HOSTS,
	TALLY_LEASE,
	TALLY_SPECIAL,
	TALLY_CACHE,
	TALLY_FORWARD,
	TALLY_ERROR,
	TALLY_SOURCES
};

#define TALLY_TYPES 20			/* 0: another one, or none was read */
#define TALLY_RCODES 25			/* the last: another one */
#define TALLY_BUCKETS 20		/* the last: longer than all bounds */

struct tally {
	_Alignas(64) _Atomic uint64_t requests[TALLY_WAYS][TALLY_TYPES];
	_Atomic uint64_t responses[TALLY_SOURCES][TALLY_RCODES];
	_Atomic uint64_t took[TALLY_SOURCES][TALLY_BUCKETS];
	_Atomic uint64_t took_ns[TALLY_SOURCES];	/* in all */
};

static inline void
tally_count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter,
	    atomic_load_explicit(counter, memory_order_relaxed) + n,
	    memory_order_relaxed);
}

/* type: 0 where none could be read. */
void tally_request(struct tally *tally, enum tally_way way, uint16_t type);
static inline void
tally_response(struct tally *tally, enum tally_source source, unsigned rcode)
{
	tally_count(&tally->responses[source][rcode < TALLY_RCODES ? rcode :
	    TALLY_RCODES - 1], 1);
}

/* So many answers took so long each. */
void tally_took(struct tally *tally, enum tally_source source, unsigned count,
    int64_t ns);

/* ---- for readers ---- */

void tally_add(struct tally *sum, const struct tally *tally);
/* The counters of stats.h that are sums of these: queries.*, answers.*,
 * rcode.*; they are added to what is there. */
void tally_fill(uint64_t stats[STAT_COUNT], const struct tally *sum);

const char *tally_source_word(enum tally_source source);
/* The type that a column of requests is about; 0: others. */
uint16_t tally_type(unsigned column);
/* Upper bound of a bucket in nanoseconds; INT64_MAX: none. */
int64_t tally_bound_ns(unsigned bucket);

#endif
