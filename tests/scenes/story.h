/* SPDX-License-Identifier: BSD-2-Clause */
/* story.h - a scene file, line by line, word by word.
 *
 * Blank lines and lines that begin with # are passed over, except in a block:
 * the lines behind a statement up to `end`, which are its text.
 */
#ifndef HOSTLER_TESTS_STORY_H
#define HOSTLER_TESTS_STORY_H

#include <stdbool.h>
#include <stddef.h>

#define STORY_WORDS 24

struct story {
	const char *path;
	char *text;			/* the file, cut up as it is read */
	char *at;
	unsigned line;			/* of the statement */
	unsigned lines;			/* read so far */
	unsigned count;
	char *word[STORY_WORDS];
};

/* Ends the program with words where the file cannot be read. */
void story_open(struct story *story, const char *path);
void story_close(struct story *story);

/* The next statement; false at the end. */
bool story_next(struct story *story);
/* The next line of the block, blanks around it cut; NULL: `end` came. */
char *story_block_line(struct story *story);
/* All of the block, lines as they are; its length.  Valid until close. */
char *story_block(struct story *story, size_t *length);

/* Is this among the words behind the first `from`? */
bool story_has(const struct story *story, unsigned from, const char *word);

/* Something is wrong with the scene itself: say what, end the program. */
void story_fail(const struct story *story, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), noreturn));

#endif
