/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/tcp.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "net/acceptor.h"
#include "net/connection.h"
#include "net/loop.h"
#include "net/turns.h"

#define CLOSES_MAX 64			/* a tick */
#define TICK_MS 500

struct tcp {
	struct connections all;
	unsigned idle_ms;
	struct event *tick;
};

static void
count(const struct tcp *tcp, enum stats_counter which)
{
	stats_count(tcp->all.serving->env.stats, which);
}

/* ---- those that time out ---- */

/* A peer that takes nothing of its replies, or drips a message byte by byte,
 * is idle; one whose queries wait for an upstream is not, for as long as
 * those may wait. */
static unsigned
close_old(struct tcp *tcp, enum crowd_state state, unsigned most)
{
	int64_t limit_ms = clock_mono_ms() - tcp->idle_ms;
	struct crowd_member *member = crowd_oldest(tcp->all.crowd, state);
	struct crowd_member *next;
	unsigned closed = 0;

	for (; member && member->active_ms <= limit_ms && closed < most;
	     member = next) {
		struct connection *c = connection_of(member);

		next = crowd_next(tcp->all.crowd, member);
		if (connection_waits(c))
			continue;
		count(tcp, STAT_TCP_CLOSED_IDLE);
		connection_close(c);
		closed++;
	}
	return closed;
}

/* Thousands may end at once: a few at a time, and on in the next round. */
static void
on_tick(evutil_socket_t fd, short what, void *context)
{
	struct tcp *tcp = context;
	unsigned closed = close_old(tcp, CROWD_IDLE, CLOSES_MAX);

	(void)fd;
	(void)what;
	closed += close_old(tcp, CROWD_BUSY, CLOSES_MAX - closed);
	loop_timer_set(tcp->tick, closed < CLOSES_MAX ? TICK_MS : 0);
	turns_take(tcp->all.turns);
}

/* ---- accepting ---- */

static void
find_client(struct query_client *client, int fd,
    const struct sockaddr_storage *peer)
{
	struct sockaddr_storage own;
	socklen_t length = sizeof own;
	struct endpoint endpoint;

	endpoint_from_sockaddr(&endpoint, (const struct sockaddr *)peer);
	*client = (struct query_client){
	    .addr = endpoint.addr,
	    .port = endpoint.port,
	    .link = endpoint.scope,
	    .transport = QUERY_TCP,
	};
	if (getsockname(fd, (struct sockaddr *)&own, &length) == 0) {
		endpoint_from_sockaddr(&endpoint, (struct sockaddr *)&own);
		client->asked = endpoint.addr;
	}
}

/* False: this client has all that it may have, and all at work. */
static bool
make_room(struct tcp *tcp, const struct addr *client)
{
	struct crowd_member *way;
	enum crowd_room room = crowd_find_room(tcp->all.crowd, client, &way);

	if (room == CROWD_GIVE_WAY)
		connection_give_way(connection_of(way));
	if (room == CROWD_FULL)
		count(tcp, STAT_TCP_REFUSED_CLIENT);
	return room != CROWD_FULL;
}

/* NULL: there is no room for it, and it is closed. */
static struct connection *
add_connection(struct tcp *tcp, int fd, const struct sockaddr_storage *peer)
{
	struct query_client client;

	find_client(&client, fd, peer);
	if (make_room(tcp, &client.addr))
		return connection_open(&tcp->all, fd, &client);
	close(fd);
	return NULL;
}

static void
on_accepted(void *arg, int fd, const struct sockaddr_storage *peer)
{
	struct tcp *tcp = arg;

	turns_work(tcp->all.turns, CONNECTION_WORK);
	add_connection(tcp, fd, peer);
}

/* Out of descriptors: an idle connection gives one back. */
static bool
on_scarce(void *arg)
{
	struct tcp *tcp = arg;
	struct crowd_member *idle = crowd_oldest(tcp->all.crowd, CROWD_IDLE);

	if (idle)
		connection_give_way(connection_of(idle));
	return idle != NULL;
}

static void
on_turn(void *arg)
{
	struct tcp *tcp = arg;

	turns_take(tcp->all.turns);
}

struct acceptor *
tcp_listen(struct tcp *tcp, int fd)
{
	const struct acceptor_hooks hooks = {
	    .accepted = on_accepted,
	    .scarce = on_scarce,
	    .turn = on_turn,
	    .arg = tcp,
	};

	return acceptor_new(tcp->all.serving->base, fd, &hooks);
}

/* ---- all of them ---- */

struct tcp *
tcp_new(struct serving *serving, const struct tcp_limits *limits)
{
	const struct crowd_limits crowd = {
	    .all = limits->connections_max,
	    .client = limits->client_max,
	};
	struct tcp *tcp = memory_own(sizeof *tcp);

	connections_init(&tcp->all, serving, &crowd, limits->kept_max);
	tcp->idle_ms = limits->idle_ms;
	tcp->tick = loop_timer(serving->base, on_tick, tcp);
	loop_timer_set(tcp->tick, TICK_MS);
	return tcp;
}

void
tcp_free(struct tcp *tcp)
{
	connections_fini(&tcp->all);
	loop_forget(tcp->tick);
	free(tcp);
}

/* ---- the end, and what is handed on ---- */

/* What came before the order to stop is read yet.  A connection that is read
 * may go, and others with it, or change its state: so each is put last before,
 * and they are counted off, not walked. */
static void
read_last(struct tcp *tcp, enum crowd_state state)
{
	struct crowd_member *member = crowd_oldest(tcp->all.crowd, state);
	unsigned left = 0;

	for (; member; member = crowd_next(tcp->all.crowd, member))
		left++;
	for (; left > 0 && (member = crowd_oldest(tcp->all.crowd, state));
	     left--)
		connection_drain(connection_of(member));
}

static void
watch_all(struct tcp *tcp, enum crowd_state state)
{
	struct crowd_member *member = crowd_oldest(tcp->all.crowd, state);

	for (; member; member = crowd_next(tcp->all.crowd, member))
		connection_watch(connection_of(member));
}

void
tcp_stop_reading(struct tcp *tcp)
{
	read_last(tcp, CROWD_BUSY);
	read_last(tcp, CROWD_IDLE);
	tcp->all.stopped = true;
	watch_all(tcp, CROWD_BUSY);
	watch_all(tcp, CROWD_IDLE);
}

void
tcp_give(struct tcp *tcp, const struct tcp_heir *heir)
{
	struct crowd_member *member;

	while ((member = crowd_oldest(tcp->all.crowd, CROWD_IDLE))) {
		struct connection *c = connection_of(member);
		struct connection_estate estate = connection_estate(c);

		if (!heir->give(heir->context, estate.fd, estate.unanswered,
		    estate.length))
			return;
		connection_close(c);
	}
}

void
tcp_inherit(struct tcp *tcp, int fd, const uint8_t *bytes, size_t length)
{
	struct sockaddr_storage peer;
	socklen_t name_length = sizeof peer;
	struct connection *c;

	if (getpeername(fd, (struct sockaddr *)&peer, &name_length) != 0) {
		close(fd);
		return;
	}
	c = add_connection(tcp, fd, &peer);
	if (c && length > 0)
		connection_work(c, bytes, length);
}

bool
tcp_is_quiet(const struct tcp *tcp)
{
	return tcp->all.untaken == 0;
}

bool
tcp_is_empty(const struct tcp *tcp)
{
	return crowd_count(tcp->all.crowd) == 0;
}
