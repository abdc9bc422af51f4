/* SPDX-License-Identifier: BSD-2-Clause */
#include "conflimits.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "confsources.h"

/* ---- who ---- */

static void
read_allow_one(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "a prefix");
	struct conf_allow *allow = target;
	struct prefix prefix;
	const char *wrong;

	if (!text)
		return;
	if (strcmp(text, "any") == 0) {
		allow->any = true;
	} else if (strcmp(text, "private") == 0) {
		allow->private = true;
	} else if (strcmp(text, "attached") == 0) {
		allow->attached = true;
	} else {
		wrong = confsources_parse_network(&prefix, text);
		if (wrong)
			confyaml_tell(r, node, "'%s' is neither private, "
			    "attached, any nor a prefix: %s", text, wrong);
		else
			*conf_add_prefix(&allow->prefixes) = prefix;
	}
}

void
conflimits_allow(struct confyaml *r, yaml_node_t *node,
    struct conf_allow *allow)
{
	free(allow->prefixes.list);
	*allow = (struct conf_allow){0};
	confyaml_list(r, node, LIST_OR_ONE, read_allow_one, allow);
}

/* ---- tcp ---- */

static void
read_count(struct confyaml *r, yaml_node_t *node, unsigned *count)
{
	static const struct confyaml_units units = {
	    "a number from 1 to 1000000", "", NULL, 1000000};
	uint64_t value;

	if (!confyaml_number(r, node, &units, &value))
		return;
	if (value == 0)
		confyaml_tell(r, node, "at least 1 is needed");
	*count = (unsigned)value;
}

static void
read_connections(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	read_count(r, node, &r->conf->tcp.connections);
}

static void
read_per_client(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	read_count(r, node, &r->conf->tcp.per_client);
}

static void
read_idle(struct confyaml *r, yaml_node_t *node, void *target)
{
	uint32_t *idle_s = &r->conf->tcp.idle_s;

	(void)target;
	if (confyaml_seconds(r, node, idle_s) &&
	    (*idle_s == 0 || *idle_s > 86400))
		confyaml_tell(r, node, "a time from 1s to 1d is needed");
}

void
conflimits_tcp(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"connections", read_connections},
	    {"per-client", read_per_client},
	    {"idle", read_idle},
	    {NULL, NULL},
	};

	confyaml_mapping(r, node, keys, target);
}

/* ---- rate-limit ---- */

static void
read_rate(struct confyaml *r, yaml_node_t *node, unsigned *rate)
{
	static const struct confyaml_units units = {
	    "a number from 0 to 1000000", "", NULL, 1000000};
	uint64_t value;

	if (confyaml_number(r, node, &units, &value))
		*rate = (unsigned)value;
}

static void
read_per_second(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	read_rate(r, node, &r->conf->rate.per_second);
}

static void
read_all_per_second(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	read_rate(r, node, &r->conf->rate.all_per_second);
}

static void
read_slip(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_units units = {
	    "a number from 0 to 100", "", NULL, 100};
	uint64_t value;

	(void)target;
	if (confyaml_number(r, node, &units, &value))
		r->conf->rate.slip = (unsigned)value;
}

static void
read_exempt(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	conflimits_allow(r, node, &r->conf->rate.exempt);
}

void
conflimits_rate(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"per-second", read_per_second},
	    {"all-per-second", read_all_per_second},
	    {"slip", read_slip},
	    {"exempt", read_exempt},
	    {NULL, NULL},
	};

	confyaml_mapping(r, node, keys, target);
}

/* ---- cookie-secret ---- */

static bool
parse_secret(const char *text, struct hash_key *secret)
{
	uint8_t bytes[COOKIE_SECRET];

	if (strlen(text) != 2 * sizeof bytes)
		return false;
	for (size_t i = 0; i < sizeof bytes; i++) {
		int high = hex_value(text[2 * i]);
		int low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	*secret = cookie_secret(bytes);
	return true;
}

/* The secret itself is not repeated: a log is read by more people. */
static void
read_secret_one(struct confyaml *r, yaml_node_t *node, void *target)
{
	struct cookie_secrets *cookies = target;
	const char *text = confyaml_text(r, node, "a secret");
	struct hash_key secret;

	if (!text)
		return;
	if (!parse_secret(text, &secret)) {
		confyaml_tell(r, node, "this is no secret of 32 hexadecimal "
		    "digits; 'openssl rand -hex 16' makes one");
	} else if (!cookies->shared) {
		cookies->now = secret;
		cookies->shared = true;
	} else if (!cookies->has_before) {
		cookies->before = secret;
		cookies->has_before = true;
	} else {
		confyaml_tell(r, node, "more than two secrets: the one in use, "
		    "then the one before");
	}
}

void
conflimits_cookie(struct confyaml *r, yaml_node_t *node, void *target)
{
	(void)target;
	r->conf->cookies = (struct cookie_secrets){0};
	confyaml_list(r, node, LIST_OR_ONE, read_secret_one,
	    &r->conf->cookies);
}

/* ---- all ---- */

static void
print_allowed(const struct conf_allow *allow, FILE *out)
{
	const char *comma = "";
	char text[ADDR_TEXT + 4];

	fputc('[', out);
	if (allow->private) {
		fputs("private", out);
		comma = ", ";
	}
	if (allow->attached) {
		fprintf(out, "%sattached", comma);
		comma = ", ";
	}
	if (allow->any) {
		fprintf(out, "%sany", comma);
		comma = ", ";
	}
	for (size_t i = 0; i < allow->prefixes.count; i++) {
		fprintf(out, "%s\"%s\"", comma,
		    prefix_print(&allow->prefixes.list[i], text));
		comma = ", ";
	}
	fputc(']', out);
}

static void
print_secret(const struct hash_key *secret, FILE *out)
{
	const uint64_t halves[] = {secret->k0, secret->k1};

	fputc('"', out);
	for (unsigned i = 0; i < COOKIE_SECRET; i++)
		fprintf(out, "%02x", (unsigned)
		    (halves[i / 8] >> (i % 8 * 8) & 0xff));
	fputc('"', out);
}

void
conflimits_print(const struct conf *conf, FILE *out)
{
	fprintf(out, "  tcp: {connections: %u, per-client: %u, idle: %us}\n",
	    conf->tcp.connections, conf->tcp.per_client, conf->tcp.idle_s);
	fprintf(out, "  rate-limit: {per-second: %u, all-per-second: %u, "
	    "slip: %u, exempt: ", conf->rate.per_second,
	    conf->rate.all_per_second, conf->rate.slip);
	print_allowed(&conf->rate.exempt, out);
	fputs("}\n", out);
	if (!conf->cookies.shared)
		return;
	fputs("  cookie-secret: [", out);
	print_secret(&conf->cookies.now, out);
	if (conf->cookies.has_before) {
		fputs(", ", out);
		print_secret(&conf->cookies.before, out);
	}
	fputs("]\n", out);
}
