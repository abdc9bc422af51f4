/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/metrics.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "serve/promtext.h"

#define METRIC_TEXT 96

#define LABELS(...) (&(struct promtext_labels){ \
	sizeof((struct promtext_label[]){__VA_ARGS__}) / \
	    sizeof(struct promtext_label), \
	(struct promtext_label[]){__VA_ARGS__}})

static uint64_t
read_count(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* ---- questions and answers ---- */

static void
print_requests(struct promtext *text, const struct tally *tally)
{
	static const char *const protos[TALLY_WAYS] = {
	    [TALLY_UDP4] = "udp", [TALLY_UDP6] = "udp",
	    [TALLY_TCP4] = "tcp", [TALLY_TCP6] = "tcp"};
	static const char *const families[TALLY_WAYS] = {
	    [TALLY_UDP4] = "1", [TALLY_UDP6] = "2",
	    [TALLY_TCP4] = "1", [TALLY_TCP6] = "2"};
	char type[TYPE_TEXT];

	promtext_family(text, "hostler_dns_requests_total", "counter",
	    "Questions, by protocol, family of the address (1: IPv4, 2: IPv6) "
	    "and type.");
	for (unsigned i = 0; i < TALLY_WAYS; i++)
		for (unsigned k = 0; k < TALLY_TYPES; k++)
			promtext_count(text, LABELS({"proto", protos[i]},
			    {"family", families[i]},
			    {"type", tally_type(k) ? type_print(tally_type(k),
				type) : "other"}),
			    read_count(&tally->requests[i][k]));
}

static bool
has_name(unsigned rcode)
{
	return rcode < TALLY_RCODES - 1 &&
	    strcmp(rcode_name(rcode), "RESERVED") != 0;
}

/* Of those with a name only what was seen has a line, but for NOERROR. */
static void
print_responses_of(struct promtext *text, const struct tally *tally,
    enum tally_source source)
{
	const char *word = tally_source_word(source);
	uint64_t others = 0, count;

	for (unsigned i = 0; i < TALLY_RCODES; i++) {
		count = read_count(&tally->responses[source][i]);
		if (!has_name(i))
			others += count;
		else if (count || i == RCODE_NOERROR)
			promtext_count(text, LABELS({"rcode", rcode_name(i)},
			    {"source", word}), count);
	}
	if (others)
		promtext_count(text, LABELS({"rcode", "other"},
		    {"source", word}), others);
}

static double
tally_bound_s(unsigned bucket)
{
	return (double)tally_bound_ns(bucket) / 1e9;
}

static void
print_durations(struct promtext *text, const struct tally *tally)
{
	uint64_t buckets[TALLY_BUCKETS];

	promtext_family(text, "hostler_dns_request_duration_seconds",
	    "histogram", "From a question's arrival until its answer was "
	    "sent, by the source of the answer.");
	for (unsigned i = 0; i < TALLY_SOURCES; i++) {
		for (unsigned k = 0; k < TALLY_BUCKETS; k++)
			buckets[k] = read_count(&tally->took[i][k]);
		promtext_histogram(text, LABELS({"source",
		    tally_source_word((enum tally_source)i)}),
		    &(struct promtext_histogram){
			.count = TALLY_BUCKETS, .buckets = buckets,
			.bound_s = tally_bound_s,
			.sum_s = (double)read_count(&tally->took_ns[i]) /
			    1e9});
	}
}

static void
print_tally(struct promtext *text, const struct tally *tally)
{
	print_requests(text, tally);
	promtext_family(text, "hostler_dns_responses_total", "counter",
	    "Answers, by rcode and source.");
	for (unsigned i = 0; i < TALLY_SOURCES; i++)
		print_responses_of(text, tally, (enum tally_source)i);
	print_durations(text, tally);
}

/* ---- upstreams ---- */

static double
health_bound_s(unsigned bucket)
{
	return (double)health_bound_ms(bucket) / 1e3;
}

static void
print_replies(struct promtext *text, const struct health_view *view,
    const char *to)
{
	for (unsigned i = 0; i < HEALTH_RCODES; i++) {
		uint64_t count = view->figure[HEALTH_RCODE + i];

		if (count || i == RCODE_NOERROR)
			promtext_count(text, LABELS({"to", to}, {"rcode",
			    i < HEALTH_RCODES - 1 ? rcode_name(i) : "other"}),
			    count);
	}
}

static void
print_reply_times(struct promtext *text, const struct health_view *view,
    const char *to)
{
	promtext_histogram(text, LABELS({"to", to}),
	    &(struct promtext_histogram){
		.count = HEALTH_BUCKETS,
		.buckets = &view->figure[HEALTH_TOOK],
		.bound_s = health_bound_s,
		.sum_s = (double)view->figure[HEALTH_TOOK_MS] / 1e3});
}

static void
print_sent(struct promtext *text, const struct health_view *view,
    const char *to)
{
	promtext_count(text, LABELS({"to", to}), view->figure[HEALTH_SENT]);
}

static void
print_lost(struct promtext *text, const struct health_view *view,
    const char *to)
{
	promtext_count(text, LABELS({"to", to}), view->figure[HEALTH_LOST]);
}

static void
print_failures(struct promtext *text, const struct health_view *view,
    const char *to)
{
	for (unsigned i = 0; i < HEALTH_FAILURES; i++)
		promtext_count(text, LABELS({"to", to}, {"reason",
		    health_failure_name((enum health_failure)i)}),
		    view->figure[HEALTH_FAILED + i]);
}

static void
print_upstreams(struct promtext *text, const struct metrics_input *input)
{
	static const struct {
		const char *name, *type, *help;
		void (*print)(struct promtext *text,
		    const struct health_view *view, const char *to);
	} families[] = {
	    {"hostler_forward_requests_total", "counter",
		"Replies of upstreams, by address and rcode.", print_replies},
	    {"hostler_forward_request_duration_seconds", "histogram",
		"From a question to an upstream until its reply.",
		print_reply_times},
	    {"hostler_forward_sent_total", "counter",
		"Questions that were sent to upstreams.", print_sent},
	    {"hostler_forward_lost_total", "counter",
		"Of those, the ones given up, or answered by another "
		"upstream before.", print_lost},
	    {"hostler_forward_failures_total", "counter",
		"What upstreams were passed over for.", print_failures},
	};
	char to[ENDPOINT_TEXT];

	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		promtext_family(text, families[i].name, families[i].type,
		    families[i].help);
		for (unsigned k = 0; k < input->upstream_count; k++)
			families[i].print(text, &input->upstreams[k],
			    endpoint_print(&input->upstreams[k].endpoint,
				to));
	}
}

