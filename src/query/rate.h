/* SPDX-License-Identifier: BSD-2-Clause */
/* rate.h - so many answers a second to one prefix of clients, by UDP.
 *
 * Whoever writes another's address into its packets can have a server flood
 * that other one.  So answers are counted where they would go: by prefix (/24
 * of IPv4, /56 of IPv6) and kind (a name that has records; names of one zone
 * that have none; errors), and all kinds of a prefix together, since the names
 * below a wildcard have no end.  Each count has credit for a second, which
 * comes back at its rate.  What is over the limit is dropped, but for every
 * so manieth (slip), which goes out empty: its client is to ask again by TCP,
 * or with the cookie that it is given.
 *
 * The counts are in a table of fixed size, by a keyed hash.  Where a new one
 * needs room the one goes that has the most credit: a flood from everywhere
 * pushes out those that it made itself, and hardly one that is at its limit.
 *
 * Time is told, and monotonic; it may stand still.  Nothing is allocated after
 * rate_new.  One thread: the worker's.
 */
#ifndef HOSTLER_QUERY_RATE_H
#define HOSTLER_QUERY_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct rate_limits {
	unsigned per_second;		/* of one kind; 0: no limit */
	unsigned all_per_second;	/* of all kinds; 0: no limit */
	unsigned slip;			/* 0: none */
};

enum rate_kind {
	RATE_NAME,			/* by the question's name */
	RATE_NOTHING,			/* by the zone */
	RATE_ERROR,			/* all are one */
};

struct rate_answer {
	const struct addr *client;
	enum rate_kind kind;
	uint64_t name;			/* a keyed hash; ERROR: 0 */
};

enum rate_verdict {
	RATE_PASS,
	RATE_SLIP,			/* send an empty one */
	RATE_DROP,
};

struct rate;

struct rate *rate_new(void);
void rate_free(struct rate *rate);

/* This answer would go out now. */
enum rate_verdict rate_judge(struct rate *rate,
    const struct rate_limits *limits, const struct rate_answer *answer,
    int64_t now_ms);

#endif
