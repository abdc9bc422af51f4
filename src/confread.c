/* SPDX-License-Identifier: BSD-2-Clause */
#include "confread.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "confyaml.h"
#include "sys/files.h"

#define CONF_FILE_MAX (4 << 20)

/* ---- server ---- */

static void
read_listen_one(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "an address");
	struct endpoint endpoint;
	struct conf_listen *listen;
	const char *wrong;

	(void)target;
	if (!text)
		return;
	wrong = endpoint_parse(&endpoint, text, strlen(text), CONF_PORT);
	if (wrong && strcmp(text, "private") == 0)
		wrong = "'private' is not offered by this version; write the "
			"addresses out";
	if (wrong) {
		confyaml_tell(r, node, "'%s' is not an address to listen on: "
		    "%s", text, wrong);
		return;
	}
	listen = conf_add_listen(r->conf);
	listen->endpoint = endpoint;
	listen->mark = confyaml_mark(r, node);
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

/* An address alone is a network of one. */
static const char *
parse_network(struct prefix *prefix, const char *text)
{
	struct addr addr;

	if (strchr(text, '/') || addr_parse(&addr, text, strlen(text)))
		return prefix_parse(prefix, text, strlen(text));
	*prefix = prefix_of(&addr, addr.family == 4 ? 32 : 128);
	return NULL;
}

static void
read_allow_one(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "a prefix");
	struct conf_allow *allow = &r->conf->allow;
	struct prefix prefix;
	const char *wrong;

	(void)target;
	if (!text)
		return;
	if (strcmp(text, "any") == 0) {
		allow->any = true;
	} else if (strcmp(text, "private") == 0) {
		allow->private = true;
	} else if (strcmp(text, "attached") == 0) {
		allow->attached = true;
	} else {
		wrong = parse_network(&prefix, text);
		if (wrong)
			confyaml_tell(r, node, "'%s' is neither private, "
			    "attached, any nor a prefix: %s", text, wrong);
		else
			*conf_add_prefix(allow) = prefix;
	}
}

static void
read_allow(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_allow *allow = &r->conf->allow;

	free(allow->prefixes);
	*allow = (struct conf_allow){0};
	confyaml_list(r, node, LIST_OR_ONE, read_allow_one, target);
}

static void
read_log_level(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const char *const names[] = {
	    "error", "warning", "notice", "info", "debug"};
	const char *text = confyaml_text(r, node, "a level");

	(void)target;
	if (!text)
		return;
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(names[i], text) == 0) {
			r->conf->log_level = (enum log_level)i;
			return;
		}
	}
	confyaml_tell(r, node, "'%s' is no level; it is one of error, warning, "
	    "notice, info, debug", text);
}

static void
read_log_queries(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "off");

	(void)target;
	if (text && strcmp(text, "off") != 0)
		confyaml_tell(r, node, "a query log is not offered by this "
		    "version; 'off' is the only value");
}

static void
read_log(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"level", read_log_level},
	    {"queries", read_log_queries},
	    {"mask", NULL},
	    {NULL, NULL},
	};

	confyaml_mapping(r, node, keys, target);
}

static void
read_server(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"listen", read_listen},
	    {"threads", read_threads},
	    {"user", read_user},
	    {"allow", read_allow},
	    {"log", read_log},
	    {"read-all", NULL},
	    {NULL, NULL},
	};

	confyaml_mapping(r, node, keys, target);
}

/* ---- control, domain, cache ---- */

static void
read_socket(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	r->conf->control_given = true;
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
read_domain_text(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	if (node->type == YAML_SCALAR_NODE && !node->data.scalar.length) {
		r->conf->has_domain = false;
		return;
	}
	r->conf->has_domain = confyaml_domain(r, node, &r->conf->domain);
}

static void
read_domain_overlay(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	confyaml_bool(r, node, &r->conf->domain_overlay);
}

static void
read_domain(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"name", read_domain_text},
	    {"overlay", read_domain_overlay},
	    {NULL, NULL},
	};

	if (node->type == YAML_MAPPING_NODE)
		confyaml_mapping(r, node, keys, target);
	else
		read_domain_text(r, node, target);
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
	uint32_t seconds;

	(void)target;
	if (confyaml_seconds(r, node, &seconds) && seconds)
		confyaml_tell(r, node, "stale answers are not offered by this "
		    "version; 0s is the only value");
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

/* ---- hosts ---- */

static void
read_hosts_path(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_hosts *hosts = target;

	confyaml_path(r, node, &hosts->path);
}

static void
read_hosts_ttl(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_hosts *hosts = target;

	confyaml_seconds(r, node, &hosts->ttl_s);
}

static void
read_hosts_domain(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_hosts *hosts = target;

	hosts->has_domain = confyaml_domain(r, node, &hosts->domain);
}

static void
read_hosts_one(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"path", read_hosts_path},
	    {"ttl", read_hosts_ttl},
	    {"domain", read_hosts_domain},
	    {NULL, NULL},
	};
	struct conf_hosts hosts = {.ttl_s = CONF_HOSTS_TTL_S};
	bool good;

	(void)target;
	hosts.mark = confyaml_mark(r, node);
	if (node->type == YAML_MAPPING_NODE)
		good = confyaml_mapping(r, node, keys, &hosts);
	else
		good = confyaml_path(r, node, &hosts.path);
	if (good && !hosts.path)
		confyaml_tell(r, node, "this entry has no path");
	if (hosts.path)
		*conf_add_hosts(r->conf) = hosts;
}

static void
read_hosts(struct confyaml *r, yaml_node_t *node, void *target)
{
	conf_clear_hosts(r->conf);
	confyaml_list(r, node, LIST_ONLY, read_hosts_one, target);
}

/* ---- zones ---- */

