/* SPDX-License-Identifier: BSD-2-Clause */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/hostsfile.h"
#include "names/zonefile.h"

#define WORLD_NOW_S 1700000000
#define WORLD_CACHE_BYTES (1 << 20)

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
	static const struct hash_key key = { 1, 2 };

	memset(world, 0, sizeof(*world));
	world->index = index_new(&key);
	world->cache = cache_new(WORLD_CACHE_BYTES);
	world->policy.top.routes = world->routes;
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
	index_free(world->index);
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
	index_replace(world->index, NULL, content);
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

static void
add_area(struct world *world, const struct story *story, enum area_kind kind)
{
	if (world->area_count == WORLD_MAX)
		story_fail(story, "too many areas");
	world->areas[world->area_count++] = (struct index_area){
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

	if (world->policy.top.route_count == WORLD_MAX)
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
	world->routes[world->policy.top.route_count++] = route;
	qsort(world->routes, world->policy.top.route_count,
	    sizeof(*world->routes), compare_routes);
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

static bool
set_value(struct world *world, const struct story *story)
{
	const char *verb = story->word[0];

	if (strcmp(verb, "allow") == 0)
		set_allow(world, story);
	else if (strcmp(verb, "client") == 0)
		set_client(world, story);
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

struct query_env
world_env(struct world *world)
{
	if (world->changed) {
		index_set_areas(world->index, world->areas,
		    world->area_count);
		world->policy.top.names = index_commit(world->index,
		    WORLD_NOW_S);
		index_reclaim(world->index);
		world->changed = false;
	}
	return (struct query_env){
		.policy = &world->policy,
		.cache = world->cache,
		.stats = &world->stats,
		.now_ms = world->now_ms,
	};
}
