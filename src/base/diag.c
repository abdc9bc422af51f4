/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/diag.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/colour.h"
#include "base/memory.h"
#include "base/printable.h"

#define WINDOW 120			/* columns of a long line shown */
#define WINDOW_AHEAD 60			/* of them before the caret */

struct diag {
	struct diag *next;
	enum diag_level level;
	char *file;
	char *id;
	char *text;
	char *then;
	uint32_t line;
	uint32_t column;
	uint32_t width;
	/* the part of the line that is shown, and where in it the caret is */
	char *excerpt;
	size_t excerpt_len;
	size_t caret;
	bool cut_front, cut_end;
};

struct diags {
	struct diag *first, **end;
	struct diag *last;
	unsigned kept;
	unsigned count[DIAG_LEVELS];
	char **silent;			/* ids */
	size_t silent_count;
};

struct diags *
diags_new(void)
{
	struct diags *diags = memory_zeroed(1, sizeof *diags);

	diags->end = &diags->first;
	return diags;
}

static void
free_diag(struct diag *diag)
{
	free(diag->file);
	free(diag->id);
	free(diag->text);
	free(diag->then);
	free(diag->excerpt);
	free(diag);
}

void
diags_free(struct diags *diags)
{
	if (!diags)
		return;
	while (diags->first) {
		struct diag *diag = diags->first;

		diags->first = diag->next;
		free_diag(diag);
	}
	for (size_t i = 0; i < diags->silent_count; i++)
		free(diags->silent[i]);
	free(diags->silent);
	free(diags);
}

static bool
is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

static bool
is_same_diag(const struct diag *a, const struct diag *b)
{
	return a->level == b->level && a->line == b->line &&
	    a->column == b->column && is_same_text(a->file, b->file) &&
	    is_same_text(a->id, b->id) && is_same_text(a->text, b->text) &&
	    is_same_text(a->then, b->then) &&
	    a->excerpt_len == b->excerpt_len && (!a->excerpt_len ||
		memcmp(a->excerpt, b->excerpt, a->excerpt_len) == 0);
}

bool
diags_equal(const struct diags *a, const struct diags *b)
{
	const struct diag *x = a->first, *y = b->first;

	if (memcmp(a->count, b->count, sizeof a->count) != 0)
		return false;
	for (; x && y && is_same_diag(x, y); x = x->next)
		y = y->next;
	return !x && !y;
}

void
diags_silence(struct diags *diags, const char *const *ids, size_t count)
{
	diags->silent = memory_resize(diags->silent,
	    diags->silent_count + count + 1, sizeof *diags->silent);
	for (size_t i = 0; i < count; i++)
		diags->silent[diags->silent_count++] = memory_string(ids[i]);
}

static bool
is_silent(const struct diags *diags, enum diag_level level, const char *id)
{
	for (size_t i = 0; level != DIAG_ERROR && id &&
	     i < diags->silent_count; i++)
		if (strcmp(diags->silent[i], id) == 0)
			return true;
	return false;
}

/* One step through a line: a printable character, a tab, or one byte that is
 * shown as \xNN. */
struct step {
	size_t bytes;
	size_t columns;			/* a tab counts as one */
	enum {
		STEP_PLAIN,
		STEP_TAB,
		STEP_ESCAPED,
	} kind;
};

static struct step
take_step(const char *text, size_t left)
{
	size_t bytes = printable_length(text, left);

	if (bytes)
		return (struct step){bytes, 1, STEP_PLAIN};
	if (*text == '\t')
		return (struct step){1, 1, STEP_TAB};
	return (struct step){1, 4, STEP_ESCAPED};
}

/* The columns of the characters that begin in the first `length` bytes. */
static size_t
count_columns(const char *text, size_t length, size_t left)
{
	size_t columns = 0;
	struct step step;

	for (size_t i = 0; i < length; i += step.bytes) {
		step = take_step(text + i, left - i);
		columns += step.columns;
	}
	return columns;
}

/* How many bytes fit into so many columns.  The lines of a hostile file are
 * long: nobody may walk to their end. */
