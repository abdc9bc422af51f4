/* SPDX-License-Identifier: BSD-2-Clause */
/* hostsfile.h - hosts files, as /etc/hosts and as Windows writes them.
 *
 * BOM, CRLF, tabs, comments in any encoding; several names a line, several
 * lines a name, `*.name`, UTF-8 names (turned to A-labels, IDNA 2008).  A
 * name without a dot is known bare and below the source's domain (one node,
 * NODE_SHORT); localhost, ip6-* and multicast lines get no form in it, and
 * names at or below localhost are passed over (the special names answer them).
 * A bad line is told and skipped; the others count.
 */
#ifndef HOSTLER_NAMES_HOSTSFILE_H
#define HOSTLER_NAMES_HOSTSFILE_H

#include "names/source.h"

struct hostsfile_input {
	const struct source_spec *spec;
	const struct source_text *files; /* one, or those of a directory */
	size_t file_count;
	const struct content *previous;	/* unchanged chunks are shared; the
					 * names on a bad line keep its records */
};

/* Never NULL. */
struct content *hostsfile_parse(const struct hostsfile_input *input,
    struct diags *diags);

#endif
