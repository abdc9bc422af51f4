/* SPDX-License-Identifier: BSD-2-Clause */
#include "hostsfacts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static struct dname
read_name(const struct hostsedit_entry *entry)
{
	const char *addr = entry->addr_count > 0 ? entry->addrs[0] : "10.0.0.1";
	struct hostsline line = {.domain = entry->domain};
	char *text = memory_format("%s %s", addr, entry->name);
	struct dname name = {0};

	hostsline_parse(&line, text, strlen(text));
	if (line.name_count == 1)
		name = line.names[0].name;
	hostsline_fini(&line);
	free(text);
	return name;
}

static bool
is_at(const struct hostsline *line, const struct dname *name, size_t column)
{
	for (uint32_t i = 0; i < line->name_count; i++)
		if (line->names[i].column == column)
			return line->names[i].name.length == name->length &&
			    memcmp(line->names[i].name.wire, name->wire,
				name->length) == 0;
	return false;
}

struct facts {
	enum {
		FACTS_WORDS,
		FACTS_LINES,
	} form;
	FILE *out;
	struct hostsline line;
	struct dname name;
};

static size_t
skip(const char *text, size_t length, size_t at, const char *set)
{
	while (at < length && text[at] != '\0' && strchr(set, text[at]))
		at++;
	return at;
}

static size_t
skip_word(const char *text, size_t length, size_t at)
{
	while (at < length && text[at] != ' ' && text[at] != '\t')
		at++;
	return at;
}

static void
tell_line(struct facts *facts, const char *text, size_t length)
{
	const char *hash = length ? memchr(text, '#', length) : NULL;
	size_t names = hash ? (size_t)(hash - text) : length;
	size_t at = skip(text, names, 0, " \t"), start = at;
	unsigned own = 0, others = 0;
	char *list = NULL;
	size_t list_length;
	FILE *words = open_memstream(&list, &list_length);

	hostsline_parse(&facts->line, text, length);
	at = skip_word(text, names, at);
	fwrite(text + start, 1, at - start, words);
	while ((start = skip(text, names, at, " \t")) < names) {
		at = skip_word(text, names, start);
		if (is_at(&facts->line, &facts->name, start + 1)) {
			own++;
			continue;
		}
		others++;
		fputc(' ', words);
		fwrite(text + start, 1, at - start, words);
	}
	fclose(words);
	if (facts->form == FACTS_LINES && length > 0 && own == 0)
		fprintf(facts->out, "%.*s\n", (int)length, text);
	if (facts->form == FACTS_WORDS && length > 0 &&
	    (own == 0 || others > 0))
		fprintf(facts->out, "%s%.*s\n", list, (int)(length - names),
		    text + names);
	free(list);
}

static char *
tell_facts(struct facts *facts, const char *bytes, size_t length)
{
	size_t at = 0, end, size;
	char *text = NULL;

	facts->out = open_memstream(&text, &size);
	if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		fputs("mark\n", facts->out);
		at = 3;
	}
	while (at < length) {
		size_t line = hostsline_length(bytes + at, length - at, &end);

		tell_line(facts, bytes + at, line);
		at += line + end;
	}
	fclose(facts->out);
	hostsline_fini(&facts->line);
	return text;
}

char *
hostsfacts_others(const char *bytes, size_t length,
    const struct hostsedit_entry *entry)
{
	struct facts facts = {
		.form = FACTS_WORDS,
		.line.domain = entry->domain,
		.name = read_name(entry),
	};

	return tell_facts(&facts, bytes, length);
}

char *
hostsfacts_lines(const char *bytes, size_t length,
    const struct hostsedit_entry *entry)
{
	struct facts facts = {
		.form = FACTS_LINES,
		.line.domain = entry->domain,
		.name = read_name(entry),
	};

	return tell_facts(&facts, bytes, length);
}

bool
hostsfacts_are_among(const char *lines, const char *others)
{
	while (*lines) {
		size_t length = strcspn(lines, "\n") + 1;

		while (*others && strncmp(lines, others, length) != 0)
			others += strcspn(others, "\n") + 1;
		if (!*others)
			return false;
		lines += length;
		others += length;
	}
	return true;
}

/* How often the line has the name, 0 for bad lines. */
static unsigned
count_name(const struct hostsline *line, const struct dname *name)
{
	unsigned found = 0;

	for (uint32_t i = 0; i < line->name_count; i++)
		found += is_at(line, name, line->names[i].column);
	return found > 0;
}

static const char *
judge_line(const struct hostsline *line, const struct hostsedit_entry *entry,
    unsigned *seen)
{
	struct addr addr;

	if (line->ttl != entry->ttl || (line->ttl == HOSTSLINE_TTL_OWN &&
	    line->ttl_s != entry->ttl_s))
		return "another TTL";
	for (size_t i = 0; i < entry->addr_count; i++) {
		addr_parse(&addr, entry->addrs[i], strlen(entry->addrs[i]));
		if (!addr_equal(&addr, &line->addr))
			continue;
		return seen[i]++ == 0 ? NULL : "an address twice";
	}
	return "another address";
}

const char *
hostsfacts_judge(const char *bytes, size_t length,
    const struct hostsedit_entry *entry)
{
	struct hostsline line = {.domain = entry->domain};
	struct dname name = read_name(entry);
	unsigned *seen = memory_zeroed(entry->addr_count + 1, sizeof *seen);
	const char *wrong = NULL;
	size_t at = 0, end;

	if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		at = 3;
	while (at < length && !wrong) {
		size_t size = hostsline_length(bytes + at, length - at, &end);

		if (hostsline_parse(&line, bytes + at, size) ==
		    HOSTSLINE_GOOD && count_name(&line, &name))
			wrong = judge_line(&line, entry, seen);
		at += size + end;
	}
	for (size_t i = 0; i < entry->addr_count && !wrong; i++) {
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again |= strcmp(entry->addrs[i], entry->addrs[k]) == 0;
		if (seen[i] != 1 && !again)
			wrong = "an address is missing";
	}
	hostsline_fini(&line);
	free(seen);
	return wrong;
}
