/* SPDX-License-Identifier: BSD-2-Clause */
/* check_sandbox.c - both walls, tried from inside by a child each: what is
 * forbidden fails, and would not fail outside; what the daemon does works. */
#include "config.h"

#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <ifaddrs.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/files.h"
#include "sys/landlock.h"
#include "sys/rights.h"
#include "sys/sandbox.h"
#include "sys/syscalls.h"

#define NO_WALL 250			/* beyond every errno that is met */
#define OTHERWISE 251

/* ---- own/ may be written, other/ not ---- */

static char top[] = "/tmp/check_sandbox.XXXXXX";

static void
write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	ck_assert_int_eq(fclose(out), 0);
}

static void
start(void)
{
	ck_assert_ptr_nonnull(mkdtemp(top));
	ck_assert_int_eq(chdir(top), 0);
	ck_assert_int_eq(mkdir("own", 0755), 0);
	ck_assert_int_eq(mkdir("own/below", 0755), 0);
	ck_assert_int_eq(mkdir("other", 0755), 0);
	write_file("own/old", "old\n");
	write_file("other/old", "old\n");
	write_file("log", "old\n");
}

static int
remove_entry(const char *path, const struct stat *status, int type,
    struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
stop(void)
{
	ck_assert_int_eq(nftw(top, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* ---- children ---- */

/* An act returns 0 or errno; what enters a wall 0 or NO_WALL. */

static char *own[] = {"own", "missing", "log"};
static const struct landlock_places places = {own, 3};

static int
stay_outside(void)
{
	return 0;
}

static int
enter_both(void)
{
	struct sandbox_state state;

	rights_harden();
	sandbox_enter(&places, &state);
	return state.seccomp == SANDBOX_ON && state.landlock == SANDBOX_ON ?
	    0 : NO_WALL;
}

static int
enter_landlock(void)
{
	int abi = landlock_abi();

	rights_harden();
	return abi > 0 && landlock_enter(abi, &places) == LANDLOCK_ENTERED ?
	    0 : NO_WALL;
}

static int
enter_filter(void)
{
	rights_harden();
	return syscalls_limit() == SYSCALLS_LIMITED ? 0 : NO_WALL;
}

/* What the act came to in a child behind these walls. */
static int
try_behind(int (*wall)(void), int (*act)(void))
{
	pid_t child = fork();
	int status, wrong;

	if (child == 0) {
		wrong = wall();
		_exit(wrong ? wrong : act());
	}
	ck_assert_int_gt(child, 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : OTHERWISE;
}

/* errno of what returned -1 */
static int
note(long result)
{
	return result < 0 ? errno : 0;
}

static int
open_and_close(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0644);
	int wrong = note(fd);

	if (fd >= 0)
		close(fd);
	return wrong;
}

/* ---- acts on files ---- */

static int
write_other(void)
{
	return open_and_close("other/old", O_WRONLY);
}

static int
append_other(void)
{
	return open_and_close("other/old", O_RDWR | O_APPEND);
}

static int
cut_other(void)
{
	return open_and_close("other/old", O_RDONLY | O_TRUNC);
}

static int
create_other(void)
{
	return open_and_close("other/new", O_WRONLY | O_CREAT | O_EXCL);
}

static int
remove_other(void)
{
	return note(unlink("other/old"));
}

static int
rename_other(void)
{
	return note(rename("other/old", "other/older"));
}

static int
rename_out(void)
{
	return note(rename("own/old", "other/taken"));
}

static int
rename_in(void)
{
	return note(rename("other/old", "own/taken"));
}

static int
make_folder(void)
{
	return note(mkdir("other/folder", 0755));
}

static int
make_link(void)
{
	return note(symlink("/etc/passwd", "own/link"));
}

static int
make_pipe(void)
{
	return note(mkfifo("own/pipe", 0600));
}

static int
execute(void)
{
	return note(execl("/bin/true", "true", (char *)NULL));
}

/* ---- acts of the kernel's other parts ---- */

static int
start_process(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return note(child);
}

static int
trace(void)
{
	return note(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int
signal_parent(void)
{
	return note(kill(getppid(), 0));
}

static int
open_socket(int family, int type, int protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);
	int wrong = note(fd);

	if (fd >= 0)
		close(fd);
	return wrong;
}

static int
open_packet(void)
{
	return open_socket(AF_PACKET, SOCK_DGRAM, 0);
}

static int
open_raw(void)
{
	return open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int
open_kernel_events(void)
{
	return open_socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);
}

static int
map_both(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? errno : 0;
}

static int
make_executable(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return note(mprotect(at, 4096, PROT_READ | PROT_EXEC));
}

static int
loosen_security(void)
{
	return note(prctl(PR_SET_SECUREBITS, 0L, 0L, 0L, 0L));
}

static int
change_user(void)
{
	return note(setuid(getuid()));
}

static int
mount_it(void)
{
	return note(mount("none", "/nonexistent", "tmpfs", 0, NULL));
}

static int
leave_namespaces(void)
{
	return note(unshare(CLONE_NEWUSER));
}

static int
enter_namespace(void)
{
	return note(setns(-1, 0));
}

static int
load_program(void)
{
	return note(syscall(SYS_bpf, 9999, NULL, 0));
}

static int
load_module(void)
{
	return note(syscall(SYS_init_module, NULL, 0UL, ""));
}

static int
read_keys(void)
{
	return note(syscall(SYS_keyctl, 9999, 0, 0, 0, 0));
}

static int
watch_processor(void)
{
	return note(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0UL));
}

static int
handle_faults(void)
{
	return note(syscall(SYS_userfaultfd, -1));
}

static int
write_memory(void)
{
	return note(syscall(SYS_process_vm_writev, getppid(), NULL, 0UL,
	    NULL, 0UL, 0UL));
}

static int
change_root(void)
{
	return note(chroot("/nonexistent"));
}

static int
clone_unseen(void)
{
	return note(syscall(SYS_clone3, NULL, 0UL));
}

static int
make_ring(void)
{
	return note(syscall(SYS_io_uring_setup, 1, NULL));
}

/* Of a kernel to come. */
static int
call_newest(void)
{
	return note(syscall(500));
}

enum outside {
	WOULD_WORK,			/* or fail in another way */
	NEEDS_RIGHTS,			/* that we may not have outside */
	SAME,				/* in this kernel */
};

struct forbidden {
	const char *what;
	int (*act)(void);
	int wrong;
	enum outside outside;
};

static const struct forbidden by_landlock[] = {
	{"write to a file", write_other, EACCES, WOULD_WORK},
	{"append to a file", append_other, EACCES, WOULD_WORK},
	{"make a file", create_other, EACCES, WOULD_WORK},
	{"remove a file", remove_other, EACCES, WOULD_WORK},
	{"rename a file", rename_other, EACCES, WOULD_WORK},
	{"make a folder", make_folder, EACCES, WOULD_WORK},
	{"make a link", make_link, EACCES, WOULD_WORK},
	{"make a pipe", make_pipe, EACCES, WOULD_WORK},
	{"execute", execute, EACCES, WOULD_WORK},
};

static const struct forbidden by_filter[] = {
	{"execute", execute, EPERM, WOULD_WORK},
	{"start a process", start_process, EPERM, WOULD_WORK},
	{"make a folder", make_folder, EPERM, WOULD_WORK},
	{"make a link", make_link, EPERM, WOULD_WORK},
	{"make a pipe", make_pipe, EPERM, WOULD_WORK},
	{"be traced", trace, EPERM, WOULD_WORK},
	{"signal another process", signal_parent, EPERM, WOULD_WORK},
	{"raw socket", open_raw, EPERM, NEEDS_RIGHTS},
	{"packet socket", open_packet, EPERM, NEEDS_RIGHTS},
	{"other netlink", open_kernel_events, EPERM, WOULD_WORK},
	{"writable and executable", map_both, EPERM, WOULD_WORK},
	{"made executable", make_executable, EPERM, WOULD_WORK},
	{"security bits", loosen_security, EPERM, NEEDS_RIGHTS},
	{"setuid", change_user, EPERM, WOULD_WORK},
	{"mount", mount_it, EPERM, NEEDS_RIGHTS},
	{"user namespace", leave_namespaces, EPERM, NEEDS_RIGHTS},
	{"enter a namespace", enter_namespace, EPERM, WOULD_WORK},
	{"bpf", load_program, EPERM, NEEDS_RIGHTS},
	{"module", load_module, EPERM, NEEDS_RIGHTS},
	{"keyctl", read_keys, EPERM, WOULD_WORK},
	{"perf", watch_processor, EPERM, WOULD_WORK},
	{"userfaultfd", handle_faults, EPERM, NEEDS_RIGHTS},
	{"another's memory", write_memory, EPERM, NEEDS_RIGHTS},
	{"chroot", change_root, EPERM, NEEDS_RIGHTS},
	{"clone3", clone_unseen, ENOSYS, WOULD_WORK},
	{"io_uring", make_ring, ENOSYS, WOULD_WORK},
	{"a call to come", call_newest, ENOSYS, SAME},
};

static void
check_forbidden(const struct forbidden *list, size_t count,
    int (*wall)(void))
{
	for (size_t i = 0; i < count; i++) {
		int inside = try_behind(wall, list[i].act);

		ck_assert_msg(inside == list[i].wrong, "%s: %s, not %s",
		    list[i].what, strerror(inside), strerror(list[i].wrong));
		if (list[i].outside != WOULD_WORK)
			continue;
		inside = try_behind(stay_outside, list[i].act);
		ck_assert_msg(inside != list[i].wrong, "%s: %s outside too",
		    list[i].what, strerror(inside));
		stop();
		memcpy(strchr(top, '.'), ".XXXXXX", 7);
		start();
	}
}

#define CHECK_FORBIDDEN(list, wall) \
	check_forbidden(list, sizeof list / sizeof *list, wall)

/* ---- what works ---- */

static int
read_anywhere(void)
{
	struct files_content file;
	DIR *root = opendir("/");
	const char *wrong = files_read("/etc/passwd", 1 << 20, &file);

	if (!root || !readdir(root) || wrong)
		return OTHERWISE;
	files_release(&file);
	closedir(root);
	return open_and_close("other/old", O_RDONLY);
}

static int
write_own(void)
{
	if (files_replace("own/old", "new\n", 4) ||
	    files_replace("own/new", "new\n", 4) ||
	    files_replace("own/below/new", "new\n", 4))
		return OTHERWISE;
	return open_and_close("own/new", O_WRONLY | O_TRUNC) +
	    note(unlink("own/new")) + note(rename("own/old", "own/older"));
}

/* A file by itself; nothing beside it. */
static int
write_log(void)
{
	return open_and_close("log", O_WRONLY | O_APPEND) +
	    open_and_close("log", O_WRONLY | O_TRUNC);
}

static int
make_beside(void)
{
	return open_and_close("beside", O_WRONLY | O_CREAT);
}

static int
listen_own(void)
{
	struct sockaddr_un name = {AF_UNIX, "own/ctl"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return note(bind(fd, (struct sockaddr *)&name, sizeof name)) +
	    note(chmod("own/ctl", 0660)) + note(listen(fd, 1)) +
	    note(unlink("own/ctl"));
}

static void *
count_up(void *context)
{
	atomic_fetch_add((_Atomic int *)context, 1);
	return NULL;
}

static int
start_threads(void)
{
	_Atomic int count = 0;
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, count_up, &count) != 0)
			return OTHERWISE;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return count == 4 ? 0 : OTHERWISE;
}

static int
talk(int family, int type)
{
	struct sockaddr_storage name = {.ss_family = (sa_family_t)family};
	socklen_t length = sizeof name;
	int server = socket(family, type | SOCK_CLOEXEC, 0);
	int client = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct mmsghdr message = {0};

	if (family == AF_INET)
		((struct sockaddr_in *)&name)->sin_addr.s_addr =
		    htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&name)->sin6_addr = in6addr_loopback;
	if (bind(server, (struct sockaddr *)&name, sizeof name) != 0)
		return errno == EADDRNOTAVAIL ? 0 : errno;
	if ((type == SOCK_STREAM && listen(server, 1) != 0) ||
	    getsockname(server, (struct sockaddr *)&name, &length) != 0)
		return errno;
	if (connect(client, (struct sockaddr *)&name, length) != 0 &&
	    errno != EINPROGRESS)
		return errno;
	if (type == SOCK_STREAM)
		return note(accept4(server, NULL, NULL, SOCK_CLOEXEC));
	return note(sendmmsg(client, &message, 1, 0)) +
	    note(recvmmsg(server, &message, 1, 0, NULL));
}

static int
use_network(void)
{
	struct ifaddrs *list;
	int wrong = talk(AF_INET, SOCK_DGRAM) + talk(AF_INET, SOCK_STREAM) +
	    talk(AF_INET6, SOCK_DGRAM) + talk(AF_INET6, SOCK_STREAM);

	if (wrong)
		return wrong;
	if (getifaddrs(&list) != 0)
		return errno;
	freeifaddrs(list);
	return 0;
}

static int
wait_for_events(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	int loop = epoll_create1(EPOLL_CLOEXEC);
	int bell = eventfd(1, EFD_CLOEXEC);
	int watch = inotify_init1(IN_CLOEXEC);

	return note(loop) + note(bell) + note(watch) +
	    note(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) +
	    note(inotify_add_watch(watch, "other", IN_MODIFY)) +
	    note(epoll_ctl(loop, EPOLL_CTL_ADD, bell, &event)) +
	    (epoll_wait(loop, &event, 1, 1000) == 1 ? 0 : OTHERWISE);
}

/* A bug's end is the signal that a supervisor knows. */
static int
die(void)
{
	signal(SIGABRT, SIG_DFL);
	abort();
}

static int (*const allowed[])(void) = {read_anywhere, write_own, write_log,
    listen_own, start_threads, use_network, wait_for_events};

static void
check_allowed(int (*wall)(void))
{
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
		int inside = try_behind(wall, allowed[i]);

		ck_assert_msg(inside == 0, "%zu: %s", i, strerror(inside));
	}
	ck_assert_int_eq(try_behind(wall, die), OTHERWISE);
}

/* ---- the cases ---- */

/* Without the wall nothing is left to try, and the state must say so. */
static bool
stands(int (*wall)(void), bool there)
{
	int inside = try_behind(wall, stay_outside);

	ck_assert_int_eq(inside, there ? 0 : NO_WALL);
	return there;
}

#ifdef HAVE_SECCOMP
#define FILTER_BUILT true
#else
#define FILTER_BUILT false
#endif

START_TEST(landlock)
{
	if (!stands(enter_landlock, landlock_abi() > 0))
		return;
	CHECK_FORBIDDEN(by_landlock, enter_landlock);
	check_allowed(enter_landlock);
	ck_assert_int_eq(try_behind(enter_landlock, make_beside), EACCES);
	ck_assert_int_ne(try_behind(enter_landlock, rename_out), 0);
	ck_assert_int_ne(try_behind(enter_landlock, rename_in), 0);
	ck_assert_int_eq(try_behind(enter_landlock, cut_other),
	    landlock_abi() >= 3 ? EACCES : 0);
}
END_TEST

START_TEST(filter)
{
	if (!stands(enter_filter, FILTER_BUILT))
		return;
	CHECK_FORBIDDEN(by_filter, enter_filter);
	check_allowed(enter_filter);
}
END_TEST

START_TEST(both)
{
	if (!stands(enter_both, FILTER_BUILT && landlock_abi() > 0))
		return;
	CHECK_FORBIDDEN(by_filter, enter_both);
	ck_assert_int_eq(try_behind(enter_both, write_other), EACCES);
	ck_assert_int_eq(try_behind(enter_both, create_other), EACCES);
	check_allowed(enter_both);
}
END_TEST

/* A thread has the walls of the one that started it. */
static int
in_thread(void *(*run)(void *))
{
	void *result = NULL;
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL) != 0)
		return OTHERWISE;
	pthread_join(thread, &result);
	return (int)(intptr_t)result;
}

