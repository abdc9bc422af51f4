/* SPDX-License-Identifier: BSD-2-Clause */
/* check_golden_zone - every tests/golden/zone/X.zone has to give exactly what
 * X.expect says: its records with their places and marks, or its diagnostics.
 *
 * With file names it prints what they give instead, to be read and kept.  A
 * file may begin with `;overlay` or `;origin NAME`, as the configuration would
 * say it.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "names/zonefile.h"
#include "zone_print.h"

#define NOW_S 1700000000

static void
read_head(struct source_spec *spec, const struct source_text *text)
{
	const char *end = memchr(text->bytes, '\n', text->length);
	char line[300];
	int length = end != NULL ? (int)(end - text->bytes) : 0;

	snprintf(line, sizeof(line), "%.*s", length, text->bytes);
	if (strcmp(line, ";overlay") == 0)
		spec->overlay = true;
	if (strncmp(line, ";origin ", 8) == 0) {
		spec->has_domain = true;
		spec->domain = dname_from(line + 8);
	}
}

/* What the file gives, as text. */
static char *
read_zone(const char *path)
{
	struct source_spec spec = { .kind = SOURCE_ZONE, .path = path };
	struct zonefile_input input = { .spec = &spec, .now_s = NOW_S };
	struct diags *diags = diags_new();
	struct zone_reader reader;
	struct content *content;
	char *result;
	size_t length;
	FILE *out = open_memstream(&result, &length);

	zone_reader_init(&reader);
	input.reader = &reader.reader;
	if (zone_reader_read(&reader, NULL, path, &input.text) != NULL)
		fprintf(out, "cannot read %s\n", path);
	read_head(&spec, &input.text);
	content = zonefile_parse(&input, diags);
	diags_print(diags, out, DIAG_PLAIN);
	if (content != NULL)
		zone_print(content, out);
	fclose(out);
	content_free(content);
	diags_free(diags);
	zone_reader_free(&reader);
	return result;
}

static char *
read_expected(const char *zone)
{
	char *path = memory_format("%.*sexpect", (int)strlen(zone) - 4, zone);
	FILE *file = fopen(path, "rb");
	char *text = memory_zeroed(1, 1 << 20);

	if (file != NULL) {
		if (fread(text, 1, (1 << 20) - 1, file) == 0)
			fprintf(stderr, "%s is empty\n", path);
		fclose(file);
	}
	free(path);
	return text;
}

/* Say where the two part; 1 if they do. */
static int
compare(const char *path)
{
	char *actual = read_zone(path);
	char *expected = read_expected(path);
	int differs = strcmp(actual, expected) != 0;

	printf("%s: %s\n", differs ? "FAIL" : "ok", path);
	if (differs)
		printf("--- expected\n%s--- given\n%s", expected, actual);
	free(actual);
	free(expected);
	return differs;
}

static int
compare_all(void)
{
	struct dirent **entries;
	int count = scandir(".", &entries, NULL, alphasort);
	int failed = 0, compared = 0;

	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		size_t length = strlen(name);

		if (length > 5 && strcmp(name + length - 5, ".zone") == 0) {
			failed += compare(name);
			compared++;
		}
		free(entries[i]);
	}
	free(entries);
	printf("%d files, %d failed\n", compared, failed);
	return failed > 0 || compared == 0;
}

int
main(int argc, char **argv)
{
	const char *top = getenv("abs_top_srcdir");
	char *folder = memory_format("%s/tests/golden/zone",
	    top != NULL ? top : ".");
	int status = 0;

	if (chdir(folder) != 0) {
		perror(folder);
		free(folder);
		return 1;
	}
	free(folder);
	for (int i = 1; i < argc; i++) {
		char *text = read_zone(argv[i]);

		printf("%s", text);
		free(text);
	}
	if (argc == 1)
		status = compare_all();
	return status;
}