static size_t
fit_columns(const char *text, size_t length, size_t columns)
{
	size_t i = 0;

	while (i < length) {
		struct step step = take_step(text + i, length - i);

		if (step.columns > columns)
			break;
		columns -= step.columns;
		i += step.bytes;
	}
	return i;
}

/* The beginning of the character that `at` is in. */
static size_t
find_character(const char *text, size_t length, size_t at)
{
	for (size_t back = 1; back < 4 && back <= at; back++)
		if (printable_length(text + at - back, length - at + back) >
		    back)
			return at - back;
	return at;
}

/* Where a window begins that has WINDOW_AHEAD columns at most before `at`. */
static size_t
find_start(const char *text, size_t length, size_t at)
{
	size_t start = at, before;

	for (size_t columns = 0; start > 0; start = before) {
		before = find_character(text, length, start - 1);
		columns += take_step(text + before, length - before).columns;
		if (columns > WINDOW_AHEAD)
			break;
	}
	return start;
}

static void
keep_excerpt(struct diag *diag, const struct diag_place *place)
{
	size_t at = place->column ? place->column - 1 : 0;
	size_t start = 0, length;

	if (at > place->text_len)
		at = place->text_len;
	at = find_character(place->text, place->text_len, at);
	length = fit_columns(place->text, place->text_len, WINDOW);
	if (length < place->text_len) {
		start = find_start(place->text, place->text_len, at);
		length = fit_columns(place->text + start,
		    place->text_len - start, WINDOW);
	}
	diag->cut_front = start > 0;
	diag->cut_end = start + length < place->text_len;
	diag->caret = at - start;
	diag->excerpt = memory_alloc(length + 1);
	memcpy(diag->excerpt, place->text + start, length);
	diag->excerpt_len = length;
}

static char *
format_text(const char *fmt, va_list args) __attribute__((format(printf, 1,
    0)));

static char *
format_text(const char *fmt, va_list args)
{
	char *text = NULL;

	return vasprintf(&text, fmt, args) < 0 ? memory_string("") : text;
}

void
diags_add(struct diags *diags, enum diag_level level,
    const struct diag_place *place, const char *id, const char *fmt, ...)
{
	struct diag *diag;
	va_list args;

	diags->last = NULL;
	if (is_silent(diags, level, id))
		return;
	diags->count[level]++;
	if (diags->kept == DIAGS_MAX)
		return;
	diags->kept++;
	diag = memory_zeroed(1, sizeof *diag);
	diag->level = level;
	diag->file = memory_string(place->file ? place->file : "");
	diag->id = memory_string(id);
	diag->line = place->line;
	diag->column = place->column;
	diag->width = place->width ? place->width : 1;
	if (place->line && place->text)
		keep_excerpt(diag, place);
	va_start(args, fmt);
	diag->text = format_text(fmt, args);
	va_end(args);
	*diags->end = diag;
	diags->end = &diag->next;
	diags->last = diag;
}

void
diags_then(struct diags *diags, const char *fmt, ...)
{
	va_list args;

	if (!diags->last)
		return;
	free(diags->last->then);
	va_start(args, fmt);
	diags->last->then = format_text(fmt, args);
	va_end(args);
}

unsigned
diags_count(const struct diags *diags, enum diag_level level)
{
	return diags->count[level];
}

void
diags_move(struct diags *into, struct diags *from)
{
	for (unsigned i = 0; i < DIAG_LEVELS; i++) {
		into->count[i] += from->count[i];
		from->count[i] = 0;
	}
	while (from->first) {
		struct diag *diag = from->first;

		from->first = diag->next;
		diag->next = NULL;
		if (is_silent(into, diag->level, diag->id)) {
			into->count[diag->level]--;
			free_diag(diag);
			continue;
		}
		if (into->kept == DIAGS_MAX) {
			free_diag(diag);
			continue;
		}
		*into->end = diag;
		into->end = &diag->next;
		into->kept++;
	}
	into->last = NULL;
	from->end = &from->first;
	from->last = NULL;
	from->kept = 0;
}

void
diags_visit(const struct diags *diags,
    void (*visit)(void *context, const struct diag_view *diag), void *context)
{
	for (const struct diag *diag = diags->first; diag; diag = diag->next)
		visit(context, &(struct diag_view){
		    .level = diag->level,
		    .file = diag->file,
		    .id = diag->id,
		    .text = diag->text,
		    .line = diag->line,
		    .column = diag->column,
		});
}

