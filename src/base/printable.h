/* SPDX-License-Identifier: BSD-2-Clause */
/* printable.h - which bytes of files and packets may reach a terminal as they
 * are.
 *
 * Everybody who shows input to people asks here, so that no file and no peer
 * can forge a line, steer a terminal or turn the direction of writing.  What
 * is not printable is shown as \xNN by the caller.  Pure.
 */
#ifndef HOSTLER_BASE_PRINTABLE_H
#define HOSTLER_BASE_PRINTABLE_H

#include <stddef.h>

/* How many bytes the printable character at `at` has, of `left` bytes that may
 * be read: 1 to 4, or 0 where there is none: control characters (a tab is
 * one), bytes that are not UTF-8 as RFC 3629 has it, and U+2028..U+202E and
 * U+2066..U+2069, which end lines or reverse the text behind them. */
size_t printable_length(const char *at, size_t left);

#endif
