/* SPDX-License-Identifier: BSD-2-Clause */
/* reload.h - everything anew, without a query noticing: the configuration, the
 * sources, the listeners, the policy that the workers read.
 *
 *   read -> check -> index -> snapshot -> policy -> publish -> free the old
 *
 * A configuration with an error changes nothing of the configuration; a source
 * with an error keeps its last good content; an address that cannot be bound
 * is told and the others served.  The cache stays.
 *
 * One thread: main's.
 */
#ifndef HOSTLER_RELOAD_H
#define HOSTLER_RELOAD_H

#include "base/diag.h"
#include "conf.h"
#include "confine.h"
#include "listeners.h"
#include "net/worker.h"
#include "query/policy.h"
#include "realms.h"

struct reload;

/* Takes the configuration; options as given to confread, for reading it again;
 * they and the listeners must outlive the reload. */
struct reload *reload_new(struct conf *conf,
    const struct conf_options *options, struct listeners *listeners);
/* No worker may be left. */
void reload_free(struct reload *reload);

/* From now on what the configuration newly names lies within this, or needs a
 * restart; it outlives the reload. */
void reload_set_confinement(struct reload *reload,
    const struct confinement *confinement);

/* Read the sources and publish for the first time. */
void reload_first(struct reload *reload);
struct publisher *reload_publisher(struct reload *reload);
/* What tls:// upstreams are known by; NULL: nothing. */
struct tls_trust *reload_trust(struct reload *reload);

/* These follow the configuration too; before reload_first. */
struct taps;
void reload_set_taps(struct reload *reload, struct taps *taps);

/* From now on these serve: listeners go to them, changes are told to them. */
void reload_set_workers(struct reload *reload, struct workers *workers);

enum reload_result {
	RELOAD_DONE,
	RELOAD_DONE_WITH_ERRORS,
};
/* Until the next call, what reload_again changes is noted there; NULL:
 * nowhere. */
void reload_note_changes(struct reload *reload, struct changes *changes);

/* Do it all again; what was wrong is in reload_conf_diags and with each
 * source. */
enum reload_result reload_again(struct reload *reload);

/* Read only the sources that changed, and publish where that changed anything:
 * what a watcher calls. */
enum reload_news {
	RELOAD_NOTHING,			/* no file had changed */
	RELOAD_READ,			/* but what they say had not */
	RELOAD_PUBLISHED,
};
enum reload_news reload_refresh(struct reload *reload);

/* Publish anew where the addresses of this machine are not those of the last
 * time: `attached` clients and the machine's networks are others.  Reads no
 * source. */
enum reload_news reload_attach(struct reload *reload);

/* Free versions that no worker can see any more; true while some wait: call
 * again soon. */
bool reload_reclaim(struct reload *reload);

/* For status. */
const struct listeners *reload_listeners(const struct reload *reload);
const struct conf *reload_conf(const struct reload *reload);
struct realms *reload_realms(const struct reload *reload);
const struct policy *reload_policy(const struct reload *reload);
uint64_t reload_generation(const struct reload *reload);
size_t reload_name_count(const struct reload *reload);
/* Of the configuration, by the last reading; of upstream lists and networks,
 * by the last publishing. */
const struct diags *reload_conf_diags(const struct reload *reload);
const struct diags *reload_route_diags(const struct reload *reload);
/* The resolv.confs that upstreams come from. */
const struct loadfiles *reload_route_files(const struct reload *reload);

#endif
