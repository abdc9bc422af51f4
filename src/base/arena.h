/* SPDX-License-Identifier: BSD-2-Clause */
/* arena.h - memory that lives and dies together: one generation of one chunk
 * of one source.
 *
 * Bump allocation from blocks; nothing is freed singly.  The first block is of
 * the size asked for, so that a small chunk costs little.  Small blocks come by
 * malloc, others from base/pages.h: what a million names take lies in huge
 * pages.  One thread at a time.  Fails as base/memory.h does.
 */
#ifndef HOSTLER_BASE_ARENA_H
#define HOSTLER_BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(size_t first_block);
void arena_free(struct arena *arena);		/* NULL is fine */
void *arena_alloc(struct arena *arena, size_t size);	/* 8-byte aligned */
void *arena_copy(struct arena *arena, const void *from, size_t size);
/* Nothing more comes for long: what is left of a large block goes back, and
 * pages_settle may make huge pages of those over PAGES_STRETCH. */
void arena_trim(struct arena *arena);
/* Of all blocks, used or not; in those of base/pages.h what was never used
 * takes no memory. */
size_t arena_bytes(const struct arena *arena);

#endif
