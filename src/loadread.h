/* SPDX-License-Identifier: BSD-2-Clause */
/* loadread.h - one source read: from its files to what is served of it.
 *
 * For load.c.  One thread.
 */
#ifndef HOSTLER_LOADREAD_H
#define HOSTLER_LOADREAD_H

#include "loadsource.h"

/* How long a lease file may look half-written before that is told. */
#define LOADREAD_HALF_S 3
/* What the system did not let be read is tried again after that, or when
 * somebody asks for a reload. */
#define LOADREAD_AGAIN_S 10

struct reading {
	struct load *load;
	struct load_source *source;
	const struct load_settings *settings;
	struct index *index;
};

/* Anew: its diagnostics, its state, its content where that changed. */
void loadread_source(struct reading *reading);
/* Is there a reason to? */
bool loadread_is_stale(const struct load_source *source,
    const struct load_settings *settings);
/* What the files that it has by now hold, in bytes. */
uint64_t loadread_text_bytes(const struct load_source *source);

/* Two zone files for one apex would answer for each other: the first counts.
 * The source that has this content's zone already, by rank before it; NULL:
 * none. */
const struct load_source *loadread_find_rival(const struct load *load,
    const struct load_source *source, const struct content *content);
void loadread_refuse(struct load_source *source,
    const struct load_source *rival);

/* Take the content out of what is served. */
void loadread_drop(struct load *load, struct load_source *source,
    struct index *index);

#endif
