/* SPDX-License-Identifier: BSD-2-Clause */
#include "listeners.h"

#include <stdlib.h>

#include "base/memory.h"
#include "sys/ports.h"

struct listeners {
	unsigned worker_count;
	struct workers *workers;	/* NULL: not started yet */
	struct given *given;		/* NULL: all is opened anew */
	struct listen_set set;
};

struct listeners *
listeners_new(unsigned workers)
{
	struct listeners *listeners = memory_zeroed(1, sizeof *listeners);

	listeners->worker_count = workers;
	return listeners;
}

void
listeners_give(struct listeners *listeners, struct given *given)
{
	listeners->given = given;
}

void
listeners_free(struct listeners *listeners)
{
	if (!listeners)
		return;
	for (unsigned i = 0; i < listeners->set.count; i++)
		listener_close(listeners->set.list[i]);
	free(listeners->set.list);
	free(listeners);
}

static void
tell(const struct endpoint *endpoint, int error_number, struct diags *diags)
{
	char text[ENDPOINT_TEXT];
	char *words = ports_explain(endpoint, error_number);
	struct diag_place place = {.file = endpoint_print(endpoint, text)};

	diags_add(diags, DIAG_ERROR, &place, NULL, "cannot listen here: %s",
	    words);
	free(words);
}

bool
listeners_complete(struct listeners *listeners, struct diags *diags)
{
	bool all = true;

	listeners->given = NULL;
	for (unsigned i = 0; i < listeners->set.count; i++) {
		struct listener *listener = listeners->set.list[i];
		int error_number = listener_complete(listener);

		if (error_number)
			tell(&listener->endpoint, error_number, diags);
		all &= error_number == 0;
	}
	return all;
}

void
listeners_set_workers(struct listeners *listeners, struct workers *workers)
{
	listeners->workers = workers;
	for (unsigned i = 0; workers && i < listeners->set.count; i++)
		workers_add(workers, listeners->set.list[i]);
}

const struct listen_set *
listeners_set(const struct listeners *listeners)
{
	return &listeners->set;
}

static bool
is_open(const struct listen_set *set, const struct endpoint *endpoint)
{
	for (unsigned i = 0; i < set->count; i++)
		if (endpoint_equal(&set->list[i]->endpoint, endpoint))
			return true;
	return false;
}

static void
keep(struct listen_set *set, struct listener *listener)
{
	set->list = memory_resize(set->list, set->count + 1,
	    sizeof *set->list);
	set->list[set->count++] = listener;
}

/* 0, or the errno. */
static int
open_one(struct listeners *listeners, const struct endpoint *endpoint,
    struct diags *diags)
{
	struct listener *listener;
	int error_number = 0;

	listener = listeners->given ? listener_adopt(endpoint,
	    listeners->worker_count, listeners->given, &error_number) :
	    listener_open(endpoint, listeners->worker_count, &error_number);
	if (!listener) {
		tell(endpoint, error_number, diags);
		return error_number;
	}
	keep(&listeners->set, listener);
	if (listeners->workers)
		workers_add(listeners->workers, listener);
	return 0;
}

bool
listeners_open(struct listeners *listeners, const struct conf *conf,
    struct diags *diags, int *error_number)
{
	int first = 0;

	for (size_t i = 0; i < conf->listen_count; i++) {
		const struct endpoint *endpoint = &conf->listen[i].endpoint;
		int error = 0;

		if (!is_open(&listeners->set, endpoint))
			error = open_one(listeners, endpoint, diags);
		if (!first)
			first = error;
	}
	*error_number = first;
	return first == 0;
}

static bool
is_configured(const struct conf *conf, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < conf->listen_count; i++)
		if (endpoint_equal(&conf->listen[i].endpoint, endpoint))
			return true;
	return false;
}

void
listeners_drop(struct listeners *listeners, const struct conf *conf)
{
	struct listen_set *set = &listeners->set;
	unsigned kept = 0;

	for (unsigned i = 0; i < set->count; i++) {
		struct listener *listener = set->list[i];

		if (is_configured(conf, &listener->endpoint)) {
			set->list[kept++] = listener;
			continue;
		}
		if (listeners->workers)
			workers_drop(listeners->workers, listener);
		listener_close(listener);
	}
	set->count = kept;
}
