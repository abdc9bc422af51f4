/* SPDX-License-Identifier: BSD-2-Clause */
#include "confread.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "base/memory.h"
#include "sys/files.h"

#define CONF_FILE_MAX (4 << 20)

struct reader {
	struct conf *conf;
	struct diags *diags;
	const char *path;
	char *folder;
	const char *text;
	size_t length;
	yaml_document_t document;
};

typedef void (*key_reader)(struct reader *r, yaml_node_t *value,
    void *target);

/* read is NULL where the key is known but this version does not offer it. */
struct key {
	const char *name;
	key_reader read;
};

/* ---- where in the file ---- */

static const char *
find_line(const struct reader *r, size_t line, size_t *length)
{
	const char *at = r->text, *end = r->text + r->length, *stop;

	while (line-- > 0 && at < end) {
		const char *next = memchr(at, '\n', (size_t)(end - at));

		at = next ? next + 1 : end;
	}
	stop = memchr(at, '\n', (size_t)(end - at));
	*length = (size_t)((stop ? stop : end) - at);
	if (*length && at[*length - 1] == '\r')
		--*length;
	return at;
}

/* libyaml counts characters; a diagnostic counts bytes. */
static uint32_t
count_bytes(const char *line, size_t length, size_t characters)
{
	size_t at = 0;

	while (characters-- > 0 && at < length)
		do
			at++;
		while (at < length && ((unsigned char)line[at] & 0xc0) == 0x80);
	return (uint32_t)at;
}

static struct diag_place
place_marks(const struct reader *r, yaml_mark_t from, yaml_mark_t to)
{
	struct diag_place place = {.file = r->path};
	uint32_t start, end;

	place.text = find_line(r, from.line, &place.text_len);
	start = count_bytes(place.text, place.text_len, from.column);
	end = (uint32_t)place.text_len;
	if (to.line == from.line)
		end = count_bytes(place.text, place.text_len, to.column);
	place.line = (uint32_t)from.line + 1;
	place.column = start + 1;
	place.width = end > start ? end - start : 1;
	return place;
}

static struct diag_place
place_node(const struct reader *r, const yaml_node_t *node)
{
	return place_marks(r, node->start_mark, node->end_mark);
}

static struct conf_mark
mark_node(const struct reader *r, const yaml_node_t *node)
{
	struct diag_place place = place_node(r, node);

	return (struct conf_mark){place.line, place.column};
}

static void tell(struct reader *r, const yaml_node_t *node, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

static void
tell(struct reader *r, const yaml_node_t *node, const char *fmt, ...)
{
	struct diag_place place = place_node(r, node);
	char text[600];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	diags_add(r->diags, DIAG_ERROR, &place, NULL, "%s", text);
}

/* ---- scalars ---- */

static const char *
scalar_text(struct reader *r, const yaml_node_t *node, const char *what)
{
	const char *text;

	if (node->type != YAML_SCALAR_NODE) {
		tell(r, node, "%s is expected here, not a %s", what,
		    node->type == YAML_MAPPING_NODE ? "mapping" : "list");
		return NULL;
	}
	text = (const char *)node->data.scalar.value;
	if (strlen(text) != node->data.scalar.length) {
		tell(r, node, "a NUL byte is not allowed in %s", what);
		return NULL;
	}
	return text;
}

static bool
read_bool(struct reader *r, const yaml_node_t *node, bool *value)
{
	static const char *const yes[] = {"yes", "true", "on"};
	static const char *const no[] = {"no", "false", "off"};
	const char *text = scalar_text(r, node, "yes or no");

	if (!text)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (strcasecmp(text, yes[i]) == 0 ||
		    strcasecmp(text, no[i]) == 0) {
			*value = strcasecmp(text, yes[i]) == 0;
			return true;
		}
	}
	tell(r, node, "'%s' is neither yes nor no", text);
	return false;
}

/* A number and one letter of `units`; scale[i] belongs to units[i], scale of a
 * bare number is 1. */
struct unit_list {
	const char *what;
	const char *letters;
	const uint64_t *scale;
	uint64_t max;
};

static bool
read_number(struct reader *r, const yaml_node_t *node,
    const struct unit_list *units, uint64_t *value)
{
	const char *text = scalar_text(r, node, units->what);
	unsigned long long number;
	const char *letter;
	uint64_t scale = 1;
	char *end;

	if (!text)
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || errno)
		goto wrong;
	if (*end) {
		letter = strchr(units->letters, *end);
		if (!letter || end[1])
			goto wrong;
		scale = units->scale[letter - units->letters];
	}
	if (number > units->max / scale) {
		tell(r, node, "%s is too large", text);
		return false;
	}
	*value = number * scale;
	return true;
