/* SPDX-License-Identifier: BSD-2-Clause */
/* health.h - what one worker knows of each upstream: how quick it is, how it
 * failed lately, and what it cannot do.
 *
 * How quick: the smoothed time to an answer and its variance as in RFC 6298,
 * from the questions that were asked anyway.  An upstream that was overtaken
 * by another is known to be no quicker than it was waited for.
 *
 * Failures: one has the upstream passed over for a while that doubles with
 * each further one; one good answer forgets them all.  It is tried again by a
 * real question, never by a probe.
 *
 * A small fixed table: where it is full, the upstream that was asked longest
 * ago is forgotten.  Entries are not to be held beyond the next health_take.
 *
 * One thread, that of its worker; but health_read may be called by another at
 * any time: what it shows is kept in relaxed atomics with one writer, and a
 * version tells a reader that the entry changed hands under it.
 */
#ifndef HOSTLER_QUERY_HEALTH_H
#define HOSTLER_QUERY_HEALTH_H

#include <stdatomic.h>

#include "query/policy.h"

#define HEALTH_UPSTREAMS 64
#define HEALTH_FIRST_MS 500
#define HEALTH_LONGEST_MS 32000
#define HEALTH_SOFT_MAX 3		/* soft failures that are let pass */
#define HEALTH_EQUAL_MS 10		/* so near each other is as quick */
#define HEALTH_TURN 32			/* one question of so many goes to
					 * another than the quickest */
#define HEALTH_MEMORY_MS (15 * 60 * 1000)
#define HEALTH_RECASED_MAX 3
#define HEALTH_COOKIE_MAX 32		/* a server's, RFC 7873 */
#define HEALTH_OURS 8			/* a client's */
#define HEALTH_RCODES 7			/* 0 to 5, and the others */
#define HEALTH_BUCKETS 14		/* the last: longer than all bounds */
#define HEALTH_WAIT_MS 400		/* where nothing is known */
#define HEALTH_WAIT_LEAST_MS 150
#define HEALTH_WAIT_MOST_MS 1500

/* The first three are hard.  The others may be the name's fault, so it takes
 * a few of them in a row to be passed over for other names too. */
enum health_failure {
	HEALTH_SILENT,
	HEALTH_BROKEN,			/* no connection; it was closed */
	HEALTH_REFUSED,
	HEALTH_SERVFAIL,
	HEALTH_FORMERR,			/* NOTIMP, BADVERS */
	HEALTH_UNUSABLE,		/* lame, malformed, other rcodes */
	HEALTH_FAILURES
};

enum health_figure {
	HEALTH_SENT,
	HEALTH_ANSWERED,		/* something that fits the question */
	HEALTH_LOST,			/* given up, or overtaken */
	HEALTH_SRTT_US,			/* 1 at least; 0: not measured */
	HEALTH_UNTIL_MS,		/* passed over; monotonic, 0: no */
	HEALTH_WHY,			/* enum health_failure of the last */
	HEALTH_FAILED,			/* and so many by kind */
	HEALTH_RCODE = HEALTH_FAILED + HEALTH_FAILURES,	/* replies, by rcode */
	HEALTH_TOOK = HEALTH_RCODE + HEALTH_RCODES,	/* and by time */
	HEALTH_TOOK_MS = HEALTH_TOOK + HEALTH_BUCKETS,	/* in all */
	HEALTH_FIGURES
};

/* What others may read.  version is odd while the entry changes hands. */
struct health_shown {
	_Atomic uint32_t version;
	_Atomic uint64_t name[3];
	_Atomic uint64_t figure[HEALTH_FIGURES];
};

