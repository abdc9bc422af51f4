/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "sys/syscalls.h"

#ifdef HAVE_SECCOMP

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <linux/netlink.h>
#include <unistd.h>

/* Names, not numbers: one that this machine has not (stat64, time) is passed
 * over. */
static const char *const allowed[] = {
    /* bytes, in files and sockets */
    "read", "readv", "pread64", "preadv", "preadv2", "write", "writev",
    "pwrite64", "pwritev", "pwritev2", "lseek", "_llseek", "close",
    "close_range", "dup", "dup2", "dup3", "fcntl", "fcntl64", "fadvise64",
    "fadvise64_64", "arm_fadvise64_64", "flock", "fsync", "fdatasync",
    "ftruncate", "ftruncate64", "pipe", "pipe2", "sendfile", "sendfile64",
    /* files by name: Landlock says where they may be written */
    "open", "openat", "stat", "stat64", "lstat", "lstat64", "fstat",
    "fstat64", "newfstatat", "fstatat64", "statx", "statfs", "statfs64",
    "fstatfs", "fstatfs64", "access", "faccessat", "faccessat2", "readlink",
    "readlinkat", "getdents", "getdents64", "getcwd", "umask", "rename",
    "renameat", "renameat2", "unlink", "unlinkat", "chmod", "fchmod",
    "fchmodat", "fchown", "fchown32", "getxattr", "lgetxattr", "fgetxattr",
    "fsetxattr", "inotify_init", "inotify_init1", "inotify_add_watch",
    "inotify_rm_watch",
    /* sockets; which ones, say_sockets() */
    "bind", "listen", "accept", "accept4", "connect", "getsockname",
    "getpeername", "getsockopt", "setsockopt", "send", "recv", "sendto",
    "recvfrom", "sendmsg", "recvmsg", "sendmmsg",
    "recvmmsg", "recvmmsg_time64", "shutdown",
    /* loops and timers */
    "poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6",
    "pselect6_time64", "epoll_create", "epoll_create1", "epoll_ctl",
    "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2",
    "timerfd_create", "timerfd_settime", "timerfd_settime64", "timerfd_gettime",
    "timerfd_gettime64", "clock_gettime", "clock_gettime64", "clock_getres",
    "clock_getres_time64", "clock_nanosleep", "clock_nanosleep_time64",
    "nanosleep", "gettimeofday", "time", "times",
    /* memory; mmap and mprotect, say_memory() */
    "munmap", "mremap", "brk", "madvise", "membarrier", "mincore",
    /* threads and signals; new threads, say_threads() */
    "futex", "futex_time64", "set_robust_list", "get_robust_list", "rseq",
    "set_tid_address", "exit", "exit_group", "restart_syscall",
    "sched_yield", "sched_getaffinity", "sched_setaffinity",
    "sched_getparam", "sched_getscheduler", "getcpu", "rt_sigaction",
    "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigsuspend",
    "rt_sigtimedwait", "rt_sigtimedwait_time64", "sigaction", "sigprocmask",
    "sigreturn", "sigaltstack", "signalfd", "signalfd4", "pause",
    /* who and where we are */
    "getpid", "getppid", "gettid", "getuid", "getuid32", "geteuid",
    "geteuid32", "getgid", "getgid32", "getegid", "getegid32", "getresuid",
    "getresuid32", "getresgid", "getresgid32", "getgroups", "getgroups32",
    "getpgrp", "capget", "uname", "sysinfo", "getrusage", "getrlimit",
    "ugetrlimit", "getrandom",
#ifdef SANITIZED
    /* the sanitizers' leak check and reports */
    "wait4", "process_vm_readv", "arch_prctl",
#endif
    NULL,
};

/* What C libraries try first and do without when it is not there: ENOSYS sends
 * them to the older call.  clone3 hides its flags from any filter. */
static const char *const unknown[] = {
    "clone3", "openat2", "futex_waitv", "set_mempolicy_home_node",
    "mlock2", "copy_file_range", "memfd_create", "io_uring_setup",
    NULL,
};

/* So are all that are newer than libseccomp's names; from here on the numbers
 * are those of every architecture. */
#define NEWER_FIRST 451
#define NEWER_LAST 511

#if defined(__s390__)
#define CLONE_FLAGS 1			/* which argument of clone */
#else
#define CLONE_FLAGS 0
#endif

#define SOCKET_TYPE 0xf			/* the rest is SOCK_CLOEXEC and such */

/* ---- rules ---- */

static struct scmp_arg_cmp
test_equal(unsigned argument, unsigned long value)
{
	return (struct scmp_arg_cmp){.arg = argument, .op = SCMP_CMP_EQ,
	    .datum_a = value};
}

static struct scmp_arg_cmp
test_bits(unsigned argument, unsigned long mask, unsigned long value)
{
	return (struct scmp_arg_cmp){.arg = argument,
	    .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

static bool
allow(scmp_filter_ctx filter, const char *name,
    const struct scmp_arg_cmp *tests, unsigned count)
{
	int number = seccomp_syscall_resolve_name(name);
	int wrong;

	if (number == __NR_SCMP_ERROR)
		return true;
	wrong = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, count,
	    tests);
	return wrong == 0 || wrong == -EDOM;
}

static bool
allow_if(scmp_filter_ctx filter, const char *name, struct scmp_arg_cmp test)
{
	return allow(filter, name, &test, 1);
}

/* The list of values ends with 0, which none of them is. */
static bool
allow_values(scmp_filter_ctx filter, const char *name, unsigned argument,
    const unsigned long *values)
{
	for (size_t i = 0; values[i]; i++)
		if (!allow_if(filter, name, test_equal(argument, values[i])))
			return false;
	return true;
}

static bool
say_plain(scmp_filter_ctx filter)
{
	for (size_t i = 0; allowed[i]; i++)
		if (!allow(filter, allowed[i], NULL, 0))
			return false;
	return true;
}

static bool
deny_as_unknown(scmp_filter_ctx filter, int number)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0) ==
	    0;
}