static void *
execute_there(void *context)
{
	(void)context;
	return (void *)(intptr_t)execute();
}

static void *
write_there(void *context)
{
	(void)context;
	return (void *)(intptr_t)write_other();
}

static int
execute_in_thread(void)
{
	return in_thread(execute_there);
}

static int
write_in_thread(void)
{
	return in_thread(write_there);
}

START_TEST(threads)
{
	if (stands(enter_filter, FILTER_BUILT))
		ck_assert_int_eq(try_behind(enter_filter, execute_in_thread),
		    EPERM);
	if (stands(enter_landlock, landlock_abi() > 0))
		ck_assert_int_eq(try_behind(enter_landlock, write_in_thread),
		    EACCES);
}
END_TEST

START_TEST(words)
{
	ck_assert_str_eq(sandbox_wall_word(SANDBOX_OFF), "off");
	ck_assert_str_eq(sandbox_wall_word(SANDBOX_ON), "on");
	ck_assert_str_eq(sandbox_wall_word(SANDBOX_NOT_BUILT), "not built");
	ck_assert_str_eq(sandbox_wall_word(SANDBOX_NO_KERNEL),
	    "not in this kernel");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sandbox");
	TCase *tests = tcase_create("sandbox");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, start, stop);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, landlock);
	tcase_add_test(tests, filter);
	tcase_add_test(tests, both);
	tcase_add_test(tests, threads);
	tcase_add_test(tests, words);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
