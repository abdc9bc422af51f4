/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/udp.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "net/late.h"
#include "net/loop.h"
#include "net/segments.h"

#define PACKET_MAX 2048			/* a question with room for options */
/* An odd number of cache lines: at 2048 all would fight for the same. */
#define PACKET_ROOM (PACKET_MAX + 64)
#define CONTROL_MAX 64
#define ROUNDS_MAX 4			/* full batches, then others' turn */

union control {
	struct cmsghdr aligned;
	uint8_t bytes[CONTROL_MAX];
};

/* Message headers are set up once; only what the kernel changed in those that
 * it used is set again.  Control rooms are offered on every socket: nothing is
 * written to them but on a wildcard one. */
struct udp_batch {
	struct mmsghdr in[SERVING_BATCH];
	struct iovec in_room[SERVING_BATCH];
	union waiting_name names[SERVING_BATCH];
	union control control[SERVING_BATCH];
	uint8_t packets[SERVING_BATCH][PACKET_ROOM];
	uint8_t replies[SERVING_BATCH][REPLY_UDP_SIZE];
	struct segments out;
	struct late *late;		/* of the first socket's worker */
};

_Static_assert(SEGMENTS_REPLIES >= SERVING_BATCH, "all replies of a batch");
_Static_assert(SEGMENTS_CONTROL >= CONTROL_MAX, "a reply's source");

struct udp {
	struct serving *serving;
	struct udp_batch *batch;
	struct event *readable;
	struct endpoint endpoint;
	int fd;
	bool own_fd;			/* ours to close */
	bool wildcard;
	enum segments_ability segments;
};

static void
reset_header(struct udp_batch *batch, unsigned i)
{
	struct msghdr *msg = &batch->in[i].msg_hdr;

	msg->msg_namelen = sizeof batch->names[i];
	msg->msg_controllen = CONTROL_MAX;
}

struct udp_batch *
udp_batch_new(void)
{
	struct udp_batch *batch = memory_own(sizeof *batch);

	for (unsigned i = 0; i < SERVING_BATCH; i++) {
		batch->in_room[i] = (struct iovec){batch->packets[i],
		    PACKET_MAX};
		batch->in[i].msg_hdr.msg_iov = &batch->in_room[i];
		batch->in[i].msg_hdr.msg_iovlen = 1;
		batch->in[i].msg_hdr.msg_name = &batch->names[i];
		batch->in[i].msg_hdr.msg_control = &batch->control[i];
		reset_header(batch, i);
	}
	segments_init(&batch->out);
	return batch;
}

void
udp_batch_free(struct udp_batch *batch)
{
	late_free(batch->late);
	free(batch);
}

void
udp_batch_flush(struct udp_batch *batch)
{
	if (batch->late)
		late_flush(batch->late);
}

/* ---- the address that was asked ---- */

static void
read_asked_4(const struct cmsghdr *c, struct addr *asked)
{
	struct in_pktinfo info;

	memcpy(&info, CMSG_DATA(c), sizeof info);
	asked->family = 4;
	memset(asked->bytes, 0, sizeof asked->bytes);
	memcpy(asked->bytes, &info.ipi_addr, 4);
}

static void
read_asked_6(const struct cmsghdr *c, struct addr *asked)
{
	struct in6_pktinfo info;

	memcpy(&info, CMSG_DATA(c), sizeof info);
	asked->family = 6;
	memcpy(asked->bytes, &info.ipi6_addr, 16);
}

static void
read_asked(struct msghdr *msg, struct addr *asked)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);

	for (; c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
			read_asked_4(c, asked);
		else if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO)
			read_asked_6(c, asked);
	}
}

/* Say which address a reply leaves from.  The interface is the kernel's choice
 * but for link-local addresses, which mean nothing without it. */
static size_t
write_source(union control *control, const struct addr *from, uint32_t scope)
{
	struct msghdr msg = {.msg_control = control,
	    .msg_controllen = sizeof *control};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	struct in_pktinfo info4 = {0};
	struct in6_pktinfo info6 = {0};

	if (from->family == 4) {
		memcpy(&info4.ipi_spec_dst, from->bytes, 4);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof info4);
		memcpy(CMSG_DATA(c), &info4, sizeof info4);
		return CMSG_SPACE(sizeof info4);
	}
	memcpy(&info6.ipi6_addr, from->bytes, 16);
	info6.ipi6_ifindex = scope;
	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof info6);
	memcpy(CMSG_DATA(c), &info6, sizeof info6);
	return CMSG_SPACE(sizeof info6);
}

static uint32_t
scope_of(const union waiting_name *name, const struct addr *from)
{
	if (name->any.sa_family != AF_INET6 || !addr_is_link_local(from))
		return 0;
	return name->v6.sin6_scope_id;
}

/* ---- one reply, later ---- */

static void
send_late(const struct waiting_from *from, const uint8_t *bytes, size_t length)
{
	struct udp *udp = from->owner;
	struct late_reply reply = {.fd = udp->fd, .ability = udp->segments,
	    .to = &from->to, .to_length = from->to_length,
	    .bytes = bytes, .length = length};
	union control control;

	if (!bytes)
		return;
	if (udp->wildcard) {
		reply.control = &control;
		reply.control_length = write_source(&control,
		    &from->client.asked,
		    scope_of(&from->to, &from->client.asked));
	}
	late_put(udp->batch->late, &reply);
}

