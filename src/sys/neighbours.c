/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/neighbours.h"

#include <linux/neighbour.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/memory.h"
#include "sys/netlink.h"

#define DATAGRAMS_MAX 4096	/* of one dump */
#define DUMPS_MAX 8		/* of a table that keeps changing */
#define WAIT_S 1

#define LISTED (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | \
	NUD_PERMANENT)

/* ---- messages ---- */

/* A neighbour as a message tells of it. */
struct told {
	struct ndmsg about;
	struct neighbour neighbour;	/* its family is 0 where not told */
	bool has_mac;
};

static void
take_value(struct told *told, const struct rtattr *attribute,
    const uint8_t *value)
{
	size_t length = told->about.ndm_family == AF_INET ? 4 : 16;

	if (attribute->rta_type == NDA_DST && attribute->rta_len == length) {
		told->neighbour.addr.family = length == 4 ? 4 : 6;
		memcpy(told->neighbour.addr.bytes, value, length);
	}
	if (attribute->rta_type == NDA_LLADDR &&
	    attribute->rta_len == NEIGHBOUR_MAC) {
		told->has_mac = true;
		memcpy(told->neighbour.mac, value, NEIGHBOUR_MAC);
	}
}

/* Whether an address that can be listed is told. */
static bool
read_told(const struct netlink_message *message, struct told *told)
{
	const struct addr *addr = &told->neighbour.addr;
	struct netlink_rest rest = message->body;
	struct rtattr attribute;
	const uint8_t *value;

	memset(told, 0, sizeof *told);
	if (message->body.length < sizeof told->about)
		return false;
	memcpy(&told->about, message->body.bytes, sizeof told->about);
	if (told->about.ndm_family != AF_INET &&
	    told->about.ndm_family != AF_INET6)
		return false;
	netlink_skip(&rest, sizeof told->about);
	while (netlink_take_attribute(&rest, &attribute, &value))
		take_value(told, &attribute, value);
	return addr->family && !(told->about.ndm_flags & NTF_PROXY) &&
	    !addr_is_multicast(addr) && !addr_is_unspecified(addr) &&
	    !(addr->family == 6 && addr_is_link_local(addr));
}

static void
add_told(struct neighbours *neighbours, const struct told *told)
{
	static const uint8_t none[NEIGHBOUR_MAC];
	size_t count = neighbours->count;

	if (!(told->about.ndm_state & LISTED) || !told->has_mac ||
	    memcmp(told->neighbour.mac, none, NEIGHBOUR_MAC) == 0 ||
	    count == NEIGHBOURS_MAX)
		return;
	/* A power of two is full. */
	if ((count & (count - 1)) == 0)
		neighbours->list = memory_resize(neighbours->list,
		    count ? count * 2 : 1, sizeof *neighbours->list);
	neighbours->list[neighbours->count++] = told->neighbour;
}

enum neighbours_step
neighbours_parse(struct neighbours *neighbours, const uint8_t *bytes,
    size_t length)
{
	struct netlink_rest rest = {bytes, length};
	struct netlink_message message;
	struct told told;

	while (rest.length > 0) {
		if (!netlink_take_message(&rest, &message))
			return NEIGHBOURS_FAILED;
		if (message.header.nlmsg_flags & NLM_F_DUMP_INTR)
			return NEIGHBOURS_AGAIN;
		if (message.header.nlmsg_type == NLMSG_DONE)
			return NEIGHBOURS_DONE;
		if (message.header.nlmsg_type == NLMSG_ERROR)
			return NEIGHBOURS_FAILED;
		if (message.header.nlmsg_type == RTM_NEWNEIGH &&
		    read_told(&message, &told))
			add_told(neighbours, &told);
	}
	return NEIGHBOURS_MORE;
}

