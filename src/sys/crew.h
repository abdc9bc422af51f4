/* SPDX-License-Identifier: BSD-2-Clause */
/* crew.h - threads for work in parts (base/parts.h), as many as there are
 * processors that this process may use.
 *
 * They live as long as one piece of work: between two readings of large files
 * nothing of them is left.  The calling thread is one of them.  Signals are
 * blocked in the others, which have the caller's nice value.
 */
#ifndef HOSTLER_SYS_CREW_H
#define HOSTLER_SYS_CREW_H

#include "base/parts.h"

#define CREW_MAX 8u			/* threads */

/* Looks at the processors now.  Where a thread cannot be started, those that
 * are there do its parts. */
struct parts crew_parts(void);

/* Run the parts by so many threads, at most CREW_MAX. */
void crew_run(const struct parts_work *work, unsigned workers);

#endif
