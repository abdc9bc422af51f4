/* SPDX-License-Identifier: BSD-2-Clause */
/* leasemachines.h - the machines of hypervisors, as their own files name them:
 * VirtualBox's NAME.vbox and VirtualBox.xml, libvirt's NETWORK.macs.
 */
#ifndef HOSTLER_NAMES_LEASEMACHINES_H
#define HOSTLER_NAMES_LEASEMACHINES_H

#include "names/leasemacs.h"

/* The MACs of one machine, of its present state (not of its snapshots). */
enum leasemacs_result leasemachines_read_vbox(struct leasemacs *macs,
    const struct source_text *text, struct diags *diags);

/* The files of the machines that a VirtualBox.xml knows, as written there. */
struct leasemachines_paths {
	char **list;
	size_t count;
};

enum leasemacs_result leasemachines_read_registry(
    struct leasemachines_paths *paths, const struct source_text *text,
    struct diags *diags);
void leasemachines_free_paths(struct leasemachines_paths *paths);

/* [{"domain": NAME, "macs": [MAC, ...]}, ...] */
enum leasemacs_result leasemachines_read_domains(struct leasemacs *macs,
    const struct source_text *text, struct diags *diags);

#endif
