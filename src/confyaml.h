/* SPDX-License-Identifier: BSD-2-Clause */
/* confyaml.h - walking hostler.yaml: values of the few kinds that it has, and
 * every fault told with the line and a caret.
 *
 * libyaml gives the nodes and where they stand; a mapping is read by a table of
 * its keys.  Readers go on after a fault, so that all show in one run; whoever
 * wants to know whether there was one counts the diagnostics.
 *
 * For confread.c alone.  One thread.
 */
#ifndef HOSTLER_CONFYAML_H
#define HOSTLER_CONFYAML_H

#include <yaml.h>

#include "base/diag.h"
#include "conf.h"

struct confyaml {
	struct conf *conf;
	struct diags *diags;
	const char *path;
	char *folder;			/* of relative paths */
	const char *text;
	size_t length;
	yaml_document_t document;
};

/* Parse the text and call read with the root; nothing for an empty one. */
typedef void (*confyaml_read)(struct confyaml *r, yaml_node_t *value,
    void *target);
void confyaml_document(struct confyaml *r, confyaml_read read);

void confyaml_tell(struct confyaml *r, const yaml_node_t *node,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
struct conf_mark confyaml_mark(const struct confyaml *r,
    const yaml_node_t *node);

/* Scalars.  what says what is expected, for the fault.  NULL or false: told. */
const char *confyaml_text(struct confyaml *r, const yaml_node_t *node,
    const char *what);
bool confyaml_bool(struct confyaml *r, const yaml_node_t *node, bool *value);
bool confyaml_seconds(struct confyaml *r, const yaml_node_t *node,
    uint32_t *seconds);
bool confyaml_bytes(struct confyaml *r, const yaml_node_t *node,
    uint64_t *bytes);
bool confyaml_domain(struct confyaml *r, const yaml_node_t *node,
    struct dname *domain);
/* Into *path, in place of what it held; relative to the folder. */
bool confyaml_path(struct confyaml *r, const yaml_node_t *node, char **path);
char *confyaml_resolve(const struct confyaml *r, const char *path);

/* A number and at most one letter; scale[i] belongs to letters[i], that of a
 * bare number is 1. */
struct confyaml_units {
	const char *what;
	const char *letters;
	const uint64_t *scale;
	uint64_t max;
};
bool confyaml_number(struct confyaml *r, const yaml_node_t *node,
    const struct confyaml_units *units, uint64_t *value);

/* A mapping by its keys; the table ends with a NULL name.  read is NULL where
 * the key is known but this version does not offer it. */
struct confyaml_key {
	const char *name;
	confyaml_read read;
};
bool confyaml_mapping(struct confyaml *r, const yaml_node_t *node,
    const struct confyaml_key *keys, void *target);

/* Call `each` for every element of a list. */
enum confyaml_form {
	LIST_ONLY,
	LIST_OR_ONE,			/* a single value is a list of one */
};
void confyaml_list(struct confyaml *r, yaml_node_t *node,
    enum confyaml_form form, confyaml_read each, void *target);

#endif
