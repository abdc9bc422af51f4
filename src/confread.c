/* SPDX-License-Identifier: BSD-2-Clause */
#include "confread.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "confhttp.h"
#include "conflog.h"
#include "conflimits.h"
#include "confsources.h"
#include "confviews.h"
#include "confyaml.h"
#include "refused.h"
#include "sys/files.h"
#include "warnids.h"

#define CONF_FILE_MAX (4 << 20)

/* ---- server ---- */

static void
read_listen_one(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "an address");
	struct conf_listen listen = {.mark = confyaml_mark(r, node)};
	const char *wrong;

	(void)target;
	if (!text)
		return;
	wrong = conf_parse_listen(&listen, text);
	if (wrong)
		confyaml_tell(r, node, "'%s' is not an address to listen on: "
		    "%s", text, wrong);
	else
		*conf_add_listen(r->conf) = listen;
}

static void
read_listen(struct confyaml *r, yaml_node_t *node, void *target)
{
	conf_clear_listen(r->conf);
	confyaml_list(r, node, LIST_OR_ONE, read_listen_one, target);
	if (r->conf->listen_count == 0 && node->type == YAML_SEQUENCE_NODE &&
	    node->data.sequence.items.start == node->data.sequence.items.top)
		confyaml_tell(r, node, "at least one address to listen on "
		    "is needed");
}

static void
read_threads(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_units units = {
	    "auto or a number from 1 to 256", "", NULL, 256};
	uint64_t threads;

	(void)target;
	if (node->type == YAML_SCALAR_NODE &&
	    strcmp((char *)node->data.scalar.value, "auto") == 0) {
		r->conf->threads = 0;
		return;
	}
	if (!confyaml_number(r, node, &units, &threads))
		return;
	if (threads == 0)
		confyaml_tell(r, node, "at least one thread is needed");
	r->conf->threads = (unsigned)threads;
}

static void
read_user(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "a user's name");

	(void)target;
	if (!text)
		return;
	free(r->conf->user);
	r->conf->user = memory_string(text);
	r->conf->user_given = true;
}

static void
read_allow(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	conflimits_allow(r, node, &r->conf->allow);
}

static void
read_explain_to(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	confviews_prefixes(r, node, &r->conf->explain_to);
}

static void
read_read_all(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	confyaml_bool(r, node, &r->conf->read_all);
}

static void
read_sandbox(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	confyaml_bool(r, node, &r->conf->sandbox);
}

static void
read_server(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"listen", read_listen},
	    {"threads", read_threads},
	    {"user", read_user},
	    {"allow", read_allow},
	    {"log", conflog_read},
	    {"tcp", conflimits_tcp},
	    {"rate-limit", conflimits_rate},
	    {"cookie-secret", conflimits_cookie},
	    {"dnstap", conflog_dnstap},
	    {"explain-to", read_explain_to},
	    {"read-all", read_read_all},
	    {"sandbox", read_sandbox},
	    {NULL, NULL},
	};

	confyaml_mapping(r, node, keys, target);
}

/* ---- control, cache ---- */

static void
read_socket(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	r->conf->control_given = true;
	r->conf->control_mark = confyaml_mark(r, node);
	confyaml_path(r, node, &r->conf->control_socket);
}

static void
read_control(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"socket", read_socket},
	    {NULL, NULL},
	};

	confyaml_mapping(r, node, keys, target);
}

static void
read_cache_size(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	confyaml_bytes(r, node, &r->conf->cache_bytes);
}

static void
read_min_ttl(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	confyaml_seconds(r, node, &r->conf->min_ttl_s);
}

static void
read_max_ttl(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	confyaml_seconds(r, node, &r->conf->max_ttl_s);
}

static void
read_max_negative_ttl(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	confyaml_seconds(r, node, &r->conf->max_negative_ttl_s);
}

static void
read_stale(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	confyaml_seconds(r, node, &r->conf->stale_s);
}

static void
read_cache(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"size", read_cache_size},
	    {"min-ttl", read_min_ttl},
	    {"max-ttl", read_max_ttl},
	    {"max-negative-ttl", read_max_negative_ttl},
	    {"stale", read_stale},
	    {NULL, NULL},
	};

	confyaml_mapping(r, node, keys, target);
	if (r->conf->min_ttl_s > r->conf->max_ttl_s)
		confyaml_tell(r, node, "min-ttl is larger than max-ttl");
}

