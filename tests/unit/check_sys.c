/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "sys/access.h"
#include "sys/files.h"
#include "sys/ifaces.h"
#include "sys/notify.h"
#include "sys/ports.h"
#include "sys/resolvconf.h"
#include "sys/rights.h"

#define NOBODY "nobody"
#define NOBODY_ID 65534u

/* ---- a folder of the test's own ---- */

static char folder[] = "/tmp/check_sys.XXXXXX";

static void
make_folder(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	/* Others are to be kept out by the files, not by this. */
	ck_assert_int_eq(chmod(folder, 0755), 0);
}

static char *
in_folder(const char *name)
{
	return memory_format("%s/%s", folder, name);
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
remove_folder(void)
{
	ck_assert_int_eq(nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS),
	    0);
}

static void
write_file(const char *name, const void *bytes, size_t length)
{
	char *path = in_folder(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
	close(fd);
	free(path);
}

/* ---- files ---- */

static const char *
read_name(const char *name, size_t max, struct files_content *file)
{
	char *path = in_folder(name);
	const char *wrong = files_read(path, max, file);

	free(path);
	return wrong;
}

static void
expect_wrong(const char *name, size_t max, const char *words)
{
	struct files_content file;
	const char *wrong = read_name(name, max, &file);

	ck_assert_msg(wrong && strstr(wrong, words), "%s: %s", name,
	    wrong ? wrong : "read");
	ck_assert_ptr_null(file.bytes);
}

START_TEST(files_are_read_whole)
{
	static char large[300000];
	struct files_content file;

	memset(large, 'x', sizeof large);
	write_file("bytes", "a\0b\n", 4);
	write_file("large", large, sizeof large);
	write_file("empty", "", 0);
	ck_assert_ptr_null(read_name("bytes", 4, &file));
	ck_assert_uint_eq(file.length, 4);
	ck_assert_mem_eq(file.bytes, "a\0b\n", 4);
	files_release(&file);
	ck_assert_ptr_null(read_name("large", 1 << 20, &file));
	ck_assert_uint_eq(file.length, sizeof large);
	ck_assert_mem_eq(file.bytes, large, sizeof large);
	files_release(&file);
	ck_assert_ptr_null(read_name("empty", 4, &file));
	ck_assert_uint_eq(file.length, 0);
	files_release(&file);
	ck_assert_ptr_null(file.bytes);
}
END_TEST

START_TEST(files_are_held_and_read_in_pieces)
{
	char *path = in_folder("bytes"), *fifo = in_folder("fifo");
	struct files_held held;
	char bytes[4];

	write_file("bytes", "0123456789", 10);
	ck_assert_ptr_null(files_hold(path, 10, &held));
	ck_assert_uint_eq(held.length, 10);
	ck_assert_ptr_null(files_fetch(&held, 6, bytes, 4));
	ck_assert_mem_eq(bytes, "6789", 4);
	ck_assert_ptr_null(files_fetch(&held, 0, bytes, 2));
	ck_assert_mem_eq(bytes, "0189", 4);
	ck_assert_ptr_null(files_fetch(&held, 10, bytes, 0));
	ck_assert_int_eq(truncate(path, 8), 0);
	ck_assert_str_eq(files_fetch(&held, 6, bytes, 4),
	    "it became shorter while it was read");
	files_let_go(&held);
	ck_assert_ptr_nonnull(strstr(files_fetch(&held, 0, bytes, 1),
	    "cannot be read"));
	ck_assert_str_eq(files_hold(path, 7, &held), "it is too large");
	ck_assert_int_eq(mkfifo(fifo, 0644), 0);
	ck_assert_str_eq(files_hold(fifo, 7, &held),
	    "it is not a regular file");
	free(fifo);
	free(path);
}
END_TEST

START_TEST(files_that_say_no_size_are_read_too)
{
	struct files_content file;

	ck_assert_ptr_null(files_read("/proc/self/status", 1 << 20, &file));
	ck_assert_uint_gt(file.length, 5);
	ck_assert_mem_eq(file.bytes, "Name:", 5);
	files_release(&file);
	ck_assert_ptr_nonnull(files_read("/proc/self/status", 20, &file));
}
END_TEST

START_TEST(files_say_what_is_wrong)
{
	char *fifo = in_folder("fifo"), *loop = in_folder("loop");
	char *sub = in_folder("sub"), *gone = in_folder("gone");

	write_file("bytes", "12345", 5);
	ck_assert_int_eq(mkfifo(fifo, 0644), 0);
	ck_assert_int_eq(mkdir(sub, 0755), 0);
	ck_assert_int_eq(symlink("loop", loop), 0);
	ck_assert_int_eq(symlink("not-there", gone), 0);
	expect_wrong("bytes", 4, "too large");
	expect_wrong("fifo", 100, "not a regular file");
	expect_wrong("sub", 100, "a folder");
	expect_wrong("loop", 100, "circle");
	expect_wrong("gone", 100, "no such file");
	expect_wrong("none", 100, "no such file");
	expect_wrong("bytes/below", 100, "not a folder");
	free(fifo);
	free(loop);
	free(sub);
	free(gone);
}
END_TEST

START_TEST(files_that_are_too_long_a_path_say_so)
{
	char name[5000];

	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	expect_wrong(name, 100, "too long");
}
END_TEST

/* Run a test as a user without rights, in a child where we are root. */
static int
run_as_nobody(int (*run)(void))
{
	const struct passwd *user = getpwnam(NOBODY);
	int status;
	pid_t child;

	ck_assert_ptr_nonnull(user);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		if (geteuid() == 0 && (setgroups(0, NULL) != 0 ||
		    setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
			_exit(99);
		_exit(run());
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
read_secret(void)
{
	struct files_content file;
	const char *wrong = read_name("secret", 100, &file);

	return wrong && strstr(wrong, "no right") ? 0 : 1;
}

START_TEST(files_without_the_right_say_so)
{
	char *path = in_folder("secret");

	write_file("secret", "x", 1);
	ck_assert_int_eq(chmod(path, 0), 0);
	ck_assert_int_eq(run_as_nobody(read_secret), 0);
	free(path);
}
END_TEST

static struct files_identity
identify_name(const char *name)
{
	struct files_identity identity;
	struct files_content file;

	ck_assert_ptr_null(read_name(name, 100, &file));
	identity = file.identity;
	files_release(&file);
	return identity;
}

START_TEST(files_tell_when_they_changed)
{
	const struct timespec times[] = {{1000000000, 0}, {1000000000, 5}};
	char *path = in_folder("hosts"), *next = in_folder("hosts.new");
	struct files_identity was, is;

	write_file("hosts", "one", 3);
	was = identify_name("hosts");
	is = identify_name("hosts");
	ck_assert(files_identity_equal(&was, &is));
	ck_assert_uint_eq(is.size, 3);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	is = identify_name("hosts");
	ck_assert_int_eq(is.modified_ns, 1000000000000000005);
	ck_assert(!files_identity_equal(&was, &is));
	write_file("hosts", "three", 5);
	was = is;
	is = identify_name("hosts");
	ck_assert(!files_identity_equal(&was, &is));
	/* As editors do it: same size and times, another file. */
	was = is;
	write_file("hosts.new", "3hree", 5);
	ck_assert_int_eq(rename(next, path), 0);
	is = identify_name("hosts");
	ck_assert_uint_ne(was.inode, is.inode);
	ck_assert(!files_identity_equal(&was, &is));
	free(path);
	free(next);
}
END_TEST

static void
expect_names(const struct files_list *list, const char *const *names,
    size_t count)
{
	ck_assert_uint_eq(list->count, count);
	for (size_t i = 0; i < count; i++) {
		char *path = in_folder(names[i]);

		ck_assert_str_eq(list->paths[i], path);
		free(path);
	}
}

START_TEST(files_of_a_folder_come_in_name_order)
{
	static const char *const passed_over[] = {"web~", ".web.swp",
	    ".hidden", "#web#", "web.swp", "web.bak", "web.orig", "web.rej",
	    "web.dpkg-dist", "web.dpkg-old", "web.rpmsave", "web.rpmnew",
	    "4913"};
	static const char *const kept[] = {"10-db", "20-web", "9-last",
	    "Upper", "dangling", "link", "swp", "web"};
	char *slashed = memory_format("%s/", folder);
	char *dangling = in_folder("dangling"), *link = in_folder("link");
	char *sub = in_folder("sub"), *fifo = in_folder("fifo");
	struct files_list list;

	for (size_t i = 0; i < sizeof passed_over / sizeof *passed_over; i++)
		write_file(passed_over[i], "x", 1);
	for (size_t i = sizeof kept / sizeof *kept; i-- > 0;)
		if (strcmp(kept[i], "dangling") && strcmp(kept[i], "link"))
			write_file(kept[i], "x", 1);
	ck_assert_int_eq(symlink("not-there", dangling), 0);
	ck_assert_int_eq(symlink("web", link), 0);
	ck_assert_int_eq(mkdir(sub, 0755), 0);
	ck_assert_int_eq(mkfifo(fifo, 0644), 0);
	ck_assert_ptr_null(files_expand(folder, &list));
	expect_names(&list, kept, sizeof kept / sizeof *kept);
	files_list_free(&list);
	ck_assert_ptr_null(files_expand(slashed, &list));
	expect_names(&list, kept, sizeof kept / sizeof *kept);
	files_list_free(&list);
	ck_assert_ptr_null(list.paths);
	free(slashed);
	free(dangling);
	free(link);
	free(sub);
	free(fifo);
}
END_TEST

START_TEST(files_expand_to_themselves)
{
	static const char *const one[] = {"web~"};
	char *path = in_folder("web~"), *none = in_folder("none");
	struct files_list list;

	write_file("web~", "x", 1);
	/* Named by itself it is meant, whatever its name. */
	ck_assert_ptr_null(files_expand(path, &list));
	expect_names(&list, one, 1);
	files_list_free(&list);
	ck_assert(files_exists(path));
	ck_assert(!files_exists(none));
	ck_assert_ptr_nonnull(strstr(files_expand(none, &list), "no such"));
	ck_assert_uint_eq(list.count, 0);
	files_list_free(&list);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_ptr_null(files_expand(folder, &list));
	ck_assert_uint_eq(list.count, 0);
	files_list_free(&list);
	free(path);
	free(none);
}
END_TEST

/* ---- ports ---- */

static struct endpoint
read_endpoint(const char *text)
{
	struct endpoint endpoint;

	ck_assert_ptr_null(endpoint_parse(&endpoint, text, strlen(text),
	    53));
	return endpoint;
}

/* A socket at this address with a port of the kernel's choice, which goes to
 * endpoint. */
static int
open_at(struct endpoint *endpoint, int type)
{
	struct sockaddr_storage storage;
	socklen_t length = endpoint_to_sockaddr(endpoint, &storage);
	int fd = socket(storage.ss_family, type | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&storage, length), 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, 1), 0);
	length = sizeof storage;
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&storage,
	    &length), 0);
	endpoint_from_sockaddr(endpoint, (struct sockaddr *)&storage);
	return fd;
}

