/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/networks.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

bool
networks_add(struct networks *networks, const char *name)
{
	if (networks->count == NETWORKS_MAX)
		return false;
	networks->names[networks->count++] = memory_string(name);
	return true;
}

void
networks_add_prefix(struct networks *networks, const struct prefix *prefix,
    bool isolated)
{
	struct network_prefix *added;

	assert(networks->count > 0);
	networks->prefixes = memory_resize(networks->prefixes,
	    networks->prefix_count + 1, sizeof(*networks->prefixes));
	added = &networks->prefixes[networks->prefix_count++];
	memset(added, 0, sizeof(*added));
	added->prefix = *prefix;
	added->network = (uint8_t)(networks->count - 1);
	added->isolated = isolated;
	networks->some_isolated |= isolated;
}

void
networks_add_link(struct networks *networks, const struct network_link *link)
{
	networks->links = memory_resize(networks->links,
	    networks->link_count + 1, sizeof(*networks->links));
	networks->links[networks->link_count++] = *link;
}

void
networks_fini(struct networks *networks)
{
	for (unsigned i = 0; i < networks->count; i++)
		free(networks->names[i]);
	free(networks->prefixes);
	free(networks->links);
}

uint64_t
networks_of(const struct networks *networks, const struct addr *addr)
{
	struct addr bare = addr_unmap(addr);
	uint64_t set = 0;

	for (unsigned i = 0; i < networks->prefix_count; i++) {
		const struct network_prefix *one = &networks->prefixes[i];

		if (prefix_contains(&one->prefix, &bare))
			set |= UINT64_C(1) << one->network;
	}
	return set;
}

static uint64_t
networks_of_prefix(const struct networks *networks,
    const struct prefix *prefix)
{
	uint64_t set = 0;

	for (unsigned i = 0; i < networks->prefix_count; i++) {
		const struct network_prefix *one = &networks->prefixes[i];

		if (prefix_covers(&one->prefix, prefix))
			set |= UINT64_C(1) << one->network;
	}
	return set;
}

uint64_t
networks_of_client(const struct networks *networks, const struct addr *client,
    uint32_t link)
{
	uint64_t set = addr_is_loopback(client) ? networks->own :
	    networks_of(networks, client);

	for (unsigned i = 0; link != 0 && i < networks->link_count; i++)
		if (networks->links[i].scope == link)
			set |= networks_of_prefix(networks,
			    &networks->links[i].prefix);
	return set;
}

bool
networks_isolate(const struct networks *networks, const struct addr *addr)
{
	struct addr bare = addr_unmap(addr);

	if (!networks->some_isolated)
		return false;
	for (unsigned i = 0; i < networks->prefix_count; i++) {
		const struct network_prefix *one = &networks->prefixes[i];

		if (one->isolated && prefix_contains(&one->prefix, &bare))
			return true;
	}
	return false;
}

const char *
networks_name(const struct networks *networks, uint64_t set)
{
	for (unsigned i = 0; i < networks->count; i++) {
		if (set >> i & 1)
			return networks->names[i];
	}
	return NULL;
}
