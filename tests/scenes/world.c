/* SPDX-License-Identifier: BSD-2-Clause */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/hostsfile.h"
#include "names/leasefile.h"
#include "names/zonefile.h"

#define WORLD_NOW_S 1700000000
#define WORLD_CACHE_BYTES (1 << 20)

static const struct hash_key world_key = { 1, 2 };

static struct dname
read_name(const struct story *story, unsigned word)
{
	struct dname name;
	size_t bad;
	const char *wrong;

	if (word >= story->count)
		story_fail(story, "a name is missing");
	wrong = dname_parse(&name, story->word[word],
	    strlen(story->word[word]), NULL, &bad);
	if (wrong != NULL)
		story_fail(story, "%s: %s", story->word[word], wrong);
	dname_lower(name.wire);
	return name;
}

static struct addr
read_addr(const struct story *story, const char *text)
{
	struct addr addr;
	const char *wrong = addr_parse(&addr, text, strlen(text));

	if (wrong != NULL)
		story_fail(story, "%s: %s", text, wrong);
	return addr;
}

void
world_init(struct world *world)
{
	memset(world, 0, sizeof(*world));
	world->views[0].index = index_new(&world_key);
	world->view_count = 1;
	world->cache = cache_new(WORLD_CACHE_BYTES);
	world->policy.top.routes = world->views[0].routes;
	world->policy.views = world->policy_views;
	world->policy.told = world->told;
	world->policy.allow.any = true;
	world->policy.allow.prefixes = world->prefixes;
	world->client.addr = (struct addr){ 4, { 192, 0, 2, 77 } };
	world->client.asked = (struct addr){ 4, { 192, 0, 2, 1 } };
	world->now_ms = 1000;
	world->changed = true;
}

void
world_fini(struct world *world)
{
	cache_free(world->cache);
	for (unsigned i = 0; i < world->view_count; i++)
		index_free(world->views[i].index);
	networks_fini(&world->policy.networks);
}

static struct world_view *
current_view(struct world *world)
{
	return &world->views[world->current];
}

/* What the policy has of it. */
static struct view *
current_policy_view(struct world *world)
{
	return world->current == 0 ? &world->policy.top :
	    &world->policy_views[world->current - 1];
}

static void
add_content(struct world *world, const struct story *story,
    struct content *content, struct diags *diags)
{
	if (content == NULL || diags_count(diags, DIAG_ERROR) > 0) {
		diags_print(diags, stderr, DIAG_PLAIN);
		story_fail(story, "the source has errors");
	}
	diags_free(diags);
	index_replace(current_view(world)->index, NULL, content);
	world->changed = true;
}

static void
add_zone(struct world *world, struct story *story)
{
	struct source_spec spec = {
		.kind = SOURCE_ZONE,
		.path = story->path,
		.rank = world->rank++,
		.has_domain = true,
		.overlay = story_has(story, 2, "overlay"),
		.domain = read_name(story, 1),
	};
	struct zonefile_input input = {
		.spec = &spec,
		.text.path = story->path,
		.now_s = WORLD_NOW_S,
	};
	struct diags *diags = diags_new();

	input.text.bytes = story_block(story, &input.text.length);
	add_content(world, story, zonefile_parse(&input, diags), diags);
}

static void
add_hosts(struct world *world, struct story *story)
{
	struct source_spec spec = {
		.kind = SOURCE_HOSTS,
		.path = story->path,
		.rank = world->rank++,
		.ttl = 5,
		.has_domain = story->count > 1,
	};
	struct source_text text = { .path = story->path };
	struct hostsfile_input input = {
		.spec = &spec,
		.files = &text,
		.file_count = 1,
	};
	struct diags *diags = diags_new();

	if (spec.has_domain)
		spec.domain = read_name(story, 1);
	text.bytes = story_block(story, &text.length);
	add_content(world, story, hostsfile_parse(&input, diags), diags);
}

/* As dnsmasq writes them; the world's clock stands at WORLD_NOW_S. */
static void
add_leases(struct world *world, struct story *story)
{
	struct source_spec spec = {
		.kind = SOURCE_LEASE,
		.format = LEASE_DNSMASQ,
		.path = story->path,
		.rank = world->rank++,
		.has_domain = true,
		.domain = read_name(story, 1),
		.ttl = story->count > 2 ? (uint32_t)atol(story->word[2]) : 5,
	};
	struct leasefile_input input = {
		.spec = &spec,
		.text.path = story->path,
		.now_s = WORLD_NOW_S,
		.mono_s = world->now_ms / 1000,
	};
	struct diags *diags = diags_new();
	struct content *content = NULL;

	input.text.bytes = story_block(story, &input.text.length);
	leasefile_parse(&input, diags, &content);
	add_content(world, story, content, diags);
}

