/* SPDX-License-Identifier: BSD-2-Clause */
#include "reload.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/pages.h"
#include "base/random.h"
#include "confread.h"
#include "giving.h"
#include "policymake.h"
#include "routes.h"
#include "sys/ifaces.h"
#include "taps.h"
#include "trust.h"

/* Either takes some 5 ms to read. */
#define MANY_NAMES 20000
#define MUCH_TEXT (1 << 20)

/* A policy that workers may still read, and when they cannot any more. */
struct old_policy {
	struct policy *policy;
	uint64_t ticket;
	struct old_policy *next;
};

struct reload {
	struct conf *conf;
	const struct conf_options *options;
	struct diags *conf_diags;	/* of the last reading that counted */
	struct diags *route_diags;	/* of the last publishing */
	uint64_t route_hash;
	struct loadfiles route_files;	/* that it was made from */
	struct realms *realms;
	struct publisher publisher;
	struct old_policy *old;
	bool index_waits;
	struct trust trust;
	struct listeners *listeners;
	struct ifaces *ifaces;		/* that the policy was made with */
	const struct confinement *confinement;
	struct workers *workers;
	struct taps *taps;
	uint64_t generation;
	struct cookie_secrets cookies;	/* where none is configured */
};

struct reload *
reload_new(struct conf *conf, const struct conf_options *options,
    struct listeners *listeners)
{
	struct reload *reload = memory_zeroed(1, sizeof *reload);

	reload->listeners = listeners;
	reload->conf = conf;
	reload->options = options;
	reload->conf_diags = diags_new();
	reload->route_diags = diags_new();
	reload->realms = realms_new();
	random_bytes(&reload->cookies.now, sizeof reload->cookies.now);
	return reload;
}

/* Policies are const for everybody but whoever frees them. */
static struct policy *
unshare(const struct policy *policy)
{
	return (struct policy *)(uintptr_t)policy;
}

static void
free_old_policies(struct reload *reload)
{
	while (reload->old) {
		struct old_policy *old = reload->old;

		reload->old = old->next;
		policy_free(old->policy);
		free(old);
	}
}

void
reload_free(struct reload *reload)
{
	const struct policy *policy = reload_policy(reload);

	free_old_policies(reload);
	if (policy)
		policy_free(unshare(policy));
	realms_free(reload->realms);
	loadfiles_fini(&reload->route_files);
	diags_free(reload->route_diags);
	diags_free(reload->conf_diags);
	ifaces_free(reload->ifaces);
	trust_fini(&reload->trust);
	conf_free(reload->conf);
	free(reload);
}

/* ---- the policy ---- */

/* What resolv.confs said when the routes were made. */
static void
note_route_files(struct reload *reload)
{
	const char **paths;
	size_t count = routes_paths(reload->conf, &paths);

	loadfiles_fini(&reload->route_files);
	for (size_t i = 0; i < count; i++)
		loadfiles_note(&reload->route_files, paths[i]);
	free(paths);
	reload->route_hash = routes_hash(reload->conf);
}

/* Where the kernel does not tell, they are as they were. */
static void
look_at_interfaces(struct reload *reload)
{
	struct ifaces *ifaces = ifaces_list();

	if (reload->ifaces && !ifaces->known) {
		ifaces_free(ifaces);
		return;
	}
	ifaces_free(reload->ifaces);
	reload->ifaces = ifaces;
}

static void
publish(struct reload *reload)
{
	struct old_policy *old;
	const struct policy *before;
	struct policy *policy;
	uint64_t ticket;

	realms_commit(reload->realms, reload->conf);
	diags_free(reload->route_diags);
	reload->route_diags = diags_new();
	diags_silence(reload->route_diags,
	    (const char *const *)reload->conf->warnings_off,
	    reload->conf->warnings_off_count);
	note_route_files(reload);
	look_at_interfaces(reload);
	policy = policymake(reload->conf, reload->realms, reload->ifaces,
	    reload->route_diags);
	policy_keep_sets(policy, publisher_borrow(&reload->publisher));
	policy->cookies = reload->conf->cookies.shared ?
	    reload->conf->cookies : reload->cookies;
	policy->generation = ++reload->generation;
	before = publisher_swap(&reload->publisher, policy, &ticket);
	reload->index_waits = true;
	if (!before)
		return;
	old = memory_zeroed(1, sizeof *old);
	old->policy = unshare(before);
	old->ticket = ticket;
	old->next = reload->old;
	reload->old = old;
	if (reload->workers)
		workers_policy_changed(reload->workers);
}

