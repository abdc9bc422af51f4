/* SPDX-License-Identifier: BSD-2-Clause */
/* sighting.h - answered queries as others may see them: a worker's notes for
 * the query log, for dnstap and for lists such as "most asked".
 *
 * Who reads them (serve/observer.h) says what is wanted; where nothing is, a
 * worker does nothing.  A note goes into the worker's own ring (base/ring.h),
 * which drops what does not fit, so that no reader can hold up a query.  A
 * reader who sleeps is woken by his bell, once the batch is answered; to look
 * whether he does costs a batch that has notes one ordered store and a load.
 * What moved between a worker and an upstream (SIGHTING_UPSTREAM) is no part of
 * a batch: that is looked for after each packet.
 *
 * SAMPLES: of few queries each is noted, of many about a thousand a second;
 * `weight` says for how many queries the note stands.
 *
 * The writing side: the worker's thread alone.
 */
#ifndef HOSTLER_NET_SIGHTING_H
#define HOSTLER_NET_SIGHTING_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/ring.h"
#include "query/query.h"

enum sighting_want {
	SIGHTING_SAMPLE = 1,
	SIGHTING_FAILURE = 2,		/* every answer with an rcode but 0 */
	SIGHTING_ANY = 4,		/* every answer */
	SIGHTING_PACKETS = 8,		/* with the bytes of both packets */
	SIGHTING_UPSTREAM = 16,		/* what is sent to upstreams, and what
					 * they say: notes of those kinds */
};

enum sighting_kind {
	SIGHTING_ANSWERED,		/* a client's query */
	SIGHTING_SENT,			/* a query to an upstream */
	SIGHTING_HEARD,			/* a packet from an upstream */
};

/* One note as it lies in the ring.  Behind it: the name as the client wrote it
 * (name_length bytes of wire format), then query_kept bytes of the query and
 * reply_kept of the reply, both 0 unless SIGHTING_PACKETS was wanted.
 *
 * A note of SENT has the query's bytes, one of HEARD the reply's, as they are
 * on the wire but for the id of what goes by a stream.  Beside them these two
 * have kind, done_ns, took_ns (since it was sent; -1: not known), upstream and
 * transport, and nothing else. */
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
	uint8_t kind;			/* enum sighting_kind */
	uint8_t transport;		/* enum upstream_transport */
	struct endpoint upstream;
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

/* The reader's side, of all workers. */
struct sighting_reader {
	_Atomic unsigned wants;		/* set at any time */
	int bell;			/* an eventfd that does not block */
};
void sighting_ring(const struct sighting_reader *reader);	/* the bell */

/* A worker's side. */
struct sighter {
	struct ring *ring;		/* NULL: nobody ever looks */
	const struct sighting_reader *reader;
	unsigned wanted;		/* of the batch under way */
	bool noted;			/* something, in it */
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
/* It is answered, and has notes: wake the reader, where it sleeps. */
void sighter_wake(struct sighter *sighter);

static inline void
sighter_end(struct sighter *sighter)
{
	if (sighter->noted)
		sighter_wake(sighter);
}

/* Out of line, where sighter_wants. */
void sighter_note(struct sighter *sighter, const struct sighting_of *of);

/* Is the next one to be noted?  Of a heavy load most are not, and that costs a
 * local answer nothing to speak of. */
static inline bool
sighter_wants(struct sighter *sighter)
{
	if (sighter->wanted != SIGHTING_SAMPLE || sighter->tokens > 0)
		return sighter->wanted != 0;
	sighter->passed_over++;
	return false;
}

/* Out of line: what moved between this worker and an upstream.  Wakes the
 * reader at once, where it sleeps. */
struct sighting_moved {
	enum sighting_kind kind;	/* SENT or HEARD */
	struct endpoint upstream;
	enum upstream_transport transport;
	const uint8_t *bytes;
	size_t length;
	int64_t sent_ns;		/* 0: not known */
};
void sighter_note_moved(struct sighter *sighter,
    const struct sighting_moved *moved);

/* Asked for each: the batch of an upstream's worker is none of a client's. */
static inline bool
sighter_wants_upstream(const struct sighter *sighter)
{
	return sighter->ring && (atomic_load_explicit(&sighter->reader->wants,
	    memory_order_relaxed) & SIGHTING_UPSTREAM);
}

#endif
