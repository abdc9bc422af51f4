/* SPDX-License-Identifier: BSD-2-Clause */
/* leaseformat.h - tell by its beginning how a lease file is written.
 *
 * Pure; thread-safe.
 */
#ifndef HOSTLER_NAMES_LEASEFORMAT_H
#define HOSTLER_NAMES_LEASEFORMAT_H

#include "names/source.h"

enum leaseformat_result {
	LEASEFORMAT_KNOWN,
	LEASEFORMAT_EMPTY,		/* blanks only */
	LEASEFORMAT_CUT,		/* ends before it can be told */
	LEASEFORMAT_UNKNOWN,
};

enum leaseformat_result leaseformat_guess(enum lease_format *format,
    const struct source_text *text);

#endif
