/* SPDX-License-Identifier: BSD-2-Clause */
/* segments.h - the replies of a batch, sent with as little work as the kernel
 * allows.
 *
 * All of a batch go out by one sendmmsg.  Where several of them go to one
 * client, its address and port, from one of our addresses, they go as one
 * message that the kernel cuts into datagrams of equal length, of which the
 * last may be shorter (UDP_SEGMENT, Linux 4.18): it passes routing, firewall
 * and queues once.  Nothing is copied for it.  Datagrams have no order, so the
 * replies to a client are sorted by length first; those of one length keep the
 * order in which they were added.
 *
 * To send a reply of 80 bytes on loopback costs 3.5 us singly, 2.4 where two
 * are one message, 1.4 where four are, 0.54 where 64 are (2026-11-21, Linux
 * 6.18).
 * Where all clients differ this costs a look into a table of 128 bytes each.
 *
 * The kernel refuses such a message on some ways: an interface without
 * checksums of its own (before 6.12), IPsec, a link whose MTU is below the
 * reply's length.  Then the same replies go out singly at once, and for
 * SEGMENTS_REFUSED_MS all to that client's address do.  It is the client that
 * is remembered, not the socket: a socket serves many ways, one of which (a
 * tunnel, say) must not slow down the others; bridges and network cards without
 * the offload are no reason, for those the kernel cuts by itself.  A message
 * that fails for another reason is taken apart, too, and not remembered, nor is
 * one whose replies cannot be sent singly either.  Replies at once and late
 * ones (net/late.h) are gathered in a struct segments each, so each of the two
 * finds a refusal by itself.  Nothing is lost by that or sent twice, for the
 * kernel takes a message whole or not at all.
 *
 * No allocation, no lock.  One thread: the worker's.
 */
#ifndef HOSTLER_NET_SEGMENTS_H
#define HOSTLER_NET_SEGMENTS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/stats.h"
#include "net/waiting.h"

#define SEGMENTS_REPLIES 64		/* a batch; UDP_MAX_SEGMENTS, too */
#define SEGMENTS_BYTES 64000		/* a message: below what IP carries */
#define SEGMENTS_CONTROL 64		/* what a reply's own may take */
#define SEGMENTS_SLOTS 128
#define SEGMENTS_REFUSED 64
#define SEGMENTS_REFUSED_MS 60000

union segments_control {
	struct cmsghdr aligned;
	uint8_t bytes[SEGMENTS_CONTROL + CMSG_SPACE(sizeof(uint16_t))];
};

/* Whoever was refused: a table by hash, the last one stays. */
struct segments_refused {
	struct addr client;
	int64_t until_ms;
};

/* A batch; zeroed, then segments_init.  Owned by the sockets of a worker. */
struct segments {
	unsigned replies;		/* added */
	bool shared;			/* two of them have one client */
	/* A client's first reply, by hash, at the first free slot from there
	 * on; and a reply's slot, if it is a first one.  What is left of older
	 * batches shows by the two not pointing at each other. */
	uint8_t first[SEGMENTS_SLOTS];
	uint8_t slot[SEGMENTS_REPLIES];
	uint64_t order[SEGMENTS_REPLIES]; /* first reply of the client, length
					 * (longest first), reply */
	struct mmsghdr single[SEGMENTS_REPLIES];
	struct iovec single_room[SEGMENTS_REPLIES];
	/* What goes out where clients are shared. */
	unsigned messages, controls;
	struct mmsghdr packed[SEGMENTS_REPLIES];
	struct iovec packed_room[SEGMENTS_REPLIES];
	union segments_control control[SEGMENTS_REPLIES / 2];
	struct segments_refused refused[SEGMENTS_REFUSED];
};

/* One reply, as it would go out singly.  All stays the caller's and is as it is
 * until segments_send; control (NULL: none) says which address it leaves from,
 * one control message at most. */
struct segments_reply {
	union waiting_name *to;
	socklen_t to_length;
	struct cmsghdr *control;
	size_t control_length;
	uint8_t *bytes;
	size_t length;			/* 1 to REPLY_UDP_SIZE */
};

enum segments_ability {
	SEGMENTS_NEVER,
	SEGMENTS_KNOWN,			/* the kernel knows how to */
};

void segments_init(struct segments *segments);

/* Asked once a socket: an older kernel does not refuse, it would send all as
 * one datagram. */
enum segments_ability segments_ability(int fd);

/* One more for segments_send, SEGMENTS_REPLIES at most. */
void segments_add(struct segments *segments,
    const struct segments_reply *reply);

/* Make messages of what was added: packed[0..messages), every reply in one of
 * them.  Part of segments_send, for tests. */
void segments_pack(struct segments *segments, int64_t now_ms);

/* Send what was added, and begin anew.  Never waits: what the socket's buffer
 * does not take is dropped.  Counts STAT_DROPPED_SEND, STAT_SEGMENTS_SENT
 * (replies that went out in messages of several) and STAT_SEGMENTS_REFUSED
 * (messages). */
struct segments_way {
	int fd;
	enum segments_ability ability;
	struct stats *stats;
	int64_t now_ms;			/* monotonic */
};
void segments_send(struct segments *segments, const struct segments_way *way);

#endif
