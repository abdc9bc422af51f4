/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/pages.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/poison.h"

#define UNITS (PAGES_STRETCH / PAGES_UNIT)
#define WORD 64
#define JOIN_FROM (UNITS * 3 / 4)	/* so many in use */
#define PART_FROM (UNITS / 2)		/* so few */
/* It copies 2 MB, some 0.3 ms.  In a virtual machine whose host has to find
 * the memory first it was 6 ms, with every page fault of the process waiting:
 * then the rest is left to the system. */
#define COLLAPSE_QUICK_NS 2000000

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25		/* Linux 6.1, glibc 2.37 */
#endif

/* A bit for each page.  What is neither used nor dirty reads as zero. */
struct stretch {
	unsigned char *base;
	uint64_t used[UNITS / WORD];
	uint64_t dirty[UNITS / WORD];	/* given back to us, not to the system:
					 * that would cut the huge page */
	unsigned used_count;
	bool asked;			/* to be one huge page */
	bool joined;			/* and the system agreed */
};

/* Room over a stretch. */
struct alone {
	unsigned char *base;
	size_t size;
	size_t asked;			/* its first stretches, as above */
	bool filled;
};

/* Under the lock: list is sorted by base, alone in no order. */
static struct {
	pthread_mutex_t lock;
	struct stretch *list;
	size_t count, room;
	struct alone *alone;
	size_t alone_count, alone_room;
	size_t alone_stretches;		/* as pages_usage says */
	size_t bytes;
} pages = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Some pages of a stretch. */
struct run {
	unsigned first, count;
};

static size_t
whole_pages(size_t size)
{
	return (size + PAGES_UNIT - 1) & ~(PAGES_UNIT - 1);
}

static size_t
stretches_of(size_t size)
{
	return (size + PAGES_STRETCH - 1) / PAGES_STRETCH;
}

/* ---- the system ---- */

static void
unmap(unsigned char *base, size_t size)
{
	if (size > 0)
		munmap(base, size);
}

/* More is mapped than is needed, and both ends that lie beyond a stretch's
 * bounds are given back. */
