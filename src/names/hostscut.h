/* SPDX-License-Identifier: BSD-2-Clause */
/* hostscut.h - where the chunks of a hosts file begin, and which of them are
 * as they were at the last reading.
 *
 * A chunk takes lines until it has so many bytes; what is left at the end of
 * the file is not cut again up to a somewhat larger size, so that an edit that
 * makes a chunk a little longer does not leave crumbs.  Where the
 * chunks of a stretch begin hangs on its bytes alone.
 *
 * A chunk is the same as before if its text has the hash and the length of
 * then, and lines begin where it begins and ends.  Those at the start of the
 * file are looked for in their old order, those at its end from the last on:
 * the lines that somebody edited are between, and with them what is small
 * beside them.
 */
#ifndef HOSTLER_NAMES_HOSTSCUT_H
#define HOSTLER_NAMES_HOSTSCUT_H

#include <stdbool.h>

#include "base/parts.h"
#include "names/pieces.h"

/* In bytes. */
struct hostscut_sizes {
	size_t chunk;			/* 65,536 at most */
	size_t rest;			/* more than that */
	/* Texts above this are compared, and parsed, in parts. */
	size_t apart;
};

/* One file. */
struct hostscut {
	const struct source_spec *spec;
	const struct source_text *text;
	const struct source_fetch *fetch; /* see pieces_init */
	const struct parts *parts;	/* NULL: not in parts */
	const struct hostscut_sizes *sizes;
};

/* Is so much text worth several threads, and are there any? */
bool hostscut_is_apart(const struct hostscut *cut, size_t length);

/* [from, to) of the text is new; `head` of the old chunks are before it, and
 * those from `tail` on behind it.  A piece that cannot be had is not the same:
 * who parses it is told why. */
struct hostscut_same {
	uint32_t head;
	uint32_t tail;
	size_t from;
	size_t to;
};
struct hostscut_same hostscut_compare(const struct hostscut *cut,
    struct chunk *const *old, uint32_t count);

/* The end of the chunk that begins at `at`, of a text that ends at `end`: the
 * end of a line.  0: a piece of the text could not be had. */
size_t hostscut_find_end(const struct hostscut *cut, struct pieces *pieces,
    size_t at, size_t end);

/* Of a text that stands at `at` in its file, and what its parsing depends on:
 * TTL, domain, and whether a byte order mark at its start would be one.  Never
 * 0. */
uint64_t hostscut_hash(const struct source_spec *spec, size_t at,
    const char *bytes, size_t length);

#endif
