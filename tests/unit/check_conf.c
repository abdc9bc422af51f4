/* SPDX-License-Identifier: BSD-2-Clause */
/* check_conf.c - hostler.yaml into a struct conf, and every fault with its
 * place. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "confread.h"

/* What is said of a text; *conf is NULL where it has errors. */
static char *
say(const char *text, struct conf **conf)
{
	struct diags *diags = diags_new();
	char *said = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&said, &length);

	*conf = confread_text("etc/hostler.yaml", text, strlen(text), diags);
	diags_print(diags, out, DIAG_PLAIN);
	fclose(out);
	diags_free(diags);
	return said;
}

static struct conf *
read_good(const char *text)
{
	struct conf *conf;
	char *said = say(text, &conf);

	ck_assert_str_eq(said, "");
	ck_assert_ptr_nonnull(conf);
	free(said);
	return conf;
}

static void
check_bad(const char *text, const char *wanted)
{
	struct conf *conf;
	char *said = say(text, &conf);

	ck_assert_msg(strcmp(said, wanted) == 0, "said\n%swanted\n%s", said,
	    wanted);
	ck_assert_ptr_null(conf);
	free(said);
}

START_TEST(defaults)
{
	struct conf *conf = read_good("");
	char text[DNAME_TEXT_MAX];

	ck_assert_uint_eq(conf->listen_count, 2);
	ck_assert_str_eq(endpoint_print(&conf->listen[0].endpoint, text),
	    "127.0.0.1@53");
	ck_assert_str_eq(endpoint_print(&conf->listen[1].endpoint, text),
	    "::1@53");
	ck_assert_str_eq(dname_print(conf->top.domain.wire, text), "internal.");
	ck_assert_uint_eq(conf->top.hosts_count, 1);
	ck_assert_str_eq(conf->top.hosts[0].path, "/etc/hosts");
	ck_assert_uint_eq(conf->top.hosts[0].ttl_s, 5);
	ck_assert_uint_eq(conf->top.forward_count, 1);
	ck_assert_str_eq(conf->top.forward[0].to[0].path, "/etc/resolv.conf");
	ck_assert(conf->allow.private && conf->allow.attached);
	ck_assert(!conf->allow.any);
	ck_assert_uint_eq(conf->cache_bytes, 64 << 20);
	ck_assert_uint_eq(conf->max_ttl_s, 86400);
	ck_assert_uint_eq(conf->max_negative_ttl_s, 60);
	ck_assert_uint_eq(conf->stale_s, 86400);
	ck_assert_str_eq(conf->user, "hostler");
	ck_assert(!conf->read_all && conf->sandbox);
	conf_free(conf);
}
END_TEST

