/* SPDX-License-Identifier: BSD-2-Clause */
/* process.h - what this process takes of the machine: from /proc/self.
 *
 * Any thread.  Costs a walk through the folder of open files.
 */
#ifndef HOSTLER_SYS_PROCESS_H
#define HOSTLER_SYS_PROCESS_H

#include <stdint.h>

struct process_usage {
	double cpu_s;			/* user's and system's */
	uint64_t resident_bytes, virtual_bytes;
	uint64_t open_files, files_max;
};

/* Zero where the system does not tell. */
void process_measure(struct process_usage *usage);

#endif
