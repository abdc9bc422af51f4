/* SPDX-License-Identifier: BSD-2-Clause */
/* syscalls.h - the system calls that a DNS server needs, and no others: a
 * seccomp filter, by libseccomp.
 *
 * A call that is not on the list fails with EPERM, or with ENOSYS where a C
 * library tries something newer first; nothing is killed.  What the list is
 * for, group by group, stands in syscalls.c: who adds a call to the program
 * adds it there.  Some are let through with some arguments alone: sockets of
 * the families UNIX, IPv4, IPv6 and rtnetlink, new threads but not processes,
 * no memory that is writable and executable.
 *
 * Programs for another architecture of the same machine (32-bit calls) find
 * none of their calls.
 */
#ifndef HOSTLER_SYS_SYSCALLS_H
#define HOSTLER_SYS_SYSCALLS_H

enum syscalls_outcome {
	SYSCALLS_LIMITED,
	SYSCALLS_NOT_BUILT,		/* configured --without-seccomp */
	SYSCALLS_REFUSED,		/* by the kernel, or what contains us */
};

/* For every thread that there is, and all that they start. */
enum syscalls_outcome syscalls_limit(void);

#endif
