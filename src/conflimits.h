/* SPDX-License-Identifier: BSD-2-Clause */
/* conflimits.h - the keys of hostler.yaml that say how much one client, or all
 * of them, may have: server.tcp, server.rate-limit, server.cookie-secret; and
 * who is meant by a list such as server.allow.
 *
 * For confread.c and confprint.c alone.
 */
#ifndef HOSTLER_CONFLIMITS_H
#define HOSTLER_CONFLIMITS_H

#include "confyaml.h"

void conflimits_tcp(struct confyaml *r, yaml_node_t *node, void *target);
void conflimits_rate(struct confyaml *r, yaml_node_t *node, void *target);
void conflimits_cookie(struct confyaml *r, yaml_node_t *node, void *target);

/* A list of `private`, `attached`, `any` and prefixes, or one of them; it takes
 * the place of what was there. */
void conflimits_allow(struct confyaml *r, yaml_node_t *node,
    struct conf_allow *allow);

/* Keys below `server`. */
void conflimits_print(const struct conf *conf, FILE *out);

#endif
