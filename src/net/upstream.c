/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/upstream.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "dns/wire.h"
#include "net/outgoing.h"

#define READS_MAX 8			/* a wakeup */
#define DATAGRAM_MAX 4096		/* 1232 were offered */
#define LENGTH_BYTES 2			/* ahead of a TCP message */
#define WARN_MS 60000

/* A TCP connection's bytes on their way. */
struct stream {
	size_t out_length, out_at;
	uint8_t out[LENGTH_BYTES + FORWARD_QUERY_MAX];
	size_t in_at;			/* of length and message together */
	uint8_t in_length[LENGTH_BYTES];
	uint8_t *in;			/* once the length is known */
};

/* One slot of the engine's: the socket of its exchange. */
struct line {
	struct upstream_io *io;
	uint32_t exchange;
	int fd;				/* -1: none */
	struct endpoint to;
	struct outgoing *udp;		/* whose fd it is; NULL: TCP */
	struct stream *stream;
	struct event event;		/* TCP */
};

struct upstream_io {
	struct event_base *base;
	struct forward *forward;
	struct outgoing_pool *outgoing;
	struct upstream_hooks hooks;
	unsigned line_count;
	struct line *lines;
	struct event timer;
	int64_t timer_ms;		/* when it goes off; INT64_MAX: off */
	int64_t warned_ms;
	bool pumping;
	uint8_t room[DATAGRAM_MAX];
};

static bool
is_open(const struct line *line, uint32_t exchange)
{
	return line->fd >= 0 && line->exchange == exchange;
}

static void
close_line(struct line *line, enum outgoing_end end)
{
	int fd = line->fd;

	if (fd < 0)
		return;
	line->fd = -1;
	if (line->udp != NULL) {
		outgoing_return(line->udp, end);
		line->udp = NULL;
		return;
	}
	event_del(&line->event);
	close(fd);
	free(line->stream->in);
	free(line->stream);
	line->stream = NULL;
}

static void
listen_for(struct line *line, short what, event_callback_fn callback)
{
	event_assign(&line->event, line->io->base, line->fd,
	    (short)(what | EV_PERSIST), callback, line);
	event_add(&line->event, NULL);
}

/* The machine lacks something (descriptors, ports): said once a minute. */
static void
warn_of(struct upstream_io *io, const char *what, int error, int64_t now_ms)
{
	char text[64];

	if (now_ms < io->warned_ms + WARN_MS)
		return;
	io->warned_ms = now_ms;
	log_warning("an upstream cannot be asked: %s: %s", what,
	    strerror_r(error, text, sizeof(text)));
}

/* The engine goes on with the next upstream. */
static void
break_line(struct line *line, int64_t now_ms)
{
	uint32_t exchange = line->exchange;

	close_line(line, OUTGOING_SPENT);
	forward_broken(line->io->forward, exchange, now_ms);
}

static void on_connected(int fd, short what, void *arg);
static void on_stream(int fd, short what, void *arg);

static bool
open_udp(struct line *line, const struct forward_action *action,
    int64_t now_ms)
{
	line->udp = outgoing_take(line->io->outgoing, &action->to, line,
	    now_ms);
	if (line->udp == NULL) {
		if (errno == EMFILE || errno == ENFILE || errno == EADDRINUSE)
			warn_of(line->io, "socket", errno, now_ms);
		return false;
	}
	line->fd = outgoing_fd(line->udp);
	return send(line->fd, action->bytes, action->length, 0) ==
	    action->length;
}

static struct stream *
stream_new(const struct forward_action *action)
{
	struct stream *stream = malloc(sizeof(*stream));

	if (stream == NULL)
		return NULL;
	wire_put16(stream->out, action->length);
	memcpy(stream->out + LENGTH_BYTES, action->bytes, action->length);
	stream->out_length = LENGTH_BYTES + (size_t)action->length;
	stream->out_at = stream->in_at = 0;
	stream->in = NULL;
	return stream;
}

