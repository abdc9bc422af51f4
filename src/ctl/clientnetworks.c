/* SPDX-License-Identifier: BSD-2-Clause */
/* clientnetworks.c - what networks of VMs, routers and clusters are told, so
 * that their machines need not be. */
#include <jansson.h>

#include "ctl/clientformats.h"
#include "jsontext.h"

/* hostler in place of libvirt's own server, told by DHCP: so it sees which VM
 * asks, and port 53 of the bridge is free. */
void
clientnetworks_libvirt(const struct clientfacts *facts, FILE *out)
{
	static const struct clientformat_list ipv4 = {
	    "    <dnsmasq:option value='dhcp-option=option:dns-server", ",",
	    "", "", "'/>\n"};
	static const struct clientformat_list ipv6 = {
	    "    <dnsmasq:option value='dhcp-option=option6:dns-server", ",[",
	    "]", "", "'/>\n"};

	fputs("<!-- virsh net-edit default: the namespace in the first line, "
	    "dns and\n"
	    "     dnsmasq:options beside what is there; then virsh "
	    "net-destroy default,\n"
	    "     virsh net-start default, and start the VMs anew. -->\n"
	    "<network xmlns:dnsmasq='http://libvirt.org/schemas/network/"
	    "dnsmasq/1.0'>\n"
	    "  <name>default</name>\n"
	    "  <dns enable='no'/>\n"
	    "  <dnsmasq:options>\n", out);
	clientformats_servers(facts, 4, &ipv4, out);
	clientformats_servers(facts, 6, &ipv6, out);
	if (facts->domain)
		fprintf(out, "    <dnsmasq:option value='dhcp-option="
		    "option:domain-name,%s'/>\n"
		    "    <dnsmasq:option value='dhcp-option="
		    "option:domain-search,%s'/>\n"
		    "    <dnsmasq:option value='dhcp-option="
		    "option6:domain-search,%s'/>\n", facts->domain,
		    facts->domain, facts->domain);
	fputs("  </dnsmasq:options>\n"
	    "</network>\n", out);
}

void
clientnetworks_virtualbox(const struct clientfacts *facts, FILE *out)
{
	static const struct clientformat_list servers = {" --set-opt=6 '", "",
	    "", " ", "'"};

	fputs("# A shell script for a network's DHCP server.  Which there are: "
	    "VBoxManage list\n"
	    "# dhcpservers; in place of --interface=vboxnet0 also "
	    "--network=NAME.\n"
	    "VBoxManage dhcpserver modify --interface=vboxnet0", out);
	clientformats_servers(facts, 4, &servers, out);
	if (facts->domain)
		fprintf(out, " \\\n\t--set-opt=15 '%s'", facts->domain);
	fputs("\nVBoxManage dhcpserver restart --interface=vboxnet0\n"
	    "# A card of the kind NAT gives out the host's own servers: point "
	    "the host here.\n", out);
}

void
clientnetworks_vmware(const struct clientfacts *facts, FILE *out)
{
	static const struct clientformat_list servers = {
	    "option domain-name-servers ", "", "", ", ", ";\n"};

	fputs("# In the subnet { } of the network, in place of the lines that "
	    "it has; the\n"
	    "# network editor may write them anew.\n"
	    "# Linux:   /etc/vmware/vmnet8/dhcpd/dhcpd.conf; then "
	    "vmware-networks --stop,\n"
	    "#          vmware-networks --start\n"
	    "# Windows: C:\\ProgramData\\VMware\\vmnetdhcp.conf; then "
	    "Restart-Service VMnetDHCP\n"
	    "# macOS:   /Library/Preferences/VMware Fusion/vmnet8/dhcpd.conf\n",
	    out);
	clientformats_servers(facts, 4, &servers, out);
	if (facts->domain)
		fprintf(out, "option domain-name \"%s\";\n", facts->domain);
}

void
clientnetworks_openstack(const struct clientfacts *facts, FILE *out)
{
	static const struct clientformat_list servers = {"",
	    "--dns-nameserver ", " ", "", "\"$subnet\"\n"};

	fputs("# A shell script.  VMs learn it when they renew their lease.\n"
	    "subnet=private-subnet\n"
	    "openstack subnet set --no-dns-nameservers ", out);
	clientformats_servers(facts, 0, &servers, out);
	if (facts->domain)
		fprintf(out, "# The search domain is given by port (or by "
		    "dns_domain in neutron.conf):\n"
		    "for port in $(openstack port list --device-owner "
		    "compute:nova -f value -c ID); do\n"
		    "\topenstack port set \\\n"
		    "\t\t--extra-dhcp-option name=domain-search,value=%s "
		    "\"$port\"\n"
		    "done\n", facts->domain);
}

void
clientnetworks_docker(const struct clientfacts *facts, FILE *out)
{
	json_t *object = json_object(), *servers = json_array();
	char text[ADDR_TEXT];

	for (unsigned i = 0; i < facts->server_count; i++)
		json_array_append_new(servers, json_string(
		    addr_print(&facts->servers[i], text)));
	json_object_set_new(object, "dns", servers);
	if (facts->domain)
		json_object_set_new(object, "dns-search",
		    json_pack("[s]", facts->domain));
	jsontext_print(object, out);
}

void
clientnetworks_kubernetes(const struct clientfacts *facts, FILE *out)
{
	static const struct clientformat_list zones = {"", "", ":53", " ",
	    " {\n    errors\n    cache 30\n"};
	static const struct clientformat_list part = {"    forward . ", "",
	    "", " ", "\n}\n"};
	static const struct clientformat_list all = {"forward . ", "", "",
	    " ", "\n"};

	fputs("# kubectl -n kube-system edit configmap coredns\n", out);
	if (facts->scope == CLIENTFACTS_ALL) {
		fputs("# In the block \".:53 {\", in place of \"forward . "
		    "/etc/resolv.conf\":\n", out);
		clientformats_servers(facts, 0, &all, out);
	} else {
		fputs("# Beside the block \".:53 {\":\n", out);
		clientformats_routes(facts, &zones, out);
		clientformats_servers(facts, 0, &part, out);
	}
	if (facts->domain)
		fprintf(out, "# Short names in a pod need, in its spec: "
		    "dnsConfig: {searches: [%s]}\n", facts->domain);
}

void
clientnetworks_router(const struct clientfacts *facts, FILE *out)
{
	static const struct clientformat_list ipv4 = {
	    "dhcp-option=option:dns-server", ",", "", "", "\n"};
	static const struct clientformat_list ipv6 = {
	    "dhcp-option=option6:dns-server", ",[", "]", "", "\n"};
	static const struct clientformat_list words = {"# by DHCP: ", "", "",
	    ", ", "; leave the second field empty\n"};

	fputs("# In a router's own pages: the DNS server that it gives out\n",
	    out);
	clientformats_servers(facts, 0, &words, out);
	fputs("# or name another hostler there, never a public server.\n"
	    "# With dnsmasq: these lines in /etc/dnsmasq.conf.  OpenWrt keeps "
	    "the values, what\n"
	    "# is behind the first =, in: uci add_list dhcp.lan.dhcp_option=\n",
	    out);
	clientformats_servers(facts, 4, &ipv4, out);
	clientformats_servers(facts, 6, &ipv6, out);
	if (facts->domain)
		fprintf(out, "dhcp-option=option:domain-name,%s\n"
		    "dhcp-option=option:domain-search,%s\n", facts->domain,
		    facts->domain);
}
