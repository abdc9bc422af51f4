/* SPDX-License-Identifier: BSD-2-Clause */
/* leasecontent.h - rows that count into chunks: the last step of a lease file.
 */
#ifndef HOSTLER_NAMES_LEASECONTENT_H
#define HOSTLER_NAMES_LEASECONTENT_H

#include "names/leaseinput.h"
#include "names/leaserows.h"

/* Chunks whose rows say the same as in input->previous are shared with it.
 * due_s is set.  Never NULL. */
struct content *leasecontent_make(const struct leasefile_input *input,
    struct lease_reading *reading, const struct leaserows *rows);

#endif
