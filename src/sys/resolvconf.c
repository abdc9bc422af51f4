/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/resolvconf.h"

#include <string.h>

#define DNS_PORT 53
#define NDOTS "ndots:"

struct line {
	const char *path;
	const char *text;
	size_t length;
	uint32_t number;
};

static size_t
skip_blank(const struct line *line, size_t at)
{
	while (at < line->length &&
	    (line->text[at] == ' ' || line->text[at] == '\t'))
		at++;
	return at;
}

static size_t
skip_word(const struct line *line, size_t at)
{
	while (at < line->length && line->text[at] != ' ' &&
	    line->text[at] != '\t' && line->text[at] != '#' &&
	    line->text[at] != ';')
		at++;
	return at;
}

/* The next word from *at on; false at the line's end or a comment. */
static bool
next_word(const struct line *line, size_t *at, struct resolvconf_name *word)
{
	size_t begin = skip_blank(line, *at);

	*at = skip_word(line, begin);
	*word = (struct resolvconf_name){line->text + begin, *at - begin};
	return word->length > 0;
}

static bool
is_word(const struct resolvconf_name *word, const char *wanted)
{
	return word->length == strlen(wanted) &&
	    memcmp(word->text, wanted, word->length) == 0;
}

static struct diag_place
find_place(const struct line *line, const struct resolvconf_name *word)
{
	return (struct diag_place){line->path, line->number,
	    (uint32_t)(word->text - line->text) + 1, (uint32_t)word->length,
	    line->text, line->length};
}

static void
add_server(struct resolvconf *list, const struct line *line,
    const struct resolvconf_name *word, struct diags *diags)
{
	struct diag_place place = find_place(line, word);
	struct endpoint server;
	const char *wrong = endpoint_parse(&server, word->text, word->length,
	    DNS_PORT);

	if (wrong)
		diags_add(diags, DIAG_NOTE, &place, NULL,
		    "this server is passed over: %s", wrong);
	else if (list->server_count == RESOLVCONF_SERVERS_MAX)
		diags_add(diags, DIAG_NOTE, &place, NULL,
		    "this server is passed over: only the first %d count",
		    RESOLVCONF_SERVERS_MAX);
	else
		list->servers[list->server_count++] = server;
}

/* search and domain exclude each other: the last line counts. */
static void
read_search(struct resolvconf *list, const struct line *line, size_t at,
    struct diags *diags)
{
	struct resolvconf_name word;
	struct diag_place place;

	list->search_count = 0;
	while (next_word(line, &at, &word)) {
		if (list->search_count < RESOLVCONF_SEARCH_MAX) {
			list->search[list->search_count++] = word;
			continue;
		}
		place = find_place(line, &word);
		diags_add(diags, DIAG_NOTE, &place, NULL,
		    "this domain is passed over: only the first %d count",
		    RESOLVCONF_SEARCH_MAX);
	}
}

static void
read_ndots(struct resolvconf *list, const struct line *line,
    const struct resolvconf_name *word, struct diags *diags)
{
	struct diag_place place = find_place(line, word);
	unsigned value = 0;
	size_t at = sizeof NDOTS - 1;

	for (; at < word->length && word->text[at] >= '0' &&
	    word->text[at] <= '9'; at++)
		if (value <= RESOLVCONF_NDOTS_MAX)
			value = value * 10 + (unsigned)(word->text[at] - '0');
	if (at < word->length || word->length == sizeof NDOTS - 1)
		diags_add(diags, DIAG_NOTE, &place, NULL,
		    "this option is passed over: ndots takes a number");
	else
		list->ndots = value < RESOLVCONF_NDOTS_MAX ? value
		    : RESOLVCONF_NDOTS_MAX;
}

static void
read_options(struct resolvconf *list, const struct line *line, size_t at,
    struct diags *diags)
{
	struct resolvconf_name word;

	while (next_word(line, &at, &word))
		if (word.length >= sizeof NDOTS - 1 &&
		    memcmp(word.text, NDOTS, sizeof NDOTS - 1) == 0)
			read_ndots(list, line, &word, diags);
}

static void
parse_line(struct resolvconf *list, const struct line *line,
    struct diags *diags)
{
	struct resolvconf_name word, value;
	size_t at = 0;

	if (!next_word(line, &at, &word))
		return;
	if (is_word(&word, "nameserver")) {
		next_word(line, &at, &value);
		add_server(list, line, &value, diags);
	} else if (is_word(&word, "search") || is_word(&word, "domain")) {
		read_search(list, line, at, diags);
	} else if (is_word(&word, "options")) {
		read_options(list, line, at, diags);
	}
}

void
resolvconf_parse(struct resolvconf *list, const char *path, const char *text,
    size_t length, struct diags *diags)
{
	struct line line = {.path = path, .text = text};
	const char *end = text + length, *stop;

	*list = (struct resolvconf){.ndots = 1};
	while (line.text < end) {
		stop = memchr(line.text, '\n', (size_t)(end - line.text));
		line.length = (size_t)((stop ? stop : end) - line.text);
		if (line.length && line.text[line.length - 1] == '\r')
			line.length--;
		line.number++;
		parse_line(list, &line, diags);
		line.text = stop ? stop + 1 : end;
	}
}

static bool
is_stub(const struct addr *addr)
{
	static const uint8_t stub[] = {127, 0, 0, 53}, plain[] = {127, 0, 0,
	    54};

	return addr->family == 4 && (memcmp(addr->bytes, stub, 4) == 0 ||
	    memcmp(addr->bytes, plain, 4) == 0);
}

bool
resolvconf_has_stub(const struct resolvconf *list)
{
	for (unsigned i = 0; i < list->server_count; i++)
		if (is_stub(&list->servers[i].addr))
			return true;
	return false;
}
