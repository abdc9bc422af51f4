/* SPDX-License-Identifier: BSD-2-Clause */
/* What the status page shows of the past: most frequent things, when a name was
 * asked, the last hour. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/history.h"
#include "serve/tops.h"

static struct toplist_row rows[TOPS_ROWS];

/* ---- most frequent ---- */

static void
add_text(struct toplist *list, const char *text, uint64_t count)
{
	toplist_add(list, text, strlen(text), count);
}

static void
expect_row(unsigned at, const char *text, uint64_t count)
{
	ck_assert_uint_eq(rows[at].length, strlen(text));
	ck_assert_mem_eq(rows[at].key, text, strlen(text));
	ck_assert_uint_eq(rows[at].count, count);
}

START_TEST(toplist_is_in_order)
{
	struct toplist *list = toplist_new(8);

	ck_assert_uint_eq(toplist_read(list, rows, 16), 0);
	add_text(list, "b", 5);
	add_text(list, "a", 7);
	add_text(list, "c", 1);
	add_text(list, "b", 5);
	ck_assert_uint_eq(toplist_read(list, rows, 16), 3);
	expect_row(0, "b", 10);
	expect_row(1, "a", 7);
	expect_row(2, "c", 1);
	ck_assert_uint_eq(toplist_read(list, rows, 2), 2);
	expect_row(0, "b", 10);
	expect_row(1, "a", 7);
	toplist_free(list);
}
END_TEST

/* Whatever is more than an eighth of all is there, however many others come,
 * and its count is right within its error. */
START_TEST(toplist_keeps_the_frequent)
{
	struct toplist *list = toplist_new(8);
	unsigned count;
	char text[16];

	for (unsigned i = 0; i < 10000; i++) {
		snprintf(text, sizeof text, "once%u", i);
		add_text(list, text, 1);
		if (i % 3 == 0)
			add_text(list, "often", 1);
	}
	count = toplist_read(list, rows, 16);
	ck_assert_uint_eq(count, 8);
	ck_assert_mem_eq(rows[0].key, "often", 5);
	ck_assert_uint_ge(rows[0].count, 3334);
	ck_assert_uint_le(rows[0].count - rows[0].error, 3334);
	toplist_free(list);
}
END_TEST

START_TEST(toplist_fades)
{
	struct toplist *list = toplist_new(4);

	add_text(list, "a", 9);
	add_text(list, "b", 1);
	toplist_fade(list);
	ck_assert_uint_eq(toplist_read(list, rows, 16), 1);
	expect_row(0, "a", 4);
	add_text(list, "b", 3);
	add_text(list, "a", 1);
	ck_assert_uint_eq(toplist_read(list, rows, 16), 2);
	expect_row(0, "a", 5);
	expect_row(1, "b", 3);
	toplist_free(list);
}
END_TEST

/* ---- sightings ---- */

static int64_t now_s;			/* when the last one was seen */

struct seen {
	const char *name;		/* wire format, without the root */
	unsigned rcode;
	uint32_t weight;
	uint8_t client;			/* 10.0.0.CLIENT */
	int64_t at_s;
};

static void
show(struct tops *tops, const struct seen *seen)
{
	size_t length = seen->name ? strlen(seen->name) + 1 : 0;
	struct sighting *note = calloc(1, sizeof *note + length);

	now_s = seen->at_s;
	note->done_ns = seen->at_s * 1000000000;
	note->weight = seen->weight;
	note->rcode = (uint16_t)seen->rcode;
	note->client.family = 4;
	note->client.bytes[0] = 10;
	note->client.bytes[3] = seen->client;
	note->name_length = (uint8_t)length;
	if (length)
		memcpy(note->name, seen->name, length);
	tops_see(tops, note, note->done_ns);
	free(note);
}

