/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/tcp.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "net/loop.h"

#define MESSAGE_MAX (2 + WIRE_MAX)
#define IN_ROOM (2 * MESSAGE_MAX)
#define OUT_ROOM (4 * MESSAGE_MAX)
#define UNTAKEN_MAX (256 << 10)		/* replies that the peer leaves */
#define WAITING_MAX 100			/* queries of one connection */
#define ACCEPTS_MAX 32			/* a wakeup */
#define TICK_MS 500
#define ACCEPT_AGAIN_MS 500

/* Connections stand in the order in which something was last got done with
 * them (a message came whole, a late reply went, the peer took all that was
 * kept for it), oldest first: so they time out and give way. */
struct connection {
	struct tcp *tcp;
	struct connection *next, **link;
	int fd;
	struct query_client client;
	struct event readable, writable;
	int64_t active_ms;
	unsigned waiting;
	bool reading, writing;
	bool ended;			/* the peer sends nothing more */
	uint8_t *in;			/* what was read and not worked */
	size_t in_length;
	uint8_t *out;			/* what the peer has not taken */
	size_t out_at, out_length;
};

struct tcp {
	struct serving *serving;
	struct tcp_limits limits;
	struct connection *first, **end;
	unsigned count;
	size_t kept;			/* in_length and out_length of all */
	struct event *tick;
	bool stopped;
	size_t starts[SERVING_BATCH];	/* of a batch's messages */
	uint8_t in[IN_ROOM];
	uint8_t out[OUT_ROOM];
};

struct tcp_listener {
	struct tcp *tcp;
	struct event *acceptable, *again;
	int fd;
};

/* ---- the list ---- */

static void
link_last(struct connection *c)
{
	c->next = NULL;
	c->link = c->tcp->end;
	*c->tcp->end = c;
	c->tcp->end = &c->next;
}

static void
unlink_connection(struct connection *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	else
		c->tcp->end = c->link;
}

static void
touch(struct connection *c)
{
	c->active_ms = clock_mono_ms();
	unlink_connection(c);
	link_last(c);
}

static void
drop_in(struct connection *c)
{
	c->tcp->kept -= c->in_length;
	free(c->in);
	c->in = NULL;
	c->in_length = 0;
}

static void
drop_out(struct connection *c)
{
	c->tcp->kept -= c->out_length;
	free(c->out);
	c->out = NULL;
	c->out_at = c->out_length = 0;
}

static void
close_connection(struct connection *c)
{
	if (c->waiting)
		waiting_forget(c->tcp->serving->waiting, c);
	unlink_connection(c);
	c->tcp->count--;
	event_del(&c->readable);
	event_del(&c->writable);
	close(c->fd);
	drop_in(c);
	drop_out(c);
	free(c);
}

static void
count(const struct connection *c, enum stats_counter which)
{
	stats_count(c->tcp->serving->env.stats, which);
}

static bool
is_idle(const struct connection *c)
{
	return c->waiting == 0 && c->out_length == c->out_at;
}

/* NULL: none is idle. */
static struct connection *
find_idle(const struct tcp *tcp)
{
	struct connection *c = tcp->first;

	while (c && !is_idle(c))
		c = c->next;
	return c;
}

static void
give_way(struct connection *c)
{
	count(c, STAT_TCP_CLOSED_MAKE_ROOM);
	close_connection(c);
}

/* ---- writing ---- */

enum io_result {
	IO_OPEN,
	IO_CLOSED,			/* the connection is gone */
};

static void
watch_writing(struct connection *c)
{
	bool wanted = c->out_length > c->out_at;

	if (wanted && !c->writing)
		event_add(&c->writable, NULL);
	else if (!wanted && c->writing)
		event_del(&c->writable);
	c->writing = wanted;
}

/* All together keep too much: the oldest that keep something give way to the
 * one that is worked, so that a few slow peers do not keep others out. */
static void
make_memory(const struct connection *worked, size_t more)
{
	struct tcp *tcp = worked->tcp;
	struct connection *c = tcp->first, *next;

	for (; c && tcp->kept + more > tcp->limits.kept_max; c = next) {
		next = c->next;
		if (c != worked && c->in_length + c->out_length > 0)
			give_way(c);
	}
}

/* Room for bytes that a connection keeps, in the place of so many that it does
 * now; NULL: no memory, or it would keep too much all alone. */
static uint8_t *
make_kept(struct connection *c, size_t length, size_t instead)
{
	struct tcp *tcp = c->tcp;
	uint8_t *room = NULL;

	if (length > instead)
		make_memory(c, length - instead);
	if (tcp->kept - instead + length <= tcp->limits.kept_max)
		room = malloc(length);
	if (room)
		tcp->kept += length;
	return room;
}

