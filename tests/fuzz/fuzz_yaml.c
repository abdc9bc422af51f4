/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as hostler.yaml: read, or every error told with a place in it. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "confread.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
print_away(const struct conf *conf, const struct diags *diags)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	assert(out);
	if (conf)
		conf_print(conf, out);
	diags_print(diags, out, DIAG_COLOUR);
	fclose(out);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diags *diags = diags_new();
	struct conf *conf = confread_text("folder/hostler.yaml",
	    (const char *)data, size, diags);

	assert((conf == NULL) == (diags_count(diags, DIAG_ERROR) > 0));
	print_away(conf, diags);
	conf_free(conf);
	diags_free(diags);
	return 0;
}
