/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/trash.h"

#include <stdlib.h>

#include "base/memory.h"

void
trash_add(struct trash *trash, void *block)
{
	if (trash->count == trash->room) {
		trash->room = trash->room > 0 ? 2 * trash->room : 16;
		trash->blocks = memory_resize(trash->blocks, trash->room,
		    sizeof(trash->blocks[0]));
	}
	trash->blocks[trash->count++] = block;
}

void
trash_move(struct trash *trash, struct trash *from)
{
	for (size_t i = 0; i < from->count; i++)
		trash_add(trash, from->blocks[i]);
	free(from->blocks);
	*from = (struct trash){ 0 };
}

void
trash_free(struct trash *trash)
{
	for (size_t i = 0; i < trash->count; i++)
		free(trash->blocks[i]);
	free(trash->blocks);
	*trash = (struct trash){ 0 };
}
