/* SPDX-License-Identifier: BSD-2-Clause */
#include "loadread.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "names/hostsfile.h"
#include "names/leasefile.h"
#include "names/zonefile.h"
#include "refused.h"
#include "sys/crew.h"

#define BINARY_LOOKED_AT 65536		/* bytes at a file's beginning */
#define BINARY_ZEROS 8			/* so many in it are no slip */

static const char *
say_next(const struct load_source *source)
{
	if (source->content)
		return "its last good content stays in use";
	if (source->awaited)
		return "it has nothing to say until it is mended";
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

	source->state = source->content ? LOAD_KEPT : LOAD_MISSING;
	source->failed = files_exists(path);
	if (refused_tell(source->diags, path, say_next(source)))
		return;
	diags_add(source->diags, DIAG_ERROR, &place, NULL, "%s", wrong);
	fail_reading(source);
}

static void
take_content(struct reading *reading, struct content *content)
{
	struct load_source *source = reading->source;
	struct content *old = source->content;

	source->state = LOAD_GOOD;
	source->good_s = reading->settings->now_s;
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
	index_replace(reading->index, old, content);
}

void
loadread_drop(struct load *load, struct load_source *source,
    struct index *index)
{
	if (!source->content)
		return;
	if (load->changes)
		changes_note(load->changes, source->content, NULL);
	index_replace(index, source->content, NULL);
	source->content = NULL;
	load->changed++;
}

static bool
is_emptied(const struct load_source *source, size_t length)
{
	return length == 0 && source->content &&
	    source->content->record_count > 0;
}

/* ---- zones ---- */

const struct load_source *
loadread_find_rival(const struct load *load, const struct load_source *source,
    const struct content *content)
{
	for (size_t i = 0; i < load->count; i++) {
		const struct load_source *other = load->sources[i];

		if (other != source && other->seen && other->content &&
		    other->spec.kind == SOURCE_ZONE &&
		    other->spec.rank < source->spec.rank &&
		    dname_equal(other->content->spec.domain.wire,
			content->spec.domain.wire))
			return other;
	}
	return NULL;
}

/* Nothing of it counts, what it gave before neither. */
void
loadread_refuse(struct load_source *source, const struct load_source *rival)
{
	struct diag_place place = {.file = source->path};

	diags_add(source->diags, DIAG_ERROR, &place, NULL,
	    "this zone is served from %s already", rival->path);
	diags_then(source->diags, "nothing of this file is used");
	source->state = LOAD_REFUSED;
}

static void
take_zone(struct reading *reading, struct content *content)
{
	const struct load_source *rival = loadread_find_rival(reading->load,
	    reading->source, content);

	if (!rival) {
		take_content(reading, content);
		return;
	}
	content_free(content);
	loadread_refuse(reading->source, rival);
	loadread_drop(reading->load, reading->source, reading->index);
}

/* As long as it serves nothing, which names it leaves without an answer hangs
 * on this. */
static void
note_apex(struct reading *reading, const struct dname *apex)
{
	struct load_source *source = reading->source;

	if (!source->content && apex->length > 0 && (!source->has_apex ||
	    !dname_equal(apex->wire, source->apex.wire)))
		reading->load->changed++;
	source->has_apex = apex->length > 0;
	source->apex = *apex;
}

/* One error says more about such a file than a thousand. */
static const char *
look_at_bytes(const struct source_text *text)
{
	size_t length = text->length < BINARY_LOOKED_AT ? text->length
							: BINARY_LOOKED_AT;
	unsigned zeros = 0;

	if (length >= 2 && (memcmp(text->bytes, "\xff\xfe", 2) == 0 ||
	    memcmp(text->bytes, "\xfe\xff", 2) == 0))
		return "the file is in UTF-16; save it as UTF-8";
	for (size_t i = 0; i < length; i++)
		zeros += text->bytes[i] == '\0';
	return zeros < BINARY_ZEROS ? NULL : "it is not a text file";
}

