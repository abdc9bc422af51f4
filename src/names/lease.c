/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/lease.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/memory.h"
#include "names/hostsline.h"

#define EXCERPT_MAX 240		/* bytes of a line behind its fault */
#define FAULT_TEXT 256
#define NUMBER_DIGITS 18	/* fits an int64_t */

void
lease_list_init(struct lease_list *list)
{
	*list = (struct lease_list){.strings = arena_new(1024)};
}

void
lease_list_fini(struct lease_list *list)
{
	free(list->items);
	arena_free(list->strings);
}

void
lease_reading_init(struct lease_reading *reading,
    const struct source_text *text, struct diags *diags)
{
	*reading = (struct lease_reading){
		.text = text,
		.diags = diags,
		.mark = {text->bytes, text->bytes, 1},
	};
}

/* Counting goes on from where it last came to: places mostly grow. */
static void
move_mark(struct lease_reading *reading, const char *at)
{
	struct lease_mark *mark = &reading->mark;
	const char *lf;

	if (at < mark->at)
		*mark = (struct lease_mark){reading->text->bytes,
		    reading->text->bytes, 1};
	while (mark->at < at && (lf = memchr(mark->at, '\n',
	    (size_t)(at - mark->at))) != NULL) {
		mark->line++;
		mark->line_start = lf + 1;
		mark->at = lf + 1;
	}
	mark->at = at;
}

static const char *
copy_bytes(struct lease_list *list, const char *bytes, size_t length)
{
	return bytes != NULL ? arena_copy(list->strings, bytes, length) : NULL;
}

void
lease_list_push(struct lease_list *list, const struct lease *lease)
{
	struct lease *item;

	if (list->count == list->room) {
		list->room = list->room > 0 ? 2 * list->room : 64;
		list->items = memory_resize(list->items, list->room,
		    sizeof(list->items[0]));
	}
	item = &list->items[list->count++];
	*item = *lease;
	item->name = copy_bytes(list, lease->name, lease->name_length);
	item->client = copy_bytes(list, lease->client, lease->client_length);
}

void
lease_add(struct lease_reading *reading, const struct lease *lease,
    const char *place)
{
	struct lease item = *lease;

	move_mark(reading, place);
	item.at = place;
	item.line = reading->mark.line;
	item.column = (uint32_t)(place - reading->mark.line_start) + 1;
	lease_list_push(reading->leases, &item);
}

struct diag_place
lease_place(struct lease_reading *reading, struct lease_span span)
{
	const char *end = reading->text->bytes + reading->text->length;
	const char *lf;
	size_t shown;

	move_mark(reading, span.at);
	lf = span.at < end ? memchr(span.at, '\n', (size_t)(end - span.at)) :
	    NULL;
	if (lf != NULL)
		end = lf;
	if (end > reading->mark.line_start && end[-1] == '\r')
		end--;
	shown = (size_t)(span.at - reading->mark.line_start) + EXCERPT_MAX;
	if ((size_t)(end - reading->mark.line_start) < shown)
		shown = (size_t)(end - reading->mark.line_start);
	return (struct diag_place){
		.file = reading->text->path,
		.line = reading->mark.line,
		.column = (uint32_t)(span.at - reading->mark.line_start) + 1,
		.width = span.length > 0 ? (uint32_t)span.length : 1,
		.text = reading->mark.line_start,
		.text_len = shown,
	};
}

void
lease_fault(struct lease_reading *reading, struct lease_span span,
    const char *fmt, ...)
{
	char text[FAULT_TEXT];
	struct diag_place place;
	va_list args;

	if (reading->faults++ >= LEASE_FAULTS_SHOWN)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	place = lease_place(reading, span);
	diags_add(reading->diags, DIAG_ERROR, &place, NULL, "%s", text);
}

void
lease_tell_rest(struct lease_reading *reading)
{
	struct diag_place place = {.file = reading->text->path};

	if (reading->faults > LEASE_FAULTS_SHOWN)
		diags_add(reading->diags, DIAG_ERROR, &place, NULL,
		    "errors that are not shown: %u",
		    reading->faults - LEASE_FAULTS_SHOWN);
}

struct lease_span
lease_next_word(const char **at, const char *end)
{
	struct lease_span word;

	while (*at < end && (**at == ' ' || **at == '\t'))
		++*at;
	word.at = *at;
	while (*at < end && **at != ' ' && **at != '\t')
		++*at;
	word.length = (size_t)(*at - word.at);
	return word;
}

struct lease_span
lease_next_line(const char **at, const char *end)
{
	struct lease_span line = {.at = *at};
	const char *lf;

	if (*at == NULL || *at >= end)
		return (struct lease_span){NULL, 0};
	lf = memchr(*at, '\n', (size_t)(end - *at));
	*at = lf != NULL ? lf + 1 : end;
	line.length = (size_t)((lf != NULL ? lf : end) - line.at);
	if (line.length > 0 && line.at[line.length - 1] == '\r')
		line.length--;
	return line;
}

/* Two hex digits an octet; just those where `text` has no separators. */
static bool
read_plain_mac(uint8_t mac[LEASE_MAC], const char *text)
{
	for (size_t i = 0; i < LEASE_MAC; i++) {
		int high = hex_value(text[2 * i]);
		int low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool
lease_read_mac(uint8_t mac[LEASE_MAC], const char *text, size_t length)
{
	char separator = 0;
	size_t at = 0;

	if (length == 2 * LEASE_MAC)
		if (read_plain_mac(mac, text))
			return true;
	for (size_t i = 0; i < LEASE_MAC; i++) {
		int value = 0;
		size_t start = at;

		while (at < length && at < start + 2 &&
		    hex_value(text[at]) >= 0)
			value = value << 4 | hex_value(text[at++]);
		if (at == start)
			return false;
		mac[i] = (uint8_t)value;
		if (i + 1 == LEASE_MAC)
			break;
		if (at == length || (text[at] != ':' && text[at] != '-') ||
		    (separator != 0 && text[at] != separator))
			return false;
		separator = text[at++];
	}
	return at == length;
}

bool
lease_read_number(int64_t *number, const char *text, size_t length)
{
	*number = 0;
	if (length == 0 || length > NUMBER_DIGITS)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*number = *number * 10 + (text[i] - '0');
	}
	return true;
}

bool
lease_is_word(struct lease_span span, const char *word)
{
	return span.length == strlen(word) &&
	    memcmp(span.at, word, span.length) == 0;
}

const char *
lease_refuse_addr(const struct addr *addr)
{
	if (addr_is_loopback(addr))
		return "is a loopback address";
	if (addr_is_unspecified(addr))
		return "stands for no address";
	if (hostsline_is_group(addr))
		return "is a multicast address";
	return NULL;
}

bool
lease_read_addr(struct lease_reading *reading, struct addr *addr,
    struct lease_span span)
{
	int quoted = span.length < 48 ? (int)span.length : 48;
	const char *wrong = addr_parse(addr, span.at, span.length);

	if (wrong != NULL) {
		lease_fault(reading, span, "'%.*s' is not an address: %s",
		    quoted, span.at, wrong);
		return false;
	}
	*addr = addr_unmap(addr);
	wrong = lease_refuse_addr(addr);
	if (wrong != NULL)
		lease_fault(reading, span, "'%.*s' %s, no machine's own",
		    quoted, span.at, wrong);
	return wrong == NULL;
}
