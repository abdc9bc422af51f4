/* SPDX-License-Identifier: BSD-2-Clause */
#include "linting.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/epoch.h"
#include "base/memory.h"
#include "sys/priority.h"

enum linting_state {
	LINTING_IDLE,
	LINTING_RUNNING,		/* until its end was heard */
	LINTING_STOPPING,		/* the same, for nothing */
};

struct linting {
	struct epoch_reader *reader;
	enum linting_state state;
	int fd;
	atomic_bool stop;
	/* Of the thread, from its start until it has written to fd. */
	struct lint_input *inputs;
	struct dname *hosts;
	size_t count;
	struct lint_findings findings;
};

struct linting *
linting_new(void)
{
	struct linting *linting = memory_zeroed(1, sizeof *linting);

	linting->reader = epoch_reader_new();
	linting->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert(linting->fd >= 0);
	return linting;
}

int
linting_fd(const struct linting *linting)
{
	return linting->fd;
}

/* ---- copies of what the caller may change ---- */

static void *
copy_array(const void *from, size_t count, size_t size)
{
	void *to = memory_zeroed(count + 1, size);

	if (count)
		memcpy(to, from, count * size);
	return to;
}

static struct lint_network *
copy_networks(const struct lint_input *from)
{
	struct lint_network *networks = copy_array(from->networks,
	    from->network_count, sizeof *networks);

	for (size_t i = 0; i < from->network_count; i++)
		networks[i].name = memory_string(networks[i].name);
	return networks;
}

static struct lint_domain *
copy_domains(const struct lint_input *from)
{
	struct lint_domain *domains = copy_array(from->domains,
	    from->domain_count, sizeof *domains);

	for (size_t i = 0; i < from->domain_count; i++)
		domains[i].path = memory_string(domains[i].path);
	return domains;
}

static const char **
copy_off(const struct lint_input *from)
{
	const char **off = copy_array(from->off, from->off_count, sizeof *off);

	for (size_t i = 0; i < from->off_count; i++)
		off[i] = memory_string(off[i]);
	return off;
}

static void
copy_input(struct linting *linting, size_t at, const struct lint_input *from)
{
	struct lint_input *to = &linting->inputs[at];

	*to = *from;
	to->contents = copy_array(from->contents, from->content_count,
	    sizeof(struct content *));
	to->networks = copy_networks(from);
	to->domains = copy_domains(from);
	to->off = copy_off(from);
	if (from->host) {
		linting->hosts[at] = *from->host;
		to->host = &linting->hosts[at];
	}
	to->stop = &linting->stop;
}

/* What copy_input made is const for the linter alone. */
static void
free_copy(const void *copy)
{
	free((void *)(uintptr_t)copy);
}

static void
free_input(struct lint_input *input)
{
	for (size_t i = 0; i < input->network_count; i++)
		free_copy(input->networks[i].name);
	for (size_t i = 0; i < input->domain_count; i++)
		free_copy(input->domains[i].path);
	for (size_t i = 0; i < input->off_count; i++)
		free_copy(input->off[i]);
	free_copy(input->contents);
	free_copy(input->networks);
	free_copy(input->domains);
	free_copy(input->off);
}

static void
free_inputs(struct linting *linting)
{
	for (size_t i = 0; i < linting->count; i++)
		free_input(&linting->inputs[i]);
	free(linting->inputs);
	free(linting->hosts);
	linting->inputs = NULL;
	linting->hosts = NULL;
	linting->count = 0;
}

/* ---- the thread ---- */

/* Nothing is touched once the end is told.  Nobody joins: main would have to
 * wait until this thread, on a full core, is given a last turn. */
static void *
run_linter(void *context)
{
	struct linting *linting = context;
	const uint64_t one = 1;
	ssize_t told;

	pthread_setname_np(pthread_self(), "linter");
	priority_take(PRIORITY_LEISURE);
	for (size_t i = 0; i < linting->count; i++)
		lint_run(&linting->inputs[i], &linting->findings);
	epoch_offline(linting->reader);
	told = write(linting->fd, &one, sizeof one);
	assert(told == sizeof one);
	return NULL;
}

static void
start_thread(struct linting *linting)
{
	sigset_t all, before;
	pthread_t thread;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, NULL, run_linter, linting);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	assert(error == 0);
	pthread_detach(thread);
	linting->state = LINTING_RUNNING;
}

static void
stop(struct linting *linting)
{
	atomic_store(&linting->stop, true);
	linting->state = LINTING_STOPPING;
}

/* True: the thread has done with all of it. */
static bool
hear_end(struct linting *linting)
{
	uint64_t count;

	if (read(linting->fd, &count, sizeof count) != sizeof count)
		return false;
	linting->state = LINTING_IDLE;
	free_inputs(linting);
	return true;
}

static void
await_end(struct linting *linting)
{
	struct pollfd end = {linting->fd, POLLIN, 0};

	while (!hear_end(linting))
		poll(&end, 1, -1);
	lint_findings_fini(&linting->findings);
}

void
linting_free(struct linting *linting)
{
	if (!linting)
		return;
	if (linting->state != LINTING_IDLE) {
		stop(linting);
		await_end(linting);
	}
	epoch_reader_free(linting->reader);
	close(linting->fd);
	free(linting);
}

/* The reader goes online here, not in the thread: between the two the writer
 * could publish again and free what the thread is about to read. */
void
linting_start(struct linting *linting, const struct lint_input *inputs,
    size_t count)
{
	if (linting->state != LINTING_IDLE) {
		stop(linting);
		return;
	}
	linting->inputs = memory_zeroed(count + 1, sizeof *linting->inputs);
	linting->hosts = memory_zeroed(count + 1, sizeof *linting->hosts);
	linting->count = count;
	for (size_t i = 0; i < count; i++)
		copy_input(linting, i, &inputs[i]);
	atomic_store(&linting->stop, false);
	epoch_online(linting->reader);
	start_thread(linting);
}

enum linting_result
linting_take(struct linting *linting, struct lint_findings *findings)
{
	bool stopped = linting->state == LINTING_STOPPING;

	if (!hear_end(linting))
		return LINTING_NOTHING;
	if (stopped) {
		lint_findings_fini(&linting->findings);
		return LINTING_START_AGAIN;
	}
	*findings = linting->findings;
	linting->findings = (struct lint_findings){0};
	return LINTING_FOUND;
}
