/* SPDX-License-Identifier: BSD-2-Clause */
/* files.h - what people wrote: whole files and folders of them are read, and
 * such a file is replaced.
 *
 * Everything that can be wrong with a path comes back as words for a
 * diagnostic.  Only regular files are read (a FIFO or a device would make the
 * daemon wait); symbolic links are followed.
 */
#ifndef HOSTLER_SYS_FILES_H
#define HOSTLER_SYS_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What tells one state of a file from another.  Two that are the same are the
 * same content, unless somebody wrote within one tick of the clock or set the
 * clock back. */
struct files_identity {
	uint64_t device;
	uint64_t inode;
	uint64_t size;
	int64_t changed_ns;		/* ctime: follows every write */
	int64_t modified_ns;
};

/* A file in memory, not NUL-terminated.  The identity is that from before the
 * first byte was read: who writes meanwhile makes it differ the next time. */
struct files_content {
	char *bytes;
	size_t length;
	struct files_identity identity;
};

/* NULL, or why not, in static words.  max is in bytes. */
const char *files_read(const char *path, size_t max,
    struct files_content *file);
void files_release(struct files_content *file);

/* A file that is held open, to be read a piece at a time; length is that of
 * the moment when it was opened. */
struct files_held {
	int fd;
	size_t length;
};
/* As files_read, but for the bytes. */
const char *files_hold(const char *path, size_t max,
    struct files_held *held);
/* `length` bytes from `at` on, all of them: a file that has become shorter has
 * none.  NULL, or why not, in static words.  Any thread, several at a time. */
const char *files_fetch(const struct files_held *held, size_t at,
    char *bytes, size_t length);
void files_let_go(struct files_held *held);

bool files_exists(const char *path);
bool files_identity_equal(const struct files_identity *a,
    const struct files_identity *b);

/* The path itself, or what a folder holds, in name order: regular files (and
 * links to them) but for hidden ones and those that editors and package tools
 * leave behind (x~ #x# x.swp x.bak x.orig x.rej x.dpkg-* x.rpm* 4913). */
struct files_list {
	char **paths;
	size_t count;
};
const char *files_expand(const char *path, struct files_list *list);
void files_list_free(struct files_list *list);

/* The files in folder whose names end in suffix, and in folders in it down to
 * FILES_DEPTH, in name order; links to folders are not followed; at most
 * FILES_FOUND_MAX.  folders (may be NULL) gets every folder that was looked
 * into.  NULL, or why folder itself cannot be read. */
#define FILES_DEPTH 4
#define FILES_FOUND_MAX 4096
const char *files_find(const char *folder, const char *suffix,
    struct files_list *list, struct files_list *folders);

/* What state is the file in?  Of one that cannot be seen all is zero.  blind:
 * it lies where a change may not show (filesystem_is_blind). */
struct files_state {
	struct files_identity identity;
	bool blind;
};
void files_look(const char *path, struct files_state *state);

/* A name, without its folder, that files_expand passes over for what it is:
 * hidden, or left behind by an editor or a package tool. */
bool files_is_left_behind(const char *name);

/* The folder that the path's last name is in, "." or "/" where no other is
 * written.  The caller frees it. */
char *files_folder_of(const char *path);

/* Where the symbolic links at the end of path end, and be it at a file that
 * does not exist yet (the caller frees it); NULL where they go in a circle. */
char *files_follow(const char *path);

/* Put `length` bytes in the place of the file at once: they are written to a
 * hidden file beside it, brought to the disk, and renamed over it, so that a
 * reader sees the old file or the new one.  A symbolic link stays; what it
 * leads to is replaced, but root follows root's links alone.  Mode, owner and
 * access list are those of the old file; a new one has the mode 0644, and where
 * root makes it, the owner of its folder.  NULL, or why not, in static words;
 * the old file is untouched then. */
const char *files_replace(const char *path, const char *bytes, size_t length);

#endif
