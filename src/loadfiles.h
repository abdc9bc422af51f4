/* SPDX-License-Identifier: BSD-2-Clause */
/* loadfiles.h - the files that the reading of one source opens: its own, those
 * that it includes, those that lie beside it.
 *
 * While a parser works they stay in memory (the texts that it was given).
 * Afterwards what remains is a list of what was looked at and in which state
 * it was: as long as that is the same, the source need not be read again.
 *
 * For load.c and loadread.c.  One thread.
 */
#ifndef HOSTLER_LOADFILES_H
#define HOSTLER_LOADFILES_H

#include "names/source.h"
#include "sys/files.h"

/* So many are held open at most. */
#define LOADFILES_HELD_MAX 16

/* Something that was looked at, there or not. */
struct loadfiles_seen {
	char *path;
	struct files_identity identity;
	/* It was written so shortly before that a second change within the
	 * clock's tick would not show. */
	bool unsettled;
};

struct loadfiles {
	struct files_content **open;
	size_t open_count;
	struct loadfiles_held {
		const char *path;	/* as the text has it */
		struct files_held file;
	} held[LOADFILES_HELD_MAX];
	unsigned held_count;
	struct files_list paths;	/* of texts and folders, for parsers */
	struct files_list *lists;	/* given to parsers */
	size_t list_count;
	struct loadfiles_seen *seen;
	size_t seen_count;
};

/* Read one file; the text is good until loadfiles_close.  NULL, or words. */
const char *loadfiles_read(struct loadfiles *files, const char *path,
    struct source_text *text);
/* As that, but a file of over `apart` bytes is held open instead of read, as
 * long as not too many are: its text has a length, which is that of this
 * moment, and no bytes, which loadfiles_fetch gets. */
const char *loadfiles_open(struct loadfiles *files, const char *path,
    size_t apart, struct source_text *text);
/* For a parser: context is the struct loadfiles.  The texts keep the very path
 * that loadfiles_open gave them; by it they are found. */
struct source_fetch loadfiles_fetch(struct loadfiles *files);
/* Note that a file or folder was looked at. */
void loadfiles_note(struct loadfiles *files, const char *path);
/* For a parser: context is the struct loadfiles. */
struct source_reader loadfiles_reader(struct loadfiles *files);

/* The texts go, the list of what was seen stays. */
void loadfiles_close(struct loadfiles *files);
void loadfiles_fini(struct loadfiles *files);

enum loadfiles_care {
	LOADFILES_TRUST,		/* what the kernel says of a file */
	LOADFILES_DOUBT,		/* not on file systems that others
					 * change behind its back */
};
/* Has something changed since it was looked at? */
bool loadfiles_changed(const struct loadfiles *files,
    enum loadfiles_care care);

#endif
