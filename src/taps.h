/* SPDX-License-Identifier: BSD-2-Clause */
/* taps.h - what is written of queries as they are answered, by the
 * configuration: the query log, and dnstap.
 *
 * Main's thread.
 */
#ifndef HOSTLER_TAPS_H
#define HOSTLER_TAPS_H

#include "base/diag.h"
#include "base/stats.h"
#include "conf.h"
#include "serve/observer.h"

struct taps;

/* Sinks of the observer's, before observer_start; nothing is written yet. */
struct taps *taps_new(struct observer *observer);
void taps_free(struct taps *taps);	/* observer stopped; NULL passes */

/* As this configuration has it, from now on; files are opened anew.  What
 * cannot be opened is told at its place in the configuration. */
void taps_set(struct taps *taps, const struct conf *conf,
    struct diags *diags);

/* The counters of stats.h that are about this.  Any thread. */
void taps_stats(const struct taps *taps, uint64_t stats[STAT_COUNT]);

#endif
