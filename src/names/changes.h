/* SPDX-License-Identifier: BSD-2-Clause */
/* changes.h - what a reload changed, record by record, in words for people:
 * "+ web A 10.0.0.5", "- old.lab.test AAAA fd00::7".
 *
 * Two contents of one source are compared; chunks that they share are passed
 * over unread.  A TTL or a line number alone is no change, nor is a SOA that
 * hostler made.  Short names of hosts files are written bare, others in full
 * without the last dot, A-labels in Unicode.
 *
 * Of a large source of which more than CHANGES_COMPARED_MAX records differ, or
 * are somewhere quite else in it, it is only told how many were looked at.
 *
 * A struct changes belongs to its caller, and its lines to it.  One thread.
 */
#ifndef HOSTLER_NAMES_CHANGES_H
#define HOSTLER_NAMES_CHANGES_H

#include "names/source.h"

#define CHANGES_LINES_MAX 1000
#define CHANGES_COMPARED_MAX ((size_t)1 << 18)

struct changes {
	char **lines;
	size_t count;
	size_t more;			/* changes that got no line */
	size_t anew;			/* records of sources that changed too
					 * much; of these nothing is listed */
};

/* Note what `now` has and `before` has not, and the other way round; either
 * may be NULL. */
void changes_note(struct changes *changes, const struct content *before,
    const struct content *now);
void changes_fini(struct changes *changes);

#endif
