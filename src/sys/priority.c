/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/priority.h"

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLICE_NS 100000			/* the least that there is */
#define LOWER 5
#define LOWEST 19

/* The kernel's struct sched_attr, of which C libraries know only lately. */
struct attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t realtime;
	uint64_t slice_ns, deadline_ns, period_ns;
};

static bool
get(struct attributes *attributes)
{
	*attributes = (struct attributes){.size = sizeof *attributes};
	return syscall(SYS_sched_getattr, 0, attributes, sizeof *attributes,
	    0) == 0;
}

static bool
is_usual(const struct attributes *attributes)
{
	return attributes->policy == SCHED_OTHER ||
	    attributes->policy == SCHED_BATCH;
}

static void
set_slice(struct attributes *attributes)
{
	attributes->size = sizeof *attributes;
	attributes->slice_ns = SLICE_NS;
	(void)syscall(SYS_sched_setattr, 0, attributes, 0);
}

/* Linux has a nice value for each thread. */
static void
set_nice(int nice)
{
	setpriority(PRIO_PROCESS, (id_t)gettid(),
	    nice < LOWEST ? nice : LOWEST);
}

void
priority_take(enum priority priority)
{
	struct attributes attributes;

	if (!get(&attributes) || !is_usual(&attributes))
		return;
	switch (priority) {
	case PRIORITY_PROMPT:
		set_slice(&attributes);
		break;
	case PRIORITY_GIVING:
		set_nice(attributes.nice + LOWER);
		break;
	case PRIORITY_LEISURE:
		set_nice(LOWEST);
		break;
	}
}

int
priority_nice(void)
{
	struct attributes attributes;

	return get(&attributes) ? attributes.nice : 0;
}

unsigned
priority_slice_us(void)
{
	struct attributes attributes;

	return get(&attributes) ? (unsigned)(attributes.slice_ns / 1000) : 0;
}
