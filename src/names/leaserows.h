/* SPDX-License-Identifier: BSD-2-Clause */
/* leaserows.h - which rows of a lease file count, and for which name.
 *
 *   - of the rows of one address the last counts, alive or not (logs are
 *     written at their end);
 *   - what has ended or expired is left out;
 *   - a row without a name, or with one that is refused, gets that of the
 *     machine with its MAC; names are cleaned (leasename.h);
 *   - of several leases of one MAC in an ISC dhcpd file the newest counts;
 *   - of several leases of one name and family the newest counts; where they
 *     are of different machines, that is a warning (`shared-name`).
 *
 * Rows of the neighbour table are all alike fresh: all of them count.
 *
 * Newest is by start, else by end (a lease without end last), else by place.
 */
#ifndef HOSTLER_NAMES_LEASEROWS_H
#define HOSTLER_NAMES_LEASEROWS_H

#include "names/lease.h"
#include "names/leasemacs.h"
#include "names/leasename.h"

enum leaserow_state {
	LEASEROW_OUT,
	LEASEROW_IN,
	LEASEROW_KEEP,			/* a bad row: its name keeps what it
					 * had */
};

struct leaserow {
	const struct lease *lease;
	struct leasename name;
	enum leaserow_state state;
};

/* In the order of the list. */
struct leaserows {
	struct leaserow *items;
	size_t count;
	struct leaserow **by_name;	/* those that are IN */
	size_t in_count;
};

struct leaserows_input {
	struct lease_reading *reading;	/* with the list */
	const struct leasemacs *macs;
	const struct source_spec *spec;
	enum lease_format format;	/* not LEASE_AUTO */
	const char *host;
};

void leaserows_choose(struct leaserows *rows,
    const struct leaserows_input *input);
void leaserows_fini(struct leaserows *rows);

/* Is a row of this name and family IN? */
bool leaserows_has(const struct leaserows *rows, const struct leasename *name,
    uint8_t family);

#endif
