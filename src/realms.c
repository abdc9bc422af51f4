/* SPDX-License-Identifier: BSD-2-Clause */
#include "realms.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/epoch.h"
#include "base/memory.h"
#include "base/random.h"
#include "sys/crew.h"

struct realms *
realms_new(void)
{
	struct realms *realms = memory_zeroed(1, sizeof *realms);

	random_bytes(&realms->key, sizeof realms->key);
	if (gethostname(realms->host, sizeof realms->host) != 0)
		realms->host[0] = '\0';
	realms->host[sizeof realms->host - 1] = '\0';
	return realms;
}

static void
free_realm(struct realm *realm)
{
	load_free(realm->load);
	index_free(realm->index);
	free(realm->name);
	free(realm);
}

static void
free_gone(struct realms *realms)
{
	for (size_t i = 0; i < realms->gone_count; i++)
		free_realm(realms->gone[i]);
	free(realms->gone);
	realms->gone = NULL;
	realms->gone_count = 0;
}

void
realms_free(struct realms *realms)
{
	free_gone(realms);
	for (size_t i = 0; i < realms->count; i++)
		free_realm(realms->list[i]);
	free(realms->list);
	free(realms);
}

/* ---- reading ---- */

static struct realm *
find_realm(const struct realms *realms, const char *name)
{
	for (size_t i = 0; i < realms->count; i++) {
		struct realm *realm = realms->list[i];

		if (name && realm->name ? strcmp(realm->name, name) == 0 :
		    !name && !realm->name)
			return realm;
	}
	return NULL;
}

static struct realm *
new_realm(const struct realms *realms, const char *name)
{
	struct realm *realm = memory_zeroed(1, sizeof *realm);
	const struct parts parts = crew_parts();

	realm->name = name ? memory_string(name) : NULL;
	realm->load = load_new();
	realm->index = index_new(&realms->key);
	index_set_parts(realm->index, &parts);
	return realm;
}

/* The realms in the order of the configuration; those that it does not name
 * any more wait until nobody reads them. */
static void
arrange(struct realms *realms, const struct conf *conf)
{
	size_t count = conf->view_count + 1;
	struct realm **list = memory_zeroed(count, sizeof *list);

	for (size_t i = 0; i < realms->count; i++)
		realms->list[i]->named = false;
	for (size_t i = 0; i < count; i++) {
		const char *name = i ? conf->views[i - 1].name : NULL;

		list[i] = find_realm(realms, name);
		if (!list[i])
			list[i] = new_realm(realms, name);
		list[i]->named = true;
	}
	for (size_t i = 0; i < realms->count; i++) {
		if (realms->list[i]->named)
			continue;
		realms->gone = memory_resize(realms->gone,
		    realms->gone_count + 1, sizeof *realms->gone);
		realms->gone[realms->gone_count++] = realms->list[i];
		realms->gone_ticket = 0;
	}
	free(realms->list);
	realms->list = list;
	realms->count = count;
}

/* A second more or less is the reading of two clocks. */
static int64_t
find_offset(struct realms *realms, int64_t now_s, int64_t mono_s)
{
	int64_t offset_s = mono_s - now_s;

	if (offset_s < realms->offset_s - 1 || offset_s > realms->offset_s + 1)
		realms->offset_s = offset_s;
	return realms->offset_s;
}

static const struct conf_scope *
scope_of(const struct conf *conf, size_t realm)
{
	return realm ? &conf->views[realm - 1].scope : &conf->top;
}

struct realms_news
realms_read(struct realms *realms, const struct conf *conf,
    enum loadfiles_care care)
{
	int64_t mono_s = clock_mono_ms() / 1000;
	struct load_settings settings = {
	    .host = *realms->host ? realms->host : NULL,
	    .mono_s = mono_s,
	    .care = care,
	    .off = (const char *const *)conf->warnings_off,
	    .off_count = conf->warnings_off_count,
	};
	struct realms_news news = {0, 0};

	settings.now_s = mono_s - find_offset(realms, clock_wall_s(), mono_s);
	arrange(realms, conf);
	for (size_t i = 0; i < realms->count; i++) {
		struct realm *realm = realms->list[i];

		settings.scope = scope_of(conf, i);
		settings.managed = i ? NULL : conf->managed_hosts;
		realm->load->changes = realms->changes;
		load_sources(realm->load, &settings, realm->index);
		news.changed += realm->load->changed;
		news.read += realm->load->read;
	}
	return news;
}

/* ---- publishing ---- */