wrong:
	tell(r, node, "'%s' is not %s", text, units->what);
	return false;
}

static bool
read_seconds(struct reader *r, const yaml_node_t *node, uint32_t *seconds)
{
	static const uint64_t scale[] = {1, 60, 3600, 86400, 604800};
	static const struct unit_list units = {
	    "a time such as 60s, 5m, 2h or 1d", "smhdw", scale, INT32_MAX};
	uint64_t value;

	if (!read_number(r, node, &units, &value))
		return false;
	*seconds = (uint32_t)value;
	return true;
}

static bool
read_bytes(struct reader *r, const yaml_node_t *node, uint64_t *bytes)
{
	static const uint64_t scale[] = {1ULL << 10, 1ULL << 10, 1ULL << 20,
	    1ULL << 20, 1ULL << 30, 1ULL << 30};
	static const struct unit_list units = {
	    "a size such as 512K, 64M or 1G", "kKmMgG", scale, 1ULL << 40};

	return read_number(r, node, &units, bytes);
}

static bool
read_domain_name(struct reader *r, const yaml_node_t *node,
    struct dname *domain)
{
	const char *text = scalar_text(r, node, "a domain name");
	const char *wrong;

	if (!text)
		return false;
	wrong = *text ? conf_parse_domain(domain, text) : "it is empty";
	if (wrong)
		tell(r, node, "'%s' is not a domain name: %s", text, wrong);
	return !wrong;
}

static char *
resolve_path(const struct reader *r, const char *path)
{
	if (*path == '/' || !*r->folder)
		return memory_string(path);
	return memory_format("%s/%s", r->folder, path);
}

static bool
read_path(struct reader *r, const yaml_node_t *node, char **path)
{
	const char *text = scalar_text(r, node, "a path");

	if (!text)
		return false;
	if (!*text) {
		tell(r, node, "the path is empty");
		return false;
	}
	free(*path);
	*path = resolve_path(r, text);
	return true;
}

/* ---- mappings and lists ---- */

static unsigned
edit_distance(const char *a, const char *b)
{
	unsigned row[64], length = (unsigned)strlen(b);

	if (length >= 63 || strlen(a) >= 63)
		return UINT_MAX;
	for (unsigned j = 0; j <= length; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= length; j++) {
			unsigned above = row[j];
			unsigned best = corner +
			    (tolower((unsigned char)a[i - 1]) !=
				tolower((unsigned char)b[j - 1]));

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			corner = above;
			row[j] = best;
		}
	}
	return row[length];
}

static const char *
find_nearest(const struct key *keys, const char *name)
{
	const char *nearest = NULL;
	unsigned best = (unsigned)strlen(name) / 2 + 1;

	for (; keys->name; keys++) {
		unsigned distance = edit_distance(name, keys->name);

		if (distance < best) {
			best = distance;
			nearest = keys->name;
		}
	}
	return nearest;
}

static void
read_unknown(struct reader *r, const yaml_node_t *node,
    const struct key *keys, const char *name)
{
	const char *nearest = find_nearest(keys, name);

	if (nearest)
		tell(r, node, "unknown key '%s'; is '%s' meant?", name,
		    nearest);
	else
		tell(r, node, "unknown key '%s'", name);
}

static bool
is_repeated(struct reader *r, const yaml_node_t *mapping,
    const yaml_node_pair_t *pair, const char *name)
{
	const yaml_node_pair_t *before = mapping->data.mapping.pairs.start;

	for (; before < pair; before++) {
		const yaml_node_t *key =
		    yaml_document_get_node(&r->document, before->key);

		if (key->type == YAML_SCALAR_NODE &&
		    strcmp((const char *)key->data.scalar.value, name) == 0)
			return true;
	}
	return false;
}

