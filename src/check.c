/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "confread.h"
#include "jsontext.h"
#include "load.h"
#include "sys/rights.h"

/* hostler reads its files after it became its user: what root alone can read
 * would be missing then. */
static void
try_as_user(const struct conf *conf, const struct load *load,
    struct diags *diags)
{
	const struct diag_place options = {.file = "options"};
	const struct diag_place file = {.file = conf->path};

	if (geteuid() != 0 || !*conf->user)
		return;
	if (!rights_user_exists(conf->user)) {
		if (!conf->user_given)
			return;
		diags_add(diags, DIAG_ERROR, conf->path ? &file : &options,
		    NULL, "there is no user '%s' that hostler could become",
		    conf->user);
		diags_then(diags, "started as root, hostler stops there; make "
		    "the user, or write user: '' to keep root's rights");
		return;
	}
	for (size_t i = 0; i < load->count; i++) {
		const struct load_source *source = load->sources[i];
		struct diag_place place = {.file = source->path};

		if (source->state != LOAD_GOOD ||
		    rights_can_read(conf->user, source->path))
			continue;
		diags_add(diags, DIAG_ERROR, &place, NULL,
		    "the user '%s' has no right to read this", conf->user);
		diags_then(diags, "hostler becomes that user at the start; "
		    "let it read the file and enter its folders, say: "
		    "setfacl -m u:%s:r %s", conf->user, source->path);
	}
}

static void
add_json(void *context, const struct diag_view *diag)
{
	static const char *const levels[] = {"error", "warning", "note"};

	json_array_append_new(context, json_pack(
	    "{s:s, s:o, s:I, s:I, s:s?, s:o}",
	    "level", levels[diag->level],
	    "file", jsontext_make(diag->file),
	    "line", (json_int_t)diag->line,
	    "column", (json_int_t)diag->column,
	    "id", diag->id,
	    "text", jsontext_make(diag->text)));
}

static void
print_json(const struct diags *diags, const struct load *load, FILE *out)
{
	json_t *list = json_array();

	diags_visit(diags, add_json, list);
	for (size_t i = 0; i < load->count; i++)
		diags_visit(load->sources[i]->diags, add_json, list);
	jsontext_print(list, out);
}

static void
print_text(const struct diags *diags, const struct load *load, FILE *out)
{
	enum diag_colour colour = isatty(fileno(out)) ? DIAG_COLOUR
						      : DIAG_PLAIN;
	unsigned errors = diags_count(diags, DIAG_ERROR) +
	    load_count(load, DIAG_ERROR);
	unsigned warnings = diags_count(diags, DIAG_WARNING) +
	    load_count(load, DIAG_WARNING);

	diags_print(diags, out, colour);
	load_print(load, out, colour);
	if (errors || warnings)
		fprintf(out, "%u error%s, %u warning%s\n", errors,
		    errors == 1 ? "" : "s", warnings,
		    warnings == 1 ? "" : "s");
}

enum check_result
check_files(const struct conf_options *options, enum check_form form,
    FILE *out)
{
	struct diags *diags = diags_new();
	struct load *load = load_new();
	struct conf *conf = confread(options, diags);
	enum check_result result;

	if (conf) {
		load_sources(load, conf, NULL, clock_wall_s());
		try_as_user(conf, load, diags);
	} else {
		diags_then(diags, "hostler does not start with this; one that "
		    "runs keeps the configuration that it has");
	}
	if (form == CHECK_JSON)
		print_json(diags, load, out);
	else
		print_text(diags, load, out);
	result = diags_count(diags, DIAG_ERROR) ||
	    load_count(load, DIAG_ERROR) ? CHECK_ERRORS : CHECK_CLEAN;
	load_free_contents(load);
	load_free(load);
	diags_free(diags);
	conf_free(conf);
	return result;
}
