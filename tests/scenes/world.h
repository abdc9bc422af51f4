/* SPDX-License-Identifier: BSD-2-Clause */
/* world.h - all that a scene sets up: sources, routes, the client, the time.
 *
 * Statements of the set-up (each can come again between queries):
 *
 *   zone NAME [overlay]           a zone file, up to `end`
 *   hosts [DOMAIN]                a hosts file, up to `end`
 *   leases DOMAIN [TTL]           a lease file in dnsmasq's format, up to
 *                                 `end`; it is 1700000000 when the scene begins
 *   domain NAME [overlay] [not-ready]
 *                                 of the configuration
 *   not-ready NAME [overlay]      a zone that could not be read yet
 *   route ZONE [private-names] [ADDR@PORT]...
 *   emptied                       all routes of the view have no upstream any
 *                                 more, as after a reload with empty lists
 *   allow any|private|none [PREFIX]...
 *   view NAME [clients PREFIX...] [asked ADDR...] [inherit]
 *                                 zone, hosts, leases, domain and route are
 *                                 this view's from here; `view top` goes back
 *   network NAME PREFIX... [isolated]
 *   by-network prefer|only|off
 *   told PREFIX...                sees the source of answers
 *   rebind on|off [NAME...]      rebind-protection, and the names allowed
 *   stale SECONDS                cache.stale; 0 when the scene begins
 *   host NAME                     the server's own name
 *   hostname TEXT                 for hostname.bind
 *   client ADDR [ADDR] [tcp]      who asks, and the address that is asked
 *   time MS                       later by so much
 */
#ifndef HOSTLER_TESTS_WORLD_H
#define HOSTLER_TESTS_WORLD_H

#include "base/stats.h"
#include "names/index.h"
#include "query/query.h"
#include "story.h"

#define WORLD_MAX 16
#define WORLD_VIEWS_MAX 4

/* A view in the making; the first is the top level. */
struct world_view {
	struct index *index;
	struct index_area areas[WORLD_MAX];
	unsigned area_count;
	struct route routes[WORLD_MAX];
	struct prefix clients[WORLD_MAX];
	struct addr asked[WORLD_MAX];
};

struct world {
	struct world_view views[WORLD_VIEWS_MAX];
	unsigned view_count;
	unsigned current;		/* that statements are about */
	struct view policy_views[WORLD_VIEWS_MAX];
	struct prefix prefixes[WORLD_MAX];
	struct prefix told[WORLD_MAX];
	struct dname allowed[WORLD_MAX];
	struct policy policy;
	struct cache *cache;
	struct stats stats;
	struct tally tally;
	struct query_client client;
	int64_t now_ms;
	uint32_t rank;
	bool changed;			/* since the last commit */
};

void world_init(struct world *world);
void world_fini(struct world *world);
/* Carry out the statement, if it is one of those above. */
bool world_statement(struct world *world, struct story *story);
/* What a step is to be given; commits what changed. */
struct query_env world_env(struct world *world);

#endif
