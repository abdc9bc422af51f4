/* SPDX-License-Identifier: BSD-2-Clause */
/* sighting.h - answered queries as others may see them: a worker's notes for
 * the query log, for dnstap and for lists such as "most asked".
 *
 * Who reads them (serve/observer.h) says what is wanted; where nothing is, a
 * worker does nothing.  A note goes into the worker's own ring (base/ring.h),
 * which drops what does not fit, so that no reader can hold up a query.
 *
 * SAMPLES: of few queries each is noted, of many about a thousand a second;
 * `weight` says for how many queries the note stands.
 *
 * The writing side: the worker's thread alone.
 */
#ifndef HOSTLER_NET_SIGHTING_H
#define HOSTLER_NET_SIGHTING_H

#include <stdatomic.h>

#include "base/ring.h"
#include "query/query.h"

enum sighting_want {
	SIGHTING_SAMPLE = 1,
	SIGHTING_FAILURE = 2,		/* every answer with an rcode but 0 */
	SIGHTING_ANY = 4,		/* every answer */
	SIGHTING_PACKETS = 8,		/* with the bytes of both packets */
};

/* One note as it lies in the ring.  Behind it: the name as the client wrote it
 * (name_length bytes of wire format), then query_kept bytes of the query and
 * reply_kept of the reply, both 0 unless SIGHTING_PACKETS was wanted. */
struct sighting {
	int64_t done_ns;		/* monotonic, when it was answered */
	int64_t took_ns;		/* since its packet was read */
	uint32_t weight;		/* 0: it is no sample */
	uint32_t query_kept, reply_kept;
	uint16_t query_length, reply_length;
	struct addr client, asked;
	uint16_t client_port;
	uint16_t id;
	uint16_t flags;			/* the query's */
	uint16_t reply_flags;		/* the header's */
	uint16_t type, class;
	uint16_t rcode;
	uint16_t ede;			/* EDE_NONE: none */
	uint16_t udp_size;		/* what the client takes */
	uint8_t way;			/* enum tally_way */
	uint8_t source;			/* enum tally_source */
	uint8_t edns, dnssec_ok;
	uint8_t wants;			/* which of the wants it is for */
	uint8_t name_length;		/* 0: no question could be read */
	uint8_t name[];
};

static inline const uint8_t *
sighting_query(const struct sighting *seen)
{
	return seen->name + seen->name_length;
}

static inline const uint8_t *
sighting_reply(const struct sighting *seen)
{
	return sighting_query(seen) + seen->query_kept;
}

/* A worker's side. */
struct sighter {
	struct ring *ring;		/* NULL: nobody ever looks */
	const _Atomic unsigned *wants;	/* set by the reader, at any time */
	unsigned wanted;		/* of the batch under way */
	unsigned tokens;		/* samples that may be taken */
	uint32_t passed_over;		/* since the last sample */
	int64_t filled_ms;
};

struct sighting_of {
	const struct query *q;		/* answered: rcode and source are set */
	const uint8_t *reply;
	size_t reply_length;
	int64_t started_ns;		/* its packet was read */
};

/* A batch begins: what is wanted now? */
void sighter_start(struct sighter *sighter, int64_t now_ms);

/* Out of line, for those that are wanted. */
void sighter_note(struct sighter *sighter, const struct sighting_of *of);

static inline void
sighter_see(struct sighter *sighter, const struct sighting_of *of)
{
	if (sighter->wanted)
		sighter_note(sighter, of);
}

#endif
