/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/token.h"

#include <string.h>
#include <strings.h>

#include "names/node.h"

/* How many unclosed parentheses a file is searched to its end for. */
#define UNCLOSED_MAX 100

enum byte_class {
	BYTE_WORD,
	BYTE_BACKSLASH,
	BYTE_QUOTE,
	BYTE_NUL,
	BYTE_BLANK,			/* from here on: ends a word */
	BYTE_NEWLINE,
	BYTE_COMMENT,
	BYTE_PAREN_OPEN,
	BYTE_PAREN_CLOSE,
};

static const uint8_t classes[256] = {
	['\0'] = BYTE_NUL, [' '] = BYTE_BLANK, ['\t'] = BYTE_BLANK,
	['\r'] = BYTE_BLANK, ['\n'] = BYTE_NEWLINE, [';'] = BYTE_COMMENT,
	['('] = BYTE_PAREN_OPEN, [')'] = BYTE_PAREN_CLOSE,
	['"'] = BYTE_QUOTE, ['\\'] = BYTE_BACKSLASH,
};

static inline enum byte_class
class_of(char c)
{
	return classes[(uint8_t)c];
}

static const char *
find_line_end(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	return newline != NULL ? newline : end;
}

void
tokenizer_init(struct tokenizer *t, const char *bytes, size_t length)
{
	*t = (struct tokenizer){ .line = 1, .ended = true };
	if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		bytes += 3;
		length -= 3;
	}
	t->at = t->line_start = bytes;
	t->end = bytes + length;
}

/* A comment inside an entry: those between entries say nothing of any. */
static void
pass_comment(struct tokenizer *t)
{
	static const char mark[] = ORIGIN_OK_MARK;
	const char *from = t->at;

	t->at = find_line_end(from, t->end);
	if ((size_t)(t->at - from) >= sizeof(mark))
		t->approved |= memmem(from, (size_t)(t->at - from), mark,
		    sizeof(mark) - 1) != NULL;
}

static void
pass_newline(struct tokenizer *t)
{
	t->at++;
	t->line++;
	t->line_start = t->at;
}

/* To the first byte of an entry; false at the end of the file. */
static bool
find_entry(struct tokenizer *t)
{
	while (t->at < t->end) {
		switch (class_of(*t->at)) {
		case BYTE_BLANK:
			t->at++;
			break;
		case BYTE_NEWLINE:
			pass_newline(t);
			break;
		case BYTE_COMMENT:
			t->at = find_line_end(t->at, t->end);
			break;
		default:
			return true;
		}
	}
	return false;
}

enum token_start
tokenizer_start(struct tokenizer *t)
{
	while (find_entry(t)) {
		bool indented = t->at > t->line_start;

		if (t->orphaned && (indented || *t->at == ')')) {
			t->at = find_line_end(t->at, t->end);
			continue;
		}
		t->orphaned = false;
		t->ended = false;
		t->approved = false;
		t->depth = 0;
		return indented ? TOKEN_INDENTED : TOKEN_AT_MARGIN;
	}
	return TOKEN_FILE_END;
}

/* Behind the closing quote; NULL where the line ends before it. */
static const char *
find_quote(const char *at, const char *end)
{
	while (at < end && *at != '\n') {
		if (*at == '"')
			return at + 1;
		if (*at == '\\' && at + 1 < end && at[1] != '\n')
			at++;
		at++;
	}
	return NULL;
}

/* Is the parenthesis before `at` closed somewhere? */
static bool
is_closed(const char *at, const char *end)
{
	unsigned depth = 1;

	while (at < end) {
		const char *quote;

		switch (class_of(*at++)) {
		case BYTE_PAREN_OPEN:
			depth++;
			break;
		case BYTE_PAREN_CLOSE:
			if (--depth == 0)
				return true;
			break;
		case BYTE_COMMENT:
			at = find_line_end(at, end);
			break;
		case BYTE_QUOTE:
			quote = find_quote(at, end);
			at = quote != NULL ? quote : find_line_end(at, end);
			break;
		case BYTE_BACKSLASH:
			if (at < end && *at != '\n')
				at++;
			break;
		default:
			break;
		}
	}
	return false;
}

static void
take(struct tokenizer *t, struct token *token, const char *from,
    const char *to)
{
	token->kind = TOKEN_WORD;
	token->escaped = false;
	token->has_quotes = false;
	token->line = t->line;
	token->text = from;
	token->length = (size_t)(to - from);
	token->line_start = t->line_start;
	t->at = to;
}

static void
take_bad(struct tokenizer *t, struct token *token, const char *to,
    const char *fault)
{
	take(t, token, t->at, to);
	token->kind = TOKEN_BAD;
	t->fault = fault;
}

