/* SPDX-License-Identifier: BSD-2-Clause */
/* broken - a disk that does not let a file be read for a while.
 *
 * Preloaded into a program it puts itself in front of read(2) and pread(2): as
 * long as the file that BROKEN_SIGN names is there, what is read of a file
 * whose name ends in BROKEN_FILE is an input/output error, behind its first
 * 100,000 bytes where it has as many.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GOOD_BYTES 100000

static int
is_broken(int fd)
{
	const char *sign = getenv("BROKEN_SIGN"), *end = getenv("BROKEN_FILE");
	char link[64], path[4096];
	ssize_t length;

	if (!sign || !end || access(sign, F_OK) != 0)
		return 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof path - 1);
	if (length < (ssize_t)strlen(end))
		return 0;
	path[length] = '\0';
	return strcmp(path + length - strlen(end), end) == 0;
}

ssize_t
read(int fd, void *bytes, size_t length)
{
	if (is_broken(fd)) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_read, fd, bytes, length);
}

ssize_t
pread(int fd, void *bytes, size_t length, off_t at)
{
	if (at >= GOOD_BYTES && is_broken(fd)) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_pread64, fd, bytes, length, at);
}

ssize_t pread64(int fd, void *bytes, size_t length, off_t at)
    __attribute__((alias("pread")));
