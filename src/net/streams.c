/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/streams.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "dns/wire.h"
#include "net/pipeline.h"
#include "net/tls.h"
#include "net/troubles.h"
#include "query/servers.h"

#define NEVER INT64_MAX
#define DOUBT_OPENING 5			/* a SYN may be lost once */
#define UNSENT_MAX 65536		/* bytes; then it takes no question */

enum connection_state {
	CONNECTION_OPENING,		/* its questions wait, */
	CONNECTION_SHAKING,		/* and wait */
	CONNECTION_OPEN,
	CONNECTION_DEAD,		/* on the list of the dead */
};

struct connection {
	struct streams *streams;
	struct peer *peer;
	enum connection_state state;
	int fd;				/* closed by free_connection */
	struct event connecting;
	struct bufferevent *events;	/* NULL while it connects */
	bool by_tls;
	bool retired;			/* takes no more questions */
	struct pipeline out;
	unsigned unanswered;		/* of those in out that were sent */
	unsigned answers;
	int64_t opened_ms;
	int64_t way_ms;			/* how long connecting took */
	int64_t idle_ms;		/* since when no question is out, */
	int64_t silent_ms;		/* a byte is owed, */
	int64_t owing_ms;		/* a message is; NEVER: not so */
	struct connection *next;	/* of the dead */
};

/* One upstream. */
struct peer {
	struct upstream upstream;
	struct connection *list[STREAMS_CONNECTIONS];
	struct tls_memory memory;
	int64_t asked_ms;
	int64_t spread_ms;		/* one at a time, until; and */
	int64_t single_ms;		/* one in all a connection, until */
};

/* Invariants: slots[s] is the question of the exchange in slot s and is in the
 * pipeline of its connection, which is in the list of its peer. */
struct streams {
	struct event_base *base;
	struct stats *stats;
	struct troubles *troubles;
	struct tls_trust *trust;	/* NULL: no TLS */
	struct streams_hooks hooks;
	struct streams_times times;
	unsigned slot_count;
	unsigned connection_count, connections_max;
	struct asked **slots;
	struct peer *peers[STREAMS_UPSTREAMS];
	struct connection *dead;
	struct event bury, sweep;
	bool sweeping;
};

/* ---- questions ---- */

static struct asked *
find_asked(struct streams *streams, uint32_t exchange)
{
	struct asked *asked = streams->slots[forward_slot(exchange)];

	return asked != NULL && asked->exchange == exchange ? asked : NULL;
}

static struct asked *
new_asked(const struct streams_question *question)
{
	struct asked *asked = malloc(sizeof(*asked));

	assert(question->length >= WIRE_HEADER &&
	    question->length <= FORWARD_QUERY_MAX);
	if (asked == NULL)
		return NULL;
	asked->connection = NULL;
	asked->exchange = question->exchange;
	asked->sent = asked->again = false;
	asked->own_id = wire_get16(question->bytes);
	asked->length = (uint16_t)(PIPELINE_LENGTH + question->length);
	wire_put16(asked->bytes, (uint16_t)question->length);
	memcpy(asked->bytes + PIPELINE_LENGTH, question->bytes,
	    question->length);
	return asked;
}

static void
send_asked(struct connection *connection, struct asked *asked,
    int64_t now_ms)
{
	if (connection->silent_ms == NEVER)
		connection->silent_ms = now_ms;
	if (connection->owing_ms == NEVER)
		connection->owing_ms = now_ms;
	asked->sent = true;
	connection->unanswered++;
	bufferevent_write(connection->events, asked->bytes, asked->length);
}

static bool
is_single(const struct connection *connection, int64_t now_ms)
{
	return connection->peer->single_ms > now_ms;
}

static bool
may_send(const struct connection *connection, int64_t now_ms)
{
	return connection->state == CONNECTION_OPEN &&
	    (!is_single(connection, now_ms) ||
	    connection->unanswered + connection->answers == 0);
}

/* Whatever may go out. */
static void
send_waiting(struct connection *connection, int64_t now_ms)
{
	for (unsigned i = 0; i < connection->out.count &&
	    connection->unanswered < connection->out.count &&
	    may_send(connection, now_ms); i++) {
		if (!connection->out.list[i]->sent)
			send_asked(connection, connection->out.list[i],
			    now_ms);
	}
}

static void
put_on(struct connection *connection, struct asked *asked, int64_t now_ms)
{
	pipeline_add(&connection->out, asked);
	asked->connection = connection;
	connection->idle_ms = NEVER;
	if (may_send(connection, now_ms))
		send_asked(connection, asked, now_ms);
}

