/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/memory.h"

/* As hostler.yaml(5) has them. */
#define CONNECTIONS 16384
#define CONNECTIONS_CLIENT 1024
#define IDLE_S 10
#define PER_SECOND 200
#define ALL_PER_SECOND 1000
#define SLIP 2

const char *const conf_lease_formats[] = {
    [LEASE_AUTO] = "auto",
    [LEASE_DNSMASQ] = "dnsmasq",
    [LEASE_LIBVIRT] = "libvirt",
    [LEASE_DHCPD] = "dhcpd",
    [LEASE_KEA] = "kea",
    [LEASE_NETWORKD] = "networkd",
    [LEASE_VIRTUALBOX] = "virtualbox",
    [LEASE_BOOTPD] = "bootpd",
    [LEASE_NEIGHBOURS] = "neighbours",
    NULL,
};

const char *const conf_by_network_words[] = {
    [CONF_BY_NETWORK_PREFER] = "prefer",
    [CONF_BY_NETWORK_ONLY] = "only",
    [CONF_BY_NETWORK_OFF] = "off",
    NULL,
};

const char *const conf_log_queries_words[] = {
    [CONF_LOG_OFF] = "off",
    [CONF_LOG_FAILURES] = "failures",
    [CONF_LOG_ALL] = "all",
    NULL,
};

const char *const conf_dnstap_words[] = {"client", "forwarder", NULL};

/* A user's own daemon has a folder by login; one that systemd starts as a user,
 * by RuntimeDirectory=. */
static char *
choose_control_socket(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	const char *service = getenv("RUNTIME_DIRECTORY");

	if (geteuid() == 0)
		return memory_string(CONF_CONTROL_SOCKET);
	if (runtime && *runtime)
		return memory_format("%s/hostler/hostler.sock", runtime);
	if (service && *service && !strchr(service, ':'))
		return memory_format("%s/hostler.sock", service);
	return NULL;
}

static void
add_default_listen(struct conf *conf)
{
	static const char *const loopback[] = {"127.0.0.1", "::1"};

	for (size_t i = 0; i < 2; i++)
		endpoint_parse(&conf_add_listen(conf)->endpoint, loopback[i],
		    strlen(loopback[i]), CONF_PORT);
}

static void
set_limits(struct conf *conf)
{
	conf->tcp = (struct conf_tcp){
	    .connections = CONNECTIONS,
	    .per_client = CONNECTIONS_CLIENT,
	    .idle_s = IDLE_S,
	};
	conf->rate = (struct conf_rate){
	    .per_second = PER_SECOND,
	    .all_per_second = ALL_PER_SECOND,
	    .slip = SLIP,
	    .exempt = {.private = true, .attached = true},
	};
}

struct conf *
conf_new_defaults(void)
{
	struct conf *conf = memory_zeroed(1, sizeof *conf);
	struct conf_forward *forward;
	struct conf_hosts *hosts;

	add_default_listen(conf);
	conf->user = memory_string("hostler");
	conf->sandbox = true;
	conf->allow.private = true;
	conf->allow.attached = true;
	set_limits(conf);
	conf->log_level = LOG_LEVEL_INFO;
	conf->log.bits4 = 32;
	conf->log.bits6 = 128;
	conf->dnstap.messages = CONF_DNSTAP_CLIENT | CONF_DNSTAP_FORWARDER;
	conf->control_socket = choose_control_socket();
	conf->top.has_domain = true;
	conf->top.domain = dname_from("internal.");
	hosts = conf_add_hosts(&conf->top);
	hosts->path = memory_string("/etc/hosts");
	hosts->ttl_s = CONF_HOSTS_TTL_S;
	forward = conf_add_forward(&conf->top);
	forward->zone = dname_from(".");
	conf_parse_upstream(conf_add_upstream(forward), "/etc/resolv.conf");
	conf->cache_bytes = 64 << 20;
	conf->max_ttl_s = 86400;
	conf->max_negative_ttl_s = 60;
	conf->stale_s = 86400;
	return conf;
}

/* One more zeroed element behind `count` of `size` bytes. */
static void *
grow_list(void *list, size_t *count, size_t size)
{
	char *grown = memory_resize(list, *count + 1, size);

	memset(grown + *count * size, 0, size);
	++*count;
	return grown;
}

struct conf_listen *
conf_add_listen(struct conf *conf)
{
	conf->listen = grow_list(conf->listen, &conf->listen_count,
	    sizeof *conf->listen);
	return &conf->listen[conf->listen_count - 1];
}

struct conf_hosts *
conf_add_hosts(struct conf_scope *scope)
{
	scope->hosts = grow_list(scope->hosts, &scope->hosts_count,
	    sizeof *scope->hosts);
	return &scope->hosts[scope->hosts_count - 1];
}