enum netlink_news
neighbours_judge(const uint8_t *bytes, size_t length)
{
	struct netlink_rest rest = {bytes, length};
	struct netlink_message message;
	struct told told;

	while (rest.length > 0) {
		if (!netlink_take_message(&rest, &message))
			return NETLINK_SOMETHING;
		if (message.header.nlmsg_type != RTM_NEWNEIGH &&
		    message.header.nlmsg_type != RTM_DELNEIGH)
			continue;
		/* Being asked for is not being there, nor was it before. */
		if (read_told(&message, &told) &&
		    told.about.ndm_state != NUD_INCOMPLETE)
			return NETLINK_SOMETHING;
	}
	return NETLINK_NOTHING;
}

/* ---- the socket ---- */

static bool
ask_for_dump(int fd)
{
	const struct timeval wait = {.tv_sec = WAIT_S};
	struct {
		struct nlmsghdr header;
		struct ndmsg about;
	} ask = {
		.header = {
			.nlmsg_len = sizeof ask,
			.nlmsg_type = RTM_GETNEIGH,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			.nlmsg_seq = 1,
		},
		.about = {.ndm_family = AF_UNSPEC},
	};

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) ==
	    0 && send(fd, &ask, sizeof ask, 0) == (ssize_t)sizeof ask;
}

static enum neighbours_step
dump(struct neighbours *neighbours, uint8_t *bytes)
{
	enum neighbours_step step = NEIGHBOURS_MORE;
	int fd = netlink_open(0, 0);
	ssize_t got;

	if (fd < 0)
		return NEIGHBOURS_FAILED;
	if (!ask_for_dump(fd))
		step = NEIGHBOURS_FAILED;
	for (unsigned i = 0; step == NEIGHBOURS_MORE; i++) {
		got = netlink_receive(fd, bytes, NETLINK_DATAGRAM);
		if (got < 0 || i == DATAGRAMS_MAX)
			step = NEIGHBOURS_FAILED;
		else
			step = neighbours_parse(neighbours, bytes,
			    (size_t)got);
	}
	close(fd);
	return step;
}

static int
compare(const void *left, const void *right)
{
	const struct neighbour *a = left, *b = right;
	int order = memcmp(&a->addr, &b->addr, sizeof a->addr);

	return order ? order : memcmp(a->mac, b->mac, sizeof a->mac);
}

/* One address may be known on two interfaces. */
static void
put_in_order(struct neighbours *neighbours)
{
	struct neighbour *list = neighbours->list;
	size_t kept = 0;

	if (neighbours->count == 0)
		return;
	qsort(list, neighbours->count, sizeof *list, compare);
	for (size_t i = 1; i < neighbours->count; i++)
		if (compare(&list[i], &list[kept]) != 0)
			list[++kept] = list[i];
	neighbours->count = kept + 1;
}

const char *
neighbours_list(struct neighbours *neighbours)
{
	uint8_t *bytes = memory_alloc(NETLINK_DATAGRAM);
	enum neighbours_step step = NEIGHBOURS_AGAIN;

	*neighbours = (struct neighbours){0};
	for (unsigned i = 0; i < DUMPS_MAX; i++) {
		neighbours_free(neighbours);
		step = dump(neighbours, bytes);
		if (step != NEIGHBOURS_AGAIN)
			break;
	}
	free(bytes);
	put_in_order(neighbours);
	if (step == NEIGHBOURS_DONE || step == NEIGHBOURS_AGAIN)
		return NULL;
	neighbours_free(neighbours);
	return "the kernel does not tell its neighbours";
}

void
neighbours_free(struct neighbours *neighbours)
{
	free(neighbours->list);
	*neighbours = (struct neighbours){0};
}

bool
neighbours_equal(const struct neighbours *a, const struct neighbours *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (compare(&a->list[i], &b->list[i]) != 0)
			return false;
	return true;
}

int
neighbours_open(void)
{
	return netlink_open(RTMGRP_NEIGH, SOCK_NONBLOCK);
}

enum netlink_news
neighbours_drain(int fd)
{
	return netlink_drain(fd, neighbours_judge);
}
