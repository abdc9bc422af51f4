/* SPDX-License-Identifier: BSD-2-Clause */
/* hold - a kernel that takes as long as somebody wants to watch a folder.
 *
 * Preloaded into a program it puts itself in front of inotify_add_watch(2): the
 * first call waits until somebody has opened the pipe (fifo(7)) that HOLD_PIPE
 * names for writing, and has closed it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_flag was_held = ATOMIC_FLAG_INIT;

static void
hold(void)
{
	const char *path = getenv("HOLD_PIPE");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char byte;

	if (fd < 0)
		return;
	while (read(fd, &byte, 1) > 0)
		continue;
	close(fd);
}

int
inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	if (!atomic_flag_test_and_set(&was_held))
		hold();
	return (int)syscall(SYS_inotify_add_watch, fd, path, mask);
}
