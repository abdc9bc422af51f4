/* SPDX-License-Identifier: BSD-2-Clause */
#include "confviews.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "confsources.h"
#include "listenplan.h"

/* ---- prefixes ---- */

static void
read_prefix_one(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "a prefix");
	struct prefix prefix;
	const char *wrong;

	if (!text)
		return;
	wrong = confsources_parse_network(&prefix, text);
	if (wrong)
		confyaml_tell(r, node, "'%s' is not a prefix: %s", text,
		    wrong);
	else
		*conf_add_prefix(target) = prefix;
}

void
confviews_prefixes(struct confyaml *r, yaml_node_t *node,
    struct conf_prefixes *prefixes)
{
	free(prefixes->list);
	*prefixes = (struct conf_prefixes){0};
	confyaml_list(r, node, LIST_OR_ONE, read_prefix_one, prefixes);
}

/* ---- networks ---- */

static void
read_network_prefix(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_network *network = target;

	confviews_prefixes(r, node, &network->prefixes);
}

static void
read_network_isolated(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_network *network = target;

	confyaml_bool(r, node, &network->isolated);
}

static void
read_network(struct confyaml *r, yaml_node_t *node, struct conf_network *to)
{
	static const struct confyaml_key keys[] = {
	    {"prefix", read_network_prefix},
	    {"isolated", read_network_isolated},
	    {NULL, NULL},
	};

	if (node->type != YAML_MAPPING_NODE)
		confviews_prefixes(r, node, &to->prefixes);
	else if (confyaml_mapping(r, node, keys, to) && !to->prefixes.count)
		confyaml_tell(r, node, "this network has no prefix");
}

static void
add_network(struct confyaml *r, const yaml_node_pair_t *pair)
{
	yaml_node_t *key = yaml_document_get_node(&r->document, pair->key);
	yaml_node_t *value = yaml_document_get_node(&r->document,
	    pair->value);
	const char *name = confyaml_text(r, key, "the name of a network");
	struct conf_network *network;

	if (!name)
		return;
	if (r->conf->network_count == CONF_NETWORKS_MAX)
		confyaml_tell(r, key, "there can be %d networks at most",
		    CONF_NETWORKS_MAX);
	for (size_t i = 0; i < r->conf->network_count; i++)
		if (strcmp(r->conf->networks[i].name, name) == 0)
			confyaml_tell(r, key, "there is a network '%s' "
			    "already, at line %u", name,
			    r->conf->networks[i].mark.line);
	network = conf_add_network(r->conf);
	network->name = memory_string(name);
	network->mark = confyaml_mark(r, key);
	read_network(r, value, network);
}

void
confviews_networks(struct confyaml *r, yaml_node_t *node, void *target)
{
	const yaml_node_pair_t *pair;

	(void)target;
	if (node->type != YAML_MAPPING_NODE) {
		confyaml_tell(r, node, "networks have names: {hostonly: "
		    "192.168.56.0/24}");
		return;
	}
	for (pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++)
		add_network(r, pair);
}

void
confviews_by_network(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "prefer, only or off");

	(void)target;
	for (unsigned i = 0; text && conf_by_network_words[i]; i++) {
		if (strcmp(conf_by_network_words[i], text) == 0) {
			r->conf->by_network = (enum conf_by_network)i;
			return;
		}
	}
	if (text)
		confyaml_tell(r, node, "'%s' is none of prefer, only, off",
		    text);
}

/* ---- views ---- */

static void
read_view_name(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "the name of a view");
	struct conf_view *view = target;

	if (!text)
		return;
	free(view->name);
	view->name = memory_string(text);
}

static void
read_view_clients(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_view *view = target;

	confviews_prefixes(r, node, &view->clients);
}

static void
read_view_listen_one(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "an address");
	struct addr addr;
	const char *wrong;

	if (!text)
		return;
	wrong = addr_parse(&addr, text, strlen(text));
	if (wrong)
		confyaml_tell(r, node, "'%s' is not an address that clients "
		    "ask: %s", text, wrong);
	else
		*conf_add_view_listen(target) = addr;
}

