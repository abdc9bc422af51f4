/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/handover.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/memory.h"

#define MAGIC 0x684f7354		/* no other program's by chance */
#define CONTROL_FDS 253			/* whatever a peer may attach */

/* In the machine's order: both ends are on one. */
struct header {
	uint32_t magic;
	uint32_t kind;
	uint32_t fd_count;
	uint32_t length;
};

union control {
	struct cmsghdr aligned;
	uint8_t bytes[CMSG_SPACE(CONTROL_FDS * sizeof(int))];
};

void
handover_limit(int fd, unsigned ms)
{
	struct timeval wait = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
}

/* ---- sending ---- */

static void
attach(struct msghdr *msg, union control *control,
    const struct handover_parcel *parcel)
{
	size_t bytes = parcel->fd_count * sizeof *parcel->fds;
	struct cmsghdr *c;

	if (!bytes)
		return;
	memset(control, 0, sizeof *control);
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(bytes);
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(bytes);
	memcpy(CMSG_DATA(c), parcel->fds, bytes);
}

static enum handover_result
send_rest(int fd, const uint8_t *bytes, size_t length)
{
	ssize_t sent;

	while (length > 0) {
		sent = send(fd, bytes, length, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return HANDOVER_FAILED;
		bytes += sent;
		length -= (size_t)sent;
	}
	return HANDOVER_WHOLE;
}

/* The descriptors go with the first byte: with the header, since a stream
 * takes 16 bytes whole or not at all. */
enum handover_result
handover_send(int fd, const struct handover_parcel *parcel)
{
	struct header header = {MAGIC, parcel->kind, parcel->fd_count,
	    (uint32_t)parcel->length};
	struct iovec room = {&header, sizeof header};
	struct msghdr msg = {.msg_iov = &room, .msg_iovlen = 1};
	union control control;
	ssize_t sent;

	assert(parcel->fd_count <= HANDOVER_FDS_MAX);
	assert(parcel->length <= HANDOVER_BYTES_MAX);
	attach(&msg, &control, parcel);
	do
		sent = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent != sizeof header)
		return HANDOVER_FAILED;
	if (send_rest(fd, parcel->bytes, parcel->length) == HANDOVER_WHOLE)
		return HANDOVER_WHOLE;
	return HANDOVER_BROKEN;
}

enum handover_result
handover_send_word(int fd, enum handover_kind kind)
{
	return handover_send(fd, &(struct handover_parcel){.kind = kind});
}

/* ---- receiving ---- */

static void
close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
}

/* Take the descriptors out of one control message; false: too many came, and
 * those that do not fit are closed. */
static bool
keep_fds(const struct cmsghdr *c, struct handover_parcel *parcel)
{
	int fds[CONTROL_FDS];
	size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof *fds;
	size_t room = HANDOVER_FDS_MAX - parcel->fd_count;

	memcpy(fds, CMSG_DATA(c), count * sizeof *fds);
	if (count > room)
		close_all(fds + room, count - room);
	memcpy(parcel->fds + parcel->fd_count, fds,
	    (count < room ? count : room) * sizeof *fds);
	parcel->fd_count += (unsigned)(count < room ? count : room);
	return count <= room;
}

/* One read, of a part of the header; -1 as recvmsg, with EBADMSG where the
 * kernel had to leave something out or too much came. */
static ssize_t
receive_part(int fd, void *bytes, size_t length,
    struct handover_parcel *parcel)
{
	struct iovec room = {bytes, length};
	union control control;
	struct msghdr msg = {.msg_iov = &room, .msg_iovlen = 1,
	    .msg_control = &control, .msg_controllen = sizeof control};
	ssize_t got = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	bool fits = true;

	if (got < 0)
		return got;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c;
	     c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			fits &= keep_fds(c, parcel);
	if (fits && !(msg.msg_flags & MSG_CTRUNC))
		return got;
	errno = EBADMSG;
	return -1;
}

