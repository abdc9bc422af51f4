/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/ownlease.h"

#include <dirent.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "sys/files.h"
#include "sys/netlink.h"

#define LEASE_FILE_MAX (1 << 20)
#define FOR_EVER UINT32_MAX
#define KERNEL_WAIT_S 2

/* ---- the kernel ---- */

static bool
holds(const struct addr *addr, const uint8_t *value, size_t length)
{
	return length == (addr->family == 4 ? 4u : 16u) &&
	    memcmp(value, addr->bytes, length) == 0;
}

static int64_t
parse_address(const struct addr *addr, struct netlink_rest body)
{
	struct ifa_cacheinfo info = {.ifa_valid = FOR_EVER};
	struct ifaddrmsg header;
	struct rtattr attribute;
	const uint8_t *value;
	uint32_t flags;
	bool found = false;

	if (body.length < sizeof header)
		return OWNLEASE_ABSENT;
	memcpy(&header, body.bytes, sizeof header);
	flags = header.ifa_flags;
	if (header.ifa_family != (addr->family == 4 ? AF_INET : AF_INET6))
		return OWNLEASE_ABSENT;
	netlink_skip(&body, sizeof header);
	while (netlink_take_attribute(&body, &attribute, &value)) {
		/* Of a link with a peer IFA_ADDRESS is the other end. */
		if (attribute.rta_type == IFA_LOCAL ||
		    (attribute.rta_type == IFA_ADDRESS && addr->family == 6))
			found |= holds(addr, value, attribute.rta_len);
		else if (attribute.rta_type == IFA_CACHEINFO &&
		    attribute.rta_len >= sizeof info)
			memcpy(&info, value, sizeof info);
		else if (attribute.rta_type == IFA_FLAGS &&
		    attribute.rta_len >= sizeof flags)
			memcpy(&flags, value, sizeof flags);
	}
	if (!found)
		return OWNLEASE_ABSENT;
	return info.ifa_valid == FOR_EVER || (addr->family == 6 &&
	    flags & IFA_F_TEMPORARY) ? -1 : (int64_t)info.ifa_valid;
}

int64_t
ownlease_parse(const struct addr *addr, const uint8_t *bytes, size_t length)
{
	struct netlink_rest rest = {bytes, length};
	struct netlink_message message;
	int64_t valid_s;

	while (netlink_take_message(&rest, &message)) {
		if (message.header.nlmsg_type != RTM_NEWADDR)
			continue;
		valid_s = parse_address(addr, message.body);
		if (valid_s != OWNLEASE_ABSENT)
			return valid_s;
	}
	return OWNLEASE_ABSENT;
}

static bool
is_last(const uint8_t *bytes, size_t length)
{
	struct netlink_rest rest = {bytes, length};
	struct netlink_message message;

	while (netlink_take_message(&rest, &message))
		if (message.header.nlmsg_type == NLMSG_DONE ||
		    message.header.nlmsg_type == NLMSG_ERROR)
			return true;
	return length == 0;
}

static int64_t
read_dump(int fd, const struct addr *addr)
{
	uint8_t *bytes = memory_alloc(NETLINK_DATAGRAM);
	int64_t valid_s = OWNLEASE_ABSENT;
	ssize_t got;

	do {
		got = netlink_receive(fd, bytes, NETLINK_DATAGRAM);
		if (got > 0)
			valid_s = ownlease_parse(addr, bytes, (size_t)got);
	} while (got >= 0 && valid_s == OWNLEASE_ABSENT &&
	    !is_last(bytes, (size_t)got));
	free(bytes);
	return valid_s;
}

static int64_t
ask_kernel(const struct addr *addr)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg body;
	} request = {
		.header = {
			.nlmsg_len = sizeof request,
			.nlmsg_type = RTM_GETADDR,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.body = {.ifa_family = addr->family == 4 ? AF_INET
		    : AF_INET6},
	};
	const struct timeval wait = {KERNEL_WAIT_S, 0};
	int64_t valid_s = OWNLEASE_ABSENT;
	int fd = netlink_open(0, 0);

	if (fd < 0)
		return OWNLEASE_ABSENT;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	if (send(fd, &request, sizeof request, 0) == sizeof request)
		valid_s = read_dump(fd, addr);
	close(fd);
	return valid_s;
}

/* ---- files ---- */

static const char *
find_line(const char *text, size_t length, const char *key)
{
	size_t key_length = strlen(key);
	const char *at = text, *end = text + length;

	while ((size_t)(end - at) >= key_length) {
		if (memcmp(at, key, key_length) == 0)
			return at + key_length;
		at = memchr(at, '\n', (size_t)(end - at));
		if (!at)
			break;
		at++;
	}
	return NULL;
}

static bool
says_address(const char *at, const char *end, const struct addr *addr)
{
	struct addr said;
	size_t length = 0;

	while (at + length < end && !strchr(" \t\r\n;", at[length]))
		length++;
	return !addr_parse(&said, at, length) && addr_equal(&said, addr);
}

/* The form of systemd-networkd and of NetworkManager's own client. */
static bool
file_has_address(const char *path, const struct addr *addr)
{
	struct files_content file;
	const char *at;
	bool has;

	if (files_read(path, LEASE_FILE_MAX, &file))
		return false;
	at = find_line(file.bytes, file.length, "ADDRESS=");
	has = at && says_address(at, file.bytes + file.length, addr);
	files_release(&file);
	return has;
}