struct conf_zone *
conf_add_zone(struct conf_scope *scope)
{
	scope->zones = grow_list(scope->zones, &scope->zone_count,
	    sizeof *scope->zones);
	return &scope->zones[scope->zone_count - 1];
}

struct conf_leases *
conf_add_leases(struct conf_scope *scope)
{
	scope->leases = grow_list(scope->leases, &scope->leases_count,
	    sizeof *scope->leases);
	return &scope->leases[scope->leases_count - 1];
}

struct conf_forward *
conf_add_forward(struct conf_scope *scope)
{
	scope->forward = grow_list(scope->forward, &scope->forward_count,
	    sizeof *scope->forward);
	return &scope->forward[scope->forward_count - 1];
}

struct conf_upstream *
conf_add_upstream(struct conf_forward *forward)
{
	forward->to = grow_list(forward->to, &forward->count,
	    sizeof *forward->to);
	return &forward->to[forward->count - 1];
}

struct prefix *
conf_add_prefix(struct conf_prefixes *prefixes)
{
	prefixes->list = grow_list(prefixes->list, &prefixes->count,
	    sizeof *prefixes->list);
	return &prefixes->list[prefixes->count - 1];
}

struct conf_view *
conf_add_view(struct conf *conf)
{
	conf->views = grow_list(conf->views, &conf->view_count,
	    sizeof *conf->views);
	return &conf->views[conf->view_count - 1];
}

struct addr *
conf_add_view_listen(struct conf_view *view)
{
	view->listen = grow_list(view->listen, &view->listen_count,
	    sizeof *view->listen);
	return &view->listen[view->listen_count - 1];
}

struct conf_network *
conf_add_network(struct conf *conf)
{
	conf->networks = grow_list(conf->networks, &conf->network_count,
	    sizeof *conf->networks);
	return &conf->networks[conf->network_count - 1];
}

struct dname *
conf_add_rebind_allow(struct conf *conf)
{
	conf->rebind_allow = grow_list(conf->rebind_allow,
	    &conf->rebind_allow_count, sizeof *conf->rebind_allow);
	return &conf->rebind_allow[conf->rebind_allow_count - 1];
}

void
conf_add_warning_off(struct conf *conf, const char *id)
{
	char **place;

	conf->warnings_off = grow_list(conf->warnings_off,
	    &conf->warnings_off_count, sizeof *conf->warnings_off);
	place = &conf->warnings_off[conf->warnings_off_count - 1];
	*place = memory_string(id);
}

struct conf_listen *
conf_add_http_listen(struct conf *conf)
{
	conf->http_listen = grow_list(conf->http_listen,
	    &conf->http_listen_count, sizeof *conf->http_listen);
	return &conf->http_listen[conf->http_listen_count - 1];
}

void
conf_add_http_name(struct conf *conf, const char *name)
{
	conf->http_names = grow_list(conf->http_names,
	    &conf->http_name_count, sizeof *conf->http_names);
	conf->http_names[conf->http_name_count - 1] = memory_string(name);
}

void
conf_clear_listen(struct conf *conf)
{
	free(conf->listen);
	conf->listen = NULL;
	conf->listen_count = 0;
}

void
conf_clear_hosts(struct conf_scope *scope)
{
	for (size_t i = 0; i < scope->hosts_count; i++)
		free(scope->hosts[i].path);
	free(scope->hosts);
	scope->hosts = NULL;
	scope->hosts_count = 0;
}

void
conf_clear_zones(struct conf_scope *scope)
{
	for (size_t i = 0; i < scope->zone_count; i++)
		free(scope->zones[i].path);
	free(scope->zones);
	scope->zones = NULL;
	scope->zone_count = 0;
}

void
conf_clear_leases(struct conf_scope *scope)
{
	for (size_t i = 0; i < scope->leases_count; i++) {
		free(scope->leases[i].path);
		free(scope->leases[i].machines);
		free(scope->leases[i].macs);
	}
	free(scope->leases);
	scope->leases = NULL;
	scope->leases_count = 0;
}

void
conf_clear_forward(struct conf_scope *scope)
{
	for (size_t i = 0; i < scope->forward_count; i++) {
		for (size_t k = 0; k < scope->forward[i].count; k++) {
			free(scope->forward[i].to[k].path);
			free(scope->forward[i].to[k].server);
		}
		free(scope->forward[i].to);
	}
	free(scope->forward);
	scope->forward = NULL;
	scope->forward_count = 0;
}

void
conf_clear_rebind_allow(struct conf *conf)
{
	free(conf->rebind_allow);
	conf->rebind_allow = NULL;
	conf->rebind_allow_count = 0;
}