static void
read_pair(struct reader *r, const yaml_node_t *mapping,
    const yaml_node_pair_t *pair, const struct key *keys, void *target)
{
	yaml_node_t *key = yaml_document_get_node(&r->document, pair->key);
	yaml_node_t *value = yaml_document_get_node(&r->document, pair->value);
	const char *name = scalar_text(r, key, "a key");
	const struct key *known = keys;

	if (!name)
		return;
	while (known->name && strcmp(known->name, name) != 0)
		known++;
	if (!known->name)
		read_unknown(r, key, keys, name);
	else if (is_repeated(r, mapping, pair, name))
		tell(r, key, "'%s' is given twice", name);
	else if (!known->read)
		tell(r, key, "'%s' is not offered by this version", name);
	else
		known->read(r, value, target);
}

static bool
read_mapping(struct reader *r, const yaml_node_t *node,
    const struct key *keys, void *target)
{
	const yaml_node_pair_t *pair;

	if (node->type != YAML_MAPPING_NODE) {
		tell(r, node, "a mapping (key: value) is expected here");
		return false;
	}
	for (pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++)
		read_pair(r, node, pair, keys, target);
	return true;
}

/* Call `each` for every element; a scalar or mapping counts as a list of one
 * where `single` allows it. */
enum list_form {
	LIST_ONLY,
	LIST_OR_ONE,
};

static void
read_list(struct reader *r, yaml_node_t *node, enum list_form form,
    key_reader each, void *target)
{
	const yaml_node_item_t *item;

	if (node->type != YAML_SEQUENCE_NODE) {
		if (form == LIST_OR_ONE)
			each(r, node, target);
		else
			tell(r, node, "a list is expected here: [A, B] or "
			    "lines that begin with '- '");
		return;
	}
	for (item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top; item++)
		each(r, yaml_document_get_node(&r->document, *item), target);
}

/* ---- server ---- */

static void
read_listen_one(struct reader *r, yaml_node_t *node, void *target)
{
	const char *text = scalar_text(r, node, "an address");
	struct endpoint endpoint;
	struct conf_listen *listen;
	const char *wrong;

	(void)target;
	if (!text)
		return;
	wrong = endpoint_parse(&endpoint, text, strlen(text), CONF_PORT);
	if (wrong && strcmp(text, "private") == 0)
		wrong = "'private' is not offered by this version; write the "
			"addresses out";
	if (wrong) {
		tell(r, node, "'%s' is not an address to listen on: %s", text,
		    wrong);
		return;
	}
	listen = conf_add_listen(r->conf);
	listen->endpoint = endpoint;
	listen->mark = mark_node(r, node);
}

static void
read_listen(struct reader *r, yaml_node_t *node, void *target)
{
	conf_clear_listen(r->conf);
	read_list(r, node, LIST_OR_ONE, read_listen_one, target);
	if (r->conf->listen_count == 0 && node->type == YAML_SEQUENCE_NODE &&
	    node->data.sequence.items.start == node->data.sequence.items.top)
		tell(r, node, "at least one address to listen on is needed");
}

static void
read_threads(struct reader *r, yaml_node_t *node, void *target)
{
	static const struct unit_list units = {
	    "auto or a number from 1 to 256", "", NULL, 256};
	uint64_t threads;

	(void)target;
	if (node->type == YAML_SCALAR_NODE &&
	    strcmp((char *)node->data.scalar.value, "auto") == 0) {
		r->conf->threads = 0;
		return;
	}
	if (!read_number(r, node, &units, &threads))
		return;
	if (threads == 0)
		tell(r, node, "at least one thread is needed");
	r->conf->threads = (unsigned)threads;
}

static void
read_user(struct reader *r, yaml_node_t *node, void *target)
{
	const char *text = scalar_text(r, node, "a user's name");

	(void)target;
	if (!text)
		return;
	free(r->conf->user);
	r->conf->user = memory_string(text);
	r->conf->user_given = true;
}

static void
read_allow_one(struct reader *r, yaml_node_t *node, void *target)
{
	const char *text = scalar_text(r, node, "a prefix");
	struct conf_allow *allow = &r->conf->allow;
	struct prefix prefix;
	const char *wrong;

	(void)target;
	if (!text)
		return;
	if (strcmp(text, "any") == 0) {
		allow->any = true;
	} else if (strcmp(text, "private") == 0) {
		allow->private = true;
	} else if (strcmp(text, "attached") == 0) {
		allow->attached = true;
	} else {
		wrong = prefix_parse(&prefix, text, strlen(text));
		if (wrong)
			tell(r, node, "'%s' is neither private, attached, any "
			    "nor a prefix: %s", text, wrong);
		else
			*conf_add_prefix(allow) = prefix;
	}
}

