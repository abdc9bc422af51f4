/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/netlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

#define DRAIN_MAX 64			/* datagrams in one drain */

/* Netlink pads to four bytes; the last message's padding may be missing. */
void
netlink_skip(struct netlink_rest *rest, size_t length)
{
	size_t padded = (length + 3) & ~(size_t)3;

	if (padded > rest->length)
		padded = rest->length;
	rest->bytes += padded;
	rest->length -= padded;
}

bool
netlink_take_message(struct netlink_rest *rest,
    struct netlink_message *message)
{
	struct nlmsghdr *header = &message->header;

	if (rest->length < sizeof *header)
		return false;
	memcpy(header, rest->bytes, sizeof *header);
	if (header->nlmsg_len < sizeof *header ||
	    header->nlmsg_len > rest->length)
		return false;
	message->body = (struct netlink_rest){rest->bytes + sizeof *header,
	    header->nlmsg_len - sizeof *header};
	netlink_skip(rest, header->nlmsg_len);
	return true;
}

bool
netlink_take_attribute(struct netlink_rest *rest, struct rtattr *attribute,
    const uint8_t **value)
{
	if (rest->length < sizeof *attribute)
		return false;
	memcpy(attribute, rest->bytes, sizeof *attribute);
	if (attribute->rta_len < sizeof *attribute ||
	    attribute->rta_len > rest->length)
		return false;
	*value = rest->bytes + sizeof *attribute;
	netlink_skip(rest, attribute->rta_len);
	attribute->rta_len -= sizeof *attribute;
	return true;
}

int
netlink_open(uint32_t groups, int flags)
{
	const struct sockaddr_nl own = {.nl_family = AF_NETLINK,
	    .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags,
	    NETLINK_ROUTE);

	if (fd >= 0 &&
	    bind(fd, (const struct sockaddr *)&own, sizeof own) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

ssize_t
netlink_receive(int fd, uint8_t *bytes, size_t room)
{
	struct sockaddr_nl from = {0};
	socklen_t length = sizeof from;
	ssize_t got;

	do {
		got = recvfrom(fd, bytes, room, 0, (struct sockaddr *)&from,
		    &length);
	} while (got < 0 && errno == EINTR);
	return got > 0 && from.nl_pid != 0 ? 0 : got;
}

enum netlink_news
netlink_drain(int fd,
    enum netlink_news (*judge)(const uint8_t *bytes, size_t length))
{
	enum netlink_news news = NETLINK_NOTHING;
	uint8_t *bytes = memory_alloc(NETLINK_DATAGRAM);
	ssize_t got = 0;

	for (unsigned i = 0; i < DRAIN_MAX; i++) {
		got = netlink_receive(fd, bytes, NETLINK_DATAGRAM);
		if (got < 0)
			break;
		if (judge(bytes, (size_t)got) == NETLINK_SOMETHING)
			news = NETLINK_SOMETHING;
	}
	/* The socket's queue was too short (ENOBUFS): anything may be lost. */
	if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		news = NETLINK_SOMETHING;
	free(bytes);
	return news;
}
