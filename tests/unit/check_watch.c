/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "sys/filesystem.h"
#include "sys/watch.h"

#define WAIT_MS 2000
#define SET_MAX 8

/* ---- a folder of the test's own, and what can be done in it ---- */

static char folder[] = "/tmp/check_watch.XXXXXX";
static struct watch *watch;

static void
start(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chmod(folder, 0755), 0);
	ck_assert_int_eq(chdir(folder), 0);
	watch = watch_new();
	ck_assert_int_ge(watch_fd(watch), 0);
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
	watch_free(watch);
	ck_assert_int_eq(nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS),
	    0);
}

static void
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)),
	    (ssize_t)strlen(text));
	close(fd);
}

static void
make_folder(const char *path)
{
	ck_assert_int_eq(mkdir(path, 0755), 0);
}

static void
make_link(const char *target, const char *path)
{
	ck_assert_int_eq(symlink(target, path), 0);
}

static void
move(const char *from, const char *to)
{
	ck_assert_int_eq(rename(from, to), 0);
}

static void
delete(const char *path)
{
	ck_assert_int_eq(remove(path), 0);
}

/* ---- what the watch says ---- */

/* All paths up to NULL, relative to the folder. */
static void
set(const char *path, ...)
{
	const char *paths[SET_MAX];
	size_t count = 0;
	va_list more;

	va_start(more, path);
	for (; path; path = va_arg(more, const char *)) {
		ck_assert_uint_lt(count, SET_MAX);
		paths[count++] = path;
	}
	va_end(more);
	watch_set(watch, paths, count);
	ck_assert(!watch_needs_poll(watch));
}

/* As a loop would: drained whenever there is something to read. */
static bool
is_woken(int timeout_ms)
{
	struct pollfd wait = {.fd = watch_fd(watch), .events = POLLIN};

	return poll(&wait, 1, timeout_ms) == 1;
}

static enum watch_news
hear(int timeout_ms)
{
	enum watch_news news = WATCH_NOTHING, one;

	while (is_woken(news == WATCH_NOTHING ? timeout_ms : 0)) {
		one = watch_drain(watch);
		if (one > news)
			news = one;
		if (one == WATCH_NOTHING)
			timeout_ms = 0;
	}
	return news;
}

#define expect_something(what) \
	ck_assert_msg(hear(WAIT_MS) != WATCH_NOTHING, "not seen: %s", what)
#define expect_nothing(what) \
	ck_assert_msg(hear(0) == WATCH_NOTHING, "told: %s", what)

/* ---- files ---- */

