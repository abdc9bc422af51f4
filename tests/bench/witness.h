/* SPDX-License-Identifier: BSD-2-Clause */
/* witness.h - knows when a processor was taken away.
 *
 * The host of a virtual machine takes its processors away for milliseconds at
 * a time; whatever server is asked then answers late, and the longest answer
 * is the host's.  A witness tells such answers from those that the server owes:
 * a thread of the highest realtime priority on each core, which sleeps a
 * quarter of a millisecond at a time.  Nothing that runs on the core delays its
 * waking but the kernel itself; where it wakes late, and the processes asked,
 * if they may run there, did not work meanwhile (their CPU clocks stand still
 * while the host has the processor), the core stood still.
 *
 * The one rule: what is in doubt is the server's.  Set aside is an answer whose
 * time, from when its question was due until it came, meets a standstill or as
 * long again behind it, in which the queue is worked off that it left; and no
 * other.  What is not set aside is "there".
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
	int64_t over_ns;		/* and its queue is worked off */
};

struct witness_core {
	struct witness *witness;
	unsigned core;
	pthread_t thread;
	clockid_t clocks[WITNESS_PROCESSES_MAX]; /* of who may run there */
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
	struct latency there;		/* of answers that met no standstill */
	uint64_t aside;			/* how many did */
	uint64_t standstills;
	int64_t stood_ns;		/* all cores together */
};

/* A core to be watched, a process that is asked; before the start.  End the
 * program where there are too many. */
void witness_add_core(struct witness *witness, unsigned core);
void witness_add_process(struct witness *witness, int pid);

/* Ends the program where realtime priority is not to be had, or a process is
 * not there. */
void witness_start(struct witness *witness);

/* An answer has come.  Kept until the end. */
void witness_note(struct witness *witness, int64_t due_ns, int64_t took_ns);

/* Ends the threads, and judges every answer. */
void witness_end(struct witness *witness, struct witness_findings *findings);

#endif
