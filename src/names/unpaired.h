/* SPDX-License-Identifier: BSD-2-Clause */
/* unpaired.h - of two long rows of hashes, those that the other has not.
 *
 * The rows are walked side by side: a hash waits until its like comes from the
 * other row, and both are forgotten.  Of rows that are nearly in the same
 * order few wait at a time, however long they are; where more than a limit
 * wait, the rows differ too much, and that is all that is said.
 *
 * A hash that a row has more than once may be left though both rows have it:
 * who needs to know looks again at what is left.  One thread.
 */
#ifndef HOSTLER_NAMES_UNPAIRED_H
#define HOSTLER_NAMES_UNPAIRED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unpaired;

enum unpaired_row {
	UNPAIRED_BEFORE,
	UNPAIRED_NOW,
};

enum unpaired_result {
	UNPAIRED_OK,
	UNPAIRED_TOO_MANY,
};

/* limit: how many may wait. */
struct unpaired *unpaired_new(size_t limit);
void unpaired_free(struct unpaired *unpaired);

/* The next of a row; its lowest bit is not looked at. */
enum unpaired_result unpaired_add(struct unpaired *unpaired, uint64_t hash,
    enum unpaired_row row);

size_t unpaired_count(const struct unpaired *unpaired);
/* Does this hash wait, of either row? */
bool unpaired_has(const struct unpaired *unpaired, uint64_t hash);

#endif
