/* SPDX-License-Identifier: BSD-2-Clause */
/* witness.h - knows when a processor was taken away.
 *
 * The host of a virtual machine takes its processors away for milliseconds at
 * a time; whatever server is asked then answers late, and the longest answer
 * is the host's.  A witness takes that time off: a thread of the highest
 * realtime priority on each core, which sleeps a quarter of a millisecond at a
 * time.  Nothing that runs on the core delays its waking but the kernel itself;
 * where it wakes late, and the processes asked, if they may run there, did not
 * work meanwhile, the core stood still.  (Their CPU clocks stand still while
 * the host has the processor, where the kernel accounts for stolen time; where
 * it does not, no standstill is seen.)
 *
 * The one rule: an answer's net time is what it took from when its question
 * was due, less what of that lay in standstills of any core, and in as long
 * again behind each, in which the queue is worked off that it left.  Every
 * answer counts, and what the server itself stood still is not taken off: work
 * of its own in the kernel is in its clock.  Of a process that was begun after
 * the witness (a server that forks for a reload) it is not.
 *
 * Threads: one each core, and the one that asks; the standstills are read when
 * the threads have ended.
 */
#ifndef HOSTLER_BENCH_WITNESS_H
#define HOSTLER_BENCH_WITNESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "latency.h"

#define WITNESS_CORES_MAX 8
#define WITNESS_PROCESSES_MAX 16

struct witness;

struct standstill {
	int64_t from_ns, to_ns;		/* CLOCK_MONOTONIC */
};

struct witness_clock {
	clockid_t clock;		/* of a process that may run there */
	int64_t last_ns;
};

struct witness_core {
	struct witness *witness;
	unsigned core;
	pthread_t thread;
	struct witness_clock clocks[WITNESS_PROCESSES_MAX];
	unsigned clock_count;
	struct standstill *list;
	size_t count, room;
};

struct witness_answer {
	int64_t due_ns, took_ns;
};

struct witness {
	struct witness_core cores[WITNESS_CORES_MAX];
	unsigned core_count;
	int processes[WITNESS_PROCESSES_MAX];	/* who is asked */
	unsigned process_count;
	struct witness_answer *answers;
	size_t answer_count, answer_room;
	_Atomic bool is_over;
};

/* What is found, in the end. */
struct witness_findings {
	struct latency net;
	uint64_t standstills;		/* of all cores */
	int64_t stood_ns;		/* and what is behind each, joined */
};

/* A core to be watched, a process that is asked; before the start.  End the
 * program where there are too many. */
void witness_add_core(struct witness *witness, unsigned core);
void witness_add_process(struct witness *witness, int pid);

/* Ends the program where realtime priority is not to be had, or a process is
 * not there. */
void witness_start(struct witness *witness);

/* An answer has come.  Kept until the end, where a core is watched. */
void witness_note(struct witness *witness, int64_t due_ns, int64_t took_ns);

/* Ends the threads, and takes off every answer what is not its own. */
void witness_end(struct witness *witness, struct witness_findings *findings);

#endif
