/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/http.h"

#include <assert.h>
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/links.h"
#include "base/memory.h"
#include "net/loop.h"
#include "serve/hosthead.h"
#include "serve/httpconns.h"

#define PATHS_MAX 32
#define SOCKETS_MAX 32
#define HEADERS_MAX 8192		/* bytes, with the request's line */
#define SILENCE_S 75
#define CONNECTIONS_MAX 64
#define CONNECTIONS_LEAST 4
#define CONNECTIONS_SHARE 16		/* of the descriptors there may be */
#define ROUND_MS 1000
#define FULL_MS 5

#define METHODS_READ (EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | \
	EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | \
	EVHTTP_REQ_PATCH)

#define POLICY_NOTHING "default-src 'none'"
#define POLICY_ALWAYS "; base-uri 'none'; form-action 'none'; " \
	"frame-ancestors 'none'"

struct path {
	const char *path;
	http_function function;
	void *context;
};

struct socket {
	struct endpoint endpoint;
	struct evconnlistener *listener;
	struct evhttp_bound_socket *bound;	/* owns the listener */
};

/* What main wants done in the HTTP thread, on main's stack: one at a time. */
struct order {
	enum {
		ORDER_LISTEN,
		ORDER_UNLISTEN,
		ORDER_NAMES,
		ORDER_STOP,
	} kind;
	struct endpoint endpoint;
	int fd;
	const char *const *names;
	size_t name_count;
	sem_t done;
};

struct http_request {
	struct http *http;
	struct evhttp_request *raw;
	struct evkeyvalq parameters;
	struct link link;		/* of those that are kept */
};

struct http {
	struct event_base *base;
	struct evhttp *server;
	struct httpconns *conns;
	struct path paths[PATHS_MAX];
	unsigned path_count;
	struct socket sockets[SOCKETS_MAX];
	unsigned socket_count;
	struct hosthead_names names;
	struct links kept;
	int wake;			/* eventfd: there is an order */
	_Atomic(struct order *) order;
	struct event *on_wake, *round, *resume;
	pthread_t thread;
	bool started;
};

/* ---- answers ---- */

static void
add_headers(struct evhttp_request *raw, const struct http_answer *answer)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(raw);
	char *policy = memory_format("%s" POLICY_ALWAYS,
	    answer->policy ? answer->policy : POLICY_NOTHING);

	evhttp_add_header(headers, "Content-Type", answer->type);
	evhttp_add_header(headers, "Content-Security-Policy", policy);
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	evhttp_add_header(headers, "X-Frame-Options", "DENY");
	evhttp_add_header(headers, "Referrer-Policy", "no-referrer");
	evhttp_add_header(headers, "Cross-Origin-Resource-Policy",
	    "same-origin");
	evhttp_add_header(headers, "Cross-Origin-Opener-Policy",
	    "same-origin");
	evhttp_add_header(headers, "Cache-Control", "no-store");
	if (answer->status == HTTP_BADMETHOD)
		evhttp_add_header(headers, "Allow", "GET, HEAD");
	free(policy);
}

static void
send_answer(struct evhttp_request *raw, struct http_answer *answer)
{
	char length[24];

	add_headers(raw, answer);
	if (evhttp_request_get_command(raw) == EVHTTP_REQ_HEAD) {
		snprintf(length, sizeof length, "%zu",
		    evbuffer_get_length(answer->body));
		evhttp_add_header(evhttp_request_get_output_headers(raw),
		    "Content-Length", length);
		evbuffer_drain(answer->body,
		    evbuffer_get_length(answer->body));
	}
	evhttp_send_reply(raw, answer->status, NULL, answer->body);
}

static void
refuse(struct evhttp_request *raw, int status, const char *words)
{
	struct http_answer answer = {.status = status, .type = HTTP_TEXT,
	    .body = evbuffer_new()};

	evbuffer_add_printf(answer.body, "%s\n", words);
	send_answer(raw, &answer);
	evbuffer_free(answer.body);
}