static bool
open_tcp(struct line *line, const struct forward_action *action,
    int64_t now_ms)
{
	struct sockaddr_storage address;
	socklen_t length = endpoint_to_sockaddr(&action->to, &address);
	int on = 1;

	line->fd = socket(address.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (line->fd < 0) {
		warn_of(line->io, "socket", errno, now_ms);
		return false;
	}
	line->stream = stream_new(action);
	if (line->stream == NULL)
		return false;
	/* Without it the query is only a little later. */
	(void)setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return connect(line->fd, (struct sockaddr *)&address, length) == 0 ||
	    errno == EINPROGRESS;
}

/* What open_udp and open_tcp leave behind where they fail; no event yet. */
static void
abandon_line(struct line *line, int64_t now_ms)
{
	if (line->udp != NULL)
		outgoing_return(line->udp, OUTGOING_SPENT);
	else if (line->fd >= 0)
		close(line->fd);
	line->udp = NULL;
	line->fd = -1;
	free(line->stream);
	line->stream = NULL;
	forward_broken(line->io->forward, line->exchange, now_ms);
}

static void
send_query(struct upstream_io *io, const struct forward_action *action,
    int64_t now_ms)
{
	struct line *line = &io->lines[forward_slot(action->exchange)];

	close_line(line, OUTGOING_SPENT);
	line->exchange = action->exchange;
	line->to = action->to;
	if (action->action == FORWARD_SEND_UDP) {
		if (open_udp(line, action, now_ms))
			return;
	} else if (open_tcp(line, action, now_ms)) {
		listen_for(line, EV_WRITE, on_connected);
		return;
	}
	abandon_line(line, now_ms);
}

static void
perform(struct upstream_io *io, const struct forward_action *action,
    int64_t now_ms)
{
	struct line *line;

	switch (action->action) {
	case FORWARD_SEND_UDP:
	case FORWARD_SEND_TCP:
		send_query(io, action, now_ms);
		return;
	case FORWARD_CLOSE:
		line = &io->lines[forward_slot(action->exchange)];
		if (is_open(line, action->exchange))
			close_line(line, action->heard ? OUTGOING_ANSWERED :
			    OUTGOING_SPENT);
		return;
	case FORWARD_KEEP:
		io->hooks.keep(io->hooks.arg, action->answer);
		answer_release(action->answer);
		return;
	case FORWARD_DONE:
		io->hooks.done(io->hooks.arg, action->answer,
		    &action->waiter);
		answer_release(action->answer);
		return;
	}
}

/* Only ever moved forward in time by going off: a timer that goes off too
 * soon costs less than one set anew for each question. */
static void
set_timer(struct upstream_io *io, int64_t now_ms)
{
	int64_t due_ms = forward_next_tick(io->forward);
	int64_t in_ms = due_ms > now_ms ? due_ms - now_ms : 0;
	struct timeval in = { in_ms / 1000, in_ms % 1000 * 1000 };

	if (due_ms >= io->timer_ms)
		return;
	io->timer_ms = due_ms;
	event_add(&io->timer, &in);
}

void
upstream_pump(struct upstream_io *io, int64_t now_ms)
{
	struct forward_action action;

	if (io->pumping)
		return;
	io->pumping = true;
	while (forward_next(io->forward, &action))
		perform(io, &action, now_ms);
	io->pumping = false;
	set_timer(io, now_ms);
}

static void
on_timer(int fd, short what, void *arg)
{
	struct upstream_io *io = arg;
	int64_t now_ms = clock_mono_ms();

	(void)fd;
	(void)what;
	io->timer_ms = INT64_MAX;
	forward_tick(io->forward, now_ms);
	upstream_pump(io, now_ms);
}

/* A packet of the upstream's?  The socket is connected, but what came between
 * bind and connect is in its queue too. */
static bool
is_from_upstream(const struct line *line, const struct sockaddr_storage *from)
{
	struct endpoint endpoint;

	if (from->ss_family != AF_INET && from->ss_family != AF_INET6)
		return false;
	endpoint_from_sockaddr(&endpoint, (const struct sockaddr *)from);
	return addr_equal(&endpoint.addr, &line->to.addr) &&
	    endpoint.port == line->to.port;
}

/* False: nothing more to read now. */
static bool
read_datagram(struct line *line, int64_t now_ms)
{
	struct upstream_io *io = line->io;
	struct sockaddr_storage from = { 0 };
	socklen_t from_length = sizeof(from);
	ssize_t n = recvfrom(line->fd, io->room, sizeof(io->room), 0,
	    (struct sockaddr *)&from, &from_length);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			break_line(line, now_ms);
		return false;
	}
	if (is_from_upstream(line, &from))
		forward_received(io->forward, line->exchange, io->room,
		    (size_t)n, now_ms);
	return true;
}

/* Mostly one packet, and it is the answer: then the socket is not read once
 * more to hear that there is no other. */
static void
on_datagram(void *arg)
{
	struct line *line = arg;
	struct upstream_io *io = line->io;
	uint32_t exchange = line->exchange;
	int64_t now_ms = clock_mono_ms();
	bool more = true;

	for (unsigned i = 0; i < READS_MAX && more; i++) {
		more = read_datagram(line, now_ms);
		upstream_pump(io, now_ms);
		if (!is_open(line, exchange))
			return;
	}
}

