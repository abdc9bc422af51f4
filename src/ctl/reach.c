/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/reach.h"

#include <stdio.h>
#include <string.h>

#include "listenplan.h"

static void
fill_interface(struct reach_address *address, const struct ifaces *ifaces)
{
	for (unsigned i = 0; i < ifaces->count; i++) {
		const struct iface *iface = &ifaces->list[i];

		if (!addr_equal(&iface->addr, &address->addr))
			continue;
		snprintf(address->interface, sizeof address->interface, "%s",
		    iface->name);
		address->network = iface->prefix;
	}
}

static void
add_address(struct reach *reach, const struct addr *addr,
    const struct ifaces *ifaces)
{
	if (addr_is_loopback(addr)) {
		if (!reach->loopback)
			reach->loopback_addr = *addr;
		reach->loopback = true;
		return;
	}
	if (addr_is_link_local(addr) || reach->count == REACH_MAX)
		return;
	for (unsigned i = 0; i < reach->count; i++)
		if (addr_equal(&reach->list[i].addr, addr))
			return;
	reach->list[reach->count] = (struct reach_address){.addr = *addr};
	fill_interface(&reach->list[reach->count++], ifaces);
}

static void
add_endpoint(struct reach *reach, const struct endpoint *endpoint,
    const struct ifaces *ifaces)
{
	if (endpoint->port != CONF_PORT) {
		if (!addr_is_loopback(&endpoint->addr))
			reach->other_port = endpoint->port;
		return;
	}
	if (!addr_is_unspecified(&endpoint->addr)) {
		add_address(reach, &endpoint->addr, ifaces);
		return;
	}
	for (unsigned i = 0; i < ifaces->count; i++)
		if (ifaces->list[i].addr.family == endpoint->addr.family)
			add_address(reach, &ifaces->list[i].addr, ifaces);
}

static bool
is_isolated(const struct conf *conf, const struct addr *addr)
{
	for (size_t i = 0; i < conf->network_count; i++) {
		const struct conf_network *network = &conf->networks[i];

		for (size_t k = 0; k < network->prefixes.count; k++)
			if (network->isolated && prefix_contains(
			    &network->prefixes.list[k], addr))
				return true;
	}
	return false;
}

static void
put_isolated_last(struct reach *reach, const struct conf *conf)
{
	struct reach_address last[REACH_MAX];
	unsigned kept = 0, held = 0;

	for (unsigned i = 0; i < reach->count; i++)
		if (is_isolated(conf, &reach->list[i].addr))
			last[held++] = reach->list[i];
		else
			reach->list[kept++] = reach->list[i];
	memcpy(reach->list + kept, last, held * sizeof *last);
}

void
reach_find(struct reach *reach, const struct conf *conf,
    const struct ifaces *ifaces)
{
	struct listenplan plan;

	memset(reach, 0, sizeof *reach);
	listenplan_init(&plan, conf, ifaces);
	for (size_t i = 0; i < plan.count; i++)
		add_endpoint(reach, &plan.list[i].endpoint, ifaces);
	listenplan_fini(&plan);
	put_isolated_last(reach, conf);
}