static void
read_zone(struct reading *reading)
{
	struct load_source *source = reading->source;
	struct source_reader reader = loadfiles_reader(&source->files);
	struct dname apex = {0};
	struct zonefile_input input = {
	    .spec = &source->spec,
	    .reader = &reader,
	    .previous = source->content,
	    .now_s = reading->settings->now_s,
	    .apex = &apex,
	};
	struct content *content;
	const char *wrong = loadfiles_read(&source->files, source->path,
	    &input.text);

	if (!wrong && is_emptied(source, input.text.length))
		wrong = "the file is empty now";
	if (!wrong)
		wrong = look_at_bytes(&input.text);
	if (wrong) {
		fail_file(source, source->path, wrong);
		return;
	}
	content = zonefile_parse(&input, source->diags);
	note_apex(reading, &apex);
	if (content)
		take_zone(reading, content);
	else
		fail_reading(source);
}

/* ---- hosts ---- */

static uint64_t
hash_listing(const struct files_list *list)
{
	static const struct hash_key key = {0x6c697374, 0x696e67};
	uint64_t hash = list->count;

	for (size_t i = 0; i < list->count; i++) {
		struct hash_key next = {key.k0 ^ hash, key.k1};

		hash = hash_siphash13(&next, (const uint8_t *)list->paths[i],
		    strlen(list->paths[i]));
	}
	return hash;
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
		const char *wrong = loadfiles_open(&source->files, path,
		    HOSTSFILE_APART, &texts[i]);

		if (!wrong)
			continue;
		fail_file(source, path, wrong);
		if (strcmp(path, source->path) == 0)
			return false;
		texts[i] = (struct source_text){.path = path};
	}
	return true;
}

/* Those that could not be fetched have kept their chunks; false: there is no
 * other. */
static bool
tell_failed(struct load_source *source, const struct files_list *list,
    const char *const *failed)
{
	for (size_t i = 0; i < list->count; i++) {
		if (failed[i])
			fail_file(source, list->paths[i], failed[i]);
		if (failed[i] && source->was_file)
			return false;
	}
	return true;
}

/* What the managed file says is believed, nothing too: `unset` may leave it
 * empty.  Where nothing could be read, and nothing ever was, nobody knows what
 * there is. */
static void
parse_hosts(struct reading *reading, const struct files_list *list,
    const struct source_text *texts, const char **failed)
{
	struct load_source *source = reading->source;
	const struct parts parts = crew_parts();
	const struct source_fetch fetch = loadfiles_fetch(&source->files);
	struct hostsfile_input input = {
	    .spec = &source->spec,
	    .files = texts,
	    .file_count = list->count,
	    .fetch = &fetch,
	    .failed = failed,
	    .previous = source->content,
	    .parts = &parts,
	};
	struct content *content;

	source->was_file = list->count == 1 &&
	    strcmp(list->paths[0], source->path) == 0;
	if (source->awaited && texts[0].length == 0) {
		input.previous = NULL;
	} else if (source->was_file && is_emptied(source, texts[0].length)) {
		fail_file(source, source->path, "the file is empty now");
		return;
	}
	content = hostsfile_parse(&input, source->diags);
	if (!tell_failed(source, list, input.failed)) {
		content_free(content);
		return;
	}
	if (!source->content && content->record_count == 0 &&
	    diags_count(source->diags, DIAG_ERROR)) {
		content_free(content);
		fail_reading(source);
		return;
	}
	take_content(reading, content);
	if (diags_count(source->diags, DIAG_ERROR))
		source->state = LOAD_FAULTY;
}

/* Nothing there yet, and nothing is wrong with that. */
static bool
is_not_there_yet(const struct load_source *source)
{
	return source->awaited && !files_exists(source->path) &&
	    (!source->content || source->content->record_count == 0);
}

static void
believe_nothing(struct reading *reading)
{
	struct load_source *source = reading->source;

	loadfiles_note(&source->files, source->path);
	take_content(reading, content_new(&source->spec));
}

