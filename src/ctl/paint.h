/* SPDX-License-Identifier: BSD-2-Clause */
/* paint.h - colours for what hostlerctl shows, on a terminal only.
 *
 * The daemon answers in plain text; what a line is shows in its form: a
 * diagnostic ("file:1:2: error: ..."), its caret, a record that came or was
 * given ("+ ..."), one that went or was held back ("- ...").  A line of another
 * form stays as it is, and no byte is ever added but colours.
 */
#ifndef HOSTLER_CTL_PAINT_H
#define HOSTLER_CTL_PAINT_H

#include <stdio.h>

enum paint {
	PAINT_OFF,
	PAINT_ON,
};

/* ON where out is a terminal that can do it, and NO_COLOR is not set to
 * anything (https://no-color.org). */
enum paint paint_wanted(FILE *out);

/* Write one line, with its end where it has one. */
void paint_line(const char *line, FILE *out);

#endif