/* ---- sources ---- */

static void
print_source(struct promtext *text, const struct facts_source *source,
    uint64_t value)
{
	promtext_count(text, LABELS({"file", source->file},
	    {source->view ? "view" : NULL, source->view}), value);
}

static void
print_sources(struct promtext *text, const struct facts *facts)
{
	promtext_family(text, "hostler_source_records", "gauge",
	    "Records that are served of a source.");
	for (size_t i = 0; i < facts->source_count; i++)
		print_source(text, &facts->sources[i],
		    facts->sources[i].records);
	promtext_family(text, "hostler_source_errors", "gauge",
	    "Errors in a source when it was read last.");
	for (size_t i = 0; i < facts->source_count; i++)
		print_source(text, &facts->sources[i],
		    facts->sources[i].errors);
	promtext_family(text, "hostler_source_warnings", "gauge",
	    "Warnings about a source when it was read last.");
	for (size_t i = 0; i < facts->source_count; i++)
		print_source(text, &facts->sources[i],
		    facts->sources[i].warnings);
	promtext_family(text, "hostler_source_last_success_timestamp_seconds",
	    "gauge", "When a source's content was last taken.");
	for (size_t i = 0; i < facts->source_count; i++)
		print_source(text, &facts->sources[i],
		    (uint64_t)facts->sources[i].good_s);
}

static void
print_reloads(struct promtext *text, const struct facts *facts)
{
	promtext_family(text, "hostler_reload_total", "counter",
	    "Readings of sources that had changed, and reloads; failure: "
	    "something was wrong.");
	promtext_count(text, LABELS({"result", "success"}),
	    facts->reloads - facts->failed_reloads);
	promtext_count(text, LABELS({"result", "failure"}),
	    facts->failed_reloads);
}

/* ---- single values ---- */

struct value {
	const char *name, *type, *help;
	double value;
};

static void
print_values(struct promtext *text, const struct value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		promtext_family(text, values[i].name, values[i].type,
		    values[i].help);
		promtext_real(text, NULL, values[i].value);
	}
}

