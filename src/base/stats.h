/* SPDX-License-Identifier: BSD-2-Clause */
/* stats.h - counters, one array a worker, summed when somebody asks.
 *
 * A counter has one writer, so it is a relaxed load and store, never an
 * atomic add; a reader sees a value that was true a moment ago.  The list of
 * counters stands once, in STATS_LIST: name and the words that `stats` shows.
 * queries.*, answers.* and rcode.* are sums, made when somebody asks, of what
 * query/tally.h counts; log.* and dnstap.* are from serve/querylog.h and
 * serve/dnstap.h.
 */
#ifndef HOSTLER_BASE_STATS_H
#define HOSTLER_BASE_STATS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define STATS_LIST(X) \
	X(QUERIES_UDP4, "queries.udp.ipv4") \
	X(QUERIES_UDP6, "queries.udp.ipv6") \
	X(QUERIES_TCP4, "queries.tcp.ipv4") \
	X(QUERIES_TCP6, "queries.tcp.ipv6") \
	X(DROPPED_SHORT, "dropped.short") \
	X(DROPPED_RESPONSE, "dropped.response") \
	X(DROPPED_SEND, "dropped.send") \
	X(DROPPED_LATE, "dropped.late") \
	X(SEGMENTS_SENT, "segments.sent") \
	X(SEGMENTS_REFUSED, "segments.refused") \
	X(REFUSED_CLIENT, "refused.client") \
	X(ANSWERS_ZONE, "answers.zone") \
	X(ANSWERS_HOSTS, "answers.hosts") \
	X(ANSWERS_LEASE, "answers.lease") \
	X(ANSWERS_SPECIAL, "answers.special") \
	X(ANSWERS_CACHE, "answers.cache") \
	X(ANSWERS_FORWARD, "answers.forward") \
	X(ANSWERS_ERROR, "answers.error") \
	X(RCODE_NOERROR, "rcode.noerror") \
	X(RCODE_FORMERR, "rcode.formerr") \
	X(RCODE_SERVFAIL, "rcode.servfail") \
	X(RCODE_NXDOMAIN, "rcode.nxdomain") \
	X(RCODE_NOTIMP, "rcode.notimp") \
	X(RCODE_REFUSED, "rcode.refused") \
	X(RCODE_OTHER, "rcode.other") \
	X(TRUNCATED, "truncated") \
	X(RATE_DROPPED, "rate-limit.dropped") \
	X(RATE_TRUNCATED, "rate-limit.truncated") \
	X(RATE_BADCOOKIE, "rate-limit.badcookie") \
	X(COOKIES_NEW, "cookies.new") \
	X(COOKIES_GOOD, "cookies.good") \
	X(COOKIES_BAD, "cookies.bad") \
	X(REBIND_WITHHELD, "rebind.withheld") \
	X(CACHE_HITS, "cache.hits") \
	X(CACHE_MISSES, "cache.misses") \
	X(CACHE_PREFETCHED, "cache.prefetched") \
	X(CACHE_STALE, "cache.stale") \
	X(CACHE_EVICTED, "cache.evicted") \
	X(FORWARD_SENT_UDP, "forward.sent.udp") \
	X(FORWARD_SENT_TCP, "forward.sent.tcp") \
	X(FORWARD_SENT_TLS, "forward.sent.tls") \
	X(FORWARD_ANSWERED, "forward.answered") \
	X(FORWARD_JOINED, "forward.joined") \
	X(FORWARD_TIMEOUTS, "forward.timeouts") \
	X(FORWARD_MISMATCHED, "forward.mismatched") \
	X(FORWARD_RECASED, "forward.recased") \
	X(FORWARD_MALFORMED, "forward.malformed") \
	X(FORWARD_FAILED, "forward.failed") \
	X(FORWARD_FULL, "forward.full") \
	X(FORWARD_LOOPS, "forward.loops") \
	X(STREAMS_OPENED, "streams.opened") \
	X(STREAMS_ASKED_AGAIN, "streams.asked-again") \
	X(STREAMS_TLS_VERIFIED, "streams.tls.verified") \
	X(STREAMS_TLS_RESUMED, "streams.tls.resumed") \
	X(STREAMS_TLS_FAILED, "streams.tls.failed") \
	X(TCP_ACCEPTED, "tcp.accepted") \
	X(TCP_REFUSED_CLIENT, "tcp.refused.client") \
	X(TCP_CLOSED_IDLE, "tcp.closed.idle") \
	X(TCP_CLOSED_MAKE_ROOM, "tcp.closed.make-room") \
	X(TCP_CLOSED_BAD, "tcp.closed.bad") \
	X(LOG_WRITTEN, "log.written") \
	X(LOG_LOST, "log.lost") \
	X(DNSTAP_WRITTEN, "dnstap.written") \
	X(DNSTAP_LOST, "dnstap.lost")

enum stats_counter {
#define STATS_ENUM(name, words) STAT_##name,
	STATS_LIST(STATS_ENUM)
#undef STATS_ENUM
	STAT_COUNT
};

struct stats {
	_Alignas(64) _Atomic uint64_t count[STAT_COUNT];
};

static inline void
stats_add(struct stats *stats, enum stats_counter which, uint64_t n)
{
	uint64_t old = atomic_load_explicit(&stats->count[which],
	    memory_order_relaxed);

	atomic_store_explicit(&stats->count[which], old + n,
	    memory_order_relaxed);
}

static inline void
stats_count(struct stats *stats, enum stats_counter which)
{
	stats_add(stats, which, 1);
}

const char *stats_name(enum stats_counter which);
void stats_sum(uint64_t sum[STAT_COUNT], const struct stats *stats);

#endif
