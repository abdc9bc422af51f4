/* SPDX-License-Identifier: BSD-2-Clause */
/* clientsystems.c - what operating systems are told. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ctl/clientformats.h"
#include "jsontext.h"

#define DROP_IN "/etc/systemd/resolved.conf.d/hostler.conf"

void
clientsystems_netplan(const struct clientfacts *facts, FILE *out)
{
	static const struct clientformat_list quoted = {
	    "        addresses: [", "\"", "\"", ", ", "]\n"};

	fputs("# /etc/netplan/90-hostler.yaml; then: netplan apply\n"
	    "# eth0: write the name of the card as the file beside it has "
	    "it.\n"
	    "# Where the router announces DNS servers by IPv6, netplan 1.1 "
	    "knows\n"
	    "# ra-overrides: {use-dns: false} as well.\n"
	    "network:\n"
	    "  version: 2\n"
	    "  ethernets:\n"
	    "    eth0:\n"
	    "      dhcp4-overrides: {use-dns: false}\n"
	    "      dhcp6-overrides: {use-dns: false}\n"
	    "      nameservers:\n", out);
	clientformats_servers(facts, 0, &quoted, out);
	if (facts->domain)
		fprintf(out, "        search: [\"%s\"]\n", facts->domain);
}

/* The drop-in without comments; indent is for those that carry it. */
/* It is searched, and so it is a route anyway. */
static bool
is_domain(const struct clientfacts *facts, const char *route)
{
	return facts->domain && strcmp(facts->domain, route) == 0;
}

static void
print_drop_in(const struct clientfacts *facts, const char *indent, FILE *out)
{
	static const struct clientformat_list spaced = {"DNS=", "", "", " ",
	    "\n"};
	const char *gap = "";

	fprintf(out, "%s[Resolve]\n%s", indent, indent);
	clientformats_servers(facts, 0, &spaced, out);
	fprintf(out, "%sDomains=", indent);
	if (facts->domain) {
		fputs(facts->domain, out);
		gap = " ";
	}
	if (facts->scope == CLIENTFACTS_ALL)
		fprintf(out, "%s~.", gap);
	for (size_t i = 0; facts->scope == CLIENTFACTS_SPLIT &&
	    i < facts->route_count; i++) {
		if (is_domain(facts, facts->routes[i]))
			continue;
		fprintf(out, "%s~%s", gap, facts->routes[i]);
		gap = " ";
	}
	fputc('\n', out);
}

void
clientsystems_resolved(const struct clientfacts *facts, FILE *out)
{
	fputs("# " DROP_IN "; then:\n"
	    "# systemctl restart systemd-resolved\n", out);
	if (facts->scope == CLIENTFACTS_SPLIT)
		fputs("# These domains are asked of hostler alone; other names "
		    "of the servers of\n"
		    "# the links, and of hostler beside them.\n", out);
	print_drop_in(facts, "", out);
}

static void
print_connection(const struct clientfacts *facts, FILE *out)
{
	if (*facts->interface)
		fprintf(out, "connection=$(nmcli -g GENERAL.CONNECTION device "
		    "show '%s')\n", facts->interface);
	else
		fputs("# Its name: nmcli -f NAME,DEVICE connection show "
		    "--active\n"
		    "connection='Wired connection 1'\n", out);
}

/* Both families search: a connection may have either. */
static void
print_modify(const struct clientfacts *facts, int family, FILE *out)
{
	static const struct clientformat_list ipv4 = {
	    " \\\n\tipv4.dns ", "", "", ",", ""};
	static const struct clientformat_list ipv6 = {
	    " \\\n\tipv6.dns ", "", "", ",", ""};
	const char *gap = "";

	if (clientformats_servers(facts, family, family == 4 ? &ipv4 : &ipv6,
	    out) == 0)
		return;
	fprintf(out, " \\\n\tipv%d.dns-search '", family);
	if (facts->domain) {
		fputs(facts->domain, out);
		gap = ",";
	}
	for (size_t i = 0; facts->scope == CLIENTFACTS_SPLIT &&
	    i < facts->route_count; i++) {
		if (is_domain(facts, facts->routes[i]))
			continue;
		fprintf(out, "%s~%s", gap, facts->routes[i]);
		gap = ",";
	}
	fputs("'", out);
}

void
clientsystems_networkmanager(const struct clientfacts *facts, FILE *out)
{
	fputs("# A shell script: the connection over which hostler is "
	    "reached.\n", out);
	if (facts->scope == CLIENTFACTS_SPLIT)
		fputs("# That it gets these domains alone needs "
		    "NetworkManager with systemd-resolved\n"
		    "# or dnsmasq, and a connection with no DNS server from "
		    "elsewhere; else --all.\n", out);
	print_connection(facts, out);
	fputs("nmcli connection modify \"$connection\"", out);
	if (facts->scope == CLIENTFACTS_ALL)
		fputs(" \\\n\tipv4.ignore-auto-dns yes "
		    "ipv6.ignore-auto-dns yes", out);
	print_modify(facts, 4, out);
	print_modify(facts, 6, out);
	fputs("\nnmcli connection up \"$connection\"\n", out);
}

static void
print_resolv_conf(const struct clientfacts *facts, FILE *out)
{
	static const struct clientformat_list lines = {"", "nameserver ",
	    "\n", "", ""};

	if (facts->domain)
		fprintf(out, "search %s\n", facts->domain);
	clientformats_servers(facts, 0, &lines, out);
}

void
clientsystems_resolv_conf(const struct clientfacts *facts, FILE *out)
{
	fputs("# /etc/resolv.conf, and nothing else in it: a public server "
	    "beside hostler is\n"
	    "# asked now and then, and says that your names do not exist.\n",
	    out);
	print_resolv_conf(facts, out);
}

