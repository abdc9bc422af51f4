/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

/* What waits here is not lost while nobody reads, as in a restart that keeps
 * the sockets open: a small query takes 832 bytes of it, and the kernel doubles
 * the figure, so 20,000 queries a socket.  Beyond rmem_max it needs the right:
 * with the default of that, and without, it is 512. */
#define BUFFER_BYTES (8 << 20)
#define BACKLOG 1024

/* Newer than the C library's headers. */
#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif
#ifndef IPV6_PMTUDISC_OMIT
#define IPV6_PMTUDISC_OMIT 5
#endif

static void
set_option(int fd, int level, int name, int value)
{
	/* An option that the kernel does not know changes no answer. */
	(void)!setsockopt(fd, level, name, &value, sizeof value);
}

enum sharing {
	ALONE,
	SHARED,				/* SO_REUSEPORT: a socket a worker */
};

/* An address that this machine does not have yet is bound all the same: then
 * it is asked there as soon as the address appears, whatever rights we have
 * left by that time. */
static void
allow_missing(int fd, int family)
{
	if (family == AF_INET)
		set_option(fd, IPPROTO_IP, IP_FREEBIND, 1);
	else
		set_option(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
}

static int
make_socket(const struct endpoint *endpoint, int type, enum sharing sharing)
{
	struct sockaddr_storage name;
	int fd;

	endpoint_to_sockaddr(endpoint, &name);
	fd = socket(name.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (name.ss_family == AF_INET6)
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	allow_missing(fd, name.ss_family);
	if (sharing == SHARED)
		set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (type == SOCK_STREAM)
		set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	return fd;
}

static int
bind_socket(int fd, const struct endpoint *endpoint)
{
	struct sockaddr_storage name;
	socklen_t length = endpoint_to_sockaddr(endpoint, &name);

	return bind(fd, (struct sockaddr *)&name, length);
}

static int
open_socket(const struct endpoint *endpoint, int type, enum sharing sharing)
{
	int fd = make_socket(endpoint, type, sharing), error;

	if (fd < 0 || bind_socket(fd, endpoint) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Fragments can be forged: the path MTU is not believed, a reply that is too
 * large for a link goes out in fragments only where our 1232 bytes do not
 * fit. */
static void
tune_udp(int fd, const struct endpoint *endpoint)
{
	bool wildcard = addr_is_unspecified(&endpoint->addr);

	set_option(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
	set_option(fd, SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES);
	/* Beyond the system's limits, where we have the right still. */
	set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES);
	set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES);
	if (endpoint->addr.family == 4) {
		set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER,
		    IP_PMTUDISC_OMIT);
		if (wildcard)
			set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
		return;
	}
	set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
	if (wildcard)
		set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

/* Without SO_REUSEPORT, so that another program of the same user that has set
 * it is noticed too. */
static int
probe(const struct endpoint *endpoint)
{
	int udp = open_socket(endpoint, SOCK_DGRAM, ALONE);
	int tcp = udp >= 0 ? open_socket(endpoint, SOCK_STREAM, ALONE) : -1;
	int error = errno;

	if (udp >= 0)
		close(udp);
	if (tcp >= 0)
		close(tcp);
	return tcp >= 0 ? 0 : error;
}

static int
open_all(struct listener *listener)
{
	for (unsigned i = 0; i < listener->count; i++) {
		listener->udp[i] = open_socket(&listener->endpoint,
		    SOCK_DGRAM, SHARED);
		if (listener->udp[i] < 0)
			return errno;
		tune_udp(listener->udp[i], &listener->endpoint);
		listener->tcp[i] = open_socket(&listener->endpoint,
		    SOCK_STREAM, SHARED);
		if (listener->tcp[i] < 0 ||
		    listen(listener->tcp[i], BACKLOG) != 0)
			return errno;
	}
	listener->udp_bound = listener->tcp_bound = listener->count;
	return 0;
}

static struct listener *
make_listener(const struct endpoint *endpoint, unsigned count)
{
	struct listener *listener = memory_zeroed(1, sizeof *listener);

	listener->endpoint = *endpoint;
	listener->count = count;
	listener->udp = memory_alloc(count * sizeof *listener->udp);
	listener->tcp = memory_alloc(count * sizeof *listener->tcp);
	for (unsigned i = 0; i < count; i++)
		listener->udp[i] = listener->tcp[i] = -1;
	return listener;
}

struct listener *
listener_open(const struct endpoint *endpoint, unsigned workers,
    int *error_number)
{
	struct listener *listener;

	*error_number = probe(endpoint);
	if (*error_number == 0) {
		listener = make_listener(endpoint, workers);
		*error_number = open_all(listener);
		if (*error_number == 0)
			return listener;
		listener_close(listener);
	}
	return NULL;
}

/* ---- sockets that were given ---- */

/* Whoever opened them did not know what ours are like. */
static void
take_given(struct listener *listener, struct given *given)
{
	const struct endpoint *endpoint = &listener->endpoint;

	listener->udp_bound = given_take(given, endpoint, GIVEN_UDP,
	    listener->udp, listener->count);
	for (unsigned i = 0; i < listener->udp_bound; i++) {
		set_option(listener->udp[i], SOL_SOCKET, SO_REUSEPORT, 1);
		tune_udp(listener->udp[i], endpoint);
	}
	listener->tcp_bound = given_take(given, endpoint, GIVEN_TCP,
	    listener->tcp, listener->count);
	for (unsigned i = 0; i < listener->tcp_bound; i++) {
		set_option(listener->tcp[i], SOL_SOCKET, SO_REUSEPORT, 1);
		(void)!listen(listener->tcp[i], BACKLOG);
	}
}

/* The kernel lets sockets of one user share an address, and goes by who made
 * them, not by who binds. */
static int
make_missing(struct listener *listener, unsigned workers)
{
	for (unsigned i = listener->udp_bound; i < workers; i++) {
		listener->udp[i] = make_socket(&listener->endpoint,
		    SOCK_DGRAM, SHARED);
		if (listener->udp[i] < 0)
			return errno;
		tune_udp(listener->udp[i], &listener->endpoint);
	}
	for (unsigned i = listener->tcp_bound; i < workers; i++) {
		listener->tcp[i] = make_socket(&listener->endpoint,
		    SOCK_STREAM, SHARED);
		if (listener->tcp[i] < 0)
			return errno;
	}
	return 0;
}

struct listener *
listener_adopt(const struct endpoint *endpoint, unsigned workers,
    struct given *given, int *error_number)
{
	unsigned udp = given_count(given, endpoint, GIVEN_UDP);
	unsigned tcp = given_count(given, endpoint, GIVEN_TCP);
	unsigned count = udp > tcp ? udp : tcp;
	struct listener *listener;

	if (count == 0 && !given_overlaps(given, endpoint))
		return listener_open(endpoint, workers, error_number);
	listener = make_listener(endpoint, count > workers ? count : workers);
	take_given(listener, given);
	*error_number = make_missing(listener, workers);
	if (*error_number == 0)
		return listener;
	listener_close(listener);
	return NULL;
}

static void
give_up(int *fd)
{
	int error = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = error;
}

/* Returns how many sockets of this kind there are then; errno tells of the last
 * that there is not. */
static unsigned
bind_rest(const struct listener *listener, int *fds, unsigned bound, int type)
{
	unsigned had = bound;

	for (unsigned i = bound; i < listener->count; i++) {
		if (fds[i] < 0)
			continue;
		if (bind_socket(fds[i], &listener->endpoint) == 0 &&
		    (type == SOCK_DGRAM || listen(fds[i], BACKLOG) == 0))
			had++;
		else
			give_up(&fds[i]);
	}
	return had;
}

int
listener_complete(struct listener *listener)
{
	int error = 0;

	if (bind_rest(listener, listener->udp, listener->udp_bound,
	    SOCK_DGRAM) == 0)
		error = errno;
	if (bind_rest(listener, listener->tcp, listener->tcp_bound,
	    SOCK_STREAM) == 0)
		error = errno;
	listener->udp_bound = listener->tcp_bound = listener->count;
	return error;
}

void
listener_close(struct listener *listener)
{
	for (unsigned i = 0; i < listener->count; i++) {
		give_up(&listener->udp[i]);
		give_up(&listener->tcp[i]);
	}
	free(listener->udp);
	free(listener->tcp);
	free(listener);
}
