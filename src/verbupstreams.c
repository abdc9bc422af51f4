/* SPDX-License-Identifier: BSD-2-Clause */
#include "verbupstreams.h"

#include "base/clock.h"

#define COUNTER_TEXT (ENDPOINT_TEXT + 32)

void
verbupstreams_get(struct verbupstreams *upstreams, struct workers *workers)
{
	upstreams->now_ms = clock_mono_ms();
	upstreams->workers = workers;
	upstreams->count = workers_upstreams(workers, upstreams->list,
	    VERBUPSTREAMS_MAX);
}

static const struct health_view *
find(const struct verbupstreams *upstreams, const struct endpoint *endpoint)
{
	for (unsigned i = 0; i < upstreams->count; i++)
		if (endpoint_equal(&upstreams->list[i].endpoint, endpoint))
			return &upstreams->list[i];
	return NULL;
}

static unsigned long long
figure(const struct health_view *view, unsigned which)
{
	return view->figure[which];
}

/* How long it is passed over yet; 0: it is asked. */
static int64_t
passed_over_ms(const struct verbupstreams *upstreams,
    const struct health_view *view)
{
	int64_t until_ms = (int64_t)view->figure[HEALTH_UNTIL_MS];

	return until_ms > upstreams->now_ms ? until_ms - upstreams->now_ms :
	    0;
}

static const char *
why_of(const struct health_view *view)
{
	return health_failure_name((enum health_failure)
	    view->figure[HEALTH_WHY]);
}

static void
print_one(const struct verbupstreams *upstreams,
    const struct health_view *view, FILE *out)
{
	int64_t ms = passed_over_ms(upstreams, view);

	if (view->figure[HEALTH_SRTT_US] != 0)
		fprintf(out, "%.1f ms, ", (double)view->figure[
		    HEALTH_SRTT_US] / 1000);
	fprintf(out, "%llu sent, %llu answered, %llu lost",
	    figure(view, HEALTH_SENT), figure(view, HEALTH_ANSWERED),
	    figure(view, HEALTH_LOST));
	for (unsigned i = 0; i < HEALTH_FAILURES; i++)
		if (view->figure[HEALTH_FAILED + i] != 0)
			fprintf(out, ", %llu %s",
			    figure(view, HEALTH_FAILED + i),
			    health_failure_name((enum health_failure)i));
	if (ms > 0)
		fprintf(out, "; passed over for %.1f s: %s",
		    (double)ms / 1000, why_of(view));
	fputc('\n', out);
}

void
verbupstreams_print(const struct verbupstreams *upstreams,
    const struct upstreams *to, FILE *out)
{
	char text[ENDPOINT_TEXT], words[TROUBLES_WORDS];

	for (unsigned i = 0; i < to->count; i++) {
		const struct endpoint *endpoint = &to->list[i].endpoint;
		const struct health_view *view = find(upstreams, endpoint);

		fprintf(out, "    %s: ", endpoint_print(endpoint, text));
		if (view)
			print_one(upstreams, view, out);
		else
			fputs("not asked yet\n", out);
		if (upstreams->workers && workers_trouble(upstreams->workers,
		    &to->list[i], words))
			fprintf(out, "      error: %s\n", words);
	}
}

static json_t *
make_failures(const struct health_view *view)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < HEALTH_FAILURES; i++)
		json_object_set_new(object,
		    health_failure_name((enum health_failure)i),
		    json_integer((json_int_t)view->figure[HEALTH_FAILED +
		    i]));
	return object;
}

json_t *
verbupstreams_make(const struct verbupstreams *upstreams)
{
	json_t *list = json_array(), *one;
	char text[ENDPOINT_TEXT];

	for (unsigned i = 0; i < upstreams->count; i++) {
		const struct health_view *view = &upstreams->list[i];
		int64_t ms = passed_over_ms(upstreams, view);

		one = json_pack("{s:s, s:I, s:I, s:I, s:o}",
		    "address", endpoint_print(&view->endpoint, text),
		    "sent", (json_int_t)view->figure[HEALTH_SENT],
		    "answered", (json_int_t)view->figure[HEALTH_ANSWERED],
		    "lost", (json_int_t)view->figure[HEALTH_LOST],
		    "failures", make_failures(view));
		if (view->figure[HEALTH_SRTT_US] != 0)
			json_object_set_new(one, "rtt-ms", json_real((double)
			    view->figure[HEALTH_SRTT_US] / 1000));
		if (ms > 0)
			json_object_set_new(one, "passed-over",
			    json_pack("{s:I, s:s}", "for-ms", (json_int_t)ms,
			    "why", why_of(view)));
		json_array_append_new(list, one);
	}
	return list;
}

json_t *
verbupstreams_make_troubles(const struct verbupstreams *upstreams,
    const struct upstreams *to)
{
	char text[UPSTREAM_TEXT], words[TROUBLES_WORDS];
	json_t *list = json_array();

	for (unsigned i = 0; i < to->count; i++)
		if (upstreams->workers && workers_trouble(upstreams->workers,
		    &to->list[i], words))
			json_array_append_new(list, json_pack("{s:s, s:s}",
			    "upstream", upstream_print(&to->list[i], text),
			    "error", words));
	return list;
}

/* ---- as counters ---- */

struct counter {
	const char *words;
	unsigned which;			/* enum health_figure */
};

static const struct counter counters[] = {
	{ "sent", HEALTH_SENT },
	{ "answered", HEALTH_ANSWERED },
	{ "lost", HEALTH_LOST },
	{ "rtt-us", HEALTH_SRTT_US },
};
#define PLAIN_COUNTERS (sizeof(counters) / sizeof(*counters))
#define COUNTERS (PLAIN_COUNTERS + HEALTH_FAILURES)

/* The i-th counter of an upstream: its name into text, its value. */
static unsigned long long
counter_at(const struct health_view *view, unsigned i,
    char text[COUNTER_TEXT])
{
	char address[ENDPOINT_TEXT];
	unsigned failure = i < PLAIN_COUNTERS ? 0 :
	    i - (unsigned)PLAIN_COUNTERS;

	endpoint_print(&view->endpoint, address);
	if (i < PLAIN_COUNTERS) {
		snprintf(text, COUNTER_TEXT, "upstream.%s.%s", address,
		    counters[i].words);
		return figure(view, counters[i].which);
	}
	snprintf(text, COUNTER_TEXT, "upstream.%s.failed.%s", address,
	    health_failure_name((enum health_failure)failure));
	return figure(view, HEALTH_FAILED + failure);
}

void
verbupstreams_print_stats(const struct verbupstreams *upstreams, FILE *out)
{
	char text[COUNTER_TEXT];
	unsigned long long value;

	for (unsigned i = 0; i < upstreams->count; i++)
		for (unsigned k = 0; k < COUNTERS; k++) {
			value = counter_at(&upstreams->list[i], k, text);
			fprintf(out, "%s %llu\n", text, value);
		}
}

void
verbupstreams_add_stats(const struct verbupstreams *upstreams,
    json_t *object)
{
	char text[COUNTER_TEXT];
	unsigned long long value;

	for (unsigned i = 0; i < upstreams->count; i++)
		for (unsigned k = 0; k < COUNTERS; k++) {
			value = counter_at(&upstreams->list[i], k, text);
			json_object_set_new(object, text,
			    json_integer((json_int_t)value));
		}
}
