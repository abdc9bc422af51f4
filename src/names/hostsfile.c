/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/hostsfile.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/hostschunk.h"

/* One edited line has its chunk made anew, and each name and address of that
 * copies a segment of their tables: of 64 KB, nearly all of them. */
static const struct hostscut_sizes usual_sizes = {
	.chunk = 16u * 1024, .rest = 24u * 1024, .apart = HOSTSFILE_APART,
};

struct parser {
	const struct content *previous;
	struct diags *diags;
	struct content *content;
	struct hostschunk_parser *chunks;
	/* The file at hand: */
	struct hostscut cut;
	struct hostschunk_file file;
	struct pieces pieces;
	size_t at;			/* so far, and the next line's number */
	uint32_t number;
};

/* ---- chunks one after the other ---- */

/* false: its bytes could not be had. */
static bool
parse_chunk(struct parser *p, size_t end)
{
	struct hostschunk_task task = {
		.file = &p->file,
		.diags = p->diags,
		.at = p->at,
	};
	size_t to = hostscut_find_end(&p->cut, &p->pieces, p->at, end);

	if (to == 0)
		return false;
	task.bytes = pieces_get(&p->pieces, p->at, to);
	if (task.bytes == NULL)
		return false;
	task.length = to - p->at;
	task.chunk = chunk_new(p->file.path, p->number);
	hostschunk_parse(p->chunks, &task);
	content_add(p->content, task.chunk);
	p->number += task.chunk->line_count;
	p->at += task.chunk->text_length;
	return true;
}

/* ---- chunks parsed at the same time ----
 *
 * Those without a fault; one with a fault is given up, and parsed again when
 * it is its turn. */

struct stretch {
	size_t from;
	size_t to;
	struct chunk *chunk;
	bool given_up;
};

struct stretches {
	const struct parser *parser;
	struct worker {
		struct hostschunk_parser *chunks;
		struct pieces pieces;
	} *workers;
	struct stretch *list;
	unsigned count;
	unsigned room;
};

static void
add_stretch(struct stretches *all, const struct stretch *stretch)
{
	if (all->count == all->room) {
		all->room = all->room > 0 ? 2 * all->room : 64;
		all->list = memory_resize(all->list, all->room,
		    sizeof(all->list[0]));
	}
	all->list[all->count++] = *stretch;
}

/* As parse_chunk would cut them, but for what is left at the end.  The chunks
 * are made here: they get their ids in order. */
static void
plan_stretches(struct parser *p, size_t end, struct stretches *all)
{
	size_t at = p->at;

	while (end - at > p->cut.sizes->rest) {
		struct stretch stretch = {
			.from = at,
			.to = hostscut_find_end(&p->cut, &p->pieces, at, end),
		};

		if (stretch.to == 0)
			return;
		stretch.chunk = chunk_new(p->file.path, 1);
		add_stretch(all, &stretch);
		at = stretch.to;
	}
}

static void
parse_stretch(void *argument, unsigned part, unsigned worker)
{
	const struct stretches *all = argument;
	struct stretch *stretch = &all->list[part];
	struct worker *mine = &all->workers[worker];
	struct hostschunk_file file = {.path = all->parser->file.path};
	struct hostschunk_task task = {
		.file = &file,
		.bytes = pieces_get(&mine->pieces, stretch->from, stretch->to),
		.length = stretch->to - stretch->from,
		.at = stretch->from,
		.chunk = stretch->chunk,
	};

	stretch->given_up = task.bytes == NULL ||
	    hostschunk_parse(mine->chunks, &task) == HOSTSCHUNK_GIVEN_UP ||
	    stretch->chunk->text_length != task.length;
}

static void
run_stretches(struct parser *p, struct stretches *all)
{
	struct parts_work work = {parse_stretch, all, all->count};
	unsigned workers = parts_workers(p->cut.parts);

	all->parser = p;
	all->workers = memory_zeroed(workers, sizeof(all->workers[0]));
	for (unsigned i = 0; i < workers; i++) {
		all->workers[i].chunks = hostschunk_parser_new(p->cut.spec);
		pieces_init(&all->workers[i].pieces, p->cut.text,
		    p->cut.fetch);
	}
	parts_run(p->cut.parts, &work);
	for (unsigned i = 0; i < workers; i++) {
		hostschunk_parser_free(all->workers[i].chunks);
		pieces_fini(&all->workers[i].pieces);
	}
	free(all->workers);
}

/* false: as parse_chunk. */
static bool
take_stretch(struct parser *p, const struct stretch *stretch, size_t end)
{
	struct chunk *chunk = stretch->chunk;

	if (stretch->given_up) {
		chunk_drop(chunk);
		return parse_chunk(p, end);
	}
	chunk->first_line = p->number;
	p->number += chunk->line_count;
	p->at = stretch->to;
	content_add(p->content, chunk);
	return true;
}

static void
parse_apart(struct parser *p, size_t end)
{
	struct stretches all = {0};
	unsigned taken = 0;

	plan_stretches(p, end, &all);
	run_stretches(p, &all);
	/* A file that is written meanwhile may not come out as planned. */
	while (taken < all.count && p->at == all.list[taken].from &&
	    take_stretch(p, &all.list[taken], end))
		taken++;
	if (taken < all.count && p->at == all.list[taken].from)
		taken++;		/* it failed, and is gone */
	for (unsigned i = taken; i < all.count; i++)
		chunk_drop(all.list[i].chunk);
	free(all.list);
}

/* ---- files ---- */