/* What its upstream owes is owed on: a connection that lost its questions by
 * timeouts is to be found silent all the same. */
static void
take_off(struct asked *asked, int64_t now_ms)
{
	struct connection *connection = asked->connection;

	pipeline_remove(&connection->out, asked);
	connection->unanswered -= asked->sent;
	asked->connection = NULL;
	if (connection->out.count == 0)
		connection->idle_ms = now_ms;
}

static void
drop_asked(struct streams *streams, struct asked *asked)
{
	streams->slots[forward_slot(asked->exchange)] = NULL;
	free(asked);
}

static void
break_asked(struct streams *streams, struct asked *asked)
{
	uint32_t exchange = asked->exchange;

	drop_asked(streams, asked);
	streams->hooks.broken(streams->hooks.arg, exchange);
}

/* ---- which connection ---- */

static bool
is_full(const struct connection *connection, int64_t now_ms)
{
	if (connection->retired ||
	    (is_single(connection, now_ms) && connection->answers > 0))
		return true;
	return connection->out.count == PIPELINE_MAX ||
	    (connection->events != NULL && evbuffer_get_length(
	    bufferevent_get_output(connection->events)) > UNSENT_MAX);
}

/* The way there and back takes what it takes. */
static bool
is_doubtful(const struct connection *connection, int64_t now_ms)
{
	int64_t doubt_ms = connection->streams->times.doubt_ms;

	if (connection->state < CONNECTION_OPEN)
		return now_ms - connection->opened_ms >=
		    DOUBT_OPENING * doubt_ms;
	return connection->owing_ms != NEVER && now_ms -
	    connection->owing_ms >= doubt_ms + 2 * connection->way_ms;
}

static bool
is_spread(const struct peer *peer, int64_t now_ms)
{
	return peer->spread_ms > now_ms || peer->single_ms > now_ms;
}

static bool
is_busy(const struct connection *connection, int64_t now_ms)
{
	unsigned most = is_spread(connection->peer, now_ms) ? 1 :
	    STREAMS_BUSY;

	return connection->out.count >= most ||
	    is_doubtful(connection, now_ms);
}

static bool
is_better(const struct connection *a, const struct connection *b,
    int64_t now_ms)
{
	if (b == NULL || is_doubtful(a, now_ms) != is_doubtful(b, now_ms))
		return b == NULL || is_doubtful(b, now_ms);
	return a->out.count < b->out.count;
}

static int
count_places(const struct peer *peer, int64_t now_ms)
{
	return is_spread(peer, now_ms) ? STREAMS_CONNECTIONS :
	    STREAMS_PIPELINED;
}

static void
note_doubt(struct peer *peer, int64_t now_ms)
{
	int places = count_places(peer, now_ms);

	for (int i = 0; i < places; i++) {
		if (peer->list[i] != NULL &&
		    is_doubtful(peer->list[i], now_ms))
			peer->spread_ms = now_ms + STREAMS_SPREAD_MS;
	}
}

static struct connection *open_connection(struct peer *peer,
    struct streams *streams, int64_t now_ms);

/* Of those that are there, the first that is not busy; else the best, and
 * *place is where there is room for another; -1: nowhere. */
static struct connection *
find_connection(struct peer *peer, int64_t now_ms, int *place)
{
	int places = count_places(peer, now_ms);
	struct connection *best = NULL;

	*place = -1;
	for (int i = 0; i < places; i++) {
		struct connection *connection = peer->list[i];

		if (connection == NULL)
			*place = i;
		if (connection == NULL || is_full(connection, now_ms))
			continue;
		if (!is_busy(connection, now_ms)) {
			*place = -1;
			return connection;
		}
		if (is_better(connection, best, now_ms))
			best = connection;
	}
	return best;
}

static struct connection *
pick_connection(struct streams *streams, struct peer *peer, int64_t now_ms)
{
	struct connection *best, *opened;
	int place;

	note_doubt(peer, now_ms);
	best = find_connection(peer, now_ms, &place);
	if (place < 0) {
		errno = ENOBUFS;
		return best;
	}
	opened = open_connection(peer, streams, now_ms);
	peer->list[place] = opened;
	return opened != NULL ? opened : best;
}

/* ---- the end of a connection ---- */

enum ending {
	ENDING_BY_PEER,			/* questions are asked again, once */
	ENDING_SINGLE,			/* it had its one: others move on */
	ENDING_FAILED,
	ENDING_IDLE,			/* there are none */
};