START_TEST(everything)
{
	struct conf *conf = read_good(
	    "server:\n"
	    "  listen: [192.168.0.5, \"fd00::5@5300\"]\n"
	    "  threads: 3\n"
	    "  user: ''\n"
	    "  read-all: yes\n"
	    "  sandbox: no\n"
	    "  allow: [any, 10.0.0.0/8, 10.9.9.9, '::1']\n"
	    "  log: {level: debug, queries: failures, file: q.log,\n"
	    "        format: json, mask: 24}\n"
	    "control: {socket: ctl}\n"
	    "domain: {name: Corp.Test, overlay: yes}\n"
	    "hosts: [a, /b, {path: c, ttl: 1m, domain: lab.test}]\n"
	    "zones: [x.zone, {path: /y, name: y.test, overlay: true}]\n"
	    "forward:\n"
	    "  - {zone: ., to: [192.0.2.1@54, tcp://192.0.2.2, ./r.conf]}\n"
	    "  - {zone: cluster.local, to: 192.0.2.3, private-names: no}\n"
	    "cache: {size: 512K, min-ttl: 5, max-ttl: 2h, "
	    "max-negative-ttl: 1m, stale: 2h}\n"
	    "rebind-protection: {enabled: yes, allow: [a.test, B.test]}\n");
	char text[DNAME_TEXT_MAX];

	ck_assert_uint_eq(conf->listen_count, 2);
	ck_assert_uint_eq(conf->listen[1].endpoint.port, 5300);
	ck_assert_uint_eq(conf->threads, 3);
	ck_assert_str_eq(conf->user, "");
	ck_assert(conf->read_all && !conf->sandbox);
	ck_assert(conf->allow.any && !conf->allow.private);
	ck_assert_uint_eq(conf->allow.prefixes.count, 3);
	ck_assert_uint_eq(conf->allow.prefixes.list[1].length, 32);
	ck_assert_uint_eq(conf->allow.prefixes.list[2].length, 128);
	ck_assert_int_eq(conf->log_level, LOG_LEVEL_DEBUG);
	ck_assert_int_eq(conf->log.queries, CONF_LOG_FAILURES);
	ck_assert_str_eq(conf->log.file, "etc/q.log");
	ck_assert_uint_eq(conf->log.file_mark.line, 8);
	ck_assert(conf->log.json);
	ck_assert_uint_eq(conf->log.bits4, 24);
	ck_assert_uint_eq(conf->log.bits6, 48);
	ck_assert_str_eq(conf->control_socket, "etc/ctl");
	ck_assert_str_eq(dname_print(conf->top.domain.wire, text),
	    "corp.test.");
	ck_assert(conf->top.domain_overlay);
	ck_assert_uint_eq(conf->top.hosts_count, 3);
	ck_assert_str_eq(conf->top.hosts[0].path, "etc/a");
	ck_assert_str_eq(conf->top.hosts[1].path, "/b");
	ck_assert_uint_eq(conf->top.hosts[2].ttl_s, 60);
	ck_assert(conf->top.hosts[2].has_domain);
	ck_assert_uint_eq(conf->top.zone_count, 2);
	ck_assert(conf->top.zones[1].overlay && conf->top.zones[1].has_name);
	ck_assert_uint_eq(conf->top.forward_count, 2);
	ck_assert_uint_eq(conf->top.forward[0].count, 3);
	ck_assert_uint_eq(conf->top.forward[0].to[0].endpoint.port, 54);
	ck_assert_int_eq(conf->top.forward[0].to[1].kind, CONF_UPSTREAM_TCP);
	ck_assert_str_eq(conf->top.forward[0].to[2].path, "etc/./r.conf");
	ck_assert_int_eq(conf->top.forward[1].private_names, CONF_PRIVATE_NO);
	ck_assert_uint_eq(conf->cache_bytes, 512 << 10);
	ck_assert_uint_eq(conf->min_ttl_s, 5);
	ck_assert_uint_eq(conf->max_ttl_s, 7200);
	ck_assert_uint_eq(conf->stale_s, 7200);
	ck_assert(conf->rebind_enabled);
	ck_assert_uint_eq(conf->rebind_allow_count, 2);
	ck_assert_str_eq(dname_print(conf->rebind_allow[1].wire, text),
	    "b.test.");
	conf_free(conf);
}
END_TEST

static void
check_mask(const char *mask, unsigned bits4, unsigned bits6)
{
	char text[200];
	struct conf *conf;

	snprintf(text, sizeof text, "server: {log: {%s}}\n", mask);
	conf = read_good(text);
	ck_assert_uint_eq(conf->log.bits4, bits4);
	ck_assert_uint_eq(conf->log.bits6, bits6);
	conf_free(conf);
}

START_TEST(masks)
{
	check_mask("queries: off", 32, 128);
	check_mask("mask: 32", 32, 128);
	check_mask("mask: 0", 0, 0);
	check_mask("mask: 16", 16, 32);
	check_mask("mask: {ipv6: 48, ipv4: 24}", 24, 48);
	check_mask("mask: {ipv4: 24, ipv6: 64}", 24, 64);
	check_mask("mask: {ipv4: 20}", 20, 40);
	check_mask("mask: {ipv6: 56}", 32, 56);
}
END_TEST

