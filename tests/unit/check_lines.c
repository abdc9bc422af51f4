/* SPDX-License-Identifier: BSD-2-Clause */
/* What two workers write all the time: nothing of one is on a cache line of the
 * other, nor on the line beside it, though both were made in turn by one
 * thread. */
#include <check.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/epoch.h"
#include "base/memory.h"
#include "base/ring.h"
#include "net/late.h"
#include "net/tcp.h"
#include "net/udp.h"
#include "net/waiting.h"
#include "query/forward.h"
#include "query/rate.h"
#include "query/tally.h"

#define LINES 128			/* two lines: they are fetched so */
#define WORKERS 2
#define PIECES 32

struct piece {
	const char *what;
	uintptr_t first, last;		/* pairs of lines */
};

static struct piece pieces[WORKERS][PIECES];
static unsigned counts[WORKERS];

static void
add(unsigned worker, const char *what, const void *at)
{
	uintptr_t address = (uintptr_t)at;
	/* The block behind begins there, or its header does. */
	uintptr_t end = address + malloc_usable_size((void *)address);

	ck_assert_msg(address % LINES == 0, "%s: not on a line", what);
	ck_assert_uint_lt(counts[worker], PIECES);
	pieces[worker][counts[worker]++] = (struct piece){what,
	    address / LINES, (end - 1) / LINES};
}

struct made {
	struct epoch_reader *reader;
	struct waiting *waiting;
	struct rate *rate;
	struct ring *ring;
	struct event_base *base;
	struct late *late;
	struct udp_batch *batch;
	struct forward *forward;
	struct tcp *tcp;
	struct stats *stats;
	struct serving serving;
};

/* In the order of workers_start, as far as anybody outside can. */
static void
make(struct made *made, unsigned worker)
{
	const struct tcp_limits limits = {.connections_max = 10};
	const struct forward_settings forward = {.questions_max = 10,
	    .waiters_max = 10};

	made->stats = memory_own(sizeof *made->stats);
	add(worker, "stats", made->stats);
	made->base = event_base_new();
	made->reader = epoch_reader_new();
	add(worker, "epoch reader", made->reader);
	made->waiting = waiting_new(10);
	add(worker, "waiting", made->waiting);
	made->rate = rate_new();
	add(worker, "rate", made->rate);
	made->ring = ring_new(1024);
	add(worker, "ring", made->ring);
	made->batch = udp_batch_new();
	add(worker, "batch", made->batch);
	made->late = late_new(made->base, made->stats);
	add(worker, "late", made->late);
	made->serving.base = made->base;
	made->tcp = tcp_new(&made->serving, &limits);
	add(worker, "tcp", made->tcp);
	made->forward = forward_new(&forward);
	add(worker, "forward", made->forward);
}

static void
unmake(struct made *made)
{
	forward_free(made->forward);
	tcp_free(made->tcp);
	late_free(made->late);
	udp_batch_free(made->batch);
	ring_free(made->ring);
	rate_free(made->rate);
	waiting_free(made->waiting);
	epoch_reader_free(made->reader);
	event_base_free(made->base);
	free(made->stats);
}

START_TEST(workers_share_no_line)
{
	struct made made[WORKERS] = {0};

	for (unsigned i = 0; i < WORKERS; i++)
		make(&made[i], i);
	for (unsigned i = 0; i < counts[0]; i++)
		for (unsigned k = 0; k < counts[1]; k++) {
			const struct piece *a = &pieces[0][i];
			const struct piece *b = &pieces[1][k];

			ck_assert_msg(a->last < b->first ||
			    b->last < a->first, "%s and %s", a->what,
			    b->what);
		}
	for (unsigned i = 0; i < WORKERS; i++)
		unmake(&made[i]);
}
END_TEST

/* Many in a row, of any size. */
START_TEST(own_memory_shares_no_line)
{
	uint8_t *blocks[64];

	for (size_t i = 0; i < 64; i++) {
		blocks[i] = memory_own(1 + i * 7);
		ck_assert_uint_eq((uintptr_t)blocks[i] % LINES, 0);
		for (size_t k = 0; k < 1 + i * 7; k++)
			ck_assert_uint_eq(blocks[i][k], 0);
	}
	for (size_t i = 0; i < 64; i++)
		for (size_t k = 0; k < 64; k++)
			ck_assert(i == k || blocks[i] + i * 7 / LINES *
			    LINES + LINES <= blocks[k] ||
			    blocks[k] + k * 7 / LINES * LINES + LINES <=
			    blocks[i]);
	for (size_t i = 0; i < 64; i++)
		free(blocks[i]);
}
END_TEST

/* What lies within a worker's own structure keeps apart what others read from
 * it, too. */
START_TEST(counters_begin_on_lines)
{
	ck_assert_uint_eq(_Alignof(struct stats) % 64, 0);
	ck_assert_uint_eq(sizeof(struct stats) % 64, 0);
	ck_assert_uint_eq(_Alignof(struct tally) % 64, 0);
	ck_assert_uint_eq(sizeof(struct tally) % 64, 0);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("lines");
	Suite *suite = suite_create("lines");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, workers_share_no_line);
	tcase_add_test(tcase, own_memory_shares_no_line);
	tcase_add_test(tcase, counters_begin_on_lines);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
