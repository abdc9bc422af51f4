/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/servers.h"

bool
allow_permits(const struct allow *allow, const struct addr *client)
{
	if (allow->any || (allow->private && addr_is_private(client)))
		return true;
	for (unsigned i = 0; i < allow->count; i++) {
		if (prefix_contains(&allow->prefixes[i], client))
			return true;
	}
	return false;
}

static bool
has_prefix(const struct allow *allow, const struct prefix *prefix)
{
	for (unsigned i = 0; i < allow->count; i++) {
		if (prefix_covers(&allow->prefixes[i], prefix))
			return true;
	}
	return false;
}

bool
allow_covers(const struct allow *allow, const struct allow *all)
{
	if (allow->any)
		return true;
	if (all->any || (all->private && !allow->private))
		return false;
	for (unsigned i = 0; i < all->count; i++) {
		if (!has_prefix(allow, &all->prefixes[i]))
			return false;
	}
	return true;
}

bool
upstream_equal(const struct upstream *a, const struct upstream *b)
{
	return a->transport == b->transport && a->server == b->server &&
	    endpoint_equal(&a->endpoint, &b->endpoint);
}

char *
upstream_print(const struct upstream *upstream, char buf[UPSTREAM_TEXT])
{
	static const char *const schemes[] = {
	    [UPSTREAM_UDP] = "", [UPSTREAM_TCP] = "tcp://",
	    [UPSTREAM_TLS] = "tls://"};
	char text[ENDPOINT_TEXT];

	snprintf(buf, UPSTREAM_TEXT, "%s%s%s%s", schemes[upstream->transport],
	    endpoint_print(&upstream->endpoint, text),
	    upstream->transport == UPSTREAM_TLS ? "#" : "",
	    servers_name(upstream->server));
	return buf;
}

/* Field by field: the padding of a struct is nobody's. */
static size_t
put_upstream(uint8_t *to, const struct upstream *upstream)
{
	const struct endpoint *at = &upstream->endpoint;
	size_t n = 0;

	to[n++] = (uint8_t)upstream->transport;
	to[n++] = (uint8_t)(upstream->server >> 8);
	to[n++] = (uint8_t)upstream->server;
	to[n++] = at->addr.family;
	memcpy(to + n, at->addr.bytes, sizeof(at->addr.bytes));
	n += sizeof(at->addr.bytes);
	to[n++] = (uint8_t)(at->port >> 8);
	to[n++] = (uint8_t)at->port;
	for (unsigned shift = 0; shift < 32; shift += 8)
		to[n++] = (uint8_t)(at->scope >> shift);
	return n;
}

void
upstreams_set_id(struct upstreams *upstreams)
{
	/* The list is the operator's, so that a fixed key will do; and the
	 * same list is the same set after a restart of a worker or a reload. */
	static const struct hash_key key = { 0x75707374, 0x7265616d };
	uint8_t bytes[UPSTREAMS_MAX * 26];
	size_t n = 0;

	for (unsigned i = 0; i < upstreams->count; i++)
		n += put_upstream(bytes + n, &upstreams->list[i]);
	upstreams->id = hash_siphash24(&key, bytes, n);
}

/* How well a view fits, and a list of prefixes: longer ones better, the address
 * asked better than any prefix; 0: not at all. */
#define FIT_ASKED 1000

static int
fit_prefix(const struct prefix *list, unsigned count,
    const struct prefix *who)
{
	int fit = 0;

	for (unsigned i = 0; i < count; i++) {
		if (prefix_covers(&list[i], who) && list[i].length >= fit)
			fit = list[i].length + 1;
	}
	return fit;
}

