/* SPDX-License-Identifier: BSD-2-Clause */
#include "load.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "loadread.h"

#define LEASES_NEIGHBOURS "neighbours"	/* what has no path is called so */

/* ---- the list ---- */

struct load *
load_new(void)
{
	return memory_zeroed(1, sizeof(struct load));
}

static void
free_source(struct load_source *source)
{
	diags_free(source->diags);
	loadfiles_fini(&source->files);
	neighbours_free(&source->neighbours);
	free(source->path);
	free(source->machines);
	free(source->macs);
	free(source);
}

static void
free_off(struct load *load)
{
	for (size_t i = 0; i < load->off_count; i++)
		free(load->off[i]);
	free(load->off);
}

void
load_free(struct load *load)
{
	for (size_t i = 0; i < load->count; i++)
		free_source(load->sources[i]);
	free_off(load);
	free(load->sources);
	free(load);
}

static bool
is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

/* What a source means stays the same while all but its rank does. */
static bool
is_same_source(const struct source_spec *a, const struct source_spec *b)
{
	return a->kind == b->kind && strcmp(a->path, b->path) == 0 &&
	    a->ttl == b->ttl && a->overlay == b->overlay &&
	    a->format == b->format &&
	    is_same_text(a->machines, b->machines) &&
	    is_same_text(a->macs, b->macs) &&
	    a->has_domain == b->has_domain &&
	    (!a->has_domain || dname_equal(a->domain.wire, b->domain.wire));
}

static struct load_source *
new_source(const struct source_spec *spec)
{
	struct load_source *source = memory_zeroed(1, sizeof *source);

	source->path = memory_string(spec->path);
	source->machines = spec->machines ? memory_string(spec->machines)
					  : NULL;
	source->macs = spec->macs ? memory_string(spec->macs) : NULL;
	source->spec = *spec;
	source->spec.path = source->path;
	source->spec.machines = source->machines;
	source->spec.macs = source->macs;
	source->state = LOAD_MISSING;
	source->diags = diags_new();
	return source;
}

static struct load_source *
find_source(struct load *load, const struct source_spec *spec)
{
	struct load_source *source;

	for (size_t i = 0; i < load->count; i++) {
		source = load->sources[i];
		if (!source->seen && is_same_source(&source->spec, spec))
			return source;
	}
	source = new_source(spec);
	load->sources = memory_resize(load->sources, load->count + 1,
	    sizeof *load->sources);
	load->sources[load->count++] = source;
	return source;
}

/* ---- all of them ---- */

/* Diagnostics are those of a reading: with other warnings wanted it is
 * repeated. */
static void
settle_off(struct load *load, const struct load_settings *settings)
{
	bool same = load->off_count == settings->off_count;

	for (size_t i = 0; same && i < load->off_count; i++)
		same = strcmp(load->off[i], settings->off[i]) == 0;
	if (same)
		return;
	free_off(load);
	load->off_count = settings->off_count;
	load->off = memory_zeroed(load->off_count + 1, sizeof *load->off);
	for (size_t i = 0; i < load->off_count; i++)
		load->off[i] = memory_string(settings->off[i]);
	for (size_t i = 0; i < load->count; i++)
		load->sources[i]->read = false;
}

struct loading {
	struct load *load;
	const struct load_settings *settings;
	struct index *index;
};

/* A source that is not read again takes its new place among the others, too. */
static void
settle_rank(struct loading *loading, struct load_source *source)
{
	struct content *old = source->content;

	if (!old || old->spec.rank == source->spec.rank)
		return;
	source->content = content_ranked(old, source->spec.rank);
	loading->load->changed++;
	index_replace(loading->index, old, source->content);
}

enum expectation {
	EXPECTED,
	AWAITED,			/* may come later */
};

static void
load_one(struct loading *loading, const struct source_spec *spec,
    enum expectation expectation)
{
	struct load_source *source = find_source(loading->load, spec);
	struct reading reading = {
	    .load = loading->load,
	    .source = source,
	    .settings = loading->settings,
	    .index = loading->index,
	};

	source->seen = true;
	source->awaited = expectation == AWAITED;
	source->spec.rank = spec->rank;
	if (loadread_is_stale(source, loading->settings)) {
		loadread_source(&reading);
		loading->load->read++;
	}
	settle_rank(loading, source);
}

