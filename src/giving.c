/* SPDX-License-Identifier: BSD-2-Clause */
#include "giving.h"

#include <pthread.h>
#include <signal.h>

#include "sys/priority.h"

struct job {
	void (*work)(void *context);
	void *context;
};

static void *
run_job(void *context)
{
	const struct job *job = context;

	pthread_setname_np(pthread_self(), "reader");
	priority_take(PRIORITY_GIVING);
	job->work(job->context);
	return NULL;
}

void
giving_do(void (*work)(void *context), void *context)
{
	struct job job = {work, context};
	pthread_t thread;
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, NULL, run_job, &job);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		pthread_join(thread, NULL);
	else
		work(context);
}