START_TEST(a_file_is_seen_to_change)
{
	int fd;

	write_file("hosts", "old");
	write_file("other", "old");
	set("hosts", NULL);
	expect_nothing("nothing at all");
	fd = open("hosts", O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(write(fd, "1", 1), 1);
	expect_something("a write, not closed");
	close(fd);
	expect_something("the close after it");
	write_file("other", "x");
	move("other", "hosts");
	expect_something("a rename into place");
	write_file("hosts", "in place again");
	expect_something("a write after the rename");
	ck_assert_int_eq(chmod("hosts", 0600), 0);
	expect_something("chmod");
	ck_assert_int_eq(truncate("hosts", 0), 0);
	expect_something("truncate");
	delete("hosts");
	expect_something("delete");
	write_file("hosts", "again");
	expect_something("created after it was deleted");
	move("hosts", "away");
	expect_something("renamed away");
	move("away", "hosts");
	expect_something("renamed back");
}
END_TEST

START_TEST(a_deleted_file_is_of_no_concern)
{
	int fd;

	write_file("hosts", "old");
	set("hosts", NULL);
	fd = open("hosts", O_WRONLY | O_CLOEXEC);
	delete("hosts");
	expect_something("delete");
	ck_assert_int_eq(write(fd, "1", 1), 1);
	close(fd);
	expect_nothing("a write by who has it open still");
}
END_TEST

START_TEST(editors_are_seen_and_heard_once_done)
{
	write_file("hosts", "old");
	set("hosts", NULL);
	write_file("4913", "");
	delete("4913");
	write_file(".hosts.swp", "b0VIM");
	expect_nothing("what vim tries");
	move("hosts", "hosts~");
	write_file("hosts", "new");
	delete("hosts~");
	expect_something("written as vim does");
	write_file("hosts.tmp", "newer");
	expect_nothing("a temporary file");
	move("hosts.tmp", "hosts");
	expect_something("written as sed -i does");
	write_file("hosts", "last");
	expect_something("a write in place after both");
}
END_TEST

START_TEST(other_files_are_not_told)
{
	write_file("hosts", "old");
	set("hosts", NULL);
	write_file("host", "");
	write_file("hosts2", "");
	make_folder("sub");
	write_file("sub/hosts", "");
	ck_assert_int_eq(chmod("hosts2", 0600), 0);
	move("hosts2", "hosts3");
	delete("hosts3");
	delete("sub/hosts");
	delete("sub");
	expect_nothing("other names");
}
END_TEST

START_TEST(files_that_appear_later_are_seen)
{
	set("a/b/hosts", NULL);
	write_file("b", "");
	write_file("hosts", "");
	expect_nothing("other names than the next one");
	make_folder("a");
	expect_something("the first folder");
	make_folder("a/other");
	expect_nothing("another folder in it");
	make_folder("a/b");
	expect_something("the second folder");
	write_file("a/b/other", "");
	expect_nothing("another file in it");
	write_file("a/b/hosts", "first");
	expect_something("the file");
	write_file("a/b/hosts", "second");
	expect_something("a write in place");
}
END_TEST

START_TEST(a_way_made_at_once_is_seen)
{
	set("a/b/hosts", NULL);
	make_folder("made");
	make_folder("made/b");
	write_file("made/b/hosts", "");
	expect_nothing("made elsewhere");
	move("made", "a");
	expect_something("moved into place");
	write_file("a/b/hosts", "new");
	expect_something("a write in place");
}
END_TEST

START_TEST(folders_on_the_way_may_go_and_come_back)
{
	make_folder("a");
	make_folder("a/b");
	write_file("a/b/hosts", "old");
	set("a/b/hosts", NULL);
	move("a", "gone");
	expect_something("renamed away");
	write_file("gone/b/hosts", "unseen");
	expect_nothing("a write to what is elsewhere now");
	move("gone", "a");
	expect_something("renamed back");
	write_file("a/b/hosts", "new");
	expect_something("a write after that");
	delete("a/b/hosts");
	delete("a/b");
	delete("a");
	expect_something("all removed");
	write_file("a", "not a folder");
	expect_something("a file in the folder's place");
	delete("a");
	make_folder("a");
	make_folder("a/b");
	expect_something("made anew");
	write_file("a/b/hosts", "new");
	expect_something("the file in the new folder");
}
END_TEST

/* Turns the way over and over; at the end a/b/hosts is there. */
static void
turn_over(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		make_folder("made");
		make_folder("made/b");
		move("made", "a");
		write_file("a/b/hosts", "");
		if (i + 1 == times)
			return;
		delete("a/b/hosts");
		delete("a/b");
		delete("a");
	}
}

START_TEST(changes_during_a_walk_are_not_missed)
{
	enum { ROUNDS = 100, TIMES = 20 };
	pid_t child;
	int status;

	set("a/b/hosts", NULL);
	for (unsigned i = 0; i < ROUNDS; i++) {
		child = fork();
		ck_assert_int_ge(child, 0);
		if (child == 0) {
			turn_over(TIMES);
			_exit(0);
		}
		while (waitpid(child, &status, WNOHANG) == 0)
			hear(1);
		ck_assert_int_eq(status, 0);
		hear(0);
		write_file("a/b/hosts", "new");
		expect_something("a write after it all");
		delete("a/b/hosts");
		delete("a/b");
		delete("a");
	}
}
END_TEST

/* ---- links ---- */

START_TEST(links_are_followed)
{
	make_folder("one");
	make_folder("two");
	write_file("one/file", "1");
	write_file("two/file", "2");
	make_link("one/file", "hosts");
	set("hosts", NULL);
	write_file("one/file", "1 again");
	expect_something("a write to what it leads to");
	write_file("two/file", "2 again");
	expect_nothing("a write to what it does not lead to");
	make_link("two/file", "new");
	move("new", "hosts");
	expect_something("turned to another file");
	write_file("two/file", "2 at last");
	expect_something("a write to what it leads to now");
	write_file("one/file", "1 at last");
	expect_nothing("a write to what it led to before");
	delete("two/file");
	expect_something("what it leads to is removed");
	write_file("two/file", "3");
	expect_something("and comes back");
}
END_TEST