START_TEST(limits)
{
	struct conf *conf = read_good("");

	ck_assert_uint_eq(conf->tcp.connections, 16384);
	ck_assert_uint_eq(conf->tcp.per_client, 1024);
	ck_assert_uint_eq(conf->tcp.idle_s, 10);
	ck_assert_uint_eq(conf->rate.per_second, 200);
	ck_assert_uint_eq(conf->rate.all_per_second, 1000);
	ck_assert_uint_eq(conf->rate.slip, 2);
	ck_assert(conf->rate.exempt.private && conf->rate.exempt.attached);
	ck_assert(!conf->rate.exempt.any && !conf->cookies.shared);
	conf_free(conf);
	conf = read_good("server:\n"
	    "  tcp: {connections: 9, per-client: 3, idle: 2m}\n"
	    "  rate-limit: {per-second: 0, all-per-second: 7, slip: 1, "
	    "exempt: [any, 192.0.2.0/24]}\n"
	    "  cookie-secret: [e5e973e5a6b2a43f48e7dc849e37bfcf, "
	    "\"00000000000000000000000000000001\"]\n");
	ck_assert_uint_eq(conf->tcp.connections, 9);
	ck_assert_uint_eq(conf->tcp.per_client, 3);
	ck_assert_uint_eq(conf->tcp.idle_s, 120);
	ck_assert_uint_eq(conf->rate.per_second, 0);
	ck_assert_uint_eq(conf->rate.all_per_second, 7);
	ck_assert_uint_eq(conf->rate.slip, 1);
	ck_assert(conf->rate.exempt.any && !conf->rate.exempt.private);
	ck_assert_uint_eq(conf->rate.exempt.prefixes.count, 1);
	ck_assert(conf->cookies.shared && conf->cookies.has_before);
	ck_assert_uint_eq(conf->cookies.now.k0, 0x3fa4b2a6e573e9e5);
	ck_assert_uint_eq(conf->cookies.before.k1, 0x0100000000000000);
	conf_free(conf);
}
END_TEST

START_TEST(dnstap)
{
	struct conf *conf = read_good(
	    "server: {dnstap: {socket: tap, messages: forwarder}}\n");

	ck_assert_str_eq(conf->dnstap.socket, "etc/tap");
	ck_assert_ptr_null(conf->dnstap.file);
	ck_assert_ptr_null(conf->dnstap.identity);
	ck_assert_uint_eq(conf->dnstap.messages, CONF_DNSTAP_FORWARDER);
	ck_assert_uint_eq(conf->dnstap.mark.column, 27);
	conf_free(conf);
	conf = read_good("server: {dnstap: {file: /t, identity: dns1}}\n");
	ck_assert_str_eq(conf->dnstap.file, "/t");
	ck_assert_str_eq(conf->dnstap.identity, "dns1");
	ck_assert_uint_eq(conf->dnstap.messages,
	    CONF_DNSTAP_CLIENT | CONF_DNSTAP_FORWARDER);
	conf_free(conf);
}
END_TEST

START_TEST(wrong_limits)
{
	check_bad("server: {tcp: {connections: 0}}\n",
	    "etc/hostler.yaml:1:29: error: at least 1 is needed\n"
	    "    1 | server: {tcp: {connections: 0}}\n"
	    "      |                             ^\n");
	check_bad("server: {tcp: {idle: 0s}}\n",
	    "etc/hostler.yaml:1:22: error: a time from 1s to 1d is needed\n"
	    "    1 | server: {tcp: {idle: 0s}}\n"
	    "      |                      ^~\n");
	check_bad("server: {rate-limit: {exempt: some}}\n",
	    "etc/hostler.yaml:1:31: error: 'some' is neither private, "
	    "attached, any nor a prefix: a prefix is written ADDR/LENGTH\n"
	    "    1 | server: {rate-limit: {exempt: some}}\n"
	    "      |                               ^~~~\n");
	check_bad("server: {rate-limit: {slip: 101}}\n",
	    "etc/hostler.yaml:1:29: error: 101 is too large\n"
	    "    1 | server: {rate-limit: {slip: 101}}\n"
	    "      |                             ^~~\n");
	check_bad("server: {cookie-secret: 0011}\n",
	    "etc/hostler.yaml:1:25: error: this is no secret of 32 "
	    "hexadecimal digits; 'openssl rand -hex 16' makes one\n"
	    "    1 | server: {cookie-secret: 0011}\n"
	    "      |                         ^~~~\n");
}
END_TEST

