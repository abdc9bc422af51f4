/* SPDX-License-Identifier: BSD-2-Clause */
/* rare.h - rdata of the types that rdatatext.h does not read, through ldns.
 *
 * ldns is given one complete, normalised line with absolute names, and only
 * after checks of our own, because it takes much that is wrong
 * (rarecheck.h).
 *
 * ldns allocates; nothing of it outlives a call.  One thread at a time (WKS
 * looks services up with functions of libc that are not thread-safe).
 */
#ifndef HOSTLER_NAMES_RARE_H
#define HOSTLER_NAMES_RARE_H

#include "names/rdatatext.h"

/* Read rdata (not the generic form) of r->type and the entry's end.  False:
 * r->fault and r->at say why, as rdatatext_read has it. */
bool rare_read(struct rdatatext *r);

#endif
