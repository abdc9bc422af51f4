/* SPDX-License-Identifier: BSD-2-Clause */
/* files.h - reading what people wrote: whole files, and folders of them.
 *
 * Everything that can be wrong with a path comes back as words for a
 * diagnostic.  Only regular files are read (a FIFO or a device would make the
 * daemon wait); symbolic links are followed.
 */
#ifndef HOSTLER_SYS_FILES_H
#define HOSTLER_SYS_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* A file in memory, not NUL-terminated. */
struct files_content {
	char *bytes;
	size_t length;
};

/* NULL, or why not, in static words.  max is in bytes. */
const char *files_read(const char *path, size_t max,
    struct files_content *file);
void files_release(struct files_content *file);

bool files_exists(const char *path);

/* The path itself, or what a folder holds, in name order: regular files (and
 * links to them) but for hidden ones and those that editors and package tools
 * leave behind (x~ #x# x.swp x.bak x.orig x.rej x.dpkg-* x.rpm*). */
struct files_list {
	char **paths;
	size_t count;
};
const char *files_expand(const char *path, struct files_list *list);
void files_list_free(struct files_list *list);

#endif