static struct endpoint
open_any_port(const char *text, int type, int *fd)
{
	struct endpoint endpoint = read_endpoint(text);

	endpoint.port = 0;
	*fd = open_at(&endpoint, type);
	return endpoint;
}

static void
expect_holder(const struct endpoint *endpoint)
{
	struct ports_holder holder;

	ck_assert_int_eq(ports_find_holder(endpoint, &holder), PORTS_HELD);
	ck_assert_int_eq(holder.pid, getpid());
	ck_assert_str_ne(holder.program, "");
}

START_TEST(ports_name_who_holds_them)
{
	static const int types[] = {SOCK_DGRAM, SOCK_STREAM};
	struct endpoint endpoint = open_any_port("127.0.0.1", types[_i],
	    &(int){0});
	struct endpoint other = endpoint, any = read_endpoint("0.0.0.0");
	struct ports_holder holder;

	expect_holder(&endpoint);
	any.port = endpoint.port;
	expect_holder(&any);
	other.addr.bytes[3] = 77;
	ck_assert_int_eq(ports_find_holder(&other, &holder), PORTS_NOT_HELD);
	ck_assert_int_eq(holder.pid, 0);
}
END_TEST

START_TEST(ports_know_wildcards_and_ipv6)
{
	struct endpoint held, wanted = read_endpoint("127.0.0.9");
	int fd;

	held = open_any_port("0.0.0.0", SOCK_DGRAM, &fd);
	wanted.port = held.port;
	expect_holder(&wanted);
	close(fd);
	held = open_any_port("::1", SOCK_DGRAM, &fd);
	expect_holder(&held);
	close(fd);
	held = open_any_port("::ffff:127.0.0.1", SOCK_DGRAM, &fd);
	ck_assert_uint_eq(held.addr.family, 4);
	expect_holder(&held);
	close(fd);
	held = open_any_port("::", SOCK_STREAM, &fd);
	wanted.port = held.port;
	expect_holder(&wanted);
	wanted = read_endpoint("::1");
	wanted.port = held.port;
	expect_holder(&wanted);
	close(fd);
}
END_TEST

