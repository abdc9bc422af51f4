/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/tally.h"

#include <assert.h>

#define TYPES_KNOWN 256

/* One column each, for the types that people ask for. */
static const uint8_t column_of[TYPES_KNOWN] = {
    [TYPE_A] = 1,       [TYPE_AAAA] = 2,   [TYPE_PTR] = 3,
    [TYPE_CNAME] = 4,   [TYPE_MX] = 5,     [TYPE_NS] = 6,
    [TYPE_SOA] = 7,     [TYPE_SRV] = 8,    [TYPE_TXT] = 9,
    [TYPE_HTTPS] = 10,  [TYPE_SVCB] = 11,  [TYPE_DS] = 12,
    [TYPE_DNSKEY] = 13, [TYPE_NAPTR] = 14, [TYPE_RRSIG] = 15,
    [TYPE_TLSA] = 16,   [TYPE_ANY] = 17,   [TYPE_NSEC] = 18,
    [TYPE_NSEC3] = 19,
};

static const int64_t bounds_us[TALLY_BUCKETS - 1] = {
    10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000,
    250000, 500000, 1000000, 2000000, 3500000, 5000000,
};

void
tally_request(struct tally *tally, enum tally_way way, uint16_t type)
{
	unsigned column = type < TYPES_KNOWN ? column_of[type] : 0;

	tally_count(&tally->requests[way][column], 1);
}

void
tally_took(struct tally *tally, enum tally_source source, unsigned count,
    int64_t ns)
{
	unsigned bucket = 0;

	while (bucket < TALLY_BUCKETS - 1 && ns > bounds_us[bucket] * 1000)
		bucket++;
	tally_count(&tally->took[source][bucket], count);
	tally_count(&tally->took_ns[source], (uint64_t)ns * count);
}

/* ---- for readers ---- */

static uint64_t
read_count(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void
add_row(_Atomic uint64_t *sum, const _Atomic uint64_t *row, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		tally_count(&sum[i], read_count(&row[i]));
}

void
tally_add(struct tally *sum, const struct tally *tally)
{
	for (unsigned i = 0; i < TALLY_WAYS; i++)
		add_row(sum->requests[i], tally->requests[i], TALLY_TYPES);
	for (unsigned i = 0; i < TALLY_SOURCES; i++) {
		add_row(sum->responses[i], tally->responses[i], TALLY_RCODES);
		add_row(sum->took[i], tally->took[i], TALLY_BUCKETS);
	}
	add_row(sum->took_ns, tally->took_ns, TALLY_SOURCES);
}

static void
fill_requests(uint64_t stats[STAT_COUNT], const struct tally *sum)
{
	static const enum stats_counter counters[TALLY_WAYS] = {
	    [TALLY_UDP4] = STAT_QUERIES_UDP4,
	    [TALLY_UDP6] = STAT_QUERIES_UDP6,
	    [TALLY_TCP4] = STAT_QUERIES_TCP4,
	    [TALLY_TCP6] = STAT_QUERIES_TCP6,
	};

	for (unsigned i = 0; i < TALLY_WAYS; i++)
		for (unsigned k = 0; k < TALLY_TYPES; k++)
			stats[counters[i]] += read_count(
			    &sum->requests[i][k]);
}

static enum stats_counter
counter_of_rcode(unsigned rcode)
{
	static const enum stats_counter counters[] = {
	    [RCODE_NOERROR] = STAT_RCODE_NOERROR,
	    [RCODE_FORMERR] = STAT_RCODE_FORMERR,
	    [RCODE_SERVFAIL] = STAT_RCODE_SERVFAIL,
	    [RCODE_NXDOMAIN] = STAT_RCODE_NXDOMAIN,
	    [RCODE_NOTIMP] = STAT_RCODE_NOTIMP,
	    [RCODE_REFUSED] = STAT_RCODE_REFUSED,
	};

	return rcode <= RCODE_REFUSED ? counters[rcode] : STAT_RCODE_OTHER;
}

static void
fill_responses(uint64_t stats[STAT_COUNT], const struct tally *sum)
{
	static const enum stats_counter counters[TALLY_SOURCES] = {
	    [TALLY_ZONE] = STAT_ANSWERS_ZONE,
	    [TALLY_HOSTS] = STAT_ANSWERS_HOSTS,
	    [TALLY_LEASE] = STAT_ANSWERS_LEASE,
	    [TALLY_SPECIAL] = STAT_ANSWERS_SPECIAL,
	    [TALLY_CACHE] = STAT_ANSWERS_CACHE,
	    [TALLY_FORWARD] = STAT_ANSWERS_FORWARD,
	    [TALLY_ERROR] = STAT_ANSWERS_ERROR,
	};

	for (unsigned i = 0; i < TALLY_SOURCES; i++)
		for (unsigned k = 0; k < TALLY_RCODES; k++) {
			uint64_t n = read_count(&sum->responses[i][k]);

			stats[counters[i]] += n;
			stats[counter_of_rcode(k)] += n;
		}
}

void
tally_fill(uint64_t stats[STAT_COUNT], const struct tally *sum)
{
	fill_requests(stats, sum);
	fill_responses(stats, sum);
}

const char *
tally_source_word(enum tally_source source)
{
	static const char *const words[TALLY_SOURCES] = {
	    [TALLY_ZONE] = "zone",       [TALLY_HOSTS] = "hosts",
	    [TALLY_LEASE] = "lease",     [TALLY_SPECIAL] = "special",
	    [TALLY_CACHE] = "cache",     [TALLY_FORWARD] = "forward",
	    [TALLY_ERROR] = "error",
	};

	assert(source < TALLY_SOURCES);
	return words[source];
}

uint16_t
tally_type(unsigned column)
{
	for (uint16_t type = 1; type < TYPES_KNOWN; type++)
		if (column && column_of[type] == column)
			return type;
	return 0;
}

int64_t
tally_bound_ns(unsigned bucket)
{
	return bucket < TALLY_BUCKETS - 1 ? bounds_us[bucket] * 1000
					  : INT64_MAX;
}