static void
read_hosts(struct reading *reading)
{
	struct load_source *source = reading->source;
	struct source_text *texts;
	const char **failed;
	struct files_list list;
	const char *wrong;

	if (is_not_there_yet(source)) {
		believe_nothing(reading);
		return;
	}
	wrong = files_expand(source->path, &list);
	source->listing = hash_listing(&list);
	if (wrong) {
		loadfiles_note(&source->files, source->path);
		fail_file(source, source->path, wrong);
		return;
	}
	if (source->was_file && source->content && list.count == 0) {
		loadfiles_note(&source->files, source->path);
		fail_file(source, source->path,
		    "it is an empty folder now, and was a file");
		return;
	}
	texts = memory_zeroed(list.count + 1, sizeof *texts);
	failed = memory_zeroed(list.count + 1, sizeof *failed);
	if (open_hosts(reading, &list, texts))
		parse_hosts(reading, &list, texts, failed);
	free(failed);
	free(texts);
	files_list_free(&list);
}

/* ---- leases ---- */

static const char *
open_leases(struct load_source *source, struct leasefile_input *input)
{
	const char *wrong;

	if (source->spec.format != LEASE_NEIGHBOURS)
		return loadfiles_read(&source->files, source->path,
		    &input->text);
	neighbours_free(&source->neighbours);
	wrong = neighbours_list(&source->neighbours);
	input->text = (struct source_text){source->path, "", 0};
	input->neighbours = source->neighbours.list;
	input->neighbour_count = source->neighbours.count;
	return wrong;
}

/* It mostly passes: told only when it does not. */
static void
wait_for_rest(struct reading *reading)
{
	struct load_source *source = reading->source;
	struct diag_place place = {.file = source->path};
	int64_t mono_s = reading->settings->mono_s;

	if (source->half_s == 0)
		source->half_s = mono_s;
	source->state = source->content ? LOAD_KEPT : LOAD_MISSING;
	if (mono_s - source->half_s < LOADREAD_HALF_S)
		return;
	diags_add(source->diags, DIAG_ERROR, &place, NULL,
	    "the file looks half-written for %lld s now",
	    (long long)(mono_s - source->half_s));
	fail_reading(source);
}

static void
parse_leases(struct reading *reading, struct leasefile_input *input)
{
	struct load_source *source = reading->source;
	struct content *content;

	switch (leasefile_parse(input, source->diags, &content)) {
	case LEASEFILE_GOOD:
		source->half_s = 0;
		take_content(reading, content);
		if (diags_count(source->diags, DIAG_ERROR))
			source->state = LOAD_FAULTY;
		break;
	case LEASEFILE_HALF:
		wait_for_rest(reading);
		break;
	case LEASEFILE_BAD:
		source->half_s = 0;
		fail_reading(source);
		break;
	}
}

static void
read_leases(struct reading *reading)
{
	struct load_source *source = reading->source;
	struct source_reader reader = loadfiles_reader(&source->files);
	struct leasefile_input input = {
	    .spec = &source->spec,
	    .reader = &reader,
	    .host = reading->settings->host,
	    .now_s = reading->settings->now_s,
	    .mono_s = reading->settings->mono_s,
	    .previous = source->content,
	};
	const char *wrong;

	if (source->spec.format != LEASE_NEIGHBOURS &&
	    is_not_there_yet(source)) {
		believe_nothing(reading);
		return;
	}
	wrong = open_leases(source, &input);
	if (wrong)
		fail_file(source, source->path, wrong);
	else
		parse_leases(reading, &input);
}

/* ---- any ---- */

