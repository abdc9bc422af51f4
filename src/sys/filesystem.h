/* SPDX-License-Identifier: BSD-2-Clause */
/* filesystem.h - file systems that somebody else changes behind this kernel's
 * back. */
#ifndef HOSTLER_SYS_FILESYSTEM_H
#define HOSTLER_SYS_FILESYSTEM_H

#include <stdbool.h>
#include <stdint.h>

/* Whether inotify is blind to (some) changes on this type of file system, by
 * f_type of statfs(2): network and cluster file systems, 9p, FUSE (virtiofs
 * too), shared folders of VirtualBox and VMware. */
bool filesystem_is_blind(uint32_t filesystem);

#endif
