/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/promtext.h"

#include <stdio.h>
#include <string.h>

#include "base/printable.h"

#define PART 256

void
promtext_family(struct promtext *text, const char *name, const char *type,
    const char *help)
{
	text->name = name;
	evbuffer_add_printf(text->out, "# HELP %s %s\n# TYPE %s %s\n", name,
	    help, name, type);
}

static void
add_text(struct evbuffer *out, const char *text)
{
	evbuffer_add(out, text, strlen(text));
}

/* Three characters have a meaning in a value; of the others only what is no
 * UTF-8 would spoil the whole page.  Returns how far it came. */
static size_t
write_character(const char *at, size_t left, char to[5])
{
	size_t length = printable_length(at, left);

	if (*at == '\\' || *at == '"' || *at == '\n') {
		to[0] = '\\';
		to[1] = *at == '\n' ? 'n' : *at;
		to[2] = '\0';
		return 1;
	}
	memcpy(to, length ? at : "?", length ? length : 1);
	to[length ? length : 1] = '\0';
	return length ? length : 1;
}

static void
add_value(struct evbuffer *out, const char *value)
{
	size_t left = strlen(value), used = 0, length;
	char part[PART];

	for (; left > 0; value += length, left -= length) {
		length = write_character(value, left, part + used);
		used += strlen(part + used);
		if (used + 5 < sizeof part)
			continue;
		evbuffer_add(out, part, used);
		used = 0;
	}
	evbuffer_add(out, part, used);
}

/* le: NULL where the sample is no bucket. */
static void
add_labels(struct evbuffer *out, const struct promtext_labels *labels,
    const char *le)
{
	const char *before = "{";

	for (unsigned i = 0; labels && i < labels->count; i++) {
		const struct promtext_label *label = &labels->list[i];

		if (!label->name)
			continue;
		evbuffer_add_printf(out, "%s%s=\"", before, label->name);
		add_value(out, label->value);
		add_text(out, "\"");
		before = ",";
	}
	if (le) {
		evbuffer_add_printf(out, "%sle=\"%s\"", before, le);
		before = ",";
	}
	if (*before == ',')
		add_text(out, "}");
}

void
promtext_count(struct promtext *text, const struct promtext_labels *labels,
    uint64_t value)
{
	add_text(text->out, text->name);
	add_labels(text->out, labels, NULL);
	evbuffer_add_printf(text->out, " %llu\n", (unsigned long long)value);
}

void
promtext_real(struct promtext *text, const struct promtext_labels *labels,
    double value)
{
	add_text(text->out, text->name);
	add_labels(text->out, labels, NULL);
	evbuffer_add_printf(text->out, " %.15g\n", value);
}

void
promtext_histogram(struct promtext *text,
    const struct promtext_labels *labels,
    const struct promtext_histogram *histogram)
{
	struct evbuffer *out = text->out;
	uint64_t sum = 0;
	char le[32];

	for (unsigned i = 0; i < histogram->count; i++) {
		sum += histogram->buckets[i];
		if (i + 1 < histogram->count)
			snprintf(le, sizeof le, "%g", histogram->bound_s(i));
		else
			strcpy(le, "+Inf");
		evbuffer_add_printf(out, "%s_bucket", text->name);
		add_labels(out, labels, le);
		evbuffer_add_printf(out, " %llu\n", (unsigned long long)sum);
	}
	evbuffer_add_printf(out, "%s_sum", text->name);
	add_labels(out, labels, NULL);
	evbuffer_add_printf(out, " %.15g\n%s_count", histogram->sum_s,
	    text->name);
	add_labels(out, labels, NULL);
	evbuffer_add_printf(out, " %llu\n", (unsigned long long)sum);
}
