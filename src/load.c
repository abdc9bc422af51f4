/* SPDX-License-Identifier: BSD-2-Clause */
#include "load.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/hostsfile.h"
#include "names/zonefile.h"
#include "sys/files.h"

#define LOAD_FILE_MAX ((size_t)2 << 30)

/* Files that a parser has open: one for a zone and one for each $INCLUDE, or
 * all of a directory.  They stay until the parser has returned. */
struct open_files {
	struct files_content **files;
	char **paths;
	size_t count;
};

static const char *
open_one(struct open_files *open, char *path, struct source_text *text)
{
	struct files_content *file = memory_alloc(sizeof *file);
	const char *wrong = files_read(path, LOAD_FILE_MAX, file);

	if (wrong) {
		free(file);
		free(path);
		return wrong;
	}
	open->files = memory_resize(open->files, open->count + 1,
	    sizeof *open->files);
	open->paths = memory_resize(open->paths, open->count + 1,
	    sizeof *open->paths);
	open->files[open->count] = file;
	open->paths[open->count++] = path;
	*text = (struct source_text){path, file->bytes, file->length};
	return NULL;
}

static void
release_all(struct open_files *open)
{
	for (size_t i = 0; i < open->count; i++) {
		files_release(open->files[i]);
		free(open->files[i]);
		free(open->paths[i]);
	}
	free(open->files);
	free(open->paths);
}

static const char *
read_included(void *context, const char *from, const char *path,
    struct source_text *text)
{
	const char *slash = strrchr(from, '/');

	if (*path == '/' || !slash)
		return open_one(context, memory_string(path), text);
	return open_one(context, memory_format("%.*s/%s", (int)(slash - from),
	    from, path), text);
}

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
	free(source->path);
	free(source);
}

void
load_free(struct load *load)
{
	for (size_t i = 0; i < load->count; i++)
		free_source(load->sources[i]);
	free(load->sources);
	free(load);
}

void
load_free_contents(struct load *load)
{
	for (size_t i = 0; i < load->count; i++) {
		if (load->sources[i]->content)
			content_free(load->sources[i]->content);
		load->sources[i]->content = NULL;
	}
}

/* What a source means stays the same while all but its rank does. */
static bool
is_same_source(const struct source_spec *a, const struct source_spec *b)
{
	return a->kind == b->kind && strcmp(a->path, b->path) == 0 &&
	    a->ttl == b->ttl && a->overlay == b->overlay &&
	    a->has_domain == b->has_domain &&
	    (!a->has_domain || dname_equal(a->domain.wire, b->domain.wire));
}

static struct load_source *
find_source(struct load *load, const struct source_spec *spec)
{
	struct load_source *source;

	for (size_t i = 0; i < load->count; i++) {
		source = load->sources[i];
		if (!source->seen && is_same_source(&source->spec, spec)) {
			source->seen = true;
			return source;
		}
	}
	source = memory_zeroed(1, sizeof *source);
	source->path = memory_string(spec->path);
	source->spec = *spec;
	source->spec.path = source->path;
	source->state = LOAD_MISSING;
	source->diags = diags_new();
	source->seen = true;
	load->sources = memory_resize(load->sources, load->count + 1,
	    sizeof *load->sources);
	load->sources[load->count++] = source;
	return source;
}

/* ---- one source ---- */

struct reading {
	struct load *load;
	struct load_source *source;
	struct index *index;
	int64_t now_s;
	struct open_files open;
};

static const char *
say_next(const struct load_source *source)
{
	if (source->content)
		return "its last good content stays in use";
	if (source->spec.kind == SOURCE_ZONE)
		return "names in its zone get SERVFAIL until it is mended";
	return "names in its domain that nobody else knows get SERVFAIL "
	       "until it can be read";
}

static void
fail_reading(struct load_source *source)
{
	diags_then(source->diags, "%s", say_next(source));
	source->state = source->content ? LOAD_KEPT : LOAD_MISSING;
}

static void
fail_file(struct load_source *source, const char *path, const char *wrong)
{
	struct diag_place place = {.file = path};

	diags_add(source->diags, DIAG_ERROR, &place, NULL, "%s", wrong);
	fail_reading(source);
}