static void
print_gauges(struct promtext *text, const struct metrics_input *input)
{
	const struct value values[] = {
	    {"hostler_cache_entries", "gauge", "Answers in the cache.",
		(double)input->cache.entries},
	    {"hostler_cache_bytes", "gauge", "Memory that the cache takes.",
		(double)input->cache.bytes},
	    {"hostler_cache_capacity_bytes", "gauge",
		"Memory that the cache may take.",
		(double)input->cache.budget},
	    {"hostler_names", "gauge", "Local names that are known.",
		(double)input->facts->names},
	    {"hostler_generation", "gauge",
		"Number of the data that is served; it grows with each change.",
		(double)input->facts->generation},
	};

	print_values(text, values, sizeof values / sizeof *values);
}

static void
print_process(struct promtext *text, const struct metrics_input *input)
{
	const struct value values[] = {
	    {"process_cpu_seconds_total", "counter",
		"Processor time of user and system.", input->process.cpu_s},
	    {"process_resident_memory_bytes", "gauge", "Resident memory.",
		(double)input->process.resident_bytes},
	    {"process_virtual_memory_bytes", "gauge", "Virtual memory.",
		(double)input->process.virtual_bytes},
	    {"process_open_fds", "gauge", "Open descriptors.",
		(double)input->process.open_files},
	    {"process_max_fds", "gauge", "Descriptors that may be open.",
		(double)input->process.files_max},
	    {"process_start_time_seconds", "gauge",
		"When the process was started, in Unix time.",
		(double)input->started_s},
	};

	print_values(text, values, sizeof values / sizeof *values);
}

/* cache.hits is hostler_cache_hits_total. */
static void
print_stats(struct promtext *text, const uint64_t stats[STAT_COUNT])
{
	char name[METRIC_TEXT], help[METRIC_TEXT];

	for (unsigned i = 0; i < STAT_COUNT; i++) {
		const char *words = stats_name((enum stats_counter)i);
		int length = snprintf(name, sizeof name, "hostler_%s_total",
		    words);

		assert(length < METRIC_TEXT);
		for (char *at = name; *at; at++)
			if (*at == '.' || *at == '-')
				*at = '_';
		snprintf(help, sizeof help, "The counter %s of hostlerctl "
		    "stats.", words);
		promtext_family(text, name, "counter", help);
		promtext_count(text, NULL, stats[i]);
	}
}

void
metrics_print(struct evbuffer *out, const struct metrics_input *input)
{
	struct promtext text = {.out = out};

	promtext_family(&text, "hostler_build_info", "gauge",
	    "Always 1; its labels say which hostler this is.");
	promtext_count(&text, LABELS({"version", HOSTLER_VERSION},
	    {"libevent", event_get_version()}), 1);
	print_tally(&text, input->tally);
	print_upstreams(&text, input);
	print_gauges(&text, input);
	print_reloads(&text, input->facts);
	print_sources(&text, input->facts);
	print_stats(&text, input->stats);
	print_process(&text, input);
}

/* ---- gathering ---- */

/* Too much for a stack. */
struct gathered {
	struct tally tally;
	uint64_t stats[STAT_COUNT];
	struct health_view upstreams[METRICS_UPSTREAMS_MAX];
};

static struct gathered *
gather(const struct metrics *metrics, struct metrics_input *input)
{
	struct gathered *all = memory_aligned(_Alignof(struct gathered),
	    sizeof *all);
	struct workers *workers = atomic_load_explicit(metrics->workers,
	    memory_order_acquire);

	memset(all, 0, sizeof *all);
	*input = (struct metrics_input){.tally = &all->tally,
	    .stats = all->stats, .upstreams = all->upstreams,
	    .cache = cache_usage(metrics->cache),
	    .started_s = metrics->started_s};
	if (workers) {
		workers_tally(workers, &all->tally);
		workers_stats(workers, all->stats);
		input->upstream_count = workers_upstreams(workers,
		    all->upstreams, METRICS_UPSTREAMS_MAX);
	}
	all->stats[STAT_CACHE_EVICTED] = input->cache.evicted;
	metrics->add_stats(metrics->context, all->stats);
	process_measure(&input->process);
	return all;
}

enum http_when
metrics_answer(void *context, struct http_request *request,
    struct http_answer *answer)
{
	struct metrics *metrics = context;
	struct metrics_input input;
	struct gathered *all = gather(metrics, &input);

	(void)request;
	input.facts = factsboard_take(metrics->board);
	answer->type = PROMTEXT_TYPE;
	metrics_print(answer->body, &input);
	factsboard_give_back(metrics->board, input.facts);
	free(all);
	return HTTP_NOW;
}
