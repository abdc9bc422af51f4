/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/crew.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

struct job {
	const struct parts_work *work;
	atomic_uint next;		/* the part that nobody has yet */
};

struct member {
	pthread_t thread;
	struct job *job;
	unsigned worker;
};

static void
work_through(struct job *job, unsigned worker)
{
	const struct parts_work *work = job->work;
	unsigned part;

	while ((part = atomic_fetch_add(&job->next, 1)) < work->count)
		work->part(work->argument, part, worker);
}

static void *
run_member(void *argument)
{
	const struct member *member = argument;

	pthread_setname_np(pthread_self(), "reader");
	work_through(member->job, member->worker);
	return NULL;
}

void
crew_run(const struct parts_work *work, unsigned workers)
{
	struct job job = {.work = work};
	struct member members[CREW_MAX];
	sigset_t all, before;
	unsigned started = 1;

	if (workers > CREW_MAX)
		workers = CREW_MAX;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (; started < workers; started++) {
		struct member *member = &members[started];

		*member = (struct member){.job = &job, .worker = started};
		if (pthread_create(&member->thread, NULL, run_member,
		    member) != 0)
			break;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	work_through(&job, 0);
	for (unsigned i = 1; i < started; i++)
		pthread_join(members[i].thread, NULL);
}

struct parts
crew_parts(void)
{
	struct parts parts = {.workers = 1, .run = crew_run};
	cpu_set_t set;
	int count = 1;

	if (sched_getaffinity(0, sizeof set, &set) == 0)
		count = CPU_COUNT(&set);
	if (count > 1)
		parts.workers = (unsigned)count < CREW_MAX ?
		    (unsigned)count : CREW_MAX;
	return parts;
}
