/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs that change something: flush, set, unset. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "jsontext.h"
#include "names/hostsedit.h"
#include "names/idna.h"
#include "sys/files.h"
#include "verbs.h"

#define MANAGED_MAX ((size_t)256 << 20)
#define TTL_MOST 2147483647ul		/* RFC 2181 8 */

/* ---- flush ---- */

static enum control_result
tell_flushed(const struct control_request *request, size_t count, FILE *out)
{
	if (request->form == CONTROL_JSON)
		jsontext_print(json_pack("{s:I}", "flushed",
		    (json_int_t)count), out);
	else
		fprintf(out, "%zu answer%s flushed\n", count,
		    count == 1 ? "" : "s");
	return CONTROL_DONE;
}

static bool
read_name(const struct control_request *request, struct dname *name,
    FILE *out)
{
	const char *text, *wrong;

	if (request->word_count != 2) {
		fprintf(out, "%s takes one name\n", request->words[0]);
		return false;
	}
	text = request->words[1];
	wrong = idna_read_dname(name, text);
	if (wrong) {
		fprintf(out, "'%s' is not a name: %s\n", text, wrong);
		return false;
	}
	dname_lower(name->wire);
	return true;
}

enum control_result
verbhands_flush(void *opaque, const struct control_request *request, FILE *out)
{
	struct verbs_context *context = opaque;
	struct dname name;

	if (!read_name(request, &name, out))
		return CONTROL_FAILED;
	return tell_flushed(request, cache_flush_name(context->cache,
	    name.wire), out);
}

enum control_result
verbhands_flush_zone(void *opaque, const struct control_request *request,
    FILE *out)
{
	struct verbs_context *context = opaque;
	struct dname name;

	if (!read_name(request, &name, out))
		return CONTROL_FAILED;
	return tell_flushed(request, cache_flush_zone(context->cache,
	    name.wire), out);
}

enum control_result
verbhands_flush_all(void *opaque, const struct control_request *request,
    FILE *out)
{
	struct verbs_context *context = opaque;

	return tell_flushed(request, cache_flush_all(context->cache), out);
}

/* ---- set and unset ---- */

struct editing {
	const char *path;
	struct files_content file;
	struct hostsedit_entry entry;
	const char *addrs[CONTROL_WORDS_MAX];
};

static bool
read_ttl(const char *text, struct hostsedit_entry *entry, FILE *out)
{
	char *end;
	unsigned long ttl_s = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || ttl_s > TTL_MOST) {
		fprintf(out, "'%s' is not a TTL in seconds\n", text);
		return false;
	}
	entry->ttl = HOSTSLINE_TTL_OWN;
	entry->ttl_s = (uint32_t)ttl_s;
	return true;
}

static bool
read_entry(const struct control_request *request, struct editing *editing,
    FILE *out)
{
	struct hostsedit_entry *entry = &editing->entry;

	if (request->word_count < 2) {
		fprintf(out, "%s what?\n", request->words[0]);
		return false;
	}
	entry->name = request->words[1];
	entry->addrs = editing->addrs;
	for (unsigned i = 2; i < request->word_count; i++) {
		if (strcmp(request->words[i], "--ttl") != 0) {
			editing->addrs[entry->addr_count++] =
			    request->words[i];
			continue;
		}
		if (++i == request->word_count) {
			fputs("a number is missing behind --ttl\n", out);
			return false;
		}
		if (!read_ttl(request->words[i], entry, out))
			return false;
	}
	return true;
}

static bool
open_managed(const struct conf *conf, struct editing *editing, FILE *out)
{
	const char *wrong;

	editing->path = conf->managed_hosts;
	if (!editing->path) {
		fputs("no file is there to write to: name one in hostler.yaml,"
		    " say\nmanaged-hosts: managed.hosts\nand reload\n", out);
		return false;
	}
	if (!files_exists(editing->path))
		return true;
	wrong = files_read(editing->path, MANAGED_MAX, &editing->file);
	if (wrong)
		fprintf(out, "%s: %s\n", editing->path, wrong);
	return !wrong;
}

static enum control_result
write_managed(struct verbs_context *context, const struct editing *editing,
    const struct hostsedit_outcome *outcome, FILE *out)
{
	const char *wrong = files_replace(editing->path, outcome->bytes,
	    outcome->length);

	if (wrong) {
		fprintf(out, "%s: %s\n", editing->path, wrong);
		return CONTROL_FAILED;
	}
	refresh_now(context->refresh);
	fprintf(out, "written to %s\n", editing->path);
	return CONTROL_DONE;
}

typedef enum hostsedit_result edit_function(const struct source_text *file,
    const struct hostsedit_entry *entry, struct hostsedit_outcome *outcome);

static enum control_result
edit(struct verbs_context *context, struct editing *editing,
    edit_function *function, FILE *out)
{
	const struct source_text text = {editing->path, editing->file.bytes,
	    editing->file.length};
	struct hostsedit_outcome outcome = {0};
	enum control_result result = CONTROL_FAILED;

	switch (function(&text, &editing->entry, &outcome)) {
	case HOSTSEDIT_CHANGED:
		result = write_managed(context, editing, &outcome, out);
		break;
	case HOSTSEDIT_SAME:
		fprintf(out, "%s says so already\n", editing->path);
		result = CONTROL_DONE;
		break;
	case HOSTSEDIT_REFUSED:
		fprintf(out, "%s%s%s\n", outcome.bad ? outcome.bad : "",
		    outcome.bad ? ": " : "", outcome.wrong);
		break;
	}
	free(outcome.bytes);
	return result;
}

static enum control_result
run_edit(struct verbs_context *context, const struct control_request *request,
    edit_function *function, FILE *out)
{
	const struct conf *conf = reload_conf(context->reload);
	struct editing editing = {0};
	enum control_result result = CONTROL_FAILED;

	if (conf->top.has_domain)
		editing.entry.domain = &conf->top.domain;
	if (read_entry(request, &editing, out) &&
	    open_managed(conf, &editing, out))
		result = edit(context, &editing, function, out);
	files_release(&editing.file);
	return result;
}

enum control_result
verbhands_set(void *opaque, const struct control_request *request, FILE *out)
{
	return run_edit(opaque, request, hostsedit_set, out);
}

enum control_result
verbhands_unset(void *opaque, const struct control_request *request, FILE *out)
{
	return run_edit(opaque, request, hostsedit_unset, out);
}