/* ---- printing ---- */

struct colours {
	const char *bold, *level[DIAG_LEVELS], *caret, *off;
};

static const struct colours plain = {"", {"", "", ""}, "", ""};
static const struct colours coloured = {COLOUR_PLACE,
    {COLOUR_ERROR, COLOUR_WARNING, COLOUR_NOTE}, COLOUR_CARET, COLOUR_OFF};

enum diag_colour
diags_colour(FILE *out)
{
	return colour_wanted(out) ? DIAG_COLOUR : DIAG_PLAIN;
}

/* What is not printable goes out as \xNN, so that no file can steer the
 * terminal; tabs stay, so that the line looks as in the editor. */
static void
print_bytes(FILE *out, const char *text, size_t length)
{
	struct step step;

	for (size_t i = 0; i < length; i += step.bytes) {
		step = take_step(text + i, length - i);
		if (step.kind == STEP_ESCAPED)
			fprintf(out, "\\x%02x", (unsigned char)text[i]);
		else
			fwrite(text + i, 1, step.bytes, out);
	}
}

static void
print_repeated(FILE *out, char c, size_t count)
{
	while (count-- > 0)
		fputc(c, out);
}

/* Blanks as wide as the text above them; tabs stay tabs. */
static void
print_blank(FILE *out, const char *text, size_t length)
{
	struct step step;

	for (size_t i = 0; i < length; i += step.bytes) {
		step = take_step(text + i, length - i);
		print_repeated(out, step.kind == STEP_TAB ? '\t' : ' ',
		    step.columns);
	}
}

static void
print_caret(const struct diag *diag, FILE *out, const struct colours *c)
{
	size_t left = diag->excerpt_len - diag->caret;
	size_t width = diag->width < left ? diag->width : left;
	size_t columns = count_columns(diag->excerpt + diag->caret, width,
	    left);

	fputs("      | ", out);
	print_repeated(out, ' ', diag->cut_front ? 3 : 0);
	print_blank(out, diag->excerpt, diag->caret);
	fprintf(out, "%s^", c->caret);
	print_repeated(out, '~', columns ? columns - 1 : 0);
	fprintf(out, "%s\n", c->off);
}

static void
print_excerpt(const struct diag *diag, FILE *out, const struct colours *c)
{
	fprintf(out, "%5u | %s", diag->line, diag->cut_front ? "..." : "");
	print_bytes(out, diag->excerpt, diag->excerpt_len);
	fputs(diag->cut_end ? "...\n" : "\n", out);
	if (diag->column)
		print_caret(diag, out, c);
}

static void
print_diag(const struct diag *diag, FILE *out, const struct colours *c)
{
	static const char *const words[] = {"error", "warning", "note"};

	fputs(c->bold, out);
	print_bytes(out, diag->file, strlen(diag->file));
	if (diag->line)
		fprintf(out, ":%u", diag->line);
	if (diag->line && diag->column)
		fprintf(out, ":%u", diag->column);
	fprintf(out, ": %s%s%s%s: ", c->off, c->level[diag->level],
	    words[diag->level], c->off);
	print_bytes(out, diag->text, strlen(diag->text));
	if (diag->id)
		fprintf(out, " [%s]", diag->id);
	fputc('\n', out);
	if (diag->excerpt)
		print_excerpt(diag, out, c);
	if (diag->then) {
		fputs("      = ", out);
		print_bytes(out, diag->then, strlen(diag->then));
		fputc('\n', out);
	}
}

void
diags_print(const struct diags *diags, FILE *out, enum diag_colour colour)
{
	const struct colours *c = colour == DIAG_COLOUR ? &coloured : &plain;
	unsigned total = 0;

	for (const struct diag *diag = diags->first; diag; diag = diag->next)
		print_diag(diag, out, c);
	for (unsigned i = 0; i < DIAG_LEVELS; i++)
		total += diags->count[i];
	if (total > diags->kept)
		fprintf(out, "... and %u more\n", total - diags->kept);
}
