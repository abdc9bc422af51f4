/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/import.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "confread.h"
#include "jsontext.h"
#include "names/hostsimport.h"
#include "sys/files.h"

#define FILE_MAX ((size_t)256 << 20)

struct input {
	char *path;
	struct files_content content;
};

struct work {
	const struct import_request *request;
	struct diags *diags;
	char *target;			/* NULL: stdout */
	struct hostsimport *import;
	struct input *inputs;
	size_t input_count;
	unsigned unread;
};

/* ---- reading ---- */

static void
tell_file(struct work *work, const char *path, const char *wrong)
{
	struct diag_place place = {.file = path};

	diags_add(work->diags, DIAG_ERROR, &place, NULL, "%s", wrong);
	work->unread++;
}

static void
add_file(struct work *work, const char *path, enum hostsimport_role role)
{
	struct files_content content;
	const char *wrong = files_read(path, FILE_MAX, &content);
	struct input *input;

	if (wrong) {
		tell_file(work, path, wrong);
		return;
	}
	work->inputs = memory_resize(work->inputs, work->input_count + 1,
	    sizeof(work->inputs[0]));
	input = &work->inputs[work->input_count++];
	input->path = memory_string(path);
	input->content = content;
	hostsimport_add(work->import, &(struct source_text){input->path,
	    content.bytes, content.length}, role, work->diags);
}

static void
add_path(struct work *work, const char *path)
{
	struct files_list list;
	const char *wrong = files_expand(path, &list);

	if (!wrong && list.count == 0)
		wrong = "there is no file in this folder";
	if (wrong)
		tell_file(work, path, wrong);
	for (size_t i = 0; i < list.count; i++)
		add_file(work, list.paths[i], HOSTSIMPORT_SOURCE);
	files_list_free(&list);
}

static void
find_target(struct work *work)
{
	const struct import_request *request = work->request;
	struct conf *conf;

	if (request->place == IMPORT_FILE)
		work->target = memory_string(request->to);
	if (request->place != IMPORT_MANAGED)
		return;
	conf = confread(request->conf, work->diags);
	if (conf && conf->managed_hosts)
		work->target = memory_string(conf->managed_hosts);
	else if (conf)
		tell_file(work, conf->path ? conf->path : "options",
		    "no managed-hosts is configured: name a file with --to");
	else
		work->unread++;
	conf_free(conf);
}

static void
read_all(struct work *work)
{
	find_target(work);
	if (work->target && files_exists(work->target))
		add_file(work, work->target, HOSTSIMPORT_TARGET);
	for (char **path = work->request->paths; *path; path++)
		add_path(work, *path);
	hostsimport_settle(work->import, work->diags);
}

/* ---- showing ---- */

static json_t *
make_json_entry(const struct hostsimport_entry *entry)
{
	char *name = memory_format("%.*s", (int)entry->name_length,
	    entry->name);
	char addr[ADDR_TEXT];
	json_t *value = json_pack("{s:o, s:s, s:o, s:I, s:I}",
	    "name", jsontext_make(name),
	    "address", addr_print(&entry->addr, addr),
	    "file", jsontext_make(entry->file),
	    "line", (json_int_t)entry->line,
	    "more", (json_int_t)entry->more);

	if (entry->ttl == HOSTSLINE_TTL_OWN)
		json_object_set_new(value, "ttl",
		    json_integer((json_int_t)entry->ttl_s));
	free(name);
	return value;
}

static void
add_json_diag(void *list, const struct diag_view *diag)
{
	static const char *const levels[] = {"error", "warning", "note"};

	json_array_append_new(list, json_pack("{s:s, s:o, s:I, s:I, s:o}",
	    "level", levels[diag->level],
	    "file", jsontext_make(diag->file),
	    "line", (json_int_t)diag->line,
	    "column", (json_int_t)diag->column,
	    "text", jsontext_make(diag->text)));
}

static void
print_json(const struct work *work)
{
	json_t *active = json_array(), *conflicts = json_array();
	json_t *diags = json_array();
	size_t count;
	const struct hostsimport_entry *entries =
	    hostsimport_entries(work->import, &count);

	for (size_t i = 0; i < count; i++)
		json_array_append_new(
		    entries[i].state == HOSTSIMPORT_ACTIVE ? active : conflicts,
		    make_json_entry(&entries[i]));
	diags_visit(work->diags, add_json_diag, diags);
	jsontext_print(json_pack("{s:o, s:o, s:o}", "entries", active,
	    "conflicts", conflicts, "diagnostics", diags), stdout);
}

static void
tell_result(const struct work *work, bool changed)
{
	size_t conflicts = hostsimport_conflicts(work->import);
	size_t count, names = 0;
	const struct hostsimport_entry *entries =
	    hostsimport_entries(work->import, &count);

	for (size_t i = 0; i < count; i++)
		names += entries[i].state == HOSTSIMPORT_ACTIVE;
	if (!changed)
		printf("%s: nothing new", work->target);
	else
		printf("%s: %zu name%s added", work->target, names,
		    names == 1 ? "" : "s");
	if (conflicts > 0)
		printf(", %zu conflict%s", conflicts,
		    conflicts == 1 ? "" : "s");
	putchar('\n');
}

/* ---- writing ---- */

static void
give_text(struct work *work)
{
	size_t length = 0;
	char *text = hostsimport_text(work->import, &length);
	const char *wrong;

	if (work->target && text && work->unread == 0) {
		wrong = files_replace(work->target, text, length);
		if (wrong)
			tell_file(work, work->target, wrong);
	}
	if (work->request->form == IMPORT_TEXT) {
		if (!work->target && text)
			fwrite(text, 1, length, stdout);
		else if (work->target && work->unread == 0)
			tell_result(work, text != NULL);
	}
	free(text);
}

static void
end_work(struct work *work)
{
	hostsimport_free(work->import);
	for (size_t i = 0; i < work->input_count; i++) {
		free(work->inputs[i].path);
		files_release(&work->inputs[i].content);
	}
	free(work->inputs);
	free(work->target);
	diags_free(work->diags);
}

enum import_result
import_run(const struct import_request *request)
{
	struct work work = {
		.request = request,
		.diags = diags_new(),
		.import = hostsimport_new(),
	};
	enum import_result result;

	read_all(&work);
	if (request->place == IMPORT_SHOWN || work.unread == 0)
		give_text(&work);
	if (request->form == IMPORT_JSON)
		print_json(&work);
	else
		diags_print(work.diags, stderr, diags_colour(stderr));
	if (request->place != IMPORT_SHOWN && work.unread > 0)
		fputs("hostlerctl: nothing was written\n", stderr);
	result = diags_count(work.diags, DIAG_ERROR) > 0 ? IMPORT_FAULTS :
	    IMPORT_CLEAN;
	if (fflush(stdout) != 0)
		result = IMPORT_FAULTS;
	end_work(&work);
	return result;
}