START_TEST(ports_that_are_closed_are_free)
{
	struct ports_holder holder;
	struct endpoint endpoint;
	int fd;

	endpoint = open_any_port("127.0.0.1", SOCK_STREAM, &fd);
	close(fd);
	ck_assert_int_eq(ports_find_holder(&endpoint, &holder),
	    PORTS_NOT_HELD);
}
END_TEST

START_TEST(ports_of_connections_are_in_nobodys_way)
{
	struct sockaddr_storage storage;
	struct endpoint server, client;
	struct ports_holder holder;
	socklen_t length;
	int fd, from;

	server = open_any_port("127.0.0.1", SOCK_STREAM, &fd);
	from = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	length = endpoint_to_sockaddr(&server, &storage);
	ck_assert_int_eq(connect(from, (struct sockaddr *)&storage, length),
	    0);
	length = sizeof storage;
	getsockname(from, (struct sockaddr *)&storage, &length);
	endpoint_from_sockaddr(&client, (struct sockaddr *)&storage);
	ck_assert_int_eq(ports_find_holder(&client, &holder),
	    PORTS_NOT_HELD);
	close(from);
	close(fd);
}
END_TEST

static void
expect_words(const char *address, int error, const char *const *words)
{
	struct endpoint endpoint = read_endpoint(address);
	char *text = ports_explain(&endpoint, error);

	for (; *words; words++)
		ck_assert_msg(strstr(text, *words) != NULL, "%s: '%s' in %s",
		    address, *words, text);
	free(text);
}

START_TEST(ports_explain_what_to_do)
{
	/* Nobody is there now: told by the address alone. */
	expect_words("127.0.0.53@1", EADDRINUSE, (const char *const[]){
	    "most likely", "systemd-resolved", "DNSStubListener=no", NULL});
	expect_words("127.0.0.54@1", EADDRINUSE, (const char *const[]){
	    "most likely", "systemd-resolved", NULL});
	expect_words("192.168.122.1@1", EADDRINUSE, (const char *const[]){
	    "most likely", "libvirt's dnsmasq", "virsh net-edit", NULL});
	expect_words("203.0.113.1@1", EADDRINUSE, (const char *const[]){
	    "only root can see", "ss -lntup", NULL});
	expect_words("127.0.0.1@53", EACCES, (const char *const[]){
	    "below 1024", "setcap", "root", "5300", NULL});
	expect_words("203.0.113.1", EADDRNOTAVAIL, (const char *const[]){
	    "no such address", "ip address", NULL});
	expect_words("203.0.113.1", ENOBUFS, (const char *const[]){
	    strerror(ENOBUFS), NULL});
}
END_TEST

