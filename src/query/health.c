/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/health.h"

static unsigned
find_entry(const struct health *health, const struct endpoint *endpoint)
{
	const struct health_entry *entry;
	unsigned i;

	for (i = 0; i < HEALTH_UPSTREAMS; i++) {
		entry = &health->entries[i];
		if (entry->failures != 0 &&
		    endpoint_equal(&entry->endpoint, endpoint))
			break;
	}
	return i;			/* HEALTH_UPSTREAMS: not there */
}

/* A free entry, else the one whose time is over first. */
static struct health_entry *
take_entry(struct health *health, const struct endpoint *endpoint)
{
	struct health_entry *taken = &health->entries[0];

	for (unsigned i = 0; i < HEALTH_UPSTREAMS; i++) {
		if (health->entries[i].failures == 0) {
			taken = &health->entries[i];
			break;
		}
		if (health->entries[i].until_ms < taken->until_ms)
			taken = &health->entries[i];
	}
	taken->endpoint = *endpoint;
	taken->failures = 0;
	taken->until_ms = 0;
	return taken;
}

int64_t
health_until_ms(const struct health *health, const struct endpoint *endpoint,
    int64_t now_ms)
{
	unsigned i = find_entry(health, endpoint);

	if (i == HEALTH_UPSTREAMS || health->entries[i].until_ms <= now_ms)
		return 0;
	return health->entries[i].until_ms;
}

static int64_t
penalty_ms(unsigned failures)
{
	int64_t ms = HEALTH_FIRST_MS;

	while (--failures > 0 && ms < HEALTH_LONGEST_MS)
		ms *= 2;
	return ms;
}

void
health_failed(struct health *health, const struct endpoint *endpoint,
    enum health_failure failure, int64_t now_ms)
{
	unsigned i = find_entry(health, endpoint);
	struct health_entry *entry = i < HEALTH_UPSTREAMS ?
	    &health->entries[i] : take_entry(health, endpoint);

	/* Questions that were out together fail together: once. */
	if (entry->until_ms > now_ms)
		return;
	entry->failures++;
	if (failure == HEALTH_HARD || entry->failures > HEALTH_SOFT_MAX)
		entry->until_ms = now_ms + penalty_ms(entry->failures);
}

void
health_answered(struct health *health, const struct endpoint *endpoint)
{
	unsigned i = find_entry(health, endpoint);

	if (i < HEALTH_UPSTREAMS)
		health->entries[i].failures = 0;
}
