/* SPDX-License-Identifier: BSD-2-Clause */
#include "verbs.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "jsontext.h"
#include "sourcefacts.h"
#include "verblisteners.h"
#include "verbrights.h"
#include "verbupstreams.h"

static const char *const state_words[] = {
    [LOAD_GOOD] = "good",
    [LOAD_FAULTY] = "some lines are bad, the others count",
    [LOAD_KEPT] = "broken, last good content in use",
    [LOAD_MISSING] = "missing",
    [LOAD_REFUSED] = "refused, another file gives this zone",
};

static bool
is_degraded(const struct verbs_context *context)
{
	return sourcefacts_is_degraded(context->reload) ||
	    diags_count(listeners_diags(reload_listeners(context->reload)),
		DIAG_ERROR) > 0 ||
	    diags_count(web_diags(context->web), DIAG_ERROR) > 0;
}

/* All that is wrong at present: of the configuration, of each source, of all
 * names together. */
static void
print_diags(struct verbs_context *context, FILE *out)
{
	diags_print(reload_conf_diags(context->reload), out, DIAG_PLAIN);
	diags_print(listeners_diags(reload_listeners(context->reload)), out,
	    DIAG_PLAIN);
	diags_print(reload_route_diags(context->reload), out, DIAG_PLAIN);
	diags_print(web_diags(context->web), out, DIAG_PLAIN);
	realms_print_diags(reload_realms(context->reload), out, DIAG_PLAIN);
	diags_print(refresh_warnings(context->refresh), out, DIAG_PLAIN);
}

/* ---- status as text ---- */

static void
print_span(int64_t seconds, FILE *out)
{
	if (seconds >= 86400)
		fprintf(out, "%lldd ", (long long)(seconds / 86400));
	if (seconds >= 3600)
		fprintf(out, "%lldh ", (long long)(seconds / 3600 % 24));
	if (seconds >= 60)
		fprintf(out, "%lldm ", (long long)(seconds / 60 % 60));
	fprintf(out, "%llds", (long long)(seconds % 60));
}

static void
print_http(const struct web *web, FILE *out)
{
	const struct endpoint *endpoint;
	char text[ENDPOINT_TEXT];

	for (size_t i = 0; (endpoint = web_endpoint(web, i)) != NULL; i++)
		fprintf(out, "%s%s", i ? ", " : "http: ",
		    endpoint_print(endpoint, text));
	if (web_endpoint(web, 0))
		fputc('\n', out);
}

static const char *
kind_word(enum source_kind kind)
{
	static const char *const words[] = {
	    [SOURCE_NONE] = "", [SOURCE_ZONE] = "zone",
	    [SOURCE_HOSTS] = "hosts", [SOURCE_LEASE] = "leases"};

	return words[kind];
}

static void
print_source(const struct load_source *source, FILE *out)
{
	fprintf(out, "  %-6s %s: %s", kind_word(source->spec.kind),
	    source->path, source->half_s ? "half-written, waiting for the rest"
					 : state_words[source->state]);
	if (source->content)
		fprintf(out, ", %u records", source->content->record_count);
	fputc('\n', out);
}

static void
print_view_routes(const struct view *view,
    const struct verbupstreams *upstreams, FILE *out)
{
	char name[DNAME_TEXT_MAX], text[UPSTREAM_TEXT];

	for (unsigned i = 0; i < view->route_count; i++) {
		const struct route *route = &view->routes[i];

		fprintf(out, "  %s", dname_print(route->zone.wire, name));
		for (unsigned k = 0; k < route->to.count; k++)
			fprintf(out, " %s",
			    upstream_print(&route->to.list[k], text));
		fputs(route->to.count ? "\n" : ": error: no upstream at "
		    "present\n", out);
		verbupstreams_print(upstreams, &route->to, out);
	}
	if (view->route_count == 0)
		fputs("  none: an isolated network\n", out);
}

static const struct view *
view_at(const struct reload *reload, size_t realm)
{
	const struct policy *policy = reload_policy(reload);

	return realm ? &policy->views[realm - 1] : &policy->top;
}

static void
print_realm(const struct reload *reload, size_t at,
    const struct verbupstreams *upstreams, FILE *out)
{
	const struct realm *realm = reload_realms(reload)->list[at];

	if (realm->name)
		fprintf(out, "view %s%s:\n", realm->name,
		    view_at(reload, at)->inherit ? " (inherits)" : "");
	fputs("sources:\n", out);
	for (size_t i = 0; i < realm->load->count; i++)
		print_source(realm->load->sources[i], out);
	fputs("upstreams:\n", out);
	print_view_routes(view_at(reload, at), upstreams, out);
}

