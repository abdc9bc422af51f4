/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/control.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/links.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/printable.h"

#define LINE_WAIT_S 10
#define ANSWER_WAIT_S 60

struct client {
	struct control *control;
	struct bufferevent *stream;
	struct link link;
	bool answered;
};

struct control {
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *resume;
	char *path;
	const struct control_verb *verbs;
	void *context;
	struct control_taker taker;
	struct links clients;
	unsigned client_count;
};

static void
close_client(struct client *client)
{
	struct control *control = client->control;

	links_remove(&client->link);
	control->client_count--;
	bufferevent_free(client->stream);
	free(client);
	if (control->listener)
		evconnlistener_enable(control->listener);
}

/* ---- one request ---- */

/* What is said of a word repeats it: nothing may steer the terminal there. */
static bool
is_printable(const char *word)
{
	size_t left = strlen(word), length;

	for (; left > 0; word += length, left -= length) {
		length = printable_length(word, left);
		if (length == 0)
			return false;
	}
	return true;
}

/* NULL, or why the line is refused: half of it is never obeyed. */
static const char *
split_words(char *line, struct control_request *request)
{
	char *rest = NULL;

	for (char *word = strtok_r(line, " \t\r", &rest); word;
	     word = strtok_r(NULL, " \t\r", &rest)) {
		if (!is_printable(word))
			return "a word holds what cannot be printed";
		if (strcmp(word, "--json") == 0)
			request->form = CONTROL_JSON;
		else if (request->word_count == CONTROL_WORDS_MAX)
			return "these are too many words at once";
		else
			request->words[request->word_count++] = word;
	}
	return request->word_count ? NULL : "a verb is missing";
}

enum control_result
control_run(const struct control_verb *verbs, void *context,
    const struct control_request *request, FILE *out)
{
	for (; verbs->name; verbs++)
		if (strcmp(verbs->name, request->words[0]) == 0)
			return verbs->run(context, request, out);
	fprintf(out, "this daemon does not know the verb '%s'\n",
	    request->words[0]);
	return CONTROL_FAILED;
}

/* The stream closes its own descriptor: the taker gets another of the same
 * connection. */
static void
pass_client(struct client *client, const struct control_request *request)
{
	const struct control_taker taker = client->control->taker;
	int fd = fcntl(bufferevent_getfd(client->stream), F_DUPFD_CLOEXEC, 0);

	close_client(client);
	if (fd < 0)
		return;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	taker.take(taker.context, request, fd);
}

static bool
is_taken(const struct control *control, const struct control_request *request)
{
	return control->taker.name &&
	    strcmp(control->taker.name, request->words[0]) == 0;
}

static void
say(struct client *client, enum control_result result, const char *text,
    size_t length)
{
	struct evbuffer *output = bufferevent_get_output(client->stream);
	struct timeval wait = {ANSWER_WAIT_S, 0};

	client->answered = true;
	evbuffer_add_printf(output, "%d\n", (int)result);
	evbuffer_add(output, text, length);
	bufferevent_set_timeouts(client->stream, NULL, &wait);
	bufferevent_disable(client->stream, EV_READ);
}

static void
answer_line(struct client *client, char *line)
{
	struct control_request request = {.form = CONTROL_TEXT};
	enum control_result result = CONTROL_FAILED;
	const char *wrong = split_words(line, &request);
	char *text = NULL;
	size_t length = 0;
	FILE *out;

	if (!wrong && is_taken(client->control, &request)) {
		pass_client(client, &request);
		return;
	}
	out = open_memstream(&text, &length);
	if (!out) {
		close_client(client);
		return;
	}
	if (wrong)
		fprintf(out, "%s\n", wrong);
	else
		result = control_run(client->control->verbs,
		    client->control->context, &request, out);
	fclose(out);
	say(client, result, text, length);
	free(text);
}

static void
on_read(struct bufferevent *stream, void *context)
{
	struct evbuffer *input = bufferevent_get_input(stream);
	struct client *client = context;
	size_t length;
	char *line = evbuffer_readln(input, &length, EVBUFFER_EOL_LF);

	if (line && !client->answered && length == strlen(line))
		answer_line(client, line);
	else if (line || evbuffer_get_length(input) > CONTROL_LINE_MAX)
		close_client(client);
	free(line);
}

static void
on_written(struct bufferevent *stream, void *context)
{
	struct client *client = context;

	(void)stream;
	if (client->answered)
		close_client(client);
}

static void
on_event(struct bufferevent *stream, short what, void *context)
{
	(void)stream;
	(void)what;
	close_client(context);
}