void
conf_clear_warnings_off(struct conf *conf)
{
	for (size_t i = 0; i < conf->warnings_off_count; i++)
		free(conf->warnings_off[i]);
	free(conf->warnings_off);
	conf->warnings_off = NULL;
	conf->warnings_off_count = 0;
}

void
conf_clear_http_listen(struct conf *conf)
{
	free(conf->http_listen);
	conf->http_listen = NULL;
	conf->http_listen_count = 0;
}

void
conf_clear_http_names(struct conf *conf)
{
	for (size_t i = 0; i < conf->http_name_count; i++)
		free(conf->http_names[i]);
	free(conf->http_names);
	conf->http_names = NULL;
	conf->http_name_count = 0;
}

static void
free_scope(struct conf_scope *scope)
{
	conf_clear_hosts(scope);
	conf_clear_zones(scope);
	conf_clear_leases(scope);
	conf_clear_forward(scope);
}

static void
free_view(struct conf_view *view)
{
	free_scope(&view->scope);
	free(view->name);
	free(view->clients.list);
	free(view->listen);
}

void
conf_free(struct conf *conf)
{
	if (!conf)
		return;
	conf_clear_listen(conf);
	conf_clear_warnings_off(conf);
	conf_clear_rebind_allow(conf);
	conf_clear_http_listen(conf);
	conf_clear_http_names(conf);
	free_scope(&conf->top);
	for (size_t i = 0; i < conf->view_count; i++)
		free_view(&conf->views[i]);
	for (size_t i = 0; i < conf->network_count; i++) {
		free(conf->networks[i].name);
		free(conf->networks[i].prefixes.list);
	}
	free(conf->views);
	free(conf->networks);
	free(conf->explain_to.list);
	free(conf->managed_hosts);
	free(conf->ca_file);
	free(conf->allow.prefixes.list);
	free(conf->rate.exempt.prefixes.list);
	free(conf->path);
	free(conf->user);
	free(conf->log.file);
	free(conf->dnstap.socket);
	free(conf->dnstap.file);
	free(conf->dnstap.identity);
	free(conf->control_socket);
	free(conf);
}

/* ---- listen ---- */

/* What people try where an interface's name is meant. */
static const char *
find_other_word(const char *name)
{
	static const struct {
		const char *word, *advice;
	} words[] = {
	    {"localhost", "write 127.0.0.1 and ::1, or the interface lo"},
	    {"loopback", "write 127.0.0.1 and ::1, or the interface lo"},
	    {"any", "every address is 0.0.0.0 and ::, every private one is "
		"'private'"},
	    {"all", "every address is 0.0.0.0 and ::, every private one is "
		"'private'"},
	    {"attached", "every private address of this machine is "
		"'private'; or name the interfaces"},
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(words[i].word, name) == 0)
			return words[i].advice;
	return NULL;
}

/* Interfaces may have stranger names; but 192.168.0 and 1O.0.0.5 are addresses
 * with a slip in them. */
static bool
is_interface_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t length = strlen(name);

	if (length >= IF_NAMESIZE || !strpbrk(name, letters))
		return false;
	if (!strchr(letters, *name) && strchr(name, '.'))
		return false;
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("/:%@,\"'\\[]{}", *c))
			return false;
	return true;
}

/* eth0:53; but fd00:5 is an address with a slip in it. */
static bool
is_word_with_colon(const char *text)
{
	size_t length = strcspn(text, ":");
	char name[IF_NAMESIZE];

	if (text[length] == '\0' || length >= sizeof name ||
	    text[length + 1 + strspn(text + length + 1, "0123456789")])
		return false;
	memcpy(name, text, length);
	name[length] = '\0';
	return is_interface_name(name) &&
	    name[strspn(name, "0123456789abcdefABCDEF")] != '\0';
}

static const char *
judge_name(struct conf_listen *listen, const char *name, const char *wrong)
{
	const char *advice = find_other_word(name);

	if (strcmp(name, "private") == 0) {
		listen->kind = CONF_LISTEN_PRIVATE;
		return NULL;
	}
	if (advice)
		return advice;
	if (!is_interface_name(name))
		return wrong;
	listen->kind = CONF_LISTEN_INTERFACE;
	memcpy(listen->interface, name, strlen(name) + 1);
	return NULL;
}

