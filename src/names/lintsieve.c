/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/lintrule.h"
#include "names/version.h"

#define SIEVE_BITS (1u << 20)
#define KEPT_MAX (SIEVE_BITS / 8)	/* with more, it says yes to all */

/* Two bits each.  Who makes names that fall together makes the linter slower,
 * and nothing else. */
struct bits {
	uint64_t words[SIEVE_BITS / 64];
	uint32_t kept;
};

struct lint_sieve {
	const struct snapshot *snapshot;
	const struct lint_input *input;
	size_t named;			/* full names */
	struct bits names;
	struct bits addrs;
};

static uint64_t
stir(uint64_t hash, uint64_t by)
{
	hash *= by | 1;
	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

uint64_t
lint_mix(const struct hash_key *key, const uint8_t *bytes, unsigned length)
{
	uint64_t hash = key->k0 ^ length, word = 0;

	for (; length >= 8; bytes += 8, length -= 8) {
		memcpy(&word, bytes, 8);
		hash = stir(hash ^ word, key->k1);
	}
	word = 0;
	memcpy(&word, bytes, length);
	return stir(hash ^ word, key->k1);
}

/* One more is to be kept: is there a point in it? */
static bool
has_use(struct bits *bits)
{
	if (bits->kept > KEPT_MAX)
		return false;
	if (++bits->kept <= KEPT_MAX)
		return true;
	memset(bits->words, 0xff, sizeof(bits->words));
	return false;
}

static void
put_in(struct bits *bits, uint64_t hash)
{
	uint64_t other = hash >> 40;

	bits->words[hash % SIEVE_BITS / 64] |= 1ull << hash % 64;
	bits->words[other % SIEVE_BITS / 64] |= 1ull << other % 64;
}

static bool
is_in(const struct bits *bits, uint64_t hash)
{
	uint64_t other = hash >> 40;

	return (bits->words[hash % SIEVE_BITS / 64] >> hash % 64 & 1) &&
	    (bits->words[other % SIEVE_BITS / 64] >> other % 64 & 1);
}

static void
put_name(void *context, table_slot slot)
{
	struct lint_sieve *sieve = context;
	const struct node *node;

	sieve->named += !(table_mark(slot) & NAME_BARE);
	if ((table_mark(slot) & (NAME_MADE | NAME_BARE)) != NAME_MADE ||
	    lint_is_stopped(sieve->input) || !has_use(&sieve->names))
		return;
	node = table_pointer(slot);
	put_in(&sieve->names, lint_name_hash(&sieve->snapshot->key, node));
}

static void
put_addr(void *context, table_slot slot)
{
	struct lint_sieve *sieve = context;
	const struct addr_set *set;

	if (table_mark(slot) != ADDR_SET || lint_is_stopped(sieve->input) ||
	    !has_use(&sieve->addrs))
		return;
	set = table_pointer(slot);
	put_in(&sieve->addrs, lint_addr_hash(&sieve->snapshot->key,
	    &set->addr));
}

struct lint_sieve *
lint_sieve_new(const struct lint_input *input)
{
	struct lint_sieve *sieve = memory_zeroed(1, sizeof(*sieve));

	sieve->input = input;
	sieve->snapshot = input->names;
	table_visit(input->names->names, put_name, sieve);
	table_visit(input->names->addrs, put_addr, sieve);
	return sieve;
}

void
lint_sieve_free(struct lint_sieve *sieve)
{
	free(sieve);
}

bool
lint_has_company(const struct lint_walk *walk, uint64_t name_hash)
{
	return (walk->content->spec.kind == SOURCE_ZONE && walk->zones > 1) ||
	    is_in(&walk->sieve->names, name_hash);
}

bool
lint_is_shared(const struct lint_walk *walk, uint64_t addr_hash)
{
	return is_in(&walk->sieve->addrs, addr_hash);
}

size_t
lint_company_count(const struct lint_sieve *sieve)
{
	return sieve->names.kept > KEPT_MAX ? sieve->named :
	    sieve->names.kept;
}

size_t
lint_shared_count(const struct lint_sieve *sieve)
{
	return sieve->addrs.kept > KEPT_MAX ? sieve->snapshot->known[0] +
	    sieve->snapshot->known[1] : sieve->addrs.kept;
}
