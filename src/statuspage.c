/* SPDX-License-Identifier: BSD-2-Clause */
#include "statuspage.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "explain.h"
#include "jsontext.h"
#include "serve/history.h"
#include "serve/page.h"

#define LOOK_AGAIN_MS 100		/* until there are workers */

struct statuspage {
	struct tops *tops;
	_Atomic(struct workers *) workers;
	struct history *history;
	struct event *step;
	char policy[PAGE_POLICY_MAX];
};

static enum http_when
answer_json(struct http_answer *answer, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);

	answer->type = HTTP_JSON;
	evbuffer_add(answer->body, text, strlen(text));
	free(text);
	json_decref(value);
	return HTTP_NOW;
}

static enum http_when
refuse(struct http_answer *answer, const char *what)
{
	answer->status = 400;
	evbuffer_add_printf(answer->body, "%s\n", what);
	return HTTP_NOW;
}

/* ---- the page ---- */

static enum http_when
show_page(void *context, struct http_request *request,
    struct http_answer *answer)
{
	struct statuspage *page = context;

	(void)request;
	answer->type = HTTP_HTML;
	answer->policy = page->policy;
	evbuffer_add_reference(answer->body, page_data, page_data_size, NULL,
	    NULL);
	return HTTP_NOW;
}

/* ---- the last hour ---- */

static void
take_sample(struct statuspage *page, struct workers *workers)
{
	struct health_view views[HEALTH_UPSTREAMS];
	static const struct tally nothing;
	struct tally tally;

	memcpy(&tally, &nothing, sizeof tally);
	workers_tally(workers, &tally);
	history_take(page->history, &(struct history_sample){
	    .at_s = clock_wall_s(),
	    .mono_ms = clock_mono_ms(),
	    .tally = &tally,
	    .upstreams = views,
	    .upstream_count = workers_upstreams(workers, views,
		HEALTH_UPSTREAMS),
	});
}

static void
on_step(evutil_socket_t fd, short what, void *context)
{
	struct statuspage *page = context;
	struct workers *workers = atomic_load(&page->workers);
	struct timeval step = {.tv_sec = HISTORY_STEP_S};
	struct timeval soon = {.tv_usec = LOOK_AGAIN_MS * 1000};

	(void)fd;
	(void)what;
	if (workers)
		take_sample(page, workers);
	event_add(page->step, workers ? &step : &soon);
}

static json_t *
make_numbers(const uint32_t *numbers, unsigned count)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < count; i++)
		json_array_append_new(list, json_integer(numbers[i]));
	return list;
}

static json_t *
make_times(const struct history_point *point)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < HISTORY_GROUPS; i++)
		json_array_append_new(list, make_numbers(point->took[i],
		    TALLY_BUCKETS));
	return list;
}

/* Of those that were asked, or are known to be quick: place, sent, lost, RTT,
 * passed over or not. */
static json_t *
make_upstreams(const struct history_point *point)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < HISTORY_UPSTREAMS; i++) {
		const struct history_upstream *one = &point->upstreams[i];

		if (one->sent || one->lost || one->srtt_us)
			json_array_append_new(list, json_pack("[i,I,I,I,b]",
			    (int)i, (json_int_t)one->sent,
			    (json_int_t)one->lost,
			    (json_int_t)one->srtt_us,
			    (int)one->passed_over));
	}
	return list;
}

static json_t *
make_point(const struct history_point *point)
{
	return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:o}",
	    "number", (json_int_t)point->number,
	    "at", (json_int_t)point->at_s,
	    "span", (json_int_t)point->span_ms,
	    "answers", make_numbers(point->answers, TALLY_SOURCES),
	    "rcodes", make_numbers(point->rcodes, HISTORY_RCODES),
	    "took", make_times(point),
	    "upstreams", make_upstreams(point));
}

static json_t *
make_points(const struct history *history, uint64_t after)
{
	uint64_t newest = history_newest(history), first = after + 1;
	json_t *list = json_array();

	if (newest > HISTORY_POINTS && first <= newest - HISTORY_POINTS)
		first = newest - HISTORY_POINTS + 1;
	for (uint64_t i = first; i <= newest; i++)
		json_array_append_new(list,
		    make_point(history_point(history, i)));
	return list;
}

