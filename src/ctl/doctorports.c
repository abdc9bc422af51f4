/* SPDX-License-Identifier: BSD-2-Clause */
/* doctorports.c - who holds the ports that hostler is to have, and how to make
 * them give way. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ctl/doctorchecks.h"
#include "listenplan.h"
#include "sys/files.h"
#include "sys/ports.h"

#define CHECK "port"
#define LIBVIRT "/var/lib/libvirt/dnsmasq"
#define LIBVIRT_FILE_MAX (1 << 16)

/* ---- libvirt's networks ---- */

static const char *
find_interface(const struct doctor *doctor, const struct addr *addr)
{
	for (unsigned i = 0; i < doctor->ifaces->count; i++)
		if (addr_equal(&doctor->ifaces->list[i].addr, addr))
			return doctor->ifaces->list[i].name;
	return NULL;
}

static bool
file_names(const char *path, const char *interface)
{
	char *wanted = memory_format("\ninterface=%s\n", interface);
	struct files_content file;
	bool names = false;

	if (!files_read(path, LIBVIRT_FILE_MAX, &file)) {
		names = memmem(file.bytes, file.length, wanted,
		    strlen(wanted)) != NULL;
		files_release(&file);
	}
	free(wanted);
	return names;
}

/* The network whose bridge this is, by libvirt's files for its dnsmasq; the
 * caller frees it.  NULL: none. */
static char *
find_network(const struct doctor *doctor, const char *interface)
{
	char *folder = doctor_path(doctor, LIBVIRT), *network = NULL;
	DIR *open = opendir(folder);
	struct dirent *entry;

	while (open && !network && (entry = readdir(open))) {
		char *path = memory_format("%s/%s", folder, entry->d_name);
		size_t length = strlen(entry->d_name);

		if (length > 5 &&
		    strcmp(entry->d_name + length - 5, ".conf") == 0 &&
		    file_names(path, interface))
			network = memory_format("%.*s", (int)length - 5,
			    entry->d_name);
		free(path);
	}
	if (open)
		closedir(open);
	free(folder);
	return network;
}

/* NULL: not libvirt's. */
static char *
recognize_libvirt(const struct doctor *doctor, enum ports_kind kind,
    const struct addr *addr)
{
	const char *interface = find_interface(doctor, addr);
	char *network = NULL;

	if (kind != PORTS_DNSMASQ && kind != PORTS_LIBVIRT)
		return NULL;
	if (interface)
		network = find_network(doctor, interface);
	if (!network && (kind == PORTS_LIBVIRT ||
	    (interface && strncmp(interface, "virbr", 5) == 0)))
		network = memory_string("default");
	return network;
}

/* ---- what to do ---- */

static void
advise_resolved(struct findings *findings)
{
	findings_advise(findings, "mkdir -p /etc/systemd/resolved.conf.d");
	findings_advise(findings, "printf '[Resolve]\\nDNSStubListener=no\\n' "
	    ">/etc/systemd/resolved.conf.d/hostler-stub.conf");
	findings_advise(findings, "ln -sf ..%s /etc/resolv.conf",
	    RESOLVCONF_RESOLVED);
	findings_advise(findings, "systemctl restart systemd-resolved");
}

static void
advise_libvirt(struct findings *findings, const char *network)
{
	findings_advise(findings, "virsh net-edit %s   and write <dns "
	    "enable='no'/> into it; then", network);
	findings_advise(findings, "virsh net-destroy %s; virsh net-start %s   "
	    "and start its VMs anew", network, network);
	findings_advise(findings, "hostlerctl client-config --for libvirt   "
	    "makes the VMs ask hostler");
}

static void
advise(struct findings *findings, enum ports_kind kind)
{
	if (kind == PORTS_RESOLVED)
		advise_resolved(findings);
	else if (kind == PORTS_DNSMASQ)
		findings_advise(findings, "write port=0 into its "
		    "configuration, stop it, or let hostler listen on "
		    "another address");
	else if (kind == PORTS_HOSTLER)
		findings_advise(findings, "stop it, or ask it with -s SOCKET");
	else
		findings_advise(findings, "stop it, or let hostler listen on "
		    "another address (`listen` below `server`)");
}

/* ---- each port ---- */

static bool
daemon_has(const struct doctor *doctor, const char *endpoint)
{
	json_t *list = json_object_get(doctor->status, "listen");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (text && strcmp(text, endpoint) == 0)
			return true;
	}
	return false;
}

/* " (process 7)", or nothing where it is not to be seen. */
static char *
print_process(const struct ports_holder *holder)
{
	return holder->pid ? memory_format(" (process %ld)",
	    (long)holder->pid) : memory_string("");
}

