/* SPDX-License-Identifier: BSD-2-Clause */
/* loadsource.h - a source as load.h keeps it: what it says, since when, what it
 * was read from, and what was wrong with it. */
#ifndef HOSTLER_LOADSOURCE_H
#define HOSTLER_LOADSOURCE_H

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
	int64_t read_s;			/* the monotonic second of that */
	bool failed;			/* a file that is there could not be
					 * read then */
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

#endif
