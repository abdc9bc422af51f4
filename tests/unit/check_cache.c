/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/cache.h"

#include <check.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/epoch.h"
#include "craft.h"

#define NOW 1000000
#define MEG ((size_t)1 << 20)

static struct forward_question
question_of(unsigned i)
{
	char name[64];

	snprintf(name, sizeof(name), "host%u.zone%u.test.", i, i % 7);
	return craft_question(name, TYPE_A, 1, CRAFT_PLAIN);
}

static struct answer *
answer_for(const struct forward_question *q, int64_t ttl_ms)
{
	struct answer *answer = answer_new_failure(q, EDE_OTHER, NOW);

	ck_assert_ptr_nonnull(answer);
	answer->expires_ms = NOW + ttl_ms;
	return answer;
}

static void
put(struct cache *cache, const struct forward_question *q, int64_t ttl_ms)
{
	struct answer *answer = answer_for(q, ttl_ms);

	cache_put(cache, answer, NOW);
	answer_release(answer);
}

/* What has not expired. */
static const struct answer *
find(struct cache *cache, const struct forward_question *q, int64_t now_ms)
{
	enum cache_state state;
	const struct answer *found = cache_find(cache, q, now_ms, &state);

	return found != NULL && state < CACHE_STALE ? found : NULL;
}

START_TEST(found_until_it_expires)
{
	struct cache *cache = cache_new(MEG);
	struct forward_question q = question_of(1);
	const struct answer *found;

	ck_assert_ptr_null(find(cache, &q, NOW));
	put(cache, &q, 5000);
	cache_prefetch(cache, q.hash);
	cache_prefetch_answer(cache, q.hash);
	found = find(cache, &q, NOW + 4999);
	ck_assert_ptr_nonnull(found);
	ck_assert(answer_fits(found, &q));
	ck_assert_ptr_null(find(cache, &q, NOW + 5000));
	cache_free(cache);
}
END_TEST

START_TEST(only_what_was_asked)
{
	struct cache *cache = cache_new(MEG);
	struct forward_question q = question_of(1), other;
	struct hash_key key = { 1, 2 };

	put(cache, &q, 5000);
	other = q;
	other.type = TYPE_AAAA;
	ck_assert_ptr_null(find(cache, &other, NOW));
	other = q;
	other.dnssec_ok = true;
	ck_assert_ptr_null(find(cache, &other, NOW));
	other = q;
	other.checking_disabled = true;
	ck_assert_ptr_null(find(cache, &other, NOW));
	other = q;
	other.to.id++;
	ck_assert_ptr_null(find(cache, &other, NOW));
	ck_assert_uint_ne(answer_hash(&key, &other), q.hash);
	other = question_of(2);
	other.hash = q.hash;
	ck_assert_ptr_null(find(cache, &other, NOW));
	cache_free(cache);
}
END_TEST

START_TEST(a_new_answer_takes_the_place)
{
	struct cache *cache = cache_new(MEG);
	struct forward_question q = question_of(1);

	put(cache, &q, 5000);
	put(cache, &q, 9000);
	ck_assert_uint_eq(cache_usage(cache).entries, 1);
	ck_assert_uint_eq(cache_usage(cache).evicted, 0);
	ck_assert_int_eq(find(cache, &q, NOW)->expires_ms, NOW + 9000);
	cache_free(cache);
}
END_TEST

/* No failure: what an upstream said. */
static void
put_good(struct cache *cache, const struct forward_question *q,
    int64_t now_ms, int64_t ttl_ms)
{
	struct answer *answer = answer_for(q, 0);

	answer->rcode = RCODE_NOERROR;
	answer->ede = EDE_NONE;
	answer->stored_ms = now_ms;
	answer->expires_ms = now_ms + ttl_ms;
	cache_put(cache, answer, now_ms);
	answer_release(answer);
}

static void
put_failure(struct cache *cache, const struct forward_question *q,
    int64_t now_ms)
{
	struct answer *answer = answer_new_failure(q, EDE_OTHER, now_ms);

	ck_assert_ptr_nonnull(answer);
	cache_put(cache, answer, now_ms);
	answer_release(answer);
}

