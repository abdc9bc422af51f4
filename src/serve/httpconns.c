/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/httpconns.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/memory.h"

#define INPUT_MAX 16384			/* bytes that wait to be understood */

struct conn {
	struct bufferevent *stream;	/* a reference */
	enum httpconns_work work;
	bool shut;
};

/* The order of the list: the longest idle first. */
struct httpconns {
	struct event_base *base;
	unsigned max;
	unsigned count;
	struct conn *list;		/* room for twice max */
};

struct httpconns *
httpconns_new(struct event_base *base, unsigned max)
{
	struct httpconns *conns = memory_zeroed(1, sizeof *conns);

	conns->base = base;
	conns->max = max;
	conns->list = memory_zeroed(2 * max, sizeof *conns->list);
	return conns;
}

void
httpconns_free(struct httpconns *conns)
{
	for (unsigned i = 0; i < conns->count; i++)
		bufferevent_decref(conns->list[i].stream);
	free(conns->list);
	free(conns);
}

/* evhttp sets callbacks before it returns to the loop; freeing takes them
 * away. */
static bool
is_gone(const struct conn *conn)
{
	bufferevent_event_cb on_event;

	bufferevent_getcb(conn->stream, NULL, NULL, &on_event, NULL);
	return !on_event;
}

bool
httpconns_is_full(const struct httpconns *conns)
{
	return conns->count == 2 * conns->max;
}

void
httpconns_sweep(struct httpconns *conns)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < conns->count; i++) {
		if (is_gone(&conns->list[i]))
			bufferevent_decref(conns->list[i].stream);
		else
			conns->list[kept++] = conns->list[i];
	}
	conns->count = kept;
}

static void
shut_one(struct httpconns *conns)
{
	for (unsigned i = 0; i < conns->count; i++) {
		struct conn *conn = &conns->list[i];

		if (conn->shut || conn->work == HTTPCONNS_BUSY)
			continue;
		shutdown(bufferevent_getfd(conn->stream), SHUT_RDWR);
		conn->shut = true;
		return;
	}
}

static unsigned
count_open(const struct httpconns *conns)
{
	unsigned count = 0;

	for (unsigned i = 0; i < conns->count; i++)
		count += !conns->list[i].shut;
	return count;
}

struct bufferevent *
httpconns_add(struct httpconns *conns)
{
	struct bufferevent *stream;

	httpconns_sweep(conns);
	if (httpconns_is_full(conns))
		return NULL;
	/* evhttp would close the descriptor before our reference, and the
	 * events with it, are gone: by then it may be another's. */
	stream = bufferevent_socket_new(conns->base, -1,
	    BEV_OPT_CLOSE_ON_FREE);
	if (!stream)
		return NULL;
	/* evhttp reads on while it answers, whatever comes. */
	bufferevent_setwatermark(stream, EV_READ, 0, INPUT_MAX);
	if (count_open(conns) >= conns->max)
		shut_one(conns);
	bufferevent_incref(stream);
	conns->list[conns->count++] = (struct conn){.stream = stream};
	return stream;
}

static struct conn *
find(struct httpconns *conns, const struct bufferevent *stream)
{
	for (unsigned i = 0; i < conns->count; i++)
		if (conns->list[i].stream == stream)
			return &conns->list[i];
	return NULL;
}

void
httpconns_used(struct httpconns *conns, const struct bufferevent *stream)
{
	struct conn *conn = find(conns, stream), moved;

	if (!conn)
		return;
	moved = *conn;
	for (; conn + 1 < conns->list + conns->count; conn++)
		conn[0] = conn[1];
	*conn = moved;
}

void
httpconns_set_work(struct httpconns *conns, const struct bufferevent *stream,
    enum httpconns_work work)
{
	struct conn *conn = find(conns, stream);

	if (conn)
		conn->work = work;
}
