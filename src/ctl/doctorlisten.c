/* SPDX-License-Identifier: BSD-2-Clause */
/* doctorlisten.c - does anybody but this machine reach hostler, and do the
 * addresses stay that every VM has written down? */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "ctl/doctorchecks.h"
#include "listenplan.h"
#include "sys/files.h"
#include "sys/ownlease.h"

#define LEASE "lease"
#define LISTEN "listen"
#define TEXT_MAX (1 << 16)

/* ---- beyond loopback ---- */

static void
tell_loopback(const struct doctor *doctor)
{
	char *list = memory_string(""), *longer, text[ADDR_TEXT];
	const char *between = "; that is ";

	for (unsigned i = 0; i < doctor->ifaces->count; i++) {
		const struct addr *addr = &doctor->ifaces->list[i].addr;

		if (addr_is_loopback(addr) || !listenplan_is_private(addr))
			continue;
		longer = memory_format("%s%s%s", list, between,
		    addr_print(addr, text));
		free(list);
		list = longer;
		between = ", ";
	}
	findings_add(doctor->findings, FINDINGS_WARNING, LISTEN,
	    "hostler listens on loopback addresses alone: no VM can ask it");
	findings_advise(doctor->findings, "server: {listen: [private]}   in "
	    "hostler.yaml%s", list);
	free(list);
}

static void
check_reach(const struct doctor *doctor)
{
	if (doctor->reach->count > 0)
		return;
	if (doctor->reach->other_port) {
		findings_add(doctor->findings, FINDINGS_WARNING, LISTEN,
		    "hostler listens on port %u, and clients ask port 53",
		    doctor->reach->other_port);
		findings_advise(doctor->findings, "write the address without "
		    "@%u into `listen`", doctor->reach->other_port);
		return;
	}
	tell_loopback(doctor);
}

/* ---- leases ---- */

/* The first line of a small file, or what `otherwise` says; the caller frees
 * it. */
static char *
read_line(char *path, const char *otherwise)
{
	struct files_content file;
	size_t length = 0;
	char *line;

	if (files_read(path, TEXT_MAX, &file)) {
		line = memory_string(otherwise);
	} else {
		while (length < file.length && file.bytes[length] != '\n')
			length++;
		line = memory_format("%.*s", (int)length, file.bytes);
		files_release(&file);
	}
	free(path);
	return line;
}

static char *
read_mac(const struct doctor *doctor, const char *interface)
{
	return read_line(memory_format("%s/sys/class/net/%s/address",
	    doctor->root, interface), "its MAC address");
}

/* From /proc/net/route: "eth0 00000000 0101A8C0 ...", in the machine's order of
 * bytes. */
static char *
find_gateway(const struct doctor *doctor, const char *interface)
{
	char *path = doctor_path(doctor, "/proc/net/route"), line[256];
	char name[IF_NAMESIZE], text[ADDR_TEXT] = "GATEWAY";
	unsigned to, gateway;
	FILE *in = fopen(path, "re");

	while (in && fgets(line, sizeof line, in)) {
		struct addr addr = {.family = 4};

		if (sscanf(line, "%15s %x %x", name, &to, &gateway) != 3 ||
		    to != 0 || gateway == 0 || strcmp(name, interface) != 0)
			continue;
		memcpy(addr.bytes, &gateway, 4);
		addr_print(&addr, text);
		break;
	}
	if (in)
		fclose(in);
	free(path);
	return memory_string(text);
}

static bool
has_netplan(const struct doctor *doctor)
{
	char *folder = doctor_path(doctor, "/etc/netplan");
	struct files_list list = {0};
	bool has = !files_find(folder, ".yaml", &list, NULL) && list.count > 0;

	files_list_free(&list);
	free(folder);
	return has;
}

