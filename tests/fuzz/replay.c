/* SPDX-License-Identifier: BSD-2-Clause */
/* A main for a fuzz target that needs no fuzzer: it runs the target on every
 * file of the folders (and on the files) named; without any, on those of
 * tests/fuzz/corpus/WHAT, for a program called replay_WHAT.
 *
 * What it runs is what was once worth keeping; a crash is the failure.
 */
#include <dirent.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PREFIX "replay_"

/* In a block of exactly its size, so that a sanitizer sees a byte too far. */
static void
replay_file(const char *path, size_t size)
{
	uint8_t *bytes = malloc(size);
	FILE *file = fopen(path, "rb");

	if (!file || (size > 0 && !bytes))
		err(1, "%s", path);
	if (fread(bytes, 1, size, file) != size)
		errx(1, "%s: cannot be read", path);
	fclose(file);
	/* Told ahead, so that what a target dies of has a name. */
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
}

static unsigned
replay_folder(const char *path)
{
	struct dirent **entries;
	struct stat status;
	unsigned files = 0;
	int count = scandir(path, &entries, NULL, alphasort);

	if (count < 0)
		err(1, "%s", path);
	for (int i = 0; i < count; i++) {
		char *file;

		if (asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0 ||
		    stat(file, &status) != 0)
			err(1, "%s", path);
		if (S_ISREG(status.st_mode)) {
			replay_file(file, (size_t)status.st_size);
			files++;
		}
		free(file);
		free(entries[i]);
	}
	free(entries);
	return files;
}

static char *
find_corpus(const char *program)
{
	const char *name = strrchr(program, '/');
	const char *top = getenv("abs_top_srcdir");
	char *path;

	name = name ? name + 1 : program;
	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 || !top)
		errx(1, "no folder is given");
	if (asprintf(&path, "%s/tests/fuzz/corpus/%s", top,
	    name + strlen(PREFIX)) < 0)
		err(1, "no memory");
	return path;
}

int
main(int argc, char **argv)
{
	struct stat status;
	unsigned files = 0;

	if (argc < 2) {
		char *path = find_corpus(argv[0]);

		files = replay_folder(path);
		free(path);
	}
	for (int i = 1; i < argc; i++) {
		if (stat(argv[i], &status) != 0)
			err(1, "%s", argv[i]);
		if (S_ISDIR(status.st_mode)) {
			files += replay_folder(argv[i]);
		} else {
			replay_file(argv[i], (size_t)status.st_size);
			files++;
		}
	}
	if (files == 0)
		errx(1, "there was nothing to run");
	printf("%u files\n", files);
	return 0;
}
