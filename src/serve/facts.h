/* SPDX-License-Identifier: BSD-2-Clause */
/* facts.h - what main knows of its sources and reloads, for those who show it:
 * copies that nobody changes, so that neither waits for the other.
 *
 * Main pins up a new one after each reading; who shows it takes the one that
 * hangs there, and gives it back.  It is freed when nobody has it any more.
 */
#ifndef HOSTLER_SERVE_FACTS_H
#define HOSTLER_SERVE_FACTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct facts_source {
	char *file;			/* its path */
	char *view;			/* NULL: the top level */
	uint64_t records;
	unsigned errors, warnings;
	int64_t good_s;			/* Unix time of the last success; 0:
					 * never */
};

struct facts {
	struct facts_source *sources;	/* no two of one file and view */
	size_t source_count;
	uint64_t names;
	uint64_t generation;
	uint64_t reloads, failed_reloads;
	bool loaded;			/* everything was read once */
	char *missing;			/* lines: what is not served as it was
					 * never read; "": nothing */
	char *faults;			/* lines: what else is wrong */
	unsigned holders;		/* board's */
};

struct facts *facts_new(void);
struct facts_source *facts_add_source(struct facts *facts);

struct factsboard {
	pthread_mutex_t lock;
	struct facts *pinned;		/* never NULL */
};

void factsboard_init(struct factsboard *board);
void factsboard_fini(struct factsboard *board);	/* nobody holds any */

/* Takes them. */
void factsboard_pin(struct factsboard *board, struct facts *facts);
const struct facts *factsboard_take(struct factsboard *board);
void factsboard_give_back(struct factsboard *board,
    const struct facts *facts);

#endif