static void
read_allow(struct reader *r, yaml_node_t *node, void *target)
{
	struct conf_allow *allow = &r->conf->allow;

	free(allow->prefixes);
	*allow = (struct conf_allow){0};
	read_list(r, node, LIST_OR_ONE, read_allow_one, target);
}

static void
read_log_level(struct reader *r, yaml_node_t *node, void *target)
{
	static const char *const names[] = {
	    "error", "warning", "notice", "info", "debug"};
	const char *text = scalar_text(r, node, "a level");

	(void)target;
	if (!text)
		return;
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(names[i], text) == 0) {
			r->conf->log_level = (enum log_level)i;
			return;
		}
	}
	tell(r, node, "'%s' is no level; it is one of error, warning, notice, "
	    "info, debug", text);
}

static void
read_log_queries(struct reader *r, yaml_node_t *node, void *target)
{
	const char *text = scalar_text(r, node, "off");

	(void)target;
	if (text && strcmp(text, "off") != 0)
		tell(r, node, "a query log is not offered by this version; "
		    "'off' is the only value");
}

static void
read_log(struct reader *r, yaml_node_t *node, void *target)
{
	static const struct key keys[] = {
	    {"level", read_log_level},
	    {"queries", read_log_queries},
	    {"mask", NULL},
	    {NULL, NULL},
	};

	read_mapping(r, node, keys, target);
}

static void
read_server(struct reader *r, yaml_node_t *node, void *target)
{
	static const struct key keys[] = {
	    {"listen", read_listen},
	    {"threads", read_threads},
	    {"user", read_user},
	    {"allow", read_allow},
	    {"log", read_log},
	    {"read-all", NULL},
	    {NULL, NULL},
	};

	read_mapping(r, node, keys, target);
}

/* ---- control, domain, cache ---- */

static void
read_socket(struct reader *r, yaml_node_t *node, void *target)
{
	(void)target;
	r->conf->control_given = true;
	read_path(r, node, &r->conf->control_socket);
}

static void
read_control(struct reader *r, yaml_node_t *node, void *target)
{
	static const struct key keys[] = {
	    {"socket", read_socket},
	    {NULL, NULL},
	};

	read_mapping(r, node, keys, target);
}

static void
read_domain_text(struct reader *r, yaml_node_t *node, void *target)
{
	(void)target;
	if (node->type == YAML_SCALAR_NODE && !node->data.scalar.length) {
		r->conf->has_domain = false;
		return;
	}
	r->conf->has_domain = read_domain_name(r, node, &r->conf->domain);
}

static void
read_domain_overlay(struct reader *r, yaml_node_t *node, void *target)
{
	(void)target;
	read_bool(r, node, &r->conf->domain_overlay);
}

static void
read_domain(struct reader *r, yaml_node_t *node, void *target)
{
	static const struct key keys[] = {
	    {"name", read_domain_text},
	    {"overlay", read_domain_overlay},
	    {NULL, NULL},
	};

	if (node->type == YAML_MAPPING_NODE)
		read_mapping(r, node, keys, target);
	else
		read_domain_text(r, node, target);
}

static void
read_cache_size(struct reader *r, yaml_node_t *node, void *target)
{
	(void)target;
	read_bytes(r, node, &r->conf->cache_bytes);
}

static void
read_min_ttl(struct reader *r, yaml_node_t *node, void *target)
{
	(void)target;
	read_seconds(r, node, &r->conf->min_ttl_s);
}

static void
read_max_ttl(struct reader *r, yaml_node_t *node, void *target)
{
	(void)target;
	read_seconds(r, node, &r->conf->max_ttl_s);
}

static void
read_max_negative_ttl(struct reader *r, yaml_node_t *node, void *target)
{
	(void)target;
	read_seconds(r, node, &r->conf->max_negative_ttl_s);
}

static void
read_stale(struct reader *r, yaml_node_t *node, void *target)
{
	uint32_t seconds;

	(void)target;
	if (read_seconds(r, node, &seconds) && seconds)
		tell(r, node, "stale answers are not offered by this version; "
		    "0s is the only value");
}

static void
read_cache(struct reader *r, yaml_node_t *node, void *target)
{
	static const struct key keys[] = {
	    {"size", read_cache_size},
	    {"min-ttl", read_min_ttl},
	    {"max-ttl", read_max_ttl},
	    {"max-negative-ttl", read_max_negative_ttl},
	    {"stale", read_stale},
	    {NULL, NULL},
	};

	read_mapping(r, node, keys, target);
	if (r->conf->min_ttl_s > r->conf->max_ttl_s)
		tell(r, node, "min-ttl is larger than max-ttl");
}

