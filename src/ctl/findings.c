/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/findings.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/colour.h"
#include "base/memory.h"
#include "base/printable.h"
#include "jsontext.h"

struct finding {
	enum findings_level level;
	const char *check;
	char *text;
	char **advice;
	size_t advice_count;
};

struct findings {
	struct finding *list;
	size_t count;
	unsigned counts[FINDINGS_LEVELS];
};

static const char *const words[] = {
	[FINDINGS_OK] = "ok",
	[FINDINGS_WARNING] = "warning",
	[FINDINGS_ERROR] = "error",
};

static const char *const colours[] = {
	[FINDINGS_OK] = COLOUR_GOOD,
	[FINDINGS_WARNING] = COLOUR_WARNING,
	[FINDINGS_ERROR] = COLOUR_ERROR,
};

struct findings *
findings_new(void)
{
	return memory_zeroed(1, sizeof(struct findings));
}

void
findings_free(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		struct finding *finding = &findings->list[i];

		for (size_t k = 0; k < finding->advice_count; k++)
			free(finding->advice[k]);
		free(finding->advice);
		free(finding->text);
	}
	free(findings->list);
	free(findings);
}

static char *format_text(const char *fmt, va_list list)
    __attribute__((format(printf, 1, 0)));

static char *
format_text(const char *fmt, va_list list)
{
	size_t length;
	char *text;
	FILE *stream = memory_stream(&text, &length);

	vfprintf(stream, fmt, list);
	memory_stream_close(stream);
	return text;
}

void
findings_add(struct findings *findings, enum findings_level level,
    const char *check, const char *fmt, ...)
{
	struct finding *finding;
	va_list list;

	findings->list = memory_resize(findings->list, findings->count + 1,
	    sizeof *findings->list);
	finding = &findings->list[findings->count++];
	*finding = (struct finding){.level = level, .check = check};
	va_start(list, fmt);
	finding->text = format_text(fmt, list);
	va_end(list);
	findings->counts[level]++;
}

void
findings_advise(struct findings *findings, const char *fmt, ...)
{
	struct finding *finding = &findings->list[findings->count - 1];
	va_list list;

	finding->advice = memory_resize(finding->advice,
	    finding->advice_count + 1, sizeof *finding->advice);
	va_start(list, fmt);
	finding->advice[finding->advice_count++] = format_text(fmt, list);
	va_end(list);
}

unsigned
findings_count(const struct findings *findings, enum findings_level level)
{
	return findings->counts[level];
}

/* Names and paths come from files: nothing in them steers a terminal. */
static void
print_text(const char *text, FILE *out)
{
	size_t left = strlen(text), length;

	while (left > 0) {
		length = printable_length(text, left);
		if (length > 0)
			fwrite(text, 1, length, out);
		else
			fprintf(out, "\\x%02x", (unsigned char)*text);
		length += length == 0;
		text += length;
		left -= length;
	}
	fputc('\n', out);
}

#define ADVICE_INDENT "        "

static void
print_one(const struct finding *finding, FILE *out, enum findings_form form)
{
	if (form == FINDINGS_COLOUR)
		fprintf(out, "%s%-7s" COLOUR_OFF " ", colours[finding->level],
		    words[finding->level]);
	else
		fprintf(out, "%-7s ", words[finding->level]);
	fprintf(out, "%s: ", finding->check);
	print_text(finding->text, out);
	for (size_t i = 0; i < finding->advice_count; i++) {
		fputs(ADVICE_INDENT, out);
		print_text(finding->advice[i], out);
	}
}

static void
print_json(const struct findings *findings, FILE *out)
{
	json_t *list = json_array(), *advice;

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		advice = json_array();
		for (size_t k = 0; k < finding->advice_count; k++)
			json_array_append_new(advice,
			    jsontext_make(finding->advice[k]));
		json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o}",
		    "level", words[finding->level],
		    "check", finding->check,
		    "text", jsontext_make(finding->text),
		    "advice", advice));
	}
	jsontext_print(list, out);
}

void
findings_print(const struct findings *findings, FILE *out,
    enum findings_form form)
{
	if (form == FINDINGS_JSON) {
		print_json(findings, out);
		return;
	}
	for (size_t i = 0; i < findings->count; i++)
		print_one(&findings->list[i], out, form);
	fprintf(out, "%u error%s, %u warning%s\n",
	    findings->counts[FINDINGS_ERROR],
	    findings->counts[FINDINGS_ERROR] == 1 ? "" : "s",
	    findings->counts[FINDINGS_WARNING],
	    findings->counts[FINDINGS_WARNING] == 1 ? "" : "s");
}
