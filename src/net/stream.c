/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/stream.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>

#include "base/memory.h"
#include "dns/wire.h"
#include "net/loop.h"
#include "net/pipeline.h"

#define NEVER INT64_MAX
#define DOUBT_OPENING 5			/* a SYN may be lost once */
#define UNSENT_MAX 65536		/* bytes; then it takes no question */

struct stream {
	struct stream_context *context;
	struct stream_start start;
	struct transport *transport;
	bool retired;			/* takes no more questions */
	struct pipeline out;
	unsigned unanswered;		/* of those in out that were sent */
	unsigned answers;
	int64_t opened_ms;
	int64_t idle_ms;		/* since when no question is out, */
	int64_t silent_ms;		/* a byte is owed, */
	int64_t owing_ms;		/* a message is; NEVER: not so */
	struct stream *next;		/* of the dead */
};

/* ---- questions ---- */

bool
stream_manner_is_single(const struct stream_manner *manner, int64_t now_ms)
{
	return manner->single_ms > now_ms;
}

static bool
is_single(const struct stream *stream, int64_t now_ms)
{
	return stream_manner_is_single(stream->start.manner, now_ms);
}

static void
send_asked(struct stream *stream, struct asked *asked, int64_t now_ms)
{
	if (stream->silent_ms == NEVER)
		stream->silent_ms = now_ms;
	if (stream->owing_ms == NEVER)
		stream->owing_ms = now_ms;
	asked->sent = true;
	stream->unanswered++;
	transport_write(stream->transport, asked->bytes, asked->length);
}

static bool
may_send(const struct stream *stream, int64_t now_ms)
{
	return transport_is_open(stream->transport) &&
	    (!is_single(stream, now_ms) ||
	    stream->unanswered + stream->answers == 0);
}

void
stream_send(struct stream *stream, int64_t now_ms)
{
	for (unsigned i = 0; i < stream->out.count &&
	    stream->unanswered < stream->out.count &&
	    may_send(stream, now_ms); i++) {
		if (!stream->out.list[i]->sent)
			send_asked(stream, stream->out.list[i], now_ms);
	}
}

void
stream_put(struct stream *stream, struct asked *asked, int64_t now_ms)
{
	pipeline_add(&stream->out, asked);
	asked->stream = stream;
	stream->idle_ms = NEVER;
	if (may_send(stream, now_ms))
		send_asked(stream, asked, now_ms);
}

/* What is owed is owed on: a stream that lost its questions by timeouts is to
 * be found silent all the same. */
void
stream_take(struct asked *asked, int64_t now_ms)
{
	struct stream *stream = asked->stream;

	pipeline_remove(&stream->out, asked);
	stream->unanswered -= asked->sent;
	asked->stream = NULL;
	if (stream->out.count == 0)
		stream->idle_ms = now_ms;
}

struct asked *
stream_any(const struct stream *stream)
{
	return stream->out.count > 0 ?
	    stream->out.list[stream->out.count - 1] : NULL;
}

unsigned
stream_count(const struct stream *stream)
{
	return stream->out.count;
}

bool
stream_is_full(const struct stream *stream, int64_t now_ms)
{
	return stream->retired ||
	    (is_single(stream, now_ms) && stream->answers > 0) ||
	    stream->out.count == PIPELINE_MAX ||
	    transport_unsent(stream->transport) > UNSENT_MAX;
}

/* The way there and back takes what it takes. */
bool
stream_is_doubtful(const struct stream *stream, int64_t now_ms)
{
	int64_t doubt_ms = stream->context->limits.doubt_ms;

	if (transport_is_opening(stream->transport))
		return now_ms - stream->opened_ms >= DOUBT_OPENING * doubt_ms;
	return stream->owing_ms != NEVER && now_ms - stream->owing_ms >=
	    doubt_ms + 2 * transport_way_ms(stream->transport);
}

/* ---- its end ---- */

/* One of the questions may be at fault: those asked again go out apart.  It
 * answered one question, or none that reached us: what is in the queue of a
 * socket is lost where its peer closed on bytes that it did not read. */
static void
note_ending(const struct stream *stream, enum stream_ending ending,
    int64_t now_ms)
{
	struct stream_manner *manner = stream->start.manner;

	if (stream->unanswered > 1)
		manner->spread_ms = now_ms + STREAM_SPREAD_MS;
	if (ending == STREAM_BY_PEER && stream->answers <= 1 &&
	    stream->answers + stream->unanswered > 1)
		manner->single_ms = now_ms + STREAM_SINGLE_MS;
}

/* Nothing more is heard of it; it is freed once nobody is in its callbacks. */
void
stream_kill(struct stream *stream, enum stream_ending ending)
{
	struct stream_context *context = stream->context;

	transport_shut(stream->transport, ending == STREAM_BY_PEER ?
	    TRANSPORT_SILENT : TRANSPORT_GOODBYE);
	stream->next = context->dead;
	context->dead = stream;
	event_active(context->bury, EV_TIMEOUT, 0);
}

static void
end_stream(struct stream *stream, enum stream_ending ending, int64_t now_ms)
{
	const struct stream_hooks *hooks = &stream->context->hooks;

	note_ending(stream, ending, now_ms);
	stream_kill(stream, ending);
	hooks->ended(hooks->arg, stream, ending, now_ms);
}

static void
bury_all(struct stream_context *context)
{
	while (context->dead != NULL) {
		struct stream *stream = context->dead;

		context->dead = stream->next;
		transport_free(stream->transport);
		free(stream);
		context->count--;
	}
}