/* ---- hosts ---- */

static void
read_hosts_path(struct reader *r, yaml_node_t *node, void *target)
{
	struct conf_hosts *hosts = target;

	read_path(r, node, &hosts->path);
}

static void
read_hosts_ttl(struct reader *r, yaml_node_t *node, void *target)
{
	struct conf_hosts *hosts = target;

	read_seconds(r, node, &hosts->ttl_s);
}

static void
read_hosts_domain(struct reader *r, yaml_node_t *node, void *target)
{
	struct conf_hosts *hosts = target;

	hosts->has_domain = read_domain_name(r, node, &hosts->domain);
}

static void
read_hosts_one(struct reader *r, yaml_node_t *node, void *target)
{
	static const struct key keys[] = {
	    {"path", read_hosts_path},
	    {"ttl", read_hosts_ttl},
	    {"domain", read_hosts_domain},
	    {NULL, NULL},
	};
	struct conf_hosts hosts = {.ttl_s = CONF_HOSTS_TTL_S};
	bool good;

	(void)target;
	hosts.mark = mark_node(r, node);
	if (node->type == YAML_MAPPING_NODE)
		good = read_mapping(r, node, keys, &hosts);
	else
		good = read_path(r, node, &hosts.path);
	if (good && !hosts.path)
		tell(r, node, "this entry has no path");
	if (hosts.path)
		*conf_add_hosts(r->conf) = hosts;
}

static void
read_hosts(struct reader *r, yaml_node_t *node, void *target)
{
	conf_clear_hosts(r->conf);
	read_list(r, node, LIST_ONLY, read_hosts_one, target);
}

/* ---- zones ---- */

static void
read_zone_path(struct reader *r, yaml_node_t *node, void *target)
{
	struct conf_zone *zone = target;

	read_path(r, node, &zone->path);
}

static void
read_zone_name(struct reader *r, yaml_node_t *node, void *target)
{
	struct conf_zone *zone = target;

	zone->has_name = read_domain_name(r, node, &zone->name);
}

static void
read_zone_overlay(struct reader *r, yaml_node_t *node, void *target)
{
	struct conf_zone *zone = target;

	read_bool(r, node, &zone->overlay);
}

static void
read_zone_one(struct reader *r, yaml_node_t *node, void *target)
{
	static const struct key keys[] = {
	    {"path", read_zone_path},
	    {"name", read_zone_name},
	    {"overlay", read_zone_overlay},
	    {NULL, NULL},
	};
	struct conf_zone zone = {.mark = mark_node(r, node)};
	bool good;

	(void)target;
	if (node->type == YAML_MAPPING_NODE)
		good = read_mapping(r, node, keys, &zone);
	else
		good = read_path(r, node, &zone.path);
	if (good && !zone.path)
		tell(r, node, "this entry has no path");
	if (zone.path)
		*conf_add_zone(r->conf) = zone;
}

static void
read_zones(struct reader *r, yaml_node_t *node, void *target)
{
	conf_clear_zones(r->conf);
	read_list(r, node, LIST_ONLY, read_zone_one, target);
}

/* ---- forward ---- */

static void
read_upstream_one(struct reader *r, yaml_node_t *node, void *target)
{
	const char *text = scalar_text(r, node, "an upstream");
	struct conf_forward *forward = target;
	struct conf_upstream upstream;
	const char *wrong;

	if (!text)
		return;
	wrong = conf_parse_upstream(&upstream, text);
	if (wrong) {
		tell(r, node, "'%s' is not an upstream: %s", text, wrong);
		return;
	}
	if (upstream.kind == CONF_UPSTREAM_FILE) {
		char *given = upstream.path;

		upstream.path = resolve_path(r, given);
		free(given);
	}
	*conf_add_upstream(forward) = upstream;
}

static void
read_forward_zone(struct reader *r, yaml_node_t *node, void *target)
{
	struct conf_forward *forward = target;

	read_domain_name(r, node, &forward->zone);
}

static void
read_forward_to(struct reader *r, yaml_node_t *node, void *target)
{
	read_list(r, node, LIST_OR_ONE, read_upstream_one, target);
}