struct health_entry {
	bool taken;
	bool measured;
	bool has_ours;
	uint64_t key[3];		/* the endpoint, packed */
	struct endpoint endpoint;
	unsigned failures;		/* since the last good answer */
	int64_t until_ms;
	int64_t used_ms;		/* asked last */
	uint32_t srtt_8;		/* eighths of a millisecond */
	uint32_t rttvar_4;		/* quarters */
	unsigned turns;
	unsigned recased;		/* since one that kept the case */
	int64_t plain_until_ms;		/* asked without EDNS */
	int64_t lower_until_ms;		/* asked in lower case */
	int64_t cookie_until_ms;	/* it is known, and demanded */
	uint8_t cookie_length;
	uint8_t cookie[HEALTH_COOKIE_MAX];
	uint8_t ours[HEALTH_OURS];	/* the engine's for it, if has_ours */
	struct health_shown shown;
};

struct health {
	struct health_entry entries[HEALTH_UPSTREAMS];
};

/* NULL: never asked, or forgotten. */
struct health_entry *health_find(struct health *health,
    const struct endpoint *endpoint);
struct health_entry *health_take(struct health *health,
    const struct endpoint *endpoint);

/* Whom to ask, of those not in the set `but` (bits): the first that was never
 * asked, else the quickest of the healthy, the list's order where two are
 * HEALTH_EQUAL_MS apart or less, else the one whose time is over first.
 * UPSTREAMS_MAX: there is none. */
unsigned health_choose(struct health *health, const struct upstreams *to,
    uint8_t but, int64_t now_ms);
/* It is chosen for a new question: one time in HEALTH_TURN another healthy one,
 * the one that was asked longest ago, is to be asked in its place. */
unsigned health_take_turns(struct health *health, const struct upstreams *to,
    unsigned chosen, int64_t now_ms);

/* How long an answer is waited for before somebody else is asked; entry may be
 * NULL. */
unsigned health_wait_ms(const struct health_entry *entry);
/* Until when it is passed over; 0: it is not. */
int64_t health_until_ms(const struct health_entry *entry, int64_t now_ms);

/* What happened.  heard: a reply that fits came, after rtt_ms (-1: that says
 * nothing of the way there).  lost: none came in out_ms. */
void health_sent(struct health_entry *entry, int64_t now_ms);
void health_heard(struct health_entry *entry, int64_t rtt_ms);
void health_lost(struct health_entry *entry, int64_t out_ms);
/* The reply that was heard, for those who draw it: counted, no more. */
void health_replied(struct health_entry *entry, unsigned rcode,
    int64_t took_ms);
void health_failed(struct health_entry *entry, enum health_failure failure,
    int64_t now_ms);
void health_answered(struct health_entry *entry);

/* What it cannot do is remembered for HEALTH_MEMORY_MS, then tried again.
 * plain: it answered without EDNS what it had refused with it.  recased: the
 * letters of a question came back in another case (three in a row are needed);
 * kept_case: they came back as they were sent. */
void health_remember_plain(struct health_entry *entry, int64_t now_ms);
bool health_is_plain(const struct health_entry *entry, int64_t now_ms);
void health_recased(struct health_entry *entry, int64_t now_ms);
void health_kept_case(struct health_entry *entry);
bool health_is_lower(const struct health_entry *entry, int64_t now_ms);

/* The server's cookie is remembered for as long after it came last.
 * health_cookie: its length, 0: none. */
void health_remember_cookie(struct health_entry *entry, const uint8_t *cookie,
    size_t length, int64_t now_ms);
void health_forget_cookie(struct health_entry *entry);
size_t health_cookie(const struct health_entry *entry, int64_t now_ms);

/* For any thread: the entry at an index below HEALTH_UPSTREAMS; false where
 * there is none. */
struct health_view {
	struct endpoint endpoint;
	uint64_t figure[HEALTH_FIGURES];
};
bool health_read(const struct health *health, unsigned index,
    struct health_view *view);
/* Two views of one upstream: what is counted is added, times are averaged by
 * answers, and the later end of passing over counts. */
void health_add(struct health_view *sum, const struct health_view *view);
const char *health_failure_name(enum health_failure failure);
/* Upper bound of a bucket of HEALTH_TOOK in milliseconds; INT64_MAX: none. */
int64_t health_bound_ms(unsigned bucket);

#endif
