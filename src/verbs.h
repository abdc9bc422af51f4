/* SPDX-License-Identifier: BSD-2-Clause */
/* verbs.h - what the daemon says at its control socket: status, reload, stats.
 *
 * Later verbs are one function and one line in the table of verbs.c.
 */
#ifndef HOSTLER_VERBS_H
#define HOSTLER_VERBS_H

#include "reload.h"
#include "serve/control.h"

struct verbs_context {
	struct reload *reload;
	struct workers *workers;
	struct cache *cache;
	int64_t started_ms;		/* monotonic */
	/* main's way to do a reload, so that SIGHUP and the verb are one */
	enum reload_result (*reload_now)(void *context);
	void *reload_context;
};

extern const struct control_verb verbs_list[];

/* The counters as USR1 logs them: one line each. */
void verbs_print_stats(struct verbs_context *context, FILE *out);

#endif