/* Explain our own socket while we have another program's name. */
static void
expect_told(const char *program, const char *const *words)
{
	char text[ENDPOINT_TEXT], pid[32];
	struct endpoint endpoint;
	int fd;

	endpoint = open_any_port("127.0.0.1", SOCK_DGRAM, &fd);
	ck_assert_int_eq(prctl(PR_SET_NAME, program, 0, 0, 0), 0);
	snprintf(pid, sizeof pid, "(process %ld)", (long)getpid());
	endpoint_print(&endpoint, text);
	expect_words(text, EADDRINUSE, words);
	expect_words(text, EADDRINUSE, (const char *const[]){pid, NULL});
	close(fd);
}

START_TEST(ports_explain_by_the_programs_name)
{
	expect_told("systemd-resolve", (const char *const[]){
	    "in use by systemd-resolved", "DNSStubListener=no", NULL});
	expect_told("dnsmasq", (const char *const[]){"in use by dnsmasq",
	    "another address", "virsh net-edit", NULL});
	expect_told("hostler", (const char *const[]){
	    "in use by another hostler", "stop it", NULL});
	expect_told("named", (const char *const[]){"in use by named",
	    "stop it, or listen on another", NULL});
}
END_TEST

/* ---- rights ---- */

/* What only root can give away; others are told that they cannot. */
static int
drop_and_look(void)
{
	const struct passwd *user = getpwnam(NOBODY);
	cap_flag_value_t other = CAP_SET;
	cap_t capabilities;
	char *wrong = NULL;
	gid_t groups[8];
	int count;

	if (!user || !rights_drop(NOBODY, RIGHTS_READ_AS_USER, &wrong))
		return 1;
	count = getgroups(8, groups);
	if (getuid() != user->pw_uid || geteuid() != user->pw_uid ||
	    getegid() != user->pw_gid || count > 1 ||
	    (count == 1 && groups[0] != user->pw_gid))
		return 2;
	if (setuid(0) == 0 || seteuid(0) == 0)
		return 3;
	capabilities = cap_get_proc();
	for (cap_value_t c = 0; c <= CAP_LAST_CAP; c++) {
		if (c != CAP_NET_BIND_SERVICE && cap_get_flag(capabilities,
		    c, CAP_PERMITTED, &other) == 0 && other != CAP_CLEAR)
			return 4;
	}
	cap_free(capabilities);
	return 0;
}

static int
keep_binding(void)
{
	cap_flag_value_t before = CAP_CLEAR, after = CAP_CLEAR;
	cap_t capabilities = cap_get_proc();
	char *wrong = NULL;

	cap_get_flag(capabilities, CAP_NET_BIND_SERVICE, CAP_PERMITTED,
	    &before);
	cap_free(capabilities);
	if (!rights_drop(NOBODY, RIGHTS_READ_AS_USER, &wrong))
		return 1;
	capabilities = cap_get_proc();
	cap_get_flag(capabilities, CAP_NET_BIND_SERVICE, CAP_EFFECTIVE,
	    &after);
	cap_free(capabilities);
	return before == after ? 0 : 2;
}

/* The bounds of programs are gone; every file can be read, none written. */
static int
keep_reading(void)
{
	char *secret = in_folder("secret"), *wrong = NULL, *names;
	int fd;

	if (!rights_drop(NOBODY, RIGHTS_READ_ALL, &wrong))
		return 1;
	names = rights_capabilities();
	if (!strstr(names, "cap_dac_read_search") || !rights_read_all() ||
	    strstr(names, "cap_dac_override"))
		return 2;
	free(names);
	if (prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) != 0)
		return 3;
	fd = open(secret, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || open(secret, O_WRONLY | O_CLOEXEC) >= 0)
		return 4;
	close(fd);
	free(secret);
	return strcmp(rights_user(), NOBODY) == 0 ? 0 : 5;
}

static int
be_refused(void)
{
	char *wrong = NULL;
	int result = rights_drop("root", RIGHTS_READ_AS_USER, &wrong) || !wrong;

	free(wrong);
	return result;
}

static int
run_in_child(int (*run)(void))
{
	int status;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(run());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(rights_are_dropped_for_good)
{
	char *secret = in_folder("secret");

	if (geteuid() == 0) {
		ck_assert_int_eq(run_in_child(drop_and_look), 0);
		ck_assert_int_eq(run_in_child(keep_binding), 0);
		write_file("secret", "x", 1);
		ck_assert_int_eq(chmod(secret, 0600), 0);
		ck_assert_int_eq(run_in_child(keep_reading), 0);
	}
	ck_assert_int_eq(run_as_nobody(be_refused), 0);
	free(secret);
}
END_TEST

START_TEST(rights_need_a_user_that_exists)
{
	char *wrong = NULL;

	ck_assert(rights_user_exists("root"));
	ck_assert(!rights_user_exists("no-such-user-here"));
	ck_assert(!rights_drop("no-such-user-here",
	    RIGHTS_READ_AS_USER, &wrong));
	ck_assert_str_eq(wrong, "there is no such user");
	free(wrong);
}
END_TEST

START_TEST(rights_are_hardened)
{
	struct rlimit limit;

	rights_harden();
	ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &limit), 0);
	ck_assert_uint_eq(limit.rlim_cur, 0);
	ck_assert_uint_eq(limit.rlim_max, 0);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
}
END_TEST

