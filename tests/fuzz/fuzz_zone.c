/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_zone - any bytes as a zone file: content or diagnostics, nothing else.
 *
 * Every $INCLUDE gives the same small file.  A first byte of '!' makes the
 * zone an overlay. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names/zonefile.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char *
read_small(void *context, const char *from, const char *path,
    struct source_text *text)
{
	static const char small[] = "inc A 10.0.0.9\n\tTXT \"included\"\n";

	(void)context;
	(void)from;
	if (strcmp(path, "none") == 0)
		return "there is none";
	*text = (struct source_text){ "small", small, sizeof(small) - 1 };
	return NULL;
}

/* Every place of every record is one of its chunk's. */
static void
check_content(const struct content *content)
{
	for (uint32_t i = 0; i < content->chunk_count; i++) {
		const struct chunk *chunk = content->chunks[i];

		for (uint32_t j = 0; j < chunk->node_count; j++) {
			const struct node *node = chunk_node(chunk, j);

			if (!dname_is_below_or_at(node_name(node),
			    content->spec.domain.wire) ||
			    rrset_origins(node_first(node))->chunk !=
			    chunk->id)
				abort();
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct source_reader reader = { .read = read_small };
	struct source_spec spec = {
		.kind = SOURCE_ZONE, .path = "lab.test.zone",
	};
	struct zonefile_input input = {
		.spec = &spec,
		.text = { "lab.test.zone", (const char *)bytes, length },
		.reader = &reader,
		.now_s = 1700000000,
	};
	struct diags *diags = diags_new();
	struct content *content;
	FILE *nowhere;

	if (length > 0 && bytes[0] == '!') {
		spec.overlay = true;
		input.text.bytes++;
		input.text.length--;
	}
	content = zonefile_parse(&input, diags);
	if ((content == NULL) != (diags_count(diags, DIAG_ERROR) > 0))
		abort();
	if (content != NULL)
		check_content(content);
	nowhere = fopen("/dev/null", "w");
	if (nowhere != NULL) {
		diags_print(diags, nowhere, DIAG_COLOUR);
		fclose(nowhere);
	}
	content_free(content);
	diags_free(diags);
	return 0;
}
