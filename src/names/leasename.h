/* SPDX-License-Identifier: BSD-2-Clause */
/* leasename.h - a name that a machine gave itself, made one that may be served.
 *
 * What comes out is one label of letters, digits and hyphens in lower case,
 * no hyphen at either end (RFC 1123 2.1).  What goes in, step by step:
 *
 *   - NUL and blanks at the end are taken off, the first dot and what is
 *     behind it are cut off;
 *   - a label in another script becomes its A-label (IDNA 2008);
 *   - blanks and '_' become hyphens (dnsmasq takes '_' as it is; RFC 1123 does
 *     not know it), a run of them one;
 *   - any other byte: a machine's name in its hypervisor ("web (64-bit)") gets
 *     a hyphen there, a name that a guest sent is refused, as by dnsmasq;
 *   - wpad, isatap, localhost and the server's own name are refused: whoever
 *     has them is trusted with more than an address.
 *
 * Pure; thread-safe.
 */
#ifndef HOSTLER_NAMES_LEASENAME_H
#define HOSTLER_NAMES_LEASENAME_H

#include <stddef.h>
#include <stdint.h>

#include "dns/dname.h"

enum leasename_from {
	LEASENAME_GUEST,		/* sent by DHCP */
	LEASENAME_MACHINE,		/* what its hypervisor or ethers say */
};

/* rest is what was cut off behind the first dot, within the text given. */
struct leasename {
	uint8_t label[LABEL_MAX];
	uint8_t length;
	const char *rest;
	size_t rest_length;
};

/* NULL, or static words for why it is refused, to stand behind "'%s' ".
 * host: the server's own name, its first label counts; NULL: unknown. */
const char *leasename_clean(struct leasename *name, const char *text,
    size_t length, enum leasename_from from, const char *host);

#endif
