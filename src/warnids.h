/* SPDX-License-Identifier: BSD-2-Clause */
/* warnids.h - the ids of all warnings and notes that have one, so that
 * `warnings: {off: [ID]}` can be told from a slip.
 *
 * Those of the linter are names/lint.h's; whoever gives another id to
 * diags_add puts it into the table of warnids.c.  Pure; any thread.
 */
#ifndef HOSTLER_WARNIDS_H
#define HOSTLER_WARNIDS_H

#include <stdbool.h>

bool warnids_has(const char *id);

/* The id that is most like it; NULL: none is. */
const char *warnids_nearest(const char *id);

#endif
