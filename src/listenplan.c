/* SPDX-License-Identifier: BSD-2-Clause */
#include "listenplan.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

bool
listenplan_is_private(const struct addr *addr)
{
	return addr_is_private(addr) && !addr_is_link_local(addr);
}

/* An IPv4 address may have a label of its own, NAME:WORD. */
static bool
is_at_interface(const struct iface *iface, const char *name)
{
	size_t length = strlen(name);

	return strncmp(iface->name, name, length) == 0 &&
	    (iface->name[length] == '\0' || iface->name[length] == ':');
}

static bool
stands_for(const struct conf_listen *entry, const struct iface *iface)
{
	switch (entry->kind) {
	case CONF_LISTEN_INTERFACE:
		return is_at_interface(iface, entry->interface);
	case CONF_LISTEN_PRIVATE:
		return listenplan_is_private(&iface->addr);
	case CONF_LISTEN_ADDRESS:
		break;
	}
	return false;
}

static bool
is_wildcard_of(const struct conf_listen *entry,
    const struct endpoint *endpoint)
{
	return entry->kind == CONF_LISTEN_ADDRESS &&
	    addr_is_unspecified(&entry->endpoint.addr) &&
	    entry->endpoint.addr.family == endpoint->addr.family &&
	    entry->endpoint.port == endpoint->port;
}

/* The wildcard that takes its questions, or the endpoint itself. */
static struct endpoint
find_taker(const struct conf *conf, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < conf->listen_count; i++)
		if (is_wildcard_of(&conf->listen[i], endpoint))
			return conf->listen[i].endpoint;
	return *endpoint;
}

static bool
has_place(const struct listenplan *plan, size_t first,
    const struct endpoint *endpoint)
{
	for (size_t i = first; i < plan->count; i++)
		if (endpoint_equal(&plan->list[i].endpoint, endpoint))
			return true;
	return false;
}

static void
add_place(struct listenplan *plan, const struct listenplan_place *place)
{
	plan->list = memory_resize(plan->list, plan->count + 1,
	    sizeof *plan->list);
	plan->list[plan->count++] = *place;
}

static void
add_followed(struct listenplan *plan, const struct conf *conf, size_t entry,
    const struct ifaces *ifaces)
{
	const struct conf_listen *listen = &conf->listen[entry];
	size_t first = plan->count;

	for (unsigned i = 0; i < ifaces->count; i++) {
		struct endpoint endpoint = {.addr = ifaces->list[i].addr,
		    .port = listen->endpoint.port,
		    .scope = ifaces->list[i].scope};

		if (!stands_for(listen, &ifaces->list[i]))
			continue;
		endpoint = find_taker(conf, &endpoint);
		if (has_place(plan, first, &endpoint))
			continue;
		if (plan->count - first == LISTENPLAN_FOLLOWED_MAX)
			plan->left_out++;
		else
			add_place(plan, &(struct listenplan_place){entry,
			    LISTENPLAN_FOLLOWED, endpoint});
	}
}

void
listenplan_init(struct listenplan *plan, const struct conf *conf,
    const struct ifaces *ifaces)
{
	*plan = (struct listenplan){0};
	for (size_t i = 0; i < conf->listen_count; i++) {
		const struct conf_listen *entry = &conf->listen[i];

		if (entry->kind != CONF_LISTEN_ADDRESS)
			add_followed(plan, conf, i, ifaces);
		else
			add_place(plan, &(struct listenplan_place){i,
			    LISTENPLAN_WRITTEN,
			    find_taker(conf, &entry->endpoint)});
	}
}

void
listenplan_fini(struct listenplan *plan)
{
	free(plan->list);
	*plan = (struct listenplan){0};
}

static bool
is_own(const struct addr *addr, const struct ifaces *ifaces)
{
	for (unsigned i = 0; i < ifaces->count; i++)
		if (addr_equal(&ifaces->list[i].addr, addr))
			return true;
	return addr_is_loopback(addr);
}

bool
listenplan_serves(const struct conf *conf, const struct ifaces *ifaces,
    const struct endpoint *endpoint)
{
	struct endpoint taker = find_taker(conf, endpoint);
	struct listenplan plan;
	bool serves;

	if (addr_is_unspecified(&taker.addr))
		return is_own(&endpoint->addr, ifaces);
	listenplan_init(&plan, conf, ifaces);
	serves = has_place(&plan, 0, endpoint);
	listenplan_fini(&plan);
	return serves;
}
