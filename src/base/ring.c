/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/ring.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define ALIGNMENT 8
#define HEADER ALIGNMENT		/* an entry's size, then the entry */
#define SKIP UINT32_MAX			/* a header: go on at the beginning */

/* head and tail only grow; their low bits are places in bytes[].  From tail to
 * head lie entries, each whole: one that would pass the end begins at the
 * beginning, behind a SKIP.  The writer keeps the tail that it saw last, and
 * looks again only when that leaves no room, so that the reader's line is not
 * fetched for every entry. */
struct ring {
	_Alignas(64) _Atomic uint64_t head;
	uint64_t reserved;		/* head after ring_commit */
	uint64_t tail_seen;
	_Atomic uint64_t dropped;
	_Alignas(64) _Atomic uint64_t tail;
	_Alignas(64) size_t size;
	uint8_t *bytes;
	_Atomic bool asleep;		/* the reader; seldom written */
};

struct ring *
ring_new(size_t bytes)
{
	struct ring *ring = memory_own(sizeof *ring);

	assert(bytes >= 64 && (bytes & (bytes - 1)) == 0);
	ring->size = bytes;
	/* All of it will be used in turn: what it takes shows at once. */
	ring->bytes = memory_own(bytes);
	return ring;
}

void
ring_free(struct ring *ring)
{
	if (!ring)
		return;
	free(ring->bytes);
	free(ring);
}

static void
put_size(struct ring *ring, uint64_t at, uint32_t size)
{
	memcpy(ring->bytes + (at & (ring->size - 1)), &size, sizeof size);
}

static uint32_t
get_size(const struct ring *ring, uint64_t at)
{
	uint32_t size;

	memcpy(&size, ring->bytes + (at & (ring->size - 1)), sizeof size);
	return size;
}

static size_t
space_of(size_t size)
{
	return HEADER + ((size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1));
}

static size_t
left_to_end(const struct ring *ring, uint64_t at)
{
	return ring->size - (at & (ring->size - 1));
}

static int
has_room(struct ring *ring, uint64_t end)
{
	if (end - ring->tail_seen <= ring->size)
		return 1;
	ring->tail_seen = atomic_load_explicit(&ring->tail,
	    memory_order_acquire);
	return end - ring->tail_seen <= ring->size;
}

void *
ring_reserve(struct ring *ring, size_t size)
{
	uint64_t head = atomic_load_explicit(&ring->head,
	    memory_order_relaxed);
	size_t space = space_of(size), left = left_to_end(ring, head);
	uint64_t at = space > left ? head + left : head;

	ring->reserved = head;
	if (space > ring->size || !has_room(ring, at + space)) {
		atomic_store_explicit(&ring->dropped,
		    atomic_load_explicit(&ring->dropped,
			memory_order_relaxed) + 1, memory_order_relaxed);
		return NULL;
	}
	if (at != head)
		put_size(ring, head, SKIP);
	put_size(ring, at, (uint32_t)size);
	ring->reserved = at + space;
	return ring->bytes + (at & (ring->size - 1)) + HEADER;
}

void
ring_commit(struct ring *ring)
{
	atomic_store_explicit(&ring->head, ring->reserved,
	    memory_order_release);
}

/* Where the next entry is, if there is one. */
static uint64_t
find_entry(const struct ring *ring, uint64_t tail)
{
	return get_size(ring, tail) == SKIP ? tail + left_to_end(ring, tail)
					    : tail;
}

const void *
ring_peek(struct ring *ring, size_t *size)
{
	uint64_t tail = atomic_load_explicit(&ring->tail,
	    memory_order_relaxed);
	uint64_t at;

	if (atomic_load_explicit(&ring->head, memory_order_acquire) == tail)
		return NULL;
	at = find_entry(ring, tail);
	*size = get_size(ring, at);
	return ring->bytes + (at & (ring->size - 1)) + HEADER;
}

void
ring_consume(struct ring *ring)
{
	uint64_t at = find_entry(ring, atomic_load_explicit(&ring->tail,
	    memory_order_relaxed));

	atomic_store_explicit(&ring->tail, at + space_of(get_size(ring, at)),
	    memory_order_release);
}

/* These two and the two in ring_wakes are sequentially consistent: whichever
 * store is first, one of the loads sees the other one's. */
bool
ring_sleep(struct ring *ring)
{
	atomic_store(&ring->asleep, true);
	return atomic_load(&ring->head) ==
	    atomic_load_explicit(&ring->tail, memory_order_relaxed);
}

void
ring_awake(struct ring *ring)
{
	atomic_store_explicit(&ring->asleep, false, memory_order_relaxed);
}

/* The head is stored once more: ring_commit, which is called for every entry,
 * is spared what the stronger order costs. */
bool
ring_wakes(struct ring *ring)
{
	atomic_store(&ring->head, atomic_load_explicit(&ring->head,
	    memory_order_relaxed));
	if (!atomic_load(&ring->asleep))
		return false;
	ring_awake(ring);
	return true;
}

uint64_t
ring_dropped(const struct ring *ring)
{
	return atomic_load_explicit(&ring->dropped, memory_order_relaxed);
}
