/* SPDX-License-Identifier: BSD-2-Clause */
/* watchplan.h - which folders must be watched for a set of paths, and which
 * events in them matter.  The inner part of watch.h, which says what counts.
 *
 * A plan is made by walking every path name by name as the kernel would.  The
 * one rule: a folder is watched before it is looked into, so that whatever
 * changes after the look is told.  Making a plan only adds kernel watches; who
 * replaces a plan removes those that the new one does not have.
 */
#ifndef HOSTLER_SYS_WATCHPLAN_H
#define HOSTLER_SYS_WATCHPLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/inotify.h>

enum watchplan_scope {
	WATCHPLAN_NAMES,		/* the names noted count, no other */
	WATCHPLAN_FILES,		/* and all that files_expand lists */
	WATCHPLAN_ALL,			/* too many to note: all count */
};

/* What a name led to; all zero: to nothing. */
struct watchplan_identity {
	uint64_t mount;
	uint64_t device;
	uint64_t inode;
};

struct watchplan_name {
	char *name;
	struct watchplan_identity identity;
};

/* Also a file that is watched itself: one without names. */
struct watchplan_folder {
	char *path;			/* absolute, without links */
	uint64_t mount;
	int wd;				/* -1: not to be watched */
	uint32_t mask;
	enum watchplan_scope scope;
	struct watchplan_name *names;	/* in order */
	size_t count;
};

struct watchplan {
	int inotify;
	bool needs_poll;
	struct watchplan_folder *folders; /* by path */
	size_t count;
};

/* Never NULL.  inotify may be -1: all is left to polling. */
struct watchplan *watchplan_make(int inotify, const char *const *paths,
    size_t count);
void watchplan_free(struct watchplan *plan);

bool watchplan_has(const struct watchplan *plan, int wd);
bool watchplan_matters(const struct watchplan *plan,
    const struct inotify_event *event);

/* Some name of the plan leads elsewhere than when it was made, as after a
 * mount over it, of which inotify tells nothing. */
bool watchplan_moved(const struct watchplan *plan);

#endif
