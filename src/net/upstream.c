/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/upstream.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/outgoing.h"
#include "net/sighting.h"
#include "net/streams.h"

#define DATAGRAM_MAX 4096		/* 1232 were offered */
/* An odd number of cache lines: else all would fight for the same. */
#define DATAGRAM_ROOM (DATAGRAM_MAX + 64)
#define WARN_MS 60000

enum line_state {
	LINE_CLOSED,
	LINE_UDP,
	LINE_STREAM,			/* known to streams by its exchange */
};

/* One slot of the engine's: where its exchange is out. */
struct line {
	struct upstream_io *io;
	enum line_state state;
	uint32_t exchange;
	struct endpoint to;
	enum upstream_transport transport;
	int64_t sent_ns;		/* 0: nobody looked */
	struct outgoing *udp;
};

/* What was read for an exchange; broken: an error instead. */
struct datagram {
	struct line *line;
	uint32_t exchange;
	bool broken;
	size_t length;
};

struct upstream_io {
	struct event_base *base;
	struct forward *forward;
	struct outgoing_pool *outgoing;
	struct streams *streams;
	struct sighter *sighter;
	struct upstream_hooks hooks;
	unsigned line_count;
	struct line *lines;
	struct event timer;
	int64_t timer_ms;		/* when it goes off; INT64_MAX: off */
	int64_t warned_ms;
	bool pumping;
	uint8_t rooms[OUTGOING_BATCH][DATAGRAM_ROOM];
};

static bool
is_open(const struct line *line, uint32_t exchange)
{
	return line->state != LINE_CLOSED && line->exchange == exchange;
}

