/* SPDX-License-Identifier: BSD-2-Clause */
/* trash.h - blocks of malloc to be freed together, once nobody can see them.
 *
 * A zeroed struct is an empty list.  One thread at a time.
 */
#ifndef HOSTLER_NAMES_TRASH_H
#define HOSTLER_NAMES_TRASH_H

#include "names/pointers.h"

struct trash {
	struct pointers blocks;
};

void trash_add(struct trash *trash, void *block);
/* All of from, which is empty then. */
void trash_move(struct trash *trash, struct trash *from);
void trash_free(struct trash *trash);	/* the blocks and the list */

#endif
