/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as what a client sends to the HTTP server, over a connection on
 * loopback.  Byte 0: in how many pieces they come.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/hosthead.h"
#include "serve/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROUNDS 4
#define REPLY_MAX 65536
#define VALUE_MAX 8192

static struct http *http;
static struct sockaddr_in name = {.sin_family = AF_INET};

/* What comes through is whole: a string, with no byte of it lost. */
static enum http_when
answer_echo(void *context, struct http_request *request,
    struct http_answer *answer)
{
	static const char *const names[] = {"a", NULL};
	const char *value = http_parameter(request, "a");

	(void)context;
	assert(!value || strlen(value) < VALUE_MAX);
	if (http_stray_parameter(request, names))
		answer->status = 400;
	evbuffer_add_printf(answer->body, "%s\n", value ? value : "none");
	return HTTP_NOW;
}

static void
start(void)
{
	static const char *const names[] = {"dns.lab.test"};
	socklen_t length = sizeof name;
	struct endpoint endpoint;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&name, length) != 0 ||
	    listen(fd, 16) != 0 ||
	    getsockname(fd, (struct sockaddr *)&name, &length) != 0)
		abort();
	endpoint_from_sockaddr(&endpoint, (struct sockaddr *)&name);
	http = http_new();
	http_add_path(http, "/echo", answer_echo, NULL);
	http_listen(http, &endpoint, fd);
	http_set_names(http, names, 1);
}

static void
turn(void)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		event_base_loop(http_base(http), EVLOOP_NONBLOCK);
}

static void
check_host(const char *text, size_t length)
{
	struct hosthead_names none = {0};
	char *value = malloc(length + 1);

	memcpy(value, text, length);
	value[length] = '\0';
	if (hosthead_allows(&none, value))
		assert(strspn(value, "0123456789.:[]abcdefABCDEF"
		    "localhstLOCALHST") == strlen(value));
	free(value);
}

/* The version is the client's, whatever that is. */
static void
check_reply(int fd)
{
	static char reply[REPLY_MAX];
	ssize_t length = recv(fd, reply, sizeof reply - 1, MSG_DONTWAIT);

	if (length <= 0)
		return;
	reply[length] = '\0';
	assert(strncmp(reply, "HTTP/", 5) == 0);
	if (strncmp(reply + strcspn(reply, " "), " 200", 4) == 0)
		assert(strstr(reply, "\r\nX-Content-Type-Options: nosniff"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct linger at_once = {1, 0};
	unsigned pieces;
	size_t piece;
	int fd;

	if (size < 2)
		return 0;
	if (!http)
		start();
	pieces = data[0] % 4 + 1;
	check_host((const char *)data + 1, size - 1);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	if (connect(fd, (struct sockaddr *)&name, sizeof name) != 0) {
		close(fd);		/* no port is free at present */
		return 0;
	}
	piece = (size - 1 + pieces - 1) / pieces;
	for (size_t at = 1; at < size; at += piece) {
		size_t length = size - at < piece ? size - at : piece;

		if (send(fd, data + at, length, MSG_NOSIGNAL |
		    MSG_DONTWAIT) < 0)
			break;
		turn();
	}
	shutdown(fd, SHUT_WR);
	turn();
	check_reply(fd);
	close(fd);
	turn();
	return 0;
}