static enum handover_result
receive_header(int fd, struct header *header, struct handover_parcel *parcel)
{
	uint8_t bytes[sizeof *header];
	size_t have = 0;
	ssize_t got;

	while (have < sizeof bytes) {
		got = receive_part(fd, bytes + have, sizeof bytes - have,
		    parcel);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EBADMSG ? HANDOVER_BROKEN :
			    HANDOVER_FAILED;
		if (got == 0)
			return have || parcel->fd_count ? HANDOVER_BROKEN :
			    HANDOVER_ENDED;
		have += (size_t)got;
	}
	memcpy(header, bytes, sizeof *header);
	return HANDOVER_WHOLE;
}

static enum handover_result
receive_bytes(int fd, struct handover_parcel *parcel)
{
	size_t have = 0;
	ssize_t got;

	while (have < parcel->length) {
		got = recv(fd, parcel->bytes + have, parcel->length - have, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return HANDOVER_FAILED;
		if (got == 0)
			return HANDOVER_BROKEN;
		have += (size_t)got;
	}
	return HANDOVER_WHOLE;
}

static bool
is_sound(const struct header *header, const struct handover_parcel *parcel)
{
	return header->magic == MAGIC &&
	    header->kind >= HANDOVER_SOCKETS &&
	    header->kind <= HANDOVER_CONNECTION &&
	    header->fd_count == parcel->fd_count &&
	    header->length <= HANDOVER_BYTES_MAX;
}

enum handover_result
handover_receive(int fd, struct handover_parcel *parcel)
{
	enum handover_result result;
	struct header header;
	int error;

	parcel->fd_count = 0;
	parcel->bytes = NULL;
	parcel->length = 0;
	result = receive_header(fd, &header, parcel);
	if (result == HANDOVER_WHOLE && !is_sound(&header, parcel))
		result = HANDOVER_BROKEN;
	if (result == HANDOVER_WHOLE && header.length) {
		parcel->length = header.length;
		parcel->bytes = memory_alloc(parcel->length);
		result = receive_bytes(fd, parcel);
	}
	if (result == HANDOVER_WHOLE) {
		parcel->kind = (enum handover_kind)header.kind;
		return result;
	}
	error = errno;
	handover_close(parcel);
	errno = error;
	return result;
}

void
handover_close(struct handover_parcel *parcel)
{
	for (unsigned i = 0; i < parcel->fd_count; i++)
		if (parcel->fds[i] >= 0)
			close(parcel->fds[i]);
	parcel->fd_count = 0;
	free(parcel->bytes);
	parcel->bytes = NULL;
	parcel->length = 0;
}

const char *
handover_words(enum handover_result result)
{
	switch (result) {
	case HANDOVER_WHOLE:
		return "nothing is wrong";
	case HANDOVER_ENDED:
		return "it closed the connection";
	case HANDOVER_BROKEN:
		return "what it sent makes no sense";
	case HANDOVER_FAILED:
		return errno == EAGAIN ? "it keeps silent" : strerror(errno);
	}
	return "";
}

int
handover_find_peer(int fd, struct handover_peer *peer)
{
	struct ucred cred;
	socklen_t length = sizeof cred;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &length) != 0)
		return -1;
	peer->pid = cred.pid;
	peer->uid = cred.uid;
	return 0;
}

static void
set_senders(int fd, int on)
{
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
}

void
handover_want_sender(int fd)
{
	set_senders(fd, 1);
}

pid_t
handover_find_sender(int fd)
{
	uint8_t byte;
	struct iovec room = {&byte, 1};
	union control control;
	struct msghdr msg = {.msg_iov = &room, .msg_iovlen = 1,
	    .msg_control = &control, .msg_controllen = sizeof control};
	ssize_t got = recvmsg(fd, &msg, MSG_PEEK | MSG_CMSG_CLOEXEC);
	struct ucred cred = {0};

	set_senders(fd, 0);
	if (got <= 0)
		return 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c;
	     c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_CREDENTIALS)
			memcpy(&cred, CMSG_DATA(c), sizeof cred);
	return cred.pid;
}
