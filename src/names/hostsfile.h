/* SPDX-License-Identifier: BSD-2-Clause */
/* hostsfile.h - hosts files, as /etc/hosts and as Windows writes them.
 *
 * BOM, CRLF, tabs, comments in any encoding; several names a line, several
 * lines a name, `*.name`, UTF-8 names (turned to A-labels, IDNA 2008).  A
 * name without a dot is known bare and below the source's domain (one node,
 * NODE_SHORT); localhost, ip6-* and multicast lines get no form in it, and
 * names at or below localhost are passed over (the special names answer them).
 *
 * A bad line is told and skipped; the others count.  The names on it keep what
 * the previous content of this file said of them, until the line is mended;
 * such records have the bad line as their place, and no column.
 */
#ifndef HOSTLER_NAMES_HOSTSFILE_H
#define HOSTLER_NAMES_HOSTSFILE_H

#include "names/hostscut.h"

#define HOSTSFILE_APART ((size_t)1 << 20)

struct hostsfile_input {
	const struct source_spec *spec;
	const struct source_text *files; /* one, or those of a directory */
	size_t file_count;
	/* For files whose bytes are NULL and whose length is not 0; may be
	 * NULL where there are none.  At most a piece of them is in memory at
	 * a time, for each thread: some 16 KB, and at least one line. */
	const struct source_fetch *fetch;
	/* One for each file, set to why it could not be fetched (static words)
	 * or NULL: nothing is told of that.  May be NULL without a fetch. */
	const char **failed;
	/* NULL at first.  Unchanged chunks are shared with it; the names on
	 * a bad line keep its records. */
	const struct content *previous;
	/* How chunks of a file over HOSTSFILE_APART bytes are compared and
	 * parsed at the same time; what comes of it is the same.  NULL: not
	 * at all. */
	const struct parts *parts;
	/* NULL but for tests: those that suit large files. */
	const struct hostscut_sizes *sizes;
};

/* Never NULL.  Chunks whose text is the same at a file's start and end are the
 * previous content's own; their first_line is moved, also for who frees the
 * result.  A file in UTF-16 is an error, one of no bytes at all a warning, if
 * there was more before; both keep their previous chunks, and so does,
 * silently, one that failed while it was fetched, and one whose bytes are NULL
 * and whose length is 0: it could not be read, and the caller has said why.
 * Chunks of files that are not named any more are left out.
 *
 * A file that somebody writes while it is fetched may give lines of both its
 * states, and parts of lines: the caller notes its state beforehand, and reads
 * again what differs from that (loadfiles.h). */
struct content *hostsfile_parse(const struct hostsfile_input *input,
    struct diags *diags);

#endif
