/* SPDX-License-Identifier: BSD-2-Clause */
/* tcpbatch.h - the complete messages among the bytes of a TCP connection,
 * worked as one batch; their replies, ready to be written.
 *
 * Each message has two bytes of length before it (RFC 1035 4.2.2), and so do
 * the replies.
 *
 *	serving_start(serving)
 *	while (tcpbatch_next(&bytes) == TCPBATCH_MESSAGE)
 *		tcpbatch_begin
 *		tcpbatch_step until tcpbatch_is_done
 *			... write ...
 *	serving_end(serving)
 *
 * The one rule: replies are written, or given up, before the next step.  A
 * batch may be left where it is: the next one begins at tcpbatch_left_at.
 *
 * Of connections nothing is known here.  Nothing is allocated after
 * tcpbatch_new.  One thread: the worker's.
 */
#ifndef HOSTLER_NET_TCPBATCH_H
#define HOSTLER_NET_TCPBATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/wire.h"
#include "net/serving.h"

#define TCPBATCH_MESSAGE_MAX (2 + WIRE_MAX)

struct tcpbatch;

/* Never NULL (base/memory.h).  The serving stays the caller's and outlives
 * it. */
struct tcpbatch *tcpbatch_new(struct serving *serving);
void tcpbatch_free(struct tcpbatch *batch);

/* What was read; worked from at on. */
struct tcpbatch_bytes {
	const uint8_t *bytes;
	size_t length, at;
};

enum tcpbatch_found {
	TCPBATCH_NONE,			/* it is not complete yet */
	TCPBATCH_MESSAGE,
	/* Too short for a header it is no DNS: there is no way to find the
	 * next one behind what sent it. */
	TCPBATCH_SENSELESS,
};
static inline enum tcpbatch_found
tcpbatch_next(const struct tcpbatch_bytes *from)
{
	size_t left = from->length - from->at, length;

	if (left < 2)
		return TCPBATCH_NONE;
	length = wire_get16(from->bytes + from->at);
	if (left - 2 < length)
		return TCPBATCH_NONE;
	return length < WIRE_HEADER ? TCPBATCH_SENSELESS : TCPBATCH_MESSAGE;
}

/* Begin the messages that are there, no more than most (nor SERVING_BATCH),
 * and go past them; returns how many.  The bytes are lent until it is done. */
unsigned tcpbatch_begin(struct tcpbatch *batch, struct tcpbatch_bytes *from,
    const struct query_client *client, unsigned most);

/* Replies with their lengths, lent until the next call; waiting: so many more
 * queries will have theirs by the hook of waiting_from. */
struct tcpbatch_replies {
	const uint8_t *bytes;
	size_t length;			/* 0: none */
	unsigned waiting;
};
/* As many as there is room for: four of 64 kB. */
struct tcpbatch_replies tcpbatch_step(struct tcpbatch *batch,
    const struct waiting_from *from);
bool tcpbatch_is_done(const struct tcpbatch *batch);
/* Where the first message begins that was not stepped; it is not done. */
size_t tcpbatch_left_at(const struct tcpbatch *batch);

/* One reply of a query that waited, made ready to be written.  Not while
 * a batch is stepped. */
struct tcpbatch_replies tcpbatch_late(struct tcpbatch *batch,
    const uint8_t *bytes, size_t length);

#endif
