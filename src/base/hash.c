/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hash.h"

#include <endian.h>
#include <string.h>

struct rounds {
	unsigned block;
	unsigned finish;
};

static uint64_t
hash_bytes(const struct hash_key *key, const void *bytes, size_t len,
    struct rounds rounds)
{
	struct hash_state s = hash_start(key);
	const uint8_t *at = bytes;
	size_t left = len;
	uint64_t block;

	for (;; at += 8, left -= 8) {
		block = 0;
		if (left)
			memcpy(&block, at, left < 8 ? left : 8);
		block = le64toh(block);
		if (left < 8)
			block |= (uint64_t)len << 56;
		s.v3 ^= block;
		for (unsigned i = 0; i < rounds.block; i++)
			hash_round(&s);
		s.v0 ^= block;
		if (left < 8)
			break;
	}
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