START_TEST(what_has_expired_is_of_use_for_a_while)
{
	struct cache *cache = cache_new(MEG);
	struct forward_question q = question_of(1);
	enum cache_state state = CACHE_STALE_FAILED;

	put_good(cache, &q, NOW, 5000);
	ck_assert_ptr_nonnull(cache_find(cache, &q, NOW + 4999, &state));
	ck_assert_int_eq(state, CACHE_FRESH);
	ck_assert_ptr_null(cache_find(cache, &q, NOW + 5000, &state));
	cache_set_stale(cache, 60000);
	ck_assert_ptr_nonnull(cache_find(cache, &q, NOW + 5000, &state));
	ck_assert_int_eq(state, CACHE_STALE);
	ck_assert_ptr_nonnull(cache_find(cache, &q, NOW + 64999, &state));
	ck_assert_ptr_null(cache_find(cache, &q, NOW + 65000, &state));
	cache_postpone(cache, &q, NOW + 9000);
	cache_postpone(cache, &q, NOW + 8000);
	ck_assert_ptr_nonnull(cache_find(cache, &q, NOW + 8999, &state));
	ck_assert_int_eq(state, CACHE_STALE_FAILED);
	ck_assert_ptr_nonnull(cache_find(cache, &q, NOW + 9000, &state));
	ck_assert_int_eq(state, CACHE_STALE);
	/* A failure never is. */
	put(cache, &q, 5000);
	cache_flush_all(cache);
	put(cache, &q, 5000);
	ck_assert_ptr_null(cache_find(cache, &q, NOW + 5000, &state));
	cache_free(cache);
}
END_TEST

START_TEST(what_is_used_is_due_before_its_end)
{
	struct cache *cache = cache_new(MEG);
	struct forward_question q = question_of(1), brief = question_of(2);
	enum cache_state state = CACHE_STALE;

	put_good(cache, &q, NOW, 10000);
	put_good(cache, &brief, NOW, 9999);
	/* The first use is none before. */
	ck_assert_ptr_nonnull(cache_find(cache, &q, NOW + 9000, &state));
	ck_assert_int_eq(state, CACHE_FRESH);
	ck_assert_ptr_nonnull(cache_find(cache, &q, NOW + 8999, &state));
	ck_assert_int_eq(state, CACHE_FRESH);
	ck_assert_ptr_nonnull(cache_find(cache, &q, NOW + 9000, &state));
	ck_assert_int_eq(state, CACHE_DUE);
	ck_assert_ptr_nonnull(cache_find(cache, &q, NOW + 9999, &state));
	ck_assert_int_eq(state, CACHE_DUE);
	(void)cache_find(cache, &brief, NOW, &state);
	ck_assert_ptr_nonnull(cache_find(cache, &brief, NOW + 9998, &state));
	ck_assert_int_eq(state, CACHE_FRESH);
	/* One asks; with the next answer one again. */
	ck_assert(cache_claim(cache, &q));
	ck_assert(!cache_claim(cache, &q));
	put_good(cache, &q, NOW + 9000, 10000);
	ck_assert(cache_claim(cache, &q));
	q = question_of(3);
	ck_assert(!cache_claim(cache, &q));
	cache_free(cache);
}
END_TEST

