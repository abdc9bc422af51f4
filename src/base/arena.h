/* SPDX-License-Identifier: BSD-2-Clause */
/* arena.h - memory that lives and dies together: one generation of one chunk
 * of one source.
 *
 * Bump allocation from blocks; nothing is freed singly.  Blocks come by
 * malloc, the first of the size asked for, so that a small chunk costs little.
 * One thread at a time.  Fails as base/memory.h does.
 */
#ifndef HOSTLER_BASE_ARENA_H
#define HOSTLER_BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(size_t first_block);
void arena_free(struct arena *arena);		/* NULL is fine */
void *arena_alloc(struct arena *arena, size_t size);	/* 8-byte aligned */
void *arena_copy(struct arena *arena, const void *from, size_t size);
size_t arena_bytes(const struct arena *arena);	/* taken from malloc */

#endif