START_TEST(tops_tell_names_failures_and_clients)
{
	struct tops *tops = tops_new();

	show(tops, &(struct seen){"\3wEb\3lab", 0, 4, 7, 100});
	show(tops, &(struct seen){"\3web\3lab", 0, 1, 8, 101});
	show(tops, &(struct seen){"\3wbe\3lab", 3, 2, 8, 102});
	show(tops, &(struct seen){NULL, 1, 1, 9, 103});
	show(tops, &(struct seen){"\4none\3lab", 3, 0, 9, 103});
	ck_assert_uint_eq(tops_read(tops, TOPS_NAMES, now_s, rows), 2);
	ck_assert_uint_eq(rows[0].count, 5);
	ck_assert_uint_eq(rows[0].length, 9);
	ck_assert_mem_eq(rows[0].key, "\3web\3lab", 9);
	ck_assert_uint_eq(tops_read(tops, TOPS_FAILED, now_s, rows), 1);
	ck_assert_uint_eq(rows[0].count, 2);
	ck_assert_mem_eq(rows[0].key, "\0\3\3wbe\3lab", 11);
	ck_assert_uint_eq(tops_read(tops, TOPS_CLIENTS, now_s, rows), 3);
	ck_assert_uint_eq(rows[0].length, 4);
	ck_assert_uint_eq(rows[0].count, 4);
	ck_assert_uint_eq(rows[0].key[3], 7);
	ck_assert_int_eq(tops_asked_s(tops, (const uint8_t *)"\3web\3lab"),
	    101);
	ck_assert_int_eq(tops_asked_s(tops, (const uint8_t *)"\2db\3lab"), 0);
	ck_assert_int_eq(tops_asked_s(tops, (const uint8_t *)"\4none\3lab"),
	    0);
	tops_free(tops);
}
END_TEST

START_TEST(tops_fade_with_time)
{
	struct tops *tops = tops_new();

	show(tops, &(struct seen){"\1a", 0, 8, 1, TOPS_FADE_S});
	show(tops, &(struct seen){"\1a", 0, 1, 1, 2 * TOPS_FADE_S - 1});
	ck_assert_uint_eq(tops_read(tops, TOPS_NAMES, now_s, rows), 1);
	ck_assert_uint_eq(rows[0].count, 9);
	show(tops, &(struct seen){"\1a", 0, 1, 1, 2 * TOPS_FADE_S});
	tops_read(tops, TOPS_NAMES, now_s, rows);
	ck_assert_uint_eq(rows[0].count, 5);
	/* Nobody asked for long: what was is no more what is. */
	now_s += 2 * TOPS_FADE_S;
	tops_read(tops, TOPS_NAMES, now_s, rows);
	ck_assert_uint_eq(rows[0].count, 1);
	now_s += 1000 * TOPS_FADE_S;
	ck_assert_uint_eq(tops_read(tops, TOPS_NAMES, now_s, rows), 0);
	tops_free(tops);
}
END_TEST

/* A million names pass; those asked last are known, and nothing grows. */
START_TEST(tops_remember_the_latest)
{
	struct tops *tops = tops_new();
	unsigned known = 0;
	char name[16];

	for (unsigned i = 0; i < 200000; i++) {
		snprintf(name, sizeof name, "\6%06u", i);
		show(tops, &(struct seen){name, 0, 1, 1, 1 + i});
	}
	for (unsigned i = 199000; i < 200000; i++) {
		snprintf(name, sizeof name, "\6%06u", i);
		known += tops_asked_s(tops, (const uint8_t *)name) == 1 + i;
	}
	ck_assert_uint_ge(known, 990);
	tops_free(tops);
}
END_TEST

/* ---- the last hour ---- */

static struct tally tally;

static void
take(struct history *history, unsigned turn, const struct health_view *view)
{
	history_take(history, &(struct history_sample){
	    .at_s = 1000 + turn * HISTORY_STEP_S,
	    .mono_ms = 1 + turn * HISTORY_STEP_S * 1000,
	    .tally = &tally,
	    .upstreams = view,
	    .upstream_count = view ? 1 : 0,
	});
}

