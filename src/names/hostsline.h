/* SPDX-License-Identifier: BSD-2-Clause */
/* hostsline.h - one line of a hosts file, taken apart.
 *
 *   ADDR NAME [NAME...] [# comment]
 *
 * The line's end is not part of it.  Nothing is told here: faults are listed
 * for hostsfile.c to show, and the names that could be read of a bad line are
 * there all the same, so that their last good records can be kept.
 *
 * A struct hostsline is used for line after line; its names grow and stay.
 */
#ifndef HOSTLER_NAMES_HOSTSLINE_H
#define HOSTLER_NAMES_HOSTSLINE_H

#include "base/addr.h"
#include "dns/dname.h"

#define HOSTSLINE_FAULTS 4		/* shown of one line */
#define HOSTSLINE_MAX 65535		/* bytes before the comment */

enum hostsline_result {
	HOSTSLINE_GOOD,			/* 0 names: nothing to add */
	HOSTSLINE_SCOPED,		/* fe80::1%lo0: passed over */
	HOSTSLINE_BAD,			/* see the faults */
};

enum hostsline_form {
	HOSTSLINE_FULL,			/* just this name */
	HOSTSLINE_SHORT,		/* in the domain, and bare too */
};

/* What is wrong: the text at column (from 1, in bytes) is not a `what`, and
 * why (static words).  what NULL: why says it all. */
struct hostsline_fault {
	const char *what;
	const char *why;
	uint32_t column;
	uint32_t width;
};

struct hostsline_name {
	struct dname name;		/* lower */
	enum hostsline_form form;
	uint16_t column;
};

struct hostsline {
	/* Of short names; NULL: none.  The caller sets it before the first
	 * line. */
	const struct dname *domain;
	struct addr addr;
	uint32_t addr_column;
	uint32_t addr_width;
	struct hostsline_name *names;
	uint32_t name_count;
	uint32_t name_room;
	struct hostsline_fault faults[HOSTSLINE_FAULTS];
	unsigned fault_count;
};

/* Names at or below localhost are left out of `names`.  Faults that are above
 * HOSTSLINE_FAULTS are not listed. */
enum hostsline_result hostsline_parse(struct hostsline *line,
    const char *text, size_t len);
/* Is this the address of many at once: multicast, or 255.255.255.255? */
bool hostsline_is_group(const struct addr *addr);
/* Frees what grew. */
void hostsline_fini(struct hostsline *line);

#endif
