/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/crowd.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"

#define CLIENTS 4096			/* counts */

struct client {
	struct links idle;
	unsigned count;
};

/* Invariants: every member is in the list of its state, an idle one in that of
 * its client too; both are in the order of active_ms. */
struct crowd {
	struct crowd_limits limits;
	struct hash_key key;
	unsigned count;
	struct links states[CROWD_STATES];
	struct client clients[CLIENTS];
};

struct crowd *
crowd_new(const struct crowd_limits *limits)
{
	struct crowd *crowd = memory_zeroed(1, sizeof *crowd);

	crowd->limits = *limits;
	if (!limits->client || limits->client > limits->all)
		crowd->limits.client = limits->all;
	random_bytes(&crowd->key, sizeof crowd->key);
	for (unsigned i = 0; i < CROWD_STATES; i++)
		links_init(&crowd->states[i]);
	for (unsigned i = 0; i < CLIENTS; i++)
		links_init(&crowd->clients[i].idle);
	return crowd;
}

void
crowd_free(struct crowd *crowd)
{
	free(crowd);
}

static uint32_t
number_of(const struct crowd *crowd, const struct addr *client)
{
	uint8_t bytes[1 + sizeof client->bytes];

	bytes[0] = client->family;
	memcpy(bytes + 1, client->bytes, sizeof client->bytes);
	return hash_siphash13(&crowd->key, bytes, sizeof bytes) % CLIENTS;
}

static void
link_member(struct crowd *crowd, struct crowd_member *member)
{
	links_append(&crowd->states[member->state], &member->link);
	if (member->state == CROWD_IDLE)
		links_append(&crowd->clients[member->client].idle,
		    &member->of_client);
}

static void
unlink_member(struct crowd_member *member)
{
	links_remove(&member->link);
	if (member->state == CROWD_IDLE)
		links_remove(&member->of_client);
}

void
crowd_add(struct crowd *crowd, struct crowd_member *member,
    const struct addr *client, int64_t now_ms)
{
	member->client = number_of(crowd, client);
	member->state = CROWD_IDLE;
	member->active_ms = now_ms;
	link_member(crowd, member);
	crowd->clients[member->client].count++;
	crowd->count++;
}

void
crowd_remove(struct crowd *crowd, struct crowd_member *member)
{
	unlink_member(member);
	crowd->clients[member->client].count--;
	crowd->count--;
}

void
crowd_touch(struct crowd *crowd, struct crowd_member *member, int64_t now_ms)
{
	unlink_member(member);
	member->active_ms = now_ms;
	link_member(crowd, member);
}

void
crowd_set(struct crowd *crowd, struct crowd_member *member,
    enum crowd_state state)
{
	if (member->state == state)
		return;
	unlink_member(member);
	member->state = state;
	link_member(crowd, member);
}

enum crowd_room
crowd_find_room(const struct crowd *crowd, const struct addr *addr,
    struct crowd_member **way)
{
	const struct client *client = &crowd->clients[number_of(crowd, addr)];

	if (client->count >= crowd->limits.client &&
	    crowd->limits.client < crowd->limits.all) {
		*way = links_member(links_first(&client->idle),
		    offsetof(struct crowd_member, of_client));
		return *way ? CROWD_GIVE_WAY : CROWD_FULL;
	}
	if (crowd->count < crowd->limits.all)
		return CROWD_ROOM;
	*way = crowd_oldest(crowd, CROWD_IDLE);
	if (!*way)
		*way = crowd_oldest(crowd, CROWD_BUSY);
	return *way ? CROWD_GIVE_WAY : CROWD_ROOM;
}

struct crowd_member *
crowd_oldest(const struct crowd *crowd, enum crowd_state state)
{
	return links_member(links_first(&crowd->states[state]),
	    offsetof(struct crowd_member, link));
}

struct crowd_member *
crowd_next(const struct crowd *crowd, const struct crowd_member *member)
{
	return links_member(links_next(&crowd->states[member->state],
	    &member->link), offsetof(struct crowd_member, link));
}

unsigned
crowd_count(const struct crowd *crowd)
{
	return crowd->count;
}
