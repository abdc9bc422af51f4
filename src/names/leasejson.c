/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/leasejson.h"

#include <string.h>

#define FAR_S 1e15

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *
end_of(const struct lease_reading *reading)
{
	return reading->text->bytes + reading->text->length;
}

static const char *
skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

/* Does the text end with the bracket that belongs to its first one? */
static bool
is_closed(const struct source_text *text)
{
	const char *end = text->bytes + text->length;
	const char *start = skip_blanks(text->bytes, end);

	while (end > start && is_blank(end[-1]))
		end--;
	return end - start >= 2 &&
	    end[-1] == (*start == '{' ? '}' : ']');
}

static void
tell_error(struct lease_reading *reading, const json_error_t *error)
{
	const struct source_text *text = reading->text;
	size_t at = error->position > 0 ? (size_t)error->position - 1 : 0;

	if (at >= text->length)
		at = text->length - 1;
	lease_fault(reading, (struct lease_span){text->bytes + at, 1},
	    "this is not JSON: %s", error->text);
}

enum leasefile_result
leasejson_load(struct lease_reading *reading, json_t **root)
{
	const struct source_text *text = reading->text;
	json_error_t error;

	*root = json_loadb(text->bytes, text->length, JSON_DECODE_INT_AS_REAL,
	    &error);
	if (*root != NULL)
		return LEASEFILE_GOOD;
	if (!is_closed(text) ||
	    json_error_code(&error) == json_error_premature_end_of_input)
		return LEASEFILE_HALF;
	tell_error(reading, &error);
	return LEASEFILE_BAD;
}

const char *
leasejson_start(const struct lease_reading *reading)
{
	return skip_blanks(reading->text->bytes, end_of(reading));
}

/* The text is good JSON: strings end, and brackets are in pairs. */
static const char *
skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++) {
		if (*at == '\\' && at + 1 < end)
			at++;
	}
	return at < end ? at + 1 : end;
}

static const char *
skip_value(const char *at, const char *end)
{
	unsigned depth = 0;

	while (at < end) {
		if (*at == '"') {
			at = skip_string(at, end);
		} else if (*at == '[' || *at == '{') {
			depth++;
			at++;
		} else if (*at == ']' || *at == '}') {
			if (depth == 0)
				return at;
			depth--;
			at++;
		} else if (depth == 0 && (*at == ',' || is_blank(*at))) {
			return at;
		} else {
			at++;
			continue;
		}
		if (depth == 0)
			return at;
	}
	return end;
}

struct lease_span
leasejson_value(const struct lease_reading *reading, const char *at)
{
	size_t length = (size_t)(skip_value(at, end_of(reading)) - at);

	if (*at == '"' && length >= 2)
		return (struct lease_span){at + 1, length - 2};
	return (struct lease_span){at, length};
}

struct lease_span
leasejson_member(const struct lease_reading *reading, const char *object,
    const char *name)
{
	const char *end = end_of(reading), *at = object;

	if (at == NULL || *at != '{')
		return (struct lease_span){object, 0};
	at = skip_blanks(at + 1, end);
	while (at < end && *at == '"') {
		struct lease_span key = leasejson_value(reading, at);

		at = skip_blanks(skip_string(at, end), end);
		at = skip_blanks(at < end ? at + 1 : at, end);
		if (at < end && lease_is_word(key, name))
			return leasejson_value(reading, at);
		at = skip_blanks(skip_value(at, end), end);
		if (at < end && *at == ',')
			at = skip_blanks(at + 1, end);
	}
	return (struct lease_span){object, 0};
}

const char *
leasejson_element(const struct lease_reading *reading, const char *array,
    const char *after)
{
	const char *end = end_of(reading), *at;

	if (after == NULL)
		at = skip_blanks(array + 1, end);
	else
		at = skip_blanks(skip_value(after, end), end);
	if (after != NULL && at < end && *at == ',')
		at = skip_blanks(at + 1, end);
	return at < end && *at != ']' ? at : NULL;
}

int64_t
leasejson_end(double end_s)
{
	return end_s > 0 && end_s < FAR_S ? (int64_t)end_s : LEASE_NEVER;
}
