/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/generate.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_MAX INT32_MAX
#define WIDTH_MAX 255

/* What is not read yet. */
struct cursor {
	const char *at;
	const char *end;
};

static bool
pass(struct cursor *c, char expected)
{
	if (c->at == c->end || *c->at != expected)
		return false;
	c->at++;
	return true;
}

static bool
read_number(struct cursor *c, uint32_t *number)
{
	const char *from = c->at;
	uint64_t value = 0;

	while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
		value = value * 10 + (unsigned)(*c->at++ - '0');
		if (value > NUMBER_MAX)
			return false;
	}
	*number = (uint32_t)value;
	return c->at > from;
}

const char *
generate_parse(struct generate_range *range, const char *text, size_t length)
{
	struct cursor c = { text, text + length };
	uint32_t last;

	range->step = 1;
	if (!read_number(&c, &range->first) || !pass(&c, '-') ||
	    !read_number(&c, &last))
		return "is not a range (1-10, 0-100/2)";
	if (pass(&c, '/') && !read_number(&c, &range->step))
		return "has a step that is not a number";
	if (c.at != c.end)
		return "is not a range (1-10, 0-100/2)";
	if (range->step == 0)
		return "has a step of 0";
	if (last < range->first)
		return "runs backwards";
	last = (last - range->first) / range->step;
	if (last >= GENERATE_MAX)
		return "makes over 65536 records";
	range->count = last + 1;
	return NULL;
}

static const char *
append(struct generate_text *to, const char *bytes, size_t length)
{
	if (length > to->room - to->length)
		return "becomes too long";
	memcpy(to->bytes + to->length, bytes, length);
	to->length += length;
	return NULL;
}

static const char *
append_nibbles(struct generate_text *to, uint32_t number, unsigned width,
    const char *digits)
{
	char text[WIDTH_MAX + 32];
	size_t length = 0;

	do {
		text[length++] = digits[number & 15];
		number >>= 4;
		if (length < width || number > 0)
			text[length++] = '.';
	} while (length < width || number > 0);
	return append(to, text, length);
}

static const char *
append_number(struct generate_text *to, uint32_t number, unsigned width,
    char base)
{
	char text[WIDTH_MAX + 32];
	int length;

	switch (base) {
	case 'd':
		length = snprintf(text, sizeof(text), "%0*u", (int)width,
		    number);
		break;
	case 'o':
		length = snprintf(text, sizeof(text), "%0*o", (int)width,
		    number);
		break;
	case 'x':
		length = snprintf(text, sizeof(text), "%0*x", (int)width,
		    number);
		break;
	case 'X':
		length = snprintf(text, sizeof(text), "%0*X", (int)width,
		    number);
		break;
	case 'n':
		return append_nibbles(to, number, width, "0123456789abcdef");
	case 'N':
		return append_nibbles(to, number, width, "0123456789ABCDEF");
	default:
		return "has a base other than d, o, x, X, n, N";
	}
	return append(to, text, (size_t)length);
}

/* From behind the brace on. */
static const char *
expand_braces(struct generate_text *to, struct cursor *c, uint32_t number)
{
	bool negative = pass(c, '-');
	uint32_t offset, width = 0;
	char base = 'd';
	int64_t value;

	if (!read_number(c, &offset))
		return "has no number behind ${";
	if (pass(c, ',') && (!read_number(c, &width) || width > WIDTH_MAX))
		return "has a width that is not 0 to 255";
	if (pass(c, ',') && c->at < c->end)
		base = *c->at++;
	if (!pass(c, '}'))
		return "is not ${OFFSET,WIDTH,BASE}";
	value = (int64_t)number + (negative ? -(int64_t)offset : offset);
	if (value < 0 || value > UINT32_MAX)
		return "leaves the numbers from 0 to 4294967295";
	return append_number(to, (uint32_t)value, width, base);
}

const char *
generate_expand(struct generate_text *to, const char *template, size_t length,
    uint32_t number)
{
	struct cursor c = { template, template + length };
	const char *wrong = NULL;

	while (c.at < c.end && wrong == NULL) {
		const char *from = c.at++;

		if (*from == '\\' && c.at < c.end) {
			c.at++;
			if (from[1] == '$')
				wrong = append(to, "$", 1);
			else
				wrong = append(to, from, 2);
		} else if (*from != '$') {
			wrong = append(to, from, 1);
		} else if (pass(&c, '$')) {
			wrong = append(to, "$", 1);
		} else if (pass(&c, '{')) {
			wrong = expand_braces(to, &c, number);
		} else {
			wrong = append_number(to, number, 0, 'd');
		}
	}
	return wrong;
}