static void
print_status_text(struct verbs_context *context, FILE *out)
{
	const struct reload *reload = context->reload;
	struct cache_usage usage = cache_usage(context->cache);
	struct verbupstreams upstreams;

	verbupstreams_get(&upstreams, context->workers);
	fprintf(out, "hostler %s, %s, up ", HOSTLER_VERSION,
	    is_degraded(context) ? "degraded" : "ready");
	print_span((clock_mono_ms() - context->started_ms) / 1000, out);
	fprintf(out, "\ngeneration %llu, %zu names\n",
	    (unsigned long long)reload_generation(reload),
	    reload_name_count(reload));
	verblisteners_print(reload_listeners(reload), out);
	print_http(context->web, out);
	verbrights_print(context->confinement, out);
	for (size_t i = 0; i < reload_realms(reload)->count; i++)
		print_realm(reload, i, &upstreams, out);
	fprintf(out, "cache: %zu answers, %zu of %zu KB\n", usage.entries,
	    usage.bytes >> 10, usage.budget >> 10);
	print_diags(context, out);
}

/* ---- status as JSON ---- */

static json_t *
make_sources(const struct load *load)
{
	static const char *const states[] = {
	    [LOAD_GOOD] = "good", [LOAD_FAULTY] = "faulty",
	    [LOAD_KEPT] = "kept",
	    [LOAD_MISSING] = "missing",
	    [LOAD_REFUSED] = "refused"};
	json_t *list = json_array();

	for (size_t i = 0; i < load->count; i++) {
		const struct load_source *source = load->sources[i];

		json_array_append_new(list, json_pack(
		    "{s:s, s:o, s:s, s:I, s:I, s:i, s:i}",
		    "kind", kind_word(source->spec.kind),
		    "path", jsontext_make(source->path),
		    "state", states[source->state],
		    "records", (json_int_t)(source->content
			? source->content->record_count : 0),
		    "last-success", (json_int_t)source->good_s,
		    "errors", (int)diags_count(source->diags, DIAG_ERROR),
		    "warnings", (int)diags_count(source->diags,
			DIAG_WARNING)));
	}
	return list;
}

static json_t *
make_routes(const struct view *view, const struct verbupstreams *upstreams)
{
	char name[DNAME_TEXT_MAX], text[UPSTREAM_TEXT];
	json_t *list = json_array(), *to, *entry;

	for (unsigned i = 0; i < view->route_count; i++) {
		const struct route *route = &view->routes[i];

		to = json_array();
		for (unsigned k = 0; k < route->to.count; k++)
			json_array_append_new(to, json_string(upstream_print(
			    &route->to.list[k], text)));
		entry = json_pack("{s:s, s:o, s:o}", "zone",
		    dname_print(route->zone.wire, name), "to", to, "troubles",
		    verbupstreams_make_troubles(upstreams, &route->to));
		if (route->to.count == 0)
			json_object_set_new(entry, "error",
			    json_string("no upstream at present"));
		json_array_append_new(list, entry);
	}
	return list;
}

static json_t *
make_views(const struct reload *reload, const struct verbupstreams *upstreams)
{
	const struct realms *realms = reload_realms(reload);
	json_t *list = json_array();

	for (size_t i = 1; i < realms->count; i++)
		json_array_append_new(list, json_pack(
		    "{s:o, s:b, s:o, s:o}",
		    "name", jsontext_make(realms->list[i]->name),
		    "inherit", (int)view_at(reload, i)->inherit,
		    "sources", make_sources(realms->list[i]->load),
		    "forward", make_routes(view_at(reload, i), upstreams)));
	return list;
}

static json_t *
make_http(const struct web *web)
{
	const struct endpoint *endpoint;
	json_t *list = json_array();
	char text[ENDPOINT_TEXT];

	for (size_t i = 0; (endpoint = web_endpoint(web, i)) != NULL; i++)
		json_array_append_new(list,
		    json_string(endpoint_print(endpoint, text)));
	return list;
}

static json_t *
make_diagnostics(struct verbs_context *context)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	json_t *value;

	if (!out)
		return json_string("");
	print_diags(context, out);
	fclose(out);
	value = jsontext_make(text);
	free(text);
	return value;
}

static json_t *
make_cache(const struct verbs_context *context)
{
	struct cache_usage usage = cache_usage(context->cache);

	return json_pack("{s:I, s:I, s:I}",
	    "entries", (json_int_t)usage.entries,
	    "bytes", (json_int_t)usage.bytes,
	    "budget", (json_int_t)usage.budget);
}

static json_t *
make_status(struct verbs_context *context)
{
	const struct reload *reload = context->reload;
	struct verbupstreams upstreams;

	verbupstreams_get(&upstreams, context->workers);
	return json_pack("{s:s, s:b, s:b, s:I, s:I, s:I, s:o, s:o, s:o, s:o, "
	    "s:o, s:o, s:o, s:o, s:o, s:o}",
	    "version", HOSTLER_VERSION,
	    "ready", 1,
	    "degraded", (int)is_degraded(context),
	    "uptime", (json_int_t)((clock_mono_ms() - context->started_ms) /
		1000),
	    "generation", (json_int_t)reload_generation(reload),
	    "names", (json_int_t)reload_name_count(reload),
	    "listen", verblisteners_make(reload_listeners(reload)),
	    "listeners",
	    verblisteners_make_entries(reload_listeners(reload)),
	    "http", make_http(context->web),
	    "rights", verbrights_make(context->confinement),
	    "sources", make_sources(reload_realms(reload)->list[0]->load),
	    "forward", make_routes(view_at(reload, 0), &upstreams),
	    "upstreams", verbupstreams_make(&upstreams),
	    "views", make_views(reload, &upstreams),
	    "cache", make_cache(context),
	    "diagnostics", make_diagnostics(context));
}

