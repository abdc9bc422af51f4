/* SPDX-License-Identifier: BSD-2-Clause */
/* hostschunk.h - the lines of one chunk of a hosts file made records.
 *
 * A chunk counts its lines from its first, so that chunks without a fault can
 * be parsed in any order.  One with a fault needs what went before: which lines
 * of the file these are, how many faults were shown, and what the names on a
 * bad line had; without diags it is given up at its first fault.
 *
 * A struct hostschunk_parser is used for chunk after chunk: what it needs
 * grows and stays.  One thread each.
 */
#ifndef HOSTLER_NAMES_HOSTSCHUNK_H
#define HOSTLER_NAMES_HOSTSCHUNK_H

#include "names/hostskeep.h"
#include "names/source.h"

/* Faulty lines of a file that are shown, of each level; the others are
 * counted.  A file that is no hosts file at all should not bury what is wrong
 * elsewhere. */
#define HOSTSCHUNK_SHOWN 100

/* What the chunks of one file have in common.  hostschunk_file_fini frees
 * what was made for it. */
struct hostschunk_file {
	const char *path;
	struct chunk *const *old;	/* those it had before */
	uint32_t old_count;
	struct hostskeep *keep;		/* made when first needed */
	unsigned faults[DIAG_LEVELS];	/* lines with one */
};
void hostschunk_file_fini(struct hostschunk_file *file);

struct hostschunk_parser;

/* spec outlives it. */
struct hostschunk_parser *hostschunk_parser_new(
    const struct source_spec *spec);
void hostschunk_parser_free(struct hostschunk_parser *parser);

struct hostschunk_task {
	struct hostschunk_file *file;	/* without diags: its path only */
	struct diags *diags;		/* NULL: give up at a fault */
	const char *bytes;		/* lines, cut where one begins */
	size_t length;
	size_t at;			/* their place in the file */
	struct chunk *chunk;		/* new; first_line is right, or 1 */
};

enum hostschunk_result {
	HOSTSCHUNK_DONE,		/* chunk->text_length tells how many
					 * bytes: all, up to 65,536 lines */
	HOSTSCHUNK_GIVEN_UP,		/* nothing of the chunk is to be used */
};
enum hostschunk_result hostschunk_parse(struct hostschunk_parser *parser,
    const struct hostschunk_task *task);

#endif