static void
load_zones(struct loading *loading)
{
	const struct conf_scope *scope = loading->settings->scope;

	for (size_t i = 0; i < scope->zone_count; i++) {
		struct source_spec spec = {
		    .kind = SOURCE_ZONE,
		    .path = scope->zones[i].path,
		    .rank = (uint32_t)i,
		    .has_domain = scope->zones[i].has_name,
		    .overlay = scope->zones[i].overlay,
		    .domain = scope->zones[i].name,
		};

		load_one(loading, &spec, EXPECTED);
	}
}

/* One of the source's own, or else the view's. */
static void
set_domain(struct source_spec *spec, const struct conf_scope *scope,
    const struct dname *own)
{
	spec->has_domain = own || scope->has_domain;
	if (spec->has_domain)
		spec->domain = own ? *own : scope->domain;
}

static bool
is_listed(const struct conf_scope *scope, const char *path)
{
	for (size_t i = 0; i < scope->hosts_count; i++)
		if (strcmp(scope->hosts[i].path, path) == 0)
			return true;
	return false;
}

/* What was set by hand counts before what files said all along; named among
 * the hosts it has its rank from there. */
static void
load_managed(struct loading *loading)
{
	const struct load_settings *settings = loading->settings;
	struct source_spec spec = {
	    .kind = SOURCE_HOSTS,
	    .path = settings->managed,
	    .ttl = CONF_HOSTS_TTL_S,
	};

	if (!settings->managed ||
	    is_listed(settings->scope, settings->managed))
		return;
	set_domain(&spec, settings->scope, NULL);
	load_one(loading, &spec, AWAITED);
}

static void
load_hosts(struct loading *loading)
{
	const struct load_settings *settings = loading->settings;
	const struct conf_scope *scope = settings->scope;

	load_managed(loading);
	for (size_t i = 0; i < scope->hosts_count; i++) {
		const struct conf_hosts *hosts = &scope->hosts[i];
		struct source_spec spec = {
		    .kind = SOURCE_HOSTS,
		    .path = hosts->path,
		    .rank = (uint32_t)i + 1,
		    .ttl = hosts->ttl_s,
		};

		set_domain(&spec, scope, hosts->has_domain ? &hosts->domain
							   : NULL);
		load_one(loading, &spec,
		    is_same_text(hosts->path, settings->managed) ? AWAITED
								 : EXPECTED);
	}
}

static void
load_leases(struct loading *loading)
{
	const struct conf_scope *scope = loading->settings->scope;

	for (size_t i = 0; i < scope->leases_count; i++) {
		const struct conf_leases *leases = &scope->leases[i];
		struct source_spec spec = {
		    .kind = SOURCE_LEASE,
		    .path = leases->path ? leases->path : LEASES_NEIGHBOURS,
		    .rank = (uint32_t)i,
		    .ttl = leases->ttl_s,
		    .format = leases->format,
		    .machines = leases->machines,
		    .macs = leases->macs,
		};

		set_domain(&spec, scope, leases->has_domain ? &leases->domain
							    : NULL);
		load_one(loading, &spec, AWAITED);
	}
}

static void
drop_unseen(struct load *load, struct index *index)
{
	size_t kept = 0;

	for (size_t i = 0; i < load->count; i++) {
		struct load_source *source = load->sources[i];

		if (source->seen) {
			load->sources[kept++] = source;
			continue;
		}
		loadread_drop(load, source, index);
		free_source(source);
	}
	load->count = kept;
}

/* One whose rival came only now. */
static void
refuse_rivals(struct load *load, struct index *index)
{
	for (size_t i = 0; i < load->count; i++) {
		struct load_source *source = load->sources[i];
		const struct load_source *rival;

		if (source->spec.kind != SOURCE_ZONE || !source->content)
			continue;
		rival = loadread_find_rival(load, source, source->content);
		if (!rival)
			continue;
		loadread_refuse(source, rival);
		loadread_drop(load, source, index);
	}
}

static int
compare_sources(const void *left, const void *right)
{
	const struct load_source *a = *(struct load_source *const *)left;
	const struct load_source *b = *(struct load_source *const *)right;

	if (a->spec.kind != b->spec.kind)
		return a->spec.kind < b->spec.kind ? -1 : 1;
	return a->spec.rank < b->spec.rank ? -1 : a->spec.rank > b->spec.rank;
}

void
load_sources(struct load *load, const struct load_settings *settings,
    struct index *index)
{
	struct loading loading = {load, settings, index};

