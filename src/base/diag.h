/* SPDX-License-Identifier: BSD-2-Clause */
/* diag.h - what was wrong with an input, shown where the person wrote it.
 *
 *   zones/cluster.test.zone:14:17: error: 999.1.1.1 is not an IPv4 address
 *      14 | db      IN  A   999.1.1.1
 *         |                 ^~~~~~~~~
 *
 * A struct diags is a growing list; parsers add to it and go on, so that all
 * errors of a source show in one run.  It copies every string that it is
 * given.  One thread uses a list at a time.
 *
 * The one rule: a parser never prints.  It adds, its caller decides where
 * the list is shown (stderr, the control socket, `status`).
 *
 * At most DIAGS_MAX entries of one list are kept in words; what is above is
 * counted, and diags_print says how many were left out.
 */
#ifndef HOSTLER_BASE_DIAG_H
#define HOSTLER_BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define DIAGS_MAX 1000

enum diag_level {
	DIAG_ERROR,
	DIAG_WARNING,
	DIAG_NOTE,
	DIAG_LEVELS,
};

enum diag_colour {
	DIAG_PLAIN,
	DIAG_COLOUR,
};

/* Where.  line and column count from 1; 0 means "the file as a whole", and
 * no excerpt is shown then.  width is in bytes of the line, at least 1.
 * text is the whole line without its end; it may hold any bytes, diags_print
 * escapes what is not printable and keeps the caret below the right place
 * (tabs are shown as they are, in both lines; UTF-8 counts by character).  A
 * line over 120 characters is shown as a window around the column. */
struct diag_place {
	const char *file;
	uint32_t line;
	uint32_t column;
	uint32_t width;
	const char *text;
	size_t text_len;
};

struct diags;

/* Never fail: memory that is not to be had ends the program (base/memory.h). */
struct diags *diags_new(void);
void diags_free(struct diags *diags);

/* Add one entry.  id is the stable name of a warning ("shared-address"), shown
 * in brackets behind the text and used to switch it off; NULL for none.  The
 * message starts in lower case, has no full stop and quotes input as it is
 * (diags_print escapes it). */
void diags_add(struct diags *diags, enum diag_level level,
    const struct diag_place *place, const char *id, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* What hostler does next: a line below the excerpt of the entry added last
 * ("the zone keeps its last good content"). */
void diags_then(struct diags *diags, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* How many of this level were added, those above DIAGS_MAX too. */
unsigned diags_count(const struct diags *diags, enum diag_level level);

/* Do two lists say the same of the same places? */
bool diags_equal(const struct diags *a, const struct diags *b);

/* From now on warnings and notes with one of these ids are neither kept nor
 * counted, whether added or moved here.  The ids are copied. */
void diags_silence(struct diags *diags, const char *const *ids, size_t count);

/* Move all of from's entries behind into's; from is empty afterwards. */
void diags_move(struct diags *into, struct diags *from);

/* Show every kept entry to `visit`, in the order of adding: for JSON and for
 * whoever else wants the parts.  The strings live as long as the list. */
struct diag_view {
	enum diag_level level;
	const char *file;
	const char *id;			/* NULL: none */
	const char *text;
	uint32_t line;
	uint32_t column;
};
void diags_visit(const struct diags *diags,
    void (*visit)(void *context, const struct diag_view *diag),
    void *context);

/* Colours where they are wanted there (base/colour.h). */
enum diag_colour diags_colour(FILE *out);

/* Print every entry in the order of adding. */
void diags_print(const struct diags *diags, FILE *out,
    enum diag_colour colour);

#endif
