/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/hostsline.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/idna.h"
#include "names/node.h"

static const char too_long[] = "it is over 255 bytes long";

struct token {
	const char *text;
	size_t len;
	uint32_t column;
};

/* What is read of a name, before it is known where it lives. */
struct reading {
	struct dname *name;		/* no root label yet */
	unsigned label_at;		/* its length byte */
	int absolute;
};

static int
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
next_token(const char *text, size_t len, size_t *at, struct token *token)
{
	size_t i = *at, start;

	while (i < len && is_blank(text[i]))
		i++;
	start = i;
	while (i < len && !is_blank(text[i]))
		i++;
	*at = i;
	token->text = text + start;
	token->len = i - start;
	token->column = (uint32_t)start + 1;
	return i > start;
}

static void
add_fault(struct hostsline *line, const struct token *token, const char *what,
    const char *why)
{
	if (line->fault_count == HOSTSLINE_FAULTS)
		return;
	line->faults[line->fault_count++] = (struct hostsline_fault){
		.what = what,
		.why = why,
		.column = token->column,
		.width = token->len > 0 ? (uint32_t)token->len : 1,
	};
}

/* What a name's byte becomes in lower case; 0 where names cannot have it. */
static const uint8_t folded[256] = {
	['-'] = '-', ['_'] = '_',
	['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',
	['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9',
	['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e',
	['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j',
	['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o',
	['p'] = 'p', ['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't',
	['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y',
	['z'] = 'z',
	['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e',
	['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j',
	['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o',
	['P'] = 'p', ['Q'] = 'q', ['R'] = 'r', ['S'] = 's', ['T'] = 't',
	['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y',
	['Z'] = 'z',
};

static inline uint8_t
fold_byte(char c)
{
	return folded[(unsigned char)c];
}

static const char *
explain_byte(const char *text, size_t at)
{
	if (text[at] == '*')
		return "* can stand only for the whole first label, as in "
		       "*.apps.lab";
	if (text[at] == ':')
		return "names have no colon; a line has one address";
	if (text[at] == ',')
		return "names are divided by blanks, not by commas";
	if (text[at] == '/')
		return "names have no slash; a path or a port has no place "
		       "here";
	return "names are made of letters, digits, -, _ and dots";
}

static const char *
close_label(struct reading *reading)
{
	unsigned len = reading->name->length - reading->label_at - 1;

	if (len == 0)
		return "a label is empty (two dots in a row, or one at the "
		       "start)";
	if (len > LABEL_MAX)
		return "a label is over 63 bytes long";
	reading->name->wire[reading->label_at] = (uint8_t)len;
	reading->name->labels++;
	return NULL;
}

static void
open_label(struct reading *reading)
{
	reading->label_at = reading->name->length++;
}

/* Letters, digits, - and _ in labels of the right length, and a wildcard at
 * the front. */
static const char *
read_ascii(struct reading *reading, const char *text, size_t len)
{
	struct dname *name = reading->name;
	const char *why;
	size_t i = 0;

	open_label(reading);
	if (len > 1 && text[0] == '*' && text[1] == '.') {
		name->wire[name->length++] = '*';
		i = 1;
	}
	for (; i < len; i++) {
		uint8_t c = fold_byte(text[i]);

		if (c != 0) {
			if (name->length > DNAME_MAX - 2)
				return too_long;
			name->wire[name->length++] = c;
			continue;
		}
		if (text[i] != '.')
			return explain_byte(text, i);
		why = close_label(reading);
		if (why != NULL)
			return why;
		if (i + 1 == len) {
			reading->absolute = 1;
			return NULL;
		}
		open_label(reading);
	}
	return close_label(reading);
}

static int
has_utf8(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return 1;
	return 0;
}

/* libidn2 does not see the labels before a wildcard as special, and blames
 * what is plain ASCII in odd words: both are looked at before it. */
static const char *
read_utf8(struct reading *reading, const char *text, size_t len)
{
	char ascii[IDNA_TEXT + 2];
	size_t skip = len > 1 && text[0] == '*' && text[1] == '.' ? 2 : 0;
	const char *why;

	for (size_t i = skip; i < len; i++)
		if ((unsigned char)text[i] < 0x80 && text[i] != '.' &&
		    fold_byte(text[i]) == 0)
			return explain_byte(text, i);
	memcpy(ascii, text, skip);
	why = idna_to_ascii(ascii + skip, text + skip, len - skip);
	if (why != NULL)
		return why;
	return read_ascii(reading, ascii, strlen(ascii));
}

static const char *
read_name(struct reading *reading, const struct token *token)
{
	reading->name->length = 0;
	reading->name->labels = 0;
	reading->absolute = 0;
	if (has_utf8(token->text, token->len))
		return read_utf8(reading, token->text, token->len);
	if (token->len == 1 && token->text[0] == '*')
		return "* alone would stand for every name there is: write "
		       "*.NAME";
	return read_ascii(reading, token->text, token->len);
}

/* The name has no root label yet; its last label starts at label_at. */
static int
is_localhost(const struct reading *reading)
{
	static const char word[] = "\x09localhost";

	return reading->name->length - reading->label_at ==
	    sizeof(word) - 1 &&
	    memcmp(reading->name->wire + reading->label_at, word,
		sizeof(word) - 1) == 0;
}

bool
hostsline_is_group(const struct addr *addr)
{
	static const struct addr broadcast = {4, {255, 255, 255, 255}};

	return addr_is_multicast(addr) || addr_equal(addr, &broadcast);
}

static enum hostsline_form
choose_form(const struct hostsline *line, const struct reading *reading)
{
	const struct dname *name = reading->name, *domain = line->domain;

	if (name->labels != 1 || reading->absolute || domain == NULL ||
	    domain->length == 1)
		return HOSTSLINE_FULL;
	if (name->length + domain->length > DNAME_MAX)
		return HOSTSLINE_FULL;
	if (name->length >= 4 && memcmp(name->wire + 1, "ip6-", 4) == 0)
		return HOSTSLINE_FULL;
	/* A domain of one label, named by itself. */
	if (domain->labels == 1 && name->length + 1 == domain->length &&
	    memcmp(name->wire, domain->wire, name->length) == 0)
		return HOSTSLINE_FULL;
	return hostsline_is_group(&line->addr) ? HOSTSLINE_FULL :
	    HOSTSLINE_SHORT;
}

/* Room for one more name; line->name_count does not count it yet. */
static struct hostsline_name *
next_name(struct hostsline *line)
{
	if (line->name_count == line->name_room) {
		line->name_room = line->name_room ? 2 * line->name_room : 8;
		line->names = memory_resize(line->names, line->name_room,
		    sizeof(line->names[0]));
	}
	return &line->names[line->name_count];
}

/* The name that was read into next_name's room counts. */
static void
put_name(struct hostsline *line, const struct reading *reading,
    size_t column)
{
	static const struct dname root = {.length = 1};
	struct hostsline_name *put = &line->names[line->name_count++];
	const struct dname *tail = &root;

	put->form = choose_form(line, reading);
	if (put->form == HOSTSLINE_SHORT)
		tail = line->domain;
	memcpy(put->name.wire + put->name.length, tail->wire, tail->length);
	put->name.length = (uint8_t)(put->name.length + tail->length);
	put->name.labels = (uint8_t)(put->name.labels + tail->labels);
	put->column = (uint16_t)column;
}

/* By its bytes alone "10.0.0.6" is a good name.  (An IPv6 address is not: a
 * colon is told of as such.) */
static int
is_address(const struct token *token)
{
	struct addr addr;
	char first = token->text[0], last = token->text[token->len - 1];

	if (!is_digit(first) || !is_digit(last))
		return 0;
	return addr_parse(&addr, token->text, token->len) == NULL;
}

static void
add_name(struct hostsline *line, const struct token *token)
{
	struct reading reading = {.name = &next_name(line)->name};
	const char *why;

	if (is_address(token)) {
		add_fault(line, token, "a name",
		    "it is an address; a line has one address, at its start");
		return;
	}
	why = read_name(&reading, token);
	if (why != NULL) {
		add_fault(line, token, "a name", why);
		return;
	}
	if (!is_localhost(&reading))
		put_name(line, &reading, token->column);
}

static int
has_only(const struct token *token, const char *set)
{
	for (size_t i = 0; i < token->len; i++)
		if (token->text[i] == '\0' ||
		    strchr(set, token->text[i]) == NULL)
			return 0;
	return 1;
}

/* U+00A0, as it comes with lines copied from a web page. */
static int
has_no_break_space(const struct token *token)
{
	for (size_t i = 0; i + 1 < token->len; i++)
		if (memcmp(token->text + i, "\xc2\xa0", 2) == 0)
			return 1;
	return 0;
}

static const char *
explain_address(const struct token *token, const struct token *second,
    const char *why)
{
	struct addr addr;

	if (second->len > 0 &&
	    addr_parse(&addr, second->text, second->len) == NULL)
		return "the address comes first, then its names";
	if (has_no_break_space(token))
		return "a no-break space is in it; type the blank again";
	if (has_only(token, "0123456789."))
		return "an IPv4 address is four numbers from 0 to 255, "
		       "without zeros ahead";
	if (has_only(token, "0123456789./"))
		return "a line is for one address, without /LENGTH";
	if (has_only(token, "0123456789.@"))
		return "a hosts file has addresses alone, no ports";
	return why;
}

/* The names of a line whose address is bad: read, so that their last good
 * records can be kept, but without a word about them: one fault is enough. */
static void
blame_address(struct hostsline *line, const struct token *token,
    const char *rest, size_t len)
{
	size_t at = 0;
	struct token second;
	const char *why;

	next_token(rest, len, &at, &second);
	why = addr_parse(&line->addr, token->text, token->len);
	add_fault(line, token, "an address",
	    explain_address(token, &second, why));
	line->addr = (struct addr){0};
	add_name(line, token);
	for (at = 0; next_token(rest, len, &at, &second);) {
		second.column += token->column - 1 + (uint32_t)token->len;
		add_name(line, &second);
	}
	line->fault_count = 1;
}

/* fe80::1%lo0 is a good address, of one interface of one machine. */
static int
is_scoped(const struct token *token)
{
	const char *percent = memchr(token->text, '%', token->len);
	struct addr addr;

	return percent != NULL && percent + 1 < token->text + token->len &&
	    addr_parse(&addr, token->text,
		(size_t)(percent - token->text)) == NULL &&
	    addr.family == 6;
}

/* Bytes that no text has: of a line with one nothing else is told. */
static void
blame_binary(struct hostsline *line, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c >= 0x20 && c != 0x7f) || c == '\t')
			continue;
		line->fault_count = 0;
		add_fault(line, &(struct token){text + i, 1, (uint32_t)i + 1},
		    NULL, c == '\0' ? "a NUL byte: this is not text" :
		    "a control character: this is not text");
		return;
	}
}

static size_t
cut_comment(const char *text, size_t len)
{
	const char *hash = memchr(text, '#', len);

	return hash == NULL ? len : (size_t)(hash - text);
}

/* Decimal, of at most HOSTSLINE_TTL_MAX; a longer one means nothing. */
static int
read_seconds(uint32_t *seconds, const char *text, size_t len)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		value = value * 10 + (uint64_t)(text[i] - '0');
		if (value > HOSTSLINE_TTL_MAX)
			return 0;
	}
	*seconds = (uint32_t)value;
	return len > 0;
}

/* The mark anywhere in it; of words like ttl=SECONDS the first. */
static void
read_comment(struct hostsline *line, const char *text, size_t len)
{
	static const char mark[] = ORIGIN_OK_MARK;
	struct token token;
	size_t at = 0;

	line->approved = len >= sizeof(mark) &&
	    memmem(text, len, mark, sizeof(mark) - 1) != NULL;
	while (next_token(text, len, &at, &token)) {
		while (token.len > 0 && *token.text == '#') {
			token.text++;
			token.len--;
		}
		if (token.len <= 4 || memcmp(token.text, "ttl=", 4) != 0 ||
		    !read_seconds(&line->ttl_s, token.text + 4, token.len - 4))
			continue;
		line->ttl = HOSTSLINE_TTL_OWN;
		return;
	}
}

static void
read_line(struct hostsline *line, const char *text, size_t len, size_t at,
    const struct token *first)
{
	struct token token;
	unsigned names = 0;

	if (addr_parse(&line->addr, first->text, first->len) != NULL) {
		blame_address(line, first, text + at, len - at);
		return;
	}
	while (next_token(text, len, &at, &token)) {
		add_name(line, &token);
		names++;
	}
	if (names == 0)
		add_fault(line, first, NULL, "no name behind the address");
}

size_t
hostsline_length(const char *text, size_t left, size_t *end)
{
	size_t length = 0;

	while (length < left && text[length] != '\n' && text[length] != '\r')
		length++;
	*end = length < left ? 1 : 0;
	if (left - length > 1 && text[length] == '\r' &&
	    text[length + 1] == '\n')
		*end = 2;
	return length;
}

/* ---- lines as nearly all are ---- */

#define PLAIN_MAX 1024			/* bytes of such a line */
#define PLAIN_NAME_MAX 240		/* of a name of it */

/* Where a word ends: the first byte that is a blank or a control character;
 * NULL where there is none. */
static const char *
find_word_end(const char *at, const char *end)
{
	while (at < end && (unsigned char)*at > ' ')
		at++;
	return at < end ? at : NULL;
}

static const char *
pass_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

/* A name in plain bytes; returns what stands behind it, or NULL where the name
 * is anything but plain (or just wrong). */
static const char *
read_plain_name(struct reading *reading, const char *at, const char *end)
{
	struct dname *name = reading->name;
	unsigned length = 1, label = 0, labels = 0, size;

	if (end - at > PLAIN_NAME_MAX)
		end = at + PLAIN_NAME_MAX;
	for (; at < end; at++) {
		uint8_t c = fold_byte(*at);

		name->wire[length] = c;
		if (c == 0) {
			size = length - label - 1;
			if (size - 1 >= LABEL_MAX)
				return NULL;
			name->wire[label] = (uint8_t)size;
			labels++;
			if (*at != '.')
				break;
			label = length;
		}
		length++;
	}
	if (at == end)
		return NULL;
	name->length = (uint8_t)length;
	name->labels = (uint8_t)labels;
	reading->label_at = label;
	reading->absolute = 0;
	return at;
}

/* One name and the blanks behind it; NULL where it is not plain. */
static const char *
add_plain_name(struct hostsline *line, const char *text, const char *at,
    const char *end)
{
	struct reading reading = {.name = &next_name(line)->name};
	const char *behind = read_plain_name(&reading, at, end);

	/* By its bytes alone "10.0.0.6" is a good name. */
	if (behind == NULL || (is_digit(*at) && is_digit(behind[-1])) ||
	    is_localhost(&reading))
		return NULL;
	put_name(line, &reading, (size_t)(at - text) + 1);
	return pass_blanks(behind, end);
}

/* Behind the end of a line that ends in LF or CRLF here; else NULL. */
static const char *
pass_line_end(const char *at, const char *end)
{
	if (at < end && *at == '\r')
		at++;
	return at < end && *at == '\n' ? at + 1 : NULL;
}

size_t
hostsline_parse_plain(struct hostsline *line, const char *text, size_t left)
{
	const char *end = text + (left < PLAIN_MAX ? left : PLAIN_MAX);
	const char *first = pass_blanks(text, end);
	const char *at = find_word_end(first, end);

	line->name_count = 0;
	line->fault_count = 0;
	line->ttl = HOSTSLINE_TTL_DEFAULT;
	line->approved = false;
	if (at == NULL || !is_blank(*at) ||
	    addr_parse(&line->addr, first, (size_t)(at - first)) != NULL)
		return 0;
	line->addr_column = (uint32_t)(first - text) + 1;
	line->addr_width = (uint32_t)(at - first);
	at = pass_blanks(at, end);
	do {
		at = add_plain_name(line, text, at, end);
	} while (at != NULL && at < end && (unsigned char)*at > ' ');
	if (at != NULL)
		at = pass_line_end(at, end);
	return at != NULL ? (size_t)(at - text) : 0;
}

/* ---- any line ---- */

enum hostsline_result
hostsline_parse(struct hostsline *line, const char *text, size_t len)
{
	struct token first;
	size_t at = 0, whole = len;

	line->name_count = 0;
	line->fault_count = 0;
	line->ttl = HOSTSLINE_TTL_DEFAULT;
	line->approved = false;
	len = len > 0 ? cut_comment(text, len) : 0;
	if (!next_token(text, len, &at, &first))
		return HOSTSLINE_GOOD;
	if (whole > len)
		read_comment(line, text + len, whole - len);
	line->addr_column = first.column;
	line->addr_width = (uint32_t)first.len;
	if (len > HOSTSLINE_MAX) {
		add_fault(line, &(struct token){text, 1, 1}, NULL,
		    "the line is over 65,535 bytes long: divide it");
		return HOSTSLINE_BAD;
	}
	if (is_scoped(&first))
		return HOSTSLINE_SCOPED;
	read_line(line, text, len, at, &first);
	if (line->fault_count > 0)
		blame_binary(line, text, len);
	return line->fault_count > 0 ? HOSTSLINE_BAD : HOSTSLINE_GOOD;
}

void
hostsline_fini(struct hostsline *line)
{
	free(line->names);
	line->names = NULL;
	line->name_room = line->name_count = 0;
}