static void
share_chunks(struct parser *p, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		struct chunk *chunk = p->file.old[i];

		chunk->first_line = p->number;
		p->number += chunk->line_count;
		p->at += chunk->text_length;
		content_share(p->content, chunk);
	}
}

/* What is the same at the start and at the end of the file is shared with the
 * content before, only the stretch between is parsed.  false: as
 * parse_chunk. */
static bool
parse_text(struct parser *p)
{
	struct hostscut_same same = hostscut_compare(&p->cut, p->file.old,
	    p->file.old_count);

	p->number = 1;
	p->at = 0;
	share_chunks(p, 0, same.head);
	if (hostscut_is_apart(&p->cut, same.to - same.from))
		parse_apart(p, same.to);
	while (p->at < same.to)
		if (!parse_chunk(p, same.to))
			return false;
	share_chunks(p, same.tail, p->file.old_count);
	return true;
}

static void
tell_rest(struct parser *p, enum diag_level level, const char *what)
{
	struct diag_place place = {.file = p->file.path};

	if (p->file.faults[level] > HOSTSCHUNK_SHOWN)
		diags_add(p->diags, level, &place, NULL,
		    "lines %s that are not shown: %u", what,
		    p->file.faults[level] - HOSTSCHUNK_SHOWN);
}

/* The whole file as it was.  Where its lines stand may have been noted
 * otherwise meanwhile. */
static void
share_file(struct parser *p)
{
	p->number = 1;
	share_chunks(p, 0, p->file.old_count);
}

/* And what is wrong with it now. */
static void
keep_file(struct parser *p, enum diag_level level, const char *why)
{
	struct diag_place place = {.file = p->file.path};

	diags_add(p->diags, level, &place, NULL, "%s", why);
	if (p->file.old_count > 0)
		diags_then(p->diags, "it keeps its last good content");
	share_file(p);
}

static bool
had_records(const struct hostschunk_file *file)
{
	for (uint32_t i = 0; i < file->old_count; i++)
		if (file->old[i]->record_count > 0)
			return true;
	return false;
}

/* A file without a single good line is something else by now: a binary, a page
 * of a proxy.  What it said before counts, as if it could not be read. */
static void
keep_if_nonsense(struct parser *p, uint32_t chunks, uint32_t records)
{
	if (p->file.faults[DIAG_ERROR] == 0 || !had_records(&p->file) ||
	    p->content->record_count > records)
		return;
	content_cut(p->content, chunks);
	keep_file(p, DIAG_ERROR, "no line of it can be read");
}

static bool
is_utf16(struct parser *p)
{
	const char *bytes = p->cut.text->length < 2 ? NULL :
	    pieces_get(&p->pieces, 0, 2);

	return bytes != NULL && (memcmp(bytes, "\xff\xfe", 2) == 0 ||
	    memcmp(bytes, "\xfe\xff", 2) == 0);
}

/* false: as parse_chunk. */
static bool
parse_lines(struct parser *p)
{
	uint32_t chunks = p->content->chunk_count;
	uint32_t records = p->content->record_count;
	bool whole = parse_text(p);

	tell_rest(p, DIAG_ERROR, "with errors");
	tell_rest(p, DIAG_NOTE, "passed over");
	if (whole) {
		keep_if_nonsense(p, chunks, records);
	} else {
		content_cut(p->content, chunks);
		share_file(p);
	}
	return whole;
}

/* NULL, or why it could not be fetched. */
static const char *
parse_file(struct parser *p)
{
	const struct source_text *text = p->cut.text;

	if (text->bytes == NULL && (text->length == 0 || !p->cut.fetch))
		share_file(p);
	else if (text->length == 0 && p->file.old_count > 0)
		keep_file(p, DIAG_WARNING, "the file is empty");
	else if (is_utf16(p))
		keep_file(p, DIAG_ERROR,
		    "the file is in UTF-16; save it as UTF-8");
	else if (text->length > 0 && !parse_lines(p))
		return p->pieces.wrong;
	return NULL;
}

/* The chunks of one file stand together. */
static void
find_old(struct hostschunk_file *file, const struct content *previous)
{
	uint32_t i = 0;

	if (previous == NULL || previous->chunk_count == 0)
		return;
	while (i < previous->chunk_count &&
	    strcmp(previous->chunks[i]->path, file->path) != 0)
		i++;
	file->old = previous->chunks + i;
	while (i < previous->chunk_count &&
	    strcmp(previous->chunks[i]->path, file->path) == 0)
		i++;
	file->old_count = (uint32_t)(previous->chunks + i - file->old);
}

static const char *
do_file(struct parser *p, const struct source_text *text)
{
	const char *wrong;

	p->cut.text = text;
	p->file = (struct hostschunk_file){.path = text->path};
	find_old(&p->file, p->previous);
	pieces_init(&p->pieces, text, p->cut.fetch);
	wrong = parse_file(p);
	pieces_fini(&p->pieces);
	hostschunk_file_fini(&p->file);
	return wrong;
}

struct content *
hostsfile_parse(const struct hostsfile_input *input, struct diags *diags)
{
	struct parser p = {
		.previous = input->previous,
		.diags = diags,
		.content = content_new(input->spec),
		.chunks = hostschunk_parser_new(input->spec),
		.cut = {
			.spec = input->spec,
			.fetch = input->fetch,
			.parts = input->parts,
			.sizes = input->sizes ? input->sizes : &usual_sizes,
		},
	};

	for (size_t i = 0; i < input->file_count; i++) {
		const char *wrong = do_file(&p, &input->files[i]);

		if (input->failed != NULL)
			input->failed[i] = wrong;
	}
	hostschunk_parser_free(p.chunks);
	return p.content;
}
