/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/paint.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define GREEN "\033[32m"
#define YELLOW "\033[1;33m"
#define CYAN "\033[1;36m"
#define OFF "\033[0m"

enum paint
paint_wanted(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (!isatty(fileno(out)) || (no && *no))
		return PAINT_OFF;
	return term && strcmp(term, "dumb") != 0 ? PAINT_ON : PAINT_OFF;
}

/* A part of a line in a colour, and on with what is behind it. */
static const char *
put(const char *from, const char *to, const char *colour, FILE *out)
{
	fputs(colour, out);
	fwrite(from, 1, (size_t)(to - from), out);
	fputs(OFF, out);
	return to;
}

/* "file:1:2: error: text": the place in bold, the word in its colour. */
static bool
paint_diagnostic(const char *line, FILE *out)
{
	static const struct {
		const char *word, *colour;
	} levels[] = {
		{": error: ", RED}, {": warning: ", YELLOW},
		{": note: ", CYAN},
	};

	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
		const char *word = strstr(line, levels[i].word);
		const char *rest;

		if (!word || *line == ' ')
			continue;
		rest = put(line, word + 2, BOLD, out);
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
	fputs(put(caret, caret + strcspn(caret, "\n"), GREEN, out), out);
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
	    sign == '+' ? GREEN : RED, out), out);
	return true;
}

void
paint_line(const char *line, FILE *out)
{
	if (!paint_diagnostic(line, out) && !paint_caret(line, out) &&
	    !paint_sign(line, out))
		fputs(line, out);
}
