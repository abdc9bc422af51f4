/* SPDX-License-Identifier: BSD-2-Clause */
#include "policymake.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "routes.h"

static void
add_prefix(struct allow *allow, const struct prefix *prefix)
{
	allow->prefixes = memory_resize(allow->prefixes, allow->count + 1,
	    sizeof *allow->prefixes);
	allow->prefixes[allow->count++] = *prefix;
}

static void
make_allow(struct allow *allow, const struct conf_allow *conf,
    const struct ifaces *ifaces)
{
	allow->any = conf->any;
	allow->private = conf->private;
	for (size_t i = 0; i < conf->prefixes.count; i++)
		add_prefix(allow, &conf->prefixes.list[i]);
	if (!conf->attached)
		return;
	for (unsigned i = 0; i < ifaces->count; i++)
		add_prefix(allow, &ifaces->list[i].prefix);
}

static void
make_rating(struct policy *policy, const struct conf *conf,
    const struct ifaces *ifaces)
{
	struct rating *rating = &policy->rating;

	rating->limits = (struct rate_limits){
	    .per_second = conf->rate.per_second,
	    .all_per_second = conf->rate.all_per_second,
	    .slip = conf->rate.slip,
	};
	make_allow(&rating->exempt, &conf->rate.exempt, ifaces);
	rating->limits_allowed = !allow_covers(&rating->exempt,
	    &policy->allow);
}

static void
make_host(struct policy *policy, const char *host)
{
	size_t bad;

	snprintf(policy->hostname, sizeof policy->hostname, "%s", host);
	if (dname_parse(&policy->host, policy->hostname,
	    strlen(policy->hostname), NULL, &bad))
		policy->host = dname_from(".");
	dname_lower(policy->host.wire);
}

/* ---- networks ---- */

static void
add_declared(struct networks *networks, const struct conf *conf)
{
	static_assert(CONF_NETWORKS_MAX <= NETWORKS_MAX,
	    "each has a bit of its own");
	for (size_t i = 0; i < conf->network_count; i++) {
		const struct conf_network *network = &conf->networks[i];

		networks_add(networks, network->name);
		for (size_t k = 0; k < network->prefixes.count; k++)
			networks_add_prefix(networks,
			    &network->prefixes.list[k], network->isolated);
	}
}

/* Nobody else is on loopback, and link-local addresses are never given. */
static bool
is_network(const struct iface *iface)
{
	return !addr_is_loopback(&iface->addr) &&
	    !addr_is_link_local(&iface->addr) &&
	    iface->prefix.length < (iface->addr.family == 4 ? 32 : 128);
}

/* The addresses of one interface stand apart in the list where it has both
 * families: each time all of its prefixes are taken. */
static void
add_attached(struct networks *networks, const struct ifaces *ifaces,
    unsigned first)
{
	const char *name = ifaces->list[first].name;

	for (unsigned i = 0; i < first; i++)
		if (strcmp(ifaces->list[i].name, name) == 0 &&
		    is_network(&ifaces->list[i]))
			return;
	if (!networks_add(networks, name))
		return;
	for (unsigned i = first; i < ifaces->count; i++)
		if (strcmp(ifaces->list[i].name, name) == 0 &&
		    is_network(&ifaces->list[i]))
			networks_add_prefix(networks, &ifaces->list[i].prefix,
			    false);
}

static bool
is_same_card(const struct iface *a, const struct iface *b)
{
	size_t length = strcspn(a->name, ":");

	return length == strcspn(b->name, ":") &&
	    memcmp(a->name, b->name, length) == 0;
}

/* A card that link-local clients can come by has such an address itself. */
static void
add_links(struct networks *networks, const struct ifaces *ifaces)
{
	for (unsigned i = 0; i < ifaces->count; i++) {
		const struct iface *card = &ifaces->list[i];

		for (unsigned k = 0; card->scope && k < ifaces->count; k++)
			if (is_same_card(card, &ifaces->list[k]) &&
			    is_network(&ifaces->list[k]))
				networks_add_link(networks,
				    &(struct network_link){card->scope,
				    ifaces->list[k].prefix});
	}
}