START_TEST(a_failure_takes_no_good_answers_place)
{
	struct cache *cache = cache_new(MEG);
	struct forward_question q = question_of(1);
	enum cache_state state;

	cache_set_stale(cache, 60000);
	put_good(cache, &q, NOW, 5000);
	put_failure(cache, &q, NOW + 4000);
	ck_assert_int_eq(find(cache, &q, NOW + 4000)->rcode, RCODE_NOERROR);
	put_failure(cache, &q, NOW + 20000);
	ck_assert_int_eq(cache_find(cache, &q, NOW + 20000, &state)->rcode,
	    RCODE_NOERROR);
	ck_assert_int_eq(state, CACHE_STALE_FAILED);
	ck_assert_ptr_nonnull(cache_find(cache, &q, NOW + 20000 +
	    CACHE_FAILURE_MAX_MS, &state));
	ck_assert_int_eq(state, CACHE_STALE);
	put_failure(cache, &q, NOW + 65000);
	ck_assert_int_eq(find(cache, &q, NOW + 65000)->rcode, RCODE_SERVFAIL);
	/* And a good one takes that of a failure. */
	put_good(cache, &q, NOW + 65001, 5000);
	ck_assert_int_eq(find(cache, &q, NOW + 65001)->rcode, RCODE_NOERROR);
	/* One that may not be kept ends what was kept before. */
	put_good(cache, &q, NOW + 66000, 0);
	ck_assert_ptr_null(cache_find(cache, &q, NOW + 66000, &state));
	ck_assert_uint_eq(cache_usage(cache).entries, 0);
	cache_free(cache);
}
END_TEST

START_TEST(failures_in_a_row_last_longer)
{
	static const int64_t lasts_ms[] = { 1000, 2000, 4000, 5000, 5000 };
	struct cache *cache = cache_new(MEG);
	struct forward_question q = question_of(1), other = question_of(2);
	int64_t now_ms = NOW;

	for (unsigned i = 0; i < 5; i++) {
		put_failure(cache, &q, now_ms);
		ck_assert_ptr_nonnull(find(cache, &q, now_ms + lasts_ms[i] -
		    1));
		now_ms += lasts_ms[i];
		ck_assert_ptr_null(find(cache, &q, now_ms));
	}
	put_failure(cache, &other, now_ms);
	ck_assert_ptr_null(find(cache, &other, now_ms + 1000));
	/* Long after the last one it is a first one again. */
	now_ms += 10000;
	put_failure(cache, &q, now_ms);
	ck_assert_ptr_null(find(cache, &q, now_ms + 1000));
	cache_free(cache);
}
END_TEST

START_TEST(what_has_expired_goes_first)
{
	struct cache *cache = cache_new(MEG);
	struct forward_question q;
	enum cache_state state;
	unsigned fresh = 0, expired = 0;

	cache_set_stale(cache, 60000);
	for (unsigned i = 0; i < 1000; i++) {
		q = question_of(i);
		put_good(cache, &q, NOW - 5000, i % 2 ? 1000 : 60000);
		/* Used, all of them. */
		(void)cache_find(cache, &q, NOW - 5000, &state);
	}
	for (unsigned i = 1000; i < 6000; i++) {
		q = question_of(i);
		put_good(cache, &q, NOW, 60000);
	}
	ck_assert_uint_gt(cache_usage(cache).evicted, 500);
	for (unsigned i = 0; i < 1000; i++) {
		q = question_of(i);
		if (cache_find(cache, &q, NOW, &state) == NULL)
			continue;
		fresh += state < CACHE_STALE;
		expired += state >= CACHE_STALE;
	}
	/* Where the hand went by, those that expired are gone. */
	ck_assert_uint_gt(fresh, 450);
	ck_assert_uint_lt(expired, 350);
	cache_free(cache);
}
END_TEST

START_TEST(what_has_expired_is_not_kept)
{
	struct cache *cache = cache_new(MEG);
	struct forward_question q = question_of(1);
	struct answer *answer = answer_for(&q, 5000);

	put(cache, &q, 0);
	ck_assert_uint_eq(cache_usage(cache).entries, 0);
	cache_put(cache, answer, NOW);
	cache_put(cache, answer, NOW);
	ck_assert_uint_eq(cache_usage(cache).entries, 1);
	ck_assert_uint_eq(atomic_load(&answer->references), 2);
	cache_free(cache);
	ck_assert_uint_eq(atomic_load(&answer->references), 1);
	answer_release(answer);
}
END_TEST

