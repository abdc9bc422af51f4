/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "names/lint.h"

/* A file, read once, and how far its lines were counted. */
struct pages {
	const char *path;		/* NULL: none yet */
	const char *at;			/* where `line` begins */
	const char *end;
	uint32_t line;
	char newline;			/* LF; CR in files that have no LF */
};

struct line {
	const char *text;		/* NULL: not there */
	size_t length;
};

static void
open_pages(struct pages *pages, const struct source_reader *reader,
    const char *path)
{
	struct source_text text;

	if (pages->path != NULL && strcmp(pages->path, path) == 0)
		return;
	*pages = (struct pages){ .path = path, .newline = '\n' };
	if (reader == NULL ||
	    reader->read(reader->context, "", path, &text) != NULL)
		return;
	pages->at = text.bytes;
	pages->end = text.bytes + text.length;
	pages->line = 1;
	if (text.length >= 3 && memcmp(text.bytes, "\xef\xbb\xbf", 3) == 0)
		pages->at += 3;
	if (memchr(text.bytes, '\n', text.length) == NULL)
		pages->newline = '\r';
}

/* Lines are asked for in ascending order. */
static struct line
find_line(struct pages *pages, uint32_t number)
{
	struct line line = { 0 };
	const char *end;

	while (pages->at != NULL && pages->line < number) {
		end = memchr(pages->at, pages->newline,
		    (size_t)(pages->end - pages->at));
		pages->at = end != NULL ? end + 1 : NULL;
		pages->line++;
	}
	if (pages->at == NULL || number == 0)
		return line;
	end = memchr(pages->at, pages->newline,
	    (size_t)(pages->end - pages->at));
	if (end == NULL)
		end = pages->end;
	line.text = pages->at;
	line.length = (size_t)(end - pages->at);
	if (line.length > 0 && line.text[line.length - 1] == '\r')
		line.length--;
	return line;
}

/* Of the word at the column. */
static uint32_t
measure(const struct line *line, uint32_t column)
{
	size_t from = column > 0 ? column - 1 : 0, at = from;

	if (line->text == NULL)
		return 1;
	while (at < line->length &&
	    memchr(" \t;#()", line->text[at], 6) == NULL)
		at++;
	return at > from ? (uint32_t)(at - from) : 1;
}

static bool
has_mark(const struct line *line)
{
	static const char mark[] = ORIGIN_OK_MARK;
	const char *comment = line->text == NULL ? NULL :
	    memchr(line->text, '#', line->length);

	return comment != NULL && memmem(comment,
	    line->length - (size_t)(comment - line->text), mark,
	    sizeof(mark) - 1) != NULL;
}

static bool
was_told(const struct lint_findings *before,
    const struct lint_finding *finding)
{
	for (size_t i = 0; before != NULL && i < before->count; i++) {
		const struct lint_finding *old = &before->list[i];

		if (old->id == finding->id &&
		    strcmp(old->path, finding->path) == 0 &&
		    strcmp(old->text, finding->text) == 0)
			return true;
	}
	return false;
}

static void
tell_finding(struct diags *diags, const struct lint_finding *finding,
    const struct line *line)
{
	const struct diag_place place = {
		.file = finding->path,
		.line = finding->line,
		.column = finding->column,
		.width = measure(line, finding->column),
		.text = line->text,
		.text_len = line->length,
	};

	diags_add(diags, DIAG_WARNING, &place, lint_id_name(finding->id),
	    "%s", finding->text);
	diags_then(diags, "%s", finding->then);
}

static void
tell_more(struct diags *diags, const struct lint_telling *telling)
{
	const struct lint_findings *findings = telling->findings;
	const struct diag_place place = { .file = "warnings" };

	for (unsigned id = 0; id < LINT_COUNT; id++) {
		if (findings->more[id] == 0 || (telling->before != NULL &&
		    telling->before->more[id] == findings->more[id]))
			continue;
		diags_add(diags, DIAG_NOTE, &place,
		    lint_id_name((enum lint_id)id),
		    "%u more like this are not shown", findings->more[id]);
	}
}

void
lint_tell(const struct lint_telling *telling, struct diags *diags)
{
	const struct lint_findings *findings = telling->findings;
	struct pages pages = { 0 };

	for (size_t i = 0; i < findings->count; i++) {
		const struct lint_finding *finding = &findings->list[i];
		struct line line;

		if (was_told(telling->before, finding))
			continue;
		open_pages(&pages, telling->reader, finding->path);
		line = find_line(&pages, finding->line);
		if (finding->source > 0 || !has_mark(&line))
			tell_finding(diags, finding, &line);
	}
	tell_more(diags, telling);
}