enum hardening {
	AS_IT_IS,
	HARDENED,
};

/* In a child that became nobody, and then runs a program that is root's and
 * would make it root again: whose right it has then. */
static unsigned long
rights_by_a_program(const char *path, enum hardening hardening)
{
	char text[32] = "";
	pid_t child;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		if (hardening == HARDENED)
			rights_harden();
		if (setgid(NOBODY_ID) == 0 && setuid(NOBODY_ID) == 0 &&
		    dup2(ends[1], STDOUT_FILENO) >= 0)
			execl(path, path, "-u", (char *)NULL);
		_exit(1);
	}
	close(ends[1]);
	ck_assert_int_gt(read(ends[0], text, sizeof text - 1), 0);
	close(ends[0]);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	return strtoul(text, NULL, 10);
}

START_TEST(a_program_gives_no_rights)
{
	char *path = in_folder("id");
	struct files_content program;

	if (geteuid() == 0) {
		ck_assert_ptr_null(files_read("/usr/bin/id", 1 << 24,
		    &program));
		write_file("id", program.bytes, program.length);
		files_release(&program);
		ck_assert_int_eq(chmod(path, 04755), 0);
		ck_assert_uint_eq(rights_by_a_program(path, AS_IT_IS), 0);
		ck_assert_uint_eq(rights_by_a_program(path, HARDENED),
		    NOBODY_ID);
	}
	free(path);
}
END_TEST

/* A child that is told to leave its memory in a file. */
static bool
leaves_a_core(enum hardening hardening)
{
	struct rlimit limit;
	pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		if (getrlimit(RLIMIT_CORE, &limit) == 0) {
			limit.rlim_cur = limit.rlim_max;
			setrlimit(RLIMIT_CORE, &limit);
		}
		if (hardening == HARDENED)
			rights_harden();
		signal(SIGQUIT, SIG_DFL);
		raise(SIGQUIT);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGQUIT);
	return WCOREDUMP(status);
}

/* Whether others leave one is the machine's business. */
START_TEST(a_crash_leaves_no_core)
{
	char *place = in_folder("");

	ck_assert_int_eq(chdir(place), 0);
	printf("others leave a core: %d\n", leaves_a_core(AS_IT_IS));
	ck_assert(!leaves_a_core(HARDENED));
	ck_assert_int_eq(chdir("/"), 0);
	free(place);
}
END_TEST

static enum access_kind
nobody_tries(const char *name)
{
	char *path = in_folder(name);
	const char *paths[] = {path};
	struct access_finding *finding = access_try_as(NOBODY, paths, 1);
	enum access_kind kind = finding->kind;

	access_findings_free(finding, 1);
	free(path);
	return kind;
}

START_TEST(rights_to_read_are_tried)
{
	char *secret = in_folder("secret"), *shut = in_folder("shut");
	char *fifo = in_folder("fifo");
	const char *paths[] = {secret};
	struct access_finding *finding;
	bool root = geteuid() == 0;

	write_file("open", "x", 1);
	write_file("secret", "x", 1);
	ck_assert_int_eq(chmod(secret, 0600), 0);
	ck_assert_int_eq(mkdir(shut, 0755), 0);
	write_file("shut/open", "x", 1);
	ck_assert_int_eq(chmod(shut, 0700), 0);
	ck_assert_int_eq(mkfifo(fifo, 0644), 0);
	/* Without root nobody else can be tried: the answer is no. */
	ck_assert((nobody_tries("open") == ACCESS_GRANTED) == root);
	ck_assert((nobody_tries(".") == ACCESS_GRANTED) == root);
	ck_assert((nobody_tries("fifo") == ACCESS_GRANTED) == root);
	ck_assert((nobody_tries("none") == ACCESS_NOT_FOUND) == root);
	ck_assert_int_eq(nobody_tries("secret"), ACCESS_READ);
	ck_assert_int_eq(nobody_tries("shut"), root ? ACCESS_LIST
	    : ACCESS_READ);
	ck_assert_int_eq(nobody_tries("shut/open"), root ? ACCESS_ENTER
	    : ACCESS_READ);
	finding = access_try_as("no-such-user-here", paths, 1);
	ck_assert(access_is_refused(finding));
	access_findings_free(finding, 1);
	free(secret);
	free(shut);
	free(fifo);
}
END_TEST

