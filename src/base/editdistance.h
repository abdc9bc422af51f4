/* SPDX-License-Identifier: BSD-2-Clause */
/* editdistance.h - how far apart two words are, for "is ... meant?".
 *
 * Letters to change, put in, leave out, or swap with the next one (a slip of
 * the fingers counts once).  Case does not count.  Pure; thread-safe.
 */
#ifndef HOSTLER_BASE_EDITDISTANCE_H
#define HOSTLER_BASE_EDITDISTANCE_H

#define EDITDISTANCE_MAX 255		/* bytes of a word that is compared */

/* The distance, or `limit` where it is that much or more, or a word is longer
 * than EDITDISTANCE_MAX. */
unsigned editdistance_of(const char *a, const char *b, unsigned limit);

#endif
