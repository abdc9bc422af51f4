/* SPDX-License-Identifier: BSD-2-Clause */
/* verblisteners.h - which addresses are served, for status: what is open, and
 * for each entry of `listen` the addresses that it stands for.
 *
 *	listening: 127.0.0.1@53, 192.168.56.1@53
 *	  private@53: 127.0.0.1@53, 192.168.56.1@53, 192.168.122.1@53 (it is
 *	  in use by libvirt's dnsmasq (process 812))
 *	  vboxnet0@53: there is no such interface at present
 *
 * One thread: main's.
 */
#ifndef HOSTLER_VERBLISTENERS_H
#define HOSTLER_VERBLISTENERS_H

#include <jansson.h>
#include <stdio.h>

#include "listeners.h"

/* Entries that are one address, and served, are not shown once more. */
void verblisteners_print(const struct listeners *listeners, FILE *out);

/* The addresses that are served, as texts. */
json_t *verblisteners_make(const struct listeners *listeners);
/* Of each entry: {entry, addresses: [{address, state, reason}]}; one that
 * stands for none at present has a reason of its own. */
json_t *verblisteners_make_entries(const struct listeners *listeners);

#endif
