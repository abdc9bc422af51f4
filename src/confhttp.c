/* SPDX-License-Identifier: BSD-2-Clause */
#include "confhttp.h"

#include <string.h>

static void
read_listen_one(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "an address");
	struct endpoint endpoint;
	struct conf_listen *listen;
	const char *wrong;

	(void)target;
	if (!text)
		return;
	wrong = endpoint_parse(&endpoint, text, strlen(text), CONF_HTTP_PORT);
	if (!wrong && r->conf->http_listen_count == CONFHTTP_LISTEN_MAX)
		wrong = "more addresses than hostler serves HTTP at";
	if (wrong) {
		confyaml_tell(r, node, "'%s' is not an address to serve HTTP "
		    "at: %s", text, wrong);
		return;
	}
	listen = conf_add_http_listen(r->conf);
	listen->endpoint = endpoint;
	listen->mark = confyaml_mark(r, node);
}

static void
read_listen(struct confyaml *r, yaml_node_t *node, void *target)
{
	conf_clear_http_listen(r->conf);
	confyaml_list(r, node, LIST_OR_ONE, read_listen_one, target);
}

/* They are compared with what browsers send: no more is known of them. */
static void
read_name(struct confyaml *r, yaml_node_t *node, void *target)
{
	const char *text = confyaml_text(r, node, "a name");
	struct dname domain;
	const char *wrong;

	(void)target;
	if (!text)
		return;
	wrong = conf_parse_domain(&domain, text);
	if (wrong)
		confyaml_tell(r, node, "'%s' is not a name: %s", text, wrong);
	else
		conf_add_http_name(r->conf, text);
}

static void
read_names(struct confyaml *r, yaml_node_t *node, void *target)
{
	conf_clear_http_names(r->conf);
	confyaml_list(r, node, LIST_OR_ONE, read_name, target);
}

void
confhttp_read(struct confyaml *r, yaml_node_t *node, void *target)
{
	static const struct confyaml_key keys[] = {
	    {"listen", read_listen},
	    {"names", read_names},
	    {NULL, NULL},
	};

	confyaml_mapping(r, node, keys, target);
}
