/* SPDX-License-Identifier: BSD-2-Clause */
/* check_metrics.c - the text that Prometheus reads: escaping, histograms, each
 * family from given counters; the board that facts hang on. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "serve/metrics.h"
#include "serve/promtext.h"

/* What was written, as a string to be freed. */
static char *
text_of(struct evbuffer *out)
{
	size_t length = evbuffer_get_length(out);
	char *text = memory_zeroed(length + 1, 1);

	evbuffer_remove(out, text, length);
	evbuffer_free(out);
	return text;
}

static void
check_value(const char *value, const char *wanted)
{
	struct promtext text = {.out = evbuffer_new(), .name = "m"};
	const struct promtext_label label = {"file", value};
	char *got, *line = memory_format("m{file=\"%s\"} 1\n", wanted);

	promtext_count(&text, &(struct promtext_labels){1, &label}, 1);
	got = text_of(text.out);
	ck_assert_str_eq(got, line);
	free(line);
	free(got);
}

START_TEST(values_are_escaped)
{
	char longer[1001], *wanted = memory_zeroed(2001, 1);

	check_value("", "");
	check_value("/etc/hosts", "/etc/hosts");
	check_value("a\"b\\c\nd", "a\\\"b\\\\c\\nd");
	check_value("\xff\x01 \xc3\xa9", "?? \xc3\xa9");
	memset(longer, '"', 1000);
	longer[1000] = '\0';
	for (unsigned i = 0; i < 1000; i++)
		memcpy(wanted + 2 * i, "\\\"", 2);
	check_value(longer, wanted);
	free(wanted);
}
END_TEST

static double
bound_of(unsigned bucket)
{
	return bucket ? 2.5 : 0.00001;
}

START_TEST(histograms_are_added_up)
{
	static const uint64_t buckets[] = {3, 0, 4};
	const struct promtext_label label = {"to", "a"};
	struct promtext text = {.out = evbuffer_new()};
	char *got;

	promtext_family(&text, "h", "histogram", "Help.");
	promtext_histogram(&text, &(struct promtext_labels){1, &label},
	    &(struct promtext_histogram){.count = 3, .buckets = buckets,
		.bound_s = bound_of, .sum_s = 0.125});
	promtext_histogram(&text, NULL,
	    &(struct promtext_histogram){.count = 1, .buckets = buckets});
	got = text_of(text.out);
	ck_assert_str_eq(got,
	    "# HELP h Help.\n"
	    "# TYPE h histogram\n"
	    "h_bucket{to=\"a\",le=\"1e-05\"} 3\n"
	    "h_bucket{to=\"a\",le=\"2.5\"} 3\n"
	    "h_bucket{to=\"a\",le=\"+Inf\"} 7\n"
	    "h_sum{to=\"a\"} 0.125\n"
	    "h_count{to=\"a\"} 7\n"
	    "h_bucket{le=\"+Inf\"} 3\n"
	    "h_sum 0\n"
	    "h_count 3\n");
	free(got);
}
END_TEST

/* ---- the page ---- */

static struct facts *
make_facts(void)
{
	struct facts *facts = facts_new();
	struct facts_source *source = facts_add_source(facts);

	source->file = memory_string("zones/\"a\".zone");
	source->records = 7;
	source->errors = 1;
	source->good_s = 1700000000;
	source = facts_add_source(facts);
	source->file = memory_string("zones/\"a\".zone");
	source->view = memory_string("tenant");
	source->records = 8;
	facts->reloads = 5;
	facts->failed_reloads = 2;
	facts->names = 11;
	return facts;
}

static struct health_view
make_upstream(void)
{
	struct health_view view = {.endpoint = {.port = 53,
	    .addr = {.family = 4, .bytes = {192, 0, 2, 1}}}};

	view.figure[HEALTH_SENT] = 9;
	view.figure[HEALTH_LOST] = 2;
	view.figure[HEALTH_RCODE + RCODE_NXDOMAIN] = 4;
	view.figure[HEALTH_RCODE + HEALTH_RCODES - 1] = 3;
	view.figure[HEALTH_TOOK] = 4;
	view.figure[HEALTH_TOOK + HEALTH_BUCKETS - 1] = 3;
	view.figure[HEALTH_TOOK_MS] = 1500;
	view.figure[HEALTH_FAILED + HEALTH_SILENT] = 1;
	return view;
}

static char *
print_page(void)
{
	static struct tally tally;
	static uint64_t stats[STAT_COUNT];
	struct health_view upstream = make_upstream();
	struct factsboard board;
	struct metrics_input input = {.tally = &tally, .stats = stats,
	    .upstreams = &upstream, .upstream_count = 1,
	    .cache = {.entries = 3, .bytes = 4096, .budget = 8192},
	    .process = {.open_files = 12}, .started_s = 1700000001};
	struct evbuffer *out = evbuffer_new();

	memset(&tally, 0, sizeof tally);
	tally_request(&tally, TALLY_UDP6, TYPE_AAAA);
	tally_request(&tally, TALLY_TCP4, 12345);
	tally_response(&tally, TALLY_HOSTS, RCODE_NOERROR);
	tally_response(&tally, TALLY_ERROR, 12);
	tally_response(&tally, TALLY_ERROR, 99);
	tally_took(&tally, TALLY_HOSTS, 1, 20000);
	stats[STAT_CACHE_HITS] = 42;
	factsboard_init(&board);
	factsboard_pin(&board, make_facts());
	input.facts = factsboard_take(&board);
	metrics_print(out, &input);
	factsboard_give_back(&board, input.facts);
	factsboard_fini(&board);
	return text_of(out);
}

