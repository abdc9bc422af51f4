/* SPDX-License-Identifier: BSD-2-Clause */
/* conf.h - what hostler.yaml, the options and the defaults come to.
 *
 * A struct conf is read whole (confread.h), then not changed; main and reload
 * hand each room the few values that it needs.  Paths in it are absolute or
 * relative to the process's folder; confread has put the configuration file's
 * folder in front of those that it found there.
 */
#ifndef HOSTLER_CONF_H
#define HOSTLER_CONF_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"
#include "base/log.h"
#include "dns/cookie.h"
#include "dns/dname.h"
#include "names/source.h"

#define CONF_DEFAULT_FILE SYSCONFDIR "/hostler/hostler.yaml"
#define CONF_CONTROL_SOCKET "/run/hostler/hostler.sock"
#define CONF_PORT 53
#define CONF_TLS_PORT 853
#define CONF_HTTP_PORT 9153
#define CONF_HOSTS_TTL_S 5

/* Where a value was written, for errors that show only later (a listen
 * address in use, a source that is missing).  line 0: nowhere. */
struct conf_mark {
	uint32_t line;
	uint32_t column;
};

enum conf_listen_kind {
	CONF_LISTEN_ADDRESS,
	CONF_LISTEN_INTERFACE,		/* the addresses that it has */
	CONF_LISTEN_PRIVATE,		/* every private one of this machine */
};

/* Which addresses that comes to listenplan.h says. */
struct conf_listen {
	enum conf_listen_kind kind;
	struct endpoint endpoint;	/* but for ADDRESS the port alone */
	char interface[IF_NAMESIZE];	/* INTERFACE: its name */
	struct conf_mark mark;
};

struct conf_prefixes {
	struct prefix *list;
	size_t count;
};

struct conf_allow {
	bool any, private, attached;
	struct conf_prefixes prefixes;
};

enum conf_log_queries {
	CONF_LOG_OFF,
	CONF_LOG_FAILURES,
	CONF_LOG_ALL,
};

/* The log of queries; the level of the other lines is log_level. */
struct conf_log {
	enum conf_log_queries queries;
	char *file;			/* NULL: stderr */
	struct conf_mark file_mark;
	bool json;
	uint8_t bits4, bits6;		/* of clients that are shown */
};

struct conf_tcp {
	unsigned connections;		/* of all clients */
	unsigned per_client;
	uint32_t idle_s;
};

/* Answers by UDP to one prefix. */
struct conf_rate {
	unsigned per_second;		/* of one kind; 0: no limit */
	unsigned all_per_second;	/* of any kind; 0: no limit */
	unsigned slip;
	struct conf_allow exempt;
};

enum conf_dnstap_messages {
	CONF_DNSTAP_CLIENT = 1,
	CONF_DNSTAP_FORWARDER = 2,
};

struct conf_dnstap {
	char *socket, *file;		/* one of them; both NULL: off */
	struct conf_mark mark;		/* of that one */
	char *identity;			/* NULL: the host's name */
	unsigned messages;
};

struct conf_hosts {
	char *path;
	uint32_t ttl_s;
	bool has_domain;		/* one of its own */
	struct dname domain;
	struct conf_mark mark;
};

struct conf_zone {
	char *path;
	bool has_name;
	bool overlay;
	struct dname name;
	struct conf_mark mark;
};

struct conf_leases {
	char *path;			/* NULL: the neighbour table */
	enum lease_format format;
	char *machines;			/* VirtualBox: folder of .vbox files */
	char *macs;			/* neighbours: who has which MAC */
	uint32_t ttl_s;
	bool has_domain;		/* one of its own */
	struct dname domain;
	struct conf_mark mark;
};

enum conf_upstream_kind {
	CONF_UPSTREAM_UDP,
	CONF_UPSTREAM_TCP,
	CONF_UPSTREAM_TLS,
	CONF_UPSTREAM_FILE,		/* a resolv.conf by its path */
};

struct conf_upstream {
	enum conf_upstream_kind kind;
	struct endpoint endpoint;
	char *path;			/* FILE */
	char *server;			/* TLS: its name, or an address */
};

enum conf_private_names {
	CONF_PRIVATE_AUTO,		/* where every upstream is private */
	CONF_PRIVATE_YES,
	CONF_PRIVATE_NO,
};

struct conf_forward {
	struct dname zone;		/* lower */
	struct conf_upstream *to;
	size_t count;
	enum conf_private_names private_names;
	struct conf_mark mark;
};

/* The names that a view knows and where it forwards the rest: the top
 * level's, or a view's own. */
struct conf_scope {
	bool has_domain, domain_overlay;
	struct dname domain;
	struct conf_hosts *hosts;
	size_t hosts_count;
	struct conf_zone *zones;
	size_t zone_count;
	struct conf_leases *leases;
	size_t leases_count;
	struct conf_forward *forward;
	size_t forward_count;
};

struct conf_view {
	char *name;
	struct conf_prefixes clients;
	struct addr *listen;		/* addresses that were asked */
	size_t listen_count;
	bool inherit;
	bool has_forward;		/* else the top level's */
	bool domain_given;		/* else the top level's */
	struct conf_scope scope;
	struct conf_mark mark;
};

struct conf_network {
	char *name;
	struct conf_prefixes prefixes;
	bool isolated;			/* never given as an answer */
	struct conf_mark mark;
};

