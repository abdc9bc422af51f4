/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"

#define POOL 256		/* one getrandom(2) is never cut short */

struct pool {
	uint8_t bytes[POOL];
	size_t left;			/* unused ones, at the end */
};

static _Thread_local struct pool pool;

static void
fill_pool(void)
{
	ssize_t got;

	do
		got = getrandom(pool.bytes, POOL, 0);
	while (got < 0 && errno == EINTR);
	if (got != POOL) {
		log_error("getrandom: %s", strerror(errno));
		abort();
	}
	pool.left = POOL;
}

void
random_bytes(void *to, size_t len)
{
	uint8_t *at = to;
	size_t take;

	while (len > 0) {
		if (pool.left == 0)
			fill_pool();
		take = len < pool.left ? len : pool.left;
		memcpy(at, pool.bytes + POOL - pool.left, take);
		explicit_bzero(pool.bytes + POOL - pool.left, take);
		pool.left -= take;
		at += take;
		len -= take;
	}
}

uint16_t
random_16(void)
{
	uint16_t value;

	random_bytes(&value, sizeof value);
	return value;
}

uint32_t
random_below(uint32_t bound)
{
	uint32_t value, reject = bound ? -bound % bound : 0;

	if (bound < 2)
		return 0;
	do
		random_bytes(&value, sizeof value);
	while (value < reject);
	return value % bound;
}