/* Keep what the peer did not take.  False: no memory. */
static bool
keep_untaken(struct connection *c, const uint8_t *bytes, size_t length)
{
	size_t left = c->out_length - c->out_at;
	uint8_t *room = make_kept(c, left + length,
	    c->out_length);

	if (!room)
		return false;
	if (left)
		memcpy(room, c->out + c->out_at, left);
	memcpy(room + left, bytes, length);
	drop_out(c);
	c->out = room;
	c->out_length = left + length;
	return true;
}

static ssize_t
send_some(const struct connection *c, const uint8_t *bytes, size_t length)
{
	ssize_t sent;

	do
		sent = send(c->fd, bytes, length, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno == EAGAIN)
		return 0;
	return sent;
}

static enum io_result
send_bytes(struct connection *c, const uint8_t *bytes, size_t length)
{
	ssize_t sent = 0;

	if (length == 0)
		return IO_OPEN;
	if (c->out_length == c->out_at)
		sent = send_some(c, bytes, length);
	if (sent < 0 || ((size_t)sent < length &&
	    !keep_untaken(c, bytes + sent, length - (size_t)sent))) {
		close_connection(c);
		return IO_CLOSED;
	}
	watch_writing(c);
	return IO_OPEN;
}

/* ---- working what was read ---- */

/* The bytes that are worked: those left from before and those just read. */
struct stretch {
	const uint8_t *bytes;
	size_t length, at;
};

static bool
may_go_on(const struct connection *c)
{
	return c->waiting < WAITING_MAX &&
	    c->out_length - c->out_at < UNTAKEN_MAX && !c->tcp->stopped;
}

static bool
has_message(const struct stretch *s, size_t at)
{
	return s->length - at >= 2 &&
	    s->length - at - 2 >= wire_get16(s->bytes + at);
}

/* A message too short for a header is no DNS: there is no way to find the
 * next one behind what sent it. */
static bool
is_senseless(const struct stretch *s)
{
	return s->length - s->at >= 2 &&
	    wire_get16(s->bytes + s->at) < WIRE_HEADER;
}

static void send_late(const struct waiting_from *from, const uint8_t *bytes,
    size_t length);

/* Begin as many messages as a batch takes; returns how many. */
static unsigned
begin_some(struct connection *c, struct stretch *s)
{
	struct serving *serving = c->tcp->serving;
	unsigned begun = 0;

	while (begun < SERVING_BATCH && c->waiting + begun < WAITING_MAX &&
	    has_message(s, s->at) && !is_senseless(s)) {
		size_t length = wire_get16(s->bytes + s->at);

		c->tcp->starts[begun] = s->at;
		query_begin(&serving->queries[begun++], &serving->env,
		    &c->client, s->bytes + s->at + 2, length);
		s->at += 2 + length;
	}
	for (unsigned i = 0; i < begun; i++)
		query_prefetch(&serving->queries[i], &serving->env);
	for (unsigned i = 0; i < begun; i++)
		query_prefetch_answer(&serving->queries[i], &serving->env);
	return begun;
}

/* Where the peer leaves too much, the rest of the batch stays in the stretch:
 * 64 replies of 64 kB are not made for one who reads none. */
static enum io_result
step_some(struct connection *c, struct stretch *s, unsigned begun)
{
	struct serving *serving = c->tcp->serving;
	struct waiting_from from = {.owner = c, .reply = send_late,
	    .client = c->client};
	uint8_t *out = c->tcp->out;
	struct serving_reply reply;
	size_t at = 0;

	for (unsigned i = 0; i < begun; i++) {
		enum query_outcome outcome;

		if (OUT_ROOM - at < MESSAGE_MAX) {
			if (send_bytes(c, out, at) == IO_CLOSED)
				return IO_CLOSED;
			at = 0;
			if (!may_go_on(c)) {
				s->at = c->tcp->starts[i];
				return IO_OPEN;
			}
		}
		reply.room = out + at + 2;
		outcome = serving_step(serving, &serving->queries[i], &from,
		    &reply);
		c->waiting += outcome == QUERY_WAIT;
		if (outcome != QUERY_REPLY)
			continue;
		wire_put16(out + at, (uint16_t)reply.length);
		at += 2 + reply.length;
	}
	return send_bytes(c, out, at);
}

static enum io_result
work_stretch(struct connection *c, struct stretch *s)
{
	unsigned begun;

	while (may_go_on(c) && has_message(s, s->at)) {
		if (is_senseless(s)) {
			count(c, STAT_TCP_CLOSED_BAD);
			close_connection(c);
			return IO_CLOSED;
		}
		begun = begin_some(c, s);
		touch(c);
		if (step_some(c, s, begun) == IO_CLOSED)
			return IO_CLOSED;
	}
	return IO_OPEN;
}