static void
add_area(struct world *world, const struct story *story, enum area_kind kind)
{
	struct world_view *view = current_view(world);

	if (view->area_count == WORLD_MAX)
		story_fail(story, "too many areas");
	view->areas[view->area_count++] = (struct index_area){
		.apex = read_name(story, 1),
		.kind = kind,
		.overlay = story_has(story, 2, "overlay"),
		.not_ready = kind == AREA_ZONE ||
		    story_has(story, 2, "not-ready"),
	};
	world->changed = true;
}

static int
compare_routes(const void *a, const void *b)
{
	return (int)((const struct route *)b)->zone.labels -
	    (int)((const struct route *)a)->zone.labels;
}

static void
add_route(struct world *world, const struct story *story)
{
	struct route route = { .zone = read_name(story, 1) };
	struct view *view = current_policy_view(world);

	if (view->route_count == WORLD_MAX)
		story_fail(story, "too many routes");
	for (unsigned i = 2; i < story->count; i++) {
		const char *word = story->word[i];
		struct upstream *to = &route.to.list[route.to.count];

		if (strcmp(word, "private-names") == 0) {
			route.private_names = true;
			continue;
		}
		if (endpoint_parse(&to->endpoint, word, strlen(word), 53))
			story_fail(story, "%s is no endpoint", word);
		route.to.count++;
	}
	upstreams_set_id(&route.to);
	view->routes[view->route_count++] = route;
	qsort(view->routes, view->route_count, sizeof(*view->routes),
	    compare_routes);
}

static void
empty_routes(struct world *world)
{
	struct view *view = current_policy_view(world);
	struct policy before = { .top = *view }, after = { .top = *view };
	struct route had[WORLD_MAX];

	memcpy(had, view->routes, sizeof(had));
	before.top.routes = had;
	for (unsigned i = 0; i < view->route_count; i++) {
		view->routes[i].to = (struct upstreams){ 0 };
		upstreams_set_id(&view->routes[i].to);
	}
	policy_keep_sets(&after, &before);
}

static void
set_allow(struct world *world, const struct story *story)
{
	struct allow *allow = &world->policy.allow;

	allow->any = story_has(story, 1, "any");
	allow->private = story_has(story, 1, "private");
	allow->count = 0;
	for (unsigned i = 2; i < story->count; i++) {
		const char *word = story->word[i];

		if (prefix_parse(&allow->prefixes[allow->count++], word,
		    strlen(word)))
			story_fail(story, "%s is no prefix", word);
	}
}

static void
set_client(struct world *world, const struct story *story)
{
	if (story->count < 2)
		story_fail(story, "which client?");
	world->client.transport = QUERY_UDP;
	world->client.addr = read_addr(story, story->word[1]);
	for (unsigned i = 2; i < story->count; i++) {
		if (strcmp(story->word[i], "tcp") == 0)
			world->client.transport = QUERY_TCP;
		else
			world->client.asked = read_addr(story,
			    story->word[i]);
	}
}

static struct prefix
read_prefix(const struct story *story, const char *text)
{
	struct prefix prefix;
	const char *wrong = prefix_parse(&prefix, text, strlen(text));

	if (wrong != NULL)
		story_fail(story, "%s: %s", text, wrong);
	return prefix;
}

static void
describe_view(struct world *world, const struct story *story)
{
	struct world_view *made = current_view(world);
	struct view *view = current_policy_view(world);
	bool asked = false;

	view->routes = made->routes;
	view->clients = made->clients;
	view->asked = made->asked;
	for (unsigned i = 2; i < story->count; i++) {
		const char *word = story->word[i];

		if (strcmp(word, "inherit") == 0)
			view->inherit = true;
		else if (strcmp(word, "clients") == 0)
			asked = false;
		else if (strcmp(word, "asked") == 0)
			asked = true;
		else if (asked)
			made->asked[view->asked_count++] =
			    read_addr(story, word);
		else
			made->clients[view->client_count++] =
			    read_prefix(story, word);
	}
}

static void
set_view(struct world *world, const struct story *story)
{
	if (story_has(story, 1, "top")) {
		world->current = 0;
		return;
	}
	if (world->view_count == WORLD_VIEWS_MAX)
		story_fail(story, "too many views");
	world->current = world->view_count++;
	world->policy.view_count++;
	current_view(world)->index = index_new(&world_key);
	current_policy_view(world)->name = story->word[1];
	describe_view(world, story);
	world->changed = true;
}

