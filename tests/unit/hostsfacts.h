/* SPDX-License-Identifier: BSD-2-Clause */
/* hostsfacts.h - what must hold of a hosts file after an edit of one name,
 * found without the code that edits. */
#ifndef HOSTLER_TESTS_HOSTSFACTS_H
#define HOSTLER_TESTS_HOSTSFACTS_H

#include "names/hostsedit.h"

/* Everything in the text that is not about the entry's name, as a string for
 * comparison (the caller frees it): each line's words but that name, one blank
 * between them, and its comment.  Lines of nothing else, empty lines and the
 * lines' ends are left out. */
char *hostsfacts_others(const char *bytes, size_t length,
    const struct hostsedit_entry *entry);

/* The lines without the name, byte for byte, each with an LF (the caller frees
 * it); and whether such lines are among others, in this order.  Empty ones do
 * not count: a line taken away may leave a lone CR ahead of a lone LF. */
char *hostsfacts_lines(const char *bytes, size_t length,
    const struct hostsedit_entry *entry);
bool hostsfacts_are_among(const char *lines, const char *others);

/* Does the text give the name just these addresses, each once on a good line,
 * with this TTL (none where addr_count is 0)?  NULL, or what is wrong. */
const char *hostsfacts_judge(const char *bytes, size_t length,
    const struct hostsedit_entry *entry);

#endif