static void
take_content(struct reading *reading, struct content *content)
{
	struct load_source *source = reading->source;
	struct content *old = source->content;

	source->state = LOAD_GOOD;
	source->good_s = reading->now_s;
	if (old && old->spec.rank == content->spec.rank &&
	    content_equal(old, content) &&
	    content_places_equal(old, content)) {
		content_free(content);
		return;
	}
	reading->load->changed++;
	if (reading->load->changes)
		changes_note(reading->load->changes, old, content);
	source->content = content;
	if (reading->index)
		index_replace(reading->index, old, content);
	else if (old)
		content_free(old);
}

/* Two zone files for one apex would answer for each other: the first counts. */
static const struct load_source *
find_rival(const struct reading *reading, const struct content *content)
{
	for (size_t i = 0; i < reading->load->count; i++) {
		const struct load_source *other = reading->load->sources[i];

		if (other != reading->source && other->seen &&
		    other->content && other->spec.kind == SOURCE_ZONE &&
		    other->spec.rank < reading->source->spec.rank &&
		    dname_equal(other->content->spec.domain.wire,
			content->spec.domain.wire))
			return other;
	}
	return NULL;
}

static void
drop_content(struct load *load, struct load_source *source,
    struct index *index)
{
	if (!source->content)
		return;
	if (load->changes)
		changes_note(load->changes, source->content, NULL);
	if (index)
		index_replace(index, source->content, NULL);
	else
		content_free(source->content);
	source->content = NULL;
	load->changed++;
}

/* Nothing of it counts, what it gave before neither. */
static void
refuse_rival(struct reading *reading, const struct load_source *rival)
{
	struct load_source *source = reading->source;
	struct diag_place place = {.file = source->path};

	diags_add(source->diags, DIAG_ERROR, &place, NULL,
	    "this zone is served from %s already", rival->path);
	diags_then(source->diags, "nothing of this file is used");
	drop_content(reading->load, source, reading->index);
	source->state = LOAD_REFUSED;
}

static bool
is_emptied(const struct load_source *source, size_t length)
{
	return length == 0 && source->content &&
	    source->content->record_count > 0;
}

static void
read_zone(struct reading *reading)
{
	struct load_source *source = reading->source;
	struct source_reader reader = {
	    .read = read_included,
	    .context = &reading->open,
	};
	struct zonefile_input input = {
	    .spec = &source->spec,
	    .reader = &reader,
	    .previous = source->content,
	    .now_s = reading->now_s,
	};
	const struct load_source *rival;
	struct content *content;
	const char *wrong = open_one(&reading->open,
	    memory_string(source->path), &input.text);

	if (!wrong && is_emptied(source, input.text.length))
		wrong = "the file is empty now";
	if (wrong) {
		fail_file(source, source->path, wrong);
		return;
	}
	content = zonefile_parse(&input, source->diags);
	if (!content) {
		fail_reading(source);
		return;
	}
	rival = find_rival(reading, content);
	if (rival) {
		refuse_rival(reading, rival);
		content_free(content);
		return;
	}
	take_content(reading, content);
}

/* A file that is gone keeps what it gave; one that was never there is awaited.
 * Of a folder each file is judged by itself: one that cannot be read is handed
 * over without bytes, the parser keeps what it gave before, and the others
 * count; what was deleted is gone. */
static bool
open_hosts(struct reading *reading, const struct files_list *list,
    struct source_text *texts)
{
	struct load_source *source = reading->source;

	for (size_t i = 0; i < list->count; i++) {
		const char *path = list->paths[i];
		const char *wrong = open_one(&reading->open,
		    memory_string(path), &texts[i]);

		if (!wrong)
			continue;
		fail_file(source, path, wrong);
		if (strcmp(path, source->path) == 0)
			return false;
		texts[i] = (struct source_text){.path = path};
	}
	return true;
}

static void
parse_hosts(struct reading *reading, const struct files_list *list,
    const struct source_text *texts)
{
	struct load_source *source = reading->source;
	struct hostsfile_input input = {
	    .spec = &source->spec,
	    .files = texts,
	    .file_count = list->count,
	    .previous = source->content,
	};

	take_content(reading, hostsfile_parse(&input, source->diags));
	if (diags_count(source->diags, DIAG_ERROR))
		source->state = LOAD_FAULTY;
}

static void
read_hosts(struct reading *reading)
{
	struct load_source *source = reading->source;
	struct source_text *texts;
	struct files_list list;
	const char *wrong = files_expand(source->path, &list);

	if (wrong) {
		fail_file(source, source->path, wrong);
		return;
	}
	texts = memory_zeroed(list.count + 1, sizeof *texts);
	if (open_hosts(reading, &list, texts))
		parse_hosts(reading, &list, texts);
	free(texts);
	files_list_free(&list);
}

