/* SPDX-License-Identifier: BSD-2-Clause */
/* rights.h - from root to the user that hostler runs as.
 *
 * The order matters: bind, drop, then read files and start threads, so that
 * every thread has the same few rights.  CAP_NET_BIND_SERVICE stays, for
 * addresses that a reload adds.
 */
#ifndef HOSTLER_SYS_RIGHTS_H
#define HOSTLER_SYS_RIGHTS_H

#include <stdbool.h>

bool rights_user_exists(const char *user);

/* Become user for good, its groups too, with no capability but
 * CAP_NET_BIND_SERVICE.  Before any thread is started.  False: *wrong says why
 * (free it), and the process may be half way: end it. */
bool rights_drop(const char *user, char **wrong);

/* No new rights by any program we could start, no core files. */
void rights_harden(void);

/* Make the folder that path lies in, where it is missing, and give it to user:
 * the daemon makes its socket there after it has dropped root's rights. */
void rights_give_folder(const char *path, const char *user);

/* Could user read this file (or list this folder)?  Asked as root by a process
 * without threads; a child of its own tries, for some seconds at most. */
bool rights_can_read(const char *user, const char *path);

#endif