static void
leave_peer(struct connection *connection)
{
	struct peer *peer = connection->peer;

	for (unsigned i = 0; i < STREAMS_CONNECTIONS; i++) {
		if (peer->list[i] == connection)
			peer->list[i] = NULL;
	}
}

/* Nothing more is heard of it; it is freed once nobody is in its callbacks. */
static void
kill_connection(struct connection *connection, enum ending ending)
{
	struct streams *streams = connection->streams;

	if (connection->by_tls && connection->state == CONNECTION_OPEN &&
	    ending != ENDING_BY_PEER)
		tls_say_goodbye(connection->events);
	if (connection->events != NULL) {
		bufferevent_disable(connection->events, EV_READ | EV_WRITE);
		bufferevent_setcb(connection->events, NULL, NULL, NULL, NULL);
	} else {
		event_del(&connection->connecting);
	}
	leave_peer(connection);
	connection->state = CONNECTION_DEAD;
	connection->next = streams->dead;
	streams->dead = connection;
	event_active(&streams->bury, EV_TIMEOUT, 0);
}

static struct peer *find_peer(struct streams *streams,
    const struct upstream *upstream);

static void
move_asked(struct streams *streams, const struct upstream *to,
    struct asked *asked, int64_t now_ms)
{
	bool spent = asked->again && asked->sent;
	struct peer *peer = spent ? NULL : find_peer(streams, to);
	struct connection *connection = peer == NULL ? NULL :
	    pick_connection(streams, peer, now_ms);

	if (connection == NULL) {
		break_asked(streams, asked);
		return;
	}
	stats_add(streams->stats, STAT_STREAMS_ASKED_AGAIN, asked->sent);
	asked->again |= asked->sent;
	asked->sent = false;
	put_on(connection, asked, now_ms);
}

/* One of the questions may be at fault: those asked again go out apart.  It
 * answered one question, or none that reached us: what is in the queue of a
 * socket is lost where its peer closed on bytes that it did not read. */
static void
note_ending(struct connection *connection, enum ending ending, int64_t now_ms)
{
	struct peer *peer = connection->peer;

	if (connection->unanswered > 1)
		peer->spread_ms = now_ms + STREAMS_SPREAD_MS;
	if (ending == ENDING_BY_PEER && connection->answers <= 1 &&
	    connection->answers + connection->unanswered > 1)
		peer->single_ms = now_ms + STREAMS_SINGLE_MS;
}

/* The hooks may forget or ask anything meanwhile: nothing is added to a dead
 * connection, what is left on it is looked up anew each time, and so is its
 * peer, which may have given way to another. */
static void
end_connection(struct connection *connection, enum ending ending,
    int64_t now_ms)
{
	struct streams *streams = connection->streams;
	struct upstream to = connection->peer->upstream;

	note_ending(connection, ending, now_ms);
	kill_connection(connection, ending);
	while (connection->out.count > 0) {
		struct asked *asked =
		    connection->out.list[connection->out.count - 1];

		take_off(asked, now_ms);
		if (ending == ENDING_BY_PEER || ending == ENDING_SINGLE)
			move_asked(streams, &to, asked, now_ms);
		else
			break_asked(streams, asked);
	}
}

static void
free_connection(struct connection *connection)
{
	if (connection->events != NULL && connection->by_tls)
		tls_free(connection->events);
	else if (connection->events != NULL)
		bufferevent_free(connection->events);
	close(connection->fd);
	connection->streams->connection_count--;
	free(connection);
}

static void
on_bury(int fd, short what, void *arg)
{
	struct streams *streams = arg;

	(void)fd;
	(void)what;
	while (streams->dead != NULL) {
		struct connection *connection = streams->dead;

		streams->dead = connection->next;
		free_connection(connection);
	}
}

/* ---- what comes ---- */

static void
note_bytes(struct connection *connection, int64_t now_ms)
{
	connection->silent_ms = connection->unanswered > 0 ? now_ms : NEVER;
}

static void
note_message(struct connection *connection, int64_t now_ms)
{
	connection->owing_ms = connection->unanswered > 0 ? now_ms : NEVER;
	note_bytes(connection, now_ms);
}

/* An id that nobody waits for is an answer that came too late. */
static void
deliver(struct connection *connection, uint8_t *message, size_t length,
    int64_t now_ms)
{
	struct streams *streams = connection->streams;
	struct asked *asked = pipeline_find(&connection->out,
	    wire_get16(message));

	if (asked == NULL) {
		if (connection->unanswered == 0)
			connection->owing_ms = NEVER;
		return;
	}
	connection->answers++;
	wire_put16(message, asked->own_id);
	streams->hooks.received(streams->hooks.arg, asked->exchange, message,
	    length);
	note_message(connection, now_ms);
}

