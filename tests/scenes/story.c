/* SPDX-License-Identifier: BSD-2-Clause */
#include "story.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
story_fail(const struct story *story, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "%s:%u: ", story->path, story->line);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

void
story_open(struct story *story, const char *path)
{
	FILE *file = fopen(path, "r");
	size_t length;

	*story = (struct story){ .path = path };
	if (file == NULL)
		story_fail(story, "cannot be read");
	story->text = calloc(1, 1 << 20);
	if (story->text == NULL)
		story_fail(story, "no memory");
	length = fread(story->text, 1, (1 << 20) - 1, file);
	fclose(file);
	if (length == 0)
		story_fail(story, "is empty");
	story->at = story->text;
}

void
story_close(struct story *story)
{
	free(story->text);
	story->text = NULL;
}

/* Cut one line off; NULL at the end. */
static char *
next_line(struct story *story)
{
	char *line = story->at;
	char *end;

	if (*line == '\0')
		return NULL;
	end = strchr(line, '\n');
	if (end == NULL)
		story_fail(story, "the last line has no end");
	*end = '\0';
	story->at = end + 1;
	story->lines++;
	return line;
}

bool
story_next(struct story *story)
{
	char *line, *rest;

	do {
		line = next_line(story);
		if (line == NULL)
			return false;
		story->line = story->lines;
		story->count = 0;
		rest = NULL;
		for (char *word = strtok_r(line, " \t", &rest);
		     word != NULL && word[0] != '#';
		     word = strtok_r(NULL, " \t", &rest)) {
			if (story->count == STORY_WORDS)
				story_fail(story, "too many words");
			story->word[story->count++] = word;
		}
	} while (story->count == 0);
	return true;
}

char *
story_block_line(struct story *story)
{
	char *line = next_line(story);
	size_t length;

	if (line == NULL)
		story_fail(story, "the block has no end");
	line += strspn(line, " \t");
	length = strlen(line);
	while (length > 0 && strchr(" \t", line[length - 1]) != NULL)
		line[--length] = '\0';
	return strcmp(line, "end") == 0 ? NULL : line;
}

char *
story_block(struct story *story, size_t *length)
{
	char *start = story->at;

	for (;;) {
		char *before = story->at;
		char *line = next_line(story);

		if (line == NULL)
			story_fail(story, "the block has no end");
		if (strcmp(line, "end") == 0) {
			*length = (size_t)(before - start);
			return start;
		}
		story->at[-1] = '\n';
	}
}

bool
story_has(const struct story *story, unsigned from, const char *word)
{
	for (unsigned i = from; i < story->count; i++) {
		if (strcmp(story->word[i], word) == 0)
			return true;
	}
	return false;
}
