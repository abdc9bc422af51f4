/* SPDX-License-Identifier: BSD-2-Clause */
/* leasemacs.h - which machine has which MAC: the names that leases lack.
 *
 * Filled from companions of a lease file: libvirt's .macs, VirtualBox's .vbox
 * files, /etc/ethers.  Where two machines have one MAC, the first that was
 * added counts.
 *
 * The table owns its strings.  One thread.
 */
#ifndef HOSTLER_NAMES_LEASEMACS_H
#define HOSTLER_NAMES_LEASEMACS_H

#include "names/lease.h"

struct leasemacs_entry {
	uint8_t mac[LEASE_MAC];
	const char *name;
	size_t name_length;
	uint32_t line;			/* in the ethers file; else 0 */
	uint32_t column;
	uint32_t number;		/* of leasemacs.c */
};

struct leasemacs {
	struct leasemacs_entry *entries;
	size_t count;
	size_t room;
	struct arena *strings;
};

/* Is what was read the whole of it?  What is in parts only does not make
 * names go away. */
enum leasemacs_result {
	LEASEMACS_WHOLE,
	LEASEMACS_PARTS,		/* the rest was told */
};

void leasemacs_init(struct leasemacs *macs);
void leasemacs_fini(struct leasemacs *macs);
void leasemacs_add(struct leasemacs *macs,
    const struct leasemacs_entry *entry);
/* Once all are added, and before the first is looked for. */
void leasemacs_sort(struct leasemacs *macs);
const struct leasemacs_entry *leasemacs_find(const struct leasemacs *macs,
    const uint8_t mac[LEASE_MAC]);

/* ethers(5): `MAC NAME`; lines that give an address for a name are passed
 * over, as are comments. */
enum leasemacs_result leasemacs_read_ethers(struct leasemacs *macs,
    const struct source_text *text, struct diags *diags);

#endif
