/* SPDX-License-Identifier: BSD-2-Clause */
#include "conflog.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define BITS4 32
#define BITS6 128

static void
read_level(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const char *const names[] = {
	    "error", "warning", "notice", "info", "debug"};
	const char *text = confyaml_text(r, node, "a level");

	(void)target;
	if (!text)
		return;
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(names[i], text) == 0) {
			r->conf->log_level = (enum log_level)i;
			return;
		}
	}
	confyaml_tell(r, node, "'%s' is no level; it is one of error, warning, "
	    "notice, info, debug", text);
}

static void
read_queries(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "off, failures or all");

	(void)target;
	if (!text)
		return;
	for (unsigned i = 0; conf_log_queries_words[i]; i++) {
		if (strcmp(conf_log_queries_words[i], text) == 0) {
			r->conf->log.queries = (enum conf_log_queries)i;
			return;
		}
	}
	confyaml_tell(r, node, "'%s' is neither off nor failures nor all",
	    text);
}

static void
read_file(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	if (confyaml_path(r, node, &r->conf->log.file))
		r->conf->log.file_mark = confyaml_mark(r, node);
}

static void
read_format(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "text or json");

	(void)target;
	if (!text)
		return;
	r->conf->log.json = strcmp(text, "json") == 0;
	if (!r->conf->log.json && strcmp(text, "text") != 0)
		confyaml_tell(r, node, "'%s' is neither text nor json", text);
}

/* ---- mask ---- */

struct mask {
	int ipv4, ipv6;			/* bits; -1: not given */
};

static void
read_bits(struct confyaml *r, yaml_node_t *node,
    const struct confyaml_units *units, int *bits)
{
	uint64_t value;

	if (confyaml_number(r, node, units, &value))
		*bits = (int)value;
}

static void
read_ipv4(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_units units = {
	    "a number of bits from 0 to 32", "", NULL, BITS4};
	struct mask *mask = target;

	read_bits(r, node, &units, &mask->ipv4);
}

static void
read_ipv6(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_units units = {
	    "a number of bits from 0 to 128", "", NULL, BITS6};
	struct mask *mask = target;

	read_bits(r, node, &units, &mask->ipv6);
}

/* A network of IPv6 has twice the bits: /24 and /48 are the customary ones. */
static void
read_mask(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"ipv4", read_ipv4},
	    {"ipv6", read_ipv6},
	    {NULL, NULL},
	};
	struct mask mask = {-1, -1};

	(void)target;
	if (node->type == YAML_MAPPING_NODE)
		confyaml_mapping(r, node, keys, &mask);
	else
		read_ipv4(r, node, &mask);
	if (mask.ipv4 < 0)
		mask.ipv4 = BITS4;
	if (mask.ipv6 < 0)
		mask.ipv6 = mask.ipv4 == BITS4 ? BITS6 : mask.ipv4 * 2;
	r->conf->log.bits4 = (uint8_t)mask.ipv4;
	r->conf->log.bits6 = (uint8_t)mask.ipv6;
}

void
conflog_read(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"level", read_level},
	    {"queries", read_queries},
	    {"file", read_file},
	    {"format", read_format},
	    {"mask", read_mask},
	    {NULL, NULL},
	};

	confyaml_mapping(r, node, keys, target);
}

/* ---- dnstap ---- */

static void
read_tap_path(struct confyaml *r, yaml_node_t *node, char **path)
{
	if (r->conf->dnstap.socket || r->conf->dnstap.file)
		confyaml_tell(r, node, "socket and file exclude each other");
	else if (confyaml_path(r, node, path))
		r->conf->dnstap.mark = confyaml_mark(r, node);
}

static void
read_tap_socket(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	read_tap_path(r, node, &r->conf->dnstap.socket);
}

static void
read_tap_file(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	read_tap_path(r, node, &r->conf->dnstap.file);
}

static void
read_identity(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "a name");

	(void)target;
	if (!text)
		return;
	free(r->conf->dnstap.identity);
	r->conf->dnstap.identity = memory_string(text);
}

static void
read_message(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "client or forwarder");

	(void)target;
	if (!text)
		return;
	for (unsigned i = 0; conf_dnstap_words[i]; i++) {
		if (strcmp(conf_dnstap_words[i], text) == 0) {
			r->conf->dnstap.messages |= 1u << i;
			return;
		}
	}
	confyaml_tell(r, node, "'%s' is neither client nor forwarder", text);
}

static void
read_messages(struct confyaml *r, yaml_node_t *node, void *target)
{
	r->conf->dnstap.messages = 0;
	confyaml_list(r, node, LIST_OR_ONE, read_message, target);
}

void
conflog_dnstap(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"socket", read_tap_socket},
	    {"file", read_tap_file},
	    {"identity", read_identity},
	    {"messages", read_messages},
	    {NULL, NULL},
	};
	const struct conf_dnstap *dnstap = &r->conf->dnstap;
	unsigned before = diags_count(r->diags, DIAG_ERROR);

	confyaml_mapping(r, node, keys, target);
	if (diags_count(r->diags, DIAG_ERROR) == before && !dnstap->socket &&
	    !dnstap->file)
		confyaml_tell(r, node, "a socket or a file is missing");
}
