/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/ports.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

/* The kernel prints an address as 32-bit words in the machine's order. */
static bool
read_address(const char *hex, struct addr *addr)
{
	size_t length = strspn(hex, "0123456789ABCDEFabcdef");

	memset(addr, 0, sizeof *addr);
	addr->family = length == 8 ? 4 : length == 32 ? 6 : 0;
	for (size_t i = 0; addr->family && i < length / 8; i++) {
		char word[9];
		uint32_t value;

		memcpy(word, hex + 8 * i, 8);
		word[8] = '\0';
		value = (uint32_t)strtoul(word, NULL, 16);
		memcpy(addr->bytes + 4 * i, &value, 4);
	}
	*addr = addr_unmap(addr);
	return addr->family != 0;
}

static bool
stands_in_way(const struct addr *bound, const struct addr *wanted)
{
	if (addr_is_unspecified(bound))
		return bound->family == wanted->family || bound->family == 6;
	return addr_equal(bound, wanted) ||
	    (addr_is_unspecified(wanted) && bound->family == wanted->family);
}

struct table_line {
	char local[40];
	unsigned port;
	unsigned state;
	unsigned long inode;
};

static bool
read_table_line(const char *text, struct table_line *line)
{
	return sscanf(text, " %*u: %39[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x "
	    "%*x:%*x %*x:%*x %*x %*u %*u %lu", line->local, &line->port,
	    &line->state, &line->inode) == 4;
}

/* The inode of the socket in /proc/net/NAME that stands in the way; 0: none.
 * TCP sockets count in state LISTEN (10) alone. */
static unsigned long
find_inode(const char *name, const struct endpoint *endpoint)
{
	char path[64], text[512];
	unsigned long inode = 0;
	struct table_line line;
	struct addr bound;
	FILE *in;

	snprintf(path, sizeof path, "/proc/net/%s", name);
	in = fopen(path, "re");
	if (!in)
		return 0;
	while (!inode && fgets(text, sizeof text, in))
		if (read_table_line(text, &line) &&
		    line.port == endpoint->port &&
		    (*name == 'u' || line.state == 10) &&
		    read_address(line.local, &bound) &&
		    stands_in_way(&bound, &endpoint->addr))
			inode = line.inode ? line.inode : 1;
	fclose(in);
	return inode;
}