/* False: there is no whole message, or what came is none. */
static bool
read_message(struct connection *connection, int64_t now_ms)
{
	struct evbuffer *in = bufferevent_get_input(connection->events);
	uint8_t head[PIPELINE_LENGTH];
	uint8_t *bytes;
	size_t length;

	if (evbuffer_copyout(in, head, sizeof(head)) < (ssize_t)sizeof(head))
		return false;
	length = wire_get16(head);
	if (length < WIRE_HEADER) {
		end_connection(connection, ENDING_FAILED, now_ms);
		return false;
	}
	if (evbuffer_get_length(in) < sizeof(head) + length)
		return false;
	bytes = evbuffer_pullup(in, (ssize_t)(sizeof(head) + length));
	if (bytes == NULL) {
		end_connection(connection, ENDING_FAILED, now_ms);
		return false;
	}
	deliver(connection, bytes + sizeof(head), length, now_ms);
	evbuffer_drain(in, sizeof(head) + length);
	return true;
}

/* What is left in the buffer is less than one message: it cannot grow. */
static void
on_readable(struct bufferevent *events, void *arg)
{
	struct connection *connection = arg;
	int64_t now_ms = clock_mono_ms();

	(void)events;
	note_bytes(connection, now_ms);
	while (read_message(connection, now_ms))
		continue;
	if (connection->state == CONNECTION_OPEN &&
	    is_single(connection, now_ms) && connection->answers > 0 &&
	    connection->unanswered == 0)
		end_connection(connection, ENDING_SINGLE, now_ms);
}

/* ---- opening ---- */

static void
tell_trouble(struct connection *connection, const char *words, int64_t now_ms)
{
	struct streams *streams = connection->streams;

	if (!connection->by_tls)
		return;
	stats_count(streams->stats, STAT_STREAMS_TLS_FAILED);
	troubles_note(streams->troubles, &connection->peer->upstream, words,
	    now_ms);
}

static void
start_talking(struct connection *connection, int64_t now_ms)
{
	connection->state = CONNECTION_OPEN;
	send_waiting(connection, now_ms);
}

static void
note_verified(struct connection *connection)
{
	struct streams *streams = connection->streams;

	stats_count(streams->stats, tls_is_resumed(connection->events) ?
	    STAT_STREAMS_TLS_RESUMED : STAT_STREAMS_TLS_VERIFIED);
	troubles_clear(streams->troubles, &connection->peer->upstream);
}

static void
on_event(struct bufferevent *events, short what, void *arg)
{
	struct connection *connection = arg;
	int64_t now_ms = clock_mono_ms();

	if ((what & BEV_EVENT_CONNECTED) != 0) {
		note_verified(connection);
		start_talking(connection, now_ms);
		return;
	}
	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) == 0)
		return;
	if (connection->state == CONNECTION_SHAKING) {
		tell_trouble(connection, tls_why(events), now_ms);
		tls_memory_forget(&connection->peer->memory);
		end_connection(connection, ENDING_FAILED, now_ms);
		return;
	}
	end_connection(connection, ENDING_BY_PEER, now_ms);
}

static struct bufferevent *
start_tls(struct connection *connection)
{
	struct streams *streams = connection->streams;
	const struct tls_start start = {
	    .base = streams->base,
	    .fd = connection->fd,
	    .server = servers_name(connection->peer->upstream.server),
	    .memory = &connection->peer->memory,
	};

	return streams->trust == NULL ? NULL :
	    tls_start(streams->trust, &start);
}

static bool
make_events(struct connection *connection)
{
	connection->events = connection->by_tls ? start_tls(connection) :
	    bufferevent_socket_new(connection->streams->base, connection->fd,
	    0);
	if (connection->events == NULL)
		return false;
	connection->state = CONNECTION_SHAKING;
	bufferevent_setcb(connection->events, on_readable, NULL, on_event,
	    connection);
	bufferevent_enable(connection->events, EV_READ | EV_WRITE);
	return true;
}