static int
fit_client(const struct prefix *list, unsigned count,
    const struct networks *networks, const struct policy_client *client)
{
	struct prefix self = { *client->addr,
	    client->addr->family == 4 ? 32 : 128 };
	int fit = fit_prefix(list, count, &self), by_link;

	for (unsigned i = 0; client->link != 0 && i < networks->link_count;
	    i++) {
		if (networks->links[i].scope != client->link)
			continue;
		by_link = fit_prefix(list, count, &networks->links[i].prefix);
		if (by_link > fit)
			fit = by_link;
	}
	return fit;
}

static bool
is_asked(const struct view *view, const struct addr *asked)
{
	for (unsigned i = 0; i < view->asked_count; i++) {
		if (addr_equal(&view->asked[i], asked))
			return true;
	}
	return false;
}

static int
fit_view(const struct view *view, const struct networks *networks,
    const struct policy_client *client)
{
	int clients = fit_client(view->clients, view->client_count, networks,
	    client);

	if (view->asked_count == 0)
		return clients;
	if (!is_asked(view, client->asked) ||
	    (view->client_count > 0 && clients == 0))
		return 0;
	return FIT_ASKED + clients;
}

const struct view *
policy_choose_view(const struct policy *policy,
    const struct policy_client *client)
{
	const struct view *best = &policy->top;
	int best_fit = 0;

	for (unsigned i = 0; i < policy->view_count; i++) {
		int fit = fit_view(&policy->views[i], &policy->networks,
		    client);

		if (fit > best_fit) {
			best = &policy->views[i];
			best_fit = fit;
		}
	}
	return best;
}

bool
policy_tells(const struct policy *policy, const struct policy_client *client)
{
	return fit_client(policy->told, policy->told_count, &policy->networks,
	    client) > 0;
}

const struct route *
view_route(const struct view *view, const uint8_t *lower, unsigned labels)
{
	for (unsigned i = 0; i < view->route_count; i++) {
		const struct dname *zone = &view->routes[i].zone;

		if (zone->labels == 0 || (zone->labels <= labels &&
		    memcmp(zone->wire, dname_skip(lower, labels -
		    zone->labels), zone->length) == 0))
			return &view->routes[i];
	}
	return NULL;
}

static void
keep_sets(struct view *view, const struct view *before)
{
	for (unsigned i = 0; i < view->route_count; i++) {
		struct route *route = &view->routes[i];

		if (route->to.count > 0)
			continue;
		for (unsigned k = 0; k < before->route_count; k++) {
			if (dname_equal(before->routes[k].zone.wire,
			    route->zone.wire))
				route->to.id = before->routes[k].to.id;
		}
	}
}

void
policy_keep_sets(struct policy *policy, const struct policy *before)
{
	if (before == NULL)
		return;
	keep_sets(&policy->top, &before->top);
	for (unsigned i = 0; i < policy->view_count; i++) {
		for (unsigned k = 0; k < before->view_count; k++) {
			if (strcmp(policy->views[i].name,
			    before->views[k].name) == 0)
				keep_sets(&policy->views[i],
				    &before->views[k]);
		}
	}
}

static void
free_view(struct view *view)
{
	free((char *)(uintptr_t)view->name);
	free(view->routes);
	free(view->clients);
	free(view->asked);
}

void
policy_free(struct policy *policy)
{
	if (policy == NULL)
		return;
	free(policy->top.routes);
	for (unsigned i = 0; i < policy->view_count; i++)
		free_view(&policy->views[i]);
	free(policy->views);
	networks_fini(&policy->networks);
	free(policy->allow.prefixes);
	free(policy->rating.exempt.prefixes);
	free(policy->told);
	free(policy->rebind.allow);
	free(policy);
}

const struct policy *
publisher_borrow(struct publisher *publisher)
{
	return atomic_load_explicit(&publisher->current, memory_order_acquire);
}

const struct policy *
publisher_swap(struct publisher *publisher, const struct policy *policy,
    uint64_t *ticket)
{
	const struct policy *before = atomic_exchange_explicit(
	    &publisher->current, policy, memory_order_acq_rel);

	*ticket = epoch_advance();
	return before;
}
