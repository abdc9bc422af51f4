/* SPDX-License-Identifier: BSD-2-Clause */
#include "loadfiles.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

#define LOAD_FILE_MAX ((size_t)2 << 30)
#define SETTLED_NS INT64_C(50000000)	/* some ticks of any kernel's clock */

/* Its size, as it is now. */
static uint64_t
note(struct loadfiles *files, const char *path)
{
	struct loadfiles_seen *seen;
	struct files_state state;

	files_look(path, &state);
	files->seen = memory_resize(files->seen, files->seen_count + 1,
	    sizeof *files->seen);
	seen = &files->seen[files->seen_count++];
	*seen = (struct loadfiles_seen){
	    .path = memory_string(path),
	    .identity = state.identity,
	    .unsettled = state.identity.changed_ns >
		clock_wall_ns() - SETTLED_NS,
	};
	return state.identity.size;
}

void
loadfiles_note(struct loadfiles *files, const char *path)
{
	note(files, path);
}

static const char *
keep_path(struct loadfiles *files, const char *path)
{
	struct files_list *paths = &files->paths;

	paths->paths = memory_resize(paths->paths, paths->count + 1,
	    sizeof *paths->paths);
	paths->paths[paths->count] = memory_string(path);
	return paths->paths[paths->count++];
}

static const char *
read_whole(struct loadfiles *files, const char *path,
    struct source_text *text)
{
	struct files_content *file = memory_alloc(sizeof *file);
	const char *wrong;

	wrong = files_read(path, LOAD_FILE_MAX, file);
	if (wrong) {
		free(file);
		return wrong;
	}
	files->open = memory_resize(files->open, files->open_count + 1,
	    sizeof *files->open);
	files->open[files->open_count++] = file;
	*text = (struct source_text){keep_path(files, path), file->bytes,
	    file->length};
	return NULL;
}

/* The state is that from before the first byte was read: who writes meanwhile
 * makes it differ. */
const char *
loadfiles_read(struct loadfiles *files, const char *path,
    struct source_text *text)
{
	loadfiles_note(files, path);
	return read_whole(files, path, text);
}

const char *
loadfiles_open(struct loadfiles *files, const char *path, size_t apart,
    struct source_text *text)
{
	struct loadfiles_held *held = &files->held[files->held_count];
	const char *wrong;

	if (note(files, path) <= apart ||
	    files->held_count == LOADFILES_HELD_MAX)
		return read_whole(files, path, text);
	wrong = files_hold(path, LOAD_FILE_MAX, &held->file);
	if (wrong)
		return wrong;
	files->held_count++;
	held->path = keep_path(files, path);
	/* It may have been emptied since it was looked at. */
	*text = (struct source_text){held->path,
	    held->file.length ? NULL : "", held->file.length};
	return NULL;
}

static const char *
fetch_held(void *context, const struct source_text *text, size_t at,
    const struct source_room *room)
{
	const struct loadfiles *files = context;
	const struct loadfiles_held *held = files->held;

	while (held->path != text->path)
		assert(++held < files->held + files->held_count);
	return files_fetch(&held->file, at, room->bytes, room->length);
}

struct source_fetch
loadfiles_fetch(struct loadfiles *files)
{
	return (struct source_fetch){
	    .read = fetch_held,
	    .context = files,
	};
}

static const char *
read_beside(void *context, const char *from, const char *path,
    struct source_text *text)
{
	const char *slash = strrchr(from, '/');
	const char *wrong;
	char *whole;

	if (*path == '/' || !slash)
		return loadfiles_read(context, path, text);
	whole = memory_format("%.*s/%s", (int)(slash - from), from, path);
	wrong = loadfiles_read(context, whole, text);
	free(whole);
	return wrong;
}

static const char *
list_folder(void *context, const char *folder, const char *suffix,
    struct source_paths *paths)
{
	struct loadfiles *files = context;
	struct files_list found, folders;
	const char *wrong;

	loadfiles_note(files, folder);
	wrong = files_find(folder, suffix, &found, &folders);
	if (wrong)
		return wrong;
	for (size_t i = 0; i < folders.count; i++)
		loadfiles_note(files, folders.paths[i]);
	files_list_free(&folders);
	files->lists = memory_resize(files->lists, files->list_count + 1,
	    sizeof *files->lists);
	files->lists[files->list_count++] = found;
	*paths = (struct source_paths){
	    (const char *const *)found.paths, found.count};
	return NULL;
}

struct source_reader
loadfiles_reader(struct loadfiles *files)
{
	return (struct source_reader){
	    .read = read_beside,
	    .context = files,
	    .list = list_folder,
	};
}

void
loadfiles_close(struct loadfiles *files)
{
	for (size_t i = 0; i < files->open_count; i++) {
		files_release(files->open[i]);
		free(files->open[i]);
	}
	for (unsigned i = 0; i < files->held_count; i++)
		files_let_go(&files->held[i].file);
	files->held_count = 0;
	for (size_t i = 0; i < files->list_count; i++)
		files_list_free(&files->lists[i]);
	free(files->open);
	free(files->lists);
	files_list_free(&files->paths);
	files->open = NULL;
	files->open_count = 0;
	files->lists = NULL;
	files->list_count = 0;
}

void
loadfiles_fini(struct loadfiles *files)
{
	loadfiles_close(files);
	for (size_t i = 0; i < files->seen_count; i++)
		free(files->seen[i].path);
	free(files->seen);
	*files = (struct loadfiles){0};
}

bool
loadfiles_changed(const struct loadfiles *files, enum loadfiles_care care)
{
	for (size_t i = 0; i < files->seen_count; i++) {
		const struct loadfiles_seen *seen = &files->seen[i];
		struct files_state now;

		files_look(seen->path, &now);
		if (seen->unsettled ||
		    (care == LOADFILES_DOUBT && now.blind) ||
		    !files_identity_equal(&seen->identity, &now.identity))
			return true;
	}
	return false;
}
