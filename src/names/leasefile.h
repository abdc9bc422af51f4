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

#include "base/neighbour.h"
#include "names/lease.h"

/* now_s and mono_s are of one moment.  Ends are mono_s - now_s away from what
 * the file says: a caller that keeps this difference as long as the clock is
 * not set gets equal contents from equal files. */
struct leasefile_input {
	const struct source_spec *spec;	/* format, machines, macs, domain,
					 * ttl */
	struct source_text text;	/* empty for LEASE_NEIGHBOURS */
	/* Companions: .macs beside .status; VirtualBox.xml beside *.leases
	 * and the .vbox files that it names; spec->machines; spec->macs. */
	const struct source_reader *reader;
	const struct neighbour *neighbours;
	size_t neighbour_count;
	const char *host;		/* the server's own name; NULL:
					 * unknown */
	int64_t now_s;			/* Unix time */
	int64_t mono_s;
	const struct content *previous;	/* NULL at first */
};

/* On LEASEFILE_GOOD *content is new, else it is not touched: the caller keeps
 * what it had.  LEASEFILE_BAD has told why; LEASEFILE_HALF tells nothing, for
 * it mostly passes.  content->due_s is the second in which the first lease
 * ends. */
enum leasefile_result leasefile_parse(const struct leasefile_input *input,
    struct diags *diags, struct content **content);

#endif