/* Two entries for one file: most likely a slip, and lines would count twice. */
static const char *
find_twin(const struct load *load, const struct load_source *source,
    const struct loadfiles_seen *file)
{
	for (size_t i = 0; i < load->count; i++) {
		const struct load_source *other = load->sources[i];

		if (other == source || !other->seen)
			continue;
		for (size_t k = 0; k < other->files.seen_count; k++) {
			const struct loadfiles_seen *seen =
			    &other->files.seen[k];

			if (seen->identity.inode == file->identity.inode &&
			    seen->identity.device == file->identity.device)
				return other->path;
		}
	}
	return NULL;
}

#define TWINS_LOOKED_AT 64

static void
tell_twins(struct reading *reading)
{
	struct load_source *source = reading->source;

	for (size_t i = 0; i < source->files.seen_count &&
	     i < TWINS_LOOKED_AT; i++) {
		const struct loadfiles_seen *file = &source->files.seen[i];
		struct diag_place place = {.file = file->path};
		const char *twin;

		if (file->identity.inode == 0)
			continue;
		twin = find_twin(reading->load, source, file);
		if (!twin)
			continue;
		diags_add(source->diags, DIAG_WARNING, &place, "same-file",
		    "this is the same file as one of %s", twin);
		diags_then(source->diags, "name it once: what it says counts "
		    "in both places");
		return;
	}
}

void
loadread_source(struct reading *reading)
{
	struct load_source *source = reading->source;
	struct diags *before = source->diags;

	source->diags = diags_new();
	diags_silence(source->diags, reading->settings->off,
	    reading->settings->off_count);
	loadfiles_fini(&source->files);
	source->read = true;
	source->failed = false;
	source->read_s = reading->settings->mono_s;
	switch (source->spec.kind) {
	case SOURCE_NONE:
	case SOURCE_ZONE:
		read_zone(reading);
		break;
	case SOURCE_HOSTS:
		read_hosts(reading);
		break;
	case SOURCE_LEASE:
		read_leases(reading);
		break;
	}
	loadfiles_close(&source->files);
	if (source->spec.kind != SOURCE_LEASE)
		tell_twins(reading);
	source->told &= diags_equal(before, source->diags);
	diags_free(before);
}

static bool
has_other_listing(const struct load_source *source)
{
	struct files_list list;
	uint64_t listing;

	if (source->spec.kind != SOURCE_HOSTS)
		return false;
	if (files_expand(source->path, &list))
		return false;
	listing = hash_listing(&list);
	files_list_free(&list);
	return listing != source->listing;
}

static bool
has_other_neighbours(const struct load_source *source)
{
	struct neighbours now;
	bool other;

	if (source->spec.format != LEASE_NEIGHBOURS)
		return false;
	other = !neighbours_list(&now) &&
	    !neighbours_equal(&now, &source->neighbours);
	neighbours_free(&now);
	return other;
}

static uint64_t
bytes_of(const char *path)
{
	struct files_state state;

	files_look(path, &state);
	return state.identity.size;
}

/* A folder of hosts files may have new ones. */
uint64_t
loadread_text_bytes(const struct load_source *source)
{
	struct files_list list;
	uint64_t bytes = 0;

	if (source->spec.kind != SOURCE_HOSTS) {
		for (size_t i = 0; i < source->files.seen_count; i++)
			bytes += bytes_of(source->files.seen[i].path);
		return bytes;
	}
	if (files_expand(source->path, &list))
		return 0;
	for (size_t i = 0; i < list.count; i++)
		bytes += bytes_of(list.paths[i]);
	files_list_free(&list);
	return bytes;
}

bool
loadread_is_stale(const struct load_source *source,
    const struct load_settings *settings)
{
	const struct content *content = source->content;

	return !source->read || source->half_s != 0 ||
	    (source->failed && (settings->care == LOADFILES_DOUBT ||
		settings->mono_s >= source->read_s + LOADREAD_AGAIN_S)) ||
	    source->state == LOAD_REFUSED ||
	    (content && content->due_s &&
		content->due_s <= settings->mono_s) ||
	    loadfiles_changed(&source->files, settings->care) ||
	    has_other_listing(source) || has_other_neighbours(source);
}
