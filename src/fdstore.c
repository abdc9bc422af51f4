/* SPDX-License-Identifier: BSD-2-Clause */
#include "fdstore.h"

#include <stdlib.h>

#include "base/memory.h"
#include "sys/notify.h"

struct endpoints {
	struct endpoint *list;
	unsigned count;
};

struct fdstore {
	struct endpoints kept;		/* by the manager, for this process */
	struct endpoints left;		/* by it still, and wanted no more */
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
	free(store->kept.list);
	free(store->left.list);
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
is_in(const struct endpoints *endpoints, const struct endpoint *endpoint)
{
	for (unsigned i = 0; i < endpoints->count; i++)
		if (endpoint_equal(&endpoints->list[i], endpoint))
			return true;
	return false;
}

static void
add_endpoint(struct endpoints *endpoints, const struct endpoint *endpoint)
{
	endpoints->list = memory_resize(endpoints->list, endpoints->count + 1,
	    sizeof *endpoints->list);
	endpoints->list[endpoints->count++] = *endpoint;
}

static void
forget(const struct endpoint *endpoint)
{
	char name[ENDPOINT_TEXT];

	notify_forget(fdstore_name(endpoint, name));
}

static void
forget_gone(struct fdstore *store, const struct listen_set *set)
{
	struct endpoints *kept = &store->kept;
	unsigned still = 0;

	for (unsigned i = 0; i < store->left.count; i++)
		forget(&store->left.list[i]);
	store->left.count = 0;
	for (unsigned i = 0; i < kept->count; i++) {
		if (is_open(set, &kept->list[i]))
			kept->list[still++] = kept->list[i];
		else
			forget(&kept->list[i]);
	}
	kept->count = still;
}

void
fdstore_leave(struct fdstore *store, const struct endpoint *endpoint)
{
	if (!is_in(&store->left, endpoint))
		add_endpoint(&store->left, endpoint);
}

void
fdstore_settle(struct fdstore *store, const struct listen_set *set)
{
	char name[ENDPOINT_TEXT];

	forget_gone(store, set);
	for (unsigned i = 0; i < set->count; i++) {
		const struct listener *listener = set->list[i];

		if (is_in(&store->kept, &listener->endpoint))
			continue;
		fdstore_name(&listener->endpoint, name);
		keep_all(name, listener->udp, listener->count);
		keep_all(name, listener->tcp, listener->count);
		add_endpoint(&store->kept, &listener->endpoint);
	}
}
