/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/leftovers.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct leftovers_pool {
	void (*give_way)(struct leftovers *left);
	struct links keeping;		/* for longest first */
	size_t kept;			/* in_length and out_length of all */
	size_t max;
};

/* What it keeps has changed, and is settled for now. */
static void
note_kept(struct leftovers_pool *pool, struct leftovers *left)
{
	bool keeps = left->in_length + left->out_length > 0;
	bool kept = links_has(&left->link);

	if (keeps && !kept)
		links_append(&pool->keeping, &left->link);
	else if (!keeps && kept)
		links_remove(&left->link);
}

static void
drop_in(struct leftovers_pool *pool, struct leftovers *left)
{
	pool->kept -= left->in_length;
	free(left->in);
	left->in = NULL;
	left->in_length = 0;
}

static void
drop_out(struct leftovers_pool *pool, struct leftovers *left)
{
	pool->kept -= left->out_length;
	free(left->out);
	left->out = NULL;
	left->out_at = left->out_length = 0;
}

static void
make_memory(struct leftovers_pool *pool, const struct leftovers *worked,
    size_t more)
{
	struct link *link = links_first(&pool->keeping), *next;

	for (; link && pool->kept + more > pool->max; link = next) {
		struct leftovers *left = links_member(link,
		    offsetof(struct leftovers, link));

		next = links_next(&pool->keeping, link);
		if (left != worked)
			pool->give_way(left);
	}
}

/* Room for bytes that a connection keeps, in the place of so many that it does
 * now; NULL: no memory, or it would keep too much all alone. */
static uint8_t *
make_room(struct leftovers_pool *pool, const struct leftovers *left,
    size_t length, size_t instead)
{
	uint8_t *room = NULL;

	if (length > instead)
		make_memory(pool, left, length - instead);
	if (pool->kept - instead + length <= pool->max)
		room = malloc(length);
	if (room)
		pool->kept += length;
	return room;
}

bool
leftovers_keep_in(struct leftovers_pool *pool, struct leftovers *left,
    const uint8_t *bytes, size_t length)
{
	uint8_t *rest = NULL;

	/* Most keep nothing, and did not. */
	if (length == 0 && !links_has(&left->link))
		return true;
	if (length) {
		rest = make_room(pool, left, length, left->in_length);
		if (!rest)
			return false;
		memcpy(rest, bytes, length);
	}
	drop_in(pool, left);
	left->in = rest;
	left->in_length = length;
	note_kept(pool, left);
	return true;
}

/* Its place among those who keep stays until it is settled what is left. */
uint8_t *
leftovers_take_in(struct leftovers_pool *pool, struct leftovers *left,
    size_t *length)
{
	uint8_t *bytes = left->in;

	*length = left->in_length;
	pool->kept -= left->in_length;
	left->in = NULL;
	left->in_length = 0;
	return bytes;
}

bool
leftovers_keep_out(struct leftovers_pool *pool, struct leftovers *left,
    const uint8_t *bytes, size_t length)
{
	size_t before = leftovers_untaken(left);
	uint8_t *room = make_room(pool, left, before + length,
	    left->out_length);

	if (!room)
		return false;
	if (before)
		memcpy(room, left->out + left->out_at, before);
	memcpy(room + before, bytes, length);
	drop_out(pool, left);
	left->out = room;
	left->out_length = before + length;
	note_kept(pool, left);
	return true;
}

void
leftovers_taken(struct leftovers_pool *pool, struct leftovers *left,
    size_t length)
{
	left->out_at += length;
	if (left->out_at < left->out_length)
		return;
	drop_out(pool, left);
	note_kept(pool, left);
}

void
leftovers_drop(struct leftovers_pool *pool, struct leftovers *left)
{
	drop_in(pool, left);
	drop_out(pool, left);
	note_kept(pool, left);
}

struct leftovers_pool *
leftovers_pool_new(size_t max, void (*give_way)(struct leftovers *left))
{
	struct leftovers_pool *pool = memory_own(sizeof *pool);

	pool->max = max;
	pool->give_way = give_way;
	links_init(&pool->keeping);
	return pool;
}

void
leftovers_pool_free(struct leftovers_pool *pool)
{
	free(pool);
}
