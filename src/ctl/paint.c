/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/paint.h"

#include <stdbool.h>
#include <string.h>

#include "base/colour.h"

enum paint
paint_wanted(FILE *out)
{
	return colour_wanted(out) ? PAINT_ON : PAINT_OFF;
}

/* A part of a line in a colour, and on with what is behind it. */
static const char *
put(const char *from, const char *to, const char *colour, FILE *out)
{
	fputs(colour, out);
	fwrite(from, 1, (size_t)(to - from), out);
	fputs(COLOUR_OFF, out);
	return to;
}

/* "file:1:2: error: text": the place in bold, the word in its colour. */
static bool
paint_diagnostic(const char *line, FILE *out)
{
	static const struct {
		const char *word, *colour;
	} levels[] = {
		{": error: ", COLOUR_ERROR},
		{": warning: ", COLOUR_WARNING},
		{": note: ", COLOUR_NOTE},
	};

	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
		const char *word = strstr(line, levels[i].word);
		const char *rest;

		if (!word || *line == ' ')
			continue;
		rest = put(line, word + 2, COLOUR_PLACE, out);
		rest = put(rest, word + strlen(levels[i].word) - 2,
		    levels[i].colour, out);
		fputs(rest, out);
		return true;
	}
	return false;
}

/* "      |    ^~~~" */
static bool
paint_caret(const char *line, FILE *out)
{
	size_t blank = strspn(line, " "), before;
	const char *caret;

	if (line[blank] != '|')
		return false;
	before = blank + 1 + strspn(line + blank + 1, " \t.");
	caret = line + before;
	if (*caret != '^' || strspn(caret, "^~\n") != strlen(caret))
		return false;
	fwrite(line, 1, before, out);
	fputs(put(caret, caret + strcspn(caret, "\n"), COLOUR_CARET, out),
	    out);
	return true;
}

/* "+ web A 10.0.0.5", "    - A 10.0.2.15 ..." */
static bool
paint_sign(const char *line, FILE *out)
{
	size_t blank = strspn(line, " ");
	char sign = line[blank];

	if ((sign != '+' && sign != '-') || line[blank + 1] != ' ')
		return false;
	fputs(put(line, line + strcspn(line, "\n"),
	    sign == '+' ? COLOUR_GOOD : COLOUR_ERROR, out), out);
	return true;
}

void
paint_line(const char *line, FILE *out)
{
	if (!paint_diagnostic(line, out) && !paint_caret(line, out) &&
	    !paint_sign(line, out))
		fputs(line, out);
}
