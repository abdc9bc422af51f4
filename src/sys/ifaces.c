/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/ifaces.h"

#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

static uint8_t
count_bits(const struct sockaddr *mask)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	uint8_t bytes[16] = {0};
	unsigned bits = 0;

	if (mask->sa_family == AF_INET) {
		memcpy(&in, mask, sizeof in);
		memcpy(bytes, &in.sin_addr, 4);
	} else {
		memcpy(&in6, mask, sizeof in6);
		memcpy(bytes, &in6.sin6_addr, 16);
	}
	while (bits < 128 && bytes[bits / 8] & (0x80 >> bits % 8))
		bits++;
	return (uint8_t)bits;
}

static void
fill_iface(struct iface *iface, const struct ifaddrs *from)
{
	struct endpoint endpoint;

	endpoint_from_sockaddr(&endpoint, from->ifa_addr);
	snprintf(iface->name, sizeof iface->name, "%s", from->ifa_name);
	iface->addr = endpoint.addr;
	iface->scope = endpoint.scope;
	iface->prefix = prefix_of(&endpoint.addr,
	    from->ifa_netmask ? count_bits(from->ifa_netmask)
	    : endpoint.addr.family == 4 ? 32 : 128);
}

struct ifaces *
ifaces_list(void)
{
	struct ifaddrs *all = NULL;
	struct ifaces *ifaces;
	size_t count = 0;
	bool known = getifaddrs(&all) == 0;

	if (!known)
		all = NULL;
	for (struct ifaddrs *i = all; i; i = i->ifa_next)
		count++;
	ifaces = memory_zeroed(1, sizeof *ifaces +
	    count * sizeof ifaces->list[0]);
	ifaces->known = known;
	for (struct ifaddrs *i = all; i; i = i->ifa_next)
		if (i->ifa_addr && (i->ifa_addr->sa_family == AF_INET ||
		    i->ifa_addr->sa_family == AF_INET6))
			fill_iface(&ifaces->list[ifaces->count++], i);
	if (all)
		freeifaddrs(all);
	return ifaces;
}

void
ifaces_free(struct ifaces *ifaces)
{
	free(ifaces);
}

static bool
is_same(const struct iface *a, const struct iface *b)
{
	return strcmp(a->name, b->name) == 0 &&
	    addr_equal(&a->addr, &b->addr) && a->scope == b->scope &&
	    a->prefix.length == b->prefix.length;
}

bool
ifaces_equal(const struct ifaces *a, const struct ifaces *b)
{
	if (a->known != b->known || a->count != b->count)
		return false;
	for (unsigned i = 0; i < a->count; i++)
		if (!is_same(&a->list[i], &b->list[i]))
			return false;
	return true;
}

bool
ifaces_has(const struct endpoint *endpoint)
{
	struct endpoint any_port = *endpoint;
	struct sockaddr_storage name;
	socklen_t length;
	bool has;
	int fd;

	any_port.port = 0;
	length = endpoint_to_sockaddr(&any_port, &name);
	fd = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	has = bind(fd, (const struct sockaddr *)&name, length) == 0;
	close(fd);
	return has;
}

bool
ifaces_is_own(const struct addr *addr)
{
	struct ifaces *ifaces = ifaces_list();
	bool own = false;

	for (unsigned i = 0; i < ifaces->count && !own; i++)
		own = addr_equal(&ifaces->list[i].addr, addr);
	ifaces_free(ifaces);
	return own;
}