START_TEST(links_may_be_absolute_go_up_or_lead_nowhere)
{
	char *absolute = memory_format("%s/sub/../one/file", folder);

	make_folder("one");
	make_folder("sub");
	make_link(absolute, "sub/absolute");
	make_link("../one/./file", "sub/up");
	free(absolute);
	for (unsigned i = 0; i < 2; i++) {
		set(i ? "sub/up" : "sub/absolute", NULL);
		write_file("one/file", "");
		expect_something("the link's end appears");
		write_file("one/file", "1");
		expect_something("a write to it");
		delete("one/file");
		expect_something("it vanishes");
	}
}
END_TEST

START_TEST(links_in_a_circle_are_harmless)
{
	make_link("b", "a");
	make_link("a", "b");
	make_link("self/x", "self");
	set("a", "self", "self/x/y", NULL);
	delete("b");
	expect_something("the circle is broken");
	write_file("b", "");
	expect_something("the end appears");
	write_file("b", "1");
	expect_something("a write to it");
	delete("self");
	make_folder("self");
	expect_something("a folder in its place");
}
END_TEST

/* As Kubernetes does with a ConfigMap. */
static void
publish_data(const char *version, const char *text)
{
	char *path = memory_format("map/%s", version);
	char *file = memory_format("map/%s/lab", version);

	make_folder(path);
	write_file(file, text);
	make_link(version, "map/..data_tmp");
	move("map/..data_tmp", "map/..data");
	free(path);
	free(file);
}

START_TEST(kubernetes_swaps_are_seen)
{
	make_folder("map");
	publish_data("..2026_1", "1");
	make_link("..data/lab", "map/lab");
	/* Of loop 0 the file, of loop 1 the folder is the source. */
	set(_i ? "map" : "map/lab", NULL);
	make_folder("map/..2026_0");
	expect_nothing("a folder is made ready");
	publish_data("..2026_2", "2");
	expect_something("the first swap");
	delete("map/..2026_1/lab");
	delete("map/..2026_1");
	expect_nothing("the old folder is removed");
	publish_data("..2026_3", "3");
	expect_something("the second swap");
	write_file("map/..2026_3/lab", "3 in place");
	expect_something("a write behind the links");
}
END_TEST

START_TEST(other_hard_links_are_seen)
{
	make_folder("a");
	make_folder("b");
	write_file("a/hosts", "old");
	ck_assert_int_eq(link("a/hosts", "b/same"), 0);
	set("a", NULL);
	write_file("b/same", "new");
	expect_something("a write by its other name");
}
END_TEST

/* ---- folders ---- */

START_TEST(a_folder_is_seen_to_change)
{
	make_folder("lab.d");
	write_file("lab.d/a", "");
	set("lab.d", NULL);
	write_file("lab.d/b", "");
	expect_something("a new file");
	write_file("lab.d/a", "1");
	expect_something("a write to the first");
	move("lab.d/a", "lab.d/a~");
	expect_something("a file made a backup");
	delete("lab.d/a~");
	expect_nothing("a backup removed");
	write_file("lab.d/.hidden", "");
	write_file("lab.d/b.dpkg-new", "");
	write_file("lab.d/#b#", "");
	make_folder("lab.d/sub");
	write_file("lab.d/sub/c", "");
	expect_nothing("what is no content of a folder");
	move("lab.d/b.dpkg-new", "lab.d/b");
	expect_something("a file replaced");
	move("lab.d", "away");
	expect_something("the folder renamed away");
	make_folder("lab.d");
	expect_something("another in its place");
	write_file("lab.d/d", "");
	expect_something("a file in that");
}
END_TEST

START_TEST(links_in_a_folder_are_followed)
{
	make_folder("lab.d");
	make_folder("far");
	write_file("far/file", "");
	make_link("../far/file", "lab.d/near");
	make_link("../far/later", "lab.d/later");
	set("lab.d", NULL);
	write_file("far/file", "new");
	expect_something("a write to what a link leads to");
	write_file("far/later", "new");
	expect_something("what a link leads to appears");
	write_file("far/other", "new");
	expect_nothing("another file there");
	make_link("../far/other", "lab.d/another");
	expect_something("a new link");
	write_file("far/other", "newer");
	expect_something("a write to what it leads to");
}
END_TEST

START_TEST(a_large_folder_is_watched_whole)
{
	enum { MANY = 4200 };
	const char *path = "lab.d";
	char *name;

	make_folder("lab.d");
	for (unsigned i = 0; i < MANY; i++) {
		name = memory_format("lab.d/%u", i);
		write_file(name, "");
		free(name);
	}
	watch_set(watch, &path, 1);
	ck_assert(watch_needs_poll(watch));
	write_file("lab.d/4199", "new");
	expect_something("a write to the last");
}
END_TEST

/* ---- the set ---- */

