/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/resolvconf.h"

#include <string.h>

#define DNS_PORT 53

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

static void
add_server(struct resolvconf *list, const struct line *line, size_t at,
    struct diags *diags)
{
	size_t length = skip_word(line, at) - at;
	struct diag_place place = {line->path, line->number,
	    (uint32_t)at + 1, (uint32_t)length, line->text, line->length};
	struct endpoint server;
	const char *wrong = endpoint_parse(&server, line->text + at, length,
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

static void
parse_line(struct resolvconf *list, const struct line *line,
    struct diags *diags)
{
	static const char word[] = "nameserver";
	size_t at = skip_blank(line, 0), end = skip_word(line, at);

	if (end - at == sizeof word - 1 &&
	    memcmp(line->text + at, word, sizeof word - 1) == 0)
		add_server(list, line, skip_blank(line, end), diags);
}

void
resolvconf_parse(struct resolvconf *list, const char *path, const char *text,
    size_t length, struct diags *diags)
{
	struct line line = {.path = path, .text = text};
	const char *end = text + length, *stop;

	*list = (struct resolvconf){0};
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
