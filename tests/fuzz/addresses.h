/* SPDX-License-Identifier: BSD-2-Clause */
/* addresses.h - what holds of the addresses of any chunk. */
#ifndef HOSTLER_TESTS_FUZZ_ADDRESSES_H
#define HOSTLER_TESTS_FUZZ_ADDRESSES_H

#include <assert.h>

#include "dns/types.h"
#include "names/reverse.h"

/* Every address leads to a record of its node. */
static inline void
check_addresses(const struct chunk *chunk)
{
	struct reverse_cursor cursor = { 0 };
	struct reverse reverse;
	uint32_t count = 0;

	while (reverse_walk(chunk, &cursor, &reverse, 1) > 0) {
		struct reverse again = reverse_of(reverse.link);

		assert(again.node == reverse.node);
		assert(addr_equal(&again.addr, &reverse.addr));
		assert(node_find(reverse.node, reverse.addr.family == 4 ?
		    TYPE_A : TYPE_AAAA) != NULL);
		count++;
	}
	assert(count == chunk->reverse_count);
}

#endif