static void
add_network(struct world *world, const struct story *story)
{
	bool isolated = story_has(story, 2, "isolated");

	if (story->count < 3 ||
	    !networks_add(&world->policy.networks, story->word[1]))
		story_fail(story, "which network?");
	for (unsigned i = 2; i < story->count; i++) {
		struct prefix prefix;

		if (strcmp(story->word[i], "isolated") == 0)
			continue;
		prefix = read_prefix(story, story->word[i]);
		networks_add_prefix(&world->policy.networks, &prefix,
		    isolated);
	}
	world->changed = true;
}

static void
set_by_network(struct world *world, const struct story *story)
{
	struct networks *networks = &world->policy.networks;

	if (story_has(story, 1, "prefer"))
		networks->mode = NETWORKS_PREFER;
	else if (story_has(story, 1, "only"))
		networks->mode = NETWORKS_ONLY;
	else if (story_has(story, 1, "off"))
		networks->mode = NETWORKS_OFF;
	else
		story_fail(story, "prefer, only or off?");
}

static void
add_told(struct world *world, const struct story *story)
{
	for (unsigned i = 1; i < story->count; i++)
		world->told[world->policy.told_count++] =
		    read_prefix(story, story->word[i]);
}

static void
set_rebind(struct world *world, const struct story *story)
{
	struct rebind *rebind = &world->policy.rebind;

	rebind->enabled = story_has(story, 1, "on");
	rebind->allow = world->allowed;
	rebind->count = 0;
	for (unsigned i = 2; i < story->count; i++)
		world->allowed[rebind->count++] = read_name(story, i);
}

static bool
set_value(struct world *world, const struct story *story)
{
	const char *verb = story->word[0];

	if (strcmp(verb, "emptied") == 0)
		empty_routes(world);
	else if (strcmp(verb, "stale") == 0 && story->count > 1)
		cache_set_stale(world->cache, atol(story->word[1]) * 1000);
	else if (strcmp(verb, "allow") == 0)
		set_allow(world, story);
	else if (strcmp(verb, "client") == 0)
		set_client(world, story);
	else if (strcmp(verb, "network") == 0)
		add_network(world, story);
	else if (strcmp(verb, "by-network") == 0)
		set_by_network(world, story);
	else if (strcmp(verb, "view") == 0)
		set_view(world, story);
	else if (strcmp(verb, "told") == 0)
		add_told(world, story);
	else if (strcmp(verb, "rebind") == 0)
		set_rebind(world, story);
	else if (strcmp(verb, "host") == 0)
		world->policy.host = read_name(story, 1);
	else if (strcmp(verb, "hostname") == 0 && story->count > 1)
		strncpy(world->policy.hostname, story->word[1],
		    sizeof(world->policy.hostname) - 1);
	else if (strcmp(verb, "time") == 0 && story->count > 1)
		world->now_ms += atol(story->word[1]);
	else
		return false;
	return true;
}

bool
world_statement(struct world *world, struct story *story)
{
	const char *verb = story->word[0];

	if (strcmp(verb, "zone") == 0)
		add_zone(world, story);
	else if (strcmp(verb, "hosts") == 0)
		add_hosts(world, story);
	else if (strcmp(verb, "leases") == 0)
		add_leases(world, story);
	else if (strcmp(verb, "domain") == 0)
		add_area(world, story, AREA_DOMAIN);
	else if (strcmp(verb, "not-ready") == 0)
		add_area(world, story, AREA_ZONE);
	else if (strcmp(verb, "route") == 0)
		add_route(world, story);
	else
		return set_value(world, story);
	return true;
}

static void
commit_view(struct world *world, unsigned at)
{
	struct world_view *made = &world->views[at];
	struct view *view = at == 0 ? &world->policy.top :
	    &world->policy_views[at - 1];
	const struct networks *networks = &world->policy.networks;
	struct prefix isolated[WORLD_MAX];
	size_t count = 0;

	for (unsigned i = 0; i < networks->prefix_count && count < WORLD_MAX;
	     i++)
		if (networks->prefixes[i].isolated)
			isolated[count++] = networks->prefixes[i].prefix;
	index_set_isolated(made->index, isolated, count);
	index_set_areas(made->index, made->areas, made->area_count);
	view->names = index_commit(made->index, WORLD_NOW_S);
	index_reclaim(made->index);
}

struct query_env
world_env(struct world *world)
{
	if (world->changed) {
		for (unsigned i = 0; i < world->view_count; i++)
			commit_view(world, i);
		world->changed = false;
	}
	return (struct query_env){
		.policy = &world->policy,
		.cache = world->cache,
		.stats = &world->stats,
		.tally = &world->tally,
		.now_ms = world->now_ms,
	};
}