#define CONF_NETWORKS_MAX 64

enum conf_by_network {
	CONF_BY_NETWORK_PREFER,
	CONF_BY_NETWORK_ONLY,
	CONF_BY_NETWORK_OFF,
};

struct conf {
	char *path;			/* of the file read; NULL: none */
	struct conf_listen *listen;
	size_t listen_count;
	unsigned threads;		/* 0: one a core */
	char *user;			/* "": keep the rights */
	bool user_given;
	bool read_all;			/* as if root read the files */
	bool sandbox;
	struct conf_allow allow;
	struct conf_tcp tcp;
	struct conf_rate rate;
	struct cookie_secrets cookies;	/* shared: configured */
	enum log_level log_level;
	struct conf_log log;
	struct conf_dnstap dnstap;
	char *control_socket;		/* NULL: none */
	bool control_given;
	struct conf_mark control_mark;	/* where it is */
	struct conf_scope top;
	struct conf_mark domain_mark;
	struct conf_view *views;
	size_t view_count;
	struct conf_network *networks;
	size_t network_count;
	enum conf_by_network by_network;
	struct conf_prefixes explain_to; /* see the source as EDE text */
	char **warnings_off;		/* ids */
	size_t warnings_off_count;
	char *managed_hosts;		/* what `set` writes; NULL: none */
	struct conf_mark managed_mark;
	bool rebind_enabled;		/* protection */
	struct dname *rebind_allow;
	size_t rebind_allow_count;
	struct conf_listen *http_listen;	/* none: no HTTP */
	size_t http_listen_count;
	char **http_names;		/* of this server, in Host */
	size_t http_name_count;
	char *ca_file;			/* for TLS; NULL: OpenSSL's default */
	uint64_t cache_bytes;
	uint32_t min_ttl_s, max_ttl_s, max_negative_ttl_s, stale_s;
};

/* Lists that the command line adds to or puts in place of the file's.  The
 * arrays of strings are argv's. */
#define CONF_OPTIONS_MAX 64
struct conf_options {
	const char *file;		/* -c; NULL: the default if there */
	const char *domain;		/* -D */
	bool verbose;			/* -v */
	bool replace;			/* -R: the one that runs */
	struct conf_option_list {
		const char *text[CONF_OPTIONS_MAX];
		size_t count;
	} listen, hosts, zones, forward;
};

struct conf *conf_new_defaults(void);
void conf_free(struct conf *conf);

/* Growing the lists; each returns the new, zeroed element. */
struct conf_listen *conf_add_listen(struct conf *conf);
struct conf_hosts *conf_add_hosts(struct conf_scope *scope);
struct conf_zone *conf_add_zone(struct conf_scope *scope);
struct conf_leases *conf_add_leases(struct conf_scope *scope);
struct conf_forward *conf_add_forward(struct conf_scope *scope);
struct conf_upstream *conf_add_upstream(struct conf_forward *forward);
struct prefix *conf_add_prefix(struct conf_prefixes *prefixes);
struct conf_view *conf_add_view(struct conf *conf);
struct addr *conf_add_view_listen(struct conf_view *view);
struct conf_network *conf_add_network(struct conf *conf);
struct dname *conf_add_rebind_allow(struct conf *conf);
void conf_add_warning_off(struct conf *conf, const char *id);
struct conf_listen *conf_add_http_listen(struct conf *conf);
void conf_add_http_name(struct conf *conf, const char *name);
void conf_clear_listen(struct conf *conf);
void conf_clear_hosts(struct conf_scope *scope);
void conf_clear_zones(struct conf_scope *scope);
void conf_clear_leases(struct conf_scope *scope);
void conf_clear_forward(struct conf_scope *scope);
void conf_clear_rebind_allow(struct conf *conf);
void conf_clear_warnings_off(struct conf *conf);
void conf_clear_http_listen(struct conf *conf);
void conf_clear_http_names(struct conf *conf);

/* dnsmasq, libvirt, ... as `format` has them; the table ends with NULL and is
 * indexed by enum lease_format. */
extern const char *const conf_lease_formats[];
extern const char *const conf_by_network_words[];
extern const char *const conf_log_queries_words[];
extern const char *const conf_dnstap_words[];	/* by the number of the bit */

/* One entry of `listen` as people write it: ADDR, INTERFACE or private, with
 * @PORT behind it or 53.  NULL, or static words for what is wrong. */
const char *conf_parse_listen(struct conf_listen *listen, const char *text);
/* As it was written, with its port; returns buf. */
char *conf_print_listen(const struct conf_listen *listen,
    char buf[ENDPOINT_TEXT]);

/* One upstream as people write it: ADDR[@PORT], tcp://ADDR[@PORT],
 * tls://ADDR[@PORT]#SERVERNAME, a path.
 * NULL, or static words for what is wrong. */
const char *conf_parse_upstream(struct conf_upstream *upstream,
    const char *text);
/* Is there a tls:// upstream anywhere? */
bool conf_has_tls(const struct conf *conf);
/* A domain name, made lower; the root where '.'.  NULL, or static words. */
const char *conf_parse_domain(struct dname *domain, const char *text);

/* The effective configuration as YAML (-T). */
void conf_print(const struct conf *conf, FILE *out);

#endif
