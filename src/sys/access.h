/* SPDX-License-Identifier: BSD-2-Clause */
/* access.h - why a file cannot be read or written, and the command that mends
 * it.
 *
 * It is often not the file: a home that others may not enter hides all that is
 * in it.  The first folder or file of the path that says no is found, symbolic
 * links followed, for this process or, asked by root, for another user.
 */
#ifndef HOSTLER_SYS_ACCESS_H
#define HOSTLER_SYS_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

enum access_kind {
	ACCESS_GRANTED,
	ACCESS_NOT_FOUND,		/* of what there is nothing says no */
	ACCESS_ENTER,			/* the folder may not be entered */
	ACCESS_LIST,			/* the folder may not be listed */
	ACCESS_READ,			/* the file may not be read */
	ACCESS_ELSE,			/* all modes say yes: another rule */
	ACCESS_WRITE,			/* the file may not be written */
	ACCESS_MAKE,			/* nothing may be made in the folder */
	ACCESS_NO_FOLDER,		/* the folder is not there */
	ACCESS_NO_FILE,			/* something else has the name */
	ACCESS_READ_ONLY,		/* the file system is */
	ACCESS_NO_DIRECTORY,		/* a file has a folder's name */
	ACCESS_FIXED,			/* nobody may change it: chattr +i */
	ACCESS_ELSE_WRITE,		/* as ACCESS_ELSE, for writing */
	ACCESS_FOREIGN,			/* its owner cannot be kept */
};

struct access_finding {
	enum access_kind kind;
	char *path;			/* which one says no; else NULL */
};

/* Does something say no? */
bool access_is_refused(const struct access_finding *finding);

/* May this process read the file, or list the folder? */
struct access_finding access_try(const char *path);

/* May this process write the file, which need not be there yet?  Nothing is
 * opened or made.  What only the attempt would show (a full disk, a quota, a
 * pipe that nobody reads, whose file or link it is in a folder with the sticky
 * bit) is taken as granted. */
struct access_finding access_try_append(const char *path);
/* And one that gives way to a new one under its name (by rename)? */
struct access_finding access_try_renew(const char *path);
/* And one in whose place files_replace puts another, which is to have its owner
 * and group? */
struct access_finding access_try_replace(const char *path);
/* May something be made under that name (a socket)?  No link is followed. */
struct access_finding access_try_make(const char *path);

/* What access_try (access_try_as) or `ask` says for another user, of `count`
 * paths; to be asked as root by a process without threads: a child becomes that
 * user.  Returns a finding for each path (free them by access_findings_free).
 * What it cannot find out in some seconds (a file server that does not answer)
 * is taken as granted; of a user that does not exist, or when this is not root,
 * nothing is. */
struct access_finding *access_try_as(const char *user,
    const char *const *paths, size_t count);
struct access_finding *access_ask_as(const char *user,
    struct access_finding (*ask)(const char *path),
    const char *const *paths, size_t count);
void access_findings_free(struct access_finding *findings, size_t count);

/* "the user 'nobody' may not enter the folder /home/kim" and "let it, say:
 * setfacl -m u:nobody:x /home/kim"; the caller frees them.  For
 * what is refused. */
char *access_say(const struct access_finding *finding, const char *user);
char *access_mend(const struct access_finding *finding, const char *user);

#endif
