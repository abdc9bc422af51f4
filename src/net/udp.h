/* SPDX-License-Identifier: BSD-2-Clause */
/* udp.h - answering over UDP, in batches.
 *
 * One recvmmsg a wakeup, all packets worked in stages, one sendmmsg; several
 * replies to one client are one message of it (net/segments.h).  A reply leaves
 * from the address that was asked, on a wildcard socket too.  Nothing on this
 * path allocates, locks or logs.
 *
 * UDP_GRO is not asked for: what it hands over may be 64 kB a room, for the
 * sake of clients that send many questions from one port (not measured).
 * Batches of 32 and 128, rooms of 576 bytes with a second one for long
 * questions, no control rooms, MSG_WAITFORONE, SO_BUSY_POLL and io_uring
 * (multishot recvmsg, sends in one submission) gave no more than the noise of
 * the measurements (tests/bench).
 *
 * A lone question on an idle server takes three system calls: epoll_wait,
 * recvmmsg, sendmmsg.  Not taken up for it, 2026-11-21: edge-triggered events
 * and recvmsg with sendmsg (no less CPU), a socket out of the set while its
 * batch is answered (no less CPU), libevent by poll (no less CPU, its longest
 * answers not shown to be shorter; with 100 idle connections 90 us of CPU a
 * question instead of 60).
 *
 * One thread: the worker's.  The buffers (struct udp_batch) are the worker's,
 * for all of its sockets.
 */
#ifndef HOSTLER_NET_UDP_H
#define HOSTLER_NET_UDP_H

#include "base/addr.h"
#include "net/serving.h"

struct udp_batch;
struct udp;

struct udp_batch *udp_batch_new(void);
void udp_batch_free(struct udp_batch *batch);
/* Replies to queries that waited leave at the end of the loop's round (late.h);
 * this is for who leaves the loop. */
void udp_batch_flush(struct udp_batch *batch);

/* Serve the socket; it stays the caller's to close. */
struct udp *udp_new(struct serving *serving, struct udp_batch *batch, int fd,
    const struct endpoint *endpoint);
/* Answer a batch now, if there is one: for those whose work takes long.  Not in
 * a batch. */
void udp_take_turn(struct udp *udp);
/* Answer what is in the socket's buffer still, then read no more; replies that
 * wait go out yet. */
void udp_stop_reading(struct udp *udp);
/* The same; from now on replies that wait leave through a descriptor of its
 * own, the caller may close his. */
void udp_leave(struct udp *udp);
/* Do queries wait for an upstream that came in here? */
bool udp_is_awaited(const struct udp *udp);
/* Let go of the socket; replies that wait are forgotten. */
void udp_free(struct udp *udp);

#endif