static unsigned char *
map_aligned(size_t size)
{
	size_t whole = size + PAGES_STRETCH, ahead;
	unsigned char *base;

	if (whole < size)
		memory_exhausted();
	base = mmap(NULL, whole, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		memory_exhausted();
	ahead = -(uintptr_t)base % PAGES_STRETCH;
	unmap(base, ahead);
	unmap(base + ahead + size, PAGES_STRETCH - ahead);
	return base + ahead;
}

/* ---- bits ---- */

static bool
is_set(const uint64_t *bits, unsigned at)
{
	return bits[at / WORD] >> at % WORD & 1;
}

static void
set_run(uint64_t *bits, struct run run)
{
	for (unsigned i = run.first; i < run.first + run.count; i++)
		bits[i / WORD] |= UINT64_C(1) << i % WORD;
}

static void
clear_run(uint64_t *bits, struct run run)
{
	for (unsigned i = run.first; i < run.first + run.count; i++)
		bits[i / WORD] &= ~(UINT64_C(1) << i % WORD);
}

/* The next run from `from` on in which all bits are set, or all are clear;
 * its count is 0 at the end. */
static struct run
next_run(const uint64_t *bits, bool set, unsigned from)
{
	struct run run = { from, 0 };

	while (run.first < UNITS && is_set(bits, run.first) != set)
		run.first++;
	while (run.first + run.count < UNITS &&
	    is_set(bits, run.first + run.count) == set)
		run.count++;
	return run;
}

/* ---- stretches, with the lock held ---- */

/* Where a stretch that holds this address is, or would be. */
static size_t
place_of(const unsigned char *address)
{
	size_t low = 0, high = pages.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if ((uintptr_t)pages.list[middle].base + PAGES_STRETCH <=
		    (uintptr_t)address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* NULL: the address is in none. */
static struct stretch *
stretch_of(const void *address)
{
	size_t at = place_of(address);

	if (at == pages.count ||
	    (uintptr_t)address < (uintptr_t)pages.list[at].base)
		return NULL;
	return &pages.list[at];
}

static struct stretch *
add_stretch(void)
{
	unsigned char *base = map_aligned(PAGES_STRETCH);
	struct stretch *at;
	size_t place;

	if (pages.count == pages.room) {
		pages.room = 2 * pages.room + 8;
		pages.list = memory_resize(pages.list, pages.room,
		    sizeof(pages.list[0]));
	}
	place = place_of(base);
	at = &pages.list[place];
	memmove(at + 1, at, (pages.count - place) * sizeof(*at));
	*at = (struct stretch){ .base = base };
	poison_room(base, PAGES_STRETCH);
	pages.count++;
	return at;
}

static void
drop_stretch(struct stretch *stretch)
{
	poison_lift(stretch->base, PAGES_STRETCH);
	unmap(stretch->base, PAGES_STRETCH);
	pages.count--;
	memmove(stretch, stretch + 1, (size_t)(pages.list + pages.count -
	    stretch) * sizeof(*stretch));
	if (pages.count > 0)
		return;
	free(pages.list);
	pages.list = NULL;
	pages.room = 0;
}

/* What is free goes to the system: at once where pages are small, else where
 * so little is in use that a huge page is no longer worth it. */
static void
discard_dirty(struct stretch *stretch)
{
	struct run run = { 0, 0 };

	if (stretch->joined && stretch->used_count > PART_FROM)
		return;
	if (stretch->joined) {
		madvise(stretch->base, PAGES_STRETCH, MADV_NOHUGEPAGE);
		stretch->joined = false;
		stretch->asked = false;
	}
	for (;;) {
		run = next_run(stretch->dirty, true, run.first + run.count);
		if (run.count == 0)
			return;
		if (madvise(stretch->base + run.first * PAGES_UNIT,
		    run.count * PAGES_UNIT, MADV_DONTNEED) == 0)
			clear_run(stretch->dirty, run);
	}
}

static void
clean(struct stretch *stretch, struct run run)
{
	for (unsigned i = run.first; i < run.first + run.count; i++) {
		if (is_set(stretch->dirty, i))
			memset(stretch->base + i * PAGES_UNIT, 0, PAGES_UNIT);
	}
	clear_run(stretch->dirty, run);
}

/* The first place for so many pages; count 0: none.  A power of two of them
 * begins at a multiple of itself. */
static struct run
find_run(const struct stretch *stretch, unsigned count)
{
	unsigned step = (count & (count - 1)) == 0 ? count : 1;
	struct run free = { 0, 0 };

	if (UNITS - stretch->used_count < count)
		return free;
	do {
		unsigned first;

		free = next_run(stretch->used, false, free.first + free.count);
		first = (free.first + step - 1) / step * step;
		if (first + count <= free.first + free.count)
			return (struct run){ first, count };
	} while (free.count > 0);
	return free;
}

static void *
cut(struct stretch *stretch, struct run run)
{
	set_run(stretch->used, run);
	stretch->used_count += run.count;
	poison_lift(stretch->base + run.first * PAGES_UNIT,
	    run.count * PAGES_UNIT);
	clean(stretch, run);
	return stretch->base + run.first * PAGES_UNIT;
}

static void *
take_from_stretches(size_t size)
{
	struct run run = { 0, (unsigned)(size / PAGES_UNIT) };

	for (size_t i = 0; i < pages.count; i++) {
		struct run found = find_run(&pages.list[i], run.count);

		if (found.count > 0)
			return cut(&pages.list[i], found);
	}
	return cut(add_stretch(), run);
}

static void *
take_alone(size_t size)
{
	unsigned char *base = map_aligned(size);

	if (pages.alone_count == pages.alone_room) {
		pages.alone_room = 2 * pages.alone_room + 8;
		pages.alone = memory_resize(pages.alone, pages.alone_room,
		    sizeof(pages.alone[0]));
	}
	pages.alone[pages.alone_count++] = (struct alone){
		.base = base, .size = size,
	};
	pages.alone_stretches += stretches_of(size);
	return base;
}

/* There are few, each of megabytes. */
static struct alone *
alone_of(const void *room)
{
	size_t i = 0;

	while (i < pages.alone_count && pages.alone[i].base != room)
		i++;
	assert(i < pages.alone_count);
	return &pages.alone[i];
}

static struct run
run_of(const struct stretch *stretch, const unsigned char *room, size_t size)
{
	struct run run = {
		.first = (unsigned)((size_t)(room - stretch->base) /
		    PAGES_UNIT),
		.count = (unsigned)(size / PAGES_UNIT),
	};

	assert(run.first + run.count <= UNITS);
	return run;
}

static void
free_run(struct stretch *stretch, struct run run)
{
	clear_run(stretch->used, run);
	stretch->used_count -= run.count;
	poison_room(stretch->base + run.first * PAGES_UNIT,
	    run.count * PAGES_UNIT);
}

static void
give_to_stretch(struct stretch *stretch, struct run run)
{
	free_run(stretch, run);
	set_run(stretch->dirty, run);
	if (stretch->used_count == 0)
		drop_stretch(stretch);
	else
		discard_dirty(stretch);
}

static void
give_alone(void *room, size_t size)
{
	struct alone *alone = alone_of(room);

	assert(alone->size == size);
	*alone = pages.alone[--pages.alone_count];
	pages.alone_stretches -= stretches_of(size);
	unmap(room, size);
	if (pages.alone_count > 0)
		return;
	free(pages.alone);
	pages.alone = NULL;
	pages.alone_room = 0;
}

static void
trim_alone(unsigned char *room, size_t size, size_t needed)
{
	alone_of(room)->size = needed;
	pages.alone_stretches -= stretches_of(size) - stretches_of(needed);
	unmap(room + needed, size - needed);
}

/* ---- for all ---- */

void *
pages_take(size_t size)
{
	void *room;

	assert(size > 0);
	if (size > SIZE_MAX - PAGES_UNIT)
		memory_exhausted();
	size = whole_pages(size);
	pthread_mutex_lock(&pages.lock);
	room = size > PAGES_STRETCH ? take_alone(size) :
	    take_from_stretches(size);
	pages.bytes += size;
	pthread_mutex_unlock(&pages.lock);
	return room;
}

void
pages_give(void *room, size_t size)
{
	struct stretch *stretch;

	if (room == NULL)
		return;
	size = whole_pages(size);
	pthread_mutex_lock(&pages.lock);
	stretch = stretch_of(room);
	pages.bytes -= size;
	if (stretch != NULL)
		give_to_stretch(stretch, run_of(stretch, room, size));
	else
		give_alone(room, size);
	pthread_mutex_unlock(&pages.lock);
}

void
pages_trim(void *room, size_t size, size_t needed)
{
	unsigned char *rest = room;
	struct stretch *stretch;

	assert(needed > 0 && needed <= size);
	size = whole_pages(size);
	needed = whole_pages(needed);
	if (needed == size)
		return;
	pthread_mutex_lock(&pages.lock);
	stretch = stretch_of(room);
	pages.bytes -= size - needed;
	if (stretch != NULL)
		free_run(stretch, run_of(stretch, rest + needed,
		    size - needed));
	else
		trim_alone(room, size, needed);
	pthread_mutex_unlock(&pages.lock);
}

/* Asked for without an answer: where it cannot be had all stays as it is. */
void
pages_join(void *room, size_t size)
{
	madvise(room, size, MADV_HUGEPAGE);
}

void
pages_fill(void *room, size_t size)
{
	size = whole_pages(size);
	pthread_mutex_lock(&pages.lock);
	if (size > PAGES_STRETCH)
		alone_of(room)->filled = true;
	pthread_mutex_unlock(&pages.lock);
}

/* One that is full enough and was not asked for, from this address on. */
static struct stretch *
next_full(const unsigned char *from)
{
	for (size_t i = place_of(from); i < pages.count; i++) {
		if (!pages.list[i].asked &&
		    pages.list[i].used_count >= JOIN_FROM)
			return &pages.list[i];
	}
	return NULL;
}

/* Whole stretches alone: what is behind them would grow. */
static struct alone *
next_alone(void)
{
	for (size_t i = 0; i < pages.alone_count; i++) {
		struct alone *alone = &pages.alone[i];

		if (alone->filled &&
		    alone->asked < alone->size / PAGES_STRETCH)
			return alone;
	}
	return NULL;
}

/* Where the pages are not made at once, the system may do it by and by. */
struct settling {
	const unsigned char *from;	/* of what stands in the list */
	bool quick;
};

/* True: the system agreed, to the one or to the other. */
static bool
ask_for(struct settling *settling, unsigned char *base)
{
	bool agreed = madvise(base, PAGES_STRETCH, MADV_HUGEPAGE) == 0;
	int64_t from_ns = clock_mono_ns();

	if (!settling->quick)
		return agreed;
	agreed |= madvise(base, PAGES_STRETCH, MADV_COLLAPSE) == 0;
	settling->quick = clock_mono_ns() - from_ns < COLLAPSE_QUICK_NS;
	return agreed;
}

/* False: nothing is left to do. */
static bool
settle_one(struct settling *settling)
{
	struct stretch *stretch;
	struct alone *alone;

	if ((pages.count + pages.alone_stretches) * PAGES_STRETCH <
	    PAGES_HUGE_FROM)
		return false;
	stretch = next_full(settling->from);
	alone = stretch == NULL ? next_alone() : NULL;
	if (stretch != NULL) {
		settling->from = stretch->base + PAGES_STRETCH;
		stretch->asked = true;
		stretch->joined = ask_for(settling, stretch->base);
	} else if (alone != NULL) {
		ask_for(settling, alone->base + PAGES_STRETCH *
		    alone->asked++);
	}
	return stretch != NULL || alone != NULL;
}

/* Under the lock, so that nobody unmaps it; but for one at a time. */
void
pages_settle(void)
{
	struct settling settling = { NULL, true };
	bool more;

	do {
		pthread_mutex_lock(&pages.lock);
		more = settle_one(&settling);
		pthread_mutex_unlock(&pages.lock);
	} while (more);
}

struct pages_usage
pages_usage(void)
{
	struct pages_usage usage;

	pthread_mutex_lock(&pages.lock);
	usage.stretches = pages.count + pages.alone_stretches;
	usage.bytes = pages.bytes;
	pthread_mutex_unlock(&pages.lock);
	return usage;
}
