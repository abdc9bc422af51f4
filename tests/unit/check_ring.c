/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries through a ring: order, sizes, wrapping round, dropping, two threads;
 * and the counts of a tally. */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ring.h"
#include "query/tally.h"
#include "suite.h"

#define RING_BYTES 1024
#define WAIT_S 30
#define ENTRIES 50000
#define SIZE_MAX_HERE 97		/* a prime: all places are met */

/* An entry of any size whose bytes tell its number. */
static void
fill(uint8_t *room, size_t size, uint32_t number)
{
	for (size_t i = 0; i < size; i++)
		room[i] = (uint8_t)(number + i);
}

static int
is_filled(const uint8_t *entry, size_t size, uint32_t number)
{
	for (size_t i = 0; i < size; i++)
		if (entry[i] != (uint8_t)(number + i))
			return 0;
	return 1;
}

static int
put(struct ring *ring, uint32_t number)
{
	size_t size = number % SIZE_MAX_HERE;
	uint8_t *room = ring_reserve(ring, size);

	if (!room)
		return 0;
	ck_assert_uint_eq((uintptr_t)room % 8, 0);
	fill(room, size, number);
	ring_commit(ring);
	return 1;
}

static int
take(struct ring *ring, uint32_t number)
{
	size_t size;
	const uint8_t *entry = ring_peek(ring, &size);

	if (!entry)
		return 0;
	ck_assert_uint_eq(size, number % SIZE_MAX_HERE);
	ck_assert(is_filled(entry, size, number));
	ring_consume(ring);
	return 1;
}

START_TEST(ring_keeps_order_and_bytes)
{
	struct ring *ring = ring_new(RING_BYTES);
	uint32_t in = 0, out = 0;

	ck_assert(!take(ring, 0));
	while (in < ENTRIES) {
		for (unsigned i = 0; i < 1 + in % 7; i++)
			in += (uint32_t)put(ring, in);
		for (unsigned i = 0; i < 1 + in % 5 && out < in; i++)
			out += (uint32_t)take(ring, out);
	}
	while (out < in)
		out += (uint32_t)take(ring, out);
	ck_assert(!take(ring, out));
	ring_free(ring);
}
END_TEST

START_TEST(ring_drops_what_does_not_fit)
{
	struct ring *ring = ring_new(64);

	ck_assert_ptr_null(ring_reserve(ring, 64));
	ck_assert_uint_eq(ring_dropped(ring), 1);
	ck_assert_ptr_nonnull(ring_reserve(ring, 56));
	ring_commit(ring);
	ck_assert_ptr_null(ring_reserve(ring, 0));
	ck_assert_uint_eq(ring_dropped(ring), 2);
	ring_consume(ring);
	ck_assert_ptr_nonnull(ring_reserve(ring, 0));
	ring_free(ring);
	ring_free(NULL);
}
END_TEST

/* What was reserved and not committed was never there. */
START_TEST(ring_forgets_what_is_not_committed)
{
	struct ring *ring = ring_new(64);
	size_t size;

	ck_assert_ptr_nonnull(ring_reserve(ring, 8));
	ck_assert_ptr_null(ring_peek(ring, &size));
	ck_assert(put(ring, 3));
	ck_assert(take(ring, 3));
	ck_assert_ptr_null(ring_reserve(ring, 64));
	ring_commit(ring);
	ck_assert_ptr_null(ring_peek(ring, &size));
	ring_free(ring);
}
END_TEST

static void *
write_entries(void *context)
{
	struct ring *ring = context;
	uint32_t number = 0;

	while (number < ENTRIES) {
		if (put(ring, number))
			number++;
		else
			sched_yield();
	}
	return NULL;
}

START_TEST(ring_between_two_threads)
{
	struct ring *ring = ring_new(RING_BYTES);
	uint32_t number = 0;
	pthread_t writer;

	ck_assert_int_eq(pthread_create(&writer, NULL, write_entries, ring),
	    0);
	while (number < ENTRIES) {
		if (take(ring, number))
			number++;
		else
			sched_yield();
	}
	pthread_join(writer, NULL);
	ring_free(ring);
}
END_TEST

START_TEST(ring_tells_of_a_sleeping_reader_once)
{
	struct ring *ring = ring_new(RING_BYTES);

	ck_assert(put(ring, 0));
	ck_assert(!ring_wakes(ring));
	ck_assert(!ring_sleep(ring));
	ring_awake(ring);
	ck_assert(!ring_wakes(ring));
	ck_assert(take(ring, 0));
	ck_assert(ring_sleep(ring));
	ck_assert(put(ring, 1));
	ck_assert(ring_wakes(ring));
	ck_assert(!ring_wakes(ring));
	ck_assert(take(ring, 1));
	ring_free(ring);
}
END_TEST

static struct {
	struct ring *ring;
	sem_t bell;
	_Atomic uint32_t taken;
} sleepy;

static void *
write_and_wake(void *context)
{
	(void)context;
	for (uint32_t number = 0; number < ENTRIES; number++) {
		ck_assert(put(sleepy.ring, number));
		if (ring_wakes(sleepy.ring))
			sem_post(&sleepy.bell);
		while (atomic_load(&sleepy.taken) == number)
			sched_yield();
	}
	return NULL;
}

