/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/pointers.h"

#include <stdlib.h>

#include "base/memory.h"

void
pointers_add(struct pointers *pointers, void *pointer)
{
	if (pointers->count == pointers->room) {
		pointers->room = pointers->room > 0 ? 2 * pointers->room : 16;
		pointers->list = memory_resize(pointers->list, pointers->room,
		    sizeof(pointers->list[0]));
	}
	pointers->list[pointers->count++] = pointer;
}

void
pointers_fini(struct pointers *pointers)
{
	free(pointers->list);
	*pointers = (struct pointers){ 0 };
}