static struct bufferevent *
stream_of(struct evhttp_request *raw)
{
	struct evhttp_connection *connection =
	    evhttp_request_get_connection(raw);

	return connection ? evhttp_connection_get_bufferevent(connection)
			  : NULL;
}

static void
keep_request(struct http_request *request)
{
	struct http *http = request->http;

	links_append(&http->kept, &request->link);
	httpconns_set_work(http->conns, stream_of(request->raw),
	    HTTPCONNS_BUSY);
}

static void
free_request(struct http_request *request)
{
	if (links_has(&request->link))
		links_remove(&request->link);
	evhttp_clear_headers(&request->parameters);
	free(request);
}

void
http_answer_to(struct http_request *request, struct http_answer *answer)
{
	httpconns_set_work(request->http->conns, stream_of(request->raw),
	    HTTPCONNS_IDLE);
	send_answer(request->raw, answer);
	free_request(request);
}

/* ---- requests ---- */

const char *
http_parameter(const struct http_request *request, const char *name)
{
	return evhttp_find_header(&request->parameters, name);
}

static bool
is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

const char *
http_stray_parameter(const struct http_request *request,
    const char *const *names)
{
	const struct evkeyval *one, *other;

	TAILQ_FOREACH(one, &request->parameters, next) {
		if (!is_one_of(one->key, names))
			return one->key;
		for (other = TAILQ_NEXT(one, next); other;
		     other = TAILQ_NEXT(other, next))
			if (strcmp(one->key, other->key) == 0)
				return one->key;
	}
	return NULL;
}

/* NULL: it is meant for us.  Browsers always send Host, once; old programs
 * that look after health may send none. */
static const char *
find_fault_of_host(const struct http *http, struct evhttp_request *raw)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(raw);
	const struct evkeyval *header;
	unsigned count = 0;

	if (uri && evhttp_uri_get_host(uri))
		return "this is no proxy: ask for a path, not for a URL";
	TAILQ_FOREACH(header, evhttp_request_get_input_headers(raw), next) {
		if (strcasecmp(header->key, "Host") != 0)
			continue;
		if (count++)
			return "there is more than one Host";
		if (!hosthead_allows(&http->names, header->value))
			return "this server is not known by that name; ask by "
			    "its address, or write the name to http.names in "
			    "hostler.yaml";
	}
	return NULL;
}

static const struct path *
find_path(const struct http *http, const char *path)
{
	for (unsigned i = 0; path && i < http->path_count; i++)
		if (strcmp(http->paths[i].path, path) == 0)
			return &http->paths[i];
	return NULL;
}

/* A zero byte would end a value early, and is in no name. */
static bool
read_parameters(struct evhttp_request *raw, struct evkeyvalq *parameters)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(raw);
	const char *query = evhttp_uri_get_query(uri);

	TAILQ_INIT(parameters);
	if (!query || !*query)
		return true;
	return !strstr(query, "%00") &&
	    evhttp_parse_query_str(query, parameters) == 0;
}

static void
answer_path(struct http *http, struct evhttp_request *raw,
    const struct path *path)
{
	struct http_request *request = memory_zeroed(1, sizeof *request);
	struct http_answer answer = {.status = HTTP_OK, .type = HTTP_TEXT};

	request->http = http;
	request->raw = raw;
	if (!read_parameters(raw, &request->parameters)) {
		refuse(raw, HTTP_BADREQUEST, "what is behind the question mark "
		    "is not understood");
		free_request(request);
		return;
	}
	answer.body = evbuffer_new();
	if (path->function(path->context, request, &answer) == HTTP_NOW) {
		send_answer(raw, &answer);
		free_request(request);
	} else {
		keep_request(request);
	}
	evbuffer_free(answer.body);
}

