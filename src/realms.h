/* SPDX-License-Identifier: BSD-2-Clause */
/* realms.h - the names of every view: the top level's and those of `views`,
 * each with sources (load.h) and an index of its own.
 *
 *   realms_read    sources that changed -> contents in the indexes
 *   realms_commit  a snapshot of each, to be published
 *   realms_reclaim what no reader sees any more is freed
 *
 * All indexes have one hash key, so that a name is hashed once whichever view
 * it is looked up in.
 *
 * One thread: main's.
 */
#ifndef HOSTLER_REALMS_H
#define HOSTLER_REALMS_H

#include "load.h"
#include "names/lint.h"

struct realm {
	char *name;			/* of the view; NULL: the top level */
	struct load *load;
	struct index *index;
	const struct snapshot *names;	/* of the last commit */
	bool named;			/* by the configuration read last */
};

struct realms {
	struct hash_key key;
	struct realm **list;		/* the top level, then the views in
					 * their order */
	size_t count;
	struct realm **gone;		/* views that were taken out, waiting */
	size_t gone_count;		/* for readers to pass */
	uint64_t gone_ticket;
	struct changes *changes;	/* noted there; NULL: nowhere */
	char host[256];			/* of this machine */
	int64_t offset_s;		/* of the monotonic clock to the other,
					 * kept while that is not set */
};

struct realms *realms_new(void);
void realms_free(struct realms *realms);	/* no reader left */

/* Read what changed of what conf names. */
struct realms_news {
	unsigned read;			/* sources */
	unsigned changed;		/* contents that were replaced */
};
struct realms_news realms_read(struct realms *realms, const struct conf *conf,
    enum loadfiles_care care);

/* Snapshots of all changes since the last. */
void realms_commit(struct realms *realms, const struct conf *conf);

/* Free what readers cannot see any more; true while something waits. */
bool realms_reclaim(struct realms *realms);

/* The monotonic second in which to read again without a change; INT64_MAX:
 * never. */
int64_t realms_due(const struct realms *realms);

size_t realms_name_count(const struct realms *realms);
/* As load_text_bytes, of all. */
uint64_t realms_text_bytes(const struct realms *realms);

/* Those that were not printed yet, once; say that they were; all. */
void realms_print_news(struct realms *realms, FILE *out,
    enum diag_colour colour);
void realms_mark_told(struct realms *realms);
void realms_print_diags(const struct realms *realms, FILE *out,
    enum diag_colour colour);
void realms_visit_diags(const struct realms *realms,
    void (*visit)(void *context, const struct diag_view *diag),
    void *context);
unsigned realms_count_diags(const struct realms *realms,
    enum diag_level level);

/* All that the sources were read from, there or not: the paths belong to the
 * sources.  Free the list alone. */
size_t realms_paths(const struct realms *realms, const char ***paths);

#endif