/* ---- rebind-protection ---- */

static void
read_rebind_enabled(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	confyaml_bool(r, node, &r->conf->rebind_enabled);
}

static void
read_rebind_allow_one(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct dname domain;

	(void)target;
	if (confyaml_domain(r, node, &domain))
		*conf_add_rebind_allow(r->conf) = domain;
}

static void
read_rebind_allow(struct confyaml *r, yaml_node_t *node, void *target)
{
	conf_clear_rebind_allow(r->conf);
	confyaml_list(r, node, LIST_OR_ONE, read_rebind_allow_one, target);
}

static void
read_rebind(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"enabled", read_rebind_enabled},
	    {"allow", read_rebind_allow},
	    {NULL, NULL},
	};

	confyaml_mapping(r, node, keys, target);
}

/* ---- tls ---- */

static void
read_ca_file(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	confyaml_path(r, node, &r->conf->ca_file);
}

static void
read_tls(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"ca-file", read_ca_file},
	    {NULL, NULL},
	};

	confyaml_mapping(r, node, keys, target);
}

/* ---- the whole ---- */

static void
read_warnings_off_one(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "the id of a warning");
	const char *nearest;

	(void)target;
	if (!text)
		return;
	if (warnids_has(text)) {
		conf_add_warning_off(r->conf, text);
		return;
	}
	nearest = warnids_nearest(text);
	if (nearest)
		confyaml_tell(r, node, "there is no warning '%s'; is '%s' "
		    "meant?", text, nearest);
	else
		confyaml_tell(r, node, "there is no warning '%s'", text);
}

static void
read_warnings_off(struct confyaml *r, yaml_node_t *node, void *target)
{
	conf_clear_warnings_off(r->conf);
	confyaml_list(r, node, LIST_OR_ONE, read_warnings_off_one, target);
}

static void
read_warnings(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"off", read_warnings_off},
	    {NULL, NULL},
	};

	confyaml_mapping(r, node, keys, target);
}

static void
read_managed_hosts(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	r->conf->managed_mark = confyaml_mark(r, node);
	confyaml_path(r, node, &r->conf->managed_hosts);
}

static void
read_top(struct confyaml *r, yaml_node_t *root, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"server", read_server},
	    {"control", read_control},
	    {"domain", confsources_domain},
	    {"hosts", confsources_hosts},
	    {"zones", confsources_zones},
	    {"leases", confsources_leases},
	    {"forward", confsources_forward},
	    {"cache", read_cache},
	    {"http", confhttp_read},
	    {"tls", read_tls},
	    {"rebind-protection", read_rebind},
	    {"networks", confviews_networks},
	    {"answer-by-network", confviews_by_network},
	    {"views", confviews_views},
	    {"warnings", read_warnings},
	    {"managed-hosts", read_managed_hosts},
	    {NULL, NULL},
	};

	(void)target;
	confyaml_mapping(r, root, keys, &r->conf->top);
	confviews_settle(r->conf);
}

static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = memory_string(path);

	folder[slash ? slash - path : 0] = '\0';
	if (slash == path)
		folder[0] = '\0';
	return folder;
}

struct conf *
confread_text(const char *path, const char *text, size_t length,
    struct diags *diags)
{
	unsigned before = diags_count(diags, DIAG_ERROR);
	struct confyaml r = {
	    .conf = conf_new_defaults(),
	    .diags = diags,
	    .path = path,
	    .folder = folder_of(path),
	    .text = text,
	    .length = length,
	};

	r.conf->path = memory_string(path);
	confyaml_document(&r, read_top);
	free(r.folder);
	if (diags_count(diags, DIAG_ERROR) == before)
		return r.conf;
	conf_free(r.conf);
	return NULL;
}

/* ---- options ---- */

static void
tell_option(struct diags *diags, const char *option, const char *text,
    const char *wrong)
{
	char *where = memory_format("%s %s", option, text);
	struct diag_place place = {.file = where};

	diags_add(diags, DIAG_ERROR, &place, NULL, "%s", wrong);
	free(where);
}