static void
read_zone_path(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_zone *zone = target;

	confyaml_path(r, node, &zone->path);
}

static void
read_zone_name(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_zone *zone = target;

	zone->has_name = confyaml_domain(r, node, &zone->name);
}

static void
read_zone_overlay(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_zone *zone = target;

	confyaml_bool(r, node, &zone->overlay);
}

static void
read_zone_one(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"path", read_zone_path},
	    {"name", read_zone_name},
	    {"overlay", read_zone_overlay},
	    {NULL, NULL},
	};
	struct conf_zone zone = {.mark = confyaml_mark(r, node)};
	bool good;

	(void)target;
	if (node->type == YAML_MAPPING_NODE)
		good = confyaml_mapping(r, node, keys, &zone);
	else
		good = confyaml_path(r, node, &zone.path);
	if (good && !zone.path)
		confyaml_tell(r, node, "this entry has no path");
	if (zone.path)
		*conf_add_zone(r->conf) = zone;
}

static void
read_zones(struct confyaml *r, yaml_node_t *node, void *target)
{
	conf_clear_zones(r->conf);
	confyaml_list(r, node, LIST_ONLY, read_zone_one, target);
}

/* ---- forward ---- */

static void
read_upstream_one(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "an upstream");
	struct conf_forward *forward = target;
	struct conf_upstream upstream;
	const char *wrong;

	if (!text)
		return;
	wrong = conf_parse_upstream(&upstream, text);
	if (wrong) {
		confyaml_tell(r, node, "'%s' is not an upstream: %s", text,
		    wrong);
		return;
	}
	if (upstream.kind == CONF_UPSTREAM_FILE) {
		char *given = upstream.path;

		upstream.path = confyaml_resolve(r, given);
		free(given);
	}
	*conf_add_upstream(forward) = upstream;
}

static void
read_forward_zone(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_forward *forward = target;

	confyaml_domain(r, node, &forward->zone);
}

static void
read_forward_to(struct confyaml *r, yaml_node_t *node, void *target)
{
	confyaml_list(r, node, LIST_OR_ONE, read_upstream_one, target);
}

static void
read_forward_private(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_forward *forward = target;
	bool value;

	if (confyaml_bool(r, node, &value))
		forward->private_names = value ? CONF_PRIVATE_YES
					       : CONF_PRIVATE_NO;
}

static void
check_forward(struct confyaml *r, const yaml_node_t *node,
    const struct conf_forward *forward)
{
	if (forward->zone.length == 0)
		confyaml_tell(r, node, "this entry has no zone ('.' is "
		    "everything)");
	if (forward->count > 8)
		confyaml_tell(r, node, "an entry has at most 8 upstreams");
	for (size_t i = 0; i + 1 < r->conf->forward_count; i++)
		if (forward->zone.length &&
		    r->conf->forward[i].zone.length == forward->zone.length &&
		    dname_equal(r->conf->forward[i].zone.wire,
			forward->zone.wire))
			confyaml_tell(r, node, "this zone has a forward "
			    "entry already, at line %u",
			    r->conf->forward[i].mark.line);
}

static void
read_forward_one(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"zone", read_forward_zone},
	    {"to", read_forward_to},
	    {"private-names", read_forward_private},
	    {NULL, NULL},
	};
	struct conf_forward *forward = conf_add_forward(r->conf);

	(void)target;
	forward->mark = confyaml_mark(r, node);
	if (confyaml_mapping(r, node, keys, forward))
		check_forward(r, node, forward);
}

static void
read_forward(struct confyaml *r, yaml_node_t *node, void *target)
{
	conf_clear_forward(r->conf);
	confyaml_list(r, node, LIST_ONLY, read_forward_one, target);
}

/* ---- the whole ---- */

static void
read_top(struct confyaml *r, yaml_node_t *root, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"server", read_server},
	    {"control", read_control},
	    {"domain", read_domain},
	    {"hosts", read_hosts},
	    {"zones", read_zones},
	    {"forward", read_forward},
	    {"cache", read_cache},
	    {"http", NULL},
	    {"leases", NULL},
	    {"tls", NULL},
	    {"rebind-protection", NULL},
	    {"networks", NULL},
	    {"answer-by-network", NULL},
	    {"views", NULL},
	    {"warnings", NULL},
	    {"managed-hosts", NULL},
	    {NULL, NULL},
	};

	confyaml_mapping(r, root, keys, target);
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
		const char *wrong = endpoint_parse(
		    &conf_add_listen(conf)->endpoint, text, strlen(text),
		    CONF_PORT);

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
	conf_clear_forward(conf);
	forward = conf_add_forward(conf);
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
		struct conf_hosts *hosts = conf_add_hosts(conf);

		hosts->path = memory_string(options->hosts.text[i]);
		hosts->ttl_s = CONF_HOSTS_TTL_S;
	}
	for (size_t i = 0; i < options->zones.count; i++)
		conf_add_zone(conf)->path =
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

		conf->has_domain = *options->domain != '\0';
		if (conf->has_domain)
			wrong = conf_parse_domain(&conf->domain,
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
	for (size_t i = 0; i < conf->forward_count; i++) {
		const struct conf_forward *forward = &conf->forward[i];
		struct diag_place place = {.file = conf->path};
		char name[DNAME_TEXT_MAX];

		if (!conf->has_domain || conf->domain_overlay ||
		    !dname_is_below_or_at(forward->zone.wire,
			conf->domain.wire))
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
		diags_add(diags, DIAG_ERROR, &place, NULL, "%s", wrong);
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
	if (diags_count(diags, DIAG_ERROR) == before) {
		warn_unused_forward(conf, diags);
		return conf;
	}
	conf_free(conf);
	return NULL;
}
