/* SPDX-License-Identifier: BSD-2-Clause */
#include "warnids.h"

#include <stddef.h>
#include <string.h>

#include "base/editdistance.h"
#include "names/lint.h"

/* Of readers, parsers and routes; the linter's stand in lintrun.c. */
static const char *const others[] = {
    "address-in-use",
    "needs-restart",
    "no-machine-names",
    "no-upstream",
    "own-address",
    "private-configuration",
    "refused-name",
    "same-file",
    "shared-name",
    "unasked-view",
    "unused-forward",
    "unwritable-managed-hosts",
    "upstream-list",
    "waiting-address",
};

#define OTHERS (sizeof others / sizeof *others)

static const char *
id_at(size_t at)
{
	return at < OTHERS ? others[at]
			   : lint_id_name((enum lint_id)(at - OTHERS));
}

bool
warnids_has(const char *id)
{
	for (size_t i = 0; i < OTHERS + LINT_COUNT; i++)
		if (strcmp(id_at(i), id) == 0)
			return true;
	return false;
}

const char *
warnids_nearest(const char *id)
{
	unsigned best = (unsigned)strlen(id) / 2 + 1;
	const char *nearest = NULL;

	for (size_t i = 0; i < OTHERS + LINT_COUNT; i++) {
		unsigned distance = editdistance_of(id, id_at(i), best);

		if (distance < best) {
			best = distance;
			nearest = id_at(i);
		}
	}
	return nearest;
}
