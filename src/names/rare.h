/* SPDX-License-Identifier: BSD-2-Clause */
/* rare.h - rdata of the types that rdatatext.h does not read, through ldns.
 *
 * ldns is given one complete, normalised line with absolute names, and only
 * after checks of our own, because it takes much that is wrong: numbers that
 * are too large wrap around in it, unknown types in a bit map become TYPE0,
 * words behind a LOC are dropped.
 *
 * ldns allocates; nothing of it outlives a call.  One thread at a time (WKS
 * looks services up with functions of libc that are not thread-safe).
 */
#ifndef HOSTLER_NAMES_RARE_H
#define HOSTLER_NAMES_RARE_H

#include "dns/types.h"
#include "names/rdatatext.h"

/* The number of a type's name, those that only ldns knows too. */
bool rare_type_parse(uint16_t *type, const char *text, size_t length);

/* The known type whose name is nearest to a wrong one; NULL where none is
 * near.  buf is returned. */
const char *rare_type_nearest(const char *text, size_t length,
    char buf[TYPE_TEXT]);

/* Read rdata (not the generic form) of r->type and the entry's end.  False:
 * r->fault and r->at say why, as rdatatext_read has it. */
bool rare_read(struct rdatatext *r);

#endif
