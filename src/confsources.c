/* SPDX-License-Identifier: BSD-2-Clause */
#include "confsources.h"

#include <string.h>

#include "base/memory.h"

/* ---- domain ---- */

static void
read_domain_text(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_scope *scope = target;

	if (scope == &r->conf->top)
		r->conf->domain_mark = confyaml_mark(r, node);
	if (node->type == YAML_SCALAR_NODE && !node->data.scalar.length) {
		scope->has_domain = false;
		return;
	}
	scope->has_domain = confyaml_domain(r, node, &scope->domain);
}

static void
read_domain_overlay(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_scope *scope = target;

	confyaml_bool(r, node, &scope->domain_overlay);
}

void
confsources_domain(struct confyaml *r, yaml_node_t *node, void *target)
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

	hosts.mark = confyaml_mark(r, node);
	if (node->type == YAML_MAPPING_NODE)
		good = confyaml_mapping(r, node, keys, &hosts);
	else
		good = confyaml_path(r, node, &hosts.path);
	if (good && !hosts.path)
		confyaml_tell(r, node, "this entry has no path");
	if (hosts.path)
		*conf_add_hosts(target) = hosts;
}

void
confsources_hosts(struct confyaml *r, yaml_node_t *node, void *target)
{
	conf_clear_hosts(target);
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

	if (node->type == YAML_MAPPING_NODE)
		good = confyaml_mapping(r, node, keys, &zone);
	else
		good = confyaml_path(r, node, &zone.path);
	if (good && !zone.path)
		confyaml_tell(r, node, "this entry has no path");
	if (zone.path)
		*conf_add_zone(target) = zone;
}

void
confsources_zones(struct confyaml *r, yaml_node_t *node, void *target)
{
	conf_clear_zones(target);
	confyaml_list(r, node, LIST_ONLY, read_zone_one, target);
}

/* ---- leases ---- */

static void
read_leases_path(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_leases *leases = target;

	confyaml_path(r, node, &leases->path);
}

static void
read_leases_format(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "a format");
	struct conf_leases *leases = target;

	for (unsigned i = 0; text && conf_lease_formats[i]; i++) {
		if (strcmp(conf_lease_formats[i], text) == 0) {
			leases->format = (enum lease_format)i;
			return;
		}
	}
	if (text)
		confyaml_tell(r, node, "'%s' is no format of leases; it is one "
		    "of auto, dnsmasq, libvirt, dhcpd (VMware too), kea, "
		    "networkd, virtualbox, bootpd, neighbours", text);
}

static void
read_leases_machines(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_leases *leases = target;

	confyaml_path(r, node, &leases->machines);
}

static void
read_leases_macs(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_leases *leases = target;

	confyaml_path(r, node, &leases->macs);
}

static void
read_leases_ttl(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_leases *leases = target;

	confyaml_seconds(r, node, &leases->ttl_s);
}

static void
read_leases_domain(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct conf_leases *leases = target;

	leases->has_domain = confyaml_domain(r, node, &leases->domain);
}

/* Does it say where its leases are? */
static void
check_leases(struct confyaml *r, const yaml_node_t *node,
    const struct conf_leases *leases)
{
	if (leases->format == LEASE_NEIGHBOURS) {
		if (leases->path)
			confyaml_tell(r, node, "format: neighbours reads the "
			    "kernel's table: it has no path");
		if (!leases->macs && !leases->machines)
			confyaml_tell(r, node, "format: neighbours needs "
			    "names for the MAC addresses: macs: /etc/ethers, "
			    "or machines: FOLDER");
	} else if (!leases->path) {
		confyaml_tell(r, node, "this entry has no path");
	}
}

static void
read_leases_one(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"path", read_leases_path},
	    {"format", read_leases_format},
	    {"machines", read_leases_machines},
	    {"macs", read_leases_macs},
	    {"ttl", read_leases_ttl},
	    {"domain", read_leases_domain},
	    {NULL, NULL},
	};
	struct conf_leases *leases = conf_add_leases(target);

	leases->ttl_s = CONF_HOSTS_TTL_S;
	leases->mark = confyaml_mark(r, node);
	if (node->type != YAML_MAPPING_NODE)
		confyaml_path(r, node, &leases->path);
	else if (confyaml_mapping(r, node, keys, leases))
		check_leases(r, node, leases);
}

void
confsources_leases(struct confyaml *r, yaml_node_t *node, void *target)
{
	conf_clear_leases(target);
	confyaml_list(r, node, LIST_ONLY, read_leases_one, target);
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
    const struct conf_scope *scope)
{
	const struct conf_forward *forward =
	    &scope->forward[scope->forward_count - 1];


	if (forward->zone.length == 0)
		confyaml_tell(r, node, "this entry has no zone ('.' is "
		    "everything)");
	if (forward->count > 8)
		confyaml_tell(r, node, "an entry has at most 8 upstreams");
	for (size_t i = 0; i + 1 < scope->forward_count; i++)
		if (forward->zone.length &&
		    scope->forward[i].zone.length == forward->zone.length &&
		    dname_equal(scope->forward[i].zone.wire,
			forward->zone.wire))
			confyaml_tell(r, node, "this zone has a forward "
			    "entry already, at line %u",
			    scope->forward[i].mark.line);
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
	struct conf_forward *forward = conf_add_forward(target);

	forward->mark = confyaml_mark(r, node);
	if (confyaml_mapping(r, node, keys, forward))
		check_forward(r, node, target);
}

void
confsources_forward(struct confyaml *r, yaml_node_t *node, void *target)
{
	conf_clear_forward(target);
	confyaml_list(r, node, LIST_ONLY, read_forward_one, target);
}

/* An address alone is a network of one. */
const char *
confsources_parse_network(struct prefix *prefix, const char *text)
{
	struct addr addr;

	if (strchr(text, '/') || addr_parse(&addr, text, strlen(text)))
		return prefix_parse(prefix, text, strlen(text));
	*prefix = prefix_of(&addr, addr.family == 4 ? 32 : 128);
	return NULL;
}
