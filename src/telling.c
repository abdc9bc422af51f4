/* SPDX-License-Identifier: BSD-2-Clause */
#include "telling.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define CHANGES_LOGGED 20

void
telling_diagnostics(const struct reload *reload)
{
	diags_print(reload_conf_diags(reload), log_stream(),
	    diags_colour(stderr));
	diags_print(reload_route_diags(reload), log_stream(),
	    diags_colour(stderr));
	realms_print_diags(reload_realms(reload), log_stream(),
	    diags_colour(stderr));
	realms_mark_told(reload_realms(reload));
}

void
telling_changes(const struct changes *changes)
{
	size_t shown = changes->count < CHANGES_LOGGED ? changes->count
						       : CHANGES_LOGGED;

	for (size_t i = 0; i < shown; i++)
		log_info("%s", changes->lines[i]);
	if (changes->count + changes->more > shown)
		log_info("and %zu more changes",
		    changes->count + changes->more - shown);
	if (changes->anew)
		log_info("so much has changed or moved that it is not listed: "
			 "%zu records, before and now", changes->anew);
}

void
telling_counters(struct verbs_context *verbs)
{
	char *text = NULL, *rest = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return;
	verbs_print_stats(verbs, out);
	fclose(out);
	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		log_notice("%s", line);
	free(text);
}