START_TEST(tls)
{
	struct conf *conf = read_good(
	    "tls: {ca-file: ca.pem}\n"
	    "forward: [{zone: ., to: [\"tls://192.0.2.1#DNS.Test.\", "
	    "\"tls://2001:db8::1@8853#2001:DB8::1\"]}]\n");
	const struct conf_upstream *to = conf->top.forward[0].to;

	ck_assert_str_eq(conf->ca_file, "etc/ca.pem");
	ck_assert(conf_has_tls(conf));
	ck_assert_int_eq(to[0].kind, CONF_UPSTREAM_TLS);
	ck_assert_uint_eq(to[0].endpoint.port, 853);
	ck_assert_str_eq(to[0].server, "dns.test");
	ck_assert_uint_eq(to[1].endpoint.port, 8853);
	ck_assert_str_eq(to[1].server, "2001:db8::1");
	conf_free(conf);
}
END_TEST

START_TEST(wrong_tls)
{
	static const char *const wrong[] = {"tls://192.0.2.1",
	    "tls://192.0.2.1#", "tls://192.0.2.1:853#dns.test",
	    "tls://dns.test#dns.test", "tls://192.0.2.1#a..b",
	    "tls://192.0.2.1#.", "tls://192.0.2.1#a\\000b.test",
	    "tcp://192.0.2.1#dns.test", "192.0.2.1#dns.test"};
	struct conf_upstream upstream;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ck_assert_ptr_nonnull(conf_parse_upstream(&upstream,
		    wrong[i]));
}
END_TEST

START_TEST(none)
{
	struct conf *conf = read_good("domain: ''\nhosts: []\nforward: []\n");

	ck_assert(!conf->top.has_domain);
	ck_assert_uint_eq(conf->top.hosts_count, 0);
	ck_assert_uint_eq(conf->top.forward_count, 0);
	conf_free(conf);
}
END_TEST

START_TEST(who_asks)
{
	struct conf *conf = read_good(
	    "networks:\n"
	    "  hostonly: [192.168.56.0/24, 'fd56::/64']\n"
	    "  nat: {prefix: 10.0.2.0/24, isolated: yes}\n"
	    "answer-by-network: only\n"
	    "views:\n"
	    "  - name: tenant\n"
	    "    clients: [172.31.0.0/24]\n"
	    "    hosts: [tenant.hosts]\n"
	    "  - name: asked\n"
	    "    listen: 172.31.0.53\n"
	    "    inherit: yes\n"
	    "    domain: {name: other.test, overlay: yes}\n"
	    "    forward: []\n"
	    "domain: cluster.test\n"
	    "server: {explain-to: 127.0.0.1}\n"
	    "warnings: {off: [shared-address, shadowed]}\n"
	    "managed-hosts: vms.hosts\n");
	char text[DNAME_TEXT_MAX];

	ck_assert_uint_eq(conf->network_count, 2);
	ck_assert_str_eq(conf->networks[0].name, "hostonly");
	ck_assert_uint_eq(conf->networks[0].prefixes.count, 2);
	ck_assert(!conf->networks[0].isolated);
	ck_assert(conf->networks[1].isolated);
	ck_assert_int_eq(conf->by_network, CONF_BY_NETWORK_ONLY);
	ck_assert_uint_eq(conf->view_count, 2);
	ck_assert_uint_eq(conf->views[0].clients.count, 1);
	ck_assert_str_eq(conf->views[0].scope.hosts[0].path,
	    "etc/tenant.hosts");
	ck_assert_str_eq(dname_print(conf->views[0].scope.domain.wire, text),
	    "cluster.test.");
	ck_assert(!conf->views[0].has_forward && !conf->views[0].inherit);
	ck_assert_uint_eq(conf->views[1].listen_count, 1);
	ck_assert(conf->views[1].has_forward && conf->views[1].inherit);
	ck_assert(conf->views[1].scope.domain_overlay);
	ck_assert_uint_eq(conf->explain_to.count, 1);
	ck_assert_uint_eq(conf->warnings_off_count, 2);
	ck_assert_str_eq(conf->managed_hosts, "etc/vms.hosts");
	conf_free(conf);
}
END_TEST

