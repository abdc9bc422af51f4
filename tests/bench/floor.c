/* SPDX-License-Identifier: BSD-2-Clause */
/* floor.c - the least that a DNS server can do: what it costs is the kernel's.
 *
 *	floor [-m tcp] [-n] [-d N] ADDR PORT
 *
 *	-m tcp	TCP; UDP otherwise
 *	-n	answers by the number in the name (reply.h), as an upstream that
 *		knows every name; otherwise one fixed record is appended
 *	-d N	one question of N is dropped, and one of N over TCP closes the
 *		connection, to see whether that is noticed
 *
 * UDP: recvmmsg, an answer in the place of each question, sendmmsg.  TCP:
 * epoll, read, the answers to all that was read in one write.  Ends with its
 * signal.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reply.h"

#define BATCH 64
#define PACKET_MAX 1500
#define BUFFER (4 << 20)
#define FDS_MAX 1024
#define STREAM_ROOM 65536
#define BACKLOG 128

struct settings {
	struct sockaddr_in at;
	enum reply_kind kind;
	unsigned drop_every;		/* 0: none */
	int type;			/* SOCK_DGRAM or SOCK_STREAM */
};

static bool
is_dropped(const struct settings *settings)
{
	static unsigned seen;

	return settings->drop_every && ++seen % settings->drop_every == 0;
}

static int
open_socket(const struct settings *settings)
{
	int fd = socket(AF_INET, settings->type | SOCK_CLOEXEC, 0);
	int room = BUFFER, yes = 1;

	if (fd < 0)
		err(1, "socket");
	if (settings->type == SOCK_DGRAM)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	else
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, (const struct sockaddr *)&settings->at,
	    sizeof settings->at) != 0)
		err(1, "bind");
	return fd;
}

/* ---- UDP ---- */

struct datagrams {
	uint8_t packets[BATCH][PACKET_MAX + REPLY_MORE];
	struct sockaddr_in from[BATCH];
	struct iovec in[BATCH], out[BATCH];
	struct mmsghdr questions[BATCH], answers[BATCH];
};

static void
prepare(struct datagrams *all)
{
	for (unsigned i = 0; i < BATCH; i++) {
		all->in[i] = (struct iovec){all->packets[i], PACKET_MAX};
		all->questions[i].msg_hdr.msg_iov = &all->in[i];
		all->questions[i].msg_hdr.msg_iovlen = 1;
		all->questions[i].msg_hdr.msg_name = &all->from[i];
		all->questions[i].msg_hdr.msg_namelen = sizeof all->from[i];
		all->answers[i].msg_hdr.msg_iov = &all->out[i];
		all->answers[i].msg_hdr.msg_iovlen = 1;
	}
}

static unsigned
answer_all(const struct settings *settings, struct datagrams *all,
    unsigned count)
{
	unsigned made = 0;
	size_t length;

	for (unsigned i = 0; i < count; i++) {
		length = reply_make(settings->kind, all->packets[i],
		    all->questions[i].msg_len);
		if (length == 0 || is_dropped(settings))
			continue;
		all->out[made] = (struct iovec){all->packets[i], length};
		all->answers[made].msg_hdr.msg_name = &all->from[i];
		all->answers[made++].msg_hdr.msg_namelen = sizeof *all->from;
	}
	return made;
}

static void
serve_datagrams(const struct settings *settings)
{
	static struct datagrams all;
	int fd = open_socket(settings), got, sent;
	unsigned made, done;

	prepare(&all);
	for (;;) {
		got = recvmmsg(fd, all.questions, BATCH, MSG_WAITFORONE, NULL);
		if (got <= 0)
			continue;
		made = answer_all(settings, &all, (unsigned)got);
		for (done = 0; done < made; done += (unsigned)sent) {
			sent = sendmmsg(fd, all.answers + done, made - done, 0);
			if (sent <= 0)
				sent = 1;
		}
	}
}

/* ---- TCP ---- */

struct stream {
	size_t used;
	uint8_t bytes[STREAM_ROOM];
};

/* Answers all that is whole; false: the connection is to be closed. */
static bool
answer_stream(const struct settings *settings, int fd, struct stream *stream)
{
	static uint8_t out[2 * STREAM_ROOM + REPLY_MORE];
	size_t at = 0, used = 0, length;

	while (at + 2 <= stream->used) {
		length = (size_t)stream->bytes[at] << 8 | stream->bytes[at + 1];
		if (at + 2 + length > stream->used || length > PACKET_MAX ||
		    used + 2 + length + REPLY_MORE > sizeof out)
			break;
		if (is_dropped(settings))
			return false;
		memcpy(out + used + 2, stream->bytes + at + 2, length);
		at += 2 + length;
		length = reply_make(settings->kind, out + used + 2, length);
		out[used] = (uint8_t)(length >> 8);
		out[used + 1] = (uint8_t)length;
		used += 2 + length;
	}
	stream->used -= at;
	memmove(stream->bytes, stream->bytes + at, stream->used);
	return used == 0 || send(fd, out, used, MSG_NOSIGNAL) == (ssize_t)used;
}

static bool
read_stream(const struct settings *settings, int fd, struct stream *stream)
{
	ssize_t got = read(fd, stream->bytes + stream->used,
	    STREAM_ROOM - stream->used);

	if (got <= 0)
		return false;
	stream->used += (size_t)got;
	return answer_stream(settings, fd, stream);
}

static void
accept_stream(int listener, int epoll, struct stream **streams)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), yes = 1;
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (fd < 0)
		return;
	if (fd >= FDS_MAX || !(streams[fd] = calloc(1, sizeof **streams))) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void
serve_streams(const struct settings *settings)
{
	static struct stream *streams[FDS_MAX];
	int listener = open_socket(settings), epoll = epoll_create1(0), count;
	struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
	struct epoll_event events[BATCH];

	if (listen(listener, BACKLOG) != 0 || epoll < 0)
		err(1, "listen");
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		count = epoll_wait(epoll, events, BATCH, -1);
		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;

			if (fd == listener) {
				accept_stream(listener, epoll, streams);
			} else if (!read_stream(settings, fd, streams[fd])) {
				free(streams[fd]);
				close(fd);
			}
		}
	}
}

int
main(int argc, char **argv)
{
	struct settings settings = {.type = SOCK_DGRAM, .at.sin_family =
	    AF_INET};
	int option;

	while ((option = getopt(argc, argv, "m:nd:")) != -1) {
		if (option == 'm' && strcmp(optarg, "tcp") == 0)
			settings.type = SOCK_STREAM;
		else if (option == 'n')
			settings.kind = REPLY_NUMBERED;
		else if (option == 'd')
			settings.drop_every = (unsigned)atoi(optarg);
		else
			argc = 0;
	}
	if (argc - optind != 2 || inet_pton(AF_INET, argv[optind],
	    &settings.at.sin_addr) != 1) {
		fputs("usage: floor [-m tcp] [-n] [-d N] ADDR PORT\n", stderr);
		return 2;
	}
	settings.at.sin_port = htons((uint16_t)atoi(argv[optind + 1]));
	if (settings.type == SOCK_DGRAM)
		serve_datagrams(&settings);
	else
		serve_streams(&settings);
	return 0;
}
