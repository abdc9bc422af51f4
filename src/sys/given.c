/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/given.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

struct given_socket {
	int fd;				/* -1: taken */
	enum given_kind kind;
	struct endpoint endpoint;
	char *name;
};

struct given {
	struct given_socket *list;
	unsigned count;
};

struct given *
given_new(void)
{
	return memory_zeroed(1, sizeof(struct given));
}

void
given_free(struct given *given)
{
	for (unsigned i = 0; i < given->count; i++) {
		if (given->list[i].fd >= 0)
			close(given->list[i].fd);
		free(given->list[i].name);
	}
	free(given->list);
	free(given);
}

/* ---- what a socket says of itself ---- */

/* -1: it does not say. */
static int
get_option(int fd, int level, int name)
{
	int value;
	socklen_t length = sizeof value;

	return getsockopt(fd, level, name, &value, &length) == 0 ? value : -1;
}

static const char *
judge_name(int fd, struct endpoint *endpoint)
{
	struct sockaddr_storage name;
	socklen_t length = sizeof name;

	if (getsockname(fd, (struct sockaddr *)&name, &length) != 0)
		return "it is no socket";
	if (name.ss_family != AF_INET && name.ss_family != AF_INET6)
		return "it is neither IPv4 nor IPv6";
	endpoint_from_sockaddr(endpoint, (struct sockaddr *)&name);
	if (endpoint->port == 0)
		return "it has no port";
	if (name.ss_family == AF_INET6 &&
	    addr_is_unspecified(&endpoint->addr) &&
	    get_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) != 1)
		return "it is for IPv4 too, and must be for IPv6 alone "
		    "(BindIPv6Only=ipv6-only)";
	return NULL;
}

static const char *
judge_kind(int fd, enum given_kind *kind)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof peer;
	int type = get_option(fd, SOL_SOCKET, SO_TYPE);
	int protocol = get_option(fd, SOL_SOCKET, SO_PROTOCOL);

	if (type == SOCK_DGRAM && protocol == IPPROTO_UDP) {
		*kind = GIVEN_UDP;
		return getpeername(fd, (struct sockaddr *)&peer, &length) == 0
		    ? "it is connected to somebody" : NULL;
	}
	*kind = GIVEN_TCP;
	if (type != SOCK_STREAM || protocol != IPPROTO_TCP)
		return "it is neither UDP nor TCP";
	return get_option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1 ? NULL :
	    "it does not listen";
}

/* The manager may pass a socket twice: as a .socket unit's, and as stored. */
static bool
is_there(const struct given *given, int fd)
{
	struct stat status, other;

	if (fstat(fd, &status) != 0)
		return false;
	for (unsigned i = 0; i < given->count; i++)
		if (given->list[i].fd >= 0 &&
		    fstat(given->list[i].fd, &other) == 0 &&
		    other.st_ino == status.st_ino &&
		    other.st_dev == status.st_dev)
			return true;
	return false;
}

/* accept(2) is not to block, whoever opened the socket. */
static bool
make_ours(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

const char *
given_add(struct given *given, int fd, const char *name)
{
	struct given_socket socket = {.fd = fd};
	const char *wrong = judge_name(fd, &socket.endpoint);

	if (!wrong)
		wrong = judge_kind(fd, &socket.kind);
	if (!wrong && !make_ours(fd))
		wrong = "it cannot be made not to block";
	if (wrong || is_there(given, fd)) {
		close(fd);
		return wrong;
	}
	socket.name = memory_string(name);
	given->list = memory_resize(given->list, given->count + 1,
	    sizeof *given->list);
	given->list[given->count++] = socket;
	return NULL;
}

/* ---- who wants them ---- */

static bool
is_wanted(const struct given_socket *socket, const struct endpoint *endpoint,
    enum given_kind kind)
{
	return socket->fd >= 0 && socket->kind == kind &&
	    endpoint_equal(&socket->endpoint, endpoint);
}

unsigned
given_take(struct given *given, const struct endpoint *endpoint,
    enum given_kind kind, int *fds, unsigned max)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < given->count && taken < max; i++) {
		struct given_socket *socket = &given->list[i];

		if (!is_wanted(socket, endpoint, kind))
			continue;
		fds[taken++] = socket->fd;
		socket->fd = -1;
	}
	return taken;
}

unsigned
given_count(const struct given *given, const struct endpoint *endpoint,
    enum given_kind kind)
{
	unsigned count = 0;

	for (unsigned i = 0; i < given->count; i++)
		count += is_wanted(&given->list[i], endpoint, kind);
	return count;
}

unsigned
given_left(const struct given *given)
{
	unsigned count = 0;

	for (unsigned i = 0; i < given->count; i++)
		count += given->list[i].fd >= 0;
	return count;
}

bool
given_overlaps(const struct given *given, const struct endpoint *endpoint)
{
	for (unsigned i = 0; i < given->count; i++) {
		const struct endpoint *other = &given->list[i].endpoint;

		if (other->port == endpoint->port &&
		    other->addr.family == endpoint->addr.family &&
		    addr_is_unspecified(&other->addr) !=
		    addr_is_unspecified(&endpoint->addr))
			return true;
	}
	return false;
}

bool
given_refuse(struct given *given, struct endpoint *endpoint, char **name)
{
	for (unsigned i = 0; i < given->count; i++) {
		struct given_socket *socket = &given->list[i];

		if (socket->fd < 0)
			continue;
		close(socket->fd);
		socket->fd = -1;
		*endpoint = socket->endpoint;
		*name = socket->name;
		socket->name = NULL;
		return true;
	}
	return false;
}
