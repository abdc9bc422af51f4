/* SPDX-License-Identifier: BSD-2-Clause */
/* ports.h - who holds an address, and what to do about it.
 *
 * Reads /proc: names the program as far as the caller may see it (root sees
 * all).  Only for the case that a bind failed; slow, and that does not matter.
 */
#ifndef HOSTLER_SYS_PORTS_H
#define HOSTLER_SYS_PORTS_H

#include <sys/types.h>

#include "base/addr.h"

struct ports_holder {
	pid_t pid;			/* 0: not to be seen */
	char program[64];		/* "" then */
};

enum ports_found {
	PORTS_HELD,
	PORTS_NOT_HELD,
};

/* The first socket (UDP or a TCP listener) that stands in the way of binding
 * to this endpoint. */
enum ports_found ports_find_holder(const struct endpoint *endpoint,
    struct ports_holder *holder);

/* Who that is, as far as hostler knows such programs: by its name, or by the
 * address alone where the program is not to be seen.  *called (may be NULL)
 * gets the name that people know it by, which lives as long as holder. */
enum ports_kind {
	PORTS_RESOLVED,			/* systemd-resolved's stub */
	PORTS_LIBVIRT,			/* libvirt's own dnsmasq */
	PORTS_DNSMASQ,			/* another, or libvirt's elsewhere */
	PORTS_HOSTLER,
	PORTS_OTHER,
};
enum ports_kind ports_recognize(const struct ports_holder *holder,
    const struct addr *addr, const char **called);

/* What a failed bind means and what to do, in words (free them): error_number
 * is the errno of bind(2). */
char *ports_explain(const struct endpoint *endpoint, int error_number);

#endif
