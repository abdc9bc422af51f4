/* SPDX-License-Identifier: BSD-2-Clause */
/* leasefile.h - DHCP leases into content.
 *
 * One file gives one content: a node for each name, below the source's domain
 * where it has one (NODE_SHORT: known bare, too), of kind SOURCE_LEASE, each
 * RRset with the monotonic second in which its lease ends, and the reverse
 * names.  Which rows count is said in leaserows.h, how names are cleaned in
 * leasename.h.
 *
 * The one rule: a lease file is written by a program while it is read.  What
 * looks half-written is not believed at all; an empty file is good and means
 * that there are no leases.
 *
 * A row that cannot be read is told and skipped; its name keeps what
 * `previous` said of it (RRSET_KEPT) until that ends.
 */
#ifndef HOSTLER_NAMES_LEASEFILE_H
#define HOSTLER_NAMES_LEASEFILE_H

#include "names/leaseinput.h"

/* On LEASEFILE_GOOD *content is new, else it is not touched: the caller keeps
 * what it had.  LEASEFILE_BAD has told why; LEASEFILE_HALF tells nothing, for
 * it mostly passes.  content->due_s is the second in which the first lease
 * ends. */
enum leasefile_result leasefile_parse(const struct leasefile_input *input,
    struct diags *diags, struct content **content);

#endif