static enum control_result
run_status(void *opaque, const struct control_request *request, FILE *out)
{
	if (request->form == CONTROL_JSON)
		jsontext_print(make_status(opaque), out);
	else
		print_status_text(opaque, out);
	return CONTROL_DONE;
}

/* ---- stats ---- */

/* What was put out of the cache no worker counts: any of them does it.  Nor
 * what others write of queries. */
static void
sum_stats(struct verbs_context *context, uint64_t sum[STAT_COUNT])
{
	workers_stats(context->workers, sum);
	sum[STAT_CACHE_EVICTED] = cache_usage(context->cache).evicted;
	taps_stats(context->taps, sum);
}

void
verbs_print_stats(struct verbs_context *context, FILE *out)
{
	uint64_t sum[STAT_COUNT] = {0};
	struct verbupstreams upstreams;

	sum_stats(context, sum);
	verbupstreams_get(&upstreams, context->workers);
	for (unsigned i = 0; i < STAT_COUNT; i++)
		fprintf(out, "%s %llu\n", stats_name((enum stats_counter)i),
		    (unsigned long long)sum[i]);
	verbupstreams_print_stats(&upstreams, out);
}

static enum control_result
run_stats(void *opaque, const struct control_request *request, FILE *out)
{
	struct verbs_context *context = opaque;
	uint64_t sum[STAT_COUNT] = {0};
	struct verbupstreams upstreams;
	json_t *object;

	if (request->form == CONTROL_TEXT) {
		verbs_print_stats(context, out);
		return CONTROL_DONE;
	}
	sum_stats(context, sum);
	object = json_object();
	for (unsigned i = 0; i < STAT_COUNT; i++)
		json_object_set_new(object, stats_name((enum stats_counter)i),
		    json_integer((json_int_t)sum[i]));
	verbupstreams_get(&upstreams, context->workers);
	verbupstreams_add_stats(&upstreams, object);
	jsontext_print(object, out);
	return CONTROL_DONE;
}

/* ---- reload ---- */

static void
print_reload_text(struct verbs_context *context,
    const struct changes *changes, FILE *out)
{
	const struct reload *reload = context->reload;

	print_diags(context, out);
	for (size_t i = 0; i < changes->count; i++)
		fprintf(out, "%s\n", changes->lines[i]);
	if (changes->more)
		fprintf(out, "and %zu more changes\n", changes->more);
	if (changes->anew)
		fprintf(out, "so much has changed or moved that it is not "
		    "listed: %zu records, before and now\n", changes->anew);
	fprintf(out, "reloaded: generation %llu, %zu names\n",
	    (unsigned long long)reload_generation(reload),
	    reload_name_count(reload));
}

static json_t *
make_changes(const struct changes *changes)
{
	json_t *list = json_array();

	for (size_t i = 0; i < changes->count; i++)
		json_array_append_new(list, jsontext_make(changes->lines[i]));
	return list;
}

static enum control_result
run_reload(void *opaque, const struct control_request *request, FILE *out)
{
	struct verbs_context *context = opaque;
	struct changes changes = {0};
	enum reload_result result;
	json_t *status;

	reload_note_changes(context->reload, &changes);
	result = context->reload_now(context->reload_context);
	reload_note_changes(context->reload, NULL);
	if (request->form == CONTROL_JSON) {
		status = make_status(context);
		json_object_set_new(status, "changes", make_changes(&changes));
		json_object_set_new(status, "more-changes",
		    json_integer((json_int_t)changes.more));
		json_object_set_new(status, "records-not-compared",
		    json_integer((json_int_t)changes.anew));
		jsontext_print(status, out);
	} else {
		print_reload_text(context, &changes, out);
	}
	changes_fini(&changes);
	return result == RELOAD_DONE ? CONTROL_DONE : CONTROL_FAILED;
}

const struct control_verb verbs_list[] = {
    {"status", run_status},
    {"reload", run_reload},
    {"stats", run_stats},
    {"explain", verbnames_explain},
    {"answers", verbnames_answers},
    {"names", verbnames_names},
    {"flush", verbhands_flush},
    {"flush-zone", verbhands_flush_zone},
    {"flush-all", verbhands_flush_all},
    {"set", verbhands_set},
    {"unset", verbhands_unset},
    {NULL, NULL},
};
