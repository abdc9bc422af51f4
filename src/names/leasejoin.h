/* SPDX-License-Identifier: BSD-2-Clause */
/* leasejoin.h - read what stands beside a lease file: who has which MAC.
 *
 *   libvirt     NAME.macs beside NAME.status
 *   VirtualBox  the .vbox files of spec->machines, else those that the
 *               VirtualBox.xml beside the lease file names
 *   neighbours  spec->macs (ethers(5), or a folder of .vbox files), and
 *               spec->machines
 */
#ifndef HOSTLER_NAMES_LEASEJOIN_H
#define HOSTLER_NAMES_LEASEJOIN_H

#include "names/leaseinput.h"
#include "names/leasemacs.h"

struct leasejoin {
	const struct leasefile_input *input;
	struct lease_reading *reading;
	enum lease_format format;
};

/* Fill macs, sorted; make the rows of neighbours, which need it.  Where a
 * companion cannot be read in full, that is told, and rows that have no name
 * for want of it get the one that `previous` had for their address. */
void leasejoin_read(struct leasejoin *join, struct leasemacs *macs);

#endif
