/* SPDX-License-Identifier: BSD-2-Clause */
/* lintconf.h - between the configuration and the linter (names/lint.h): what
 * it is asked, and how its findings are shown.
 *
 *   lintconf_init -> lintconf_add (each content) -> input.names = ... ->
 *   lint_run or linting_start -> lintconf_fini
 *
 * A struct lintconf points into conf, which must outlive it.
 */
#ifndef HOSTLER_LINTCONF_H
#define HOSTLER_LINTCONF_H

#include "conf.h"
#include "names/lint.h"

struct lintconf {
	struct lint_input input;	/* names and stop are the caller's */
	struct lint_network *networks;
	struct lint_domain *domains;
	const struct content **contents;
	struct dname host;
};

/* For one view, or (NULL) for the top level. */
void lintconf_init(struct lintconf *lintconf, const struct conf *conf,
    const struct conf_view *view);
/* In rank order: zones, hosts, leases. */
void lintconf_add(struct lintconf *lintconf, const struct content *content);
void lintconf_fini(struct lintconf *lintconf);

/* lint_tell with the files as they are on disk. */
void lintconf_tell(const struct lint_findings *findings,
    const struct lint_findings *before, struct diags *diags);

#endif
