/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/segments.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/addr.h"
#include "dns/reply.h"

/* <netinet/udp.h> has them not everywhere. */
#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define SEGMENT_SPACE CMSG_SPACE(sizeof(uint16_t))

void
segments_init(struct segments *segments)
{
	for (unsigned i = 0; i < SEGMENTS_REPLIES; i++) {
		segments->single[i].msg_hdr.msg_iov =
		    &segments->single_room[i];
		segments->single[i].msg_hdr.msg_iovlen = 1;
	}
}

enum segments_ability
segments_ability(int fd)
{
	int value = 0;
	socklen_t length = sizeof value;

	return getsockopt(fd, SOL_UDP, UDP_SEGMENT, &value, &length) == 0 ?
	    SEGMENTS_KNOWN : SEGMENTS_NEVER;
}

/* ---- who is whose ---- */

/* Not keyed: whoever makes addresses fall together makes us compare 64 times
 * eight bytes for a reply, at most. */
static uint64_t
spread(uint64_t bits)
{
	return bits * 0x9e3779b97f4a7c15;
}

/* Family, port and IPv4 address are eight bytes; an IPv6 address is mixed
 * in. */
static uint64_t
hash_name(const union waiting_name *name)
{
	uint64_t front, high, low;

	memcpy(&front, name, sizeof front);
	if (name->any.sa_family == AF_INET6) {
		memcpy(&high, name->v6.sin6_addr.s6_addr, 8);
		memcpy(&low, name->v6.sin6_addr.s6_addr + 8, 8);
		front ^= spread(high) ^ low ^
		    (uint64_t)name->v6.sin6_scope_id << 32;
	}
	return spread(front);
}

/* Family, port and IPv4 address tell most of them apart. */
static uint64_t
front_of(const struct msghdr *msg)
{
	uint64_t front;

	memcpy(&front, msg->msg_name, sizeof front);
	return front;
}

static bool
is_same_way(const struct msghdr *a, const struct msghdr *b)
{
	const struct cmsghdr *from = a->msg_control;

	if (front_of(a) != front_of(b) || a->msg_namelen != b->msg_namelen ||
	    memcmp(a->msg_name, b->msg_name, a->msg_namelen) != 0 ||
	    a->msg_controllen != b->msg_controllen)
		return false;
	return a->msg_controllen == 0 ||
	    memcmp(from, b->msg_control, from->cmsg_len) == 0;
}

static unsigned
find_first(struct segments *s, const struct msghdr *msg)
{
	unsigned slot = hash_name(msg->msg_name) >> 57, first;

	for (;; slot = (slot + 1) % SEGMENTS_SLOTS) {
		first = s->first[slot];
		if (first >= s->replies || s->slot[first] != slot)
			break;
		if (is_same_way(&s->single[first].msg_hdr, msg)) {
			s->slot[s->replies] = SEGMENTS_SLOTS;
			s->shared = true;
			return first;
		}
	}
	s->slot[s->replies] = (uint8_t)slot;
	s->first[slot] = (uint8_t)s->replies;
	return s->replies;
}

void
segments_add(struct segments *s, const struct segments_reply *reply)
{
	unsigned i = s->replies;
	struct msghdr *msg = &s->single[i].msg_hdr;

	assert(i < SEGMENTS_REPLIES);
	assert(reply->length > 0 && reply->length <= REPLY_UDP_SIZE);
	s->single_room[i] = (struct iovec){reply->bytes, reply->length};
	msg->msg_name = reply->to;
	msg->msg_namelen = reply->to_length;
	msg->msg_control = reply->control;
	msg->msg_controllen = reply->control_length;
	s->order[i] = (uint64_t)find_first(s, msg) << 32 |
	    (uint64_t)(UINT16_MAX - reply->length) << 16 | i;
	s->replies++;
}

/* ---- who was refused ---- */

_Static_assert(SEGMENTS_REFUSED == 1 << 6, "six bits of the hash");

/* By the upper bits, which all of the address goes into. */
static struct segments_refused *
refused_slot(struct segments *s, const struct msghdr *msg)
{
	union waiting_name name;

	memset(&name, 0, sizeof name);
	memcpy(&name, msg->msg_name, msg->msg_namelen);
	name.v4.sin_port = 0;
	return &s->refused[hash_name(&name) >> 58];
}

static struct addr
client_of(const struct msghdr *msg)
{
	struct endpoint client;

	endpoint_from_sockaddr(&client, msg->msg_name);
	return client.addr;
}

static bool
was_refused(struct segments *s, const struct msghdr *msg, int64_t now_ms)
{
	const struct segments_refused *slot = refused_slot(s, msg);
	struct addr client;

	if (slot->until_ms <= now_ms)
		return false;
	client = client_of(msg);
	return addr_equal(&slot->client, &client);
}

static bool
is_refusal(int error)
{
	return error == EINVAL || error == EIO || error == EMSGSIZE ||
	    error == EOPNOTSUPP || error == ENOPROTOOPT;
}

/* ---- messages of segments ---- */

/* Nearly in order already, and of 64 at most. */
static void
sort(uint64_t *order, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		uint64_t one = order[i];
		unsigned k = i;

		for (; k > 0 && order[k - 1] > one; k--)
			order[k] = order[k - 1];
		order[k] = one;
	}
}

static unsigned
reply_of(uint64_t order)
{
	return order & UINT16_MAX;
}

/* How many of those that follow can be one message: as long as the first, and
 * one that is shorter. */
