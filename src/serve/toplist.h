/* SPDX-License-Identifier: BSD-2-Clause */
/* toplist.h - which of many things come most often, in a fixed room.
 *
 * The space-saving algorithm (Metwally, Agrawal, El Abbadi 2005): so many
 * entries are kept; a newcomer takes the place of the smallest and its count
 * with it.  Whatever came more often than the count of all divided by the
 * number of entries is in the list; an entry's count is too high by `error` at
 * most.  Keys are chosen by strangers: they are found by a keyed hash.
 *
 * toplist_fade halves all counts, so that the list is about what came lately.
 *
 * One thread, or the caller's lock.
 */
#ifndef HOSTLER_SERVE_TOPLIST_H
#define HOSTLER_SERVE_TOPLIST_H

#include <stddef.h>
#include <stdint.h>

#define TOPLIST_KEY_MAX 255

struct toplist;

struct toplist_row {
	uint64_t count;
	uint64_t error;
	uint8_t length;
	uint8_t key[TOPLIST_KEY_MAX];
};

struct toplist *toplist_new(unsigned entries);
void toplist_free(struct toplist *list);

/* A key of TOPLIST_KEY_MAX bytes at most came so many times. */
void toplist_add(struct toplist *list, const void *key, size_t length,
    uint64_t count);
void toplist_fade(struct toplist *list);

/* The most frequent, in order; how many, max at most. */
unsigned toplist_read(const struct toplist *list, struct toplist_row *rows,
    unsigned max);

#endif
