/* SPDX-License-Identifier: BSD-2-Clause */
/* confsources.h - the keys of hostler.yaml that a view has as well as the top
 * level: domain, hosts, zones, leases, forward.
 *
 * For confread.c and confviews.c alone; target is the struct conf_scope that
 * is filled.  A list takes the place of what the scope had before.
 */
#ifndef HOSTLER_CONFSOURCES_H
#define HOSTLER_CONFSOURCES_H

#include "confyaml.h"

void confsources_domain(struct confyaml *r, yaml_node_t *node, void *target);
void confsources_hosts(struct confyaml *r, yaml_node_t *node, void *target);
void confsources_zones(struct confyaml *r, yaml_node_t *node, void *target);
void confsources_leases(struct confyaml *r, yaml_node_t *node, void *target);
void confsources_forward(struct confyaml *r, yaml_node_t *node, void *target);

/* A prefix; an address alone is a network of one.  NULL, or static words. */
const char *confsources_parse_network(struct prefix *prefix,
    const char *text);

#endif
