/* SPDX-License-Identifier: BSD-2-Clause */
/* zoneentry.h - one entry of a zone file that is a record, and $GENERATE,
 * which is many.
 *
 * What is known while a zone is read: of the zone as a whole (struct
 * zone_reading) and of each open file (struct zone_file).  zonefile.c opens
 * files and reads directives.
 *
 * The one rule: a fault is told at once, with its token; the entry is given
 * up; the caller goes on with the next one.  A record whose owner was at fault
 * is still read, for the faults of its rdata, and then dropped.
 */
#ifndef HOSTLER_NAMES_ZONEENTRY_H
#define HOSTLER_NAMES_ZONEENTRY_H

#include "names/rdatatext.h"
#include "names/zonebuild.h"

#define ZONE_TTL_S 60			/* without $TTL (CONTRACT 3) */

struct zonefile_input;

struct zone_reading {
	const struct zonefile_input *input;
	struct diags *diags;
	struct zonebuild build;
	struct dname apex;
	bool has_apex;			/* known, but may change yet */
	bool settled;			/* a record was read: it stays */
	bool has_soa;
	bool has_ns;			/* at the apex */
	uint32_t serial;
	struct zone_origin_place {
		const char *path;
		uint32_t line;
	} soa_place;
	unsigned includes;
	struct rdatatext rdata;
	uint8_t rdata_bytes[WIRE_MAX];
};

enum zone_owner {
	ZONE_OWNER_NONE,		/* no record yet */
	ZONE_OWNER_GOOD,
	ZONE_OWNER_BAD,			/* was told: its records are dropped */
};

/* What is known of the origin once it was looked at (zoneplain.c); a length of
 * 0: nothing yet. */
struct zone_suffix {
	struct dname lower;
	bool is_inside;			/* at the apex or below */
	uint8_t as_written[DNAME_MAX];
};

/* A file that is open.  What it sets holds for itself and the files that it
 * includes, not for the file that includes it. */
struct zone_file {
	const struct zone_file *parent;
	unsigned depth;
	const char *path;
	struct tokenizer tokens;
	const char *entry_from;		/* the line that the entry begins on */
	uint32_t entry_line;
	const struct token *shown;	/* where faults are shown instead of
					 * at the token itself ($GENERATE) */
	struct dname origin;
	struct zone_suffix suffix;
	uint32_t ttl_s;
	enum zone_owner owner_state;
	struct dname owner;		/* lower */
};

/* Read the entry at hand, which is no directive. */
void zoneentry_read(struct zone_reading *z, struct zone_file *f,
    const struct token *owner);	/* NULL: as before */

/* $GENERATE, from behind its name on. */
void zoneentry_generate(struct zone_reading *z, struct zone_file *f);

/* Tell a fault at a token. */
void zoneentry_fault(struct zone_reading *z, const struct zone_file *f,
    const struct token *token, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The same with what z->rdata says. */
void zoneentry_rdata_fault(struct zone_reading *z, const struct zone_file *f);

#endif