static void
on_connected(int fd, short what, void *arg)
{
	struct connection *connection = arg;
	int64_t now_ms = clock_mono_ms();
	int error = 0;
	socklen_t length = sizeof(error);
	char words[128];

	(void)what;
	connection->way_ms = now_ms - connection->opened_ms;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
		error = errno;
	if (error == 0 && !make_events(connection))
		error = ENOMEM;
	if (error != 0) {
		tell_trouble(connection, strerror_r(error, words,
		    sizeof(words)), now_ms);
		end_connection(connection, ENDING_FAILED, now_ms);
	} else if (!connection->by_tls) {
		start_talking(connection, now_ms);
	}
}

static int
connect_to(const struct endpoint *endpoint)
{
	struct sockaddr_storage address;
	socklen_t length = endpoint_to_sockaddr(endpoint, &address);
	int on = 1, error;
	int fd = socket(address.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	/* Without it questions are only a little later. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (struct sockaddr *)&address, length) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static void
start_sweeping(struct streams *streams)
{
	int64_t wait_ms = streams->times.look_ms;
	struct timeval wait = { wait_ms / 1000, wait_ms % 1000 * 1000 };

	if (streams->sweeping)
		return;
	streams->sweeping = true;
	event_add(&streams->sweep, &wait);
}

static struct connection *
open_connection(struct peer *peer, struct streams *streams, int64_t now_ms)
{
	struct connection *connection;
	int fd;

	if (streams->connection_count == streams->connections_max) {
		errno = EMFILE;
		return NULL;
	}
	fd = connect_to(&peer->upstream.endpoint);
	if (fd < 0)
		return NULL;
	streams->connection_count++;
	connection = memory_zeroed(1, sizeof(*connection));
	connection->streams = streams;
	connection->peer = peer;
	connection->state = CONNECTION_OPENING;
	connection->by_tls = peer->upstream.transport == UPSTREAM_TLS;
	connection->fd = fd;
	connection->opened_ms = connection->idle_ms = now_ms;
	connection->silent_ms = connection->owing_ms = NEVER;
	event_assign(&connection->connecting, streams->base, fd, EV_WRITE,
	    on_connected, connection);
	event_add(&connection->connecting, NULL);
	stats_count(streams->stats, STAT_STREAMS_OPENED);
	start_sweeping(streams);
	return connection;
}

/* ---- upstreams ---- */

static bool
has_connection(const struct peer *peer)
{
	for (unsigned i = 0; i < STREAMS_CONNECTIONS; i++) {
		if (peer->list[i] != NULL)
			return true;
	}
	return false;
}

static void
free_peer(struct peer *peer)
{
	if (peer == NULL)
		return;
	for (unsigned i = 0; i < STREAMS_CONNECTIONS; i++) {
		if (peer->list[i] != NULL)
			kill_connection(peer->list[i], ENDING_IDLE);
	}
	tls_memory_forget(&peer->memory);
	free(peer);
}

/* A place for a peer: free, or of the one asked longest ago of those without
 * a connection; -1: all have one. */
static int
find_place(const struct streams *streams)
{
	int place = -1;

	for (int i = 0; i < STREAMS_UPSTREAMS; i++) {
		const struct peer *peer = streams->peers[i];

		if (peer == NULL)
			return i;
		if (!has_connection(peer) && (place < 0 ||
		    peer->asked_ms < streams->peers[place]->asked_ms))
			place = i;
	}
	return place;
}

static struct peer *
find_peer(struct streams *streams, const struct upstream *upstream)
{
	struct peer *peer;
	int place;

	for (unsigned i = 0; i < STREAMS_UPSTREAMS; i++) {
		peer = streams->peers[i];
		if (peer != NULL && upstream_equal(&peer->upstream, upstream))
			return peer;
	}
	place = find_place(streams);
	if (place < 0) {
		errno = ENOBUFS;
		return NULL;
	}
	free_peer(streams->peers[place]);
	peer = memory_zeroed(1, sizeof(*peer));
	peer->upstream = *upstream;
	streams->peers[place] = peer;
	return peer;
}

/* ---- asking ---- */

enum streams_asked
streams_ask(struct streams *streams, const struct streams_question *question,
    int64_t now_ms)
{
	struct asked **slot = &streams->slots[forward_slot(
	    question->exchange)];
	struct peer *peer = find_peer(streams, question->to);
	struct connection *connection;

	assert(*slot == NULL);
	if (peer == NULL)
		return STREAMS_FAILED;
	if (question->to->transport == UPSTREAM_TLS &&
	    streams->trust == NULL) {
		troubles_note(streams->troubles, question->to,
		    "no certificates to know it by (see tls.ca-file)", now_ms);
		errno = EPROTO;
		return STREAMS_FAILED;
	}
	peer->asked_ms = now_ms;
	connection = pick_connection(streams, peer, now_ms);
	if (connection == NULL)
		return STREAMS_FAILED;
	*slot = new_asked(question);
	if (*slot == NULL)
		return STREAMS_FAILED;
	put_on(connection, *slot, now_ms);
	return STREAMS_ASKED;
}

void
streams_forget(struct streams *streams, uint32_t exchange)
{
	struct asked *asked = find_asked(streams, exchange);
	struct connection *connection;
	int64_t now_ms = clock_mono_ms();

	if (asked == NULL)
		return;
	connection = asked->connection;
	take_off(asked, now_ms);
	drop_asked(streams, asked);
	send_waiting(connection, now_ms);
}

/* ---- all of them ---- */

static bool
is_past(int64_t since_ms, int64_t wait_ms, int64_t now_ms)
{
	return since_ms != NEVER && now_ms - since_ms >= wait_ms;
}

static void
look_after(struct connection *connection, int64_t now_ms)
{
	const struct streams_times *times = &connection->streams->times;
	bool opening = connection->state < CONNECTION_OPEN;

	opening = opening && is_past(connection->opened_ms, times->silence_ms,
	    now_ms);
	if (opening)
		tell_trouble(connection, connection->events != NULL ?
		    "no answer in the TLS handshake" :
		    "no answer to the connection", now_ms);
	if (is_past(connection->silent_ms, times->silence_ms, now_ms) ||
	    is_past(connection->owing_ms, times->slow_ms, now_ms) || opening)
		end_connection(connection, ENDING_FAILED, now_ms);
	else if (is_past(connection->idle_ms, times->idle_ms, now_ms) ||
	    (connection->retired && connection->out.count == 0))
		end_connection(connection, ENDING_IDLE, now_ms);
}

static void
on_sweep(int fd, short what, void *arg)
{
	struct streams *streams = arg;
	int64_t now_ms = clock_mono_ms();
	bool any = false;

	(void)fd;
	(void)what;
	streams->sweeping = false;
	for (unsigned i = 0; i < STREAMS_UPSTREAMS; i++) {
		for (unsigned k = 0; k < STREAMS_CONNECTIONS; k++) {
			struct peer *peer = streams->peers[i];

			if (peer != NULL && peer->list[k] != NULL)
				look_after(peer->list[k], now_ms);
		}
		any |= streams->peers[i] != NULL &&
		    has_connection(streams->peers[i]);
	}
	if (any)
		start_sweeping(streams);
}

struct streams *
streams_new(const struct streams_settings *settings)
{
	struct streams *streams = memory_zeroed(1, sizeof(*streams));

	streams->base = settings->base;
	streams->stats = settings->stats;
	streams->troubles = settings->troubles;
	streams->hooks = settings->hooks;
	streams->times = settings->times;
	streams->slot_count = settings->slots;
	streams->connections_max = settings->connections_max ?
	    settings->connections_max : UINT_MAX;
	streams->slots = memory_zeroed(settings->slots,
	    sizeof(struct asked *));
	evtimer_assign(&streams->bury, streams->base, on_bury, streams);
	evtimer_assign(&streams->sweep, streams->base, on_sweep, streams);
	return streams;
}

void
streams_free(struct streams *streams)
{
	if (streams == NULL)
		return;
	for (unsigned i = 0; i < STREAMS_UPSTREAMS; i++)
		free_peer(streams->peers[i]);
	on_bury(-1, 0, streams);
	tls_trust_release(streams->trust);
	event_del(&streams->bury);
	event_del(&streams->sweep);
	for (unsigned i = 0; i < streams->slot_count; i++)
		free(streams->slots[i]);
	free(streams->slots);
	free(streams);
}

static void
retire(struct peer *peer)
{
	tls_memory_forget(&peer->memory);
	for (unsigned i = 0; i < STREAMS_CONNECTIONS; i++) {
		struct connection *connection = peer->list[i];

		if (connection == NULL)
			continue;
		connection->retired = true;
		if (connection->events != NULL)
			tls_unlearn(connection->events);
	}
}

void
streams_trust(struct streams *streams, struct tls_trust *trust)
{
	tls_trust_release(streams->trust);
	streams->trust = trust;
	for (unsigned i = 0; i < STREAMS_UPSTREAMS; i++) {
		struct peer *peer = streams->peers[i];

		if (peer != NULL && peer->upstream.transport == UPSTREAM_TLS)
			retire(peer);
	}
}
