/* SPDX-License-Identifier: BSD-2-Clause */
/* lintfirsts.h - who was met first with a name, or with an address: a table of
 * links, 8 bytes each, three quarters full.  Only lint*.c include it.
 *
 * Where several lines say the same name, the first of them is nearly always
 * what is served, and in files of the same order the firsts of two names that
 * follow each other lie side by side in memory.  In the snapshot's tables each
 * look is two or three misses of every cache.  Measured 2026-11-22, 1,000,000
 * names in two files: 1.4 to 1.7 s with the snapshot's tables and 98 MB beside
 * the names; 0.6 s and 32 MB with the firsts (other work on the machine).
 *
 * A link is a pointer that is a multiple of 8, and three bits of the owner's;
 * what it stands for is compared by the caller.  One thread.
 *
 * hash is lint_mix of a name or an address (lintrule.h), keyed, since leases'
 * names are strangers'.  It is a mixer and no pseudo-random function: who knew
 * hashes, or saw how long a look takes, might find names that collide.  Here
 * nobody can: the key is the process's own, no hash leaves it, no table
 * outlives its run, and no answer waits for the linter.  Even so the worst is a
 * long run of a thread that gives way to all others; the names that are served
 * lie in tables by SipHash (base/hash.h).
 */
#ifndef HOSTLER_NAMES_LINTFIRSTS_H
#define HOSTLER_NAMES_LINTFIRSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lint_firsts;

/* expected: room for so many from the start; with more it grows, and asks
 * hash_of for the hash of each link again. */
struct lint_firsts *lint_firsts_new(size_t expected,
    uint64_t (*hash_of)(const void *context, uint64_t link),
    const void *context);
void lint_firsts_free(struct lint_firsts *firsts);

/* The next link that this hash may belong to, 0: no further.  Start with a
 * zeroed cursor; good until something is added. */
struct lint_firsts_cursor {
	size_t at;
	bool begun;
};
void lint_firsts_prefetch(const struct lint_firsts *firsts, uint64_t hash);
uint64_t lint_firsts_next(const struct lint_firsts *firsts, uint64_t hash,
    struct lint_firsts_cursor *cursor);

/* One that is not there; its three bits may be set later, too. */
void lint_firsts_add(struct lint_firsts *firsts, uint64_t hash,
    uint64_t link);
void lint_firsts_mark(struct lint_firsts *firsts,
    const struct lint_firsts_cursor *cursor, uint64_t bits);

#endif