static bool
holds_inode(const char *pid, unsigned long inode)
{
	char path[300], wanted[64], target[64];
	struct dirent *entry;
	bool found = false;
	ssize_t length;
	DIR *folder;

	snprintf(path, sizeof path, "/proc/%s/fd", pid);
	snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
	folder = opendir(path);
	while (folder && !found && (entry = readdir(folder))) {
		char link[600];

		snprintf(link, sizeof link, "%s/%s", path, entry->d_name);
		length = readlink(link, target, sizeof target - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		found = strcmp(target, wanted) == 0;
	}
	if (folder)
		closedir(folder);
	return found;
}

static void
read_program(const char *pid, struct ports_holder *holder)
{
	char path[300];
	FILE *in;

	holder->pid = (pid_t)atol(pid);
	snprintf(path, sizeof path, "/proc/%s/comm", pid);
	in = fopen(path, "re");
	if (in && fgets(holder->program, sizeof holder->program, in))
		holder->program[strcspn(holder->program, "\n")] = '\0';
	if (in)
		fclose(in);
}

static void
find_program(unsigned long inode, struct ports_holder *holder)
{
	struct dirent *entry;
	DIR *folder = opendir("/proc");

	while (folder && !holder->pid && (entry = readdir(folder)))
		if (isdigit((unsigned char)*entry->d_name) &&
		    holds_inode(entry->d_name, inode))
			read_program(entry->d_name, holder);
	if (folder)
		closedir(folder);
}

enum ports_found
ports_find_holder(const struct endpoint *endpoint, struct ports_holder *holder)
{
	static const char *const tables[] = {"udp", "tcp", "udp6", "tcp6"};
	unsigned long inode = 0;

	memset(holder, 0, sizeof *holder);
	for (size_t i = 0; i < sizeof tables / sizeof *tables && !inode; i++)
		inode = find_inode(tables[i], endpoint);
	if (!inode)
		return PORTS_NOT_HELD;
	find_program(inode, holder);
	return PORTS_HELD;
}

/* ---- words ---- */

/* Programs that are met at port 53 of a machine with VMs, and where: the
 * address tells who it is when only root could see the program. */
struct neighbour {
	enum ports_kind kind;
	const char *program;		/* how its name in /proc begins */
	const char *called;
	const char *prefix;
	const char *advice;
};

static const struct neighbour neighbours[] = {
	{PORTS_RESOLVED, "systemd-resolve", "systemd-resolved", "127.0.0.53/32",
	    "it answers there for this machine: listen on the address that "
	    "the VMs reach instead, or set DNSStubListener=no in "
	    "resolved.conf(5)"},
	{PORTS_RESOLVED, "systemd-resolve", "systemd-resolved", "127.0.0.54/32",
	    "it answers there for this machine: listen on the address that "
	    "the VMs reach instead, or set DNSStubListener=no in "
	    "resolved.conf(5)"},
	{PORTS_LIBVIRT, "dnsmasq", "libvirt's dnsmasq", "192.168.122.0/24",
	    "libvirt starts it for this network: listen on another address, "
	    "or put <dns enable='no'/> into the network (virsh net-edit "
	    "default)"},
	{PORTS_DNSMASQ, "dnsmasq", "dnsmasq", NULL,
	    "listen on another address; or stop it, or set its port=0; "
	    "libvirt starts one for each of its networks, <dns enable='no'/> "
	    "there (virsh net-edit) ends that"},
	{PORTS_HOSTLER, "hostler", "another hostler", NULL,
	    "stop it, or give this one another address"},
};

static bool
is_at(const struct neighbour *neighbour, const struct addr *addr)
{
	struct prefix prefix;

	return neighbour->prefix && !prefix_parse(&prefix, neighbour->prefix,
	    strlen(neighbour->prefix)) && prefix_contains(&prefix, addr);
}

static bool
is_program(const struct neighbour *neighbour, const char *program)
{
	return strncmp(program, neighbour->program,
	    strlen(neighbour->program)) == 0;
}

/* Of those with the holder's name the one with this address, else the last;
 * of a holder that is not to be seen the one with this address; or NULL. */
static const struct neighbour *
find_neighbour(const struct ports_holder *holder, const struct addr *addr)
{
	const struct neighbour *found = NULL;

	for (size_t i = 0; i < sizeof neighbours / sizeof *neighbours; i++) {
		const struct neighbour *n = &neighbours[i];

		if (holder->pid && !is_program(n, holder->program))
			continue;
		if (is_at(n, addr))
			return n;
		if (holder->pid)
			found = n;
	}
	return found;
}

enum ports_kind
ports_recognize(const struct ports_holder *holder, const struct addr *addr,
    const char **called)
{
	const struct neighbour *neighbour = find_neighbour(holder, addr);

	if (called)
		*called = neighbour ? neighbour->called : holder->pid ?
		    holder->program : "a program that only root can see";
	return neighbour ? neighbour->kind : PORTS_OTHER;
}

static char *
explain_in_use(const struct endpoint *endpoint)
{
	const struct neighbour *neighbour;
	struct ports_holder holder;

	ports_find_holder(endpoint, &holder);
	neighbour = find_neighbour(&holder, &endpoint->addr);
	if (holder.pid)
		return memory_format("it is in use by %s (process %ld); %s",
		    neighbour ? neighbour->called : holder.program,
		    (long)holder.pid, neighbour ? neighbour->advice
		    : "stop it, or listen on another address or port");
	if (neighbour)
		return memory_format("it is in use, most likely by %s; %s",
		    neighbour->called, neighbour->advice);
	return memory_string("it is in use by a program that only root can "
	    "see; 'ss -lntup' as root names it");
}

char *
ports_explain(const struct endpoint *endpoint, int error_number)
{
	switch (error_number) {
	case EADDRINUSE:
		return explain_in_use(endpoint);
	case EACCES:
	case EPERM:
		return memory_string("ports below 1024 need a right that this "
		    "user has not: start hostler as root (it drops the rights "
		    "after binding), give it the right by 'setcap "
		    "cap_net_bind_service=+ep' on the program, or listen on a "
		    "port such as 5300");
	case EADDRNOTAVAIL:
		return memory_string("this machine has no such address; "
		    "'ip address' shows those that it has");
	default:
		return memory_string(strerror(error_number));
	}
}
