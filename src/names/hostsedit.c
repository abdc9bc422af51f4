/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/hostsedit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define MARK_TEXT 32			/* room for "# ttl=2147483647" */

struct wanted {
	struct addr addr;
	bool said;			/* by a line that stays */
};

/* A line with the name on it. */
struct place {
	size_t at;
	size_t length;
	size_t end;			/* bytes of the line's end */
	enum {
		PLACE_GOOD,		/* stays as it is */
		PLACE_SHARED,		/* has further names: loses this one */
		PLACE_OWN,		/* to be written anew, or to go */
	} kind;
};

struct text {
	char *bytes;
	size_t length;
	size_t room;
};

/* missing: the first of `wanted` that may still have no line. */
struct edit {
	struct source_text file;	/* bytes is not NULL */
	const struct hostsedit_entry *entry;
	const char *line_end;
	struct hostsline line;
	struct dname name;
	struct wanted *wanted;
	size_t wanted_count;
	size_t missing;
	struct place *places;
	size_t place_count, place_room;
	struct text out;
};

/* ---- words of a line ---- */

struct word {
	size_t gap;			/* where the blanks before it begin */
	size_t start;
	size_t end;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
next_word(const char *text, size_t length, struct word *word)
{
	size_t at = word->end;

	word->gap = at;
	while (at < length && is_blank(text[at]))
		at++;
	word->start = at;
	while (at < length && !is_blank(text[at]))
		at++;
	word->end = at;
	return word->end > word->start;
}

static size_t
find_comment(const char *text, size_t length)
{
	const char *hash = length > 0 ? memchr(text, '#', length) : NULL;

	return hash ? (size_t)(hash - text) : length;
}

/* Is the word of the line that was parsed last the name? */
static bool
is_name(const struct edit *edit, const struct word *word)
{
	const struct hostsline *line = &edit->line;

	for (uint32_t i = 0; i < line->name_count; i++) {
		const struct dname *name = &line->names[i].name;

		if (line->names[i].column == word->start + 1)
			return name->length == edit->name.length &&
			    memcmp(name->wire, edit->name.wire,
				name->length) == 0;
	}
	return false;
}

/* ---- writing ---- */

static void
put_bytes(struct edit *edit, const char *bytes, size_t length)
{
	struct text *out = &edit->out;

	if (out->room - out->length < length) {
		out->room = 2 * out->room + length + 256;
		out->bytes = memory_resize(out->bytes, out->room, 1);
	}
	if (length > 0)
		memcpy(out->bytes + out->length, bytes, length);
	out->length += length;
}

static void
put_string(struct edit *edit, const char *string)
{
	put_bytes(edit, string, strlen(string));
}

static bool
ends_in_line_end(const char *bytes, size_t length)
{
	return length > 0 &&
	    (bytes[length - 1] == '\n' || bytes[length - 1] == '\r');
}

/* Behind a last line without an end. */
static void
end_line(struct edit *edit, size_t start)
{
	if (edit->out.length > start &&
	    !ends_in_line_end(edit->out.bytes, edit->out.length))
		put_string(edit, edit->line_end);
}

/* ---- reading the entry ---- */

static enum hostsedit_result
refuse(struct hostsedit_outcome *outcome, const char *bad, const char *wrong)
{
	outcome->bad = bad;
	outcome->wrong = wrong;
	return HOSTSEDIT_REFUSED;
}

/* As it will be read back from its line. */
static const char *
read_name(struct edit *edit)
{
	const char *name = edit->entry->name;
	char addr[ADDR_TEXT] = "192.0.2.1";
	struct hostsline *line = &edit->line;
	const char *wrong = NULL;
	char *text;

	if (!*name)
		return "the name is empty";
	if (strpbrk(name, " \t\r\n#"))
		return "a name has no blanks and no #";
	if (edit->wanted_count > 0)
		addr_print(&edit->wanted[0].addr, addr);
	text = memory_format("%s %s", addr, name);
	if (hostsline_parse(line, text, strlen(text)) == HOSTSLINE_BAD)
		wrong = line->faults[0].why;
	else if (line->name_count == 0)
		wrong = "localhost and all names below it are the asking "
			"machine itself, always";
	else
		edit->name = line->names[0].name;
	free(text);
	return wrong;
}

static void
want_addr(struct edit *edit, const struct addr *addr)
{
	for (size_t i = 0; i < edit->wanted_count; i++)
		if (addr_equal(&edit->wanted[i].addr, addr))
			return;
	edit->wanted[edit->wanted_count++] = (struct wanted){.addr = *addr};
}

static enum hostsedit_result
read_addrs(struct edit *edit, struct hostsedit_outcome *outcome)
{
	const struct hostsedit_entry *entry = edit->entry;
	struct addr addr;
	const char *wrong;

	if (entry->addr_count == 0)
		return refuse(outcome, entry->name, "no address is given");
	if (entry->addr_count > HOSTSEDIT_ADDRS_MAX)
		return refuse(outcome, entry->name,
		    "a name has 1,000 addresses at most here");
	if (entry->ttl == HOSTSLINE_TTL_OWN &&
	    entry->ttl_s > HOSTSLINE_TTL_MAX)
		return refuse(outcome, entry->name,
		    "a TTL is 2147483647 seconds at most");
	edit->wanted = memory_zeroed(entry->addr_count,
	    sizeof(edit->wanted[0]));
	for (size_t i = 0; i < entry->addr_count; i++) {
		wrong = addr_parse(&addr, entry->addrs[i],
		    strlen(entry->addrs[i]));
		/* Lines of such give their names no short form. */
		if (!wrong && hostsline_is_group(&addr))
			wrong = "it is the address of many machines at once";
		if (wrong)
			return refuse(outcome, entry->addrs[i], wrong);
		want_addr(edit, &addr);
	}
	return HOSTSEDIT_CHANGED;
}

/* ---- finding the name ---- */

static bool
has_wanted_ttl(const struct edit *edit)
{
	const struct hostsedit_entry *entry = edit->entry;
	const struct hostsline *line = &edit->line;

	return line->ttl == entry->ttl &&
	    (line->ttl == HOSTSLINE_TTL_DEFAULT ||
	     line->ttl_s == entry->ttl_s);
}

/* The line that was parsed last has an address that is wanted and was not
 * found before. */
static bool
take_line(struct edit *edit)
{
	if (!has_wanted_ttl(edit))
		return false;
	for (size_t i = 0; i < edit->wanted_count; i++) {
		struct wanted *wanted = &edit->wanted[i];

		if (wanted->said || !addr_equal(&wanted->addr,
		    &edit->line.addr))
			continue;
		wanted->said = true;
		return true;
	}
	return false;
}

static void
push_place(struct edit *edit, const struct place *place)
{
	if (edit->place_count == edit->place_room) {
		edit->place_room = 2 * edit->place_room + 8;
		edit->places = memory_resize(edit->places, edit->place_room,
		    sizeof(edit->places[0]));
	}
	edit->places[edit->place_count++] = *place;
}

/* A bad line is one of the name's too: hostler keeps the last good addresses
 * of what stands on it. */
static void
judge_line(struct edit *edit, struct place *place)
{
	const char *text = edit->file.bytes + place->at;
	enum hostsline_result result = hostsline_parse(&edit->line, text,
	    place->length);
	size_t length = find_comment(text, place->length);
	unsigned own = 0, others = 0;
	struct word word = {0};

	if (edit->line.name_count == 0 || !next_word(text, length, &word))
		return;
	while (next_word(text, length, &word)) {
		if (is_name(edit, &word))
			own++;
		else
			others++;
	}
	if (own == 0)
		return;
	place->kind = others > 0 ? PLACE_SHARED : PLACE_OWN;
	if (result == HOSTSLINE_GOOD && take_line(edit))
		place->kind = PLACE_GOOD;
	push_place(edit, place);
}

static void
find_places(struct edit *edit, size_t start)
{
	const struct source_text *file = &edit->file;
	struct place place;
	size_t at = start;

	while (at < file->length) {
		place = (struct place){.at = at};
		place.length = hostsline_length(file->bytes + at,
		    file->length - at, &place.end);
		judge_line(edit, &place);
		at += place.length + place.end;
	}
}

static const char *
choose_line_end(const struct source_text *file, size_t start)
{
	const char *bytes = file->bytes + start;
	size_t end, length;

	if (file->length == start)
		return "\n";
	length = hostsline_length(bytes, file->length - start, &end);
	if (end == 2)
		return "\r\n";
	return end == 1 && bytes[length] == '\r' ? "\r" : "\n";
}

/* ---- writing lines ---- */

/* The first word that stays takes the place of the first word. */
static void
put_shared(struct edit *edit, const char *text, size_t length)
{
	size_t names = find_comment(text, length), first;
	struct word word = {0};
	bool kept = false;

	hostsline_parse(&edit->line, text, length);
	next_word(text, names, &word);
	put_bytes(edit, text, word.end);
	first = word.end;
	while (next_word(text, names, &word)) {
		if (is_name(edit, &word))
			continue;
		if (!kept)
			for (; is_blank(text[first]); first++)
				put_bytes(edit, text + first, 1);
		else
			put_bytes(edit, text + word.gap,
			    word.start - word.gap);
		put_bytes(edit, text + word.start, word.end - word.start);
		kept = true;
	}
	put_bytes(edit, text + word.gap, length - word.gap);
}

/* The "ttl=SECONDS" of a comment's word, where it is nothing else. */
static bool
is_mark(const char *text, const struct word *word)
{
	size_t at = word->start;

	while (at < word->end && text[at] == '#')
		at++;
	if (word->end - at <= 4 || memcmp(text + at, "ttl=", 4) != 0)
		return false;
	for (at += 4; at < word->end; at++)
		if (text[at] < '0' || text[at] > '9')
			return false;
	return true;
}

static void
put_mark(struct edit *edit, const char *before)
{
	char mark[MARK_TEXT];

	if (edit->entry->ttl != HOSTSLINE_TTL_OWN)
		return;
	snprintf(mark, sizeof mark, "ttl=%u", (unsigned)edit->entry->ttl_s);
	put_string(edit, before);
	put_string(edit, mark);
}

/* What the old line has behind its names, with the new TTL in place of the
 * old one.  A comment of nothing but marks goes with them. */
static void
put_comment(struct edit *edit, const char *text, size_t length)
{
	size_t hash = find_comment(text, length), blank = hash;
	struct word word = {.end = hash};
	bool kept = false;

	while (next_word(text, length, &word)) {
		size_t from = word.start;

		while (from < word.end && text[from] == '#')
			from++;
		if (from < word.end && !is_mark(text, &word))
			kept = true;
	}
	if (!kept) {
		put_mark(edit, " # ");
		return;
	}
	while (blank > 0 && is_blank(text[blank - 1]))
		blank--;
	put_bytes(edit, text + blank, hash - blank);
	word = (struct word){.end = hash};
	while (next_word(text, length, &word)) {
		if (!is_mark(text, &word))
			put_bytes(edit, text + word.gap, word.end - word.gap);
		else if (word.start == hash)
			put_bytes(edit, "#", 1);
	}
	put_mark(edit, " ");
}

/* The next wanted address that no line says; NULL where there is none. */
static const struct addr *
next_missing(struct edit *edit)
{
	while (edit->missing < edit->wanted_count &&
	    edit->wanted[edit->missing].said)
		edit->missing++;
	return edit->missing < edit->wanted_count ?
	    &edit->wanted[edit->missing++].addr : NULL;
}

static void
put_entry(struct edit *edit, const struct addr *addr)
{
	char text[ADDR_TEXT];

	put_string(edit, addr_print(addr, text));
	put_string(edit, "\t");
	put_string(edit, edit->entry->name);
}

static void
put_place(struct edit *edit, const struct place *place)
{
	const char *text = edit->file.bytes + place->at;
	const struct addr *addr;

	switch (place->kind) {
	case PLACE_GOOD:
		put_bytes(edit, text, place->length);
		break;
	case PLACE_SHARED:
		put_shared(edit, text, place->length);
		break;
	case PLACE_OWN:
		addr = next_missing(edit);
		if (!addr)
			return;
		put_entry(edit, addr);
		put_comment(edit, text, place->length);
		break;
	}
	put_bytes(edit, text + place->length, place->end);
}

static void
put_missing(struct edit *edit, size_t start)
{
	const struct addr *addr;

	while ((addr = next_missing(edit))) {
		end_line(edit, start);
		put_entry(edit, addr);
		put_mark(edit, " # ");
		put_string(edit, edit->line_end);
	}
}

/* Behind which place (counted from 1) what is missing goes: the last that is
 * written anew, else the first; 0: the file's end. */
static size_t
choose_place(const struct edit *edit)
{
	for (size_t i = edit->place_count; i > 0; i--)
		if (edit->places[i - 1].kind == PLACE_OWN)
			return i;
	return edit->place_count > 0 ? 1 : 0;
}

/* A file whose last line has no end stays one. */
static void
cut_last_end(struct edit *edit, size_t start)
{
	const struct source_text *file = &edit->file;
	struct text *out = &edit->out;

	if (file->length == start ||
	    ends_in_line_end(file->bytes, file->length) ||
	    !ends_in_line_end(out->bytes, out->length))
		return;
	if (out->bytes[--out->length] == '\n' && out->length > start &&
	    out->bytes[out->length - 1] == '\r')
		out->length--;
}

static void
write_text(struct edit *edit, size_t start)
{
	const struct source_text *file = &edit->file;
	size_t chosen = choose_place(edit), at = 0;

	for (size_t i = 0; i < edit->place_count; i++) {
		const struct place *place = &edit->places[i];

		put_bytes(edit, file->bytes + at, place->at - at);
		put_place(edit, place);
		at = place->at + place->length + place->end;
		if (i + 1 == chosen)
			put_missing(edit, start);
	}
	put_bytes(edit, file->bytes + at, file->length - at);
	put_missing(edit, start);
	cut_last_end(edit, start);
}

static enum hostsedit_result
hand_over(struct edit *edit, struct hostsedit_outcome *outcome)
{
	const struct source_text *file = &edit->file;
	struct text *out = &edit->out;

	if (out->length == file->length && (out->length == 0 ||
	    memcmp(out->bytes, file->bytes, out->length) == 0))
		return HOSTSEDIT_SAME;
	outcome->bytes = out->bytes ? out->bytes : memory_alloc(1);
	outcome->length = out->length;
	out->bytes = NULL;
	return HOSTSEDIT_CHANGED;
}

static bool
starts_with(const struct source_text *file, const char *bytes, size_t length)
{
	return file->length >= length &&
	    memcmp(file->bytes, bytes, length) == 0;
}

static bool
is_utf16(const struct source_text *file)
{
	return starts_with(file, "\xff\xfe", 2) ||
	    starts_with(file, "\xfe\xff", 2);
}

static enum hostsedit_result
edit_text(struct edit *edit, struct hostsedit_outcome *outcome)
{
	const struct source_text *file = &edit->file;
	const char *wrong = read_name(edit);
	struct source_text after;
	size_t start = 0;

	if (wrong)
		return refuse(outcome, edit->entry->name, wrong);
	if (is_utf16(file))
		return refuse(outcome, NULL,
		    "the file is in UTF-16; save it as UTF-8");
	if (starts_with(file, BYTE_ORDER_MARK, 3))
		start = 3;
	edit->line_end = choose_line_end(file, start);
	find_places(edit, start);
	write_text(edit, start);
	after = (struct source_text){NULL, edit->out.bytes, edit->out.length};
	if (start == 0 && (is_utf16(&after) ||
	    starts_with(&after, BYTE_ORDER_MARK, 3)))
		return refuse(outcome, NULL, "the file's next line begins "
		    "with a byte order mark; mend that line first");
	return hand_over(edit, outcome);
}

static void
fini_edit(struct edit *edit)
{
	hostsline_fini(&edit->line);
	free(edit->wanted);
	free(edit->places);
	free(edit->out.bytes);
}

static struct edit
start_edit(const struct source_text *file, const struct hostsedit_entry *entry)
{
	return (struct edit){
		.file = {file->path, file->bytes ? file->bytes : "",
		    file->length},
		.entry = entry,
		.line.domain = entry->domain,
	};
}

enum hostsedit_result
hostsedit_set(const struct source_text *file,
    const struct hostsedit_entry *entry, struct hostsedit_outcome *outcome)
{
	struct edit edit = start_edit(file, entry);
	enum hostsedit_result result;

	*outcome = (struct hostsedit_outcome){0};
	result = read_addrs(&edit, outcome);
	if (result != HOSTSEDIT_REFUSED)
		result = edit_text(&edit, outcome);
	fini_edit(&edit);
	return result;
}

enum hostsedit_result
hostsedit_unset(const struct source_text *file,
    const struct hostsedit_entry *entry, struct hostsedit_outcome *outcome)
{
	struct edit edit = start_edit(file, entry);
	enum hostsedit_result result;

	*outcome = (struct hostsedit_outcome){0};
	result = edit_text(&edit, outcome);
	fini_edit(&edit);
	return result;
}
