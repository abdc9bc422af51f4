/* SPDX-License-Identifier: BSD-2-Clause */
#include "verblisteners.h"

#include <string.h>

#include "jsontext.h"

/* ---- as text ---- */

static bool
is_served(const struct listeners_view *view)
{
	return view->endpoint && view->state == LISTENERS_LISTENING;
}

/* Served by two entries, it is shown once. */
static bool
was_shown(const struct listeners *listeners, size_t at)
{
	struct listeners_view view, before;

	listeners_view(listeners, at, &view);
	for (size_t i = 0; i < at; i++)
		if (listeners_view(listeners, i, &before) &&
		    is_served(&before) &&
		    endpoint_equal(before.endpoint, view.endpoint))
			return true;
	return false;
}

static void
print_served(const struct listeners *listeners, FILE *out)
{
	struct listeners_view view;
	char text[ENDPOINT_TEXT];
	const char *between = " ";

	fputs("listening:", out);
	for (size_t i = 0; listeners_view(listeners, i, &view); i++) {
		if (!is_served(&view) || was_shown(listeners, i))
			continue;
		fprintf(out, "%s%s", between,
		    endpoint_print(view.endpoint, text));
		between = ", ";
	}
	fputs(*between == ' ' ? " nowhere\n" : "\n", out);
}

/* What to do about it stands with the diagnostics. */
static void
print_reason(const char *words, FILE *out)
{
	fprintf(out, "%.*s", (int)strcspn(words, ";"), words);
}

static void
print_view(const struct listeners_view *view, FILE *out)
{
	char text[ENDPOINT_TEXT];

	if (!view->endpoint) {
		print_reason(view->words, out);
		return;
	}
	fputs(endpoint_print(view->endpoint, text), out);
	if (view->state == LISTENERS_LISTENING)
		return;
	fputs(" (", out);
	print_reason(view->words, out);
	fputc(')', out);
}

static bool
says_all(const struct listeners_view *view)
{
	char text[ENDPOINT_TEXT];

	return is_served(view) &&
	    strcmp(view->entry, endpoint_print(view->endpoint, text)) == 0;
}

void
verblisteners_print(const struct listeners *listeners, FILE *out)
{
	struct listeners_view view;
	const char *entry = NULL;

	print_served(listeners, out);
	for (size_t i = 0; listeners_view(listeners, i, &view); i++) {
		if (says_all(&view))
			continue;
		if (entry == view.entry)
			fputs(", ", out);
		else
			fprintf(out, "%s  %s: ", entry ? "\n" : "",
			    view.entry);
		entry = view.entry;
		print_view(&view, out);
	}
	if (entry)
		fputc('\n', out);
}

/* ---- as JSON ---- */

json_t *
verblisteners_make(const struct listeners *listeners)
{
	json_t *list = json_array();
	struct listeners_view view;
	char text[ENDPOINT_TEXT];

	for (size_t i = 0; listeners_view(listeners, i, &view); i++)
		if (is_served(&view) && !was_shown(listeners, i))
			json_array_append_new(list, json_string(
			    endpoint_print(view.endpoint, text)));
	return list;
}

static json_t *
make_address(const struct listeners_view *view)
{
	char text[ENDPOINT_TEXT];
	json_t *address = json_pack("{s:s, s:s}",
	    "address", endpoint_print(view->endpoint, text),
	    "state", listeners_state_word(view->state));

	if (*view->words)
		json_object_set_new(address, "reason",
		    jsontext_make(view->words));
	return address;
}

json_t *
verblisteners_make_entries(const struct listeners *listeners)
{
	json_t *list = json_array(), *addresses = NULL, *object;
	struct listeners_view view;
	const char *entry = NULL;

	for (size_t i = 0; listeners_view(listeners, i, &view); i++) {
		if (entry != view.entry) {
			addresses = json_array();
			object = json_pack("{s:s, s:o}", "entry", view.entry,
			    "addresses", addresses);
			json_array_append_new(list, object);
			entry = view.entry;
			if (!view.endpoint)
				json_object_set_new(object, "reason",
				    jsontext_make(view.words));
		}
		if (view.endpoint)
			json_array_append_new(addresses, make_address(&view));
	}
	return list;
}
