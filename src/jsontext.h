/* SPDX-License-Identifier: BSD-2-Clause */
/* jsontext.h - the two things that every JSON output of hostler needs. */
#ifndef HOSTLER_JSONTEXT_H
#define HOSTLER_JSONTEXT_H

#include <jansson.h>
#include <stdio.h>

/* Paths and names may hold bytes that are not UTF-8, which JSON cannot carry:
 * each of those becomes a question mark. */
json_t *jsontext_make(const char *text);

/* Print with a line end; takes the reference. */
void jsontext_print(json_t *value, FILE *out);

#endif