static void
read_forward_private(struct reader *r, yaml_node_t *node, void *target)
{
	struct conf_forward *forward = target;
	bool value;

	if (read_bool(r, node, &value))
		forward->private_names = value ? CONF_PRIVATE_YES
					       : CONF_PRIVATE_NO;
}

static void
check_forward(struct reader *r, const yaml_node_t *node,
    const struct conf_forward *forward)
{
	if (forward->zone.length == 0)
		tell(r, node, "this entry has no zone ('.' is everything)");
	if (forward->count > 8)
		tell(r, node, "an entry has at most 8 upstreams");
	for (size_t i = 0; i + 1 < r->conf->forward_count; i++)
		if (forward->zone.length &&
		    r->conf->forward[i].zone.length == forward->zone.length &&
		    dname_equal(r->conf->forward[i].zone.wire,
			forward->zone.wire))
			tell(r, node, "this zone has a forward entry already, "
			    "at line %u", r->conf->forward[i].mark.line);
}

static void
read_forward_one(struct reader *r, yaml_node_t *node, void *target)
{
	static const struct key keys[] = {
	    {"zone", read_forward_zone},
	    {"to", read_forward_to},
	    {"private-names", read_forward_private},
	    {NULL, NULL},
	};
	struct conf_forward *forward = conf_add_forward(r->conf);

	(void)target;
	forward->mark = mark_node(r, node);
	if (read_mapping(r, node, keys, forward))
		check_forward(r, node, forward);
}

static void
read_forward(struct reader *r, yaml_node_t *node, void *target)
{
	conf_clear_forward(r->conf);
	read_list(r, node, LIST_ONLY, read_forward_one, target);
}

/* ---- the whole ---- */

static void
read_top(struct reader *r, yaml_node_t *root)
{
	static const struct key keys[] = {
	    {"server", read_server},
	    {"control", read_control},
	    {"domain", read_domain},
	    {"hosts", read_hosts},
	    {"zones", read_zones},
	    {"forward", read_forward},
	    {"cache", read_cache},
	    {"http", NULL},
	    {"leases", NULL},
	    {"tls", NULL},
	    {"rebind-protection", NULL},
	    {"networks", NULL},
	    {"answer-by-network", NULL},
	    {"views", NULL},
	    {"warnings", NULL},
	    {"managed-hosts", NULL},
	    {NULL, NULL},
	};

	read_mapping(r, root, keys, NULL);
}

static void
tell_syntax(struct reader *r, const yaml_parser_t *parser)
{
	yaml_mark_t mark = parser->problem_mark;
	struct diag_place place;

	if (parser->error == YAML_READER_ERROR) {
		place = (struct diag_place){.file = r->path};
		diags_add(r->diags, DIAG_ERROR, &place, NULL,
		    "this is not YAML text: %s at byte %zu", parser->problem,
		    parser->problem_offset);
		return;
	}
	place = place_marks(r, mark, mark);
	diags_add(r->diags, DIAG_ERROR, &place, NULL, "%s%s%s",
	    parser->problem ? parser->problem : "this is not YAML",
	    parser->context ? ", " : "",
	    parser->context ? parser->context : "");
}

static void
read_document(struct reader *r)
{
	yaml_parser_t parser;
	yaml_node_t *root;

	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_input_string(&parser, (const unsigned char *)r->text,
	    r->length);
	if (!yaml_parser_load(&parser, &r->document)) {
		tell_syntax(r, &parser);
	} else {
		root = yaml_document_get_root_node(&r->document);
		if (root)
			read_top(r, root);
		yaml_document_delete(&r->document);
	}
	yaml_parser_delete(&parser);
}

static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = memory_string(path);

	folder[slash ? slash - path : 0] = '\0';
	if (slash == path)
		folder[0] = '\0';
	return folder;
}

struct conf *
confread_text(const char *path, const char *text, size_t length,
    struct diags *diags)
{
	unsigned before = diags_count(diags, DIAG_ERROR);
	struct reader r = {
	    .conf = conf_new_defaults(),
	    .diags = diags,
	    .path = path,
	    .folder = folder_of(path),
	    .text = text,
	    .length = length,
	};

	r.conf->path = memory_string(path);
	read_document(&r);
	free(r.folder);
	if (diags_count(diags, DIAG_ERROR) == before)
		return r.conf;
	conf_free(r.conf);
	return NULL;
}

/* ---- options ---- */

static void tell_option(struct diags *diags, const char *option,
    const char *text, const char *wrong);

