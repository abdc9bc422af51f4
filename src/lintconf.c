/* SPDX-License-Identifier: BSD-2-Clause */
#include "lintconf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "sys/files.h"

#define SHOWN_FILE_MAX ((size_t)256 << 20) /* larger: without its lines */

/* ---- what is asked ---- */

static void
add_networks(struct lintconf *lintconf, const struct conf_network *network)
{
	struct lint_input *input = &lintconf->input;

	for (size_t i = 0; i < network->prefixes.count; i++) {
		lintconf->networks = memory_resize(lintconf->networks,
		    input->network_count + 1, sizeof *lintconf->networks);
		lintconf->networks[input->network_count++] =
		    (struct lint_network){network->name,
			network->prefixes.list[i]};
	}
	input->networks = lintconf->networks;
}

static void
add_domain(struct lintconf *lintconf, const struct conf *conf,
    const struct dname *name, struct conf_mark mark)
{
	struct lint_input *input = &lintconf->input;

	lintconf->domains = memory_resize(lintconf->domains,
	    input->domain_count + 1, sizeof *lintconf->domains);
	lintconf->domains[input->domain_count++] = (struct lint_domain){
	    .name = *name,
	    .path = mark.line ? conf->path : NULL,
	    .line = mark.line,
	    .column = mark.column,
	};
	input->domains = lintconf->domains;
}

static void
add_domains(struct lintconf *lintconf, const struct conf *conf,
    const struct conf_scope *scope, struct conf_mark mark)
{
	if (scope->has_domain) {
		add_domain(lintconf, conf, &scope->domain, mark);
		lintconf->domains[0].overlay = scope->domain_overlay;
	}
	for (size_t i = 0; i < scope->hosts_count; i++)
		if (scope->hosts[i].has_domain)
			add_domain(lintconf, conf, &scope->hosts[i].domain,
			    scope->hosts[i].mark);
	for (size_t i = 0; i < scope->leases_count; i++)
		if (scope->leases[i].has_domain)
			add_domain(lintconf, conf, &scope->leases[i].domain,
			    scope->leases[i].mark);
}

static void
find_host(struct lintconf *lintconf)
{
	char name[256] = "";
	size_t bad;

	if (gethostname(name, sizeof name - 1) != 0 || !*name ||
	    dname_parse(&lintconf->host, name, strlen(name), NULL, &bad))
		return;
	dname_lower(lintconf->host.wire);
	lintconf->input.host = &lintconf->host;
}

void
lintconf_init(struct lintconf *lintconf, const struct conf *conf,
    const struct conf_view *view)
{
	*lintconf = (struct lintconf){0};
	for (size_t i = 0; i < conf->network_count; i++)
		add_networks(lintconf, &conf->networks[i]);
	add_domains(lintconf, conf, view ? &view->scope : &conf->top,
	    view && view->domain_given ? view->mark : conf->domain_mark);
	lintconf->input.off = (const char *const *)conf->warnings_off;
	lintconf->input.off_count = conf->warnings_off_count;
	find_host(lintconf);
}

void
lintconf_add(struct lintconf *lintconf, const struct content *content)
{
	struct lint_input *input = &lintconf->input;

	lintconf->contents = memory_resize(lintconf->contents,
	    input->content_count + 1, sizeof *lintconf->contents);
	lintconf->contents[input->content_count++] = content;
	input->contents = lintconf->contents;
}

void
lintconf_fini(struct lintconf *lintconf)
{
	free(lintconf->networks);
	free(lintconf->domains);
	free(lintconf->contents);
}

/* ---- how it is shown ---- */

/* The linter is done with a file when it asks for the next. */
struct shown {
	struct files_content file;
	bool open;
};

static void
close_shown(struct shown *shown)
{
	if (shown->open)
		files_release(&shown->file);
	shown->open = false;
}

static const char *
read_shown(void *context, const char *from, const char *path,
    struct source_text *text)
{
	struct shown *shown = context;
	const char *wrong;

	(void)from;
	close_shown(shown);
	wrong = files_read(path, SHOWN_FILE_MAX, &shown->file);
	if (wrong)
		return wrong;
	shown->open = true;
	*text = (struct source_text){path, shown->file.bytes,
	    shown->file.length};
	return NULL;
}

void
lintconf_tell(const struct lint_findings *findings,
    const struct lint_findings *before, struct diags *diags)
{
	struct shown shown = {0};
	const struct source_reader reader = {
	    .read = read_shown,
	    .context = &shown,
	};
	const struct lint_telling telling = {findings, before, &reader};

	lint_tell(&telling, diags);
	close_shown(&shown);
}
