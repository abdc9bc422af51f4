/* SPDX-License-Identifier: BSD-2-Clause */
/* zonebuild.h - the records of a zone, gathered into chunks in file order.
 *
 * A piece of a file is opened, gets the records of its lines, and is closed
 * again where another file comes between ($INCLUDE) or the file ends.  A piece
 * of over 65,536 lines becomes several chunks by itself.
 *
 * One thread; the texts have to outlive the building.
 */
#ifndef HOSTLER_NAMES_ZONEBUILD_H
#define HOSTLER_NAMES_ZONEBUILD_H

#include "names/records.h"
#include "names/zone.h"

#define ZONEBUILD_LINES 65536		/* of a chunk */

struct zonebuild {
	struct content *content;
	struct records *records;
	struct zone_piece *pieces;	/* of content->chunks */
	uint32_t piece_room;
	struct chunk *chunk;		/* open; NULL: none */
	struct zone_piece piece;	/* of the open chunk */
};

/* A place in a text, as a start of chunks. */
struct zonebuild_line {
	const char *path;
	const char *from;		/* its first byte */
	const char *end;		/* of the text */
	uint32_t line;
};

void zonebuild_init(struct zonebuild *build, const struct source_spec *spec);
/* Free all but the content. */
void zonebuild_fini(struct zonebuild *build);

void zonebuild_open(struct zonebuild *build,
    const struct zonebuild_line *line);
/* next_line: the first that does not belong to the piece any more. */
void zonebuild_close(struct zonebuild *build, uint32_t next_line);

/* Make room in the open chunk for a record on `line` whose entry begins at
 * `entry`.  False: the entry has too many lines for any chunk. */
bool zonebuild_reach(struct zonebuild *build,
    const struct zonebuild_line *entry, uint32_t line);

#endif
