/* SPDX-License-Identifier: BSD-2-Clause */
/* ring.h - a bounded queue of entries of any size, from one thread to another.
 *
 * One thread writes, one reads; neither waits.  Where an entry does not fit it
 * is counted as dropped: the writer, which has queries to answer, never pays
 * for a slow reader with more than that.
 *
 *	writer:	room = ring_reserve(ring, size); fill it; ring_commit(ring)
 *	reader:	entry = ring_peek(ring, &size); use it; ring_consume(ring)
 *
 * A reader that has found nothing may sleep (ring_sleep) until the writer wakes
 * it, by whatever they have agreed on (ring_wakes).
 *
 * Entries lie at multiples of 8 bytes.  The ring belongs to who made it, and
 * is freed when both threads are done with it.
 */
#ifndef HOSTLER_BASE_RING_H
#define HOSTLER_BASE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;

/* bytes: a power of two, 64 at least. */
struct ring *ring_new(size_t bytes);
void ring_free(struct ring *ring);		/* NULL passes */

/* Room for one entry; NULL: it does not fit now, and is counted.  What is not
 * committed before the next ring_reserve is as if it had never been. */
void *ring_reserve(struct ring *ring, size_t size);
void ring_commit(struct ring *ring);

/* The oldest entry, valid until ring_consume; NULL: there is none. */
const void *ring_peek(struct ring *ring, size_t *size);
void ring_consume(struct ring *ring);

/* The reader is going to sleep: the writer hears of it at its next ring_wakes.
 * False: there is an entry, and it is not to sleep.  Either way ring_awake is
 * due once it goes on: it does not sleep any more. */
bool ring_sleep(struct ring *ring);
void ring_awake(struct ring *ring);
/* After ring_commit, of one entry or several: does the reader sleep, and is it
 * to be woken?  True once; what was committed before a sleep is not missed. */
bool ring_wakes(struct ring *ring);

/* Entries that did not fit, since the ring was made.  Any thread. */
uint64_t ring_dropped(const struct ring *ring);

#endif