	load->changed = 0;
	load->read = 0;
	settle_off(load, settings);
	for (size_t i = 0; i < load->count; i++)
		load->sources[i]->seen = false;
	load_zones(&loading);
	load_hosts(&loading);
	load_leases(&loading);
	drop_unseen(load, index);
	if (load->count)
		qsort(load->sources, load->count, sizeof *load->sources,
		    compare_sources);
	refuse_rivals(load, index);
}

uint64_t
load_text_bytes(const struct load *load)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < load->count; i++)
		bytes += loadread_text_bytes(load->sources[i]);
	return bytes;
}

int64_t
load_due(const struct load *load, int64_t mono_s)
{
	int64_t due_s = INT64_MAX;

	for (size_t i = 0; i < load->count; i++) {
		const struct load_source *source = load->sources[i];
		const struct content *content = source->content;

		if (content && content->due_s && content->due_s < due_s)
			due_s = content->due_s;
		if (source->half_s && mono_s + 1 < due_s)
			due_s = mono_s + 1;
		if (source->failed &&
		    source->read_s + LOADREAD_AGAIN_S < due_s)
			due_s = source->read_s + LOADREAD_AGAIN_S;
	}
	return due_s;
}

void
load_print_news(struct load *load, FILE *out, enum diag_colour colour)
{
	for (size_t i = 0; i < load->count; i++) {
		struct load_source *source = load->sources[i];

		if (!source->told)
			diags_print(source->diags, out, colour);
		source->told = true;
	}
}

void
load_mark_told(struct load *load)
{
	for (size_t i = 0; i < load->count; i++)
		load->sources[i]->told = true;
}

void
load_print(const struct load *load, FILE *out, enum diag_colour colour)
{
	for (size_t i = 0; i < load->count; i++)
		diags_print(load->sources[i]->diags, out, colour);
}

unsigned
load_count(const struct load *load, enum diag_level level)
{
	unsigned count = 0;

	for (size_t i = 0; i < load->count; i++)
		count += diags_count(load->sources[i]->diags, level);
	return count;
}

/* ---- areas ---- */

static struct index_area *
add_area(struct index_area **areas, size_t *count, const struct dname *apex)
{
	struct index_area *area;

	for (size_t i = 0; i < *count; i++)
		if (dname_equal((*areas)[i].apex.wire, apex->wire))
			return &(*areas)[i];
	*areas = memory_resize(*areas, *count + 1, sizeof **areas);
	area = &(*areas)[(*count)++];
	*area = (struct index_area){.apex = *apex, .kind = AREA_DOMAIN};
	return area;
}

/* The apex of a zone that serves nothing: as configured, as its file says in
 * spite of its errors, else as the file is called. */
static bool
guess_apex(const struct load_source *source, struct dname *apex)
{
	const struct source_spec *spec = &source->spec;
	const char *slash = strrchr(spec->path, '/');
	const char *name = slash ? slash + 1 : spec->path;
	size_t length = strlen(name), bad;

	if (spec->has_domain || source->has_apex) {
		*apex = spec->has_domain ? spec->domain : source->apex;
		return true;
	}
	if (length > 5 && strcmp(name + length - 5, ".zone") == 0)
		length -= 5;
	if (dname_parse(apex, name, length, NULL, &bad))
		return false;
	dname_lower(apex->wire);
	return true;
}

struct index_area *
load_areas(const struct load *load, const struct conf_scope *scope,
    size_t *count)
{
	struct index_area *areas = NULL, *area;
	struct dname apex;

	*count = 0;
	if (scope->has_domain)
		add_area(&areas, count, &scope->domain)->overlay =
		    scope->domain_overlay;
	for (size_t i = 0; i < load->count; i++) {
		const struct load_source *source = load->sources[i];

		if (source->spec.kind == SOURCE_ZONE ||
		    !source->spec.has_domain)
			continue;
		area = add_area(&areas, count, &source->spec.domain);
		area->not_ready |= source->state == LOAD_MISSING;
	}
	for (size_t i = 0; i < load->count; i++) {
		const struct load_source *source = load->sources[i];

		if (source->spec.kind != SOURCE_ZONE ||
		    source->state != LOAD_MISSING ||
		    !guess_apex(source, &apex))
			continue;
		area = add_area(&areas, count, &apex);
		area->kind = AREA_ZONE;
		area->overlay = source->spec.overlay;
		area->not_ready = true;
	}
	return areas;
}
