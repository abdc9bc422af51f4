/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_zone - any bytes as a zone file: content or diagnostics, nothing else.
 *
 * Every $INCLUDE gives the same small file.  A first byte of '!' makes the
 * zone an overlay.  What the quick way takes of it (names/zoneplain.h; the
 * linker lets this file have a say, --wrap) has to be what the general one
 * makes of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/zonefile.h"
#include "names/zoneplain.h"

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

bool __wrap_zoneplain_read(struct zone_reading *z, struct zone_file *f);
bool __real_zoneplain_read(struct zone_reading *z, struct zone_file *f);

static enum { WAY_QUICK, WAY_GENERAL } way;

bool
__wrap_zoneplain_read(struct zone_reading *z, struct zone_file *f)
{
	return way == WAY_QUICK && __real_zoneplain_read(z, f);
}

struct reading {
	struct content *content;
	char *told;
	size_t length;
};

static struct reading
read_zone(const struct zonefile_input *input)
{
	struct diags *diags = diags_new();
	struct reading reading;
	FILE *out = memory_stream(&reading.told, &reading.length);

	reading.content = zonefile_parse(input, diags);
	if ((reading.content == NULL) != (diags_count(diags, DIAG_ERROR) > 0))
		abort();
	diags_print(diags, out, DIAG_COLOUR);
	memory_stream_close(out);
	diags_free(diags);
	return reading;
}

static void
compare(const struct reading *a, const struct reading *b)
{
	if (a->length != b->length ||
	    memcmp(a->told, b->told, a->length) != 0 ||
	    (a->content == NULL) != (b->content == NULL))
		abort();
	if (a->content != NULL && (!content_equal(a->content, b->content) ||
	    !content_places_equal(a->content, b->content)))
		abort();
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
	struct reading quick, general;

	if (length > 0 && bytes[0] == '!') {
		spec.overlay = true;
		input.text.bytes++;
		input.text.length--;
	}
	way = WAY_QUICK;
	quick = read_zone(&input);
	way = WAY_GENERAL;
	general = read_zone(&input);
	compare(&quick, &general);
	if (quick.content != NULL)
		check_content(quick.content);
	content_free(quick.content);
	content_free(general.content);
	free(quick.told);
	free(general.told);
	return 0;
}
