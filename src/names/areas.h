/* SPDX-License-Identifier: BSD-2-Clause */
/* areas.h - the parts of the namespace that hostler answers for by itself.
 *
 * Made anew by each commit, immutable then.  There are few of them: what is
 * asked is only whether a suffix with so many labels is one.
 */
#ifndef HOSTLER_NAMES_AREAS_H
#define HOSTLER_NAMES_AREAS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hash.h"
#include "names/snapshot.h"

struct areas;
struct sources;
struct index_area;

struct areas_input {
	const struct hash_key *key;
	const struct sources *sources;
	const struct index_area *configured;
	size_t count;
	uint32_t serial;		/* of SOAs that are made */
};

struct areas *areas_new(const struct areas_input *input);
void areas_free(struct areas *areas);

/* The deepest at or above a name; hash as dname_hash_suffixes gives it. */
const struct area *areas_find(const struct areas *areas,
    const uint8_t *lower, unsigned labels, const uint64_t *hash);
const struct area *areas_find_zone(const struct areas *areas,
    const uint8_t *lower, unsigned labels, const uint64_t *hash);

/* Both of them, for a suffix of a name taken apart. */
void areas_find_both(const struct areas *areas, const struct dname_path *path,
    unsigned skip, struct areas_found *found);

/* The domains whose SOA was made: the index gives their apex a node.  NULL at
 * the end; start with 0. */
const struct area *areas_next_made(const struct areas *areas,
    unsigned *cursor);

#endif