static unsigned
count_run(const struct segments *s, unsigned from)
{
	size_t longest = s->single_room[reply_of(s->order[from])].iov_len;
	size_t bytes = longest;
	unsigned at = from + 1;

	for (; at < s->replies &&
	    s->order[at] >> 32 == s->order[from] >> 32; at++) {
		size_t length = s->single_room[reply_of(s->order[at])].iov_len;

		bytes += length;
		if (bytes > SEGMENTS_BYTES)
			break;
		if (length < longest)
			return at + 1 - from;
	}
	return at - from;
}

/* Behind the source address, if that is given. */
static void
write_segment_length(union segments_control *control, struct msghdr *msg,
    uint16_t length)
{
	struct cmsghdr c = {.cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT,
	    .cmsg_len = CMSG_LEN(sizeof length)};
	uint8_t *at = control->bytes + msg->msg_controllen;

	assert(msg->msg_controllen <= SEGMENTS_CONTROL);
	if (msg->msg_controllen > 0)
		memcpy(control->bytes, msg->msg_control, msg->msg_controllen);
	memset(at, 0, SEGMENT_SPACE);
	memcpy(at, &c, sizeof c);
	memcpy(at + CMSG_LEN(0), &length, sizeof length);
	msg->msg_control = control->bytes;
	msg->msg_controllen += SEGMENT_SPACE;
}

static void
pack_one(struct segments *s, unsigned from, unsigned count)
{
	struct msghdr *msg = &s->packed[s->messages++].msg_hdr;

	*msg = s->single[reply_of(s->order[from])].msg_hdr;
	msg->msg_iov = &s->packed_room[from];
	msg->msg_iovlen = count;
	for (unsigned i = from; i < from + count; i++)
		s->packed_room[i] = s->single_room[reply_of(s->order[i])];
	if (count > 1)
		write_segment_length(&s->control[s->controls++], msg,
		    (uint16_t)s->packed_room[from].iov_len);
}

void
segments_pack(struct segments *s, int64_t now_ms)
{
	unsigned count;

	s->messages = s->controls = 0;
	sort(s->order, s->replies);
	for (unsigned at = 0; at < s->replies; at += count) {
		count = count_run(s, at);
		if (count > 1 && was_refused(s,
		    &s->single[reply_of(s->order[at])].msg_hdr, now_ms))
			count = 1;
		pack_one(s, at, count);
	}
}

/* ---- sending ---- */

/* How many went out. */
static unsigned
send_singly(const struct msghdr *packed, const struct segments_way *way)
{
	struct msghdr msg = *packed;
	unsigned sent = 0;

	msg.msg_iovlen = 1;
	msg.msg_controllen -= SEGMENT_SPACE;
	if (msg.msg_controllen == 0)
		msg.msg_control = NULL;
	for (size_t i = 0; i < packed->msg_iovlen; i++) {
		msg.msg_iov = &packed->msg_iov[i];
		if (sendmsg(way->fd, &msg, MSG_DONTWAIT) < 0)
			stats_count(way->stats, STAT_DROPPED_SEND);
		else
			sent++;
	}
	return sent;
}

/* A reply that cannot be sent (no route back, say) must not hold up the
 * others.  It was refused as a message of segments only where its parts can be
 * sent: EINVAL also is what a forged port 0 gets. */
static void
pass_failed(struct segments *s, const struct msghdr *msg,
    const struct segments_way *way, int error)
{
	struct segments_refused *slot;

	if (msg->msg_iovlen == 1) {
		stats_count(way->stats, STAT_DROPPED_SEND);
		return;
	}
	if (send_singly(msg, way) > 0 && is_refusal(error)) {
		slot = refused_slot(s, msg);
		slot->client = client_of(msg);
		slot->until_ms = way->now_ms + SEGMENTS_REFUSED_MS;
		stats_count(way->stats, STAT_SEGMENTS_REFUSED);
	}
}

static size_t
count_replies(const struct mmsghdr *messages, unsigned count,
    size_t at_least)
{
	size_t replies = 0;

	for (unsigned i = 0; i < count; i++)
		if (messages[i].msg_hdr.msg_iovlen >= at_least)
			replies += messages[i].msg_hdr.msg_iovlen;
	return replies;
}

/* Where the socket's buffer is full all that are left are dropped. */
static void
send_messages(struct segments *s, struct mmsghdr *messages, unsigned count,
    const struct segments_way *way)
{
	unsigned sent = 0;

	while (sent < count) {
		int got = sendmmsg(way->fd, messages + sent, count - sent,
		    MSG_DONTWAIT);

		if (got > 0) {
			if (messages == s->packed)
				stats_add(way->stats, STAT_SEGMENTS_SENT,
				    count_replies(messages + sent,
				    (unsigned)got, 2));
			sent += (unsigned)got;
		} else if (errno == EAGAIN) {
			stats_add(way->stats, STAT_DROPPED_SEND,
			    count_replies(messages + sent, count - sent, 1));
			return;
		} else if (errno != EINTR) {
			pass_failed(s, &messages[sent++].msg_hdr, way, errno);
		}
	}
}

void
segments_send(struct segments *s, const struct segments_way *way)
{
	if (s->shared && way->ability == SEGMENTS_KNOWN) {
		segments_pack(s, way->now_ms);
		send_messages(s, s->packed, s->messages, way);
	} else {
		send_messages(s, s->single, s->replies, way);
	}
	s->replies = 0;
	s->shared = false;
}
