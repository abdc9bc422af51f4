/* SPDX-License-Identifier: BSD-2-Clause */
/* conflog.h - server.log and server.dnstap of hostler.yaml.
 *
 * For confread.c alone, as confyaml.h.
 */
#ifndef HOSTLER_CONFLOG_H
#define HOSTLER_CONFLOG_H

#include "confyaml.h"

void conflog_read(struct confyaml *r, yaml_node_t *node, void *target);
void conflog_dnstap(struct confyaml *r, yaml_node_t *node, void *target);

#endif