static void
wait_for_bell(void)
{
	struct timespec by;

	clock_gettime(CLOCK_REALTIME, &by);
	by.tv_sec += WAIT_S;
	ck_assert_msg(sem_timedwait(&sleepy.bell, &by) == 0,
	    "nobody wakes the reader");
}

/* An entry at a time, so that each comes just when the reader falls asleep: one
 * that did not wake it would be the last. */
START_TEST(ring_wakes_a_reader_that_sleeps)
{
	uint32_t number = 0;
	pthread_t writer;

	sleepy.ring = ring_new(RING_BYTES);
	sem_init(&sleepy.bell, 0, 0);
	ck_assert_int_eq(pthread_create(&writer, NULL, write_and_wake, NULL),
	    0);
	while (number < ENTRIES) {
		if (take(sleepy.ring, number)) {
			atomic_store(&sleepy.taken, ++number);
			continue;
		}
		if (ring_sleep(sleepy.ring))
			wait_for_bell();
		ring_awake(sleepy.ring);
	}
	pthread_join(writer, NULL);
	sem_destroy(&sleepy.bell);
	ring_free(sleepy.ring);
}
END_TEST

/* ---- tally ---- */

START_TEST(tally_counts_and_sums)
{
	static struct tally one, two, sum;
	uint64_t stats[STAT_COUNT] = {0};

	tally_request(&one, TALLY_UDP4, TYPE_A);
	tally_request(&one, TALLY_UDP4, 0);
	tally_request(&two, TALLY_UDP4, 65280);
	tally_request(&two, TALLY_TCP6, TYPE_AAAA);
	tally_response(&one, TALLY_HOSTS, RCODE_NOERROR);
	tally_response(&two, TALLY_HOSTS, RCODE_NXDOMAIN);
	tally_response(&two, TALLY_ERROR, 4095);
	tally_add(&sum, &one);
	tally_add(&sum, &two);
	tally_fill(stats, &sum);
	ck_assert_uint_eq(stats[STAT_QUERIES_UDP4], 3);
	ck_assert_uint_eq(stats[STAT_QUERIES_TCP6], 1);
	ck_assert_uint_eq(stats[STAT_ANSWERS_HOSTS], 2);
	ck_assert_uint_eq(stats[STAT_ANSWERS_ERROR], 1);
	ck_assert_uint_eq(stats[STAT_RCODE_NOERROR], 1);
	ck_assert_uint_eq(stats[STAT_RCODE_NXDOMAIN], 1);
	ck_assert_uint_eq(stats[STAT_RCODE_OTHER], 1);
	ck_assert_uint_eq(sum.requests[TALLY_UDP4][0], 2);
	ck_assert_uint_eq(sum.responses[TALLY_ERROR][TALLY_RCODES - 1], 1);
}
END_TEST

START_TEST(tally_types_have_a_column_each)
{
	static struct tally tally;

	ck_assert_uint_eq(tally_type(0), 0);
	for (unsigned i = 1; i < TALLY_TYPES; i++) {
		ck_assert_uint_ne(tally_type(i), 0);
		tally_request(&tally, TALLY_UDP6, tally_type(i));
		ck_assert_uint_eq(tally.requests[TALLY_UDP6][i], 1);
	}
}
END_TEST

/* A bucket has what took as long as its bound, or less, and more than the one
 * before. */
START_TEST(tally_times_by_bounds)
{
	static struct tally tally;
	uint64_t ns = 0;

	for (unsigned i = 0; i < TALLY_BUCKETS - 1; i++) {
		tally_took(&tally, TALLY_CACHE, 3, tally_bound_ns(i));
		tally_took(&tally, TALLY_CACHE, 1, tally_bound_ns(i) + 1);
		ns += 4 * (uint64_t)tally_bound_ns(i) + 1;
		ck_assert_int_lt(tally_bound_ns(i), tally_bound_ns(i + 1));
	}
	ck_assert_int_eq(tally_bound_ns(TALLY_BUCKETS - 1), INT64_MAX);
	ck_assert_uint_eq(tally.took[TALLY_CACHE][0], 3);
	ck_assert_uint_eq(tally.took[TALLY_CACHE][1], 4);
	ck_assert_uint_eq(tally.took[TALLY_CACHE][TALLY_BUCKETS - 1], 1);
	ck_assert_uint_eq(tally.took_ns[TALLY_CACHE], ns);
}
END_TEST

int
main(void)
{
	return suite_run("ring, tally", (const struct suite_case[]){
	    {
		.name = "ring",
		.tests = SUITE_TESTS(ring_keeps_order_and_bytes,
		    ring_drops_what_does_not_fit,
		    ring_forgets_what_is_not_committed,
		    ring_between_two_threads,
		    ring_tells_of_a_sleeping_reader_once,
		    ring_wakes_a_reader_that_sleeps),
	    },
	    {
		.name = "tally",
		.tests = SUITE_TESTS(tally_counts_and_sums,
		    tally_types_have_a_column_each, tally_times_by_bounds),
	    },
	    {0},
	});
}
