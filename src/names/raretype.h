/* SPDX-License-Identifier: BSD-2-Clause */
/* raretype.h - the names of all types, those that only ldns knows too.
 *
 * Pure; no allocation; thread-safe.
 */
#ifndef HOSTLER_NAMES_RARETYPE_H
#define HOSTLER_NAMES_RARETYPE_H

#include "dns/types.h"

/* The number of a type's name ("A", "TYPE65280", any case). */
bool raretype_parse(uint16_t *type, const char *text, size_t length);

/* The type whose name is nearest to a wrong one, in buf; NULL where none is
 * near. */
const char *raretype_nearest(const char *text, size_t length,
    char buf[TYPE_TEXT]);

/* What ldns, as it was built, knows of the rdata in text form; NULL: nothing.
 * (ldns's ldns_rr_descriptor.) */
struct ldns_struct_rr_descriptor;
const struct ldns_struct_rr_descriptor *raretype_descriptor(uint16_t type);

#endif