static void
on_request(struct evhttp_request *raw, void *context)
{
	struct http *http = context;
	enum evhttp_cmd_type method = evhttp_request_get_command(raw);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(raw);
	const char *fault = find_fault_of_host(http, raw);
	const struct path *path = uri ? find_path(http,
	    evhttp_uri_get_path(uri)) : NULL;

	httpconns_used(http->conns, stream_of(raw));
	if (fault)
		refuse(raw, 403, fault);
	else if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD)
		refuse(raw, HTTP_BADMETHOD, "nothing can be changed here: GET "
		    "and HEAD only");
	else if (!path)
		refuse(raw, HTTP_NOTFOUND, "there is nothing of that name");
	else
		answer_path(http, raw, path);
}

void
http_add_path(struct http *http, const char *path, http_function function,
    void *context)
{
	assert(!http->started && http->path_count < PATHS_MAX);
	http->paths[http->path_count++] = (struct path){
	    .path = path, .function = function, .context = context};
}

/* ---- sockets ---- */

static struct bufferevent *
on_connection(struct event_base *base, void *context)
{
	struct http *http = context;
	struct bufferevent *stream = httpconns_add(http->conns);

	(void)base;
	if (!httpconns_is_full(http->conns))
		return stream;
	for (unsigned i = 0; i < http->socket_count; i++)
		evconnlistener_disable(http->sockets[i].listener);
	loop_timer_set(http->resume, FULL_MS);
	return stream;
}

/* No descriptor is left, say: not again before the next round, or the loop
 * would do nothing else. */
static void
on_accept_error(struct evconnlistener *listener, void *context)
{
	(void)context;
	evconnlistener_disable(listener);
}

static void
on_round(evutil_socket_t fd, short what, void *context)
{
	struct http *http = context;

	(void)fd;
	(void)what;
	httpconns_sweep(http->conns);
	if (httpconns_is_full(http->conns)) {
		loop_timer_set(http->resume, FULL_MS);
		return;
	}
	for (unsigned i = 0; i < http->socket_count; i++)
		evconnlistener_enable(http->sockets[i].listener);
}