static void
read_view_listen(struct confyaml *r, yaml_node_t *node, void *target)
{
	confyaml_list(r, node, LIST_OR_ONE, read_view_listen_one, target);
}

static void
read_view_inherit(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_view *view = target;

	confyaml_bool(r, node, &view->inherit);
}

static void
read_view_domain(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_view *view = target;

	view->domain_given = true;
	confsources_domain(r, node, &view->scope);
}

static void
read_view_hosts(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_view *view = target;

	confsources_hosts(r, node, &view->scope);
}

static void
read_view_zones(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_view *view = target;

	confsources_zones(r, node, &view->scope);
}

static void
read_view_leases(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_view *view = target;

	confsources_leases(r, node, &view->scope);
}

static void
read_view_forward(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_view *view = target;

	view->has_forward = true;
	confsources_forward(r, node, &view->scope);
}

static void
check_view(struct confyaml *r, const yaml_node_t *node,
    const struct conf_view *view)
{
	if (!view->name)
		confyaml_tell(r, node, "this view has no name");
	if (!view->clients.count && !view->listen_count)
		confyaml_tell(r, node, "nobody gets this view: it needs "
		    "clients (prefixes), listen (addresses asked), or both");
	for (size_t i = 0; view->name && i + 1 < r->conf->view_count; i++)
		if (r->conf->views[i].name &&
		    strcmp(r->conf->views[i].name, view->name) == 0)
			confyaml_tell(r, node, "there is a view '%s' already, "
			    "at line %u", view->name,
			    r->conf->views[i].mark.line);
}

static void
read_view_one(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"name", read_view_name},
	    {"clients", read_view_clients},
	    {"listen", read_view_listen},
	    {"inherit", read_view_inherit},
	    {"domain", read_view_domain},
	    {"hosts", read_view_hosts},
	    {"zones", read_view_zones},
	    {"leases", read_view_leases},
	    {"forward", read_view_forward},
	    {NULL, NULL},
	};
	struct conf_view *view = conf_add_view(r->conf);

	(void)target;
	view->mark = confyaml_mark(r, node);
	if (confyaml_mapping(r, node, keys, view))
		check_view(r, node, view);
	if (!view->name)
		view->name = memory_string("");
}

void
confviews_views(struct confyaml *r, yaml_node_t *node, void *target)
{
	confyaml_list(r, node, LIST_ONLY, read_view_one, target);
}

void
confviews_settle(struct conf *conf)
{
	const struct conf_scope *top = &conf->top;

	for (size_t i = 0; i < conf->view_count; i++) {
		struct conf_view *view = &conf->views[i];

		if (view->domain_given)
			continue;
		view->scope.has_domain = top->has_domain;
		view->scope.domain_overlay = top->domain_overlay;
		view->scope.domain = top->domain;
	}
}

/* ---- what nobody will see ---- */

/* An interface's addresses come and go: it may have this one. */
static bool
is_served(const struct conf *conf, const struct addr *addr)
{
	for (size_t i = 0; i < conf->listen_count; i++) {
		const struct addr *listen = &conf->listen[i].endpoint.addr;

		if (conf->listen[i].kind == CONF_LISTEN_INTERFACE ||
		    (conf->listen[i].kind == CONF_LISTEN_PRIVATE &&
			listenplan_is_private(addr)) ||
		    addr_equal(listen, addr) ||
		    (addr_is_unspecified(listen) &&
			listen->family == addr->family))
			return true;
	}
	return false;
}

void
confviews_warn(const struct conf *conf, struct diags *diags)
{
	for (size_t i = 0; i < conf->view_count; i++) {
		const struct conf_view *view = &conf->views[i];
		struct diag_place place = {.file = conf->path,
		    .line = view->mark.line,
		    .column = view->mark.column};
		char text[ADDR_TEXT];

		for (size_t k = 0; k < view->listen_count; k++) {
			if (is_served(conf, &view->listen[k]))
				continue;
			diags_add(diags, DIAG_WARNING, &place, "unasked-view",
			    "nobody gets the view '%s' by asking %s: "
			    "server.listen does not have that address",
			    view->name, addr_print(&view->listen[k], text));
		}
	}
}
