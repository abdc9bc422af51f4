/* SPDX-License-Identifier: BSD-2-Clause */
/* lintlab.h - sources on disk or in memory, published, for tests of the
 * linter.
 *
 * A folder's file `input` says what there is, a line each:
 *
 *	zone FILE [overlay]
 *	hosts FILE[,FILE...] DOMAIN
 *	lease FILE DOMAIN		(lines as in a hosts file)
 *	network NAME PREFIX
 *	domain NAME LINE COLUMN [overlay]	of hostler.yaml
 *	host NAME
 */
#ifndef HOSTLER_TESTS_LINTLAB_H
#define HOSTLER_TESTS_LINTLAB_H

#include "names/index.h"
#include "names/lint.h"

#define LINTLAB_MAX 16

struct lintlab_file {
	char *path;
	char *bytes;
	size_t length;
};

struct lintlab {
	char *folder;
	struct lintlab_file files[LINTLAB_MAX];
	size_t file_count;
	struct index *index;
	struct content *contents[LINTLAB_MAX];
	size_t content_count;
	struct lint_network networks[LINTLAB_MAX];
	char *network_names[LINTLAB_MAX];
	size_t network_count;
	struct lint_domain domains[LINTLAB_MAX];
	size_t domain_count;
	struct index_area areas[LINTLAB_MAX];
	size_t area_count;
	struct dname host;
	struct source_reader reader;
	struct lint_input input;
};

/* Files of the folder are read when they are first named; those that were put
 * into `files` before are taken as they are there. */
void lintlab_open(struct lintlab *lab, const char *folder);
void lintlab_close(struct lintlab *lab);

struct lintlab_file *lintlab_file(struct lintlab *lab, const char *path);
/* Append text to a line (from 1) of a file. */
void lintlab_append(struct lintlab_file *file, uint32_t line,
    const char *text);

/* Parse what `input` names and publish it; lab->input is ready then. */
void lintlab_publish(struct lintlab *lab);

/* All of it as diagnostics; to be freed. */
char *lintlab_print(struct lintlab *lab, const struct lint_findings *findings,
    const struct lint_findings *before);

#endif
