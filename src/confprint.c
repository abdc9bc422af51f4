/* SPDX-License-Identifier: BSD-2-Clause */
/* The effective configuration as YAML, which hostler reads back. */
#include <string.h>

#include "conflimits.h"

/* Where a scope is printed: at the top, or within a view. */
struct printing {
	FILE *out;
	const char *indent;
};

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
print_prefixes(const struct conf_prefixes *prefixes, FILE *out)
{
	char text[ADDR_TEXT + 4];

	fputc('[', out);
	for (size_t i = 0; i < prefixes->count; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "",
		    prefix_print(&prefixes->list[i], text));
	fputc(']', out);
}

static void
print_log(const struct conf *conf, FILE *out)
{
	static const char *const levels[] = {
	    "error", "warning", "notice", "info", "debug"};
	const struct conf_log *log = &conf->log;

	fprintf(out, "  log:\n    level: %s\n    queries: %s\n",
	    levels[conf->log_level], conf_log_queries_words[log->queries]);
	if (log->file) {
		fputs("    file: ", out);
		print_quoted(out, log->file);
		fputc('\n', out);
	}
	fprintf(out, "    format: %s\n    mask: {ipv4: %u, ipv6: %u}\n",
	    log->json ? "json" : "text", log->bits4, log->bits6);
}

static void
print_dnstap(const struct conf_dnstap *dnstap, FILE *out)
{
	const char *between = "";

	if (!dnstap->socket && !dnstap->file)
		return;
	fprintf(out, "  dnstap:\n    %s: ", dnstap->socket ? "socket" :
	    "file");
	print_quoted(out, dnstap->socket ? dnstap->socket : dnstap->file);
	if (dnstap->identity) {
		fputs("\n    identity: ", out);
		print_quoted(out, dnstap->identity);
	}
	fputs("\n    messages: [", out);
	for (unsigned i = 0; conf_dnstap_words[i]; i++) {
		if (!(dnstap->messages & 1u << i))
			continue;
		fprintf(out, "%s%s", between, conf_dnstap_words[i]);
		between = ", ";
	}
	fputs("]\n", out);
}

static void
print_server(const struct conf *conf, FILE *out)
{
	const struct conf_allow *allow = &conf->allow;
	char text[ENDPOINT_TEXT];

	fputs("server:\n  listen:\n", out);
	for (size_t i = 0; i < conf->listen_count; i++)
		fprintf(out, "    - \"%s\"\n",
		    conf_print_listen(&conf->listen[i], text));
	if (conf->threads)
		fprintf(out, "  threads: %u\n", conf->threads);
	else
		fputs("  threads: auto\n", out);
	fputs("  user: ", out);
	print_quoted(out, conf->user);
	fprintf(out, "\n  read-all: %s\n  sandbox: %s\n",
	    conf->read_all ? "yes" : "no", conf->sandbox ? "yes" : "no");
	fputs("  allow:\n", out);
	if (allow->private)
		fputs("    - private\n", out);
	if (allow->attached)
		fputs("    - attached\n", out);
	if (allow->any)
		fputs("    - any\n", out);
	for (size_t i = 0; i < allow->prefixes.count; i++)
		fprintf(out, "    - \"%s\"\n",
		    prefix_print(&allow->prefixes.list[i], text));
	if (!allow->private && !allow->attached && !allow->any &&
	    !allow->prefixes.count)
		fputs("    []\n", out);
	conflimits_print(conf, out);
	fputs("  explain-to: ", out);
	print_prefixes(&conf->explain_to, out);
	fputc('\n', out);
	print_log(conf, out);
	print_dnstap(&conf->dnstap, out);
}

/* The items of a list, each on a line of its own: "hosts:", then what `print`
 * makes of them. */
static void
print_key(const struct printing *p, const char *key, size_t count)
{
	fprintf(p->out, "%s%s:%s\n", p->indent, key, count ? "" : " []");
}

static void
print_own_domain(const struct printing *p, const struct dname *domain)
{
	fputs(", domain: ", p->out);
	print_domain(p->out, domain);
}

