/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static double
seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static uint64_t
count_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	uint64_t count = 0;
	const struct dirent *entry;

	if (!folder)
		return 0;
	while ((entry = readdir(folder)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count - 1;		/* the folder's own */
}

static void
measure_memory(struct process_usage *usage)
{
	unsigned long long virtual_pages = 0, resident_pages = 0;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file)
		return;
	if (fscanf(file, "%llu %llu", &virtual_pages, &resident_pages) == 2) {
		usage->virtual_bytes = virtual_pages * page;
		usage->resident_bytes = resident_pages * page;
	}
	fclose(file);
}

void
process_measure(struct process_usage *usage)
{
	struct rusage used;
	struct rlimit limit;

	*usage = (struct process_usage){.open_files = count_files()};
	measure_memory(usage);
	if (getrusage(RUSAGE_SELF, &used) == 0)
		usage->cpu_s = seconds(&used.ru_utime) +
		    seconds(&used.ru_stime);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		usage->files_max = limit.rlim_cur;
}