START_TEST(without_a_budget_nothing_is_kept)
{
	struct cache *cache = cache_new(0);
	struct forward_question q = question_of(1);

	put(cache, &q, 5000);
	cache_prefetch(cache, q.hash);
	cache_prefetch_answer(cache, q.hash);
	ck_assert_ptr_null(find(cache, &q, NOW));
	ck_assert_uint_eq(cache_usage(cache).entries, 0);
	ck_assert_uint_eq(cache_flush_all(cache), 0);
	cache_free(cache);
}
END_TEST

static size_t
allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

START_TEST(the_budget_holds)
{
	static const size_t budgets[] = { 64 << 10, MEG, 4 * MEG };
	struct cache_usage usage;
	struct forward_question q;
	struct cache *cache;
	size_t before;

	for (unsigned b = 0; b < 3; b++) {
		before = allocated();
		cache = cache_new(budgets[b]);
		for (unsigned i = 0; i < 60000; i++) {
			q = question_of(i);
			put(cache, &q, 5000);
			if (i % 1000 != 0)
				continue;
			usage = cache_usage(cache);
			ck_assert_uint_le(usage.bytes, budgets[b]);
		}
		usage = cache_usage(cache);
		ck_assert_uint_gt(usage.evicted, 0);
		ck_assert_uint_eq(usage.entries + usage.evicted, 60000);
		/* Most of it is used, and no more is taken from malloc. */
		ck_assert_uint_gt(usage.bytes, budgets[b] / 10 * 7);
		ck_assert_uint_le(allocated(), before + budgets[b]);
		cache_free(cache);
	}
}
END_TEST

START_TEST(what_is_used_stays)
{
	struct cache *cache = cache_new(MEG);
	struct forward_question q;
	unsigned lost = 0;

	for (unsigned i = 0; i < 200; i++) {
		q = question_of(i);
		put(cache, &q, 5000);
	}
	for (unsigned i = 200; i < 40000; i++) {
		if (i % 10 == 0) {
			q = question_of(i / 10 % 200);
			(void)find(cache, &q, NOW);
		}
		q = question_of(i);
		put(cache, &q, 5000);
	}
	for (unsigned i = 0; i < 200; i++) {
		q = question_of(i);
		lost += find(cache, &q, NOW) == NULL;
	}
	/* First come, first gone would have lost them all. */
	ck_assert_uint_le(lost, 4);
	cache_free(cache);
}
END_TEST

START_TEST(readers_keep_what_they_see)
{
	struct cache *cache = cache_new(MEG);
	struct epoch_reader *reader = epoch_reader_new();
	struct forward_question seen = question_of(1), q;
	const struct answer *found;

	put(cache, &seen, 5000);
	epoch_online(reader);
	found = find(cache, &seen, NOW);
	for (unsigned i = 2; i < 30000; i++) {
		q = question_of(i);
		put(cache, &q, 5000);
	}
	ck_assert_uint_le(cache_usage(cache).bytes, MEG);
	ck_assert_uint_gt(cache_flush_all(cache), 0);
	ck_assert_uint_le(cache_usage(cache).bytes, MEG);
	ck_assert(answer_fits(found, &seen));
	/* So much is held that nothing new is kept. */
	put(cache, &seen, 5000);
	ck_assert_uint_eq(cache_usage(cache).entries, 0);
	epoch_offline(reader);
	ck_assert_uint_lt(cache_usage(cache).bytes, MEG / 10);
	put(cache, &seen, 5000);
	ck_assert_uint_eq(cache_usage(cache).entries, 1);
	epoch_reader_free(reader);
	cache_free(cache);
}
END_TEST

START_TEST(flushing)
{
	struct cache *cache = cache_new(4 * MEG);
	struct dname name = dname_from("host8.zone1.test.");
	struct dname zone = dname_from("zone1.test.");
	struct forward_question q = question_of(8);

	for (unsigned i = 0; i < 70; i++) {
		struct forward_question each = question_of(i);

		put(cache, &each, 5000);
		each.type = TYPE_MX;
		each.hash = answer_hash(&(struct hash_key){ 1, 2 }, &each);
		put(cache, &each, 5000);
	}
	ck_assert_uint_eq(cache_usage(cache).entries, 140);
	ck_assert_uint_eq(cache_flush_name(cache, name.wire), 2);
	ck_assert_ptr_null(find(cache, &q, NOW));
	ck_assert_uint_eq(cache_flush_zone(cache, zone.wire), 18);
	ck_assert_uint_eq(cache_flush_all(cache), 120);
	ck_assert_uint_eq(cache_usage(cache).entries, 0);
	cache_free(cache);
}
END_TEST

