/* SPDX-License-Identifier: BSD-2-Clause */
#include "web.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/loop.h"
#include "serve/http.h"
#include "serve/httpsocket.h"
#include "serve/liveness.h"
#include "serve/metrics.h"
#include "serve/verbcall.h"
#include "sourcefacts.h"
#include "statuspage.h"

#define BEAT_MS 1000
#define BIND_AGAIN_MS 2000
#define NAMES_FIXED 3			/* host, its first label, in `domain` */

/* An address that is served, or will be once there is somebody to do it. */
struct place {
	struct endpoint endpoint;
	int fd;				/* -1: http has it */
	int socket;			/* whoever has it */
};

struct web {
	struct place *places;
	size_t place_count;
	struct diags *diags;		/* of those that are not bound */
	char *told;			/* as they were printed last */
	struct given *given;		/* NULL: none */
	struct http *http;		/* NULL: never needed yet */
	struct statuspage *page;	/* with it */
	struct verbcall *calls;		/* and this */
	struct web_settings settings;
	struct workers *workers;	/* NULL: not yet */
	struct factsboard board;
	uint64_t reloads, failed_reloads;
	struct liveness liveness;
	struct metrics metrics;
	struct event *beat, *again;
};

struct web *
web_new(void)
{
	struct web *web = memory_zeroed(1, sizeof *web);

	web->diags = diags_new();
	web->metrics.started_s = clock_wall_s();
	factsboard_init(&web->board);
	return web;
}

void
web_free(struct web *web)
{
	if (!web)
		return;
	for (size_t i = 0; i < web->place_count; i++)
		if (web->places[i].fd >= 0)
			close(web->places[i].fd);
	free(web->places);
	diags_free(web->diags);
	free(web->told);
	verbcall_free(web->calls);
	statuspage_free(web->page);
	http_free(web->http);
	factsboard_fini(&web->board);
	free(web);
}

const struct diags *
web_diags(const struct web *web)
{
	return web->diags;
}

const struct endpoint *
web_endpoint(const struct web *web, size_t index)
{
	return index < web->place_count ? &web->places[index].endpoint : NULL;
}

int
web_socket(const struct web *web, size_t index)
{
	return web->places[index].socket;
}

void
web_give(struct web *web, struct given *given)
{
	web->given = given;
}

/* ---- addresses ---- */

static bool
is_bound(const struct web *web, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < web->place_count; i++)
		if (endpoint_equal(&web->places[i].endpoint, endpoint))
			return true;
	return false;
}

static bool
is_wanted(const struct conf *conf, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < conf->http_listen_count; i++)
		if (endpoint_equal(&conf->http_listen[i].endpoint, endpoint))
			return true;
	return false;
}

static void
drop_unwanted(struct web *web, const struct conf *conf)
{
	size_t kept = 0;

	for (size_t i = 0; i < web->place_count; i++) {
		struct place *place = &web->places[i];

		if (is_wanted(conf, &place->endpoint)) {
			web->places[kept++] = *place;
			continue;
		}
		if (place->fd >= 0)
			close(place->fd);
		else
			http_unlisten(web->http, &place->endpoint);
	}
	web->place_count = kept;
}

static int
open_socket(const struct web *web, const struct endpoint *endpoint)
{
	int fd;

	if (web->given && given_take(web->given, endpoint, GIVEN_TCP, &fd, 1))
		return fd;
	return httpsocket_open(endpoint, web->diags);
}

/* True: some address is served now that was not before. */
static bool
bind_wanted(struct web *web, const struct conf *conf)
{
	bool bound = false;

	diags_free(web->diags);
	web->diags = diags_new();
	for (size_t i = 0; i < conf->http_listen_count; i++) {
		const struct endpoint *endpoint =
		    &conf->http_listen[i].endpoint;
		int fd = is_bound(web, endpoint) ? -1
		    : open_socket(web, endpoint);

		if (fd < 0)
			continue;
		web->places = memory_resize(web->places, web->place_count + 1,
		    sizeof *web->places);
		web->places[web->place_count++] = (struct place){
		    .endpoint = *endpoint, .fd = fd, .socket = fd};
		bound = true;
	}
	return bound;
}

/* The same faults are printed once. */
static void
print_diags(struct web *web)
{
	char *text;
	size_t length;
	FILE *stream = memory_stream(&text, &length);
	bool same;

	diags_print(web->diags, stream, DIAG_PLAIN);
	memory_stream_close(stream);
	same = web->told && strcmp(text, web->told) == 0;
	free(web->told);
	web->told = text;
	if (!same)
		diags_print(web->diags, log_stream(),
		    diags_colour(stderr));
}

void
web_bind(struct web *web, const struct conf *conf)
{
	drop_unwanted(web, conf);
	bind_wanted(web, conf);
	print_diags(web);
}

/* ---- names ---- */

/* This machine's name as people type it, and as it stands in `domain`. */
static size_t
make_names(const struct conf *conf, char *names[NAMES_FIXED])
{
	char host[256] = "", domain[DNAME_TEXT_MAX];
	size_t count = 0;

	if (gethostname(host, sizeof host - 1) != 0 || !*host)
		return 0;
	names[count++] = memory_string(host);
	host[strcspn(host, ".")] = '\0';
	names[count++] = memory_string(host);
	if (conf->top.has_domain)
		names[count++] = memory_format("%s.%s", host,
		    dname_print(conf->top.domain.wire, domain));
	return count;
}