/* Which part of a path says no, through links too. */
static int
find_who_says_no(void)
{
	static const struct {
		const char *path, *mend;
	} cases[] = {
		{"shut/open", "u:me:x shut;"},
		{"shut", "u:me:rx shut;"},
		{"my secret", "u:me:r 'my secret';"},
		{"to-secret", "u:me:r 'my secret';"},
		{"to-shut/deep/open", "u:me:x shut;"},
		{"to-open", "u:me:x shut;"},
		{"it's", "u:me:r 'it'\\''s';"},
	};
	struct access_finding finding;

	if (chdir(folder) != 0)
		return 100;
	for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
		char *mend;
		bool right;

		finding = access_try(cases[i].path);
		if (!access_is_refused(&finding))
			return 1 + i;
		mend = access_mend(&finding, "me");
		right = strstr(mend, cases[i].mend) != NULL;
		free(mend);
		free(finding.path);
		if (!right)
			return 50 + i;
	}
	finding = access_try("open");
	return finding.kind == ACCESS_GRANTED ? 0 : 99;
}

START_TEST(who_says_no_is_found)
{
	char *shut = in_folder("shut"), *secret = in_folder("my secret");
	char *quoted = in_folder("it's");

	ck_assert_int_eq(mkdir(shut, 0755), 0);
	write_file("shut/open", "x", 1);
	write_file("open", "x", 1);
	write_file("my secret", "x", 1);
	write_file("it's", "x", 1);
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(symlink("my secret", "to-secret"), 0);
	ck_assert_int_eq(symlink("shut", "to-shut"), 0);
	ck_assert_int_eq(symlink("shut/open", "to-open"), 0);
	ck_assert_int_eq(chmod(secret, 0), 0);
	ck_assert_int_eq(chmod(quoted, 0), 0);
	ck_assert_int_eq(chmod(shut, 0), 0);
	ck_assert_int_eq(run_as_nobody(find_who_says_no), 0);
	ck_assert_int_eq(chmod(shut, 0700), 0);
	free(shut);
	free(secret);
	free(quoted);
}
END_TEST

START_TEST(rights_to_a_new_folder_are_given)
{
	const char *user = geteuid() == 0 ? NOBODY
	    : getpwuid(geteuid())->pw_name;
	char *socket_path = in_folder("run/hostler.sock");
	char *deep = in_folder("no/such/hostler.sock");
	char *run = in_folder("run");
	struct stat status;

	ck_assert_int_eq(rights_give_folder(socket_path, user),
	    RIGHTS_FOLDER_MADE);
	ck_assert_int_eq(stat(run, &status), 0);
	ck_assert(S_ISDIR(status.st_mode));
	ck_assert_uint_eq(status.st_uid, getpwnam(user)->pw_uid);
	ck_assert_uint_eq(status.st_mode & 0777 & ~0755u, 0);
	/* One that is there belongs to whoever made it. */
	ck_assert_int_eq(chmod(run, 0700), 0);
	ck_assert_int_eq(rights_give_folder(socket_path, "root"),
	    RIGHTS_FOLDER_THERE);
	ck_assert_int_eq(stat(run, &status), 0);
	ck_assert_uint_eq(status.st_uid, getpwnam(user)->pw_uid);
	ck_assert_uint_eq(status.st_mode & 0777, 0700);
	ck_assert(rights_take_folder(socket_path, "root") == (geteuid() == 0));
	ck_assert(!rights_take_folder(deep, user));
	ck_assert_int_eq(stat(run, &status), 0);
	ck_assert_uint_eq(status.st_uid, geteuid());
	ck_assert_int_eq(rights_give_folder(deep, user),
	    RIGHTS_FOLDER_FAILED);
	ck_assert_int_eq(rights_give_folder("hostler.sock", user),
	    RIGHTS_FOLDER_THERE);
	ck_assert_int_ne(stat(deep, &status), 0);
	free(socket_path);
	free(deep);
	free(run);
}
END_TEST

/* ---- ifaces ---- */

START_TEST(ifaces_have_addresses_and_prefixes)
{
	struct addr loopback = read_endpoint("127.0.0.1").addr;
	struct addr other = read_endpoint("203.0.113.77").addr;
	struct ifaces *ifaces = ifaces_list();
	bool found = false;

	for (unsigned i = 0; i < ifaces->count; i++) {
		const struct iface *iface = &ifaces->list[i];
		struct prefix same = prefix_of(&iface->addr,
		    iface->prefix.length);

		ck_assert_str_ne(iface->name, "");
		ck_assert(prefix_contains(&iface->prefix, &iface->addr));
		ck_assert(addr_equal(&same.addr, &iface->prefix.addr));
		if (!addr_equal(&iface->addr, &loopback))
			continue;
		found = true;
		ck_assert_uint_eq(iface->prefix.length, 8);
		ck_assert_uint_eq(iface->prefix.addr.bytes[3], 0);
	}
	ck_assert(found);
	ck_assert(ifaces_is_own(&loopback));
	ck_assert(!ifaces_is_own(&other));
	ifaces_free(ifaces);
}
END_TEST

/* ---- notify ---- */

static int
open_manager(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s/notify",
	    folder);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address,
	    sizeof address), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	return fd;
}

#ifdef HAVE_SYSTEMD
static void
expect_told_manager(int fd, const char *front)
{
	char text[200];
	ssize_t got = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);

	ck_assert_int_gt(got, 0);
	text[got] = '\0';
	ck_assert_msg(strncmp(text, front, strlen(front)) == 0, "%s", text);
}
#endif