static json_t *
make_bounds(void)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < TALLY_BUCKETS - 1; i++)
		json_array_append_new(list,
		    json_integer(tally_bound_ns(i) / 1000));
	return list;
}

static json_t *
make_places(const struct history *history)
{
	json_t *list = json_array();
	char text[ENDPOINT_TEXT];

	for (unsigned i = 0; i < HISTORY_UPSTREAMS; i++) {
		const struct endpoint *endpoint = history_upstream(history, i);

		if (endpoint)
			json_array_append_new(list, json_pack("{s:i, s:s}",
			    "place", (int)i,
			    "name", endpoint_print(endpoint, text)));
	}
	return list;
}

/* False: it is no number. */
static bool
read_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0';
}

static enum http_when
show_history(void *context, struct http_request *request,
    struct http_answer *answer)
{
	static const char *const known[] = {"after", NULL};
	struct statuspage *page = context;
	const char *text = http_parameter(request, "after");
	uint64_t after = 0;

	if (http_stray_parameter(request, known))
		return refuse(answer, "the one parameter here is `after`");
	if (text && (!read_number(text, &after) || after > INT64_MAX))
		return refuse(answer, "`after` is the number of a point");
	return answer_json(answer, json_pack("{s:I, s:i, s:o, s:o, s:o}",
	    "newest", (json_int_t)history_newest(page->history),
	    "step", HISTORY_STEP_S,
	    "bounds_us", make_bounds(),
	    "upstreams", make_places(page->history),
	    "points", make_points(page->history, after)));
}

/* ---- most asked ---- */

static json_t *
print_name(const uint8_t *wire)
{
	char text[IDNA_TEXT];

	return jsontext_make(explain_name(wire, text));
}

static json_t *
make_name(const struct toplist_row *row)
{
	return json_pack("{s:o, s:I}", "name", print_name(row->key),
	    "count", (json_int_t)row->count);
}

static json_t *
make_failed(const struct toplist_row *row)
{
	return json_pack("{s:o, s:s, s:I}",
	    "name", print_name(row->key + 2),
	    "rcode", rcode_name(wire_get16(row->key)),
	    "count", (json_int_t)row->count);
}

static json_t *
make_client(const struct toplist_row *row)
{
	struct addr addr = {.family = row->length == 16 ? 6 : 4};
	char text[ADDR_TEXT];

	memcpy(addr.bytes, row->key, row->length);
	return json_pack("{s:s, s:I}", "address", addr_print(&addr, text),
	    "count", (json_int_t)row->count);
}

static json_t *
make_top(struct tops *tops, enum tops_kind kind,
    json_t *(*make)(const struct toplist_row *row))
{
	struct toplist_row rows[TOPS_ROWS];
	unsigned count = tops_read(tops, kind, clock_mono_ms() / 1000, rows);
	json_t *list = json_array();

	for (unsigned i = 0; i < count; i++)
		json_array_append_new(list, make(&rows[i]));
	return list;
}

static enum http_when
show_tops(void *context, struct http_request *request,
    struct http_answer *answer)
{
	struct tops *tops = ((struct statuspage *)context)->tops;

	(void)request;
	return answer_json(answer, json_pack("{s:o, s:o, s:o}",
	    "names", make_top(tops, TOPS_NAMES, make_name),
	    "failed", make_top(tops, TOPS_FAILED, make_failed),
	    "clients", make_top(tops, TOPS_CLIENTS, make_client)));
}

/* ---- main's side ---- */

struct statuspage *
statuspage_new(struct http *http, struct tops *tops)
{
	struct statuspage *page = memory_zeroed(1, sizeof *page);
	struct timeval soon = {.tv_usec = LOOK_AGAIN_MS * 1000};

	page->tops = tops;
	page->history = history_new();
	page_policy(page->policy);
	http_add_path(http, "/", show_page, page);
	http_add_path(http, "/api/history", show_history, page);
	http_add_path(http, "/api/tops", show_tops, page);
	page->step = event_new(http_base(http), -1, 0, on_step, page);
	event_add(page->step, &soon);
	return page;
}

void
statuspage_set_workers(struct statuspage *page, struct workers *workers)
{
	atomic_store(&page->workers, workers);
}

void
statuspage_free(struct statuspage *page)
{
	if (!page)
		return;
	event_free(page->step);
	history_free(page->history);
	free(page);
}
