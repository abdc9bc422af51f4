/* SPDX-License-Identifier: BSD-2-Clause */
/* notify.h - what a service manager wants to know (sd_notify(3)).  Without
 * libsystemd, or without a manager that asks, these do nothing.
 */
#ifndef HOSTLER_SYS_NOTIFY_H
#define HOSTLER_SYS_NOTIFY_H

void notify_ready(void);	/* every socket answers; a reload is over */
void notify_reloading(void);
void notify_stopping(void);

#endif