/* ---- the socket ---- */

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *peer, int peer_length, void *context)
{
	struct control *control = context;
	struct timeval wait = {LINE_WAIT_S, 0};
	struct client *client = memory_zeroed(1, sizeof *client);

	(void)peer;
	(void)peer_length;
	client->control = control;
	client->stream = bufferevent_socket_new(control->base, fd,
	    BEV_OPT_CLOSE_ON_FREE);
	if (!client->stream) {
		free(client);
		close(fd);
		return;
	}
	links_append(&control->clients, &client->link);
	if (++control->client_count >= CONTROL_CLIENTS_MAX)
		evconnlistener_disable(listener);
	bufferevent_setcb(client->stream, on_read, on_written, on_event,
	    client);
	bufferevent_set_timeouts(client->stream, &wait, &wait);
	bufferevent_setwatermark(client->stream, EV_READ, 0,
	    CONTROL_LINE_MAX + 1);
	bufferevent_enable(client->stream, EV_READ | EV_WRITE);
}

static void
on_resume(evutil_socket_t fd, short what, void *context)
{
	struct control *control = context;

	(void)fd;
	(void)what;
	if (control->listener)
		evconnlistener_enable(control->listener);
}

/* Without this a full table of descriptors would make the loop spin. */
static void
on_accept_error(struct evconnlistener *listener, void *context)
{
	struct control *control = context;
	struct timeval soon = {1, 0};

	evconnlistener_disable(listener);
	event_add(control->resume, &soon);
}

/* Whoever is too busy to take us is there all the same. */
static bool
is_answered(const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	bool answered = fd >= 0 && (connect(fd, (const struct sockaddr *)name,
	    sizeof *name) == 0 || errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return answered;
}

static int
bind_socket(const char *path, char **wrong)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct stat status;
	int fd;

	if (strlen(path) >= sizeof name.sun_path) {
		*wrong = memory_format("the path is over %zu bytes long",
		    sizeof name.sun_path - 1);
		return -1;
	}
	memcpy(name.sun_path, path, strlen(path));
	if (is_answered(&name)) {
		*wrong = memory_string("another hostler answers there already");
		return -1;
	}
	if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
		unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof name) != 0 ||
	    chmod(path, 0660) != 0 || listen(fd, CONTROL_CLIENTS_MAX) != 0) {
		*wrong = memory_string(strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static struct control *
make_control(struct event_base *base, int fd, const char *path,
    const struct control_verb *verbs, void *context)
{
	struct control *control = memory_zeroed(1, sizeof *control);

	control->base = base;
	links_init(&control->clients);
	control->path = memory_string(path);
	control->verbs = verbs;
	control->context = context;
	control->resume = evtimer_new(base, on_resume, control);
	control->listener = evconnlistener_new(base, on_accept, control,
	    LEV_OPT_CLOSE_ON_FREE, 0, fd);
	evconnlistener_set_error_cb(control->listener, on_accept_error);
	return control;
}

struct control *
control_start(struct event_base *base, const char *path,
    const struct control_verb *verbs, void *context, char **wrong)
{
	int fd = bind_socket(path, wrong);

	return fd < 0 ? NULL : make_control(base, fd, path, verbs, context);
}

struct control *
control_adopt(struct event_base *base, int fd, const char *path,
    const struct control_verb *verbs, void *context)
{
	struct sockaddr_un name;
	socklen_t length = sizeof name, size = sizeof(int);
	int listens = 0;

	if (getsockname(fd, (struct sockaddr *)&name, &length) == 0 &&
	    name.sun_family == AF_UNIX &&
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
	    listens)
		return make_control(base, fd, path, verbs, context);
	close(fd);
	return NULL;
}

void
control_set_taker(struct control *control, const struct control_taker *taker)
{
	control->taker = *taker;
}

int
control_fd(const struct control *control)
{
	return evconnlistener_get_fd(control->listener);
}

static void
free_control(struct control *control)
{
	struct client *client;

	while ((client = links_member(links_first(&control->clients),
	    offsetof(struct client, link))))
		close_client(client);
	if (control->listener)
		evconnlistener_free(control->listener);
	event_free(control->resume);
	free(control->path);
	free(control);
}

void
control_stop(struct control *control)
{
	if (!control)
		return;
	unlink(control->path);
	free_control(control);
}

static void
on_waited(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	*(bool *)context = true;
}

void
control_leave(struct control *control, unsigned wait_ms)
{
	struct timeval wait = {wait_ms / 1000,
	    (suseconds_t)(wait_ms % 1000) * 1000};
	struct event *end;
	bool waited = false;

	if (!control)
		return;
	evconnlistener_free(control->listener);
	control->listener = NULL;
	end = evtimer_new(control->base, on_waited, &waited);
	event_add(end, &wait);
	while (links_first(&control->clients) && !waited)
		event_base_loop(control->base, EVLOOP_ONCE);
	event_free(end);
	free_control(control);
}