START_TEST(every_counter_has_its_line)
{
	static const char *const lines[] = {
	    "hostler_build_info{version=\"" HOSTLER_VERSION "\",libevent=",
	    "hostler_dns_requests_total{proto=\"udp\",family=\"2\","
		"type=\"AAAA\"} 1\n",
	    "hostler_dns_requests_total{proto=\"tcp\",family=\"1\","
		"type=\"other\"} 1\n",
	    "hostler_dns_requests_total{proto=\"udp\",family=\"1\","
		"type=\"A\"} 0\n",
	    "hostler_dns_responses_total{rcode=\"NOERROR\","
		"source=\"hosts\"} 1\n",
	    "hostler_dns_responses_total{rcode=\"other\","
		"source=\"error\"} 2\n",
	    "hostler_dns_request_duration_seconds_bucket{source=\"hosts\","
		"le=\"1e-05\"} 0\n",
	    "hostler_dns_request_duration_seconds_bucket{source=\"hosts\","
		"le=\"2.5e-05\"} 1\n",
	    "hostler_dns_request_duration_seconds_sum{source=\"hosts\"} "
		"2e-05\n",
	    "hostler_dns_request_duration_seconds_count{source=\"hosts\"} "
		"1\n",
	    "hostler_forward_requests_total{to=\"192.0.2.1@53\","
		"rcode=\"NXDOMAIN\"} 4\n",
	    "hostler_forward_requests_total{to=\"192.0.2.1@53\","
		"rcode=\"other\"} 3\n",
	    "hostler_forward_request_duration_seconds_bucket{"
		"to=\"192.0.2.1@53\",le=\"0.001\"} 4\n",
	    "hostler_forward_request_duration_seconds_bucket{"
		"to=\"192.0.2.1@53\",le=\"+Inf\"} 7\n",
	    "hostler_forward_request_duration_seconds_sum{"
		"to=\"192.0.2.1@53\"} 1.5\n",
	    "hostler_forward_sent_total{to=\"192.0.2.1@53\"} 9\n",
	    "hostler_forward_lost_total{to=\"192.0.2.1@53\"} 2\n",
	    "hostler_forward_failures_total{to=\"192.0.2.1@53\","
		"reason=\"silent\"} 1\n",
	    "hostler_cache_entries 3\n",
	    "hostler_cache_hits_total 42\n",
	    "hostler_cache_misses_total 0\n",
	    "hostler_reload_total{result=\"success\"} 3\n",
	    "hostler_reload_total{result=\"failure\"} 2\n",
	    "hostler_source_records{file=\"zones/\\\"a\\\".zone\"} 7\n",
	    "hostler_source_records{file=\"zones/\\\"a\\\".zone\","
		"view=\"tenant\"} 8\n",
	    "hostler_source_errors{file=\"zones/\\\"a\\\".zone\"} 1\n",
	    "hostler_source_last_success_timestamp_seconds{"
		"file=\"zones/\\\"a\\\".zone\"} 1700000000\n",
	    "hostler_names 11\n",
	    "process_open_fds 12\n",
	    "process_start_time_seconds 1700000001\n",
	};
	char *page = print_page();

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		ck_assert_msg(strstr(page, lines[i]) != NULL,
		    "no line %s in\n%s", lines[i], page);
	free(page);
}
END_TEST

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A series twice, or a family begun twice, makes Prometheus refuse the whole
 * page. */
START_TEST(nothing_is_there_twice)
{
	char *page = print_page(), *rest = NULL;
	char *lines[4096];
	size_t count = 0;

	for (char *line = strtok_r(page, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		ck_assert_uint_lt(count, 4096);
		*strrchr(line, ' ') = '\0';
		lines[count++] = line;
	}
	qsort(lines, count, sizeof *lines, compare_lines);
	for (size_t i = 1; i < count; i++)
		ck_assert_msg(strncmp(lines[i], "# HELP", 6) == 0 ||
		    strcmp(lines[i - 1], lines[i]) != 0, "twice: %s",
		    lines[i]);
	ck_assert_uint_gt(count, 300);
	free(page);
}
END_TEST

START_TEST(facts_last_while_they_are_held)
{
	struct factsboard board;
	const struct facts *empty, *first, *second;

	factsboard_init(&board);
	empty = factsboard_take(&board);
	ck_assert(!empty->loaded);
	ck_assert_uint_eq(empty->source_count, 0);
	factsboard_pin(&board, make_facts());
	first = factsboard_take(&board);
	factsboard_pin(&board, make_facts());
	second = factsboard_take(&board);
	ck_assert_ptr_ne(first, second);
	ck_assert_str_eq(first->sources[1].view, "tenant");
	ck_assert_str_eq(empty->missing, "");
	factsboard_give_back(&board, first);
	factsboard_give_back(&board, empty);
	factsboard_give_back(&board, second);
	factsboard_fini(&board);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("metrics");
	TCase *tc = tcase_create("metrics");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, values_are_escaped);
	tcase_add_test(tc, histograms_are_added_up);
	tcase_add_test(tc, every_counter_has_its_line);
	tcase_add_test(tc, nothing_is_there_twice);
	tcase_add_test(tc, facts_last_while_they_are_held);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