START_TEST(too_many_networks)
{
	char text[4000] = "networks:\n";
	size_t at = strlen(text);
	struct conf *conf;
	char *said;

	for (unsigned i = 0; i < CONF_NETWORKS_MAX; i++)
		at += (size_t)sprintf(text + at, "  n%u: 10.%u.0.0/16\n", i, i);
	conf = read_good(text);
	ck_assert_uint_eq(conf->network_count, CONF_NETWORKS_MAX);
	conf_free(conf);
	strcat(text, "  last: 10.200.0.0/16\n  lost: 10.201.0.0/16\n");
	said = say(text, &conf);
	ck_assert_ptr_null(conf);
	ck_assert_str_eq(said,
	    "etc/hostler.yaml:66:3: error: there can be 64 networks at most\n"
	    "   66 |   last: 10.200.0.0/16\n"
	    "      |   ^~~~\n");
	free(said);
}
END_TEST

START_TEST(lease_files)
{
	struct conf *conf = read_good(
	    "leases:\n"
	    "  - /var/lib/misc/dnsmasq.leases\n"
	    "  - {path: vb.leases, format: virtualbox, machines: vms,"
	    " ttl: 30, domain: vms.test}\n"
	    "  - {format: neighbours, macs: /etc/ethers}\n");

	ck_assert_uint_eq(conf->top.leases_count, 3);
	ck_assert_int_eq(conf->top.leases[0].format, LEASE_AUTO);
	ck_assert_uint_eq(conf->top.leases[0].ttl_s, 5);
	ck_assert_int_eq(conf->top.leases[1].format, LEASE_VIRTUALBOX);
	ck_assert_str_eq(conf->top.leases[1].machines, "etc/vms");
	ck_assert_uint_eq(conf->top.leases[1].ttl_s, 30);
	ck_assert(conf->top.leases[1].has_domain);
	ck_assert_str_eq(conf->top.leases[2].macs, "/etc/ethers");
	conf_free(conf);
}
END_TEST

START_TEST(wrong_views)
{
	check_bad("views:\n  - {name: a}\n",
	    "etc/hostler.yaml:2:5: error: nobody gets this view: it needs "
	    "clients (prefixes), listen (addresses asked), or both\n"
	    "    2 |   - {name: a}\n"
	    "      |     ^~~~~~~~~\n");
	check_bad("answer-by-network: maybe\n",
	    "etc/hostler.yaml:1:20: error: 'maybe' is none of prefer, only, "
	    "off\n"
	    "    1 | answer-by-network: maybe\n"
	    "      |                    ^~~~~\n");
	check_bad("networks: {a: 10.0.0.1/8}\n",
	    "etc/hostler.yaml:1:15: error: '10.0.0.1/8' is not a prefix: "
	    "bits behind its length are set\n"
	    "    1 | networks: {a: 10.0.0.1/8}\n"
	    "      |               ^~~~~~~~~~\n");
	check_bad("leases: [{format: neighbours}]\n",
	    "etc/hostler.yaml:1:10: error: format: neighbours needs names "
	    "for the MAC addresses: macs: /etc/ethers, or machines: FOLDER\n"
	    "    1 | leases: [{format: neighbours}]\n"
	    "      |          ^~~~~~~~~~~~~~~~~~~~\n");
}
END_TEST

