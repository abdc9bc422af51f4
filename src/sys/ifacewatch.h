/* SPDX-License-Identifier: BSD-2-Clause */
/* ifacewatch.h - to be told when addresses of this machine come and go, and
 * when interfaces are made, renamed and deleted: rtnetlink(7), needs no rights.
 *
 * The one rule: news only says that something may have changed; what is there
 * now ifaces_list says (ifaces.h).  So nothing is missed where the kernel tells
 * more than the socket holds.
 */
#ifndef HOSTLER_SYS_IFACEWATCH_H
#define HOSTLER_SYS_IFACEWATCH_H

#include "sys/netlink.h"

/* A socket, for the event loop, that is readable when there is news; the
 * caller closes it.  -1: not to be had, look now and then. */
int ifacewatch_open(void);

/* Take in what the socket holds, bounded, without waiting. */
enum netlink_news ifacewatch_drain(int fd);

/* For the checks: whether a datagram tells of addresses or interfaces; what is
 * no message counts as one that does. */
enum netlink_news ifacewatch_judge(const uint8_t *bytes, size_t length);

#endif
