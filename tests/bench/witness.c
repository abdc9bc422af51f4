/* SPDX-License-Identifier: BSD-2-Clause */
#include "witness.h"

#include <err.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define STEP_NS 250000
#define LATE_NS 500000
#define NS_A_S 1000000000

static int64_t
now_by(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) != 0)
		return 0;		/* a process that has ended */
	return (int64_t)now.tv_sec * NS_A_S + now.tv_nsec;
}

static int64_t
worked_ns(const struct witness_core *core)
{
	int64_t sum_ns = 0;

	for (unsigned i = 0; i < core->clock_count; i++)
		sum_ns += now_by(core->clocks[i]);
	return sum_ns;
}

static void *
grow(void *list, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return list;
	*room = *room ? *room * 2 : 4096;
	list = realloc(list, *room * size);
	if (!list)
		err(1, "no memory");
	return list;
}

/* The queue that a standstill leaves is worked off, by a server that is busy
 * half of its time, in as long again. */
static void
note_standstill(struct witness_core *core, int64_t from_ns, int64_t to_ns)
{
	int64_t over_ns = to_ns + (to_ns - from_ns);

	core->list = grow(core->list, core->count, &core->room,
	    sizeof *core->list);
	if (core->count && core->list[core->count - 1].over_ns > over_ns)
		over_ns = core->list[core->count - 1].over_ns;
	core->list[core->count++] = (struct standstill){from_ns, to_ns,
	    over_ns};
}

static void
sleep_until(int64_t moment_ns)
{
	struct timespec moment = {moment_ns / NS_A_S, moment_ns % NS_A_S};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL);
}

/* The core was there when the thread slept in, and when it woke; where between
 * the two it went is not known. */
static void *
watch_core(void *argument)
{
	struct witness_core *core = argument;
	int64_t asleep_ns = now_by(CLOCK_MONOTONIC), awake_ns;
	int64_t before_ns = worked_ns(core), after_ns;

	while (!core->witness->is_over) {
		sleep_until(asleep_ns + STEP_NS);
		awake_ns = now_by(CLOCK_MONOTONIC);
		after_ns = worked_ns(core);
		if (awake_ns - asleep_ns - STEP_NS - (after_ns - before_ns) >
		    LATE_NS)
			note_standstill(core, asleep_ns, awake_ns);
		asleep_ns = awake_ns;
		before_ns = after_ns;
	}
	return NULL;
}

/* The clocks of those who may run on the core. */
static void
find_clocks(struct witness_core *core)
{
	const struct witness *witness = core->witness;
	cpu_set_t there;

	for (unsigned i = 0; i < witness->process_count; i++) {
		int pid = witness->processes[i];

		if (sched_getaffinity(pid, sizeof there, &there) != 0 ||
		    clock_getcpuclockid(pid, &core->clocks[core->clock_count]))
			errx(1, "process %d cannot be watched", pid);
		core->clock_count += CPU_ISSET(core->core, &there) != 0;
	}
}

static void
start_core(struct witness_core *core)
{
	struct sched_param priority = {sched_get_priority_max(SCHED_FIFO)};
	pthread_attr_t attributes;
	cpu_set_t there;
	int problem;

	CPU_ZERO(&there);
	CPU_SET(core->core, &there);
	pthread_attr_init(&attributes);
	pthread_attr_setaffinity_np(&attributes, sizeof there, &there);
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
	pthread_attr_setschedparam(&attributes, &priority);
	problem = pthread_create(&core->thread, &attributes, watch_core, core);
	if (problem)
		errx(1, "core %u cannot be watched: %s", core->core,
		    strerror(problem));
	pthread_attr_destroy(&attributes);
}

void
witness_add_core(struct witness *witness, unsigned core)
{
	if (witness->core_count == WITNESS_CORES_MAX || core >= CPU_SETSIZE)
		errx(1, "no more than %u cores are watched", WITNESS_CORES_MAX);
	witness->cores[witness->core_count++] = (struct witness_core){
	    .witness = witness, .core = core};
}

void
witness_add_process(struct witness *witness, int pid)
{
	if (witness->process_count == WITNESS_PROCESSES_MAX)
		errx(1, "no more than %u processes are watched",
		    WITNESS_PROCESSES_MAX);
	witness->processes[witness->process_count++] = pid;
}

void
witness_start(struct witness *witness)
{
	for (unsigned i = 0; i < witness->core_count; i++) {
		find_clocks(&witness->cores[i]);
		start_core(&witness->cores[i]);
	}
}

void
witness_note(struct witness *witness, int64_t due_ns, int64_t took_ns)
{
	witness->answers = grow(witness->answers, witness->answer_count,
	    &witness->answer_room, sizeof *witness->answers);
	witness->answers[witness->answer_count++] =
	    (struct witness_answer){due_ns, took_ns};
}

/* A core's standstills are in the order of time, by from_ns and by over_ns. */
static bool
meets(const struct witness_core *core, int64_t from_ns, int64_t to_ns)
{
	size_t low = 0, high = core->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (core->list[middle].over_ns < from_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low < core->count && core->list[low].from_ns <= to_ns;
}

static bool
is_disturbed(const struct witness *witness, const struct witness_answer *one)
{
	for (unsigned i = 0; i < witness->core_count; i++)
		if (meets(&witness->cores[i], one->due_ns,
		    one->due_ns + one->took_ns))
			return true;
	return false;
}

static void
end_core(struct witness_core *core, struct witness_findings *findings)
{
	pthread_join(core->thread, NULL);
	findings->standstills += core->count;
	for (size_t i = 0; i < core->count; i++)
		findings->stood_ns += core->list[i].to_ns -
		    core->list[i].from_ns;
}

void
witness_end(struct witness *witness, struct witness_findings *findings)
{
	witness->is_over = true;
	for (unsigned i = 0; i < witness->core_count; i++)
		end_core(&witness->cores[i], findings);
	for (size_t i = 0; i < witness->answer_count; i++) {
		const struct witness_answer *one = &witness->answers[i];

		if (is_disturbed(witness, one))
			findings->aside++;
		else
			latency_add(&findings->there, one->took_ns);
	}
	for (unsigned i = 0; i < witness->core_count; i++)
		free(witness->cores[i].list);
	free(witness->answers);
}
