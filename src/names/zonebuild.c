/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/zonebuild.h"

#include <stdlib.h>

#include "base/memory.h"

void
zonebuild_init(struct zonebuild *build, const struct source_spec *spec)
{
	*build = (struct zonebuild){
		.content = content_new(spec),
		.records = records_new(),
	};
}

void
zonebuild_fini(struct zonebuild *build)
{
	records_free(build->records);
	free(build->pieces);
}

void
zonebuild_open(struct zonebuild *build, const struct zonebuild_line *line)
{
	build->chunk = chunk_new(line->path, line->line);
	build->piece = (struct zone_piece){ line->from, line->end };
}

void
zonebuild_close(struct zonebuild *build, uint32_t next_line)
{
	struct chunk *chunk = build->chunk;
	struct content *content = build->content;

	chunk->line_count = next_line - chunk->first_line;
	if (chunk->line_count > ZONEBUILD_LINES)
		chunk->line_count = ZONEBUILD_LINES;
	records_finish(build->records, chunk);
	content_add(content, chunk);
	build->chunk = NULL;
	if (content->chunk_count > build->piece_room) {
		build->piece_room = content->chunk_count * 2;
		build->pieces = memory_resize(build->pieces,
		    build->piece_room, sizeof(*build->pieces));
	}
	build->pieces[content->chunk_count - 1] = build->piece;
}

bool
zonebuild_reach(struct zonebuild *build, const struct zonebuild_line *entry,
    uint32_t line)
{
	if (line - build->chunk->first_line < ZONEBUILD_LINES)
		return true;
	if (line - entry->line >= ZONEBUILD_LINES)
		return false;
	zonebuild_close(build, entry->line);
	zonebuild_open(build, entry);
	return true;
}
