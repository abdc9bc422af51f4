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
		return 0;
	return (int64_t)now.tv_sec * NS_A_S + now.tv_nsec;
}

/* Since the last look.  The clock of a process that has ended is at 0. */
static int64_t
worked_ns(struct witness_core *core)
{
	int64_t sum_ns = 0;

	for (unsigned i = 0; i < core->clock_count; i++) {
		struct witness_clock *clock = &core->clocks[i];
		int64_t now_ns = now_by(clock->clock);

		if (now_ns < clock->last_ns)
			continue;
		sum_ns += now_ns - clock->last_ns;
		clock->last_ns = now_ns;
	}
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

static void
note_standstill(struct witness_core *core, int64_t from_ns, int64_t to_ns)
{
	core->list = grow(core->list, core->count, &core->room,
	    sizeof *core->list);
	core->list[core->count++] = (struct standstill){from_ns, to_ns};
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
	int64_t asleep_ns = now_by(CLOCK_MONOTONIC), awake_ns, late_ns;

	worked_ns(core);
	while (!core->witness->is_over) {
		sleep_until(asleep_ns + STEP_NS);
		awake_ns = now_by(CLOCK_MONOTONIC);
		late_ns = awake_ns - asleep_ns - STEP_NS - worked_ns(core);
		if (late_ns > LATE_NS)
			note_standstill(core, asleep_ns, awake_ns);
		asleep_ns = awake_ns;
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
		    clock_getcpuclockid(pid,
		    &core->clocks[core->clock_count].clock))
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

/* ---- what is taken off ---- */

/* Standstills of all cores, each with as long again behind it, joined where
 * they meet; before_ns is what those ahead of it cover. */
struct covered {
	int64_t from_ns, to_ns, before_ns;
};

struct cover {
	struct covered *list;
	size_t count;
};

static int
compare(const void *one, const void *other)
{
	int64_t a = ((const struct covered *)one)->from_ns;
	int64_t b = ((const struct covered *)other)->from_ns;

	return (a > b) - (a < b);
}

static void
collect(struct cover *cover, const struct witness *witness)
{
	size_t room = 0;

	for (unsigned i = 0; i < witness->core_count; i++)
		for (size_t j = 0; j < witness->cores[i].count; j++) {
			struct standstill one = witness->cores[i].list[j];

			cover->list = grow(cover->list, cover->count, &room,
			    sizeof *cover->list);
			cover->list[cover->count++] = (struct covered){
			    one.from_ns, 2 * one.to_ns - one.from_ns, 0};
		}
}

/* Returns what all of them cover. */
static int64_t
join(struct cover *cover)
{
	int64_t sum_ns = 0;
	size_t kept = 0;

	if (cover->count)
		qsort(cover->list, cover->count, sizeof *cover->list, compare);
	for (size_t i = 0; i < cover->count; i++) {
		struct covered one = cover->list[i];
		struct covered *last = kept ? &cover->list[kept - 1] : NULL;

		if (!last || one.from_ns > last->to_ns) {
			one.before_ns = sum_ns;
			cover->list[kept++] = one;
			sum_ns += one.to_ns - one.from_ns;
		} else if (one.to_ns > last->to_ns) {
			sum_ns += one.to_ns - last->to_ns;
			last->to_ns = one.to_ns;
		}
	}
	cover->count = kept;
	return sum_ns;
}

/* How much of the time before that moment is covered. */
static int64_t
covered_ns(const struct cover *cover, int64_t moment_ns)
{
	size_t low = 0, high = cover->count;
	const struct covered *last;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cover->list[middle].from_ns < moment_ns)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return 0;
	last = &cover->list[low - 1];
	return last->before_ns + (moment_ns < last->to_ns ? moment_ns :
	    last->to_ns) - last->from_ns;
}

static void
take_off(const struct witness *witness, const struct cover *cover,
    struct latency *net)
{
	for (size_t i = 0; i < witness->answer_count; i++) {
		struct witness_answer one = witness->answers[i];
		int64_t off_ns = covered_ns(cover, one.due_ns + one.took_ns) -
		    covered_ns(cover, one.due_ns);

		latency_add(net, one.took_ns - off_ns);
	}
}

void
witness_note(struct witness *witness, int64_t due_ns, int64_t took_ns)
{
	if (!witness->core_count)
		return;
	witness->answers = grow(witness->answers, witness->answer_count,
	    &witness->answer_room, sizeof *witness->answers);
	witness->answers[witness->answer_count++] =
	    (struct witness_answer){due_ns, took_ns};
}

void
witness_end(struct witness *witness, struct witness_findings *findings)
{
	struct cover cover = {NULL, 0};

	witness->is_over = true;
	for (unsigned i = 0; i < witness->core_count; i++) {
		pthread_join(witness->cores[i].thread, NULL);
		findings->standstills += witness->cores[i].count;
	}
	collect(&cover, witness);
	findings->stood_ns = join(&cover);
	take_off(witness, &cover, &findings->net);
	for (unsigned i = 0; i < witness->core_count; i++)
		free(witness->cores[i].list);
	free(witness->answers);
	free(cover.list);
}
