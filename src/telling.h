/* SPDX-License-Identifier: BSD-2-Clause */
/* telling.h - what the log says of sources, of changes and of the counters.
 *
 * Main's thread.
 */
#ifndef HOSTLER_TELLING_H
#define HOSTLER_TELLING_H

#include "reload.h"
#include "verbs.h"

/* All that is wrong at present; what is told is no news any more. */
void telling_diagnostics(const struct reload *reload);
/* The first of them, a line each, and how many more there are. */
void telling_changes(const struct changes *changes);
void telling_counters(struct verbs_context *verbs);

#endif
