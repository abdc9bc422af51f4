/* SPDX-License-Identifier: BSD-2-Clause */
#include "routes.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "listenplan.h"
#include "query/servers.h"
#include "sys/files.h"
#include "sys/ifaces.h"
#include "sys/resolvconf.h"

#define RESOLV_CONF_MAX (1 << 20)

struct making {
	const struct conf *conf;
	struct diags *diags;
	struct route *route;
	bool all_private;		/* of the upstreams so far */
};

static void
add_upstream(struct making *making, const struct upstream *upstream)
{
	struct upstreams *to = &making->route->to;

	if (to->count == UPSTREAMS_MAX)
		return;
	to->list[to->count++] = *upstream;
	making->all_private &= addr_is_rfc1918_or_ula(
	    &upstream->endpoint.addr);
}

/* Would a question to this address come back to us? */
static bool
is_own(const struct conf *conf, const struct endpoint *endpoint)
{
	struct ifaces *ifaces = ifaces_list();
	bool own = listenplan_serves(conf, ifaces, endpoint);

	ifaces_free(ifaces);
	return own;
}

static bool
read_list(struct making *making, const char *path, struct resolvconf *list)
{
	struct diag_place place = {.file = path};
	struct files_content file;
	const char *wrong = files_read(path, RESOLV_CONF_MAX, &file);

	if (wrong) {
		diags_add(making->diags, DIAG_WARNING, &place, "upstream-list",
		    "%s", wrong);
		diags_then(making->diags, "names that need it get SERVFAIL "
		    "until it can be read");
		return false;
	}
	resolvconf_parse(list, path, file.bytes, file.length, making->diags);
	files_release(&file);
	return true;
}

static void
tell_own(struct making *making, const char *path,
    const struct endpoint *endpoint)
{
	struct diag_place place = {.file = path};
	char text[ENDPOINT_TEXT];

	diags_add(making->diags, DIAG_WARNING, &place, "own-address",
	    "%s is hostler's own address; it is passed over",
	    endpoint_print(endpoint, text));
}

static void
add_listed(struct making *making, const char *path,
    const struct endpoint *endpoint)
{
	if (is_own(making->conf, endpoint))
		tell_own(making, path, endpoint);
	else
		add_upstream(making, &(struct upstream){
		    .endpoint = *endpoint, .transport = UPSTREAM_UDP});
}

static void
tell_names(struct making *making, const char *server)
{
	struct diag_place place = {.file = making->conf->path
	    ? making->conf->path : "forward"};

	diags_add(making->diags, DIAG_ERROR, &place, NULL,
	    "no place for the server name %s: %d others were used since the "
	    "start", server, SERVERS_MAX);
	diags_then(making->diags, "start hostler anew");
}

/* Questions to it would come back until they are given up. */
static void
add_written(struct making *making, const struct conf_upstream *upstream)
{
	static const enum upstream_transport transports[] = {
	    [CONF_UPSTREAM_UDP] = UPSTREAM_UDP,
	    [CONF_UPSTREAM_TCP] = UPSTREAM_TCP,
	    [CONF_UPSTREAM_TLS] = UPSTREAM_TLS};
	struct upstream added = {
	    .endpoint = upstream->endpoint,
	    .transport = transports[upstream->kind],
	};

	if (is_own(making->conf, &upstream->endpoint)) {
		tell_own(making, making->conf->path ? making->conf->path :
		    "forward", &upstream->endpoint);
		return;
	}
	if (upstream->server) {
		added.server = servers_number(upstream->server);
		if (added.server == SERVERS_NONE) {
			tell_names(making, upstream->server);
			return;
		}
	}
	add_upstream(making, &added);
}

static void
add_from_file(struct making *making, const char *path)
{
	struct resolvconf list;

	if (!read_list(making, path, &list))
		return;
	if (resolvconf_has_stub(&list) &&
	    strcmp(path, RESOLVCONF_RESOLVED) != 0 &&
	    files_exists(RESOLVCONF_RESOLVED)) {
		add_from_file(making, RESOLVCONF_RESOLVED);
		return;
	}
	for (unsigned i = 0; i < list.server_count; i++)
		add_listed(making, path, &list.servers[i]);
}

