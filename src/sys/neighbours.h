/* SPDX-License-Identifier: BSD-2-Clause */
/* neighbours.h - the kernel's neighbour table: which address belongs to which
 * MAC on the networks of this machine, by rtnetlink(7).  Needs no rights.
 *
 * Listed are IPv4 and IPv6 neighbours with an Ethernet address that the kernel
 * has seen or was told (REACHABLE, STALE, DELAY, PROBE, PERMANENT); neither
 * link-local IPv6 addresses, which mean nothing without their interface, nor
 * multicast, nor what is only proxied.
 *
 * The one rule: the table only holds whom this machine talked with; what is
 * not in it may be there all the same.
 */
#ifndef HOSTLER_SYS_NEIGHBOURS_H
#define HOSTLER_SYS_NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/neighbour.h"
#include "sys/netlink.h"

#define NEIGHBOURS_MAX 65536

/* In order of addr, each pair once. */
struct neighbours {
	struct neighbour *list;
	size_t count;
};

/* NULL, or why not, in static words; the table as it is now (what changes
 * meanwhile may be in it or not: the socket below tells of it).  Waits for
 * nobody but the kernel.  Free with neighbours_free in any case. */
const char *neighbours_list(struct neighbours *neighbours);
void neighbours_free(struct neighbours *neighbours);

/* Entries change their state all the time; only what differs here is news. */
bool neighbours_equal(const struct neighbours *a, const struct neighbours *b);

/* A socket, for the event loop, that is readable when the table changes; the
 * caller closes it.  -1: not to be had, list now and then. */
int neighbours_open(void);

/* Take in what the socket holds, bounded, without waiting: is there something
 * that could change the list? */
enum netlink_news neighbours_drain(int fd);

/* ---- for the checks: the kernel's messages ---- */

enum neighbours_step {
	NEIGHBOURS_MORE,		/* the next datagram goes on */
	NEIGHBOURS_DONE,
	NEIGHBOURS_AGAIN,		/* the table changed meanwhile: some
					 * may be missing */
	NEIGHBOURS_FAILED,		/* an error, or not a message */
};

/* Read one datagram of a dump and add what is to be listed, unordered. */
enum neighbours_step neighbours_parse(struct neighbours *neighbours,
    const uint8_t *bytes, size_t length);

/* Whether a datagram of news could change the list. */
enum netlink_news neighbours_judge(const uint8_t *bytes, size_t length);

#endif