START_TEST(warnings_by_id)
{
	static const char *const ids[] = {"needs-restart", "occluded",
	    "own-address", "private-configuration", "refused-name",
	    "same-file", "shared-name", "shared-address", "unasked-view",
	    "unused-forward", "unwritable-managed-hosts", "upstream-list"};
	struct conf *conf;

	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		char *text = NULL;

		ck_assert_int_gt(asprintf(&text, "warnings: {off: %s}\n",
		    ids[i]), 0);
		conf = read_good(text);
		ck_assert_uint_eq(conf->warnings_off_count, 1);
		ck_assert_str_eq(conf->warnings_off[0], ids[i]);
		conf_free(conf);
		free(text);
	}
	check_bad("warnings: {off: [shared-adress, xyzzyx]}\n",
	    "etc/hostler.yaml:1:18: error: there is no warning "
	    "'shared-adress'; is 'shared-address' meant?\n"
	    "    1 | warnings: {off: [shared-adress, xyzzyx]}\n"
	    "      |                  ^~~~~~~~~~~~~\n"
	    "etc/hostler.yaml:1:33: error: there is no warning 'xyzzyx'\n"
	    "    1 | warnings: {off: [shared-adress, xyzzyx]}\n"
	    "      |                                 ^~~~~~\n");
}
END_TEST

START_TEST(http)
{
	struct conf *conf = read_good(
	    "http: {listen: [127.0.0.1, \"::1@80\"], names: Dns.lab.test}\n");
	char text[ENDPOINT_TEXT];

	ck_assert_uint_eq(conf->http_listen_count, 2);
	ck_assert_str_eq(endpoint_print(&conf->http_listen[0].endpoint, text),
	    "127.0.0.1@9153");
	ck_assert_str_eq(endpoint_print(&conf->http_listen[1].endpoint, text),
	    "::1@80");
	ck_assert_uint_eq(conf->http_name_count, 1);
	ck_assert_str_eq(conf->http_names[0], "Dns.lab.test");
	conf_free(conf);
	conf = read_good("http: {}\n");
	ck_assert_uint_eq(conf->http_listen_count, 0);
	conf_free(conf);
	check_bad("http: {listen: 127.0.0.1:9153}\n",
	    "etc/hostler.yaml:1:16: error: '127.0.0.1:9153' is not an address "
	    "to serve HTTP at: the port goes behind @: ADDR@PORT\n"
	    "    1 | http: {listen: 127.0.0.1:9153}\n"
	    "      |                ^~~~~~~~~~~~~~\n");
	check_bad("http: {names: [a..b]}\n",
	    "etc/hostler.yaml:1:16: error: 'a..b' is not a name: "
	    "a label is empty\n"
	    "    1 | http: {names: [a..b]}\n"
	    "      |                ^~~~\n");
}
END_TEST

START_TEST(unknown_keys)
{
	check_bad("server:\n  lisen: [127.0.0.1]\nxyzzyx: 1\n",
	    "etc/hostler.yaml:2:3: error: unknown key 'lisen'; is 'listen' "
	    "meant?\n"
	    "    2 |   lisen: [127.0.0.1]\n"
	    "      |   ^~~~~\n"
	    "etc/hostler.yaml:3:1: error: unknown key 'xyzzyx'\n"
	    "    3 | xyzzyx: 1\n"
	    "      | ^~~~~~\n");
	check_bad("domain: a.test\n---\ndomain: b.test\n",
	    "etc/hostler.yaml:3:1: error: a second document; the file is to "
	    "have one, without a line of '---' in it\n"
	    "    3 | domain: b.test\n"
	    "      | ^~~~~~~~~~~~~~\n");
	check_bad("domain: a\ndomain: b\n",
	    "etc/hostler.yaml:2:1: error: 'domain' is given twice\n"
	    "    2 | domain: b\n"
	    "      | ^~~~~~\n");
}
END_TEST

