/* SPDX-License-Identifier: BSD-2-Clause */
/* confviews.h - the keys of hostler.yaml that make an answer depend on who
 * asks: networks, answer-by-network, views.
 *
 * For confread.c alone.
 */
#ifndef HOSTLER_CONFVIEWS_H
#define HOSTLER_CONFVIEWS_H

#include "confyaml.h"

void confviews_networks(struct confyaml *r, yaml_node_t *node, void *target);
void confviews_by_network(struct confyaml *r, yaml_node_t *node,
    void *target);
void confviews_views(struct confyaml *r, yaml_node_t *node, void *target);

/* A list of prefixes, or one; it takes the place of what was there. */
void confviews_prefixes(struct confyaml *r, yaml_node_t *node,
    struct conf_prefixes *prefixes);

/* When everything was read: views without a domain of their own have the top
 * level's, wherever that was written. */
void confviews_settle(struct conf *conf);
/* Tell of views by an address that is not listened at. */
void confviews_warn(const struct conf *conf, struct diags *diags);

#endif
