/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/pieces.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

void
pieces_init(struct pieces *pieces, const struct source_text *text,
    const struct source_fetch *fetch)
{
	*pieces = (struct pieces){
		.text = text,
		.fetch = text->bytes == NULL ? fetch : NULL,
	};
}

void
pieces_fini(struct pieces *pieces)
{
	free(pieces->buffer);
	pieces->buffer = NULL;
}

/* What was in the buffer is not wanted any more: no need to copy it. */
static void
make_room(struct pieces *pieces, size_t length)
{
	if (pieces->room >= length && pieces->buffer != NULL)
		return;
	free(pieces->buffer);
	pieces->room = length + length / 2 + 1;
	pieces->buffer = memory_alloc(pieces->room);
}

const char *
pieces_get(struct pieces *pieces, size_t from, size_t to)
{
	const struct source_fetch *fetch = pieces->fetch;
	const char *wrong;

	assert(from <= to && to <= pieces->text->length);
	if (fetch == NULL)
		return pieces->text->bytes + from;
	make_room(pieces, to - from);
	wrong = fetch->read(fetch->context, pieces->text, from,
	    &(struct source_room){pieces->buffer, to - from});
	if (wrong == NULL)
		return pieces->buffer;
	pieces->wrong = wrong;
	return NULL;
}
