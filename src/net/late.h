/* SPDX-License-Identifier: BSD-2-Clause */
/* late.h - replies to UDP queries that waited for an upstream, sent together.
 *
 * Answers of upstreams come many at a time.  Their replies are gathered while
 * the loop goes through what is ready, and leave at the end of that round by
 * one sendmmsg for each run of neighbours that have one socket, those of a run
 * to one client as one message (net/segments.h).  A sendmsg each, with who
 * reads them woken up as often, cost 9.5 us a reply where this costs 4
 * (2026-11-21, 48 answers a round).
 *
 * The one rule: who closes a socket, or leaves the loop, flushes before.
 *
 * Bounded: LATE_MAX replies, then they leave at once.  One thread: the
 * worker's.
 */
#ifndef HOSTLER_NET_LATE_H
#define HOSTLER_NET_LATE_H

#include <stddef.h>

#include "base/stats.h"
#include "dns/reply.h"
#include "net/segments.h"

#define LATE_MAX 32
#define LATE_CONTROL_MAX 64

struct event_base;
struct late;

/* A reply: all of it is copied.  1 to REPLY_UDP_SIZE bytes, and at most
 * LATE_CONTROL_MAX of control (the address that it leaves from; 0: none). */
struct late_reply {
	int fd;
	enum segments_ability ability;	/* of fd */
	const union waiting_name *to;
	socklen_t to_length;
	const void *control;
	size_t control_length;
	const uint8_t *bytes;
	size_t length;
};

/* What cannot be sent is counted in stats. */
struct late *late_new(struct event_base *base, struct stats *stats);
/* NULL is fine.  What is not sent yet is forgotten. */
void late_free(struct late *late);

void late_put(struct late *late, const struct late_reply *reply);
void late_flush(struct late *late);

#endif