static void
set_isolated(struct index *index, const struct conf *conf)
{
	struct prefix *prefixes = NULL;
	size_t count = 0;

	for (size_t i = 0; i < conf->network_count; i++) {
		const struct conf_network *network = &conf->networks[i];

		for (size_t k = 0; network->isolated &&
		     k < network->prefixes.count; k++) {
			prefixes = memory_resize(prefixes, count + 1,
			    sizeof *prefixes);
			prefixes[count++] = network->prefixes.list[k];
		}
	}
	index_set_isolated(index, prefixes, count);
	free(prefixes);
}

void
realms_commit(struct realms *realms, const struct conf *conf)
{
	int64_t now_s = clock_wall_s();

	for (size_t i = 0; i < realms->count; i++) {
		struct realm *realm = realms->list[i];
		struct index_area *areas;
		size_t count;

		areas = load_areas(realm->load, scope_of(conf, i), &count);
		index_set_areas(realm->index, areas, count);
		free(areas);
		set_isolated(realm->index, conf);
		realm->names = index_commit(realm->index, now_s);
	}
}

bool
realms_reclaim(struct realms *realms)
{
	bool waits = false;

	for (size_t i = 0; i < realms->count; i++)
		waits |= index_reclaim(realms->list[i]->index) > 0;
	if (!realms->gone_count)
		return waits;
	if (!realms->gone_ticket)
		realms->gone_ticket = epoch_advance();
	if (!epoch_passed(realms->gone_ticket))
		return true;
	free_gone(realms);
	return waits;
}

int64_t
realms_due(const struct realms *realms)
{
	int64_t mono_s = clock_mono_ms() / 1000, due_s = INT64_MAX;

	for (size_t i = 0; i < realms->count; i++) {
		int64_t one_s = load_due(realms->list[i]->load, mono_s);

		if (one_s < due_s)
			due_s = one_s;
	}
	return due_s;
}

size_t
realms_name_count(const struct realms *realms)
{
	size_t count = 0;

	for (size_t i = 0; i < realms->count; i++)
		count += index_name_count(realms->list[i]->index);
	return count;
}

uint64_t
realms_text_bytes(const struct realms *realms)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < realms->count; i++)
		bytes += load_text_bytes(realms->list[i]->load);
	return bytes;
}

/* ---- diagnostics ---- */

void
realms_print_news(struct realms *realms, FILE *out, enum diag_colour colour)
{
	for (size_t i = 0; i < realms->count; i++)
		load_print_news(realms->list[i]->load, out, colour);
}

void
realms_mark_told(struct realms *realms)
{
	for (size_t i = 0; i < realms->count; i++)
		load_mark_told(realms->list[i]->load);
}

void
realms_print_diags(const struct realms *realms, FILE *out,
    enum diag_colour colour)
{
	for (size_t i = 0; i < realms->count; i++)
		load_print(realms->list[i]->load, out, colour);
}

void
realms_visit_diags(const struct realms *realms,
    void (*visit)(void *context, const struct diag_view *diag), void *context)
{
	for (size_t i = 0; i < realms->count; i++) {
		const struct load *load = realms->list[i]->load;

		for (size_t k = 0; k < load->count; k++)
			diags_visit(load->sources[k]->diags, visit, context);
	}
}

unsigned
realms_count_diags(const struct realms *realms, enum diag_level level)
{
	unsigned count = 0;

	for (size_t i = 0; i < realms->count; i++)
		count += load_count(realms->list[i]->load, level);
	return count;
}

/* ---- watching ---- */

static size_t
count_paths(const struct realms *realms)
{
	size_t count = 0;

	for (size_t i = 0; i < realms->count; i++) {
		const struct load *load = realms->list[i]->load;

		for (size_t k = 0; k < load->count; k++)
			count += load->sources[k]->files.seen_count + 1;
	}
	return count;
}

size_t
realms_paths(const struct realms *realms, const char ***paths)
{
	size_t count = 0;

	*paths = memory_zeroed(count_paths(realms) + 1, sizeof **paths);
	for (size_t i = 0; i < realms->count; i++) {
		const struct load *load = realms->list[i]->load;

		for (size_t k = 0; k < load->count; k++) {
			const struct load_source *source = load->sources[k];

			if (source->spec.format != LEASE_NEIGHBOURS)
				(*paths)[count++] = source->path;
			for (size_t n = 0; n < source->files.seen_count; n++)
				(*paths)[count++] =
				    source->files.seen[n].path;
		}
	}
	return count;
}
