/* SPDX-License-Identifier: BSD-2-Clause */
/* refused.h - a file that may not be read, told: who has not the right, which
 * folder or file of the path says no, and the command that changes that. */
#ifndef HOSTLER_REFUSED_H
#define HOSTLER_REFUSED_H

#include "base/diag.h"
#include "sys/access.h"

/* An error where this process is not let to read the path; next is what hostler
 * does meanwhile (NULL: the caller says it by diags_then).  False: that is not
 * what is wrong, nothing was told. */
bool refused_tell(struct diags *diags, const char *path, const char *next);

/* What was found out for another user; before is said ahead of the command. */
struct refused_other {
	const char *user;
	const char *before;
	enum diag_level level;
	const char *id;			/* of a warning; NULL: an error */
};
void refused_tell_other(struct diags *diags, const char *path,
    const struct access_finding *finding, const struct refused_other *other);

#endif
