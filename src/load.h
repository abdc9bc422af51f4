/* SPDX-License-Identifier: BSD-2-Clause */
/* load.h - reading the sources of one view, from files to content: what the
 * daemon, `hostler -t` and `hostlerctl check` have in common.
 *
 * A struct load keeps, for each source, its last good content, its state, what
 * it was read from, and the diagnostics of its last reading.  What a source
 * says is never half believed: a zone with an error keeps its last good
 * content whole, and so does a file that is gone, unreadable or suddenly empty;
 * a hosts or lease file skips its bad lines.
 *
 * A source is read again when one of its files changed, or a lease of it
 * ended; the others stay as they are, diagnostics too.
 *
 * One thread: main's.
 */
#ifndef HOSTLER_LOAD_H
#define HOSTLER_LOAD_H

#include "loadsource.h"

struct load *load_new(void);
/* The contents are the index's. */
void load_free(struct load *load);

/* Read what changed of all that the settings name.  Contents go into index. */
void load_sources(struct load *load, const struct load_settings *settings,
    struct index *index);

/* How much text its sources have by now, in bytes: what reading all of them
 * would read.  Looks at every file. */
uint64_t load_text_bytes(const struct load *load);

/* The monotonic second in which something is to be read again without having
 * changed (a lease ends, a file was half-written); INT64_MAX: never. */
int64_t load_due(const struct load *load, int64_t mono_s);

/* Those that were not printed yet, once. */
void load_print_news(struct load *load, FILE *out, enum diag_colour colour);
/* They were shown to the operator by other means. */
void load_mark_told(struct load *load);
/* All sources' diagnostics. */
void load_print(const struct load *load, FILE *out, enum diag_colour colour);
unsigned load_count(const struct load *load, enum diag_level level);

/* The areas that the configuration and sources never read ask for. */
struct index_area *load_areas(const struct load *load,
    const struct conf_scope *scope, size_t *count);

#endif
