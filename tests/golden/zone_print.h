/* SPDX-License-Identifier: BSD-2-Clause */
/* zone_print.h - zone content as text, for tests that compare it. */
#ifndef HOSTLER_TESTS_ZONE_PRINT_H
#define HOSTLER_TESTS_ZONE_PRINT_H

#include <stdio.h>

#include "names/source.h"

/* A reader for $INCLUDE whose texts live until zone_reader_free. */
struct zone_reader {
	char *texts[64];
	char *paths[64];
	unsigned count;
	struct source_reader reader;
};
void zone_reader_init(struct zone_reader *reader);
void zone_reader_free(struct zone_reader *reader);
/* NULL or why not; the text belongs to the reader. */
const char *zone_reader_read(void *reader, const char *from, const char *path,
    struct source_text *text);

/* One line a record: in presentation form, then where it was written and
 * what marks it has; then the reverse names and the serial. */
void zone_print(const struct content *content, FILE *out);

#endif
