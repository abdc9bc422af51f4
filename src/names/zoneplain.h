/* SPDX-License-Identifier: BSD-2-Clause */
/* zoneplain.h - entries of a zone file as nearly all are, read in one pass.
 *
 * That is a record on one line: an owner at the margin (or, indented, that of
 * before), perhaps a TTL in seconds, perhaps IN, then A, AAAA, NS, CNAME, PTR,
 * MX, SRV or TXT, with names of letters, digits, - and _, strings in quotes,
 * no escapes, no comment, no parentheses.
 *
 * The one rule: it reads what zoneentry.h would read of the same line, or
 * nothing.  Nothing is told here; what is at fault is left to zoneentry.h, and
 * so is whatever is only less common.
 */
#ifndef HOSTLER_NAMES_ZONEPLAIN_H
#define HOSTLER_NAMES_ZONEPLAIN_H

#include "names/zoneentry.h"

/* Between two entries.  True: one was read, the tokenizer stands at the line
 * behind it.  False: it stands where it stood, and the entry is to be read in
 * the general way. */
bool zoneplain_read(struct zone_reading *z, struct zone_file *f);

#endif
