/* SPDX-License-Identifier: BSD-2-Clause */
/* pointers.h - a list of pointers that grows.
 *
 * A zeroed struct is an empty list.  What they lead to is not the list's.  One
 * thread at a time.
 */
#ifndef HOSTLER_NAMES_POINTERS_H
#define HOSTLER_NAMES_POINTERS_H

#include <stddef.h>

struct pointers {
	void **list;
	size_t count;
	size_t room;
};

void pointers_add(struct pointers *pointers, void *pointer);
/* Its room is given back; it is empty then. */
void pointers_fini(struct pointers *pointers);

#endif