/* A source that was kept takes its new place among the others, too. */
static void
settle_rank(struct reading *reading)
{
	struct load_source *source = reading->source;
	struct content *old = source->content, *content;

	if (!old || old->spec.rank == source->spec.rank)
		return;
	content = content_ranked(old, source->spec.rank);
	reading->load->changed++;
	source->content = content;
	if (reading->index)
		index_replace(reading->index, old, content);
	else
		content_free(old);
}

static void
read_source(struct load *load, const struct source_spec *spec,
    struct index *index, int64_t now_s)
{
	struct reading reading = {
	    .load = load,
	    .source = find_source(load, spec),
	    .index = index,
	    .now_s = now_s,
	};

	reading.source->spec.rank = spec->rank;
	diags_free(reading.source->diags);
	reading.source->diags = diags_new();
	if (spec->kind == SOURCE_ZONE)
		read_zone(&reading);
	else
		read_hosts(&reading);
	settle_rank(&reading);
	release_all(&reading.open);
}

/* ---- all of them ---- */

static void
read_all_zones(struct load *load, const struct conf *conf,
    struct index *index, int64_t now_s)
{
	for (size_t i = 0; i < conf->top.zone_count; i++) {
		struct source_spec spec = {
		    .kind = SOURCE_ZONE,
		    .path = conf->top.zones[i].path,
		    .rank = (uint32_t)i,
		    .has_domain = conf->top.zones[i].has_name,
		    .overlay = conf->top.zones[i].overlay,
		    .domain = conf->top.zones[i].name,
		};

		read_source(load, &spec, index, now_s);
	}
}

static void
read_all_hosts(struct load *load, const struct conf *conf,
    struct index *index, int64_t now_s)
{
	for (size_t i = 0; i < conf->top.hosts_count; i++) {
		const struct conf_hosts *hosts = &conf->top.hosts[i];
		struct source_spec spec = {
		    .kind = SOURCE_HOSTS,
		    .path = hosts->path,
		    .rank = (uint32_t)i,
		    .ttl = hosts->ttl_s,
		    .has_domain = hosts->has_domain || conf->top.has_domain,
		};

		if (spec.has_domain)
			spec.domain = hosts->has_domain ? hosts->domain
							: conf->top.domain;
		read_source(load, &spec, index, now_s);
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
		drop_content(load, source, index);
		free_source(source);
	}
	load->count = kept;
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
load_sources(struct load *load, const struct conf *conf, struct index *index,
    int64_t now_s)
{
	load->changed = 0;
	for (size_t i = 0; i < load->count; i++)
		load->sources[i]->seen = false;
	read_all_zones(load, conf, index, now_s);
	read_all_hosts(load, conf, index, now_s);
	drop_unseen(load, index);
	if (load->count)
		qsort(load->sources, load->count, sizeof *load->sources,
		    compare_sources);
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

/* The apex of a zone that was never read: as configured, else as the file is
 * called. */
static bool
guess_apex(const struct source_spec *spec, struct dname *apex)
{
	const char *slash = strrchr(spec->path, '/');
	const char *name = slash ? slash + 1 : spec->path;
	size_t length = strlen(name), bad;

	if (spec->has_domain) {
		*apex = spec->domain;
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
load_areas(const struct load *load, const struct conf *conf, size_t *count)
{
	struct index_area *areas = NULL, *area;
	struct dname apex;

	*count = 0;
	if (conf->top.has_domain)
		add_area(&areas, count, &conf->top.domain)->overlay =
		    conf->top.domain_overlay;
	for (size_t i = 0; i < load->count; i++) {
		const struct load_source *source = load->sources[i];

		if (source->spec.kind != SOURCE_HOSTS ||
		    !source->spec.has_domain)
			continue;
		area = add_area(&areas, count, &source->spec.domain);
		area->not_ready |= source->state == LOAD_MISSING;
	}
	for (size_t i = 0; i < load->count; i++) {
		const struct load_source *source = load->sources[i];

		if (source->spec.kind != SOURCE_ZONE ||
		    source->state != LOAD_MISSING ||
		    !guess_apex(&source->spec, &apex))
			continue;
		area = add_area(&areas, count, &apex);
		area->kind = AREA_ZONE;
		area->overlay = source->spec.overlay;
		area->not_ready = true;
	}
	return areas;
}