static void
tell_option(struct diags *diags, const char *option, const char *text,
    const char *wrong)
{
	char *where = memory_format("%s %s", option, text);
	struct diag_place place = {.file = where};

	diags_add(diags, DIAG_ERROR, &place, NULL, "%s", wrong);
	free(where);
}

static void
apply_listen(struct conf *conf, const struct conf_option_list *list,
    struct diags *diags)
{
	if (list->count)
		conf_clear_listen(conf);
	for (size_t i = 0; i < list->count; i++) {
		const char *text = list->text[i];
		const char *wrong = endpoint_parse(
		    &conf_add_listen(conf)->endpoint, text, strlen(text),
		    CONF_PORT);

		if (wrong)
			tell_option(diags, "-l", text, wrong);
	}
}

static void
apply_forward(struct conf *conf, const struct conf_option_list *list,
    struct diags *diags)
{
	struct conf_forward *forward;

	if (!list->count)
		return;
	conf_clear_forward(conf);
	forward = conf_add_forward(conf);
	forward->zone = dname_from(".");
	for (size_t i = 0; i < list->count; i++) {
		const char *wrong = i >= 8 ? "at most 8 upstreams" :
		    conf_parse_upstream(conf_add_upstream(forward),
			list->text[i]);

		if (wrong)
			tell_option(diags, "-f", list->text[i], wrong);
	}
}

static void
apply_sources(struct conf *conf, const struct conf_options *options)
{
	for (size_t i = 0; i < options->hosts.count; i++) {
		struct conf_hosts *hosts = conf_add_hosts(conf);

		hosts->path = memory_string(options->hosts.text[i]);
		hosts->ttl_s = CONF_HOSTS_TTL_S;
	}
	for (size_t i = 0; i < options->zones.count; i++)
		conf_add_zone(conf)->path =
		    memory_string(options->zones.text[i]);
}

static void
apply_options(struct conf *conf, const struct conf_options *options,
    struct diags *diags)
{
	apply_listen(conf, &options->listen, diags);
	apply_forward(conf, &options->forward, diags);
	apply_sources(conf, options);
	if (options->verbose)
		conf->log_level = LOG_LEVEL_DEBUG;
	if (options->domain) {
		const char *wrong = NULL;

		conf->has_domain = *options->domain != '\0';
		if (conf->has_domain)
			wrong = conf_parse_domain(&conf->domain,
			    options->domain);
		if (wrong)
			tell_option(diags, "-D", options->domain, wrong);
	}
}

/* A `forward` zone inside a domain or zone of hostler's own is never used:
 * names there are NXDOMAIN, not forwarded. */
static void
warn_unused_forward(const struct conf *conf, struct diags *diags)
{
	for (size_t i = 0; i < conf->forward_count; i++) {
		const struct conf_forward *forward = &conf->forward[i];
		struct diag_place place = {.file = conf->path};
		char name[DNAME_TEXT_MAX];

		if (!conf->has_domain || conf->domain_overlay ||
		    !dname_is_below_or_at(forward->zone.wire,
			conf->domain.wire))
			continue;
		diags_add(diags, DIAG_WARNING, &place, "unused-forward",
		    "line %u: names in %s are never forwarded: it lies inside "
		    "the domain", forward->mark.line,
		    dname_print(forward->zone.wire, name));
	}
}

static struct conf *
read_file(const char *path, struct diags *diags)
{
	struct diag_place place = {.file = path};
	struct files_content file;
	struct conf *conf;
	const char *wrong = files_read(path, CONF_FILE_MAX, &file);

	if (wrong) {
		diags_add(diags, DIAG_ERROR, &place, NULL, "%s", wrong);
		return NULL;
	}
	conf = confread_text(path, file.bytes, file.length, diags);
	files_release(&file);
	return conf;
}

struct conf *
confread(const struct conf_options *options, struct diags *diags)
{
	unsigned before = diags_count(diags, DIAG_ERROR);
	struct conf *conf;

	if (options->file)
		conf = read_file(options->file, diags);
	else if (files_exists(CONF_DEFAULT_FILE))
		conf = read_file(CONF_DEFAULT_FILE, diags);
	else
		conf = conf_new_defaults();
	if (!conf)
		return NULL;
	apply_options(conf, options, diags);
	if (diags_count(diags, DIAG_ERROR) == before) {
		warn_unused_forward(conf, diags);
		return conf;
	}
	conf_free(conf);
	return NULL;
}
