/* SPDX-License-Identifier: BSD-2-Clause */
/* leaseinput.h - what the reading of a lease file is given (leasefile.h). */
#ifndef HOSTLER_NAMES_LEASEINPUT_H
#define HOSTLER_NAMES_LEASEINPUT_H

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

#endif
