/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/trash.h"

#include <stdlib.h>

void
trash_add(struct trash *trash, void *block)
{
	pointers_add(&trash->blocks, block);
}

void
trash_move(struct trash *trash, struct trash *from)
{
	for (size_t i = 0; i < from->blocks.count; i++)
		trash_add(trash, from->blocks.list[i]);
	pointers_fini(&from->blocks);
}

void
trash_free(struct trash *trash)
{
	for (size_t i = 0; i < trash->blocks.count; i++)
		free(trash->blocks.list[i]);
	pointers_fini(&trash->blocks);
}
