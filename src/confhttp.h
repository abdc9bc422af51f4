/* SPDX-License-Identifier: BSD-2-Clause */
/* confhttp.h - `http` of hostler.yaml.  For confread.c alone. */
#ifndef HOSTLER_CONFHTTP_H
#define HOSTLER_CONFHTTP_H

#include "confyaml.h"

#define CONFHTTP_LISTEN_MAX 16

void confhttp_read(struct confyaml *r, yaml_node_t *node, void *target);

#endif