/* ---- a batch ---- */

static void
begin_all(struct udp *udp, unsigned count)
{
	struct udp_batch *batch = udp->batch;
	struct query_client client = {.transport = QUERY_UDP};
	struct endpoint peer;

	for (unsigned i = 0; i < count; i++) {
		endpoint_from_sockaddr(&peer, &batch->names[i].any);
		client.addr = peer.addr;
		client.port = peer.port;
		client.link = peer.scope;
		client.asked = udp->endpoint.addr;
		if (udp->wildcard)
			read_asked(&batch->in[i].msg_hdr, &client.asked);
		query_begin(&udp->serving->queries[i], &udp->serving->env,
		    &client, batch->packets[i], batch->in[i].msg_len);
	}
	for (unsigned i = 0; i < count; i++)
		query_prefetch(&udp->serving->queries[i],
		    &udp->serving->env);
	for (unsigned i = 0; i < count; i++)
		query_prefetch_answer(&udp->serving->queries[i],
		    &udp->serving->env);
}

static void
queue_reply(struct udp *udp, unsigned i, size_t length)
{
	struct udp_batch *batch = udp->batch;
	const struct addr *asked = &udp->serving->queries[i].client.asked;
	struct segments_reply reply = {
	    .to = &batch->names[i],
	    .to_length = batch->in[i].msg_hdr.msg_namelen,
	    .bytes = batch->replies[i],
	    .length = length,
	};

	if (udp->wildcard) {
		reply.control = &batch->control[i].aligned;
		reply.control_length = write_source(&batch->control[i], asked,
		    scope_of(&batch->names[i], asked));
	}
	segments_add(&batch->out, &reply);
}

static void
step_all(struct udp *udp, unsigned count)
{
	struct udp_batch *batch = udp->batch;
	struct waiting_from from = {.owner = udp, .reply = send_late};

	for (unsigned i = 0; i < count; i++) {
		struct query *q = &udp->serving->queries[i];
		struct serving_reply reply = {.room = batch->replies[i]};

		from.client = q->client;
		from.to = batch->names[i];
		from.to_length = batch->in[i].msg_hdr.msg_namelen;
		if (serving_step(udp->serving, q, &from, &reply) ==
		    QUERY_REPLY)
			queue_reply(udp, i, reply.length);
	}
}

static unsigned
answer_batch(struct udp *udp)
{
	struct udp_batch *batch = udp->batch;
	struct segments_way way = {
	    .fd = udp->fd,
	    .ability = udp->segments,
	    .stats = udp->serving->env.stats,
	};
	int got = recvmmsg(udp->fd, batch->in, SERVING_BATCH, MSG_DONTWAIT,
	    NULL);

	if (got <= 0)
		return 0;
	serving_start(udp->serving);
	begin_all(udp, (unsigned)got);
	step_all(udp, (unsigned)got);
	way.now_ms = udp->serving->env.now_ms;
	segments_send(&batch->out, &way);
	serving_end(udp->serving);
	for (unsigned i = 0; i < (unsigned)got; i++)
		reset_header(batch, i);
	return (unsigned)got;
}

static void
on_readable(evutil_socket_t fd, short what, void *context)
{
	struct udp *udp = context;

	(void)fd;
	(void)what;
	for (unsigned round = 0; round < ROUNDS_MAX; round++)
		if (answer_batch(udp) < SERVING_BATCH)
			return;
}

struct udp *
udp_new(struct serving *serving, struct udp_batch *batch, int fd,
    const struct endpoint *endpoint)
{
	struct udp *udp = memory_own(sizeof *udp);

	udp->serving = serving;
	udp->batch = batch;
	udp->fd = fd;
	udp->endpoint = *endpoint;
	udp->wildcard = addr_is_unspecified(&endpoint->addr);
	udp->segments = segments_ability(fd);
	if (!batch->late)
		batch->late = late_new(serving->base, serving->env.stats);
	udp->readable = loop_watch(serving->base, fd, EV_READ | EV_PERSIST,
	    on_readable, udp);
	return udp;
}

void
udp_take_turn(struct udp *udp)
{
	if (udp->readable)
		answer_batch(udp);
}

void
udp_stop_reading(struct udp *udp)
{
	if (!udp->readable)
		return;
	loop_forget(udp->readable);
	udp->readable = NULL;
	/* Bounded: what comes faster than it is answered is not waited for. */
	for (unsigned round = 0; round < ROUNDS_MAX; round++)
		if (answer_batch(udp) < SERVING_BATCH)
			break;
}

bool
udp_is_awaited(const struct udp *udp)
{
	return waiting_has(udp->serving->waiting, udp);
}

void
udp_leave(struct udp *udp)
{
	udp_stop_reading(udp);
	late_flush(udp->batch->late);
	udp->fd = fcntl(udp->fd, F_DUPFD_CLOEXEC, 0);
	udp->own_fd = udp->fd >= 0;
}

void
udp_free(struct udp *udp)
{
	udp_stop_reading(udp);
	waiting_forget(udp->serving->waiting, udp);
	late_flush(udp->batch->late);
	if (udp->own_fd)
		close(udp->fd);
	free(udp);
}