static void
tell_names(struct web *web, const struct conf *conf)
{
	char *fixed[NAMES_FIXED];
	size_t count = make_names(conf, fixed);
	const char **all = memory_zeroed(count + conf->http_name_count,
	    sizeof *all);

	for (size_t i = 0; i < count; i++)
		all[i] = fixed[i];
	for (size_t i = 0; i < conf->http_name_count; i++)
		all[count + i] = conf->http_names[i];
	http_set_names(web->http, all, count + conf->http_name_count);
	for (size_t i = 0; i < count; i++)
		free(fixed[i]);
	free(all);
}

/* ---- the server ---- */

/* Only what shows something: nothing that changes it, nor takes long.  More
 * names than these at once are for hostlerctl. */
static const struct verbcall_path api_paths[] = {
    {.path = "/api/status", .verb = "status"},
    {.path = "/api/stats", .verb = "stats"},
    {.path = "/api/explain", .verb = "explain", .parameters = {
	{.name = "name", .otherwise = "."},
	{.name = "type"},
	{.name = "from", .before = "from"},
	{.name = "to", .before = "to"}}},
    {.path = "/api/names", .verb = "names", .parameters = {
	{.name = "pattern"},
	{.name = "limit", .before = "--limit", .otherwise = "100",
	    .max = 1000},
	{.name = "offset", .before = "--offset", .otherwise = "0",
	    .max = 99000}}},
    {.path = NULL},
};

static void
add_paths(struct web *web)
{
	http_add_path(web->http, "/health", liveness_answer, &web->liveness);
	http_add_path(web->http, "/ready", liveness_answer_ready, &web->board);
	http_add_path(web->http, "/metrics", metrics_answer, &web->metrics);
	web->calls = verbcall_new(&(struct verbcall_settings){
	    .base = web->settings.base, .http = web->http,
	    .paths = api_paths, .verbs = web->settings.verbs,
	    .context = web->settings.verbs_context});
	web->page = statuspage_new(web->http, web->settings.tops);
	statuspage_set_workers(web->page, web->workers);
}

static void
hand_over(struct web *web)
{
	char text[ENDPOINT_TEXT];

	for (size_t i = 0; i < web->place_count; i++) {
		struct place *place = &web->places[i];

		if (place->fd < 0)
			continue;
		http_listen(web->http, &place->endpoint, place->fd);
		place->fd = -1;
		log_info("HTTP at %s",
		    endpoint_print(&place->endpoint, text));
	}
}

static void
serve(struct web *web)
{
	if (!web->http && web->place_count == 0)
		return;
	if (!web->http) {
		web->http = http_new();
		add_paths(web);
		http_start(web->http);
	}
	tell_names(web, reload_conf(web->settings.reload));
	hand_over(web);
}

static void
on_beat(evutil_socket_t fd, short what, void *context)
{
	struct web *web = context;

	(void)fd;
	(void)what;
	liveness_beat(&web->liveness);
}

static void
bind_again_later(struct web *web)
{
	if (diags_count(web->diags, DIAG_ERROR) > 0)
		loop_timer_set(web->again, BIND_AGAIN_MS);
}

static void
on_again(evutil_socket_t fd, short what, void *context)
{
	struct web *web = context;

	(void)fd;
	(void)what;
	if (bind_wanted(web, reload_conf(web->settings.reload)))
		serve(web);
	print_diags(web);
	bind_again_later(web);
}

/* What the log counts are atomics: any thread may read them. */
static void
add_stats(void *context, uint64_t stats[STAT_COUNT])
{
	taps_stats(context, stats);
}

void
web_start(struct web *web, const struct web_settings *settings)
{
	web->settings = *settings;
	web->metrics.workers = &web->liveness.workers;
	web->metrics.cache = settings->cache;
	web->metrics.board = &web->board;
	web->metrics.add_stats = add_stats;
	web->metrics.context = settings->taps;
	web->beat = loop_every(settings->base, BEAT_MS, on_beat, web);
	web->again = loop_timer(settings->base, on_again, web);
	serve(web);
	bind_again_later(web);
}

void
web_set_workers(struct web *web, struct workers *workers)
{
	web->workers = workers;
	if (web->page)
		statuspage_set_workers(web->page, workers);
	atomic_store_explicit(&web->liveness.workers, workers,
	    memory_order_release);
}

static void
pin_facts(struct web *web, enum web_reading reading)
{
	struct facts *facts = sourcefacts_make(web->settings.reload);

	web->reloads += reading != WEB_NO_RELOAD;
	web->failed_reloads += reading == WEB_RELOAD_FAILED;
	facts->reloads = web->reloads;
	facts->failed_reloads = web->failed_reloads;
	factsboard_pin(&web->board, facts);
}

void
web_settle(struct web *web, enum web_reading reading)
{
	pin_facts(web, reading);
	web_bind(web, reload_conf(web->settings.reload));
	serve(web);
	bind_again_later(web);
}

void
web_stop(struct web *web)
{
	if (web->http)
		http_stop(web->http);
	loop_forget(web->beat);
	loop_forget(web->again);
}
