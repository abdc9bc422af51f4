/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/epoch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"

/* A reader's seen is 0 while it is offline, else the epoch that it came online
 * in.  It is written twice a batch: nothing that others write is near it
 * (memory_own). */
struct epoch_reader {
	struct epoch_reader *next;
	_Atomic uint64_t seen;
};

static _Atomic uint64_t current = 1;
static pthread_mutex_t readers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct epoch_reader *readers;

struct epoch_reader *
epoch_reader_new(void)
{
	struct epoch_reader *reader = memory_own(sizeof *reader);

	atomic_init(&reader->seen, 0);
	pthread_mutex_lock(&readers_lock);
	reader->next = readers;
	readers = reader;
	pthread_mutex_unlock(&readers_lock);
	return reader;
}

void
epoch_reader_free(struct epoch_reader *reader)
{
	struct epoch_reader **link = &readers;

	if (!reader)
		return;
	pthread_mutex_lock(&readers_lock);
	while (*link != reader)
		link = &(*link)->next;
	*link = reader->next;
	pthread_mutex_unlock(&readers_lock);
	free(reader);
}

/* Writer (epoch_passed) and reader both change `seen` by a read-modify-write,
 * so one of the two comes first: either the writer finds us online, or our
 * exchange reads what the writer's wrote and with that sees all that it
 * published before.  A plain store here could pass the loads that follow. */
void
epoch_online(struct epoch_reader *reader)
{
	uint64_t now = atomic_load_explicit(&current, memory_order_acquire);

	atomic_exchange_explicit(&reader->seen, now, memory_order_acq_rel);
}

void
epoch_offline(struct epoch_reader *reader)
{
	atomic_store_explicit(&reader->seen, 0, memory_order_release);
}

uint64_t
epoch_advance(void)
{
	return atomic_fetch_add_explicit(&current, 1, memory_order_acq_rel) +
	    1;
}

bool
epoch_passed(uint64_t ticket)
{
	bool passed = true;

	pthread_mutex_lock(&readers_lock);
	for (struct epoch_reader *r = readers; r && passed; r = r->next) {
		uint64_t seen = atomic_fetch_add_explicit(&r->seen, 0,
		    memory_order_acq_rel);

		passed = seen == 0 || seen >= ticket;
	}
	pthread_mutex_unlock(&readers_lock);
	return passed;
}
