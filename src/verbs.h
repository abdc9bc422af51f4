/* SPDX-License-Identifier: BSD-2-Clause */
/* verbs.h - what the daemon says and does at its control socket.
 *
 * A verb is one function, and one line in the table of verbs.c: status, reload
 * and stats are there, those about names in verbnames.c, those that change
 * something in verbhands.c.
 */
#ifndef HOSTLER_VERBS_H
#define HOSTLER_VERBS_H

#include "base/epoch.h"
#include "confine.h"
#include "refresh.h"
#include "reload.h"
#include "serve/control.h"
#include "serve/tops.h"
#include "taps.h"
#include "web.h"

struct verbs_context {
	struct reload *reload;
	struct workers *workers;
	struct cache *cache;
	const struct taps *taps;
	struct refresh *refresh;
	struct tops *tops;		/* NULL: not kept */
	struct web *web;
	struct epoch_reader *reader;	/* main's */
	const struct confinement *confinement;
	int64_t started_ms;		/* monotonic */
	/* main's way to do a reload, so that SIGHUP and the verb are one */
	enum reload_result (*reload_now)(void *context);
	void *reload_context;
};

extern const struct control_verb verbs_list[];

/* explain NAME [TYPE] [from ADDR]; answers NAME (for `wait`); names [PATTERN]
 * [--limit N] [--offset N], names counted in their order, of each view */
enum control_result verbnames_explain(void *context,
    const struct control_request *request, FILE *out);
enum control_result verbnames_answers(void *context,
    const struct control_request *request, FILE *out);
enum control_result verbnames_names(void *context,
    const struct control_request *request, FILE *out);

/* flush NAME, flush-zone NAME, flush-all; set NAME ADDR... [--ttl S]; unset
 * NAME */
enum control_result verbhands_flush(void *context,
    const struct control_request *request, FILE *out);
enum control_result verbhands_flush_zone(void *context,
    const struct control_request *request, FILE *out);
enum control_result verbhands_flush_all(void *context,
    const struct control_request *request, FILE *out);
enum control_result verbhands_set(void *context,
    const struct control_request *request, FILE *out);
enum control_result verbhands_unset(void *context,
    const struct control_request *request, FILE *out);

/* The counters as USR1 logs them: one line each. */
void verbs_print_stats(struct verbs_context *context, FILE *out);

#endif
