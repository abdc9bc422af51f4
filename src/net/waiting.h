/* SPDX-License-Identifier: BSD-2-Clause */
/* waiting.h - queries that wait for an upstream: copies of packet and client,
 * in a table of fixed size.
 *
 * A client (an address) has WAITING_CLIENT_MAX queries here at most, or a
 * quarter of the table where that is less, so that one does not take the
 * places of all.  Clients are counted by a keyed hash in a table of fixed size:
 * two may share a count, nobody can choose with whom.
 *
 * Nor can answers be saved up here and let loose at once: of one client's
 * queries for one question that waited for WAITING_LATE_MS, no more than
 * WAITING_LATE_MAX are answered within WAITING_SPAN_MS, and the others dropped.
 * Only UDP, where a sender can be anybody, is held to that.  It is more than
 * a machine full of programs asks for one name in five seconds of silence, and
 * an eighth of what a client could gather.
 *
 * A slot has a serial, so that an answer which comes too late for its query
 * does not reach the next one in that slot.  One thread: the worker's.
 */
#ifndef HOSTLER_NET_WAITING_H
#define HOSTLER_NET_WAITING_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/links.h"
#include "query/query.h"

#define WAITING_PACKET_MAX 4096		/* longer queries cannot wait */
#define WAITING_SMALL 128		/* most are no longer */
#define WAITING_CLIENT_MAX 512
#define WAITING_CLIENT_LEAST 16		/* however small the table is */
#define WAITING_LATE_MS 2000
#define WAITING_LATE_MAX 64
#define WAITING_SPAN_MS 200

/* A client's name, as the kernel writes and reads it. */
union waiting_name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Where a query came from and how its reply gets back. */
struct waiting_from {
	void *owner;			/* the socket or connection */
	/* Send the reply, or (NULL) forget the query. */
	void (*reply)(const struct waiting_from *from, const uint8_t *bytes,
	    size_t length);
	struct query_client client;
	union waiting_name to;		/* UDP */
	socklen_t to_length;
};

struct waiting_query {
	uint64_t serial;		/* 0: free */
	uint32_t slot;
	uint32_t client;		/* its count */
	unsigned restarts;
	int64_t give_up_ms;
	struct waiting_from from;
	uint8_t *packet;		/* small, or of malloc */
	size_t length;
	uint8_t small[WAITING_SMALL];
	int64_t since_ms, since_ns;	/* set by whoever added it, as is */
	struct forward_question question;	/* what it waits for */
	struct link link;		/* while it waits: oldest first */
	struct waiting_query *next_free;	/* while its slot is free */
	int64_t hurry_ms;		/* while it is in this list: */
	struct link hurry;
};

struct waiting;

struct waiting *waiting_new(unsigned max);
void waiting_free(struct waiting *waiting);

/* NULL: the table is full, or the client's part of it; the packet is too long,
 * or no memory. */
struct waiting_query *waiting_add(struct waiting *waiting,
    const struct waiting_from *from, const uint8_t *packet, size_t length,
    int64_t give_up_ms);
struct waiting_query *waiting_find(struct waiting *waiting, uint32_t slot,
    uint64_t serial);
void waiting_remove(struct waiting *waiting, struct waiting_query *query);

/* From hurry_ms on something else than the answer will do.  Times of later
 * calls are no sooner.  waiting_relax: no longer; removing does it too. */
void waiting_hurry(struct waiting *waiting, struct waiting_query *query,
    int64_t hurry_ms);
void waiting_relax(struct waiting_query *query);
struct waiting_query *waiting_next_hurry(struct waiting *waiting);

/* A reply to this query goes out, and it has waited long enough to be told
 * from others; false: it is one too many, and to be dropped. */
bool waiting_allows(struct waiting *waiting,
    const struct waiting_query *query, int64_t now_ms);

/* Does any of this owner's wait? */
bool waiting_has(const struct waiting *waiting, const void *owner);
/* The owner is going: forget its queries. */
void waiting_forget(struct waiting *waiting, const void *owner);

struct waiting_query *waiting_oldest(const struct waiting *waiting);
unsigned waiting_count(const struct waiting *waiting);

#endif