bool
reload_reclaim(struct reload *reload)
{
	struct old_policy **link = &reload->old;

	while (*link) {
		struct old_policy *old = *link;

		if (!epoch_passed(old->ticket)) {
			link = &old->next;
			continue;
		}
		*link = old->next;
		policy_free(old->policy);
		free(old);
	}
	if (reload->index_waits) {
		reload->index_waits = realms_reclaim(reload->realms);
		if (!reload->index_waits) {
			memory_give_back();
			pages_settle();
		}
	}
	return reload->old || reload->index_waits;
}

/* ---- first and again ---- */

void
reload_first(struct reload *reload)
{
	realms_read(reload->realms, reload->conf, LOADFILES_TRUST);
	trust_renew(&reload->trust, reload->conf, reload->conf_diags);
	taps_set(reload->taps, reload->conf, reload->conf_diags);
	publish(reload);
}

struct tls_trust *
reload_trust(struct reload *reload)
{
	return reload->trust.tls;
}

struct publisher *
reload_publisher(struct reload *reload)
{
	return &reload->publisher;
}

void
reload_set_taps(struct reload *reload, struct taps *taps)
{
	reload->taps = taps;
}

void
reload_set_workers(struct reload *reload, struct workers *workers)
{
	reload->workers = workers;
	listeners_set_workers(reload->listeners, workers);
}

void
reload_set_confinement(struct reload *reload,
    const struct confinement *confinement)
{
	reload->confinement = confinement;
}

static void
tell_restart(struct diags *diags, const char *path, const char *key)
{
	struct diag_place place = {.file = path ? path : "options"};

	diags_add(diags, DIAG_WARNING, &place, "needs-restart",
	    "'%s' has changed; that needs a restart", key);
	diags_then(diags, "the old value stays in use");
}

static bool
differs(const char *a, const char *b)
{
	return !a != !b || (a && strcmp(a, b) != 0);
}

static void
keep_text(char **fresh, char **old)
{
	char *swap = *fresh;

	*fresh = *old;
	*old = swap;
}

static void
keep_rights(struct conf *fresh, struct conf *old, struct diags *diags)
{
	if (differs(fresh->user, old->user))
		tell_restart(diags, fresh->path, "user");
	keep_text(&fresh->user, &old->user);
	if (fresh->read_all != old->read_all)
		tell_restart(diags, fresh->path, "read-all");
	fresh->read_all = old->read_all;
	if (fresh->sandbox != old->sandbox)
		tell_restart(diags, fresh->path, "sandbox");
	fresh->sandbox = old->sandbox;
}

/* Where hostler may write was settled at the start. */
static bool
moves_out(const struct reload *reload, const char *fresh, const char *old)
{
	return reload->confinement && fresh && differs(fresh, old) &&
	    !confine_covers(reload->confinement, fresh);
}

static void
keep_places(const struct reload *reload, struct conf *fresh,
    struct diags *diags)
{
	struct conf *old = reload->conf;

	if (moves_out(reload, fresh->managed_hosts, old->managed_hosts)) {
		tell_restart(diags, fresh->path, "managed-hosts");
		keep_text(&fresh->managed_hosts, &old->managed_hosts);
	}
	if (moves_out(reload, fresh->log.file, old->log.file)) {
		tell_restart(diags, fresh->path, "log.file");
		keep_text(&fresh->log.file, &old->log.file);
	}
	if (moves_out(reload, fresh->dnstap.file, old->dnstap.file)) {
		tell_restart(diags, fresh->path, "dnstap.file");
		keep_text(&fresh->dnstap.file, &old->dnstap.file);
		keep_text(&fresh->dnstap.socket, &old->dnstap.socket);
	}
}

/* What only a restart can change keeps its old value. */
static void
keep_fixed(const struct reload *reload, struct conf *fresh,
    struct diags *diags)
{
	struct conf *old = reload->conf;

	if (fresh->threads != old->threads)
		tell_restart(diags, fresh->path, "threads");
	fresh->threads = old->threads;
	keep_rights(fresh, old, diags);
	/* The default depends on whose rights the process has: no change. */
	if ((fresh->control_given || old->control_given) &&
	    differs(fresh->control_socket, old->control_socket))
		tell_restart(diags, fresh->path, "control");
	keep_text(&fresh->control_socket, &old->control_socket);
	if (fresh->cache_bytes != old->cache_bytes)
		tell_restart(diags, fresh->path, "cache.size");
	fresh->cache_bytes = old->cache_bytes;
	if (fresh->tcp.connections != old->tcp.connections ||
	    fresh->tcp.per_client != old->tcp.per_client ||
	    fresh->tcp.idle_s != old->tcp.idle_s)
		tell_restart(diags, fresh->path, "tcp");
	fresh->tcp = old->tcp;
	keep_places(reload, fresh, diags);
}