START_TEST(notify_tells_the_manager)
{
	char text[8];
	int fd = open_manager();

	notify_ready();
	notify_reloading();
	notify_stopping();
#ifdef HAVE_SYSTEMD
	expect_told_manager(fd, "READY=1");
	expect_told_manager(fd, "RELOADING=1\nMONOTONIC_USEC=");
	expect_told_manager(fd, "STOPPING=1");
#endif
	ck_assert_int_lt(recv(fd, text, sizeof text, MSG_DONTWAIT), 0);
	ck_assert_int_eq(errno, EAGAIN);
	/* Nobody asks, nobody listens: nothing happens. */
	unsetenv("NOTIFY_SOCKET");
	notify_ready();
	close(fd);
}
END_TEST

/* ---- resolvconf ---- */

static void
parse_text(struct resolvconf *list, const char *text, const char *diagnostics)
{
	struct diags *diags = diags_new();
	char *shown = NULL;
	size_t length;
	FILE *out = open_memstream(&shown, &length);

	resolvconf_parse(list, "resolv.conf", text, strlen(text), diags);
	diags_print(diags, out, DIAG_PLAIN);
	fclose(out);
	ck_assert_str_eq(shown, diagnostics);
	ck_assert_uint_eq(diags_count(diags, DIAG_ERROR), 0);
	free(shown);
	diags_free(diags);
}

static void
expect_server(const struct resolvconf *list, unsigned index,
    const char *expected)
{
	char text[ENDPOINT_TEXT];

	ck_assert_uint_lt(index, list->server_count);
	ck_assert_str_eq(endpoint_print(&list->servers[index], text),
	    expected);
}

static void
expect_search(const struct resolvconf *list, unsigned index,
    const char *expected)
{
	ck_assert_uint_lt(index, list->search_count);
	ck_assert_uint_eq(list->search[index].length, strlen(expected));
	ck_assert_mem_eq(list->search[index].text, expected,
	    strlen(expected));
}

START_TEST(resolvconf_is_read)
{
	struct resolvconf list;

	parse_text(&list,
	    "# made by a tool\r\n"
	    "; and by hand\n"
	    "domain lab.test\n"
	    "nameserver 192.168.0.1\r\n"
	    "\tnameserver\t 2001:db8::53   # at home\n"
	    "nameserver fe80::1%lo\n"
	    "search cluster.test  lab.test.\n"
	    "options edns0 ndots:3 trust-ad\n"
	    "sortlist 10.0.0.0\n"
	    "\n"
	    "nameserver 10.0.2.3", "");
	ck_assert_uint_eq(list.server_count, 4);
	expect_server(&list, 0, "192.168.0.1@53");
	expect_server(&list, 1, "2001:db8::53@53");
	expect_server(&list, 2, "fe80::1%lo@53");
	expect_server(&list, 3, "10.0.2.3@53");
	ck_assert_uint_eq(list.search_count, 2);
	expect_search(&list, 0, "cluster.test");
	expect_search(&list, 1, "lab.test.");
	ck_assert_uint_eq(list.ndots, 3);
}
END_TEST

START_TEST(resolvconf_without_anything_has_nothing)
{
	struct resolvconf list;

	parse_text(&list, "", "");
	ck_assert_uint_eq(list.server_count, 0);
	ck_assert_uint_eq(list.search_count, 0);
	ck_assert_uint_eq(list.ndots, 1);
	parse_text(&list, "search a.test\nsearch\nnameservers 10.0.0.1\n"
	    "options ndots:0", "");
	ck_assert_uint_eq(list.server_count, 0);
	ck_assert_uint_eq(list.search_count, 0);
	ck_assert_uint_eq(list.ndots, 0);
	parse_text(&list, "options ndots:99999999999999999999", "");
	ck_assert_uint_eq(list.ndots, RESOLVCONF_NDOTS_MAX);
}
END_TEST

START_TEST(resolvconf_notes_what_it_passes_over)
{
	struct resolvconf list;

	parse_text(&list,
	    "nameserver 10.0.0.300\n"
	    "nameserver 10.0.0.3:53\n"
	    "nameserver\n"
	    "nameserver fe80::1%no-such\n"
	    "options ndots:x ndots: ndots:2y\n"
	    "nameserver 10.0.0.4\n",
	    "resolv.conf:1:12: note: this server is passed over: it is "
	    "neither an IPv4 nor an IPv6 address\n"
	    "    1 | nameserver 10.0.0.300\n"
	    "      |            ^~~~~~~~~~\n"
	    "resolv.conf:2:12: note: this server is passed over: the port "
	    "goes behind @: ADDR@PORT\n"
	    "    2 | nameserver 10.0.0.3:53\n"
	    "      |            ^~~~~~~~~~~\n"
	    "resolv.conf:3:11: note: this server is passed over: it is "
	    "neither an IPv4 nor an IPv6 address\n"
	    "    3 | nameserver\n"
	    "      |           ^\n"
	    "resolv.conf:4:12: note: this server is passed over: there is no "
	    "such interface\n"
	    "    4 | nameserver fe80::1%no-such\n"
	    "      |            ^~~~~~~~~~~~~~~\n"
	    "resolv.conf:5:9: note: this option is passed over: ndots takes "
	    "a number\n"
	    "    5 | options ndots:x ndots: ndots:2y\n"
	    "      |         ^~~~~~~\n"
	    "resolv.conf:5:17: note: this option is passed over: ndots takes "
	    "a number\n"
	    "    5 | options ndots:x ndots: ndots:2y\n"
	    "      |                 ^~~~~~\n"
	    "resolv.conf:5:24: note: this option is passed over: ndots takes "
	    "a number\n"
	    "    5 | options ndots:x ndots: ndots:2y\n"
	    "      |                        ^~~~~~~~\n");
	ck_assert_uint_eq(list.server_count, 1);
	expect_server(&list, 0, "10.0.0.4@53");
	ck_assert_uint_eq(list.ndots, 1);
}
END_TEST

