/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/httpsocket.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/ports.h"

#define BACKLOG 128

/* What the kernel does not know changes no answer. */
static void
switch_on(int fd, int level, int name)
{
	int on = 1;

	(void)!setsockopt(fd, level, name, &on, sizeof on);
}

enum presence {
	THERE,
	TO_COME,			/* the address may be missing yet */
};

/* A socket, or minus the errno. */
static int
open_socket(const struct endpoint *endpoint, enum presence presence)
{
	struct sockaddr_storage name;
	socklen_t length = endpoint_to_sockaddr(endpoint, &name);
	int fd = socket(name.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	if (name.ss_family == AF_INET6)
		switch_on(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	switch_on(fd, SOL_SOCKET, SO_REUSEADDR);
	if (presence == TO_COME)
		switch_on(fd, IPPROTO_IP, IP_FREEBIND);
	if (bind(fd, (struct sockaddr *)&name, length) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

static void
tell_failure(const struct endpoint *endpoint, int error, struct diags *diags)
{
	char text[ENDPOINT_TEXT], *words = ports_explain(endpoint, error);
	struct diag_place place = {.file = endpoint_print(endpoint, text)};

	diags_add(diags, DIAG_ERROR, &place, NULL,
	    "cannot serve HTTP here: %s", words);
	diags_then(diags, "names are served all the same; it is tried again");
	free(words);
}

static void
tell_absence(const struct endpoint *endpoint, struct diags *diags)
{
	char text[ENDPOINT_TEXT];
	struct diag_place place = {.file = endpoint_print(endpoint, text)};

	diags_add(diags, DIAG_WARNING, &place, NULL,
	    "this machine does not have this address of http.listen yet");
	diags_then(diags, "HTTP is served there as soon as it does");
}

int
httpsocket_open(const struct endpoint *endpoint, struct diags *diags)
{
	int fd = open_socket(endpoint, THERE);
	int late = fd == -EADDRNOTAVAIL ? open_socket(endpoint, TO_COME) : -1;

	if (late >= 0) {
		tell_absence(endpoint, diags);
		return late;
	}
	if (fd < 0)
		tell_failure(endpoint, -fd, diags);
	return fd < 0 ? -1 : fd;
}