/* "6 2026/11/21 17:00:00;", in UTC, or "epoch 1795000000;" */
static int64_t
read_expiry(const char *text)
{
	struct tm when = {0};
	long long epoch;

	if (sscanf(text, " epoch %lld", &epoch) == 1)
		return epoch;
	if (strncmp(text, " never", 6) == 0)
		return INT64_MAX;
	if (sscanf(text, " %*d %d/%d/%d %d:%d:%d", &when.tm_year,
	    &when.tm_mon, &when.tm_mday, &when.tm_hour, &when.tm_min,
	    &when.tm_sec) != 6)
		return 0;
	when.tm_year -= 1900;
	when.tm_mon -= 1;
	return (int64_t)timegm(&when);
}

int64_t
ownlease_parse_dhclient(const char *text, size_t length,
    const struct addr *addr, int64_t now_s)
{
	char *copy = memory_alloc(length + 1), *rest = NULL;
	int64_t end_s = 0;
	bool here = false;

	memcpy(copy, text, length);
	copy[length] = '\0';
	for (char *line = strtok_r(copy, "\n", &rest); line;
	    line = strtok_r(NULL, "\n", &rest)) {
		line += strspn(line, " \t");
		if (strncmp(line, "fixed-address ", 14) == 0)
			here = says_address(line + 14, copy + length, addr);
		else if (here && strncmp(line, "expire", 6) == 0)
			end_s = read_expiry(line + 6);
	}
	free(copy);
	if (end_s == INT64_MAX)
		return -1;
	return end_s > now_s ? end_s - now_s : OWNLEASE_ABSENT;
}

static int64_t
read_dhclient(const char *path, const struct ownlease_request *request)
{
	int64_t left_s = OWNLEASE_ABSENT;
	struct files_content file;

	if (!files_read(path, LEASE_FILE_MAX, &file)) {
		left_s = ownlease_parse_dhclient(file.bytes, file.length,
		    request->addr, request->now_s);
		files_release(&file);
	}
	return left_s;
}

/* dhcpcd keeps the server's packet (RFC 2131 2): yiaddr is at byte 16. */
static bool
is_in_packet(const char *path, const struct addr *addr)
{
	struct files_content file;
	bool is;

	if (addr->family != 4 || files_read(path, LEASE_FILE_MAX, &file))
		return false;
	is = file.length >= 240 && memcmp(file.bytes + 16, addr->bytes, 4) ==
	    0;
	files_release(&file);
	return is;
}

/* The files of each client.  True: this one gave the address. */

static bool
look_networkd(struct ownlease *lease, const struct ownlease_request *request,
    const char *path)
{
	if (!file_has_address(path, request->addr))
		return false;
	lease->lent = true;		/* it goes with the lease */
	lease->client = OWNLEASE_NETWORKD;
	return true;
}

static bool
look_networkmanager(struct ownlease *lease,
    const struct ownlease_request *request, const char *path)
{
	if (!file_has_address(path, request->addr) &&
	    read_dhclient(path, request) == OWNLEASE_ABSENT)
		return false;
	lease->client = OWNLEASE_NETWORKMANAGER;
	return true;
}

static bool
look_dhclient(struct ownlease *lease, const struct ownlease_request *request,
    const char *path)
{
	int64_t left_s = read_dhclient(path, request);

	if (left_s == OWNLEASE_ABSENT)
		return false;
	if (!lease->lent)
		lease->left_s = left_s;
	lease->lent = true;
	lease->client = OWNLEASE_DHCLIENT;
	return true;
}

static bool
look_dhcpcd(struct ownlease *lease, const struct ownlease_request *request,
    const char *path)
{
	if (!is_in_packet(path, request->addr))
		return false;
	lease->lent = true;
	lease->client = OWNLEASE_DHCPCD;
	return true;
}

struct place {
	const char *folder;
	const char *suffix;		/* "": any file */
	bool (*look)(struct ownlease *lease,
	    const struct ownlease_request *request, const char *path);
};

static const struct place places[] = {
	{"/run/systemd/netif/leases", "", look_networkd},
	{"/var/lib/NetworkManager", ".lease", look_networkmanager},
	{"/var/lib/dhcp", ".leases", look_dhclient},
	{"/var/lib/dhcpcd", ".lease", look_dhcpcd},
	{"/var/lib/dhcpcd5", ".lease", look_dhcpcd},
};

static bool
ends_with(const char *name, const char *suffix)
{
	size_t length = strlen(name), tail = strlen(suffix);

	return length >= tail && strcmp(name + length - tail, suffix) == 0;
}

static bool
look_in(const struct place *place, struct ownlease *lease,
    const struct ownlease_request *request)
{
	char *folder = memory_format("%s%s", request->root, place->folder);
	DIR *open = opendir(folder);
	struct dirent *entry;
	bool found = false;

	while (open && !found && (entry = readdir(open))) {
		char *path = memory_format("%s/%s", folder, entry->d_name);

		if (*entry->d_name != '.' &&
		    ends_with(entry->d_name, place->suffix))
			found = place->look(lease, request, path);
		free(path);
	}
	if (open)
		closedir(open);
	free(folder);
	return found;
}

void
ownlease_find(struct ownlease *lease, const struct ownlease_request *request)
{
	int64_t valid_s = ask_kernel(request->addr);

	*lease = (struct ownlease){.lent = valid_s >= 0,
	    .left_s = valid_s >= 0 ? valid_s : -1};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (look_in(&places[i], lease, request))
			return;
}
