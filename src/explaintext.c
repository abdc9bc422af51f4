/* SPDX-License-Identifier: BSD-2-Clause */
/* What explain found, in words. */
#include <string.h>

#include "explain.h"

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void
print_place(const json_t *record, FILE *out)
{
	json_t *column = json_object_get(record, "column");

	if (json_object_get(record, "made")) {
		fputs("made by hostler", out);
		return;
	}
	fprintf(out, "%s:%lld", text_of(record, "file"), (long long)
	    json_integer_value(json_object_get(record, "line")));
	if (column)
		fprintf(out, ":%lld", (long long)json_integer_value(column));
}

static void
print_left(const json_t *record, FILE *out)
{
	json_t *left = json_object_get(record, "lease-left");

	if (left)
		fprintf(out, ", the lease ends in %lld s",
		    (long long)json_integer_value(left));
}

static void
print_record(const json_t *record, const char *mark, FILE *out)
{
	const char *network = text_of(record, "network");
	const char *why = text_of(record, "why");

	fprintf(out, "    %s %s %s  ", mark, text_of(record, "type"),
	    text_of(record, "data"));
	print_place(record, out);
	if (*network)
		fprintf(out, ", network %s", network);
	print_left(record, out);
	if (json_object_get(record, "kept"))
		fputs(", kept: this line has an error now", out);
	fputc('\n', out);
	if (*why)
		fprintf(out, "      %s\n", why);
}

static void
print_records(const json_t *step, FILE *out)
{
	const json_t *record;
	size_t i;

	json_array_foreach(json_object_get(step, "records"), i, record) {
		const json_t *given = json_object_get(record, "given");

		print_record(record, !given ? "=" : json_is_true(given)
		    ? "+" : "-", out);
	}
	json_array_foreach(json_object_get(step, "shadowed"), i, record) {
		print_record(record, "shadowed:", out);
	}
}

static void
print_list(const json_t *list, FILE *out)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		fprintf(out, "%s%s", i ? ", " : "", json_string_value(item));
	}
}

static void
print_forward(const json_t *step, FILE *out)
{
	const json_t *left = json_object_get(step, "cache-left");

	if (!json_object_get(step, "forward"))
		return;
	fprintf(out, "    forward: %s", text_of(step, "forward"));
	if (json_array_size(json_object_get(step, "to"))) {
		fputs(" to ", out);
		print_list(json_object_get(step, "to"), out);
	}
	if (left)
		fprintf(out, "; cached, %lld s left",
		    (long long)json_integer_value(left));
	fputc('\n', out);
}

static void
print_step(const json_t *step, const char *view, FILE *out)
{
	const json_t *rule = json_object_get(step, "rule");
	const char *area = text_of(step, "zone");
	const char *from = text_of(step, "view");

	fprintf(out, "  %s %s", text_of(step, "name"), text_of(step, "text"));
	if (rule)
		fprintf(out, " (rule %lld)",
		    (long long)json_integer_value(rule));
	if (*area)
		fprintf(out, ", zone %s", area);
	else if (*text_of(step, "domain"))
		fprintf(out, ", domain %s", text_of(step, "domain"));
	if (*from && strcmp(from, view) != 0)
		fprintf(out, ", inherited from the %s", from);
	fputc('\n', out);
	if (strcmp(text_of(step, "decision"), "no-data") == 0 &&
	    json_array_size(json_object_get(step, "types"))) {
		fprintf(out, "    it has: ");
		print_list(json_object_get(step, "types"), out);
		fputc('\n', out);
	}
	print_records(step, out);
	print_forward(step, out);
}

static void
print_answer(const json_t *explanation, FILE *out)
{
	const json_t *record;
	size_t i;

	json_array_foreach(json_object_get(explanation, "answer"), i, record) {
		fprintf(out, "%s. %lld %s %s\n", text_of(record, "owner"),
		    (long long)json_integer_value(
			json_object_get(record, "ttl")),
		    text_of(record, "type"), text_of(record, "data"));
	}
}

/* What the client sees of it. */
static const char *
outcome_words(const json_t *explanation)
{
	static const struct {
		const char *rcode, *words;
	} outcomes[] = {
		{"", "only an upstream can say"},
		{"NXDOMAIN", "no such name (NXDOMAIN)"},
		{"REFUSED", "refused (REFUSED)"},
		{"SERVFAIL", "no answer at present (SERVFAIL)"},
	};
	const char *rcode = text_of(explanation, "rcode");

	if (strcmp(rcode, "NOERROR") == 0)
		return json_array_size(json_object_get(explanation, "answer"))
		    ? "answered" : "no such record (NODATA)";
	for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
		if (strcmp(rcode, outcomes[i].rcode) == 0)
			return outcomes[i].words;
	return rcode;
}

void
explain_print(const json_t *explanation, FILE *out)
{
	const char *why = text_of(explanation, "ede-text");
	const json_t *step;
	size_t i;

	fprintf(out, "%s %s, asked by %s, view %s: %s%s%s\n",
	    text_of(explanation, "name"), text_of(explanation, "type"),
	    text_of(explanation, "client"), text_of(explanation, "view"),
	    outcome_words(explanation), *why ? ": " : "", why);
	print_answer(explanation, out);
	if (json_array_size(json_object_get(explanation, "steps")))
		fputs("because\n", out);
	json_array_foreach(json_object_get(explanation, "steps"), i, step) {
		print_step(step, text_of(explanation, "view"), out);
	}
	if (*text_of(explanation, "nearest"))
		fprintf(out, "did you mean %s?\n",
		    text_of(explanation, "nearest"));
}