static bool
say_unknown(scmp_filter_ctx filter)
{
	for (size_t i = 0; unknown[i]; i++) {
		int number = seccomp_syscall_resolve_name(unknown[i]);

		if (number >= 0 && !deny_as_unknown(filter, number))
			return false;
	}
	for (int number = NEWER_FIRST; number <= NEWER_LAST; number++)
		if (!deny_as_unknown(filter, number))
			return false;
	return true;
}

/* No raw and no packet sockets, and of netlink the part that tells of
 * addresses and neighbours. */
static bool
say_sockets(scmp_filter_ctx filter)
{
	static const unsigned long families[] = {AF_INET, AF_INET6};
	static const unsigned long types[] = {SOCK_STREAM, SOCK_DGRAM};
	const struct scmp_arg_cmp addresses[] = {
	    test_equal(0, AF_NETLINK), test_equal(2, NETLINK_ROUTE)};
	bool good = allow_if(filter, "socket", test_equal(0, AF_UNIX)) &&
	    allow_if(filter, "socketpair", test_equal(0, AF_UNIX)) &&
	    allow(filter, "socket", addresses, 2);

	for (size_t i = 0; i < 4; i++) {
		const struct scmp_arg_cmp tests[] = {
		    test_equal(0, families[i / 2]),
		    test_bits(1, SOCKET_TYPE, types[i % 2])};

		good = good && allow(filter, "socket", tests, 2);
	}
	return good;
}

/* Nothing is to be written and then executed. */
static bool
say_memory(scmp_filter_ctx filter)
{
	static const char *const maps[] = {"mmap", "mmap2"};
	bool good = true;

	for (size_t i = 0; i < 2; i++)
		good = good && allow_if(filter, maps[i],
		    test_bits(2, PROT_WRITE, 0)) && allow_if(filter, maps[i],
		    test_bits(2, PROT_WRITE | PROT_EXEC, PROT_WRITE));
	return good && allow_if(filter, "mprotect",
	    test_bits(2, PROT_EXEC, 0)) && allow_if(filter, "pkey_mprotect",
	    test_bits(2, PROT_EXEC, 0));
}

/* A clone that is no thread would be a process. */
static bool
say_threads(scmp_filter_ctx filter)
{
	return allow_if(filter, "clone",
	    test_bits(CLONE_FLAGS, CLONE_THREAD, CLONE_THREAD)) &&
	    allow_if(filter, "tgkill",
	    test_equal(0, (unsigned long)getpid())) &&
	    allow_if(filter, "setpriority", test_equal(0, PRIO_PROCESS)) &&
	    allow_if(filter, "sched_getattr", test_equal(0, 0)) &&
	    allow_if(filter, "sched_setattr", test_equal(0, 0)) &&
	    allow_if(filter, "prlimit64", test_equal(0, 0));
}

/* ioctl: is it a terminal, how much is there to read, which interface. */
static bool
say_options(scmp_filter_ctx filter)
{
	static const unsigned long options[] = {PR_SET_NAME, PR_GET_NAME,
	    PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP,
	    PR_CAPBSET_READ,
#ifdef SANITIZED
	    PR_SET_DUMPABLE, PR_SET_PTRACER,
#endif
	    0};
	static const unsigned long requests[] = {TCGETS, TIOCGWINSZ, FIONREAD,
	    FIONBIO, FIOCLEX, SIOCGIFNAME, SIOCGIFINDEX, SIOCGIFFLAGS, 0};

	return allow_values(filter, "prctl", 0, options) &&
	    allow_values(filter, "ioctl", 1, requests);
}

#ifdef SANITIZED
/* The leak check's helper shares our memory and holds our threads still. */
static bool
say_sanitizers(scmp_filter_ctx filter)
{
	static const unsigned long requests[] = {PTRACE_ATTACH,
	    PTRACE_DETACH, PTRACE_CONT, PTRACE_GETREGSET, PTRACE_KILL,
#ifdef PT_GETREGS
	    PTRACE_GETREGS,
#endif
	    0};

	return allow_if(filter, "clone", test_bits(CLONE_FLAGS,
	    CLONE_VM | CLONE_VFORK, CLONE_VM)) &&
	    allow_values(filter, "ptrace", 0, requests);
}
#else
static bool
say_sanitizers(scmp_filter_ctx filter)
{
	(void)filter;
	return true;
}
#endif

/* A search tree of the numbers, not a list: some calls are made a million times
 * a second.  No stranger's code runs in here that could guess at memory, so
 * the processor may go on speculating. */
static bool
set_up(scmp_filter_ctx filter)
{
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	return say_plain(filter) && say_unknown(filter) &&
	    say_sockets(filter) && say_memory(filter) &&
	    say_threads(filter) && say_options(filter) &&
	    say_sanitizers(filter);
}

enum syscalls_outcome
syscalls_limit(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool limited;

	if (!filter)
		return SYSCALLS_REFUSED;
	limited = set_up(filter) && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return limited ? SYSCALLS_LIMITED : SYSCALLS_REFUSED;
}

#else

enum syscalls_outcome
syscalls_limit(void)
{
	return SYSCALLS_NOT_BUILT;
}

#endif
