/* SPDX-License-Identifier: BSD-2-Clause */
/* hostsedit.h - one name of a hosts file set or taken out, text to text.
 *
 * For the managed hosts file, which people edit as well: what is not about
 * the name comes through byte for byte (comments, blanks, line ends, a byte
 * order mark, a last line without an end, lines that are no good).
 *
 * After `set` the name has exactly the addresses given, each on one line:
 *
 *   ADDR<tab>NAME [# comment] [# ttl=SECONDS]
 *
 * A line that says one of them already stays as it is, one with further names
 * too; the name's other lines are written anew where they stand, with their
 * comments, and the name is taken from lines that have further names.  What
 * is missing then goes behind them, or to the end of a file that does not know
 * the name.  The line's end is that of the file's first line.
 *
 * `unset` after the first `set` of a name gives the bytes from before.  Lines
 * are hostsline.h's, so a name that is written in another way (case, UTF-8 or
 * A-labels, short or in the domain) is the same name.
 *
 * Pure; any thread.
 */
#ifndef HOSTLER_NAMES_HOSTSEDIT_H
#define HOSTLER_NAMES_HOSTSEDIT_H

#include "names/hostsline.h"
#include "names/source.h"

#define HOSTSEDIT_ADDRS_MAX 1000

/* What a person asks for; everything is borrowed. */
struct hostsedit_entry {
	const char *name;		/* as typed, UTF-8 too */
	const char *const *addrs;	/* as typed; twice the same is once */
	size_t addr_count;
	enum hostsline_ttl ttl;
	uint32_t ttl_s;
	const struct dname *domain;	/* of the file's short names, or NULL */
};

enum hostsedit_result {
	HOSTSEDIT_CHANGED,		/* bytes and length are the new text */
	HOSTSEDIT_SAME,			/* the file says so already */
	HOSTSEDIT_REFUSED,		/* see bad and wrong */
};

/* bytes: the caller frees them; NULL unless CHANGED (and then never NULL,
 * with no NUL behind them).  bad is the word of the entry that is at fault, or
 * NULL; wrong says why, in static words to stand behind "BAD: ". */
struct hostsedit_outcome {
	char *bytes;
	size_t length;
	const char *bad;
	const char *wrong;
};

/* The file's path is not looked at; a file that is not there is one of no
 * bytes.  unset looks at the name and the domain alone. */
enum hostsedit_result hostsedit_set(const struct source_text *file,
    const struct hostsedit_entry *entry, struct hostsedit_outcome *outcome);
enum hostsedit_result hostsedit_unset(const struct source_text *file,
    const struct hostsedit_entry *entry, struct hostsedit_outcome *outcome);

#endif
