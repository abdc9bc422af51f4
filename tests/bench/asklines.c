/* SPDX-License-Identifier: BSD-2-Clause */
/* asklines.c - what moves the bytes of asker.h. */
#include <err.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <netinet/tcp.h>

#include "asker.h"

#define BUFFER (4 << 20)
#define ANSWER_MAX 1500
#define TRIES 8				/* ICMP's errors come one by one */

/* ---- UDP ---- */

static void
send_messages(int fd, struct mmsghdr *messages, unsigned count)
{
	unsigned done = 0;
	int sent;

	for (unsigned tries = 0; done < count && tries < TRIES; tries++) {
		sent = sendmmsg(fd, messages + done, count - done, 0);
		if (sent > 0)
			done += (unsigned)sent;
	}
}

static void
send_datagrams(struct asker *asker, struct asker_line *line, unsigned count,
    int64_t due_ns, int64_t apart_ns)
{
	static uint8_t packets[ASKER_BATCH][QUESTION_MAX];
	struct mmsghdr messages[ASKER_BATCH];
	struct iovec bytes[ASKER_BATCH];

	memset(messages, 0, count * sizeof *messages);
	for (unsigned i = 0; i < count; i++) {
		bytes[i].iov_base = packets[i];
		bytes[i].iov_len = asker_next(asker, line, packets[i],
		    due_ns + i * apart_ns);
		messages[i].msg_hdr.msg_iov = &bytes[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	send_messages(line->fd, messages, count);
}

static unsigned
take_datagrams(struct asker *asker, struct asker_line *line)
{
	static uint8_t packets[ASKER_BATCH][ANSWER_MAX];
	struct mmsghdr messages[ASKER_BATCH];
	struct iovec bytes[ASKER_BATCH];
	unsigned taken = 0;
	int64_t now_ns;
	int count;

	memset(messages, 0, sizeof messages);
	for (unsigned i = 0; i < ASKER_BATCH; i++) {
		bytes[i] = (struct iovec){packets[i], ANSWER_MAX};
		messages[i].msg_hdr.msg_iov = &bytes[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	count = recvmmsg(line->fd, messages, ASKER_BATCH, MSG_DONTWAIT, NULL);
	now_ns = asker_now_ns();
	for (int i = 0; i < count; i++)
		taken += asker_judge(asker, line, packets[i],
		    messages[i].msg_len, now_ns);
	return taken;
}

/* ---- TCP ---- */

static void
send_all(int fd, const uint8_t *bytes, size_t length)
{
	ssize_t sent;

	while (length > 0) {
		sent = send(fd, bytes, length, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return;		/* the end is seen when reading */
		bytes += sent;
		length -= (size_t)sent;
	}
}

static void
send_stream(struct asker *asker, struct asker_line *line, unsigned count,
    int64_t due_ns, int64_t apart_ns)
{
	static uint8_t bytes[ASKER_BATCH * (QUESTION_MAX + 2)];
	size_t used = 0, length;

	for (unsigned i = 0; i < count; i++) {
		length = asker_next(asker, line, bytes + used + 2,
		    due_ns + i * apart_ns);
		bytes[used] = (uint8_t)(length >> 8);
		bytes[used + 1] = (uint8_t)length;
		used += length + 2;
	}
	send_all(line->fd, bytes, used);
}

static unsigned
take_messages(struct asker *asker, struct asker_line *line)
{
	int64_t now_ns = asker_now_ns();
	unsigned taken = 0;
	size_t at = 0, length;

	while (at + 2 <= line->read_used) {
		length = (size_t)line->read[at] << 8 | line->read[at + 1];
		if (at + 2 + length > line->read_used)
			break;
		taken += asker_judge(asker, line, line->read + at + 2, length,
		    now_ns);
		at += 2 + length;
	}
	line->read_used -= at;
	memmove(line->read, line->read + at, line->read_used);
	return taken;
}

static unsigned
take_stream(struct asker *asker, struct asker_line *line)
{
	ssize_t got = recv(line->fd, line->read + line->read_used,
	    ASKER_READ_ROOM - line->read_used, MSG_DONTWAIT);

	if (got > 0) {
		line->read_used += (size_t)got;
		return take_messages(asker, line);
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	asker->closed++;
	asker_lose(asker, line);
	asklines_close(line);
	asklines_open(asker, line);
	return 0;
}

/* ---- either ---- */

void
asklines_open(struct asker *asker, struct asker_line *line)
{
	bool is_udp = asker->settings.transport == ASKER_UDP;
	const struct sockaddr_in *to = &asker->settings.to;
	int room = BUFFER, yes = 1;

	line->fd = socket(AF_INET, (is_udp ? SOCK_DGRAM : SOCK_STREAM) |
	    SOCK_CLOEXEC, 0);
	if (line->fd < 0)
		err(1, "socket");
	if (is_udp) {
		setsockopt(line->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room,
		    sizeof room);
		setsockopt(line->fd, SOL_SOCKET, SO_SNDBUF, &room,
		    sizeof room);
	} else {
		setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &yes,
		    sizeof yes);
	}
	line->read_used = 0;
	if (connect(line->fd, (const struct sockaddr *)to, sizeof *to) != 0)
		err(1, "connect");
}

void
asklines_close(struct asker_line *line)
{
	close(line->fd);
}

void
asklines_send(struct asker *asker, struct asker_line *line, unsigned count,
    int64_t due_ns, int64_t apart_ns)
{
	if (asker->settings.transport == ASKER_UDP)
		send_datagrams(asker, line, count, due_ns, apart_ns);
	else
		send_stream(asker, line, count, due_ns, apart_ns);
}

unsigned
asklines_take(struct asker *asker, struct asker_line *line)
{
	return asker->settings.transport == ASKER_UDP ?
	    take_datagrams(asker, line) : take_stream(asker, line);
}