static void
close_line(struct line *line, enum outgoing_end end)
{
	enum line_state state = line->state;

	line->state = LINE_CLOSED;
	if (state == LINE_UDP)
		outgoing_return(line->udp, end);
	else if (state == LINE_STREAM)
		streams_forget(line->io->streams, line->exchange);
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

static bool
send_udp(struct line *line, const struct forward_action *action,
    int64_t now_ms)
{
	line->udp = outgoing_take(line->io->outgoing, &action->to, line,
	    now_ms);
	if (line->udp == NULL)
		return false;
	line->state = LINE_UDP;
	return send(outgoing_fd(line->udp), action->bytes, action->length,
	    0) == action->length;
}

static bool
send_stream(struct line *line, const struct forward_action *action,
    int64_t now_ms)
{
	const struct upstream to = {
	    .endpoint = action->to,
	    .transport = line->transport,
	    .server = action->server,
	};
	const struct streams_question question = {
	    .exchange = action->exchange,
	    .to = &to,
	    .bytes = action->bytes,
	    .length = action->length,
	};

	if (streams_ask(line->io->streams, &question, now_ms) ==
	    STREAMS_FAILED)
		return false;
	line->state = LINE_STREAM;
	return true;
}

/* ---- for those who look on ---- */

static bool
is_watched(const struct upstream_io *io)
{
	return io->sighter && sighter_wants_upstream(io->sighter);
}

static void
show_sent(struct line *line, const struct forward_action *action)
{
	line->sent_ns = clock_mono_ns();
	sighter_note_moved(line->io->sighter, &(struct sighting_moved){
	    .kind = SIGHTING_SENT,
	    .upstream = line->to,
	    .transport = line->transport,
	    .bytes = action->bytes,
	    .length = action->length,
	    .sent_ns = line->sent_ns,
	});
}

/* Before the engine reads it: that changes the letters of the question. */
static void
show_heard(const struct line *line, const uint8_t *bytes, size_t length)
{
	sighter_note_moved(line->io->sighter, &(struct sighting_moved){
	    .kind = SIGHTING_HEARD,
	    .upstream = line->to,
	    .transport = line->transport,
	    .bytes = bytes,
	    .length = length,
	    .sent_ns = line->sent_ns,
	});
}

/* ---- what the engine wants done ---- */

static enum upstream_transport
transport_of(enum forward_do action)
{
	return action == FORWARD_SEND_UDP ? UPSTREAM_UDP :
	    action == FORWARD_SEND_TLS ? UPSTREAM_TLS : UPSTREAM_TCP;
}

/* ENOSPC: fs.epoll.max_user_watches is reached. */
static bool
is_lack(int error)
{
	return error == EMFILE || error == ENFILE || error == EADDRINUSE ||
	    error == ENOSPC || error == ENOMEM;
}

static void
send_query(struct upstream_io *io, const struct forward_action *action,
    int64_t now_ms)
{
	struct line *line = &io->lines[forward_slot(action->exchange)];
	bool sent;

	close_line(line, OUTGOING_SPENT);
	line->exchange = action->exchange;
	line->to = action->to;
	line->transport = transport_of(action->action);
	line->sent_ns = 0;
	sent = action->action == FORWARD_SEND_UDP ?
	    send_udp(line, action, now_ms) : send_stream(line, action, now_ms);
	if (sent) {
		if (is_watched(io))
			show_sent(line, action);
		return;
	}
	if (is_lack(errno))
		warn_of(io, "socket", errno, now_ms);
	break_line(line, now_ms);
}

static void
perform(struct upstream_io *io, const struct forward_action *action,
    int64_t now_ms)
{
	struct line *line;

	switch (action->action) {
	case FORWARD_SEND_UDP:
	case FORWARD_SEND_TCP:
	case FORWARD_SEND_TLS:
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

/* False: nothing, or nothing that is the upstream's. */
static bool
read_datagram(struct line *line, uint8_t room[DATAGRAM_MAX],
    struct datagram *got)
{
	struct sockaddr_storage from;
	socklen_t from_length = sizeof(from);
	ssize_t n = recvfrom(outgoing_fd(line->udp), room, DATAGRAM_MAX, 0,
	    (struct sockaddr *)&from, &from_length);

	*got = (struct datagram){ .line = line, .exchange = line->exchange };
	if (n < 0) {
		got->broken = errno != EAGAIN && errno != EINTR;
		return got->broken;
	}
	got->length = (size_t)n;
	return is_from_upstream(line, &from);
}

static void
take_datagram(struct upstream_io *io, const struct datagram *got,
    uint8_t *bytes, int64_t now_ms)
{
	if (is_watched(io))
		show_heard(got->line, bytes, got->length);
	forward_received(io->forward, got->exchange, bytes, got->length,
	    now_ms);
}

/* One packet of each: mostly there is one.  First all are read, then the
 * engine takes them, then follows what it wants done: each in a row finds its
 * code and data where the one before left them.  Errors are last: one of them
 * may end a question whose answer is among what was read. */
static void
on_datagrams(void *arg, void *const *lines, unsigned count)
{
	struct upstream_io *io = arg;
	struct datagram got[OUTGOING_BATCH];
	int64_t now_ms = clock_mono_ms();
	unsigned gots = 0;

	for (unsigned i = 0; i < count; i++) {
		if (read_datagram(lines[i], io->rooms[gots], &got[gots]))
			gots++;
	}
	for (unsigned i = 0; i < gots; i++) {
		if (!got[i].broken)
			take_datagram(io, &got[i], io->rooms[i], now_ms);
	}
	for (unsigned i = 0; i < gots; i++) {
		if (got[i].broken && is_open(got[i].line, got[i].exchange))
			break_line(got[i].line, now_ms);
	}
	upstream_pump(io, now_ms);
}

/* By a stream. */
static void
on_message(void *arg, uint32_t exchange, uint8_t *bytes, size_t length)
{
	struct upstream_io *io = arg;
	int64_t now_ms = clock_mono_ms();

	if (is_watched(io))
		show_heard(&io->lines[forward_slot(exchange)], bytes, length);
	forward_received(io->forward, exchange, bytes, length, now_ms);
	upstream_pump(io, now_ms);
}

static void
on_broken(void *arg, uint32_t exchange)
{
	struct upstream_io *io = arg;
	struct line *line = &io->lines[forward_slot(exchange)];
	int64_t now_ms = clock_mono_ms();

	assert(is_open(line, exchange));
	break_line(line, now_ms);
	upstream_pump(io, now_ms);
}

static struct streams *
make_streams(struct upstream_io *io, const struct upstream_settings *from)
{
	const struct streams_settings settings = {
	    .base = io->base,
	    .stats = from->stats,
	    .troubles = from->troubles,
	    .slots = io->line_count,
	    .connections_max = from->streams_max,
	    .hooks = { on_message, on_broken, io },
	    .times = STREAMS_TIMES,
	};

	return streams_new(&settings);
}

struct upstream_io *
upstream_new(const struct upstream_settings *settings)
{
	struct upstream_io *io = memory_own(sizeof(*io));

	io->base = settings->base;
	io->forward = settings->forward;
	io->sighter = settings->sighter;
	io->hooks = settings->hooks;
	io->line_count = forward_slots(io->forward);
	io->lines = memory_zeroed(io->line_count, sizeof(*io->lines));
	for (unsigned i = 0; i < io->line_count; i++)
		io->lines[i].io = io;
	io->outgoing = outgoing_pool_new(io->base,
	    settings->udp_max ? settings->udp_max : io->line_count,
	    on_datagrams, io);
	io->streams = make_streams(io, settings);
	io->timer_ms = INT64_MAX;
	io->warned_ms = INT64_MIN / 2;
	evtimer_assign(&io->timer, io->base, on_timer, io);
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
	streams_free(io->streams);
	outgoing_pool_free(io->outgoing);
	free(io->lines);
	free(io);
}

void
upstream_trust(struct upstream_io *io, struct tls_trust *trust)
{
	streams_trust(io->streams, trust);
}