static void
tell_empty(struct making *making, const struct conf_forward *forward)
{
	struct diag_place place = {.file = making->conf->path
	    ? making->conf->path : "forward"};
	char zone[DNAME_TEXT_MAX];

	diags_add(making->diags, DIAG_WARNING, &place, "no-upstream",
	    "the forward entry for %s has no upstream at present",
	    dname_print(forward->zone.wire, zone));
	diags_then(making->diags, "names that need it get SERVFAIL at once");
}

static void
make_route(struct making *making, const struct conf_forward *forward)
{
	making->all_private = true;
	making->route->zone = forward->zone;
	for (size_t i = 0; i < forward->count; i++) {
		const struct conf_upstream *upstream = &forward->to[i];

		if (upstream->kind == CONF_UPSTREAM_FILE)
			add_from_file(making, upstream->path);
		else
			add_written(making, upstream);
	}
	if (making->route->to.count == 0)
		tell_empty(making, forward);
	making->route->private_names =
	    forward->private_names == CONF_PRIVATE_YES ||
	    (forward->private_names == CONF_PRIVATE_AUTO &&
		making->route->to.count > 0 && making->all_private);
	upstreams_set_id(&making->route->to);
}

static int
compare_routes(const void *left, const void *right)
{
	const struct route *a = left, *b = right;

	return (int)b->zone.labels - (int)a->zone.labels;
}

void
routes_make(struct view *view, const struct conf *conf,
    const struct conf_scope *scope, struct diags *diags)
{
	struct making making = {.conf = conf, .diags = diags};

	view->route_count = (unsigned)scope->forward_count;
	view->routes = memory_zeroed(scope->forward_count + 1,
	    sizeof *view->routes);
	for (size_t i = 0; i < scope->forward_count; i++) {
		making.route = &view->routes[i];
		make_route(&making, &scope->forward[i]);
	}
	qsort(view->routes, view->route_count, sizeof *view->routes,
	    compare_routes);
}

static void
add_path(const char ***paths, size_t *count, const char *path)
{
	*paths = memory_resize(*paths, *count + 1, sizeof **paths);
	(*paths)[(*count)++] = path;
}

static void
add_paths(const struct conf_scope *scope, const char ***paths, size_t *count)
{
	for (size_t i = 0; i < scope->forward_count; i++) {
		const struct conf_forward *forward = &scope->forward[i];

		for (size_t k = 0; k < forward->count; k++)
			if (forward->to[k].kind == CONF_UPSTREAM_FILE)
				add_path(paths, count, forward->to[k].path);
	}
}

size_t
routes_paths(const struct conf *conf, const char ***paths)
{
	size_t count = 0;

	*paths = NULL;
	add_paths(&conf->top, paths, &count);
	for (size_t i = 0; i < conf->view_count; i++)
		add_paths(&conf->views[i].scope, paths, &count);
	if (count)
		add_path(paths, &count, RESOLVCONF_RESOLVED);
	return count;
}

static uint64_t
hash_file(uint64_t before, const char *path)
{
	struct hash_key key = {0x726f757465, before};
	struct files_content file;
	const char *wrong = files_read(path, RESOLV_CONF_MAX, &file);
	uint64_t hash;

	if (wrong)
		return hash_siphash13(&key, (const uint8_t *)wrong,
		    strlen(wrong));
	hash = hash_siphash13(&key, (const uint8_t *)file.bytes, file.length);
	files_release(&file);
	return hash;
}

uint64_t
routes_hash(const struct conf *conf)
{
	const char **paths;
	size_t count = routes_paths(conf, &paths);
	uint64_t hash = count;

	for (size_t i = 0; i < count; i++)
		hash = hash_file(hash, paths[i]);
	free(paths);
	return hash;
}
