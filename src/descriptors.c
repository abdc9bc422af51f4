/* SPDX-License-Identifier: BSD-2-Clause */
#include "descriptors.h"

#include <dirent.h>
#include <sys/resource.h>

#include "base/log.h"

#define RESERVED_MAX 96			/* sources, control, pages */
#define RESERVED_SHARE 4		/* a fourth, where that is less */
#define WORKER_OWN 4			/* loop, letters, upstreams, spare */
#define OPEN_GUESS 48			/* where /proc does not tell */
#define LEAST_TCP 2
#define LEAST_QUESTIONS 8
#define LEAST_UDP 2
#define LEAST_STREAMS 2
#define STREAMS_SHARE 8
#define WARN_BELOW 512			/* TCP clients or questions */

void
descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static unsigned
count_open(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	if (!folder)
		return OPEN_GUESS;
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

/* What is left for one worker. */
static uint64_t
part_of(const struct workers_settings *settings, uint64_t limit,
    unsigned open)
{
	uint64_t reserved = limit / RESERVED_SHARE;
	uint64_t taken;

	if (reserved > RESERVED_MAX)
		reserved = RESERVED_MAX;
	taken = open + reserved + (uint64_t)WORKER_OWN * settings->count;
	return limit > taken ? (limit - taken) / settings->count : 0;
}

/* As much as is wanted, or there is; but a little always. */
static unsigned
take(unsigned wanted, uint64_t there, unsigned least)
{
	if (there > wanted)
		return wanted;
	return there > least ? (unsigned)there : least;
}

bool
descriptors_share(struct workers_settings *settings, uint64_t limit,
    unsigned open)
{
	uint64_t each = part_of(settings, limit, open);
	unsigned questions = settings->waiting_max;
	unsigned tcp = settings->tcp_connections_max;
	unsigned streams = settings->upstream_streams_max;
	uint64_t left;

	if ((uint64_t)tcp + 2 * questions + streams <= each)
		return false;
	settings->tcp_connections_max = take(tcp, each / 2, LEAST_TCP);
	settings->upstream_streams_max = take(streams, each / STREAMS_SHARE,
	    LEAST_STREAMS);
	left = settings->tcp_connections_max + settings->upstream_streams_max;
	left = each > left ? each - left : 0;
	settings->upstream_udp_max = take(2 * questions, left, LEAST_UDP);
	settings->waiting_max = take(questions, left / 2, LEAST_QUESTIONS);
	return true;
}

void
descriptors_fit(struct workers_settings *settings)
{
	unsigned tcp = settings->tcp_connections_max;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    !descriptors_share(settings, limit.rlim_cur, count_open()))
		return;
	if (settings->waiting_max >= WARN_BELOW &&
	    (settings->tcp_connections_max >= WARN_BELOW ||
	    settings->tcp_connections_max == tcp))
		return;
	log_warning("the limit of open files is %llu: each of %u threads "
	    "takes %u TCP clients and %u questions to upstreams at one time; "
	    "a higher limit (ulimit -n, LimitNOFILE=) lets in more",
	    (unsigned long long)limit.rlim_cur, settings->count,
	    settings->tcp_connections_max, settings->waiting_max);
}
