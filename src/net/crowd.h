/* SPDX-License-Identifier: BSD-2-Clause */
/* crowd.h - who is connected, and who gives way to whom.
 *
 * Members stand in the order in which something was last got done with them,
 * oldest first: so they time out and give way.  Those who are busy stand apart
 * from those who are not, so that whoever is next is found at once, however
 * many there are.
 *
 * There are limits for all and for one client (an address).  Clients are
 * counted by a keyed hash in a table of fixed size: two may share a count,
 * nobody can choose with whom.
 *
 * The one rule: a member changes its state (crowd_set) only when something was
 * got done with it, which is told first (crowd_touch).
 *
 * Members are the caller's, who embeds them; nothing is allocated after
 * crowd_new.  One thread.
 */
#ifndef HOSTLER_NET_CROWD_H
#define HOSTLER_NET_CROWD_H

#include <stdint.h>

#include "base/addr.h"
#include "base/links.h"

enum crowd_state {
	CROWD_IDLE,
	CROWD_BUSY,
	CROWD_STATES,
};

struct crowd_member {
	struct link link;		/* of its state */
	struct link of_client;		/* while idle */
	int64_t active_ms;
	uint32_t client;		/* its count */
	enum crowd_state state;
};

struct crowd_limits {
	unsigned all;			/* at least 1 */
	unsigned client;		/* 0: as many as all */
};

struct crowd;

struct crowd *crowd_new(const struct crowd_limits *limits);
void crowd_free(struct crowd *crowd);

/* A new member, idle. */
void crowd_add(struct crowd *crowd, struct crowd_member *member,
    const struct addr *client, int64_t now_ms);
void crowd_remove(struct crowd *crowd, struct crowd_member *member);
/* Something was got done: it is the youngest now. */
void crowd_touch(struct crowd *crowd, struct crowd_member *member,
    int64_t now_ms);
void crowd_set(struct crowd *crowd, struct crowd_member *member,
    enum crowd_state state);

/* Is there room for one more of this client? */
enum crowd_room {
	CROWD_ROOM,
	CROWD_GIVE_WAY,			/* once *way has gone */
	CROWD_FULL,			/* the client is busy with all it may
					 * have */
};
/* Of a client at its limit the longest idle one gives way; else the longest
 * idle one of all; where all are busy the oldest: whoever keeps all of them
 * busy must not keep others out. */
enum crowd_room crowd_find_room(const struct crowd *crowd,
    const struct addr *client, struct crowd_member **way);

/* Of those who are in this state; NULL: nobody is. */
struct crowd_member *crowd_oldest(const struct crowd *crowd,
    enum crowd_state state);
/* The next in its state; NULL: there is none. */
struct crowd_member *crowd_next(const struct crowd *crowd,
    const struct crowd_member *member);
unsigned crowd_count(const struct crowd *crowd);

#endif
