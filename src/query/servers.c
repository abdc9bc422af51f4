/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/servers.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"

/* names[0] is nobody's; those below count do not change any more. */
static const char *names[SERVERS_MAX + 1] = { "" };
static atomic_uint count = 1;

uint16_t
servers_number(const char *name)
{
	unsigned n = atomic_load_explicit(&count, memory_order_relaxed);

	for (unsigned i = 1; i < n; i++) {
		if (strcmp(names[i], name) == 0)
			return (uint16_t)i;
	}
	if (n > SERVERS_MAX)
		return SERVERS_NONE;
	names[n] = memory_string(name);
	atomic_store_explicit(&count, n + 1, memory_order_release);
	return (uint16_t)n;
}

const char *
servers_name(uint16_t number)
{
	assert(number < atomic_load_explicit(&count, memory_order_acquire));
	return names[number];
}