START_TEST(wrong_values)
{
	check_bad("server: {listen: [\"1.1.1.1:53\"]}\n",
	    "etc/hostler.yaml:1:19: error: '1.1.1.1:53' is not an address to "
	    "listen on: the port goes behind @: ADDR@PORT\n"
	    "    1 | server: {listen: [\"1.1.1.1:53\"]}\n"
	    "      |                   ^~~~~~~~~~~~\n");
	check_bad("cache: {size: 64X}\n",
	    "etc/hostler.yaml:1:15: error: '64X' is not a size such as 512K, "
	    "64M or 1G\n"
	    "    1 | cache: {size: 64X}\n"
	    "      |               ^~~\n");
	check_bad("server: {allow: [10.0.0.1/8]}\n",
	    "etc/hostler.yaml:1:18: error: '10.0.0.1/8' is neither private, "
	    "attached, any nor a prefix: bits behind its length are set\n"
	    "    1 | server: {allow: [10.0.0.1/8]}\n"
	    "      |                  ^~~~~~~~~~\n");
	check_bad("hosts: yes\n",
	    "etc/hostler.yaml:1:8: error: a list is expected here: [A, B] or "
	    "lines that begin with '- '\n"
	    "    1 | hosts: yes\n"
	    "      |        ^~~\n");
}
END_TEST

START_TEST(characters_before_the_place)
{
	check_bad("server: {user: '\xeb\xa9\x8d', thread: 1}\n",
	    "etc/hostler.yaml:1:23: error: unknown key 'thread'; is "
	    "'threads' meant?\n"
	    "    1 | server: {user: '\xeb\xa9\x8d', thread: 1}\n"
	    "      |                     ^~~~~~\n");
}
END_TEST

START_TEST(no_yaml)
{
	struct conf *conf;
	char *said = say("server: [\n", &conf);

	ck_assert_ptr_null(conf);
	ck_assert_ptr_nonnull(strstr(said, "etc/hostler.yaml:2:1: error: "));
	free(said);
	said = say("a: \xff\n", &conf);
	ck_assert_ptr_null(conf);
	ck_assert_ptr_nonnull(strstr(said, "error: this is not YAML text"));
	free(said);
}
END_TEST

static char *
print_conf(const struct conf *conf)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	conf_print(conf, out);
	fclose(out);
	return text;
}

START_TEST(printed_is_the_same)
{
	struct conf *conf = read_good(
	    "server: {listen: [192.0.2.1], allow: []}\n"
	    "domain: {name: a.test, overlay: yes}\n"
	    "hosts: ['/with \"quotes\"', {path: /b, domain: c.test}]\n"
	    "zones: [{path: /z, name: z.test, overlay: yes}]\n"
	    "forward: [{zone: ., to: [tcp://192.0.2.2], "
	    "private-names: yes}]\n");
	char *first = print_conf(conf), *second;

	conf_free(conf);
	conf = read_good(first);
	second = print_conf(conf);
	ck_assert_str_eq(first, second);
	conf_free(conf);
	free(first);
	free(second);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("conf");
	TCase *tests = tcase_create("conf");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, defaults);
	tcase_add_test(tests, everything);
	tcase_add_test(tests, masks);
	tcase_add_test(tests, dnstap);
	tcase_add_test(tests, none);
	tcase_add_test(tests, limits);
	tcase_add_test(tests, wrong_limits);
	tcase_add_test(tests, tls);
	tcase_add_test(tests, wrong_tls);
	tcase_add_test(tests, who_asks);
	tcase_add_test(tests, too_many_networks);
	tcase_add_test(tests, lease_files);
	tcase_add_test(tests, wrong_views);
	tcase_add_test(tests, warnings_by_id);
	tcase_add_test(tests, http);
	tcase_add_test(tests, unknown_keys);
	tcase_add_test(tests, wrong_values);
	tcase_add_test(tests, characters_before_the_place);
	tcase_add_test(tests, no_yaml);
	tcase_add_test(tests, printed_is_the_same);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
