/* SPDX-License-Identifier: BSD-2-Clause */
/* zonefile.h - zone files (RFC 1035 5) to content.
 *
 * hostler's own tokenizer (token.h) keeps line and column of every token;
 * rdata of the common types is own code (rdatatext.h), of rare ones ldns's,
 * one complete, normalised, absolute line at a time (rare.h).
 *
 * All errors of a file show in one run: after an error the parser goes on
 * with the next entry.  A zone with an error gives no content at all; the
 * caller keeps the last good one.
 *
 * $INCLUDE is relative to the including file, at most 8 deep, loops refused;
 * $GENERATE makes at most 65,536 records a line.
 */
#ifndef HOSTLER_NAMES_ZONEFILE_H
#define HOSTLER_NAMES_ZONEFILE_H

#include "names/source.h"

struct zonefile_input {
	const struct source_spec *spec;	/* domain: the origin, if configured */
	struct source_text text;
	const struct source_reader *reader;
	const struct content *previous;	/* for a made serial; NULL at first */
	int64_t now_s;			/* Unix time, for a made serial */
	struct dname *apex;		/* NULL, or where the origin that was
					 * found goes, with errors too; left
					 * alone where there was none */
};

/* NULL where there was at least one error.  The origin is spec->domain if
 * has_domain, else that of the first $ORIGIN before any record that is written
 * in full (and is not the root: `$ORIGIN .` is how dumped zones begin), else
 * the file name less ".zone"; content->spec.domain says which it became.
 * Where SOA or NS are left out, and the zone is no overlay, they are made at
 * the apex (RRSET_MADE): SOA apex nobody.invalid. serial 3600 600 86400 60, NS
 * apex, serial max(previous + 1, now) if the records differ from the previous,
 * else the previous one. */
struct content *zonefile_parse(const struct zonefile_input *input,
    struct diags *diags);

#endif
