/* SPDX-License-Identifier: BSD-2-Clause */
#include "refused.h"

#include <stdlib.h>

#include "sys/rights.h"

bool
refused_tell(struct diags *diags, const char *path, const char *next)
{
	struct access_finding finding = access_try(path);
	struct diag_place place = {.file = path};
	char *said, *mend;

	if (!access_is_refused(&finding))
		return false;
	said = access_say(&finding, rights_user());
	mend = access_mend(&finding, rights_user());
	if (next) {
		diags_add(diags, DIAG_ERROR, &place, NULL, "%s", said);
		diags_then(diags, "%s; %s", mend, next);
	} else {
		diags_add(diags, DIAG_ERROR, &place, NULL, "%s; %s", said,
		    mend);
	}
	free(said);
	free(mend);
	free(finding.path);
	return true;
}

void
refused_tell_other(struct diags *diags, const char *path,
    const struct access_finding *finding, const struct refused_other *other)
{
	struct diag_place place = {.file = path};
	char *said = access_say(finding, other->user);
	char *mend = access_mend(finding, other->user);

	diags_add(diags, other->level, &place, other->id, "%s", said);
	diags_then(diags, "%s; %s", other->before, mend);
	free(said);
	free(mend);
}
