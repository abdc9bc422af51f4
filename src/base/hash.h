/* SPDX-License-Identifier: BSD-2-Clause */
/* hash.h - keyed hash over bytes that a stranger may choose.
 *
 * SipHash (Aumasson, Bernstein): hash_siphash24 is the reference function,
 * checked against its vectors.  The tables use the same round function with
 * one round a block and three at the end (SipHash-1-3) over the labels of a
 * name, so that the hash of every suffix comes out of one pass from the root
 * label; dns/dname.h has that.
 */
#ifndef HOSTLER_BASE_HASH_H
#define HOSTLER_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

struct hash_state {
	uint64_t v0, v1, v2, v3;
};

uint64_t hash_siphash24(const struct hash_key *key, const void *bytes,
    size_t len);
uint64_t hash_siphash13(const struct hash_key *key, const void *bytes,
    size_t len);

static inline uint64_t
hash_rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void
hash_round(struct hash_state *s)
{
	s->v0 += s->v1;
	s->v1 = hash_rotate(s->v1, 13) ^ s->v0;
	s->v0 = hash_rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = hash_rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = hash_rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = hash_rotate(s->v1, 17) ^ s->v2;
	s->v2 = hash_rotate(s->v2, 32);
}

static inline struct hash_state
hash_start(const struct hash_key *key)
{
	return (struct hash_state){
		key->k0 ^ 0x736f6d6570736575ULL,
		key->k1 ^ 0x646f72616e646f6dULL,
		key->k0 ^ 0x6c7967656e657261ULL,
		key->k1 ^ 0x7465646279746573ULL,
	};
}

static inline void
hash_block(struct hash_state *s, uint64_t block)
{
	s->v3 ^= block;
	hash_round(s);
	s->v0 ^= block;
}

static inline uint64_t
hash_finish(struct hash_state s)
{
	s.v2 ^= 0xff;
	hash_round(&s);
	hash_round(&s);
	hash_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

#endif
