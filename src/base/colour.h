/* SPDX-License-Identifier: BSD-2-Clause */
/* colour.h - what is shown in which colour on a terminal, by all programs and
 * verbs alike (SGR sequences, ECMA-48 8.3.117).
 *
 * Colours are ornament: a text without them says the same.
 */
#ifndef HOSTLER_BASE_COLOUR_H
#define HOSTLER_BASE_COLOUR_H

#include <stdbool.h>
#include <stdio.h>

#define COLOUR_PLACE "\033[1m"		/* file:line:column */
#define COLOUR_ERROR "\033[1;31m"	/* and what goes */
#define COLOUR_WARNING "\033[1;33m"
#define COLOUR_NOTE "\033[1;36m"
#define COLOUR_CARET "\033[1;32m"
#define COLOUR_GOOD "\033[32m"		/* what is well, or comes */
#define COLOUR_OFF "\033[0m"

/* Is out a terminal that can do it, and NO_COLOR not set to anything
 * (https://no-color.org)? */
bool colour_wanted(FILE *out);

#endif
