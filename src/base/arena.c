/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/pages.h"

#define ALIGN 8
#define BLOCK_MIN 256
#define BLOCK_MAX (1 << 20)
#define PAGES_FROM (32 << 10)		/* of a block, its head too */

struct block {
	struct block *next;
	size_t size;			/* of bytes */
	_Alignas(ALIGN) unsigned char bytes[];
};

struct arena {
	struct block *blocks;		/* the one in use first */
	size_t at;			/* in the first block */
	size_t next_size;
	size_t total;
};

struct arena *
arena_new(size_t first_block)
{
	struct arena *arena = memory_zeroed(1, sizeof *arena);

	arena->next_size = first_block < BLOCK_MIN ? BLOCK_MIN : first_block;
	arena->total = sizeof *arena;
	return arena;
}

static struct block *
take_block(size_t size)
{
	return size < PAGES_FROM ? memory_alloc(size) : pages_take(size);
}

static void
give_block(struct block *block)
{
	size_t size = sizeof *block + block->size;

	if (size < PAGES_FROM)
		free(block);
	else
		pages_give(block, size);
}

void
arena_free(struct arena *arena)
{
	if (!arena)
		return;
	while (arena->blocks) {
		struct block *block = arena->blocks;

		arena->blocks = block->next;
		give_block(block);
	}
	free(arena);
}

static void
add_block(struct arena *arena, size_t size)
{
	struct block *block = take_block(sizeof *block + size);

	block->next = arena->blocks;
	block->size = size;
	arena->blocks = block;
	arena->at = 0;
	arena->total += sizeof *block + size;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	void *memory;

	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!arena->blocks || arena->blocks->size - arena->at < size) {
		add_block(arena, size > arena->next_size ? size
							 : arena->next_size);
		/* A large first block was an estimate for the whole: what
		 * goes beyond it is little. */
		arena->next_size = arena->next_size < BLOCK_MAX / 2
		    ? 2 * arena->next_size : BLOCK_MAX;
	}
	memory = arena->blocks->bytes + arena->at;
	arena->at += size;
	return memory;
}

void *
arena_copy(struct arena *arena, const void *from, size_t size)
{
	void *memory = arena_alloc(arena, size);

	if (size)
		memcpy(memory, from, size);
	return memory;
}

/* Not to less than what says where a block came from. */
static void
trim_last(struct arena *arena)
{
	struct block *block = arena->blocks;
	size_t size, needed;

	if (!block || sizeof *block + block->size < PAGES_FROM)
		return;
	size = sizeof *block + block->size;
	needed = sizeof *block + arena->at;
	if (needed < PAGES_FROM)
		needed = PAGES_FROM;
	pages_trim(block, size, needed);
	block->size = needed - sizeof *block;
	arena->total -= size - needed;
}

void
arena_trim(struct arena *arena)
{
	trim_last(arena);
	for (struct block *block = arena->blocks; block; block = block->next) {
		size_t size = sizeof *block + block->size;

		if (size > PAGES_STRETCH)
			pages_fill(block, size);
	}
}

size_t
arena_bytes(const struct arena *arena)
{
	return arena->total;
}
