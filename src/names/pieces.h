/* SPDX-License-Identifier: BSD-2-Clause */
/* pieces.h - a text looked at a piece at a time, whether it is in memory or
 * in a file that is read as far as it is asked for.
 *
 * A large file read whole is new memory for all of it, and where one line of
 * it changed none of that is needed.  A piece of it fits the processor's cache
 * and is read into the same place as the one before.
 *
 * One thread for each struct pieces; several of one text do not mind each
 * other.
 */
#ifndef HOSTLER_NAMES_PIECES_H
#define HOSTLER_NAMES_PIECES_H

#include "names/source.h"

struct pieces {
	const struct source_text *text;
	const struct source_fetch *fetch; /* NULL: the text is in memory */
	/* Why the last piece that was asked for could not be had; NULL as
	 * long as none failed. */
	const char *wrong;
	char *buffer;			/* of pieces.c, as the next */
	size_t room;
};

/* Without a fetch the text has bytes. */
void pieces_init(struct pieces *pieces, const struct source_text *text,
    const struct source_fetch *fetch);
void pieces_fini(struct pieces *pieces);

/* The bytes of the text in [from, to), within its length; good until the next
 * call.  NULL: see wrong. */
const char *pieces_get(struct pieces *pieces, size_t from, size_t to);

#endif
