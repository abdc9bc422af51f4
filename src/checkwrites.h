/* SPDX-License-Identifier: BSD-2-Clause */
/* checkwrites.h - could the files that hostler writes to be opened?  For
 * `hostler -t`, which opens and makes none of them.
 *
 * They are the query log, the dnstap file, a control socket that was named and
 * the managed hosts file; asked for the user that hostler becomes (runas.h), or
 * for this one.  A folder that the start makes (confine.c) is not missing,
 * where who starts it can make it.
 *
 * As root: in a process without threads (access.h).
 */
#ifndef HOSTLER_CHECKWRITES_H
#define HOSTLER_CHECKWRITES_H

#include "base/diag.h"
#include "conf.h"

/* An error, at the path in the configuration, for each that could not (of the
 * managed hosts file a warning: hostlerctl set alone would fail); a note where
 * this is neither root nor the user that hostler becomes. */
void checkwrites_try(const struct conf *conf, struct diags *diags);

#endif
