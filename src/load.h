/* SPDX-License-Identifier: BSD-2-Clause */
/* load.h - reading the sources that a configuration names, from files to
 * content: what the daemon, `hostler -t` and `hostlerctl check` have in common.
 *
 * A struct load keeps, for each source, its last good content (until the
 * caller takes it), its state, and the diagnostics of its last reading.  What a
 * source says is never half believed: a zone with an error keeps its last good
 * content whole, and so does a file that is gone, unreadable or suddenly empty;
 * a hosts file skips its bad lines.
 *
 * One thread: main's.
 */
#ifndef HOSTLER_LOAD_H
#define HOSTLER_LOAD_H

#include "base/diag.h"
#include "conf.h"
#include "names/changes.h"
#include "names/index.h"

enum load_state {
	LOAD_GOOD,
	LOAD_FAULTY,			/* bad lines; the others count */
	LOAD_KEPT,			/* broken now, serves what was good */
	LOAD_MISSING,			/* never read yet: nothing to serve */
	LOAD_REFUSED,			/* a zone that another file gives */
};

struct load_source {
	struct source_spec spec;
	char *path;			/* spec.path points here */
	enum load_state state;
	struct content *content;	/* what is served; the index owns it
					 * once load_apply has handed it over */
	struct diags *diags;		/* of the last reading */
	int64_t good_s;			/* Unix time of the last success */
	bool seen;			/* by the reading under way */
};

struct load {
	struct load_source **sources;	/* zones, then hosts, in file order */
	size_t count;
	unsigned changed;		/* contents replaced by load_sources */
	struct changes *changes;	/* noted there; NULL: nowhere */
};

struct load *load_new(void);
/* Contents that an index took are the index's. */
void load_free(struct load *load);

/* Read everything that conf names.  Contents go into index as they change (or
 * only into the sources, where index is NULL: then free them with
 * load_free_contents). */
void load_sources(struct load *load, const struct conf *conf,
    struct index *index, int64_t now_s);
void load_free_contents(struct load *load);

/* All sources' diagnostics, copied behind those in `into`. */
void load_print(const struct load *load, FILE *out, enum diag_colour colour);
unsigned load_count(const struct load *load, enum diag_level level);

/* The areas that the configuration and sources never read ask for. */
struct index_area *load_areas(const struct load *load, const struct conf *conf,
    size_t *count);

#endif
