/* SPDX-License-Identifier: BSD-2-Clause */
/* servers.h - the names of TLS servers, as numbers.
 *
 * An upstream is a value that is copied with every question and outlives the
 * policy that it came from; the name that its certificate must have is too
 * long for that.  So each name has a number for as long as the process lives;
 * names are added by configurations alone and never removed.
 *
 * The one rule: numbers are given out by main's thread; a number reaches other
 * threads with a policy that is published later, so that its name is there.
 */
#ifndef HOSTLER_QUERY_SERVERS_H
#define HOSTLER_QUERY_SERVERS_H

#include <stdint.h>

#define SERVERS_MAX 1024
#define SERVERS_NONE 0

/* The name's number, the same one each time; SERVERS_NONE: the table is full.
 * Main's thread.  The name is copied. */
uint16_t servers_number(const char *name);

/* Any thread; "" where the number is SERVERS_NONE. */
const char *servers_name(uint16_t number);

#endif
