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

static const char *
advise(const struct ports_holder *holder)
{
	if (strncmp(holder->program, "systemd-resolve", 15) == 0)
		return "systemd-resolved answers there for this machine: "
		       "listen on the address that the VMs reach instead, or "
		       "set DNSStubListener=no in resolved.conf";
	if (strcmp(holder->program, "dnsmasq") == 0)
		return "libvirt starts dnsmasq for its networks: listen on "
		       "another address, or set <dns enable='no'/> in that "
		       "network (virsh net-edit)";
	if (strcmp(holder->program, "hostler") == 0)
		return "a hostler runs there already: stop it, or give this "
		       "one another address";
	return "stop it, or listen on another address or port";
}

static char *
explain_in_use(const struct endpoint *endpoint)
{
	struct ports_holder holder;

	if (ports_find_holder(endpoint, &holder) == PORTS_HELD && holder.pid)
		return memory_format("it is in use by %s (process %ld); %s",
		    holder.program, (long)holder.pid, advise(&holder));
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
