/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/slabs.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/pages.h"
#include "base/poison.h"

#define SLAB_SIZE (64 * PAGES_UNIT)
/* That part of a full slab stays unused when it is given back.  Else a table
 * that is copied whole, segment by segment, takes what is left in the slabs of
 * the one before, and these stay when that is given back. */
#define SPARED 8

/* free lists those that were given back, by `more`; what lies behind the first
 * `begun` was never taken. */
struct slab {
	_Alignas(64) struct slab *next;
	struct slab *before;	/* of those that have some left */
	struct table_segment *free;
	unsigned used;
	unsigned begun;
	unsigned room;			/* segments */
	unsigned buckets;		/* of each */
	bool listed;
	_Alignas(64) unsigned char bytes[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* By the number of buckets: slabs that have some left. */
static struct slab *first[TABLE_BUCKETS + 1];

static void
list(struct slab *slab)
{
	slab->before = NULL;
	slab->next = first[slab->buckets];
	if (slab->next != NULL)
		slab->next->before = slab;
	first[slab->buckets] = slab;
	slab->listed = true;
}

static void
unlist(struct slab *slab)
{
	if (slab->next != NULL)
		slab->next->before = slab->before;
	if (slab->before != NULL)
		slab->before->next = slab->next;
	else
		first[slab->buckets] = slab->next;
	slab->listed = false;
}

static struct slab *
new_slab(unsigned buckets)
{
	struct slab *slab = pages_take(SLAB_SIZE);

	slab->free = NULL;
	slab->used = 0;
	slab->begun = 0;
	slab->buckets = buckets;
	slab->listed = false;
	slab->room = (unsigned)((SLAB_SIZE - sizeof(*slab)) /
	    table_segment_size(buckets));
	poison_room(slab->bytes, SLAB_SIZE - sizeof(*slab));
	return slab;
}

static struct table_segment *
take_from(struct slab *slab)
{
	size_t size = table_segment_size(slab->buckets);
	struct table_segment *segment = slab->free;
	bool again = segment != NULL;

	if (!again)
		segment = (struct table_segment *)(slab->bytes +
		    slab->begun++ * size);
	poison_lift(segment, size);
	if (again)
		slab->free = segment->more;
	segment->slab = slab;
	if (++slab->used == slab->room)
		unlist(slab);
	return segment;
}

struct table_segment *
slabs_take(unsigned buckets)
{
	struct table_segment *segment;

	pthread_mutex_lock(&lock);
	if (first[buckets] == NULL)
		list(new_slab(buckets));
	segment = take_from(first[buckets]);
	pthread_mutex_unlock(&lock);
	return segment;
}

void
slabs_give(struct table_segment *segment)
{
	struct slab *slab = segment->slab;

	pthread_mutex_lock(&lock);
	assert(slab->used > 0);
	slab->used--;
	if (!slab->listed && slab->room - slab->used > slab->room / SPARED)
		list(slab);
	segment->more = slab->free;
	slab->free = segment;
	poison_room(segment, table_segment_size(slab->buckets));
	if (slab->used == 0) {
		unlist(slab);
		pages_give(slab, SLAB_SIZE);
	}
	pthread_mutex_unlock(&lock);
}
