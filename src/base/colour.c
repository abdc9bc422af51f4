/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
colour_wanted(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (!isatty(fileno(out)) || (no && *no))
		return false;
	return term && strcmp(term, "dumb") != 0;
}
