/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hash.h"

#include <endian.h>
#include <string.h>

struct rounds {
	unsigned block;
	unsigned finish;
};

static inline void
take_block(struct hash_state *s, uint64_t block, unsigned rounds)
{
	s->v3 ^= block;
	for (unsigned i = 0; i < rounds; i++)
		hash_round(s);
	s->v0 ^= block;
}

/* Inlined with constant rounds; whole blocks are loads of a known size, so
 * that megabytes of text go at memory speed. */
static inline uint64_t
hash_bytes(const struct hash_key *key, const void *bytes, size_t len,
    struct rounds rounds)
{
	struct hash_state s = hash_start(key);
	const uint8_t *at = bytes;
	uint64_t block;
	size_t left = len;

	for (; left >= sizeof(block); left -= sizeof(block)) {
		memcpy(&block, at, sizeof(block));
		take_block(&s, le64toh(block), rounds.block);
		at += sizeof(block);
	}
	block = 0;
	if (left > 0)
		memcpy(&block, at, left);
	take_block(&s, le64toh(block) | (uint64_t)len << 56, rounds.block);
	s.v2 ^= 0xff;
	for (unsigned i = 0; i < rounds.finish; i++)
		hash_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t
hash_siphash24(const struct hash_key *key, const void *bytes, size_t len)
{
	return hash_bytes(key, bytes, len, (struct rounds){2, 4});
}

uint64_t
hash_siphash13(const struct hash_key *key, const void *bytes, size_t len)
{
	return hash_bytes(key, bytes, len, (struct rounds){1, 3});
}