static void
on_bury(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	bury_all(arg);
}

/* ---- what comes ---- */

static void
note_bytes(struct stream *stream, int64_t now_ms)
{
	stream->silent_ms = stream->unanswered > 0 ? now_ms : NEVER;
}

static void
note_message(struct stream *stream, int64_t now_ms)
{
	stream->owing_ms = stream->unanswered > 0 ? now_ms : NEVER;
	note_bytes(stream, now_ms);
}

/* An id that nobody waits for is an answer that came too late. */
static void
deliver(struct stream *stream, uint8_t *message, size_t length,
    int64_t now_ms)
{
	const struct stream_hooks *hooks = &stream->context->hooks;
	struct asked *asked = pipeline_find(&stream->out,
	    wire_get16(message));

	if (asked == NULL) {
		if (stream->unanswered == 0)
			stream->owing_ms = NEVER;
		return;
	}
	stream->answers++;
	wire_put16(message, asked->own_id);
	hooks->received(hooks->arg, asked, message, length);
	note_message(stream, now_ms);
}

/* False: there is no whole message, or what came is none. */
static bool
read_message(struct stream *stream, int64_t now_ms)
{
	struct evbuffer *in = transport_input(stream->transport);
	uint8_t head[PIPELINE_LENGTH];
	uint8_t *bytes;
	size_t length;

	if (evbuffer_copyout(in, head, sizeof(head)) < (ssize_t)sizeof(head))
		return false;
	length = wire_get16(head);
	if (length < WIRE_HEADER) {
		end_stream(stream, STREAM_FAILED, now_ms);
		return false;
	}
	if (evbuffer_get_length(in) < sizeof(head) + length)
		return false;
	bytes = evbuffer_pullup(in, (ssize_t)(sizeof(head) + length));
	if (bytes == NULL) {
		end_stream(stream, STREAM_FAILED, now_ms);
		return false;
	}
	deliver(stream, bytes + sizeof(head), length, now_ms);
	evbuffer_drain(in, sizeof(head) + length);
	return true;
}

/* What is left in the buffer is less than one message: it cannot grow. */
static void
on_readable(void *arg, int64_t now_ms)
{
	struct stream *stream = arg;

	note_bytes(stream, now_ms);
	while (read_message(stream, now_ms))
		continue;
	if (transport_is_open(stream->transport) &&
	    is_single(stream, now_ms) && stream->answers > 0 &&
	    stream->unanswered == 0)
		end_stream(stream, STREAM_SINGLE, now_ms);
}

static void
on_opened(void *arg, int64_t now_ms)
{
	stream_send(arg, now_ms);
}

static void
on_failed(void *arg, int64_t now_ms)
{
	end_stream(arg, STREAM_FAILED, now_ms);
}

static void
on_closed(void *arg, int64_t now_ms)
{
	end_stream(arg, STREAM_BY_PEER, now_ms);
}

static const struct transport_hooks transport_hooks = {
	.opened = on_opened,
	.readable = on_readable,
	.failed = on_failed,
	.closed = on_closed,
};

/* ---- its life ---- */

struct stream *
stream_open(struct stream_context *context, const struct stream_start *start,
    int64_t now_ms)
{
	struct stream *stream;
	int error;

	if (context->count == context->max) {
		errno = EMFILE;
		return NULL;
	}
	stream = memory_zeroed(1, sizeof(*stream));
	stream->transport = transport_open(&context->transport,
	    &(struct transport_start){
	    .to = start->to,
	    .memory = start->memory,
	    .hooks = &transport_hooks,
	    .arg = stream,
	    }, now_ms);
	if (stream->transport == NULL) {
		error = errno;
		free(stream);
		errno = error;
		return NULL;
	}
	context->count++;
	stream->context = context;
	stream->start = *start;
	stream->opened_ms = stream->idle_ms = now_ms;
	stream->silent_ms = stream->owing_ms = NEVER;
	stats_count(context->transport.stats, STAT_STREAMS_OPENED);
	return stream;
}

struct peer *
stream_peer(const struct stream *stream)
{
	return stream->start.peer;
}

void
stream_retire(struct stream *stream)
{
	stream->retired = true;
	transport_unlearn(stream->transport);
}

static bool
is_past(int64_t since_ms, int64_t wait_ms, int64_t now_ms)
{
	return since_ms != NEVER && now_ms - since_ms >= wait_ms;
}

void
stream_look(struct stream *stream, int64_t now_ms)
{
	const struct stream_limits *limits = &stream->context->limits;
	bool opening = transport_is_opening(stream->transport) &&
	    is_past(stream->opened_ms, limits->silence_ms, now_ms);

	if (opening)
		transport_note_silence(stream->transport, now_ms);
	if (is_past(stream->silent_ms, limits->silence_ms, now_ms) ||
	    is_past(stream->owing_ms, limits->slow_ms, now_ms) || opening)
		end_stream(stream, STREAM_FAILED, now_ms);
	else if (is_past(stream->idle_ms, limits->idle_ms, now_ms) ||
	    (stream->retired && stream->out.count == 0))
		end_stream(stream, STREAM_IDLE, now_ms);
}

void
stream_context_init(struct stream_context *context)
{
	context->bury = loop_timer(context->transport.base, on_bury, context);
}

void
stream_context_fini(struct stream_context *context)
{
	bury_all(context);
	loop_forget(context->bury);
}