START_TEST(history_has_what_came_since)
{
	struct history *history = history_new();
	const struct history_point *point;

	tally_response(&tally, TALLY_HOSTS, RCODE_NOERROR);
	take(history, 0, NULL);
	ck_assert_uint_eq(history_newest(history), 0);
	ck_assert_ptr_null(history_point(history, 0));
	tally_response(&tally, TALLY_HOSTS, RCODE_NOERROR);
	tally_response(&tally, TALLY_CACHE, RCODE_NXDOMAIN);
	tally_took(&tally, TALLY_CACHE, 2, tally_bound_ns(3));
	take(history, 1, NULL);
	point = history_point(history, 1);
	ck_assert_ptr_nonnull(point);
	ck_assert_int_eq(point->at_s, 1005);
	ck_assert_uint_eq(point->span_ms, 5000);
	ck_assert_uint_eq(point->answers[TALLY_HOSTS], 1);
	ck_assert_uint_eq(point->answers[TALLY_CACHE], 1);
	ck_assert_uint_eq(point->rcodes[HISTORY_NOERROR], 1);
	ck_assert_uint_eq(point->rcodes[HISTORY_NXDOMAIN], 1);
	ck_assert_uint_eq(point->took[HISTORY_CACHE][3], 2);
	take(history, 2, NULL);
	point = history_point(history, 2);
	ck_assert_uint_eq(point->answers[TALLY_HOSTS], 0);
	history_free(history);
	history_free(NULL);
}
END_TEST

START_TEST(history_forgets_after_an_hour)
{
	struct history *history = history_new();

	for (unsigned i = 0; i <= HISTORY_POINTS + 1; i++)
		take(history, i, NULL);
	ck_assert_uint_eq(history_newest(history), HISTORY_POINTS + 1);
	ck_assert_ptr_null(history_point(history, 1));
	ck_assert_uint_eq(history_point(history, 2)->number, 2);
	ck_assert_ptr_null(history_point(history, HISTORY_POINTS + 2));
	history_free(history);
}
END_TEST

static struct health_view
view_of(unsigned port, uint64_t sent)
{
	struct health_view view = {.endpoint = {.addr = {.family = 4},
	    .port = (uint16_t)port}};

	view.figure[HEALTH_SENT] = sent;
	view.figure[HEALTH_SRTT_US] = 1500;
	return view;
}

START_TEST(history_follows_upstreams)
{
	struct history *history = history_new();
	struct health_view view = view_of(53, 10);

	take(history, 0, NULL);
	take(history, 1, &view);
	view = view_of(53, 14);
	take(history, 2, &view);
	ck_assert_uint_eq(history_point(history, 2)->upstreams[0].sent, 4);
	ck_assert_uint_eq(history_point(history, 2)->upstreams[0].srtt_us,
	    1500);
	ck_assert_uint_eq(history_upstream(history, 0)->port, 53);
	ck_assert_ptr_null(history_upstream(history, 1));
	/* Forgotten and asked anew. */
	view = view_of(53, 3);
	take(history, 3, &view);
	ck_assert_uint_eq(history_point(history, 3)->upstreams[0].sent, 3);
	history_free(history);
}
END_TEST

START_TEST(history_gives_places_anew)
{
	struct history *history = history_new();
	struct health_view view;

	for (unsigned i = 0; i <= HISTORY_UPSTREAMS + 1; i++) {
		view = view_of(100 + i, 1);
		take(history, i, &view);
	}
	ck_assert_uint_eq(history_upstream(history, 0)->port,
	    100 + HISTORY_UPSTREAMS + 1);
	ck_assert_uint_eq(history_point(history, 1)->upstreams[0].sent, 0);
	ck_assert_uint_eq(history_point(history, 2)->upstreams[1].sent, 1);
	history_free(history);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("status lists");
	TCase *tcase = tcase_create("lists");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, toplist_is_in_order);
	tcase_add_test(tcase, toplist_keeps_the_frequent);
	tcase_add_test(tcase, toplist_fades);
	tcase_add_test(tcase, tops_tell_names_failures_and_clients);
	tcase_add_test(tcase, tops_fade_with_time);
	tcase_add_test(tcase, tops_remember_the_latest);
	tcase_add_test(tcase, history_has_what_came_since);
	tcase_add_test(tcase, history_forgets_after_an_hour);
	tcase_add_test(tcase, history_follows_upstreams);
	tcase_add_test(tcase, history_gives_places_anew);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
