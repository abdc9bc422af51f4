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

#include "base/diag.h"
#include "conf.h"
#include "loadfiles.h"
#include "names/changes.h"
#include "names/index.h"
#include "sys/neighbours.h"

enum load_state {
	LOAD_GOOD,
	LOAD_FAULTY,			/* bad lines; the others count */
	LOAD_KEPT,			/* broken now, serves what was good */
	LOAD_MISSING,			/* never read yet: nothing to serve */
	LOAD_REFUSED,			/* a zone that another file gives */
};

struct load_source {
	struct source_spec spec;	/* its strings are these three */
	char *path;
	char *machines;
	char *macs;
	bool awaited;			/* nobody minds that it is not there
					 * yet: leases, managed hosts */
	bool read;			/* at least once */
	bool has_apex;			/* a zone: which one, as far as its
					 * last reading could tell */
	struct dname apex;
	enum load_state state;
	struct content *content;	/* what is served; the index owns it */
	struct diags *diags;		/* of the last reading */
	bool told;			/* they were printed */
	int64_t good_s;			/* Unix time of the last success */
	int64_t half_s;			/* since then (monotonic) the file looks
					 * half-written; 0: it does not */
	struct loadfiles files;		/* of the last reading */
	bool was_file;			/* when its hosts were read last: not
					 * a folder of them */
	uint64_t listing;		/* a folder: what was in it */
	struct neighbours neighbours;	/* as of the last reading */
	bool seen;			/* by the reading under way */
};

struct load {
	struct load_source **sources;	/* zones, hosts, leases, in order */
	size_t count;
	unsigned changed;		/* contents replaced by load_sources */
	unsigned read;			/* sources that it read */
	struct changes *changes;	/* noted there; NULL: nowhere */
	char **off;			/* as the sources were read with */
	size_t off_count;
};

struct load *load_new(void);
/* The contents are the index's. */
void load_free(struct load *load);

struct load_settings {
	const struct conf_scope *scope;
	const char *managed;		/* a hosts file that counts before all
					 * others; NULL: none */
	const char *host;		/* the server's own name */
	const char *const *off;		/* ids of warnings not to be told */
	size_t off_count;
	int64_t now_s;			/* Unix time, and the monotonic second
					 * at that moment */
	int64_t mono_s;
	enum loadfiles_care care;
};

/* Read what changed of all that the settings name.  Contents go into index. */
void load_sources(struct load *load, const struct load_settings *settings,
    struct index *index);

/* The monotonic second in which something is to be read again without having
 * changed (a lease ends, a file was half-written); INT64_MAX: never. */
int64_t load_due(const struct load *load, int64_t mono_s);

/* Those that were not printed yet, once. */
void load_print_news(struct load *load, FILE *out, enum diag_colour colour);
/* All sources' diagnostics. */
void load_print(const struct load *load, FILE *out, enum diag_colour colour);
unsigned load_count(const struct load *load, enum diag_level level);

/* The areas that the configuration and sources never read ask for. */
struct index_area *load_areas(const struct load *load,
    const struct conf_scope *scope, size_t *count);

#endif