/* Keep what is left of a stretch (it may lie in c->in itself). */
static bool
keep_rest(struct connection *c, const struct stretch *s)
{
	size_t left = s->length - s->at;
	uint8_t *rest = NULL;

	if (left) {
		rest = make_kept(c, left, c->in_length);
		if (!rest)
			return false;
		memcpy(rest, s->bytes + s->at, left);
	}
	drop_in(c);
	c->in = rest;
	c->in_length = left;
	return true;
}

static void
watch_reading(struct connection *c)
{
	bool wanted = may_go_on(c) && !c->ended;

	if (wanted && !c->reading)
		event_add(&c->readable, NULL);
	else if (!wanted && c->reading)
		event_del(&c->readable);
	c->reading = wanted;
}

static enum io_result
work_bytes(struct connection *c, const uint8_t *bytes, size_t length)
{
	struct tcp *tcp = c->tcp;
	struct stretch s = {.bytes = bytes, .length = length};
	enum io_result result;

	serving_start(tcp->serving);
	result = work_stretch(c, &s);
	if (result == IO_OPEN && !keep_rest(c, &s)) {
		close_connection(c);
		result = IO_CLOSED;
	}
	if (result == IO_OPEN && c->ended && is_idle(c) &&
	    !has_message(&(struct stretch){c->in, c->in_length, 0}, 0)) {
		close_connection(c);
		result = IO_CLOSED;
	}
	if (result == IO_OPEN)
		watch_reading(c);
	serving_end(tcp->serving);
	return result;
}

/* A waiting query has its reply, or the peer took what was kept: messages that
 * were read and left may go on now. */
static void
resume(struct connection *c)
{
	uint8_t *bytes = c->in;
	size_t length = c->in_length;

	c->tcp->kept -= length;
	c->in = NULL;
	c->in_length = 0;
	work_bytes(c, bytes, length);
	free(bytes);
}

static void
send_late(const struct waiting_from *from, const uint8_t *bytes, size_t length)
{
	struct connection *c = from->owner;
	uint8_t *out = c->tcp->out;

	c->waiting--;
	touch(c);
	if (bytes) {
		wire_put16(out, (uint16_t)length);
		memcpy(out + 2, bytes, length);
		if (send_bytes(c, out, length + 2) == IO_CLOSED)
			return;
	}
	resume(c);
}

/* ---- events ---- */

/* One read a wakeup: the event is level-triggered, others get their turn.  The
 * connection may be gone when work_bytes returns. */
