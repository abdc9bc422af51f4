/* SPDX-License-Identifier: BSD-2-Clause */
/* notify.h - what a service manager wants to know (sd_notify(3)).  Without
 * libsystemd, or without a manager that asks, these do nothing.
 */
#ifndef HOSTLER_SYS_NOTIFY_H
#define HOSTLER_SYS_NOTIFY_H

#include <sys/types.h>

void notify_ready(void);	/* every socket answers; a reload is over */
void notify_reloading(void);
void notify_stopping(void);
/* The service's main process is another from now on. */
void notify_main_process(pid_t pid);

/* Listening sockets that the manager passed to this process: those of a .socket
 * unit, and those that were stored before a restart.  Each is given to the
 * hook, who owns the descriptor; name is what the manager calls it.  Once: the
 * environment is cleaned. */
void notify_take_sockets(void (*give)(void *context, int fd,
    const char *name), void *context);

/* Have the manager keep these sockets open for the next start
 * (FileDescriptorStoreMax= says how many it takes), all by one name; or forget
 * those of that name.  What it has already it does not take twice. */
void notify_store(const char *name, const int *fds, unsigned count);
void notify_forget(const char *name);

#endif