/* Where a word stands for the address, the others are served. */
static void
tell_stranger(const struct doctor *doctor,
    const struct listenplan_place *place, const struct ports_holder *holder)
{
	const struct endpoint *endpoint = &place->endpoint;
	char text[ENDPOINT_TEXT], *process = print_process(holder), *network;
	enum ports_kind kind;
	const char *called;

	kind = ports_recognize(holder, &endpoint->addr, &called);
	network = recognize_libvirt(doctor, kind, &endpoint->addr);
	findings_add(doctor->findings, place->claim == LISTENPLAN_WRITTEN ?
	    FINDINGS_ERROR : FINDINGS_WARNING, CHECK,
	    "%s is held by %s%s: hostler cannot serve there",
	    endpoint_print(endpoint, text), network ? "libvirt's dnsmasq" :
	    called, process);
	if (network)
		advise_libvirt(doctor->findings, network);
	else
		advise(doctor->findings, kind);
	free(network);
	free(process);
}

/* An address that is still to come is served then; that it is missing is told
 * with `listen`. */
static bool
is_awaited(const struct endpoint *endpoint)
{
	return !addr_is_unspecified(&endpoint->addr) && !ifaces_has(endpoint);
}

static void
check_wanted(const struct doctor *doctor,
    const struct listenplan_place *place)
{
	const struct endpoint *endpoint = &place->endpoint;
	enum ports_found found;
	struct ports_holder holder;
	char text[ENDPOINT_TEXT], *process;

	endpoint_print(endpoint, text);
	found = ports_find_holder(endpoint, &holder);
	if (doctor->status && daemon_has(doctor, text)) {
		process = print_process(&holder);
		findings_add(doctor->findings, FINDINGS_OK, CHECK,
		    "%s is served by hostler%s", text, process);
		free(process);
	} else if (found == PORTS_HELD) {
		tell_stranger(doctor, place, &holder);
	} else if (doctor->status && !is_awaited(endpoint)) {
		findings_add(doctor->findings, FINDINGS_ERROR, CHECK,
		    "%s is in the configuration, but the hostler that runs "
		    "does not serve it", text);
		findings_advise(doctor->findings, "hostlerctl reload   says "
		    "why");
	} else {
		findings_add(doctor->findings, FINDINGS_OK, CHECK,
		    "%s is free", text);
	}
}

/* An address that an entry before has, too, is not looked at again. */
static bool
was_checked(const struct listenplan *plan, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (endpoint_equal(&plan->list[i].endpoint,
		    &plan->list[at].endpoint))
			return true;
	return false;
}

static void
check_entry(const struct doctor *doctor, const struct listenplan *plan,
    size_t entry)
{
	char text[ENDPOINT_TEXT];
	bool any = false;

	for (size_t i = 0; i < plan->count; i++) {
		if (plan->list[i].entry != entry)
			continue;
		any = true;
		if (!was_checked(plan, i))
			check_wanted(doctor, &plan->list[i]);
	}
	if (any)
		return;
	findings_add(doctor->findings, FINDINGS_WARNING, CHECK,
	    "%s stands for no address of this machine at present",
	    conf_print_listen(&doctor->conf->listen[entry], text));
	findings_advise(doctor->findings, "hostler serves it as soon as the "
	    "interface is there; 'ip address' shows those that there are");
}

/* Others at port 53 who do hostler no harm: so that nobody wonders. */
static void
check_other(const struct doctor *doctor, const struct addr *addr)
{
	struct endpoint endpoint = {.addr = *addr, .port = CONF_PORT};
	struct ports_holder holder;
	char text[ENDPOINT_TEXT], *process;
	const char *called;

	if (listenplan_serves(doctor->conf, doctor->ifaces, &endpoint) ||
	    ports_find_holder(&endpoint, &holder) != PORTS_HELD)
		return;
	ports_recognize(&holder, addr, &called);
	process = print_process(&holder);
	findings_add(doctor->findings, FINDINGS_OK, CHECK,
	    "%s belongs to %s%s, and is not in hostler's way",
	    endpoint_print(&endpoint, text), called, process);
	free(process);
}

void
doctorports_check(struct doctor *doctor)
{
	static const struct addr stub = {4, {127, 0, 0, 53}};
	struct listenplan plan;

	listenplan_init(&plan, doctor->conf, doctor->ifaces);
	for (size_t i = 0; i < doctor->conf->listen_count; i++)
		check_entry(doctor, &plan, i);
	listenplan_fini(&plan);
	check_other(doctor, &stub);
	for (unsigned i = 0; i < doctor->ifaces->count; i++)
		if (!addr_is_link_local(&doctor->ifaces->list[i].addr))
			check_other(doctor, &doctor->ifaces->list[i].addr);
}