START_TEST(a_set_replaces_the_one_before)
{
	make_folder("a");
	make_folder("b");
	write_file("a/hosts", "");
	write_file("b/hosts", "");
	set("a/hosts", NULL);
	set("b/hosts", "a/../b/hosts", "./b//hosts", NULL);
	write_file("a/hosts", "1");
	expect_nothing("a path of the set before");
	write_file("b/hosts", "1");
	expect_something("a path of the set");
	write_file("b/hosts", "2");
	set("b/hosts", "a/hosts", NULL);
	expect_something("what happened before it stayed");
	write_file("a/hosts", "2");
	expect_something("a path that came back");
	watch_set(watch, NULL, 0);
	ck_assert(!watch_needs_poll(watch));
	write_file("a/hosts", "3");
	write_file("b/hosts", "3");
	expect_nothing("paths of no set");
}
END_TEST

START_TEST(absolute_paths_are_watched)
{
	char *path = memory_format("%s/hosts", folder);

	set(path, "/", "", NULL);
	write_file("hosts", "");
	expect_something("created");
	free(path);
}
END_TEST

START_TEST(too_many_events_are_told)
{
	enum { MORE_THAN_QUEUED = 20000 };
	FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
	unsigned queued = 0;

	ck_assert_ptr_nonnull(limit);
	ck_assert_int_eq(fscanf(limit, "%u", &queued), 1);
	fclose(limit);
	set("hosts", NULL);
	/* Two events each, and never the same twice; a file made anew each
	 * time would cost some file systems a search for an inode. */
	write_file("other", "");
	for (unsigned i = 0; i < queued / 4 + MORE_THAN_QUEUED / 4; i++) {
		move("other", "another");
		move("another", "other");
	}
	ck_assert_int_eq(hear(WAIT_MS), WATCH_OVERFLOW);
	expect_nothing("more");
	write_file("hosts", "");
	ck_assert_int_eq(hear(WAIT_MS), WATCH_SOMETHING);
}
END_TEST

/* MANY paths in folders of a hundred (as folders), or in one (as files). */
enum { MANY = 5000 };

static void
set_many(const char *format, char *paths[MANY])
{
	for (unsigned i = 0; i < MANY; i++)
		paths[i] = memory_format("%s/%02u%s%02u", folder, i / 100,
		    format, i % 100);
	watch_set(watch, (const char *const *)paths, MANY);
	ck_assert(watch_needs_poll(watch));
}

static void
free_many(char *paths[MANY])
{
	for (unsigned i = 0; i < MANY; i++)
		free(paths[i]);
}

START_TEST(thousands_of_paths_are_bounded)
{
	char *paths[MANY], *path;

	set_many("-", paths);
	write_file(paths[MANY - 1], "");
	expect_something("the last of many files");
	free_many(paths);
	for (unsigned i = 0; i < MANY; i++) {
		path = memory_format("%02u", i / 100);
		if (i % 100 == 0)
			make_folder(path);
		free(path);
		path = memory_format("%02u/%02u", i / 100, i % 100);
		make_folder(path);
		free(path);
	}
	set_many("/", paths);
	watch_set(watch, (const char *const *)paths, 10);
	ck_assert(!watch_needs_poll(watch));
	path = memory_format("%s/file", paths[9]);
	write_file(path, "");
	expect_something("a file in the last folder");
	free(path);
	free_many(paths);
}
END_TEST

