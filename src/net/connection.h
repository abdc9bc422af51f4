/* SPDX-License-Identifier: BSD-2-Clause */
/* connection.h - one client's TCP connection: read, worked and answered (RFC
 * 7766).
 *
 * What was read is worked in batches of complete messages (tcpbatch.h); their
 * replies go out in one write, those of queries that wait for an upstream when
 * they are there, in any order.  A message that is cut in two, and replies that
 * the peer does not take, are left over (leftovers.h).  Where a peer leaves too
 * many replies, or too many of its queries wait, nothing more is read of it.
 * After a turn's work (turns.h) the rest is put off.
 *
 * A message too short to be DNS ends the connection; so does the peer's end,
 * once its queries are answered.
 *
 * The one rule: whatever reads, works or writes may close the connection, and
 * others that give way to it; nothing is known of any then.
 *
 * A connection is a member of the crowd and is found by it (connection_of);
 * it is freed when it is closed.  One thread: the worker's.
 */
#ifndef HOSTLER_NET_CONNECTION_H
#define HOSTLER_NET_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/crowd.h"
#include "net/serving.h"

#define CONNECTION_WORK 8		/* to open or close one: turns.h */

struct connection;
struct connection_desk;
struct leftovers_pool;
struct turns;

/* What the connections of one worker share: its owner's, who may look at all of
 * it, and writes stopped alone. */
struct connections {
	struct serving *serving;
	struct crowd *crowd;		/* who is connected */
	struct turns *turns;
	struct leftovers_pool *leftovers;
	struct connection_desk *desk;	/* where they are worked */
	unsigned untaken;		/* have replies that wait to be taken */
	bool stopped;			/* nothing more is read */
};

/* kept_max: bytes that they may leave over, all together.  The serving stays
 * the caller's and outlives them.  Never fails (base/memory.h). */
void connections_init(struct connections *all, struct serving *serving,
    const struct crowd_limits *limits, size_t kept_max);
void connections_fini(struct connections *all);	/* closes every connection */

/* The descriptor, which does not block, is the connection's now.  There is room
 * in the crowd.  NULL: no memory, and it is closed. */
struct connection *connection_open(struct connections *all, int fd,
    const struct query_client *client);
void connection_close(struct connection *c);
/* Close it so that another can be. */
void connection_give_way(struct connection *c);

struct connection *connection_of(struct crowd_member *member);

/* Work these bytes, which were read by somebody else and stay his. */
void connection_work(struct connection *c, const uint8_t *bytes,
    size_t length);
/* Read what is in the socket (128 kB at most) and work all of it, whatever its
 * turn is. */
void connection_drain(struct connection *c);
/* stopped has changed: go on with reading, or not. */
void connection_watch(struct connection *c);

/* Do queries of it wait for upstreams? */
bool connection_waits(const struct connection *c);

/* What an heir would go on with: lent. */
struct connection_estate {
	int fd;
	const uint8_t *unanswered;	/* what was read and not worked */
	size_t length;
};
struct connection_estate connection_estate(const struct connection *c);

#endif