static void
take_quoted(struct tokenizer *t, struct token *token)
{
	const char *from = t->at + 1;
	const char *to = find_quote(from, t->end);
	size_t length;

	if (to == NULL) {
		take_bad(t, token, find_line_end(from, t->end),
		    "the quote is not closed on its line");
		return;
	}
	length = (size_t)(to - 1 - from);
	if (memchr(from, '\0', length) != NULL) {
		take_bad(t, token, to, "a NUL byte has to be written \\000");
		return;
	}
	take(t, token, from, to);
	token->kind = TOKEN_QUOTED;
	token->length = length;
	token->escaped = memchr(from, '\\', length) != NULL;
}

/* A word that goes on behind `p` with something that is not plain. */
static void
take_special(struct tokenizer *t, struct token *token, const char *p)
{
	bool escaped = false, has_quotes = false;
	const char *from = t->at;

	for (; p < t->end; p++) {
		enum byte_class class = class_of(*p);

		if (class >= BYTE_BLANK)
			break;
		if (class == BYTE_NUL) {
			take_bad(t, token, p + 1,
			    "a NUL byte has to be written \\000");
			return;
		}
		if (class == BYTE_BACKSLASH) {
			if (p + 1 == t->end || p[1] == '\n' || p[1] == '\r') {
				take_bad(t, token, p + 1,
				    "a backslash ends the line");
				return;
			}
			escaped = true;
			p++;
		} else if (class == BYTE_QUOTE) {
			const char *to = find_quote(p + 1, t->end);

			if (to == NULL) {
				take_bad(t, token, find_line_end(p, t->end),
				    "the quote is not closed on its line");
				return;
			}
			has_quotes = true;
			escaped |= memchr(p, '\\', (size_t)(to - p)) != NULL;
			p = to - 1;
		}
	}
	take(t, token, from, p);
	token->escaped = escaped;
	token->has_quotes = has_quotes;
}

static void
take_word(struct tokenizer *t, struct token *token)
{
	const char *p = t->at;

	while (p < t->end && class_of(*p) == BYTE_WORD)
		p++;
	if (p < t->end && class_of(*p) < BYTE_BLANK)
		take_special(t, token, p);
	else
		take(t, token, t->at, p);
}

static void
take_end(struct tokenizer *t, struct token *token)
{
	take(t, token, t->at, t->at);
	token->kind = TOKEN_END;
	t->ended = true;
}

/* True where the parenthesis was passed, false where it made a token. */
static bool
pass_open(struct tokenizer *t, struct token *token)
{
	if (t->depth > 0 || is_closed(t->at + 1, t->end)) {
		t->at++;
		t->depth++;
		return true;
	}
	take_bad(t, token, t->at + 1, "the parenthesis is never closed");
	t->orphaned = true;
	t->at = find_line_end(t->at, t->end);
	if (++t->unclosed >= UNCLOSED_MAX)
		t->at = t->end;
	return false;
}

void
tokenizer_next(struct tokenizer *t, struct token *token)
{
	if (t->ended) {
		take_end(t, token);
		return;
	}
	for (;;) {
		while (t->at < t->end && class_of(*t->at) == BYTE_BLANK)
			t->at++;
		if (t->at == t->end) {
			take_end(t, token);
			return;
		}
		switch (class_of(*t->at)) {
		case BYTE_NEWLINE:
			if (t->depth == 0) {
				take_end(t, token);
				pass_newline(t);
				return;
			}
			pass_newline(t);
			break;
		case BYTE_COMMENT:
			pass_comment(t);
			break;
		case BYTE_PAREN_OPEN:
			if (!pass_open(t, token))
				return;
			break;
		case BYTE_PAREN_CLOSE:
			if (t->depth == 0) {
				take_bad(t, token, t->at + 1,
				    "the parenthesis closes nothing");
				return;
			}
			t->at++;
			t->depth--;
			break;
		case BYTE_QUOTE:
			take_quoted(t, token);
			return;
		default:
			take_word(t, token);
			return;
		}
	}
}

void
tokenizer_skip(struct tokenizer *t)
{
	struct token token;

	while (!t->ended)
		tokenizer_next(t, &token);
}

uint32_t
token_column(const struct token *token)
{
	size_t column = (size_t)(token->text - token->line_start);

	return (uint32_t)(token->kind == TOKEN_QUOTED ? column : column + 1);
}

uint32_t
token_width(const struct token *token)
{
	size_t width = token->length;

	if (token->kind == TOKEN_QUOTED)
		width += 2;
	return width == 0 ? 1 : (uint32_t)width;
}

bool
token_is(const struct token *token, const char *word)
{
	/* Most words differ in the first letter already. */
	return token->kind == TOKEN_WORD && token->length > 0 &&
	    ((token->text[0] ^ word[0]) & ~32) == 0 &&
	    token->length == strlen(word) &&
	    strncasecmp(token->text, word, token->length) == 0;
}

struct diag_place
token_place(const struct token *token, const char *file, const char *text_end)
{
	const char *to = find_line_end(token->line_start, text_end);

	if (to > token->line_start && to[-1] == '\r')
		to--;
	return (struct diag_place){
		.file = file,
		.line = token->line,
		.column = token_column(token),
		.width = token_width(token),
		.text = token->line_start,
		.text_len = (size_t)(to - token->line_start),
	};
}
