/* SPDX-License-Identifier: BSD-2-Clause */
#include "jsontext.h"

#include <stdlib.h>

#include "base/memory.h"

json_t *
jsontext_make(const char *text)
{
	json_t *value = json_string(text);
	char *copy;

	if (value)
		return value;
	copy = memory_string(text);
	for (char *at = copy; *at; at++)
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	value = json_string(copy);
	free(copy);
	return value;
}

void
jsontext_print(json_t *value, FILE *out)
{
	char *text = json_dumps(value, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

	if (text)
		fprintf(out, "%s\n", text);
	free(text);
	json_decref(value);
}