static void
make_networks(struct networks *networks, const struct conf *conf,
    const struct ifaces *ifaces)
{
	static const enum networks_mode modes[] = {
	    [CONF_BY_NETWORK_PREFER] = NETWORKS_PREFER,
	    [CONF_BY_NETWORK_ONLY] = NETWORKS_ONLY,
	    [CONF_BY_NETWORK_OFF] = NETWORKS_OFF,
	};

	networks->mode = modes[conf->by_network];
	add_declared(networks, conf);
	for (unsigned i = 0; !conf->network_count && i < ifaces->count; i++)
		if (is_network(&ifaces->list[i]))
			add_attached(networks, ifaces, i);
	for (unsigned i = 0; i < ifaces->count; i++)
		networks->own |= networks_of(networks, &ifaces->list[i].addr);
	add_links(networks, ifaces);
}

/* ---- views ---- */

static void
make_view(struct view *view, const struct conf *conf,
    const struct conf_view *from, struct diags *diags)
{
	view->name = memory_string(from->name);
	view->inherit = from->inherit;
	routes_make(view, conf, from->has_forward ? &from->scope : &conf->top,
	    diags);
	view->client_count = (unsigned)from->clients.count;
	view->clients = memory_alloc((from->clients.count + 1) *
	    sizeof *view->clients);
	for (size_t i = 0; i < from->clients.count; i++)
		view->clients[i] = from->clients.list[i];
	view->asked_count = (unsigned)from->listen_count;
	view->asked = memory_alloc((from->listen_count + 1) *
	    sizeof *view->asked);
	for (size_t i = 0; i < from->listen_count; i++)
		view->asked[i] = from->listen[i];
}

static void
make_views(struct policy *policy, const struct conf *conf,
    const struct realms *realms, struct diags *diags)
{
	routes_make(&policy->top, conf, &conf->top, diags);
	policy->top.names = realms->list[0]->names;
	policy->view_count = (unsigned)conf->view_count;
	policy->views = memory_zeroed(conf->view_count + 1,
	    sizeof *policy->views);
	for (size_t i = 0; i < conf->view_count; i++) {
		make_view(&policy->views[i], conf, &conf->views[i], diags);
		policy->views[i].names = realms->list[i + 1]->names;
	}
}

/* ---- all ---- */

static void
make_told(struct policy *policy, const struct conf_prefixes *from)
{
	policy->told_count = (unsigned)from->count;
	policy->told = memory_alloc((from->count + 1) * sizeof *policy->told);
	for (size_t i = 0; i < from->count; i++)
		policy->told[i] = from->list[i];
}

static void
make_rebind(struct rebind *rebind, const struct conf *conf)
{
	rebind->enabled = conf->rebind_enabled;
	rebind->count = (unsigned)conf->rebind_allow_count;
	rebind->allow = memory_alloc((conf->rebind_allow_count + 1) *
	    sizeof *rebind->allow);
	for (size_t i = 0; i < conf->rebind_allow_count; i++)
		rebind->allow[i] = conf->rebind_allow[i];
}

struct policy *
policymake(const struct conf *conf, const struct realms *realms,
    const struct ifaces *ifaces, struct diags *diags)
{
	struct policy *policy = memory_zeroed(1, sizeof *policy);

	make_views(policy, conf, realms, diags);
	make_networks(&policy->networks, conf, ifaces);
	make_allow(&policy->allow, &conf->allow, ifaces);
	make_rating(policy, conf, ifaces);
	make_told(policy, &conf->explain_to);
	make_rebind(&policy->rebind, conf);
	make_host(policy, realms->host);
	policy->max_ttl_s = conf->max_ttl_s;
	policy->min_ttl_s = conf->min_ttl_s;
	policy->max_negative_ttl_s = conf->max_negative_ttl_s;
	policy->stale_s = conf->stale_s;
	return policy;
}