static void
on_connected(int fd, short what, void *arg)
{
	struct line *line = arg;
	struct stream *stream = line->stream;
	int64_t now_ms = clock_mono_ms();
	ssize_t n = send(fd, stream->out + stream->out_at,
	    stream->out_length - stream->out_at, MSG_NOSIGNAL);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		break_line(line, now_ms);
		upstream_pump(line->io, now_ms);
		return;
	}
	stream->out_at += (size_t)n;
	if (stream->out_at < stream->out_length)
		return;
	event_del(&line->event);
	listen_for(line, EV_READ, on_stream);
}

enum stream_step {
	STREAM_WAITS,
	STREAM_GOES_ON,
	STREAM_HAS_MESSAGE,
	STREAM_BROKEN,
};

static size_t
message_length(const struct stream *stream)
{
	return wire_get16(stream->in_length);
}

/* Where the next bytes go, and how many: first the length, then so many. */
static uint8_t *
room_of(struct stream *stream, size_t *room)
{
	if (stream->in_at < LENGTH_BYTES) {
		*room = LENGTH_BYTES - stream->in_at;
		return stream->in_length + stream->in_at;
	}
	*room = LENGTH_BYTES + message_length(stream) - stream->in_at;
	return stream->in + stream->in_at - LENGTH_BYTES;
}

static enum stream_step
read_stream(struct line *line)
{
	struct stream *stream = line->stream;
	size_t room;
	uint8_t *to = room_of(stream, &room);
	ssize_t n = recv(line->fd, to, room, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? STREAM_WAITS :
		    STREAM_BROKEN;
	if (n == 0)
		return STREAM_BROKEN;
	stream->in_at += (size_t)n;
	if (stream->in_at < LENGTH_BYTES)
		return STREAM_GOES_ON;
	if (stream->in == NULL) {
		if (message_length(stream) < WIRE_HEADER)
			return STREAM_BROKEN;
		stream->in = malloc(message_length(stream));
		return stream->in == NULL ? STREAM_BROKEN : STREAM_GOES_ON;
	}
	return stream->in_at == LENGTH_BYTES + message_length(stream) ?
	    STREAM_HAS_MESSAGE : STREAM_GOES_ON;
}

/* It may not be the answer: then the next message is waited for. */
static void
take_message(struct line *line, int64_t now_ms)
{
	struct stream *stream = line->stream;
	uint8_t *message = stream->in;

	stream->in = NULL;
	stream->in_at = 0;
	forward_received(line->io->forward, line->exchange, message,
	    message_length(stream), now_ms);
	free(message);
}

static void
on_stream(int fd, short what, void *arg)
{
	struct line *line = arg;
	uint32_t exchange = line->exchange;
	int64_t now_ms = clock_mono_ms();
	enum stream_step step = STREAM_GOES_ON;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < READS_MAX && step != STREAM_WAITS; i++) {
		step = read_stream(line);
		if (step == STREAM_HAS_MESSAGE)
			take_message(line, now_ms);
		else if (step == STREAM_BROKEN)
			break_line(line, now_ms);
		upstream_pump(line->io, now_ms);
		if (!is_open(line, exchange))
			return;
	}
}

struct upstream_io *
upstream_new(struct event_base *base, struct forward *forward,
    const struct upstream_hooks *hooks)
{
	struct upstream_io *io = memory_zeroed(1, sizeof(*io));

	io->base = base;
	io->forward = forward;
	io->hooks = *hooks;
	io->line_count = forward_slots(forward);
	io->lines = memory_zeroed(io->line_count, sizeof(*io->lines));
	for (unsigned i = 0; i < io->line_count; i++) {
		io->lines[i].io = io;
		io->lines[i].fd = -1;
	}
	io->outgoing = outgoing_pool_new(base, io->line_count, on_datagram);
	io->timer_ms = INT64_MAX;
	io->warned_ms = INT64_MIN / 2;
	evtimer_assign(&io->timer, base, on_timer, io);
	return io;
}

void
upstream_free(struct upstream_io *io)
{
	if (io == NULL)
		return;
	assert(!io->pumping);
	event_del(&io->timer);
	for (unsigned i = 0; i < io->line_count; i++)
		close_line(&io->lines[i], OUTGOING_SPENT);
	outgoing_pool_free(io->outgoing);
	free(io->lines);
	free(io);
}
