/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/transport.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "net/tls.h"
#include "net/troubles.h"
#include "query/servers.h"

enum transport_state {
	TRANSPORT_CONNECTING,
	TRANSPORT_SHAKING,
	TRANSPORT_OPEN,
	TRANSPORT_SHUT,
};

struct transport {
	const struct transport_context *context;
	struct transport_start start;
	enum transport_state state;
	bool by_tls;
	int fd;				/* closed by transport_free */
	struct event connecting;
	struct bufferevent *events;	/* NULL while it connects */
	int64_t started_ms;
	int64_t way_ms;
};

static void
tell_trouble(const struct transport *transport, const char *words,
    int64_t now_ms)
{
	const struct transport_context *context = transport->context;

	if (!transport->by_tls)
		return;
	stats_count(context->stats, STAT_STREAMS_TLS_FAILED);
	troubles_note(context->troubles, transport->start.to, words, now_ms);
}

static void
tell_open(struct transport *transport, int64_t now_ms)
{
	transport->state = TRANSPORT_OPEN;
	transport->start.hooks->opened(transport->start.arg, now_ms);
}

static void
note_verified(const struct transport *transport)
{
	const struct transport_context *context = transport->context;

	stats_count(context->stats, tls_is_resumed(transport->events) ?
	    STAT_STREAMS_TLS_RESUMED : STAT_STREAMS_TLS_VERIFIED);
	troubles_clear(context->troubles, transport->start.to);
}

static void
on_event(struct bufferevent *events, short what, void *arg)
{
	struct transport *transport = arg;
	const struct transport_start *start = &transport->start;
	int64_t now_ms = clock_mono_ms();

	if ((what & BEV_EVENT_CONNECTED) != 0) {
		note_verified(transport);
		tell_open(transport, now_ms);
		return;
	}
	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) == 0)
		return;
	if (transport->state == TRANSPORT_SHAKING) {
		tell_trouble(transport, tls_why(events), now_ms);
		tls_memory_forget(start->memory);
		start->hooks->failed(start->arg, now_ms);
		return;
	}
	start->hooks->closed(start->arg, now_ms);
}

static void
on_readable(struct bufferevent *events, void *arg)
{
	struct transport *transport = arg;

	(void)events;
	transport->start.hooks->readable(transport->start.arg,
	    clock_mono_ms());
}

static struct bufferevent *
start_tls(struct transport *transport)
{
	const struct transport_context *context = transport->context;
	const struct tls_start start = {
	    .base = context->base,
	    .fd = transport->fd,
	    .server = servers_name(transport->start.to->server),
	    .memory = transport->start.memory,
	};

	return context->trust == NULL ? NULL :
	    tls_start(context->trust, &start);
}

static bool
make_events(struct transport *transport)
{
	transport->events = transport->by_tls ? start_tls(transport) :
	    bufferevent_socket_new(transport->context->base, transport->fd,
	    0);
	if (transport->events == NULL)
		return false;
	transport->state = TRANSPORT_SHAKING;
	bufferevent_setcb(transport->events, on_readable, NULL, on_event,
	    transport);
	bufferevent_enable(transport->events, EV_READ | EV_WRITE);
	return true;
}

static void
on_connected(int fd, short what, void *arg)
{
	struct transport *transport = arg;
	int64_t now_ms = clock_mono_ms();
	int error = 0;
	socklen_t length = sizeof(error);
	char words[128];

	(void)what;
	transport->way_ms = now_ms - transport->started_ms;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
		error = errno;
	if (error == 0 && !make_events(transport))
		error = ENOMEM;
	if (error != 0) {
		tell_trouble(transport, strerror_r(error, words,
		    sizeof(words)), now_ms);
		transport->start.hooks->failed(transport->start.arg, now_ms);
	} else if (!transport->by_tls) {
		tell_open(transport, now_ms);
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

struct transport *
transport_open(const struct transport_context *context,
    const struct transport_start *start, int64_t now_ms)
{
	struct transport *transport;
	int fd = connect_to(&start->to->endpoint);

	if (fd < 0)
		return NULL;
	transport = memory_zeroed(1, sizeof(*transport));
	transport->context = context;
	transport->start = *start;
	transport->state = TRANSPORT_CONNECTING;
	transport->by_tls = start->to->transport == UPSTREAM_TLS;
	transport->fd = fd;
	transport->started_ms = now_ms;
	event_assign(&transport->connecting, context->base, fd, EV_WRITE,
	    on_connected, transport);
	event_add(&transport->connecting, NULL);
	return transport;
}

void
transport_shut(struct transport *transport, enum transport_farewell farewell)
{
	if (transport->by_tls && transport->state == TRANSPORT_OPEN &&
	    farewell == TRANSPORT_GOODBYE)
		tls_say_goodbye(transport->events);
	if (transport->events != NULL) {
		bufferevent_disable(transport->events, EV_READ | EV_WRITE);
		bufferevent_setcb(transport->events, NULL, NULL, NULL, NULL);
	} else {
		event_del(&transport->connecting);
	}
	transport->state = TRANSPORT_SHUT;
}

void
transport_free(struct transport *transport)
{
	if (transport->events != NULL && transport->by_tls)
		tls_free(transport->events);
	else if (transport->events != NULL)
		bufferevent_free(transport->events);
	close(transport->fd);
	free(transport);
}

bool
transport_is_opening(const struct transport *transport)
{
	return transport->state < TRANSPORT_OPEN;
}

bool
transport_is_open(const struct transport *transport)
{
	return transport->state == TRANSPORT_OPEN;
}

int64_t
transport_way_ms(const struct transport *transport)
{
	return transport->way_ms;
}

void
transport_note_silence(const struct transport *transport, int64_t now_ms)
{
	tell_trouble(transport, transport->events != NULL ?
	    "no answer in the TLS handshake" : "no answer to the connection",
	    now_ms);
}

void
transport_write(struct transport *transport, const uint8_t *bytes,
    size_t length)
{
	bufferevent_write(transport->events, bytes, length);
}

size_t
transport_unsent(const struct transport *transport)
{
	return transport->events == NULL ? 0 :
	    evbuffer_get_length(bufferevent_get_output(transport->events));
}

struct evbuffer *
transport_input(const struct transport *transport)
{
	return bufferevent_get_input(transport->events);
}

void
transport_unlearn(struct transport *transport)
{
	if (transport->events != NULL && transport->by_tls)
		tls_unlearn(transport->events);
}