/* Whoever set the address, and where it is set for good. */
static void
advise_static(const struct doctor *doctor, enum ownlease_client client,
    const struct reach_address *address)
{
	char text[ADDR_TEXT], *gateway = find_gateway(doctor,
	    address->interface);
	unsigned bits = address->network.length;
	const char *name = address->interface;

	addr_print(&address->addr, text);
	if (client == OWNLEASE_NETWORKMANAGER)
		findings_advise(doctor->findings, "or: nmcli connection modify "
		    "\"$(nmcli -g GENERAL.CONNECTION device show %s)\" "
		    "ipv4.method manual ipv4.addresses %s/%u ipv4.gateway %s",
		    name, text, bits, gateway);
	else if (has_netplan(doctor))
		findings_advise(doctor->findings, "or in /etc/netplan: %s: "
		    "{dhcp4: no, addresses: [%s/%u], routes: [{to: default, "
		    "via: %s}]}; netplan apply", name, text, bits, gateway);
	else if (client == OWNLEASE_NETWORKD)
		findings_advise(doctor->findings, "or in %s's file in "
		    "/etc/systemd/network: Address=%s/%u and Gateway=%s in "
		    "place of DHCP=; networkctl reload", name, text, bits,
		    gateway);
	else if (client == OWNLEASE_DHCPCD)
		findings_advise(doctor->findings, "or in /etc/dhcpcd.conf: "
		    "interface %s, static ip_address=%s/%u, static "
		    "routers=%s, a line each", name, text, bits, gateway);
	else
		findings_advise(doctor->findings, "or in /etc/network/"
		    "interfaces: iface %s inet static, address %s/%u, "
		    "gateway %s, a line each", name, text, bits, gateway);
	free(gateway);
}

static void
tell_lent(const struct doctor *doctor, const struct ownlease *lease,
    const struct reach_address *address)
{
	static const char *const clients[] = {
		[OWNLEASE_UNKNOWN] = "",
		[OWNLEASE_NETWORKD] = ", by systemd-networkd",
		[OWNLEASE_NETWORKMANAGER] = ", by NetworkManager",
		[OWNLEASE_DHCLIENT] = ", by dhclient",
		[OWNLEASE_DHCPCD] = ", by dhcpcd",
	};
	char text[ADDR_TEXT], *mac = read_mac(doctor, address->interface);
	char *left = lease->left_s < 0 ? memory_string("") :
	    memory_format(", valid for %lld s more", (long long)lease->left_s);

	findings_add(doctor->findings, FINDINGS_WARNING, LEASE,
	    "%s on %s is only lent to this machine (DHCP%s%s), and every VM "
	    "has it written down", addr_print(&address->addr, text),
	    address->interface, clients[lease->client], left);
	findings_advise(doctor->findings, "reserve it for %s in the router or "
	    "DHCP server, as a static lease (this line stays then, and does "
	    "not matter)", mac);
	if (address->addr.family == 4)
		advise_static(doctor, lease->client, address);
	free(left);
	free(mac);
}

static void
check_lease(const struct doctor *doctor, const struct reach_address *address)
{
	const struct ownlease_request request = {
		.root = doctor->root,
		.addr = &address->addr,
		.now_s = clock_wall_s(),
	};
	struct ownlease lease;
	char text[ADDR_TEXT];

	addr_print(&address->addr, text);
	if (!*address->interface) {
		findings_add(doctor->findings, FINDINGS_WARNING, LISTEN,
		    "this machine has no address %s at present", text);
		findings_advise(doctor->findings, "ip address   shows those "
		    "that it has");
		return;
	}
	ownlease_find(&lease, &request);
	if (lease.lent)
		tell_lent(doctor, &lease, address);
	else
		findings_add(doctor->findings, FINDINGS_OK, LISTEN,
		    "%s on %s can be asked by others, and is no lease", text,
		    address->interface);
}

void
doctorlisten_check(struct doctor *doctor)
{
	check_reach(doctor);
	for (unsigned i = 0; i < doctor->reach->count; i++)
		check_lease(doctor, &doctor->reach->list[i]);
}
