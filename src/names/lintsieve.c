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
	struct bits names;
	struct bits addrs;
};

static uint64_t
mix(const uint8_t *bytes, unsigned length)
{
	uint64_t hash = length, word = 0;

	for (; length >= 8; bytes += 8, length -= 8) {
		memcpy(&word, bytes, 8);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	word = 0;
	memcpy(&word, bytes, length);
	hash = (hash ^ word) * 0xbf58476d1ce4e5b9u;
	return hash ^ hash >> 32;
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

	if ((table_mark(slot) & (NAME_MADE | NAME_BARE)) != NAME_MADE ||
	    !has_use(&sieve->names))
		return;
	node = table_pointer(slot);
	put_in(&sieve->names, mix(node_name(node), node->name_length));
}

static void
put_addr(void *context, table_slot slot)
{
	struct lint_sieve *sieve = context;
	const struct addr_set *set;

	if (table_mark(slot) != ADDR_SET || !has_use(&sieve->addrs))
		return;
	set = table_pointer(slot);
	put_in(&sieve->addrs, mix(set->addr.bytes, sizeof(set->addr.bytes)));
}

struct lint_sieve *
lint_sieve_new(const struct snapshot *names)
{
	struct lint_sieve *sieve = memory_zeroed(1, sizeof(*sieve));

	table_visit(names->names, put_name, sieve);
	table_visit(names->addrs, put_addr, sieve);
	return sieve;
}

void
lint_sieve_free(struct lint_sieve *sieve)
{
	free(sieve);
}

bool
lint_has_company(const struct lint_walk *walk, const struct node *node)
{
	return walk->content->spec.kind == SOURCE_ZONE ||
	    is_in(&walk->sieve->names, mix(node_name(node), node->name_length));
}

bool
lint_is_shared(const struct lint_walk *walk, const struct addr *addr)
{
	return is_in(&walk->sieve->addrs,
	    mix(addr->bytes, sizeof(addr->bytes)));
}
