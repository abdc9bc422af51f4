/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/late.h"

#include <assert.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

struct place {
	union waiting_name to;
	_Alignas(struct cmsghdr) uint8_t control[LATE_CONTROL_MAX];
	struct segments_reply reply;	/* points in here */
	uint8_t bytes[REPLY_UDP_SIZE];
};

/* places[i] is to leave by fds[i]. */
struct late {
	struct event round_ends;
	struct stats *stats;
	unsigned count;
	int fds[LATE_MAX];
	enum segments_ability abilities[LATE_MAX];
	struct segments out;
	struct place places[LATE_MAX];
};

_Static_assert(SEGMENTS_REPLIES >= LATE_MAX, "all that are gathered");
_Static_assert(SEGMENTS_CONTROL >= LATE_CONTROL_MAX, "a reply's source");

/* Neighbours by one socket leave together: mostly there is one. */
void
late_flush(struct late *late)
{
	struct segments_way way = {.stats = late->stats};
	unsigned first = 0, end;

	if (late->count != 0)
		way.now_ms = clock_mono_ms();
	for (; first < late->count; first = end) {
		way.fd = late->fds[first];
		way.ability = late->abilities[first];
		for (end = first; end < late->count &&
		    late->fds[end] == way.fd; end++)
			segments_add(&late->out, &late->places[end].reply);
		segments_send(&late->out, &way);
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

	assert(reply->length <= sizeof(place->bytes));
	assert(reply->to_length <= sizeof(place->to));
	assert(reply->control_length <= sizeof(place->control));
	memcpy(place->bytes, reply->bytes, reply->length);
	place->reply.length = reply->length;
	memcpy(&place->to, reply->to, reply->to_length);
	place->reply.to_length = reply->to_length;
	if (reply->control_length != 0)
		memcpy(place->control, reply->control,
		    reply->control_length);
	place->reply.control = reply->control_length != 0 ?
	    (struct cmsghdr *)place->control : NULL;
	place->reply.control_length = reply->control_length;
	late->abilities[late->count] = reply->ability;
	late->fds[late->count] = reply->fd;
	if (late->count == 0)
		await_end_of_round(late);
	if (++late->count == LATE_MAX)
		late_flush(late);
}

struct late *
late_new(struct event_base *base, struct stats *stats)
{
	struct late *late = memory_own(sizeof(*late));

	late->stats = stats;
	event_assign(&late->round_ends, base, -1, 0, on_round_ends, late);
	segments_init(&late->out);
	for (unsigned i = 0; i < LATE_MAX; i++) {
		struct place *place = &late->places[i];

		place->reply.to = &place->to;
		place->reply.bytes = place->bytes;
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
