/* SPDX-License-Identifier: BSD-2-Clause */
/* rights.h - from root to the user that hostler runs as.
 *
 * The order matters: bind, drop, then read files and start threads, so that
 * every thread has the same few rights.  CAP_NET_BIND_SERVICE stays, for
 * addresses that a reload adds; CAP_DAC_READ_SEARCH, the right to read every
 * file, where it is asked for.
 */
#ifndef HOSTLER_SYS_RIGHTS_H
#define HOSTLER_SYS_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

enum rights_reading {
	RIGHTS_READ_AS_USER,		/* what the user may */
	RIGHTS_READ_ALL,
};

bool rights_user_exists(const char *user);

/* Who we are: the name of this process's user, or its number.  Looked up once
 * after the process became that user. */
const char *rights_user(void);

/* Become user for good, its groups too, with no capability but those named
 * above, and none that a program we started could get.  Before any thread is
 * started.  False: *wrong says why (free it), and the process may be half way:
 * end it. */
bool rights_drop(const char *user, enum rights_reading reading,
    char **wrong);

/* The same for who is not root and stays who he is: what the starter (setcap,
 * systemd) gave beyond those capabilities goes. */
void rights_shed(enum rights_reading reading);

/* Has this process the right that RIGHTS_READ_ALL is about? */
bool rights_read_all(void);

/* No new rights by any program we could start; no core files, no debugger of
 * another process of this user. */
void rights_harden(void);

/* What a process may (of ours, now), for people: names of capabilities as
 * capabilities(7) has them in lower case, with blanks between; "" for none,
 * "all" for all that there are.  The caller frees it. */
char *rights_capabilities(void);

enum rights_folder {
	RIGHTS_FOLDER_THERE,
	RIGHTS_FOLDER_MADE,
	RIGHTS_FOLDER_FAILED,		/* errno says why */
};

/* Make the folder that path lies in, where it is missing and the one above it
 * is not, and give it to user (NULL: to us): the daemon makes its socket there
 * after it has dropped root's rights. */
enum rights_folder rights_give_folder(const char *path, const char *user);

/* The folder that path lies in, which is ours by its name, becomes user's: one
 * that an earlier start made may be another user's.  False: it stays whose it
 * was. */
bool rights_take_folder(const char *path, const char *user);

#endif
