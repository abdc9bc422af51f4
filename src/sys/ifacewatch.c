/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/ifacewatch.h"

#include <sys/socket.h>

static bool
is_news(uint16_t type)
{
	return type == RTM_NEWADDR || type == RTM_DELADDR ||
	    type == RTM_NEWLINK || type == RTM_DELLINK;
}

enum netlink_news
ifacewatch_judge(const uint8_t *bytes, size_t length)
{
	struct netlink_rest rest = {bytes, length};
	struct netlink_message message;

	while (rest.length > 0)
		if (!netlink_take_message(&rest, &message) ||
		    is_news(message.header.nlmsg_type))
			return NETLINK_SOMETHING;
	return NETLINK_NOTHING;
}

int
ifacewatch_open(void)
{
	return netlink_open(RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
	    RTMGRP_IPV6_IFADDR, SOCK_NONBLOCK);
}

enum netlink_news
ifacewatch_drain(int fd)
{
	return netlink_drain(fd, ifacewatch_judge);
}