static void
read_conf_again(struct reload *reload, struct diags *diags)
{
	struct conf *fresh = confread(reload->options, diags);

	if (!fresh) {
		diags_then(diags, "the configuration stays as it was");
		return;
	}
	keep_fixed(reload, fresh, diags);
	conf_free(reload->conf);
	reload->conf = fresh;
	log_set_level(fresh->log_level);
}

void
reload_note_changes(struct reload *reload, struct changes *changes)
{
	reload->realms->changes = changes;
}

/* All of it takes long where there are many names. */
static void
renew_names(void *context)
{
	struct reload *reload = context;

	realms_read(reload->realms, reload->conf, LOADFILES_DOUBT);
	publish(reload);
	reload_reclaim(reload);
}

enum reload_result
reload_again(struct reload *reload)
{
	struct diags *diags = diags_new();

	diags_free(reload->conf_diags);
	reload->conf_diags = diags;
	read_conf_again(reload, diags);
	listeners_open(reload->listeners, reload->conf);
	taps_set(reload->taps, reload->conf, diags);
	/* Before the policy that has questions go to these upstreams. */
	if (trust_renew(&reload->trust, reload->conf, diags) &&
	    reload->workers)
		workers_trust(reload->workers, reload->trust.tls);
	giving_do(renew_names, reload);
	listeners_drop(reload->listeners);
	reload_reclaim(reload);
	if (diags_count(diags, DIAG_ERROR) ||
	    diags_count(listeners_diags(reload->listeners), DIAG_ERROR) ||
	    diags_count(reload->route_diags, DIAG_ERROR) ||
	    realms_count_diags(reload->realms, DIAG_ERROR))
		return RELOAD_DONE_WITH_ERRORS;
	return RELOAD_DONE;
}

/* DHCP clients write a resolv.conf anew with every lease, and mostly as it
 * was. */
static bool
has_other_routes(struct reload *reload)
{
	uint64_t before = reload->route_hash;

	if (!loadfiles_changed(&reload->route_files, LOADFILES_TRUST))
		return false;
	note_route_files(reload);
	return reload->route_hash != before;
}

static enum reload_news
refresh_names(struct reload *reload)
{
	struct realms_news news = realms_read(reload->realms, reload->conf,
	    LOADFILES_TRUST);

	if (!news.changed && !has_other_routes(reload))
		return news.read ? RELOAD_READ : RELOAD_NOTHING;
	publish(reload);
	reload_reclaim(reload);
	return RELOAD_PUBLISHED;
}

struct refreshing {
	struct reload *reload;
	enum reload_news news;
};

static void
do_refresh(void *context)
{
	struct refreshing *refreshing = context;

	refreshing->news = refresh_names(refreshing->reload);
}

/* There are many names, or, by the files' sizes, soon will be. */
static bool
takes_long(const struct reload *reload)
{
	return reload_name_count(reload) >= MANY_NAMES ||
	    realms_text_bytes(reload->realms) >= MUCH_TEXT;
}

/* Few names are read at once: on a core that is full, who gives way waits. */
enum reload_news
reload_refresh(struct reload *reload)
{
	struct refreshing refreshing = {.reload = reload};

	if (!takes_long(reload))
		return refresh_names(reload);
	giving_do(do_refresh, &refreshing);
	return refreshing.news;
}

enum reload_news
reload_attach(struct reload *reload)
{
	struct ifaces *ifaces = ifaces_list();
	bool same = !ifaces->known || ifaces_equal(ifaces, reload->ifaces);

	ifaces_free(ifaces);
	if (same)
		return RELOAD_NOTHING;
	publish(reload);
	reload_reclaim(reload);
	return RELOAD_PUBLISHED;
}

/* ---- for status ---- */

const struct listeners *
reload_listeners(const struct reload *reload)
{
	return reload->listeners;
}

const struct conf *
reload_conf(const struct reload *reload)
{
	return reload->conf;
}

struct realms *
reload_realms(const struct reload *reload)
{
	return reload->realms;
}

const struct policy *
reload_policy(const struct reload *reload)
{
	return atomic_load_explicit(&reload->publisher.current,
	    memory_order_relaxed);
}

uint64_t
reload_generation(const struct reload *reload)
{
	return reload->generation;
}

size_t
reload_name_count(const struct reload *reload)
{
	return realms_name_count(reload->realms);
}

const struct diags *
reload_conf_diags(const struct reload *reload)
{
	return reload->conf_diags;
}

const struct diags *
reload_route_diags(const struct reload *reload)
{
	return reload->route_diags;
}

const struct loadfiles *
reload_route_files(const struct reload *reload)
{
	return &reload->route_files;
}
