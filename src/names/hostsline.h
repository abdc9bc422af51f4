/* SPDX-License-Identifier: BSD-2-Clause */
/* hostsline.h - one line of a hosts file, taken apart.
 *
 *   ADDR NAME [NAME...] [# comment]
 *
 * A word `ttl=SECONDS` in the comment is the line's TTL; any other comment
 * means nothing.
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
#define HOSTSLINE_TTL_MAX 0x7fffffff	/* RFC 2181 8 */

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
	uint16_t column;		/* of the line, above
					 * ORIGIN_COLUMN_MAX too */
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
	enum hostsline_ttl {
		HOSTSLINE_TTL_DEFAULT,	/* that of the file */
		HOSTSLINE_TTL_OWN,	/* ttl_s */
	} ttl;
	uint32_t ttl_s;
	struct hostsline_fault faults[HOSTSLINE_FAULTS];
	unsigned fault_count;
	bool approved;			/* its comment says "hostler: ok" */
};

/* The line that begins at text, of `left` bytes that are left of the file: its
 * length, and in *end the bytes of its end: CRLF, LF, a lone CR, or none where
 * the file ends. */
size_t hostsline_length(const char *text, size_t left, size_t *end);

/* The line at text, of `left` bytes that are left of the file, if it is one as
 * nearly all are: an address, names in plain ASCII, no comment, LF or CRLF.
 * One pass finds its end on the way.  Returns its bytes, the end included, and
 * has read it as hostsline_parse does, which gives HOSTSLINE_GOOD; or 0: find
 * its end, and let hostsline_parse say what it is. */
size_t hostsline_parse_plain(struct hostsline *line, const char *text,
    size_t left);

/* Names at or below localhost are left out of `names`.  Faults that are above
 * HOSTSLINE_FAULTS are not listed. */
enum hostsline_result hostsline_parse(struct hostsline *line,
    const char *text, size_t len);
/* Is this the address of many at once: multicast, or 255.255.255.255? */
bool hostsline_is_group(const struct addr *addr);
/* Frees what grew. */
void hostsline_fini(struct hostsline *line);

#endif
