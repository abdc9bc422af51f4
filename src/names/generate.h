/* SPDX-License-Identifier: BSD-2-Clause */
/* generate.h - the text side of $GENERATE: ranges and templates.
 *
 * In a template `$` stands for the number; `${OFFSET,WIDTH,BASE}` for the
 * number plus OFFSET, filled with zeros to WIDTH, in BASE d (decimal), o, x,
 * X, or n and N (nibbles in reverse order with dots, for ip6.arpa); WIDTH and
 * BASE may be left out.  `\$` and `$$` are a dollar.
 *
 * Pure; the output buffer is the caller's.
 */
#ifndef HOSTLER_NAMES_GENERATE_H
#define HOSTLER_NAMES_GENERATE_H

#include <stddef.h>
#include <stdint.h>

#define GENERATE_MAX 65536		/* records a line */

struct generate_range {
	uint32_t first;
	uint32_t step;
	uint32_t count;			/* 1..GENERATE_MAX */
};

struct generate_text {
	char *bytes;
	size_t room;
	size_t length;
};

/* FIRST-LAST or FIRST-LAST/STEP.  NULL, or in static words what is wrong. */
const char *generate_parse(struct generate_range *range, const char *text,
    size_t length);

/* Append the template with `number` put in.  The same return. */
const char *generate_expand(struct generate_text *to, const char *template,
    size_t length, uint32_t number);

#endif