static void
print_hosts(const struct printing *p, const struct conf_hosts *hosts)
{
	fprintf(p->out, "%s  - {path: ", p->indent);
	print_quoted(p->out, hosts->path);
	fprintf(p->out, ", ttl: %us", hosts->ttl_s);
	if (hosts->has_domain)
		print_own_domain(p, &hosts->domain);
	fputs("}\n", p->out);
}

static void
print_zone(const struct printing *p, const struct conf_zone *zone)
{
	fprintf(p->out, "%s  - {path: ", p->indent);
	print_quoted(p->out, zone->path);
	if (zone->has_name) {
		fputs(", name: ", p->out);
		print_domain(p->out, &zone->name);
	}
	if (zone->overlay)
		fputs(", overlay: yes", p->out);
	fputs("}\n", p->out);
}

static void
print_optional(const struct printing *p, const char *key, const char *path)
{
	if (!path)
		return;
	fprintf(p->out, ", %s: ", key);
	print_quoted(p->out, path);
}

static void
print_leases(const struct printing *p, const struct conf_leases *leases)
{
	fprintf(p->out, "%s  - {format: %s", p->indent,
	    conf_lease_formats[leases->format]);
	print_optional(p, "path", leases->path);
	print_optional(p, "machines", leases->machines);
	print_optional(p, "macs", leases->macs);
	fprintf(p->out, ", ttl: %us", leases->ttl_s);
	if (leases->has_domain)
		print_own_domain(p, &leases->domain);
	fputs("}\n", p->out);
}

static void
print_upstream(const struct conf_upstream *upstream, FILE *out)
{
	static const char *const schemes[] = {
	    [CONF_UPSTREAM_UDP] = "", [CONF_UPSTREAM_TCP] = "tcp://",
	    [CONF_UPSTREAM_TLS] = "tls://"};
	char text[ENDPOINT_TEXT];

	if (upstream->kind == CONF_UPSTREAM_FILE)
		print_quoted(out, upstream->path);
	else
		fprintf(out, "\"%s%s%s%s\"", schemes[upstream->kind],
		    endpoint_print(&upstream->endpoint, text),
		    upstream->server ? "#" : "",
		    upstream->server ? upstream->server : "");
}

static void
print_forward(const struct printing *p, const struct conf_forward *forward)
{
	fprintf(p->out, "%s  - {zone: ", p->indent);
	print_domain(p->out, &forward->zone);
	fputs(", to: [", p->out);
	for (size_t k = 0; k < forward->count; k++) {
		if (k)
			fputs(", ", p->out);
		print_upstream(&forward->to[k], p->out);
	}
	fputs("]", p->out);
	if (forward->private_names != CONF_PRIVATE_AUTO)
		fprintf(p->out, ", private-names: %s",
		    forward->private_names == CONF_PRIVATE_YES ? "yes" : "no");
	fputs("}\n", p->out);
}

static void
print_sources(const struct printing *p, const struct conf_scope *scope)
{
	fprintf(p->out, "%sdomain: {name: ", p->indent);
	if (scope->has_domain)
		print_domain(p->out, &scope->domain);
	else
		print_quoted(p->out, "");
	fprintf(p->out, ", overlay: %s}\n",
	    scope->domain_overlay ? "yes" : "no");
	print_key(p, "hosts", scope->hosts_count);
	for (size_t i = 0; i < scope->hosts_count; i++)
		print_hosts(p, &scope->hosts[i]);
	print_key(p, "zones", scope->zone_count);
	for (size_t i = 0; i < scope->zone_count; i++)
		print_zone(p, &scope->zones[i]);
	print_key(p, "leases", scope->leases_count);
	for (size_t i = 0; i < scope->leases_count; i++)
		print_leases(p, &scope->leases[i]);
}

static void
print_routes(const struct printing *p, const struct conf_scope *scope)
{
	print_key(p, "forward", scope->forward_count);
	for (size_t i = 0; i < scope->forward_count; i++)
		print_forward(p, &scope->forward[i]);
}