void
clientsystems_cloud_init(const struct clientfacts *facts, FILE *out)
{
	fputs("#cloud-config\n"
	    "# For VMs with systemd-resolved, as the images of most "
	    "distributions have it.\n"
	    "write_files:\n"
	    "  - path: " DROP_IN "\n"
	    "    permissions: \"0644\"\n"
	    "    content: |\n", out);
	print_drop_in(facts, "      ", out);
	fputs("runcmd:\n"
	    "  - [systemctl, restart, systemd-resolved]\n", out);
}

/* A data URL (RFC 2397): what is not plain is escaped. */
static char *
make_data_url(const char *text)
{
	char *url, *stream_text;
	size_t length;
	FILE *stream = memory_stream(&stream_text, &length);

	fputs("data:,", stream);
	for (; *text; text++)
		if ((*text >= 'a' && *text <= 'z') ||
		    (*text >= 'A' && *text <= 'Z') ||
		    (*text >= '0' && *text <= '9') || strchr("-._~", *text))
			fputc(*text, stream);
		else
			fprintf(stream, "%%%02X", (unsigned char)*text);
	memory_stream_close(stream);
	url = stream_text;
	return url;
}

void
clientsystems_ignition(const struct clientfacts *facts, FILE *out)
{
	char *text, *url;
	size_t length;
	FILE *stream = memory_stream(&text, &length);

	print_drop_in(facts, "", stream);
	memory_stream_close(stream);
	url = make_data_url(text);
	jsontext_print(json_pack("{s:{s:s}, s:{s:[{s:s, s:i, s:{s:s}}]}}",
	    "ignition", "version", "3.3.0",
	    "storage", "files",
	    "path", DROP_IN,
	    "mode", 0644,
	    "contents", "source", url), out);
	free(url);
	free(text);
}

static void
print_windows_split(const struct clientfacts *facts, FILE *out)
{
	/* With a dot ahead: all names below; without: the name itself. */
	static const struct clientformat_list names = {"", "'", "'", ", ",
	    ", "};
	static const struct clientformat_list below = {"", "'.", "'", ", ",
	    ""};
	static const struct clientformat_list quoted = {" -NameServers ", "'",
	    "'", ", ", "\n"};

	fputs("Add-DnsClientNrptRule -Comment 'hostler' -Namespace ", out);
	clientformats_routes(facts, &names, out);
	clientformats_routes(facts, &below, out);
	clientformats_servers(facts, 0, &quoted, out);
}

void
clientsystems_windows(const struct clientfacts *facts, FILE *out)
{
	static const struct clientformat_list quoted = {
	    " -ServerAddresses ", "'", "'", ", ", "\n"};

	fputs("# PowerShell, as Administrator.  The adapter: Get-NetAdapter\n"
	    "$adapter = 'Ethernet'\n", out);
	if (facts->scope == CLIENTFACTS_SPLIT) {
		print_windows_split(facts, out);
	} else {
		fputs("Set-DnsClientServerAddress -InterfaceAlias $adapter",
		    out);
		clientformats_servers(facts, 0, &quoted, out);
	}
	if (facts->domain)
		fprintf(out, "Set-DnsClient -InterfaceAlias $adapter "
		    "-ConnectionSpecificSuffix '%s'\n", facts->domain);
	fputs("Clear-DnsClientCache\n", out);
}

static void
print_macos_split(const struct clientfacts *facts, FILE *out)
{
	static const struct clientformat_list lines = {"", "nameserver ",
	    "\n", "", "EOF\n"};
	static const struct clientformat_list names = {"for domain in", " ",
	    "", "", "; do\n"};

	fputs("sudo mkdir -p /etc/resolver\n", out);
	clientformats_routes(facts, &names, out);
	fputs("sudo tee \"/etc/resolver/$domain\" >/dev/null <<'EOF'\n", out);
	clientformats_servers(facts, 0, &lines, out);
	fputs("done\n", out);
}

void
clientsystems_macos(const struct clientfacts *facts, FILE *out)
{
	static const struct clientformat_list spaced = {
	    "sudo networksetup -setdnsservers \"$service\"", " ", "", "",
	    "\n"};

	fputs("# A shell script.  The service: networksetup "
	    "-listallnetworkservices\n"
	    "service='Wi-Fi'\n", out);
	if (facts->scope == CLIENTFACTS_SPLIT)
		print_macos_split(facts, out);
	else
		clientformats_servers(facts, 0, &spaced, out);
	if (facts->domain)
		fprintf(out, "sudo networksetup -setsearchdomains "
		    "\"$service\" %s\n", facts->domain);
}

void
clientsystems_wsl(const struct clientfacts *facts, FILE *out)
{
	fputs("# A shell script for the distribution, as root; afterwards in "
	    "Windows:\n"
	    "# wsl --shutdown\n"
	    "if grep -q '^\\[network\\]' /etc/wsl.conf 2>/dev/null; then\n"
	    "\tsed -i -e '/^ *generateResolvConf/d' \\\n"
	    "\t\t-e '/^\\[network\\]/a generateResolvConf = false' "
	    "/etc/wsl.conf\n"
	    "else\n"
	    "\tprintf '[network]\\ngenerateResolvConf = false\\n' "
	    ">>/etc/wsl.conf\n"
	    "fi\n"
	    "rm -f /etc/resolv.conf\n"
	    "cat >/etc/resolv.conf <<'EOF'\n", out);
	print_resolv_conf(facts, out);
	fputs("EOF\n", out);
}
