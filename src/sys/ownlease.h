/* SPDX-License-Identifier: BSD-2-Clause */
/* ownlease.h - is an address of this machine only lent to it?
 *
 * The kernel knows: who sets a leased address says how long it is valid
 * (rtnetlink(7), IFA_CACHEINFO).  Who set it, and some that do not tell the
 * kernel, is found in the files of DHCP clients: systemd-networkd,
 * NetworkManager, dhclient and dhcpcd.
 *
 * The one rule: files that outlive their lease (NetworkManager's) only say who,
 * never whether.  Nothing is written; needs no rights, but sees more as root.
 */
#ifndef HOSTLER_SYS_OWNLEASE_H
#define HOSTLER_SYS_OWNLEASE_H

#include <stdbool.h>

#include "base/addr.h"

enum ownlease_client {
	OWNLEASE_UNKNOWN,
	OWNLEASE_NETWORKD,
	OWNLEASE_NETWORKMANAGER,
	OWNLEASE_DHCLIENT,
	OWNLEASE_DHCPCD,
};

struct ownlease {
	bool lent;
	enum ownlease_client client;
	int64_t left_s;			/* -1: not known */
};

struct ownlease_request {
	const char *root;		/* put before every path; "": none */
	const struct addr *addr;
	int64_t now_s;			/* Unix time */
};

void ownlease_find(struct ownlease *lease,
    const struct ownlease_request *request);

/* ---- for the checks ---- */

/* What a datagram of the kernel's addresses says of this one: seconds that it
 * is valid for, -1 for ever (or a temporary one of IPv6, RFC 8981, which the
 * kernel made itself); OWNLEASE_ABSENT: it is not in there. */
#define OWNLEASE_ABSENT (-2)
int64_t ownlease_parse(const struct addr *addr, const uint8_t *bytes,
    size_t length);

/* Does a file of dhclient's, newest lease last, hold this address now?  Seconds
 * that are left of it; -1: for ever; OWNLEASE_ABSENT: no. */
int64_t ownlease_parse_dhclient(const char *text, size_t length,
    const struct addr *addr, int64_t now_s);

#endif
