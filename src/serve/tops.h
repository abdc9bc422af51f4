/* SPDX-License-Identifier: BSD-2-Clause */
/* tops.h - who asks, and for what: a sink of the observer that keeps the names
 * most asked, those that got no answer (there typos show), the busiest clients,
 * and when a name was asked last.
 *
 * All of it from samples (net/sighting.h), about the last quarter of an hour:
 * counts are halved every TOPS_FADE_S.  Memory is fixed, about 2 MB.  When a
 * name was asked last is known of the latest TOPS_ASKED names or so; under a
 * heavy load a name that is asked seldom may be missed.
 *
 * Any thread: there is a lock inside, which no worker ever takes.
 */
#ifndef HOSTLER_SERVE_TOPS_H
#define HOSTLER_SERVE_TOPS_H

#include "serve/observer.h"
#include "serve/toplist.h"

#define TOPS_FADE_S 600
#define TOPS_ASKED 65536
#define TOPS_ROWS 30

enum tops_kind {
	TOPS_NAMES,			/* key: a name, lower, wire format */
	TOPS_FAILED,			/* two bytes rcode, then a name */
	TOPS_CLIENTS,			/* an address: its 4 or 16 bytes */
	TOPS_KINDS
};

struct tops;

struct tops *tops_new(void);
void tops_free(struct tops *tops);	/* NULL passes */

/* As an observer's sink; context is the struct tops. */
void tops_see(void *context, const struct sighting *seen, int64_t wall_ns);

/* The first TOPS_ROWS of a kind, most frequent first; how many.  now_s:
 * monotonic. */
unsigned tops_read(struct tops *tops, enum tops_kind kind, int64_t now_s,
    struct toplist_row rows[TOPS_ROWS]);
/* Unix time; 0: not seen.  name: lower, wire format. */
int64_t tops_asked_s(struct tops *tops, const uint8_t *name);

#endif
