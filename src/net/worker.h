/* SPDX-License-Identifier: BSD-2-Clause */
/* worker.h - the threads that answer: one a core, each with a loop of its own.
 *
 * A worker owns its sockets, its TCP connections, its waiting queries, its
 * forwarding engine and its counters; it shares the published policy (read
 * only) and the cache.  What one worker must tell another (a question that
 * belongs there, its answer, a listener to add) goes through the other's
 * mailbox: a bounded list under a lock, and an eventfd.
 *
 * Start after rights were dropped.  All functions here: main's thread,
 * but where it says otherwise.
 */
#ifndef HOSTLER_NET_WORKER_H
#define HOSTLER_NET_WORKER_H

#include "base/stats.h"
#include "net/listen.h"
#include "net/tcp.h"
#include "net/troubles.h"
#include "query/cache.h"
#include "query/health.h"
#include "query/policy.h"
#include "query/tally.h"

struct tls_trust;
struct workers;

struct workers_settings {
	unsigned count;
	struct publisher *publisher;
	struct cache *cache;
	unsigned tcp_connections_max;	/* a worker */
	unsigned tcp_client_max;	/* of one address; 0: no other limit */
	unsigned tcp_idle_ms;
	size_t tcp_kept_max;		/* bytes that a worker keeps for slow
					 * peers; 0: 64 MB */
	unsigned waiting_max;		/* queries that wait, a worker */
	unsigned upstream_udp_max;	/* sockets a worker; 0: two a query */
	unsigned upstream_streams_max;	/* connections; 0: no other limit */
	struct tls_trust *trust;	/* see workers_trust */
	unsigned refused_log_ms;	/* one counted line at most so often */
	/* Who reads what is noted of answered queries (sighting.h): outlives
	 * the workers; NULL: nobody ever. */
	const struct sighting_reader *reader;
};

struct workers *workers_start(const struct workers_settings *settings);
/* Stop taking queries, answer what is in flight (wait_ms at most), end the
 * threads.  Their counters and notes can be read until workers_free. */
void workers_stop(struct workers *workers, unsigned wait_ms);
/* The same, and TCP connections go to another process as soon as nothing is
 * being done for them; the heir is called in the workers' threads, at the same
 * time by several. */
void workers_give_way(struct workers *workers, unsigned wait_ms,
    const struct tcp_heir *heir);
void workers_free(struct workers *workers);	/* stopped */

/* Go on with a connection that another process gave; descriptor and bytes (of
 * malloc; NULL: none) are the workers' now. */
void workers_inherit(struct workers *workers, int fd, uint8_t *bytes,
    size_t length);

/* Serve a listener. */
void workers_add(struct workers *workers, struct listener *listener);

/* Stop serving it; returns once every worker has let go: it may be closed then.
 * What has come in is answered.  Queries that wait for an upstream are answered
 * later (their sockets stay open as long, for five seconds at most), or
 * forgotten, where nothing can be sent from there any more.  TCP connections
 * live on. */
enum workers_drop {
	WORKERS_ANSWER_FIRST,
	WORKERS_FORGET,
};
void workers_drop(struct workers *workers, struct listener *listener,
    enum workers_drop how);

/* After a reload: routes and limits of the newest policy count from now. */
void workers_policy_changed(struct workers *workers);

/* Whom upstreams by TLS are to be known to: a copy of the reference is taken
 * for each worker.  NULL: nothing is asked by TLS. */
void workers_trust(struct workers *workers, struct tls_trust *trust);
/* Why the last handshake with this upstream failed; false: it did not. */
bool workers_trouble(struct workers *workers, const struct upstream *upstream,
    char words[TROUBLES_WORDS]);

/* Sum of all counters of all workers, added to what is there.  Any thread. */
void workers_stats(struct workers *workers, uint64_t sum[STAT_COUNT]);
void workers_tally(struct workers *workers, struct tally *sum);
/* The ring of a worker's notes, for one thread to read; NULL: there is no such
 * worker, or nothing was ever to be wanted. */
struct ring *workers_sightings(struct workers *workers, unsigned number);
/* What the workers know of each upstream, added up; how many, max at most.  Any
 * thread. */
unsigned workers_upstreams(struct workers *workers, struct health_view *list,
    unsigned max);
/* Every worker's loop turned within the last three seconds.  Any thread. */
bool workers_alive(struct workers *workers);

#endif
