/* SPDX-License-Identifier: BSD-2-Clause */
/* leftovers.h - bytes that connections leave for later, and the bound of all.
 *
 * A connection keeps what was read and not worked (a message cut in two, or
 * messages that wait for their turn) and what was written and the peer has not
 * taken.  All together keep so many bytes at most: where one would keep more,
 * those that have kept something for longest give way to it, so that a few slow
 * peers do not keep others out.
 *
 * The one rule: the leftovers of a connection are dropped (leftovers_drop)
 * before it is freed, those of one that gives way within the hook.
 *
 * The bytes are here, the struct is embedded in the connection; who keeps
 * nothing costs nothing more.  One thread.
 */
#ifndef HOSTLER_NET_LEFTOVERS_H
#define HOSTLER_NET_LEFTOVERS_H

#include <stdint.h>

#include "base/links.h"

/* Of one connection; zeroed before its first use.  in and its length may be
 * read by anybody. */
struct leftovers {
	struct link link;		/* while it keeps something */
	uint8_t *in;			/* what was read and not worked */
	size_t in_length;
	uint8_t *out;			/* what the peer has not taken, */
	size_t out_at, out_length;	/* from out_at on */
};

struct leftovers_pool;

/* max: bytes, of all.  give_way: the connection that these are of closes.
 * Never NULL (base/memory.h). */
struct leftovers_pool *leftovers_pool_new(size_t max,
    void (*give_way)(struct leftovers *left));
void leftovers_pool_free(struct leftovers_pool *pool);	/* nothing is kept */

/* Keep these bytes, which may lie in left->in, in the place of what was in; of
 * length 0 nothing.  False: no memory, or too much for all; nothing changed. */
bool leftovers_keep_in(struct leftovers_pool *pool, struct leftovers *left,
    const uint8_t *bytes, size_t length);
/* What was in, to be worked: the caller frees it, and says by
 * leftovers_keep_in what is left of it. */
uint8_t *leftovers_take_in(struct leftovers_pool *pool,
    struct leftovers *left, size_t *length);

/* Keep these bytes behind those that the peer has not taken.  False: as
 * above. */
bool leftovers_keep_out(struct leftovers_pool *pool, struct leftovers *left,
    const uint8_t *bytes, size_t length);
/* The peer took so many of them. */
void leftovers_taken(struct leftovers_pool *pool, struct leftovers *left,
    size_t length);

void leftovers_drop(struct leftovers_pool *pool, struct leftovers *left);

/* How many bytes the peer has not taken. */
static inline size_t
leftovers_untaken(const struct leftovers *left)
{
	return left->out_length - left->out_at;
}

#endif
