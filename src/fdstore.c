/* SPDX-License-Identifier: BSD-2-Clause */
#include "fdstore.h"

#include <stdlib.h>

#include "base/memory.h"
#include "sys/notify.h"

struct fdstore {
	struct endpoint *list;		/* that the manager keeps */
	unsigned count;
};

struct fdstore *
fdstore_new(void)
{
	return memory_zeroed(1, sizeof(struct fdstore));
}

void
fdstore_free(struct fdstore *store)
{
	if (!store)
		return;
	free(store->list);
	free(store);
}

char *
fdstore_name(const struct endpoint *endpoint, char name[ENDPOINT_TEXT])
{
	endpoint_print(endpoint, name);
	for (char *at = name; *at; at++)
		if (*at == ':')
			*at = '_';
	return name;
}

static void
keep_all(const char *name, const int *fds, unsigned count)
{
	unsigned first = 0;

	/* A descriptor that could not be had stands between others. */
	for (unsigned i = 0; i <= count; i++) {
		if (i < count && fds[i] >= 0)
			continue;
		if (i > first)
			notify_store(name, fds + first, i - first);
		first = i + 1;
	}
}

static bool
is_open(const struct listen_set *set, const struct endpoint *endpoint)
{
	for (unsigned i = 0; i < set->count; i++)
		if (endpoint_equal(&set->list[i]->endpoint, endpoint))
			return true;
	return false;
}

static bool
is_kept(const struct fdstore *store, const struct endpoint *endpoint)
{
	for (unsigned i = 0; i < store->count; i++)
		if (endpoint_equal(&store->list[i], endpoint))
			return true;
	return false;
}

static void
forget_gone(struct fdstore *store, const struct listen_set *set)
{
	char name[ENDPOINT_TEXT];
	unsigned kept = 0;

	for (unsigned i = 0; i < store->count; i++) {
		if (is_open(set, &store->list[i]))
			store->list[kept++] = store->list[i];
		else
			notify_forget(fdstore_name(&store->list[i], name));
	}
	store->count = kept;
}

void
fdstore_settle(struct fdstore *store, const struct listen_set *set)
{
	char name[ENDPOINT_TEXT];

	forget_gone(store, set);
	for (unsigned i = 0; i < set->count; i++) {
		const struct listener *listener = set->list[i];

		if (is_kept(store, &listener->endpoint))
			continue;
		fdstore_name(&listener->endpoint, name);
		keep_all(name, listener->udp, listener->count);
		keep_all(name, listener->tcp, listener->count);
		store->list = memory_resize(store->list, store->count + 1,
		    sizeof *store->list);
		store->list[store->count++] = listener->endpoint;
	}
}
