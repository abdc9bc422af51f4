/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink.h - what the kernel says by rtnetlink(7), message by message.
 *
 * The one rule: types and lengths are the kernel's, and all the same nothing is
 * believed that does not fit: what is cut short ends the walk.  Needs no
 * rights.
 *
 * What is pointed to stays the caller's buffer.  Thread-safe.
 */
#ifndef HOSTLER_SYS_NETLINK_H
#define HOSTLER_SYS_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NETLINK_DATAGRAM 32768		/* bytes; the kernel fills no more */

/* What is left of a datagram, or of a message's body. */
struct netlink_rest {
	const uint8_t *bytes;
	size_t length;
};

struct netlink_message {
	struct nlmsghdr header;
	struct netlink_rest body;
};

/* The next message; false: none, or not one. */
bool netlink_take_message(struct netlink_rest *rest,
    struct netlink_message *message);

/* The next attribute and its value, rta_len bytes of it; false: none. */
bool netlink_take_attribute(struct netlink_rest *rest,
    struct rtattr *attribute, const uint8_t **value);

/* Pass over so many bytes and what they are padded with. */
void netlink_skip(struct netlink_rest *rest, size_t length);

/* A socket that hears of these groups (RTMGRP_..., 0: only what it asks for),
 * flags as for socket(2); -1: not to be had. */
int netlink_open(uint32_t groups, int flags);

/* The length of a datagram from the kernel; 0: from somebody else, who may
 * send as well; -1 with errno.  One that did not fit is cut, and so fails. */
ssize_t netlink_receive(int fd, uint8_t *bytes, size_t room);

enum netlink_news {
	NETLINK_NOTHING,		/* that is of interest */
	NETLINK_SOMETHING,		/* or some of it was lost */
};

/* Take in what the socket holds, bounded, without waiting; judge says of each
 * datagram whether it is news. */
enum netlink_news netlink_drain(int fd,
    enum netlink_news (*judge)(const uint8_t *bytes, size_t length));

#endif