START_TEST(resolvconf_is_bounded)
{
	struct diags *diags = diags_new();
	struct resolvconf list;
	char text[4096];
	size_t at = 0;

	for (unsigned i = 0; i < RESOLVCONF_SERVERS_MAX + 2; i++)
		at += (size_t)sprintf(text + at, "nameserver 10.0.0.%u\n", i);
	at += (size_t)sprintf(text + at, "search");
	for (unsigned i = 0; i < RESOLVCONF_SEARCH_MAX + 3; i++)
		at += (size_t)sprintf(text + at, " d%u.test", i);
	resolvconf_parse(&list, "resolv.conf", text, at, diags);
	ck_assert_uint_eq(list.server_count, RESOLVCONF_SERVERS_MAX);
	ck_assert_uint_eq(list.search_count, RESOLVCONF_SEARCH_MAX);
	ck_assert_uint_eq(diags_count(diags, DIAG_NOTE), 5);
	diags_free(diags);
}
END_TEST

START_TEST(resolvconf_survives_every_cut)
{
	static const char text[] = "nameserver 10.0.0.1\nsearch a.test b\n"
	    "options ndots:5\nnameserver fe80::1%lo # x\n\0nameserver \xff";

	for (size_t length = 0; length < sizeof text; length++) {
		struct diags *diags = diags_new();
		char *copy = memory_alloc(length);
		struct resolvconf list;

		/* A copy without a byte behind it, for the sanitizers. */
		memcpy(copy, text, length);
		resolvconf_parse(&list, "r", copy, length, diags);
		ck_assert_uint_le(list.server_count, 2);
		free(copy);
		diags_free(diags);
	}
}
END_TEST

/* ---- */

static TCase *
make_file_cases(void)
{
	TCase *tc = tcase_create("files");

	tcase_add_checked_fixture(tc, make_folder, remove_folder);
	tcase_add_test(tc, files_are_read_whole);
	tcase_add_test(tc, files_are_held_and_read_in_pieces);
	tcase_add_test(tc, files_that_say_no_size_are_read_too);
	tcase_add_test(tc, files_say_what_is_wrong);
	tcase_add_test(tc, files_that_are_too_long_a_path_say_so);
	tcase_add_test(tc, files_without_the_right_say_so);
	tcase_add_test(tc, files_tell_when_they_changed);
	tcase_add_test(tc, files_of_a_folder_come_in_name_order);
	tcase_add_test(tc, files_expand_to_themselves);
	tcase_add_test(tc, rights_are_dropped_for_good);
	tcase_add_test(tc, rights_to_read_are_tried);
	tcase_add_test(tc, a_program_gives_no_rights);
	tcase_add_test(tc, a_crash_leaves_no_core);
	tcase_add_test(tc, who_says_no_is_found);
	tcase_add_test(tc, rights_to_a_new_folder_are_given);
	tcase_add_test(tc, notify_tells_the_manager);
	return tc;
}

static TCase *
make_machine_cases(void)
{
	TCase *tc = tcase_create("machine");

	tcase_add_loop_test(tc, ports_name_who_holds_them, 0, 2);
	tcase_add_test(tc, ports_know_wildcards_and_ipv6);
	tcase_add_test(tc, ports_that_are_closed_are_free);
	tcase_add_test(tc, ports_of_connections_are_in_nobodys_way);
	tcase_add_test(tc, ports_explain_what_to_do);
	tcase_add_test(tc, ports_explain_by_the_programs_name);
	tcase_add_test(tc, rights_need_a_user_that_exists);
	tcase_add_test(tc, rights_are_hardened);
	tcase_add_test(tc, ifaces_have_addresses_and_prefixes);
	return tc;
}

static TCase *
make_resolvconf_cases(void)
{
	TCase *tc = tcase_create("resolvconf");

	tcase_add_test(tc, resolvconf_is_read);
	tcase_add_test(tc, resolvconf_without_anything_has_nothing);
	tcase_add_test(tc, resolvconf_notes_what_it_passes_over);
	tcase_add_test(tc, resolvconf_is_bounded);
	tcase_add_test(tc, resolvconf_survives_every_cut);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("sys");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, make_file_cases());
	suite_add_tcase(suite, make_machine_cases());
	suite_add_tcase(suite, make_resolvconf_cases());
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
