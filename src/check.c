/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "checkwrites.h"
#include "confread.h"
#include "jsontext.h"
#include "lintconf.h"
#include "realms.h"
#include "refused.h"
#include "runas.h"
#include "sys/access.h"
#include "sys/files.h"
#include "sys/rights.h"

#define CA_FILE_MAX (64 << 20)

static void
tell_access(const char *path, const struct access_finding *finding,
    const char *user, struct diags *diags)
{
	const struct refused_other other = {
	    .user = user,
	    .before = "hostler becomes that user at the start",
	    .level = DIAG_ERROR,
	};

	refused_tell_other(diags, path, finding, &other);
}

/* All files that a source was read from; a folder that hides many of them is
 * told once. */
static void
try_source(const char *user, const struct load_source *source,
    struct diags *diags)
{
	const struct loadfiles *files = &source->files;
	const char **paths = memory_zeroed(files->seen_count + 1,
	    sizeof *paths);
	struct access_finding *findings;
	const char *last = NULL;
	size_t count = 0;

	for (size_t i = 0; i < files->seen_count; i++)
		if (files->seen[i].identity.inode)
			paths[count++] = files->seen[i].path;
	findings = access_try_as(user, paths, count);
	for (size_t i = 0; i < count; i++) {
		if (!access_is_refused(&findings[i]) ||
		    (last && strcmp(last, findings[i].path) == 0))
			continue;
		last = findings[i].path;
		tell_access(paths[i], &findings[i], user, diags);
	}
	access_findings_free(findings, count);
	free(paths);
}

static void
try_realm(const char *user, const struct load *load, struct diags *diags)
{
	for (size_t i = 0; i < load->count; i++)
		try_source(user, load->sources[i], diags);
}

/* It is read as root at the start, by that user later. */
static void
try_conf(const struct conf *conf, const char *user, struct diags *diags)
{
	const char *path = conf->path;
	const struct refused_other other = {
	    .user = user,
	    .before = "hostler is that user when a reload reads it",
	    .level = DIAG_WARNING,
	    .id = "private-configuration",
	};
	struct access_finding *finding;

	if (!path)
		return;
	finding = access_try_as(user, &path, 1);
	if (access_is_refused(finding))
		refused_tell_other(diags, path, finding, &other);
	access_findings_free(finding, 1);
}

static void
tell_no_user(const struct conf *conf, struct diags *diags)
{
	struct diag_place place = {
	    .file = conf->path ? conf->path : "options"};

	diags_add(diags, DIAG_ERROR, &place, NULL,
	    "there is no user '%s' that hostler could become", conf->user);
	diags_then(diags, "started as root, hostler stops there; make the "
	    "user, or write user: '' to keep root's rights");
}

/* hostler reads its files after it became its user: what root alone can read
 * would be missing then. */
static void
try_as_user(const struct conf *conf, const struct realms *realms,
    struct diags *diags)
{
	const char *user = runas_user(conf);

	if (!user)
		return;
	if (!rights_user_exists(user)) {
		tell_no_user(conf, diags);
		return;
	}
	if (conf->read_all)
		return;
	try_conf(conf, user, diags);
	for (size_t i = 0; i < realms->count; i++)
		try_realm(user, realms->list[i]->load, diags);
}

static void
try_ca_as_user(const struct conf *conf, struct diags *diags)
{
	const char *path = conf->ca_file, *user = runas_user(conf);
	struct access_finding *finding;

	if (!user || !rights_user_exists(user) || conf->read_all)
		return;
	finding = access_try_as(user, &path, 1);
	if (access_is_refused(finding))
		tell_access(path, finding, user, diags);
	access_findings_free(finding, 1);
}

/* The daemon reads it when a tls:// upstream needs it; -t says it before. */
static void
try_ca_file(const struct conf *conf, struct diags *diags)
{
	struct diag_place place = {.file = conf->ca_file};
	struct files_content file;
	const char *wrong;

	if (!conf->ca_file || !conf_has_tls(conf))
		return;
	wrong = files_read(conf->ca_file, CA_FILE_MAX, &file);
	if (wrong) {
		diags_add(diags, DIAG_ERROR, &place, NULL, "%s", wrong);
		diags_then(diags, "tls:// upstreams are not asked without it");
		return;
	}
	files_release(&file);
	try_ca_as_user(conf, diags);
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
	struct realms *realms;
	struct diags *lint;
};

static void
print_json(const struct report *report, FILE *out)
{
	json_t *list = json_array();

	diags_visit(report->diags, add_json, list);
	realms_visit_diags(report->realms, add_json, list);
	diags_visit(report->lint, add_json, list);
	jsontext_print(list, out);
}

static void
print_text(const struct report *report, FILE *out)
{
	enum diag_colour colour = diags_colour(out);
	unsigned errors = diags_count(report->diags, DIAG_ERROR) +
	    realms_count_diags(report->realms, DIAG_ERROR);
	unsigned warnings = diags_count(report->diags, DIAG_WARNING) +
	    realms_count_diags(report->realms, DIAG_WARNING) +
	    diags_count(report->lint, DIAG_WARNING);

	diags_print(report->diags, out, colour);
	realms_print_diags(report->realms, out, colour);
	diags_print(report->lint, out, colour);
	if (errors || warnings)
		fprintf(out, "%u error%s, %u warning%s\n", errors,
		    errors == 1 ? "" : "s", warnings,
		    warnings == 1 ? "" : "s");
}

static void
lint_realm(const struct conf *conf, const struct realm *realm,
    const struct conf_view *view, struct lint_findings *findings)
{
	struct lintconf lintconf;

	lintconf_init(&lintconf, conf, view);
	for (size_t i = 0; i < realm->load->count; i++)
		if (realm->load->sources[i]->content)
			lintconf_add(&lintconf,
			    realm->load->sources[i]->content);
	lintconf.input.names = realm->names;
	lint_run(&lintconf.input, findings);
	lintconf_fini(&lintconf);
}

static void
lint(const struct conf *conf, struct realms *realms, struct diags *diags)
{
	struct lint_findings findings = {0};

	realms_commit(realms, conf);
	for (size_t i = 0; i < realms->count; i++)
		lint_realm(conf, realms->list[i],
		    i ? &conf->views[i - 1] : NULL, &findings);
	lintconf_tell(&findings, NULL, diags);
	lint_findings_fini(&findings);
}

enum check_result
check_files(const struct conf_options *options, enum check_form form,
    FILE *out)
{
	struct report report = {diags_new(), realms_new(), diags_new()};
	struct conf *conf = confread(options, report.diags);
	enum check_result result;

	if (conf) {
		realms_read(report.realms, conf, LOADFILES_TRUST);
		try_as_user(conf, report.realms, report.diags);
		try_ca_file(conf, report.diags);
		checkwrites_try(conf, report.diags);
		lint(conf, report.realms, report.lint);
	} else {
		diags_then(report.diags, "hostler does not start with this; "
		    "one that runs keeps the configuration that it has");
	}
	if (form == CHECK_JSON)
		print_json(&report, out);
	else
		print_text(&report, out);
	result = diags_count(report.diags, DIAG_ERROR) ||
	    realms_count_diags(report.realms, DIAG_ERROR) ? CHECK_ERRORS :
	    CHECK_CLEAN;
	realms_free(report.realms);
	diags_free(report.diags);
	diags_free(report.lint);
	conf_free(conf);
	return result;
}