START_TEST(folders_that_may_not_be_read_need_polling)
{
	const char *path = "closed/hosts";

	make_folder("closed");
	write_file(path, "");
	set(path, NULL);
	ck_assert_int_eq(chmod("closed", 0311), 0);
	expect_something("chmod of the folder");
	if (geteuid() == 0) {
		ck_assert_int_eq(chown("closed", 65534, 65534), 0);
		ck_assert_int_eq(setgroups(0, NULL), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	watch_set(watch, &path, 1);
	ck_assert(watch_needs_poll(watch));
	ck_assert_int_eq(chmod("closed", 0755), 0);
	expect_something("chmod back");
	ck_assert(!watch_needs_poll(watch));
	ck_assert_int_eq(seteuid(getuid()), 0);
}
END_TEST

START_TEST(file_systems_that_cannot_tell_are_known)
{
	static const uint32_t blind[] = {0x6969, 0x517b, 0xff534d42,
	    0xfe534d42, 0x01021997, 0x65735546, 0x786f4256};
	static const uint32_t sighted[] = {0xef53, 0x01021994, 0x9123683e,
	    0x58465342, 0x794c7630, 0x2fc12fc1};

	for (size_t i = 0; i < sizeof blind / sizeof *blind; i++)
		ck_assert(filesystem_is_blind(blind[i]));
	for (size_t i = 0; i < sizeof sighted / sizeof *sighted; i++)
		ck_assert(!filesystem_is_blind(sighted[i]));
}
END_TEST

/* ---- mounts ---- */

/* In a mount namespace of our own, if the machine lets us have one. */
static bool
can_mount(void)
{
	uid_t uid = getuid();
	char *map = memory_format("0 %u 1", (unsigned)uid);
	bool may = unshare(CLONE_NEWNS) == 0;
	int fd;

	if (!may && unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) {
		fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
		may = fd >= 0 && write(fd, map, strlen(map)) > 0;
		close(fd);
	}
	free(map);
	return may && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ==
	    0;
}

static void
bind_over(const char *from, const char *to)
{
	ck_assert_int_eq(mount(from, to, NULL, MS_BIND, NULL), 0);
}

START_TEST(mounts_are_seen)
{
	if (!can_mount())
		return;
	/* The mounts of the new namespace. */
	watch_free(watch);
	watch = watch_new();
	make_folder("far");
	make_folder("near");
	make_folder("elsewhere");
	write_file("far/file", "");
	write_file("near/file", "");
	write_file("hosts", "");
	set("hosts", "near/file", NULL);
	bind_over("far", "elsewhere");
	expect_nothing("a mount that does not concern us");
	bind_over("far/file", "hosts");
	expect_something("a mount over a file");
	write_file("far/file", "new");
	expect_something("a write to the mounted file by its other name");
	write_file("hosts", "newer");
	expect_something("a write to the mounted file");
	bind_over("far", "near");
	expect_something("a mount over a folder");
	write_file("elsewhere/file", "newest");
	expect_something("a write to a file of the mounted folder");
	ck_assert_int_eq(umount("near"), 0);
	expect_something("the folder unmounted");
	ck_assert_int_eq(umount("hosts"), 0);
	expect_something("the file unmounted");
	write_file("near/file", "last");
	expect_something("a write to what was below");
	ck_assert_int_eq(mount("none", "near", "tmpfs", 0, NULL), 0);
	expect_something("another file system over it");
	write_file("near/file", "");
	expect_something("a file in it");
	delete("near/file");
	ck_assert_int_eq(umount("near"), 0);
	expect_something("that file system unmounted");
	ck_assert_int_eq(umount("elsewhere"), 0);
}
END_TEST

/* ---- ---- */

static TCase *
make_path_cases(void)
{
	TCase *tc = tcase_create("paths");

	tcase_add_checked_fixture(tc, start, stop);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_file_is_seen_to_change);
	tcase_add_test(tc, a_deleted_file_is_of_no_concern);
	tcase_add_test(tc, editors_are_seen_and_heard_once_done);
	tcase_add_test(tc, other_files_are_not_told);
	tcase_add_test(tc, files_that_appear_later_are_seen);
	tcase_add_test(tc, a_way_made_at_once_is_seen);
	tcase_add_test(tc, folders_on_the_way_may_go_and_come_back);
	tcase_add_test(tc, changes_during_a_walk_are_not_missed);
	tcase_add_test(tc, links_are_followed);
	tcase_add_test(tc, links_may_be_absolute_go_up_or_lead_nowhere);
	tcase_add_test(tc, links_in_a_circle_are_harmless);
	tcase_add_loop_test(tc, kubernetes_swaps_are_seen, 0, 2);
	tcase_add_test(tc, other_hard_links_are_seen);
	tcase_add_test(tc, a_folder_is_seen_to_change);
	tcase_add_test(tc, links_in_a_folder_are_followed);
	tcase_add_test(tc, a_large_folder_is_watched_whole);
	return tc;
}

static TCase *
make_set_cases(void)
{
	TCase *tc = tcase_create("set");

	tcase_add_checked_fixture(tc, start, stop);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_set_replaces_the_one_before);
	tcase_add_test(tc, absolute_paths_are_watched);
	tcase_add_test(tc, too_many_events_are_told);
	tcase_add_test(tc, thousands_of_paths_are_bounded);
	tcase_add_test(tc, folders_that_may_not_be_read_need_polling);
	tcase_add_test(tc, file_systems_that_cannot_tell_are_known);
	tcase_add_test(tc, mounts_are_seen);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("watch");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, make_path_cases());
	suite_add_tcase(suite, make_set_cases());
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
