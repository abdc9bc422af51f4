/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/editdistance.h"

#include <string.h>

static unsigned char
fold(char letter)
{
	unsigned char c = (unsigned char)letter;

	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Three rows of the matrix of optimal string alignment, used in turns. */
struct rows {
	unsigned row[3][EDITDISTANCE_MAX + 1];
};

/* Fill the row of letter i of a; returns its smallest number: no end can be
 * nearer. */
static unsigned
fill_row(struct rows *rows, const char *a, unsigned i, const char *b,
    unsigned length)
{
	const unsigned *before = rows->row[(i + 1) % 3];
	const unsigned *above = rows->row[(i + 2) % 3];
	unsigned *row = rows->row[i % 3];
	unsigned nearest = i;

	row[0] = i;
	for (unsigned j = 1; j <= length; j++) {
		unsigned same = fold(a[i - 1]) == fold(b[j - 1]);

		row[j] = least(above[j - 1] + !same,
		    least(above[j], row[j - 1]) + 1);
		if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
		    fold(a[i - 2]) == fold(b[j - 1]))
			row[j] = least(row[j], before[j - 2] + 1);
		nearest = least(nearest, row[j]);
	}
	return nearest;
}

unsigned
editdistance_of(const char *a, const char *b, unsigned limit)
{
	size_t long_a = strlen(a), long_b = strlen(b);
	unsigned length = (unsigned)long_b;
	struct rows rows;

	if (long_a > EDITDISTANCE_MAX || long_b > EDITDISTANCE_MAX ||
	    (long_a > long_b ? long_a - long_b : long_b - long_a) >= limit)
		return limit;
	for (unsigned j = 0; j <= length; j++)
		rows.row[0][j] = j;
	for (unsigned i = 1; i <= long_a; i++) {
		if (fill_row(&rows, a, i, b, length) >= limit)
			return limit;
	}
	return least(rows.row[long_a % 3][length], limit);
}