#define THREAD_ROUNDS 3000
#define THREAD_NAMES 400

struct party {
	struct cache *cache;
	unsigned seed;
	unsigned hits, wrong;
};

static void *
read_much(void *arg)
{
	struct party *party = arg;
	struct epoch_reader *reader = epoch_reader_new();
	const struct answer *found;
	struct forward_question q;

	for (unsigned i = 0; i < THREAD_ROUNDS; i++) {
		epoch_online(reader);
		for (unsigned k = 0; k < 4; k++) {
			q = question_of((i * 4 + k + party->seed) %
			    THREAD_NAMES);
			found = find(party->cache, &q, NOW);
			party->hits += found != NULL;
			(void)cache_claim(party->cache, &q);
			cache_postpone(party->cache, &q, NOW + i);
			cache_prefetch_answer(party->cache, q.hash);
			party->wrong += found != NULL &&
			    (!answer_fits(found, &q) ||
			    found->rcode != RCODE_SERVFAIL);
		}
		epoch_offline(reader);
	}
	epoch_reader_free(reader);
	return NULL;
}

static void *
write_much(void *arg)
{
	struct party *party = arg;
	struct forward_question q;

	for (unsigned i = 0; i < THREAD_ROUNDS * 2; i++) {
		q = question_of((i + party->seed) % THREAD_NAMES);
		if (i % 3 == 0)
			put_good(party->cache, &q, NOW - 1000, 500);
		put(party->cache, &q, 5000);
		cache_set_stale(party->cache, i % 5000);
		/* Never as the last act: readers that run later would find
		 * nothing. */
		if (i % 1000 == 499)
			cache_flush_all(party->cache);
	}
	return NULL;
}

START_TEST(many_threads)
{
	/* So small that the names do not all fit. */
	struct cache *cache = cache_new(64 << 10);
	struct party parties[4];
	pthread_t threads[4];
	unsigned hits = 0;

	/* Readers that are done before a writer began find these. */
	for (unsigned i = 0; i < THREAD_NAMES; i++) {
		struct forward_question q = question_of(i);

		put(cache, &q, 5000);
	}
	for (unsigned i = 0; i < 4; i++) {
		parties[i] = (struct party){ cache, i * 37, 0, 0 };
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		    i < 2 ? read_much : write_much, &parties[i]), 0);
	}
	for (unsigned i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_uint_eq(parties[i].wrong, 0);
		hits += parties[i].hits;
	}
	ck_assert_uint_gt(hits, 0);
	ck_assert_uint_le(cache_usage(cache).bytes, 64 << 10);
	cache_free(cache);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cache");
	TCase *tc = tcase_create("cache");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, found_until_it_expires);
	tcase_add_test(tc, only_what_was_asked);
	tcase_add_test(tc, a_new_answer_takes_the_place);
	tcase_add_test(tc, what_has_expired_is_not_kept);
	tcase_add_test(tc, what_has_expired_is_of_use_for_a_while);
	tcase_add_test(tc, what_has_expired_goes_first);
	tcase_add_test(tc, a_failure_takes_no_good_answers_place);
	tcase_add_test(tc, what_is_used_is_due_before_its_end);
	tcase_add_test(tc, failures_in_a_row_last_longer);
	tcase_add_test(tc, without_a_budget_nothing_is_kept);
	tcase_add_test(tc, the_budget_holds);
	tcase_add_test(tc, what_is_used_stays);
	tcase_add_test(tc, readers_keep_what_they_see);
	tcase_add_test(tc, flushing);
	tcase_add_test(tc, many_threads);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
