/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

static char *
choose_control_socket(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (geteuid() == 0)
		return memory_string("/run/hostler/hostler.sock");
	if (runtime && *runtime)
		return memory_format("%s/hostler/hostler.sock", runtime);
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

struct conf *
conf_new_defaults(void)
{
	struct conf *conf = memory_zeroed(1, sizeof *conf);
	struct conf_forward *forward;
	struct conf_hosts *hosts;

	add_default_listen(conf);
	conf->user = memory_string("hostler");
	conf->allow.private = true;
	conf->allow.attached = true;
	conf->log_level = LOG_LEVEL_INFO;
	conf->control_socket = choose_control_socket();
	conf->has_domain = true;
	conf->domain = dname_from("internal.");
	hosts = conf_add_hosts(conf);
	hosts->path = memory_string("/etc/hosts");
	hosts->ttl_s = CONF_HOSTS_TTL_S;
	forward = conf_add_forward(conf);
	forward->zone = dname_from(".");
	conf_parse_upstream(conf_add_upstream(forward), "/etc/resolv.conf");
	conf->cache_bytes = 64 << 20;
	conf->max_ttl_s = 86400;
	conf->max_negative_ttl_s = 60;
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
conf_add_hosts(struct conf *conf)
{
	conf->hosts = grow_list(conf->hosts, &conf->hosts_count,
	    sizeof *conf->hosts);
	return &conf->hosts[conf->hosts_count - 1];
}

struct conf_zone *
conf_add_zone(struct conf *conf)
{
	conf->zones = grow_list(conf->zones, &conf->zone_count,
	    sizeof *conf->zones);
	return &conf->zones[conf->zone_count - 1];
}

struct conf_forward *
conf_add_forward(struct conf *conf)
{
	conf->forward = grow_list(conf->forward, &conf->forward_count,
	    sizeof *conf->forward);
	return &conf->forward[conf->forward_count - 1];
}

struct conf_upstream *
conf_add_upstream(struct conf_forward *forward)
{
	forward->to = grow_list(forward->to, &forward->count,
	    sizeof *forward->to);
	return &forward->to[forward->count - 1];
}

struct prefix *
conf_add_prefix(struct conf_allow *allow)
{
	allow->prefixes = grow_list(allow->prefixes, &allow->count,
	    sizeof *allow->prefixes);
	return &allow->prefixes[allow->count - 1];
}

void
conf_clear_listen(struct conf *conf)
{
	free(conf->listen);
	conf->listen = NULL;
	conf->listen_count = 0;
}

void
conf_clear_hosts(struct conf *conf)
{
	for (size_t i = 0; i < conf->hosts_count; i++)
		free(conf->hosts[i].path);
	free(conf->hosts);
	conf->hosts = NULL;
	conf->hosts_count = 0;
}

void
conf_clear_zones(struct conf *conf)
{
	for (size_t i = 0; i < conf->zone_count; i++)
		free(conf->zones[i].path);
	free(conf->zones);
	conf->zones = NULL;
	conf->zone_count = 0;
}

void
conf_clear_forward(struct conf *conf)
{
	for (size_t i = 0; i < conf->forward_count; i++) {
		for (size_t k = 0; k < conf->forward[i].count; k++)
			free(conf->forward[i].to[k].path);
		free(conf->forward[i].to);
	}
	free(conf->forward);
	conf->forward = NULL;
	conf->forward_count = 0;
}

void
conf_free(struct conf *conf)
{
	if (!conf)
		return;
	conf_clear_listen(conf);
	conf_clear_hosts(conf);
	conf_clear_zones(conf);
	conf_clear_forward(conf);
	free(conf->allow.prefixes);
	free(conf->path);
	free(conf->user);
	free(conf->control_socket);
	free(conf);
}

/* No address has a slash; one file has a name that everybody knows. */
static bool
is_file_name(const char *text)
{
	return strcmp(text, "resolv.conf") == 0 ||
	    (strchr(text, '/') && !strstr(text, "://"));
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
		return "tls:// is not offered by this version";
	if (strncmp(text, "tcp://", 6) == 0) {
		upstream->kind = CONF_UPSTREAM_TCP;
		address += 6;
	} else if (strncmp(text, "udp://", 6) == 0 || !strstr(text, "://")) {
		upstream->kind = CONF_UPSTREAM_UDP;
		address += strncmp(text, "udp://", 6) == 0 ? 6 : 0;
	} else {
		return "an upstream is ADDR[@PORT], tcp://ADDR[@PORT] or the "
		       "path of a resolv.conf";
	}
	return endpoint_parse(&upstream->endpoint, address, strlen(address),
	    CONF_PORT);
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

/* ---- -T ---- */

/* A double-quoted YAML scalar: always right, whatever the bytes. */
static void
print_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void
print_domain(FILE *out, const struct dname *domain)
{
	char text[DNAME_TEXT_MAX];

	dname_print(domain->wire, text);
	if (domain->labels)
		text[strlen(text) - 1] = '\0';
	print_quoted(out, text);
}

static void
print_server(const struct conf *conf, FILE *out)
{
	static const char *const levels[] = {
	    "error", "warning", "notice", "info", "debug"};
	const struct conf_allow *allow = &conf->allow;
	char text[ENDPOINT_TEXT];

	fputs("server:\n  listen:\n", out);
	for (size_t i = 0; i < conf->listen_count; i++)
		fprintf(out, "    - \"%s\"\n",
		    endpoint_print(&conf->listen[i].endpoint, text));
	if (conf->threads)
		fprintf(out, "  threads: %u\n", conf->threads);
	else
		fputs("  threads: auto\n", out);
	fputs("  user: ", out);
	print_quoted(out, conf->user);
	fputs("\n  allow:\n", out);
	if (allow->private)
		fputs("    - private\n", out);
	if (allow->attached)
		fputs("    - attached\n", out);
	if (allow->any)
		fputs("    - any\n", out);
	for (size_t i = 0; i < allow->count; i++)
		fprintf(out, "    - \"%s\"\n",
		    prefix_print(&allow->prefixes[i], text));
	if (!allow->private && !allow->attached && !allow->any && !allow->count)
		fputs("    []\n", out);
	fprintf(out, "  log: {level: %s, queries: off}\n",
	    levels[conf->log_level]);
}

static void
print_sources(const struct conf *conf, FILE *out)
{
	fputs(conf->hosts_count ? "hosts:\n" : "hosts: []\n", out);
	for (size_t i = 0; i < conf->hosts_count; i++) {
		fputs("  - {path: ", out);
		print_quoted(out, conf->hosts[i].path);
		fprintf(out, ", ttl: %us", conf->hosts[i].ttl_s);
		if (conf->hosts[i].has_domain) {
			fputs(", domain: ", out);
			print_domain(out, &conf->hosts[i].domain);
		}
		fputs("}\n", out);
	}
	fputs(conf->zone_count ? "zones:\n" : "zones: []\n", out);
	for (size_t i = 0; i < conf->zone_count; i++) {
		fputs("  - {path: ", out);
		print_quoted(out, conf->zones[i].path);
		if (conf->zones[i].has_name) {
			fputs(", name: ", out);
			print_domain(out, &conf->zones[i].name);
		}
		if (conf->zones[i].overlay)
			fputs(", overlay: yes", out);
		fputs("}\n", out);
	}
}

static void
print_upstream(const struct conf_upstream *upstream, FILE *out)
{
	char text[ENDPOINT_TEXT];

	if (upstream->kind == CONF_UPSTREAM_FILE)
		print_quoted(out, upstream->path);
	else
		fprintf(out, "\"%s%s\"",
		    upstream->kind == CONF_UPSTREAM_TCP ? "tcp://" : "",
		    endpoint_print(&upstream->endpoint, text));
}

static void
print_forward(const struct conf *conf, FILE *out)
{
	fputs(conf->forward_count ? "forward:\n" : "forward: []\n", out);
	for (size_t i = 0; i < conf->forward_count; i++) {
		const struct conf_forward *forward = &conf->forward[i];

		fputs("  - {zone: ", out);
		print_domain(out, &forward->zone);
		fputs(", to: [", out);
		for (size_t k = 0; k < forward->count; k++) {
			if (k)
				fputs(", ", out);
			print_upstream(&forward->to[k], out);
		}
		fputs("]", out);
		if (forward->private_names != CONF_PRIVATE_AUTO)
			fprintf(out, ", private-names: %s",
			    forward->private_names == CONF_PRIVATE_YES ? "yes"
								       : "no");
		fputs("}\n", out);
	}
}

void
conf_print(const struct conf *conf, FILE *out)
{
	print_server(conf, out);
	if (conf->control_socket) {
		fputs("control: {socket: ", out);
		print_quoted(out, conf->control_socket);
		fputs("}\n", out);
	}
	fputs("domain: {name: ", out);
	if (conf->has_domain)
		print_domain(out, &conf->domain);
	else
		print_quoted(out, "");
	fprintf(out, ", overlay: %s}\n", conf->domain_overlay ? "yes" : "no");
	print_sources(conf, out);
	print_forward(conf, out);
	fprintf(out, "cache: {size: %lluK, min-ttl: %us, max-ttl: %us, "
	    "max-negative-ttl: %us, stale: 0s}\n",
	    (unsigned long long)(conf->cache_bytes >> 10), conf->min_ttl_s,
	    conf->max_ttl_s, conf->max_negative_ttl_s);
}
