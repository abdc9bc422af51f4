/* SPDX-License-Identifier: BSD-2-Clause */
/* policy.h - all that decides an answer, at one moment: the names, who may
 * ask, where the rest is forwarded; and how it reaches the workers.
 *
 * One writer (reload) makes a policy and publishes it; many readers (workers)
 * borrow it for one batch of packets.  Borrowing takes no lock and does not
 * wait.  A policy is read-only from the moment it is published.
 *
 * A query that waits for an upstream keeps copies, never a pointer into a
 * policy: a borrow ends with its batch.
 *
 * The snapshots of all views have the same key (snapshot_key), so that a name
 * is hashed once.
 *
 * A view is names and routes of its own.  Whoever fits none gets the top level
 * (policy_view); one that inherits looks there for names that it lacks.
 */
#ifndef HOSTLER_QUERY_POLICY_H
#define HOSTLER_QUERY_POLICY_H

#include <stdatomic.h>

#include "base/addr.h"
#include "base/epoch.h"
#include "dns/cookie.h"
#include "dns/dname.h"
#include "names/snapshot.h"
#include "query/networks.h"
#include "query/rate.h"
#include "query/rebind.h"

#define UPSTREAMS_MAX 8

enum upstream_transport {
	UPSTREAM_UDP,			/* then TCP where truncated */
	UPSTREAM_TCP,
	UPSTREAM_TLS,			/* never anything else */
};

struct upstream {
	struct endpoint endpoint;
	enum upstream_transport transport;
	uint16_t server;		/* TLS: its name, see servers.h */
};
bool upstream_equal(const struct upstream *a, const struct upstream *b);

/* As the configuration has it: ADDR@PORT, tcp://ADDR@PORT,
 * tls://ADDR@PORT#NAME.  Returns buf. */
#define UPSTREAM_TEXT (6 + ENDPOINT_TEXT + 256)
char *upstream_print(const struct upstream *upstream,
    char buf[UPSTREAM_TEXT]);

/* Where a question goes: a value, copied into what waits.  id is a hash of
 * the list, part of every cache key. */
struct upstreams {
	uint64_t id;
	uint8_t count;
	struct upstream list[UPSTREAMS_MAX];
};

void upstreams_set_id(struct upstreams *upstreams);

/* One `forward` entry. */
struct route {
	struct dname zone;		/* lower */
	struct upstreams to;		/* count 0: none at present */
	bool private_names;		/* takes internal, home.arpa and the
					 * private reverse zones where "." */
};

/* Who may ask.  `attached` is resolved into prefixes by whoever makes it. */
struct allow {
	bool any;
	bool private;			/* addr_is_private */
	unsigned count;
	struct prefix *prefixes;
};
bool allow_permits(const struct allow *allow, const struct addr *client);
/* Does it let in whomever `all` lets in? */
bool allow_covers(const struct allow *allow, const struct allow *all);

/* To whom so many answers go by UDP, and no more. */
struct rating {
	struct rate_limits limits;
	bool limits_allowed;		/* some of those who may ask, too */
	struct allow exempt;
};

struct view {
	const char *name;		/* NULL: the top level */
	const struct snapshot *names;	/* the index owns it */
	bool inherit;
	unsigned route_count;
	struct route *routes;		/* longest zone first */
	unsigned client_count;		/* who gets it: these, */
	struct prefix *clients;
	unsigned asked_count;		/* whoever asks one of these, or both */
	struct addr *asked;
};

struct policy {
	struct view top;
	unsigned view_count;
	struct view *views;
	struct networks networks;
	struct allow allow;
	struct rating rating;
	unsigned told_count;		/* who sees the source as EDE text */
	struct prefix *told;
	struct rebind rebind;
	struct cookie_secrets cookies;
	char hostname[256];		/* hostname.bind, id.server */
	struct dname host;		/* the server's own name, lower: its
					 * first label alone or whole counts */
	uint64_t generation;
	int64_t max_ttl_s;		/* of what is forwarded, as min, neg. */
	int64_t min_ttl_s;
	int64_t max_negative_ttl_s;
	int64_t stale_s;		/* given after they expired; 0: never */
};

/* The view of a client: one that names the address asked goes ahead of one
 * that does not, then the longest prefix, then the order.  A view that has both
 * must fit in both.  A prefix fits a link-local client as well where all of the
 * card by which it came is in there (networks.h). */
struct policy_client {
	const struct addr *addr;
	const struct addr *asked;
	uint32_t link;			/* of a link-local one; else 0 */
};
const struct view *policy_choose_view(const struct policy *policy,
    const struct policy_client *client);

static inline const struct view *
policy_view(const struct policy *policy, const struct policy_client *client)
{
	return policy->view_count == 0 ? &policy->top :
	    policy_choose_view(policy, client);
}

/* Is this client told where each answer comes from?  Prefixes fit as those of
 * views do. */
bool policy_tells(const struct policy *policy,
    const struct policy_client *client);

/* The route whose zone is the longest at or above name; NULL: none. */
const struct route *view_route(const struct view *view, const uint8_t *lower,
    unsigned labels);

/* A route whose list is empty at present, but was not before, keeps the id of
 * what it had: so that the cache goes on to answer for it.  Before policy is
 * published; before may be NULL. */
void policy_keep_sets(struct policy *policy, const struct policy *before);

/* Frees views, routes, prefixes and the policy; not the snapshots. */
void policy_free(struct policy *policy);

/* Handing over.  publisher_swap returns the policy before: it may be freed
 * once epoch_passed(*ticket). */
struct publisher {
	_Atomic(const struct policy *) current;
};
const struct policy *publisher_borrow(struct publisher *publisher);
const struct policy *publisher_swap(struct publisher *publisher,
    const struct policy *policy, uint64_t *ticket);

#endif
