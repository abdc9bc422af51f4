/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "confread.h"
#include "jsontext.h"
#include "lintconf.h"
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

/* What is to be shown: of the configuration, of each source, and of all names
 * together. */
struct report {
	struct diags *diags;
	struct load *load;
	struct diags *lint;
};

static void
print_json(const struct report *report, FILE *out)
{
	const struct load *load = report->load;
	json_t *list = json_array();

	diags_visit(report->diags, add_json, list);
	for (size_t i = 0; i < load->count; i++)
		diags_visit(load->sources[i]->diags, add_json, list);
	diags_visit(report->lint, add_json, list);
	jsontext_print(list, out);
}

static void
print_text(const struct report *report, FILE *out)
{
	enum diag_colour colour = isatty(fileno(out)) ? DIAG_COLOUR
						      : DIAG_PLAIN;
	unsigned errors = diags_count(report->diags, DIAG_ERROR) +
	    load_count(report->load, DIAG_ERROR);
	unsigned warnings = diags_count(report->diags, DIAG_WARNING) +
	    load_count(report->load, DIAG_WARNING) +
	    diags_count(report->lint, DIAG_WARNING);

	diags_print(report->diags, out, colour);
	load_print(report->load, out, colour);
	diags_print(report->lint, out, colour);
	if (errors || warnings)
		fprintf(out, "%u error%s, %u warning%s\n", errors,
		    errors == 1 ? "" : "s", warnings,
		    warnings == 1 ? "" : "s");
}

/* An index for the linter alone; the contents go with it. */
static void
lint(const struct conf *conf, struct load *load, struct diags *diags)
{
	static const struct hash_key key = {0x6c696e74, 0x636f6e66};
	struct index *index = index_new(&key);
	struct lint_findings findings = {0};
	struct lintconf lintconf;
	struct index_area *areas;
	size_t count;

	lintconf_init(&lintconf, conf, NULL);
	for (size_t i = 0; i < load->count; i++) {
		struct content *content = load->sources[i]->content;

		index_replace(index, NULL, content);
		if (content)
			lintconf_add(&lintconf, content);
		load->sources[i]->content = NULL;
	}
	areas = load_areas(load, conf, &count);
	index_set_areas(index, areas, count);
	free(areas);
	lintconf.input.names = index_commit(index, clock_wall_s());
	lint_run(&lintconf.input, &findings);
	lintconf_tell(&findings, NULL, diags);
	lint_findings_fini(&findings);
	lintconf_fini(&lintconf);
	index_free(index);
}

enum check_result
check_files(const struct conf_options *options, enum check_form form,
    FILE *out)
{
	struct report report = {diags_new(), load_new(), diags_new()};
	struct conf *conf = confread(options, report.diags);
	enum check_result result;

	if (conf) {
		load_sources(report.load, conf, NULL, clock_wall_s());
		try_as_user(conf, report.load, report.diags);
		lint(conf, report.load, report.lint);
	} else {
		diags_then(report.diags, "hostler does not start with this; "
		    "one that runs keeps the configuration that it has");
	}
	if (form == CHECK_JSON)
		print_json(&report, out);
	else
		print_text(&report, out);
	result = diags_count(report.diags, DIAG_ERROR) ||
	    load_count(report.load, DIAG_ERROR) ? CHECK_ERRORS : CHECK_CLEAN;
	load_free(report.load);
	diags_free(report.diags);
	diags_free(report.lint);
	conf_free(conf);
	return result;
}
