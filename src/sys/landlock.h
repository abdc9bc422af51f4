/* SPDX-License-Identifier: BSD-2-Clause */
/* landlock.h - no writing outside some places, no executing: Linux's Landlock
 * (5.13 and later), by its system calls.
 *
 * What the kernel knows grows from ABI to ABI (truncate is 3, device ioctls 5,
 * signals to other processes 6); all that it knows and that is of use is taken
 * away.  Files and sockets that are open already are not touched.
 */
#ifndef HOSTLER_SYS_LANDLOCK_H
#define HOSTLER_SYS_LANDLOCK_H

#include <stddef.h>

/* Folders that may be written in, and in what lies below them, and files that
 * may be written; what does not exist is passed over. */
struct landlock_places {
	char **paths;
	size_t count;
};

/* 0: this kernel has no Landlock, or it was switched off at boot. */
int landlock_abi(void);

enum landlock_outcome {
	LANDLOCK_ENTERED,
	LANDLOCK_REFUSED,
};

/* For this thread and those that it starts, which need no_new_privs. */
enum landlock_outcome landlock_enter(int abi,
    const struct landlock_places *places);

#endif
