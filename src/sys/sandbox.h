/* SPDX-License-Identifier: BSD-2-Clause */
/* sandbox.h - what this process will never need, it cannot do any more.
 *
 * Two walls, each by itself: Landlock takes away writing outside some places
 * and executing anything (landlock.h), a seccomp filter every system call that
 * a DNS server has no use for (syscalls.h).  Reading files stays free: a source
 * may lie anywhere, and a reload may name another one.
 *
 * The one rule: enter it after rights were dropped and before threads are
 * started and files are read; a thread has the walls of the thread that started
 * it.  There is no way back out.
 *
 * A wall that this kernel or this build has not is no error: the process goes
 * on without, and the state says so.
 */
#ifndef HOSTLER_SYS_SANDBOX_H
#define HOSTLER_SYS_SANDBOX_H

#include "sys/landlock.h"

enum sandbox_wall {
	SANDBOX_OFF,			/* nobody asked for it */
	SANDBOX_ON,
	SANDBOX_NOT_BUILT,		/* left out at configure */
	SANDBOX_NO_KERNEL,		/* the kernel has it not, or refuses */
};

struct sandbox_state {
	enum sandbox_wall seccomp;
	enum sandbox_wall landlock;
	int landlock_abi;		/* the kernel's; 0: it has none */
};

/* For good, and for this thread and those that it starts.  The process must
 * have no_new_privs (rights_harden). */
void sandbox_enter(const struct landlock_places *places,
    struct sandbox_state *state);

/* "off", "on", "not built", "not in this kernel". */
const char *sandbox_wall_word(enum sandbox_wall wall);

#endif