static void
apply_listen(struct conf *conf, const struct conf_option_list *list,
    struct diags *diags)
{
	if (list->count)
		conf_clear_listen(conf);
	for (size_t i = 0; i < list->count; i++) {
		const char *text = list->text[i];
		const char *wrong = conf_parse_listen(conf_add_listen(conf),
		    text);

		if (wrong)
			tell_option(diags, "-l", text, wrong);
	}
}

static void
apply_forward(struct conf *conf, const struct conf_option_list *list,
    struct diags *diags)
{
	struct conf_forward *forward;

	if (!list->count)
		return;
	conf_clear_forward(&conf->top);
	forward = conf_add_forward(&conf->top);
	forward->zone = dname_from(".");
	for (size_t i = 0; i < list->count; i++) {
		const char *wrong = i >= 8 ? "at most 8 upstreams" :
		    conf_parse_upstream(conf_add_upstream(forward),
			list->text[i]);

		if (wrong)
			tell_option(diags, "-f", list->text[i], wrong);
	}
}

static void
apply_sources(struct conf *conf, const struct conf_options *options)
{
	for (size_t i = 0; i < options->hosts.count; i++) {
		struct conf_hosts *hosts = conf_add_hosts(&conf->top);

		hosts->path = memory_string(options->hosts.text[i]);
		hosts->ttl_s = CONF_HOSTS_TTL_S;
	}
	for (size_t i = 0; i < options->zones.count; i++)
		conf_add_zone(&conf->top)->path =
		    memory_string(options->zones.text[i]);
}

static void
apply_options(struct conf *conf, const struct conf_options *options,
    struct diags *diags)
{
	apply_listen(conf, &options->listen, diags);
	apply_forward(conf, &options->forward, diags);
	apply_sources(conf, options);
	if (options->verbose)
		conf->log_level = LOG_LEVEL_DEBUG;
	if (options->domain) {
		const char *wrong = NULL;

		conf->top.has_domain = *options->domain != '\0';
		conf->domain_mark = (struct conf_mark){0, 0};
		if (conf->top.has_domain)
			wrong = conf_parse_domain(&conf->top.domain,
			    options->domain);
		if (wrong)
			tell_option(diags, "-D", options->domain, wrong);
	}
}

/* A `forward` zone inside a domain or zone of hostler's own is never used:
 * names there are NXDOMAIN, not forwarded. */
static void
warn_unused_forward(const struct conf *conf, struct diags *diags)
{
	const struct conf_scope *top = &conf->top;

	for (size_t i = 0; i < top->forward_count; i++) {
		const struct conf_forward *forward = &top->forward[i];
		struct diag_place place = {.file = conf->path};
		char name[DNAME_TEXT_MAX];

		if (!top->has_domain || top->domain_overlay ||
		    !dname_is_below_or_at(forward->zone.wire,
			top->domain.wire))
			continue;
		diags_add(diags, DIAG_WARNING, &place, "unused-forward",
		    "line %u: names in %s are never forwarded: it lies inside "
		    "the domain", forward->mark.line,
		    dname_print(forward->zone.wire, name));
	}
}

static struct conf *
read_file(const char *path, struct diags *diags)
{
	struct diag_place place = {.file = path};
	struct files_content file;
	struct conf *conf;
	const char *wrong = files_read(path, CONF_FILE_MAX, &file);

	if (wrong) {
		if (!refused_tell(diags, path, NULL))
			diags_add(diags, DIAG_ERROR, &place, NULL, "%s",
			    wrong);
		return NULL;
	}
	conf = confread_text(path, file.bytes, file.length, diags);
	files_release(&file);
	return conf;
}

struct conf *
confread(const struct conf_options *options, struct diags *diags)
{
	unsigned before = diags_count(diags, DIAG_ERROR);
	struct conf *conf;

	if (options->file)
		conf = read_file(options->file, diags);
	else if (files_exists(CONF_DEFAULT_FILE))
		conf = read_file(CONF_DEFAULT_FILE, diags);
	else
		conf = conf_new_defaults();
	if (!conf)
		return NULL;
	apply_options(conf, options, diags);
	confviews_settle(conf);
	if (diags_count(diags, DIAG_ERROR) == before) {
		diags_silence(diags,
		    (const char *const *)conf->warnings_off,
		    conf->warnings_off_count);
		warn_unused_forward(conf, diags);
		confviews_warn(conf, diags);
		return conf;
	}
	conf_free(conf);
	return NULL;
}
