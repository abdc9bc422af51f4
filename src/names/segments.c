/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/segments.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/pages.h"

#define SEGMENTS 63
#define SLAB_SIZE (64 * PAGES_UNIT)

/* free lists those that were given back, by `more`; what lies behind the first
 * `begun` was never taken. */
struct table_slab {
	_Alignas(64) struct table_slab *next;
	struct table_slab *before;	/* of those that have some left */
	struct table_segment *free;
	unsigned used;
	unsigned begun;
	struct table_segment segments[SEGMENTS];
};

_Static_assert(sizeof(struct table_slab) <= SLAB_SIZE, "a slab's size");

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct table_slab *first;	/* that has some left */

static void
list(struct table_slab *slab)
{
	slab->before = NULL;
	slab->next = first;
	if (first != NULL)
		first->before = slab;
	first = slab;
}

static void
unlist(struct table_slab *slab)
{
	if (slab->next != NULL)
		slab->next->before = slab->before;
	if (slab->before != NULL)
		slab->before->next = slab->next;
	else
		first = slab->next;
}

static struct table_segment *
take_from(struct table_slab *slab)
{
	struct table_segment *segment = slab->free;

	if (segment != NULL)
		slab->free = segment->more;
	else
		segment = &slab->segments[slab->begun++];
	segment->slab = slab;
	if (++slab->used == SEGMENTS)
		unlist(slab);
	return segment;
}

struct table_segment *
segments_take(void)
{
	struct table_segment *segment;

	pthread_mutex_lock(&lock);
	if (first == NULL)
		list(pages_take(SLAB_SIZE));
	segment = take_from(first);
	pthread_mutex_unlock(&lock);
	return segment;
}

void
segments_give(struct table_segment *segment)
{
	struct table_slab *slab = segment->slab;

	pthread_mutex_lock(&lock);
	assert(slab->used > 0);
	if (slab->used-- == SEGMENTS)
		list(slab);
	segment->more = slab->free;
	slab->free = segment;
	if (slab->used == 0) {
		unlist(slab);
		pages_give(slab, SLAB_SIZE);
	}
	pthread_mutex_unlock(&lock);
}
