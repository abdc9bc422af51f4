/* SPDX-License-Identifier: BSD-2-Clause */
/* zone.h - what can be said of a zone only when all of it is read.
 *
 * An owner's records may lie in several chunks (a zone of over 65,536 lines,
 * $INCLUDE); the checks and the marks here see the owner as one.
 *
 * Works on content that nobody else has seen yet; one thread.
 */
#ifndef HOSTLER_NAMES_ZONE_H
#define HOSTLER_NAMES_ZONE_H

#include "names/source.h"

/* The text of a chunk, for what diagnostics show of it. */
struct zone_piece {
	const char *from;		/* where its first line starts */
	const char *end;		/* of the file */
};

struct zone {
	struct content *content;	/* spec.domain is the apex */
	const struct zone_piece *pieces; /* of content->chunks */
	struct diags *diags;
};

/* Tell what may not be: other data beside a CNAME (RFC 1034 3.6.2; DNSSEC's
 * own types excepted, RFC 4035 2.5), two CNAMEs, a CNAME at the apex (but of
 * an overlay), two DNAMEs, a DNAME beside an NS below the apex (RFC 6672 2.3),
 * TTLs that differ in an RRset over several chunks (RFC 2181 5.2).
 *
 * Where nothing was wrong, set the flags of nodes and RRsets (node.h), fill
 * chunk->reverse and return true. */
bool zone_settle(const struct zone *zone);

#endif