static void
on_readable(evutil_socket_t fd, short what, void *context)
{
	struct connection *c = context;
	struct tcp *tcp = c->tcp;
	size_t length = c->in_length;
	ssize_t got;

	(void)what;
	if (length)
		memcpy(tcp->in, c->in, length);
	do
		got = recv(fd, tcp->in + length, IN_ROOM - length, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return;
	if (got < 0) {
		close_connection(c);
		return;
	}
	c->ended = got == 0;
	work_bytes(c, tcp->in, length + (size_t)got);
}

static void
on_writable(evutil_socket_t fd, short what, void *context)
{
	struct connection *c = context;
	ssize_t sent = send_some(c, c->out + c->out_at,
	    c->out_length - c->out_at);

	(void)fd;
	(void)what;
	if (sent < 0) {
		close_connection(c);
		return;
	}
	c->out_at += (size_t)sent;
	if (c->out_at < c->out_length)
		return;
	drop_out(c);
	watch_writing(c);
	touch(c);
	resume(c);
}

/* A peer that takes nothing of its replies, or drips a message byte by byte,
 * is idle; one whose queries wait for an upstream is not, for as long as
 * those may wait. */
static void
on_tick(evutil_socket_t fd, short what, void *context)
{
	struct tcp *tcp = context;
	int64_t limit_ms = clock_mono_ms() - tcp->limits.idle_ms;
	struct connection *c = tcp->first, *next;

	(void)fd;
	(void)what;
	for (; c && c->active_ms <= limit_ms; c = next) {
		next = c->next;
		if (c->waiting)
			continue;
		count(c, STAT_TCP_CLOSED_IDLE);
		close_connection(c);
	}
}

/* ---- accepting ---- */

static void
find_addresses(struct connection *c, const struct sockaddr_storage *peer)
{
	struct sockaddr_storage own;
	socklen_t length = sizeof own;
	struct endpoint endpoint;

	endpoint_from_sockaddr(&endpoint, (const struct sockaddr *)peer);
	c->client.addr = endpoint.addr;
	c->client.port = endpoint.port;
	c->client.transport = QUERY_TCP;
	if (getsockname(c->fd, (struct sockaddr *)&own, &length) == 0) {
		endpoint_from_sockaddr(&endpoint, (struct sockaddr *)&own);
		c->client.asked = endpoint.addr;
	}
}

/* Where all are busy the oldest gives way: whoever keeps all connections busy
 * must not keep others out. */
static void
make_room(struct tcp *tcp)
{
	struct connection *c = find_idle(tcp);

	give_way(c ? c : tcp->first);
}

static void
add_connection(struct tcp *tcp, int fd, const struct sockaddr_storage *peer)
{
	struct event_base *base = tcp->serving->base;
	struct connection *c = calloc(1, sizeof *c);
	int one = 1;

	if (!c) {
		close(fd);
		return;
	}
	if (tcp->count > 0 && tcp->count >= tcp->limits.connections_max)
		make_room(tcp);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	c->tcp = tcp;
	c->fd = fd;
	c->active_ms = clock_mono_ms();
	find_addresses(c, peer);
	link_last(c);
	tcp->count++;
	count(c, STAT_TCP_ACCEPTED);
	event_assign(&c->readable, base, fd, EV_READ | EV_PERSIST,
	    on_readable, c);
	event_assign(&c->writable, base, fd, EV_WRITE | EV_PERSIST,
	    on_writable, c);
	c->reading = event_add(&c->readable, NULL) == 0;
	if (!c->reading)
		close_connection(c);
}

/* Out of descriptors: an idle connection gives one back; where there is none,
 * accepting pauses, since the event would come again at once. */
static void
free_descriptor(struct tcp_listener *listener)
{
	struct connection *c = find_idle(listener->tcp);

	if (c) {
		give_way(c);
		return;
	}
	event_del(listener->acceptable);
	loop_timer_set(listener->again, ACCEPT_AGAIN_MS);
}

static void
on_again(evutil_socket_t fd, short what, void *context)
{
	struct tcp_listener *listener = context;

	(void)fd;
	(void)what;
	event_add(listener->acceptable, NULL);
}

static bool
is_scarcity(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM;
}

/* accept says EMFILE also where nobody is there to be accepted: it counts only
 * of the first, for whom the event came. */
static void
on_acceptable(evutil_socket_t fd, short what, void *context)
{
	struct tcp_listener *listener = context;
	struct sockaddr_storage peer;
	socklen_t length;
	int accepted;

	(void)what;
	for (unsigned i = 0; i < ACCEPTS_MAX; i++) {
		length = sizeof peer;
		accepted = accept4(fd, (struct sockaddr *)&peer, &length,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (accepted >= 0) {
			add_connection(listener->tcp, accepted, &peer);
			continue;
		}
		if (i == 0 && is_scarcity(errno))
			free_descriptor(listener);
		return;
	}
}

struct tcp_listener *
tcp_listen(struct tcp *tcp, int fd)
{
	struct tcp_listener *listener = memory_zeroed(1, sizeof *listener);

	listener->tcp = tcp;
	listener->fd = fd;
	listener->again = loop_timer(tcp->serving->base, on_again, listener);
	listener->acceptable = loop_watch(tcp->serving->base, fd,
	    EV_READ | EV_PERSIST, on_acceptable, listener);
	return listener;
}

void
tcp_listener_free(struct tcp_listener *listener)
{
	on_acceptable(listener->fd, EV_READ, listener);
	loop_forget(listener->acceptable);
	loop_forget(listener->again);
	free(listener);
}

/* ---- all of them ---- */

struct tcp *
tcp_new(struct serving *serving, const struct tcp_limits *limits)
{
	struct tcp *tcp = memory_zeroed(1, sizeof *tcp);

	tcp->serving = serving;
	tcp->limits = *limits;
	tcp->end = &tcp->first;
	tcp->tick = loop_every(serving->base, TICK_MS, on_tick, tcp);
	return tcp;
}

void
tcp_free(struct tcp *tcp)
{
	while (tcp->first)
		close_connection(tcp->first);
	loop_forget(tcp->tick);
	free(tcp);
}

/* What came before the order to stop is read yet.  A connection that is read
 * may go, and others with it: so each is put last before, and they are counted
 * off, not walked. */
void
tcp_stop_reading(struct tcp *tcp)
{
	for (unsigned left = tcp->count; left > 0 && tcp->first; left--) {
		struct connection *c = tcp->first;

		unlink_connection(c);
		link_last(c);
		if (c->reading)
			on_readable(c->fd, EV_READ, c);
	}
	tcp->stopped = true;
	for (struct connection *c = tcp->first; c; c = c->next)
		watch_reading(c);
}

bool
tcp_is_quiet(const struct tcp *tcp)
{
	for (const struct connection *c = tcp->first; c; c = c->next)
		if (c->out_length > c->out_at)
			return false;
	return true;
}
