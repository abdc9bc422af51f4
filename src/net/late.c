/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/late.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct place {
	union waiting_name to;
	union {
		struct cmsghdr aligned;
		uint8_t bytes[LATE_CONTROL_MAX];
	} control;
	struct iovec room;
	uint8_t bytes[REPLY_UDP_SIZE];
};

/* messages[i] points into places[i], and is to leave by fds[i]. */
struct late {
	struct event round_ends;
	struct stats *stats;
	unsigned count;
	int fds[LATE_MAX];
	struct mmsghdr messages[LATE_MAX];
	struct place places[LATE_MAX];
};

void
late_send_all(int fd, struct mmsghdr *messages, unsigned count,
    struct stats *stats)
{
	unsigned sent = 0;
	int got;

	while (sent < count) {
		got = sendmmsg(fd, messages + sent, count - sent,
		    MSG_DONTWAIT);
		if (got > 0) {
			sent += (unsigned)got;
			continue;
		}
		if (errno == EINTR)
			continue;
		got = errno == EAGAIN ? (int)(count - sent) : 1;
		stats_add(stats, STAT_DROPPED_SEND, (uint64_t)got);
		sent += (unsigned)got;
	}
}

/* Neighbours by one socket leave together: mostly there is one. */
void
late_flush(struct late *late)
{
	unsigned first = 0, end;

	while (first < late->count) {
		for (end = first + 1; end < late->count &&
		    late->fds[end] == late->fds[first]; end++)
			continue;
		late_send_all(late->fds[first], late->messages + first,
		    end - first, late->stats);
		first = end;
	}
	late->count = 0;
}

static void
on_round_ends(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	late_flush(arg);
}

/* Events that are made active are called in that order: this one behind all
 * that were ready before. */
static void
await_end_of_round(struct late *late)
{
	event_active(&late->round_ends, EV_TIMEOUT, 0);
}

void
late_put(struct late *late, const struct late_reply *reply)
{
	struct place *place = &late->places[late->count];
	struct msghdr *msg = &late->messages[late->count].msg_hdr;

	assert(reply->length <= sizeof(place->bytes));
	assert(reply->to_length <= sizeof(place->to));
	assert(reply->control_length <= sizeof(place->control));
	memcpy(place->bytes, reply->bytes, reply->length);
	place->room.iov_len = reply->length;
	memcpy(&place->to, reply->to, reply->to_length);
	msg->msg_namelen = reply->to_length;
	if (reply->control_length != 0)
		memcpy(&place->control, reply->control,
		    reply->control_length);
	msg->msg_control = reply->control_length != 0 ? &place->control :
	    NULL;
	msg->msg_controllen = reply->control_length;
	late->fds[late->count] = reply->fd;
	if (late->count == 0)
		await_end_of_round(late);
	if (++late->count == LATE_MAX)
		late_flush(late);
}

struct late *
late_new(struct event_base *base, struct stats *stats)
{
	struct late *late = memory_zeroed(1, sizeof(*late));

	late->stats = stats;
	event_assign(&late->round_ends, base, -1, 0, on_round_ends, late);
	for (unsigned i = 0; i < LATE_MAX; i++) {
		struct place *place = &late->places[i];
		struct msghdr *msg = &late->messages[i].msg_hdr;

		place->room.iov_base = place->bytes;
		msg->msg_iov = &place->room;
		msg->msg_iovlen = 1;
		msg->msg_name = &place->to;
	}
	return late;
}

void
late_free(struct late *late)
{
	if (late == NULL)
		return;
	event_del(&late->round_ends);
	free(late);
}