const char *
conf_parse_listen(struct conf_listen *listen, const char *text)
{
	const char *wrong = endpoint_parse(&listen->endpoint, text,
	    strlen(text), CONF_PORT);
	size_t length = strcspn(text, "@");
	char name[ENDPOINT_TEXT], port[ENDPOINT_TEXT];

	listen->kind = CONF_LISTEN_ADDRESS;
	if (!wrong || length >= sizeof name - 1 ||
	    strlen(text + length) >= 8 || strchr(text, ':'))
		return wrong && is_word_with_colon(text) ?
		    "the port goes behind @" : wrong;
	memcpy(name, text, length);
	name[length] = '\0';
	/* The port is written as behind an address. */
	snprintf(port, sizeof port, "0.0.0.0%s", text + length);
	wrong = judge_name(listen, name, "it is neither an IPv4 nor an IPv6 "
	    "address, nor an interface's name, nor 'private'");
	if (!wrong)
		wrong = endpoint_parse(&listen->endpoint, port, strlen(port),
		    CONF_PORT);
	listen->endpoint.addr = (struct addr){0};
	return wrong;
}

char *
conf_print_listen(const struct conf_listen *listen, char buf[ENDPOINT_TEXT])
{
	if (listen->kind == CONF_LISTEN_ADDRESS)
		return endpoint_print(&listen->endpoint, buf);
	snprintf(buf, ENDPOINT_TEXT, "%s@%u", listen->kind ==
	    CONF_LISTEN_PRIVATE ? "private" : listen->interface,
	    listen->endpoint.port);
	return buf;
}

/* ---- upstreams ---- */

/* No address has a slash; one file has a name that everybody knows. */
static bool
is_file_name(const char *text)
{
	return strcmp(text, "resolv.conf") == 0 ||
	    (strchr(text, '/') && !strstr(text, "://"));
}

/* The name as a certificate has it: in lower case, without the last dot; or an
 * address, in one form. */
static const char *
parse_server(char **server, const char *text)
{
	char name[DNAME_TEXT_MAX], address[ADDR_TEXT];
	struct dname dname;
	struct addr addr;
	size_t length, bad;

	if (addr_parse(&addr, text, strlen(text)) == NULL) {
		*server = memory_string(addr_print(&addr, address));
		return NULL;
	}
	if (dname_parse(&dname, text, strlen(text), NULL, &bad) != NULL ||
	    dname.labels == 0)
		return "what stands behind # is no server name";
	dname_lower(dname.wire);
	length = strlen(dname_print(dname.wire, name));
	name[length - 1] = '\0';
	if (strchr(name, '\\') != NULL)
		return "what stands behind # is no server name";
	*server = memory_string(name);
	return NULL;
}

static const char *
parse_tls(struct conf_upstream *upstream, const char *text)
{
	const char *hash = strchr(text, '#');
	const char *wrong;

	upstream->kind = CONF_UPSTREAM_TLS;
	if (hash == NULL)
		return "the name that its certificate must have is missing: "
		       "tls://ADDR[@PORT]#SERVERNAME";
	wrong = endpoint_parse(&upstream->endpoint, text,
	    (size_t)(hash - text), CONF_TLS_PORT);
	return wrong ? wrong : parse_server(&upstream->server, hash + 1);
}

const char *
conf_parse_upstream(struct conf_upstream *upstream, const char *text)
{
	const char *address = text;

	memset(upstream, 0, sizeof *upstream);
	if (is_file_name(text)) {
		upstream->kind = CONF_UPSTREAM_FILE;
		upstream->path = memory_string(text);
		return NULL;
	}
	if (strncmp(text, "tls://", 6) == 0)
		return parse_tls(upstream, text + 6);
	if (strncmp(text, "tcp://", 6) == 0) {
		upstream->kind = CONF_UPSTREAM_TCP;
		address += 6;
	} else if (strncmp(text, "udp://", 6) == 0 || !strstr(text, "://")) {
		upstream->kind = CONF_UPSTREAM_UDP;
		address += strncmp(text, "udp://", 6) == 0 ? 6 : 0;
	} else {
		return "an upstream is ADDR[@PORT], tcp://ADDR[@PORT], "
		       "tls://ADDR[@PORT]#SERVERNAME or the path of a "
		       "resolv.conf";
	}
	return endpoint_parse(&upstream->endpoint, address, strlen(address),
	    CONF_PORT);
}

static bool
has_tls(const struct conf_scope *scope)
{
	for (size_t i = 0; i < scope->forward_count; i++) {
		for (size_t k = 0; k < scope->forward[i].count; k++)
			if (scope->forward[i].to[k].kind == CONF_UPSTREAM_TLS)
				return true;
	}
	return false;
}

bool
conf_has_tls(const struct conf *conf)
{
	for (size_t i = 0; i < conf->view_count; i++)
		if (has_tls(&conf->views[i].scope))
			return true;
	return has_tls(&conf->top);
}

const char *
conf_parse_domain(struct dname *domain, const char *text)
{
	size_t bad;
	const char *wrong = dname_parse(domain, text, strlen(text), NULL, &bad);

	if (!wrong)
		dname_lower(domain->wire);
	return wrong;
}