static void
print_networks(const struct conf *conf, FILE *out)
{
	fputs(conf->network_count ? "networks:\n" : "networks: {}\n", out);
	for (size_t i = 0; i < conf->network_count; i++) {
		const struct conf_network *network = &conf->networks[i];

		fputs("  ", out);
		print_quoted(out, network->name);
		fputs(": {prefix: ", out);
		print_prefixes(&network->prefixes, out);
		fprintf(out, "%s}\n",
		    network->isolated ? ", isolated: yes" : "");
	}
	fprintf(out, "answer-by-network: %s\n",
	    conf_by_network_words[conf->by_network]);
}

static void
print_view(const struct conf_view *view, FILE *out)
{
	const struct printing p = {.out = out, .indent = "    "};
	char text[ADDR_TEXT];

	fputs("  - name: ", out);
	print_quoted(out, view->name);
	fputs("\n    clients: ", out);
	print_prefixes(&view->clients, out);
	fputs("\n    listen: [", out);
	for (size_t i = 0; i < view->listen_count; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "",
		    addr_print(&view->listen[i], text));
	fprintf(out, "]\n    inherit: %s\n", view->inherit ? "yes" : "no");
	print_sources(&p, &view->scope);
	if (view->has_forward)
		print_routes(&p, &view->scope);
}

static void
print_warnings(const struct conf *conf, FILE *out)
{
	fputs("warnings: {off: [", out);
	for (size_t i = 0; i < conf->warnings_off_count; i++)
		fprintf(out, "%s%s", i ? ", " : "", conf->warnings_off[i]);
	fputs("]}\n", out);
}

static void
print_rebind(const struct conf *conf, FILE *out)
{
	fprintf(out, "rebind-protection: {enabled: %s, allow: [",
	    conf->rebind_enabled ? "yes" : "no");
	for (size_t i = 0; i < conf->rebind_allow_count; i++) {
		fputs(i ? ", " : "", out);
		print_domain(out, &conf->rebind_allow[i]);
	}
	fputs("]}\n", out);
}

static void
print_http(const struct conf *conf, FILE *out)
{
	char text[ENDPOINT_TEXT];

	fputs("http: {listen: [", out);
	for (size_t i = 0; i < conf->http_listen_count; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", endpoint_print(
		    &conf->http_listen[i].endpoint, text));
	fputs("], names: [", out);
	for (size_t i = 0; i < conf->http_name_count; i++) {
		fputs(i ? ", " : "", out);
		print_quoted(out, conf->http_names[i]);
	}
	fputs("]}\n", out);
}

void
conf_print(const struct conf *conf, FILE *out)
{
	const struct printing p = {.out = out, .indent = ""};

	print_server(conf, out);
	if (conf->control_socket) {
		fputs("control: {socket: ", out);
		print_quoted(out, conf->control_socket);
		fputs("}\n", out);
	}
	print_sources(&p, &conf->top);
	if (conf->managed_hosts) {
		fputs("managed-hosts: ", out);
		print_quoted(out, conf->managed_hosts);
		fputc('\n', out);
	}
	print_routes(&p, &conf->top);
	print_http(conf, out);
	print_networks(conf, out);
	fputs(conf->view_count ? "views:\n" : "views: []\n", out);
	for (size_t i = 0; i < conf->view_count; i++)
		print_view(&conf->views[i], out);
	print_rebind(conf, out);
	if (conf->ca_file) {
		fputs("tls: {ca-file: ", out);
		print_quoted(out, conf->ca_file);
		fputs("}\n", out);
	}
	print_warnings(conf, out);
	fprintf(out, "cache: {size: %lluK, min-ttl: %us, max-ttl: %us, "
	    "max-negative-ttl: %us, stale: %us}\n",
	    (unsigned long long)(conf->cache_bytes >> 10), conf->min_ttl_s,
	    conf->max_ttl_s, conf->max_negative_ttl_s, conf->stale_s);
}