static void
add_socket(struct http *http, const struct endpoint *endpoint, int fd)
{
	struct socket *added = &http->sockets[http->socket_count];
	int on = 1;

	assert(http->socket_count < SOCKETS_MAX);
	/* Connections have it from the listener: the end of an answer waits
	 * for nothing. */
	(void)!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	added->endpoint = *endpoint;
	added->listener = evconnlistener_new(http->base, NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	assert(added->listener);
	added->bound = evhttp_bind_listener(http->server, added->listener);
	evconnlistener_set_error_cb(added->listener, on_accept_error);
	http->socket_count++;
}

static void
drop_socket(struct http *http, const struct endpoint *endpoint)
{
	for (unsigned i = 0; i < http->socket_count; i++) {
		struct socket *at = &http->sockets[i];

		if (!endpoint_equal(&at->endpoint, endpoint))
			continue;
		evhttp_del_accept_socket(http->server, at->bound);
		*at = http->sockets[--http->socket_count];
		return;
	}
}

/* ---- orders ---- */

static void
obey(struct http *http, const struct order *order)
{
	switch (order->kind) {
	case ORDER_LISTEN:
		add_socket(http, &order->endpoint, order->fd);
		break;
	case ORDER_UNLISTEN:
		drop_socket(http, &order->endpoint);
		break;
	case ORDER_NAMES:
		hosthead_set(&http->names, order->names, order->name_count);
		break;
	case ORDER_STOP:
		event_base_loopbreak(http->base);
		break;
	}
}

static void
on_wake(evutil_socket_t fd, short what, void *context)
{
	struct http *http = context;
	struct order *order = atomic_exchange(&http->order, NULL);
	uint64_t count;

	(void)what;
	(void)!read(fd, &count, sizeof count);
	if (!order)
		return;
	obey(http, order);
	sem_post(&order->done);
}

/* Returns once it is done. */
static void
command(struct http *http, struct order *order)
{
	const uint64_t one = 1;

	if (!http->started) {
		obey(http, order);
		return;
	}
	sem_init(&order->done, 0, 0);
	atomic_store(&http->order, order);
	(void)!write(http->wake, &one, sizeof one);
	while (sem_wait(&order->done) != 0)
		assert(errno == EINTR);
	sem_destroy(&order->done);
}

void
http_listen(struct http *http, const struct endpoint *endpoint, int fd)
{
	command(http, &(struct order){.kind = ORDER_LISTEN,
	    .endpoint = *endpoint, .fd = fd});
}

void
http_unlisten(struct http *http, const struct endpoint *endpoint)
{
	command(http, &(struct order){.kind = ORDER_UNLISTEN,
	    .endpoint = *endpoint});
}

void
http_set_names(struct http *http, const char *const *names, size_t count)
{
	command(http, &(struct order){.kind = ORDER_NAMES, .names = names,
	    .name_count = count});
}

/* ---- the thread ---- */

struct event_base *
http_base(struct http *http)
{
	return http->base;
}

/* The clients of DNS come first where few descriptors may be open. */
static unsigned
choose_connections(void)
{
	struct rlimit limit;
	rlim_t share;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return CONNECTIONS_LEAST;
	share = limit.rlim_cur / CONNECTIONS_SHARE;
	if (share > CONNECTIONS_MAX)
		return CONNECTIONS_MAX;
	return share > CONNECTIONS_LEAST ? (unsigned)share
					 : CONNECTIONS_LEAST;
}

static void
make_server(struct http *http)
{
	http->server = evhttp_new(http->base);
	assert(http->server);
	evhttp_set_max_headers_size(http->server, HEADERS_MAX);
	evhttp_set_max_body_size(http->server, 0);
	evhttp_set_timeout(http->server, SILENCE_S);
	evhttp_set_allowed_methods(http->server, METHODS_READ);
	evhttp_set_bevcb(http->server, on_connection, http);
	evhttp_set_gencb(http->server, on_request, http);
}

struct http *
http_new(void)
{
	struct http *http = memory_zeroed(1, sizeof *http);

	http->base = loop_new();
	http->conns = httpconns_new(http->base, choose_connections());
	links_init(&http->kept);
	make_server(http);
	http->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert(http->wake >= 0);
	http->on_wake = loop_watch(http->base, http->wake,
	    EV_READ | EV_PERSIST, on_wake, http);
	http->round = loop_every(http->base, ROUND_MS, on_round, http);
	http->resume = loop_timer(http->base, on_round, http);
	return http;
}

static void *
run_http(void *context)
{
	struct http *http = context;

	pthread_setname_np(pthread_self(), "http");
	event_base_dispatch(http->base);
	return NULL;
}

void
http_start(struct http *http)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&http->thread, NULL, run_http, http);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	assert(error == 0);
	http->started = true;
}

void
http_stop(struct http *http)
{
	if (!http->started)
		return;
	command(http, &(struct order){.kind = ORDER_STOP});
	pthread_join(http->thread, NULL);
	http->started = false;
}

/* Those whose client is still there are freed with its connection. */
static void
drop_kept(struct http *http)
{
	struct http_request *request;

	while ((request = links_member(links_first(&http->kept),
	    offsetof(struct http_request, link)))) {
		if (!evhttp_request_get_connection(request->raw))
			evhttp_request_free(request->raw);
		free_request(request);
	}
}

void
http_free(struct http *http)
{
	if (!http)
		return;
	assert(!http->started);
	drop_kept(http);
	evhttp_free(http->server);
	httpconns_free(http->conns);
	loop_forget(http->on_wake);
	loop_forget(http->round);
	loop_forget(http->resume);
	event_base_free(http->base);
	close(http->wake);
	hosthead_fini(&http->names);
	free(http);
}
