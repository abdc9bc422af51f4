/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/clientformats.h"

#include <string.h>

#define OTHERS CLIENTFORMAT_OTHERS
#define SPLIT CLIENTFORMAT_OTHERS_SPLIT
#define HOST CLIENTFORMAT_HOST
#define ANY CLIENTFORMAT_ANY
#define IPV4 CLIENTFORMAT_IPV4

const struct clientformat clientformats[] = {
	{"netplan", OTHERS, ANY, NULL, clientsystems_netplan},
	{"resolved", HOST, ANY, NULL, clientsystems_resolved},
	{"networkmanager", HOST, ANY, NULL, clientsystems_networkmanager},
	{"resolv.conf", OTHERS, ANY, NULL, clientsystems_resolv_conf},
	{"cloud-init", OTHERS, ANY, NULL, clientsystems_cloud_init},
	{"ignition", OTHERS, ANY, "for VMs with systemd-resolved: merge it "
	    "into the VM's Ignition file (ignition.config.merge)",
	    clientsystems_ignition},
	{"libvirt", OTHERS, ANY, NULL, clientnetworks_libvirt},
	{"virtualbox", OTHERS, IPV4, NULL, clientnetworks_virtualbox},
	{"vmware", OTHERS, IPV4, NULL, clientnetworks_vmware},
	{"openstack", OTHERS, ANY, NULL, clientnetworks_openstack},
	{"docker", OTHERS, ANY, "merge it into /etc/docker/daemon.json, then: "
	    "systemctl restart docker", clientnetworks_docker},
	{"kubernetes", SPLIT, ANY, NULL, clientnetworks_kubernetes},
	{"windows", SPLIT, ANY, NULL, clientsystems_windows},
	{"macos", SPLIT, ANY, NULL, clientsystems_macos},
	{"wsl", OTHERS, ANY, NULL, clientsystems_wsl},
	{"router", OTHERS, ANY, NULL, clientnetworks_router},
	{NULL, OTHERS, ANY, NULL, NULL},
};

const struct clientformat *
clientformats_find(const char *name)
{
	for (const struct clientformat *format = clientformats; format->name;
	    format++)
		if (strcmp(format->name, name) == 0)
			return format;
	return NULL;
}

static void
print_one(const struct clientformat_list *list, unsigned at, const char *text,
    FILE *out)
{
	fprintf(out, "%s%s%s%s", at ? list->between : list->before,
	    list->each, text, list->after);
}

unsigned
clientformats_servers(const struct clientfacts *facts, int family,
    const struct clientformat_list *list, FILE *out)
{
	char text[ADDR_TEXT];
	unsigned count = 0;

	for (unsigned i = 0; i < facts->server_count; i++)
		if (family == 0 || facts->servers[i].family == family)
			print_one(list, count++, addr_print(
			    &facts->servers[i], text), out);
	if (count)
		fputs(list->end, out);
	return count;
}

unsigned
clientformats_routes(const struct clientfacts *facts,
    const struct clientformat_list *list, FILE *out)
{
	for (unsigned i = 0; i < facts->route_count; i++)
		print_one(list, i, facts->routes[i], out);
	if (facts->route_count)
		fputs(list->end, out);
	return (unsigned)facts->route_count;
}
