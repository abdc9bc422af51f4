/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/memory.h"
#include "sys/files.h"

#define ACCESS_LIST "system.posix_acl_access"

/* Every test is in its own folder, with short names. */
static char folder[] = "/tmp/check_replace.XXXXXX";

static void
enter_folder(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chmod(folder, 0755), 0);
	ck_assert_int_eq(chdir(folder), 0);
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
leave_folder(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS),
	    0);
}

static void
put(const char *path, const char *text)
{
	ck_assert_ptr_null(files_replace(path, text, strlen(text)));
}

static void
expect_text(const char *path, const char *text)
{
	struct files_content file;

	ck_assert_ptr_null(files_read(path, 1 << 20, &file));
	ck_assert_uint_eq(file.length, strlen(text));
	ck_assert_mem_eq(file.bytes, text, file.length);
	files_release(&file);
}

static struct stat
look(const char *path)
{
	struct stat status;

	ck_assert_int_eq(lstat(path, &status), 0);
	return status;
}

static unsigned
count_entries(void)
{
	char *command = memory_format("test $(ls -A '%s' | wc -l) -eq 1",
	    folder);
	int status = system(command);

	free(command);
	return status == 0 ? 1 : 2;
}

START_TEST(a_file_is_made_and_replaced)
{
	ino_t inode;

	put("hosts", "one\n");
	expect_text("hosts", "one\n");
	ck_assert_int_eq(look("hosts").st_mode & 07777, 0644);
	inode = look("hosts").st_ino;
	put("hosts", "");
	expect_text("hosts", "");
	ck_assert(look("hosts").st_ino != inode);
	ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

START_TEST(mode_owner_and_access_list_stay)
{
	/* version 2; rw- for the owner, r-- for user 65534, for the group and
	 * as the mask, --- for others */
	static const unsigned char list[] = {2, 0, 0, 0,
	    1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 4, 0, 254, 255, 0, 0,
	    4, 0, 4, 0, 255, 255, 255, 255, 16, 0, 4, 0, 255, 255, 255, 255,
	    32, 0, 0, 0, 255, 255, 255, 255};
	unsigned char after[64];
	bool lists;

	put("hosts", "one\n");
	ck_assert_int_eq(chmod("hosts", 0600), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(chown("hosts", 65534, 65533), 0);
	lists = setxattr("hosts", ACCESS_LIST, list, sizeof list, 0) == 0;
	put("hosts", "two\n");
	expect_text("hosts", "two\n");
	if (geteuid() == 0) {
		ck_assert_uint_eq(look("hosts").st_uid, 65534);
		ck_assert_uint_eq(look("hosts").st_gid, 65533);
	}
	/* With a list, the group's bits are those of its mask. */
	ck_assert_int_eq(look("hosts").st_mode & 07777, lists ? 0640 : 0600);
	if (lists) {
		ck_assert_int_eq(getxattr("hosts", ACCESS_LIST, after,
		    sizeof after), sizeof list);
		ck_assert_mem_eq(after, list, sizeof list);
	}
}
END_TEST

START_TEST(a_link_stays_and_its_target_is_replaced)
{
	ck_assert_int_eq(mkdir("d", 0755), 0);
	put("d/hosts", "one\n");
	ck_assert_int_eq(symlink("d/next", "hosts"), 0);
	ck_assert_int_eq(symlink("hosts", "d/next"), 0);
	put("hosts", "two\n");
	ck_assert(S_ISLNK(look("hosts").st_mode));
	ck_assert(S_ISLNK(look("d/next").st_mode));
	expect_text("d/hosts", "two\n");
	/* one that leads to a file which is not there yet */
	ck_assert_int_eq(symlink("d/new", "later"), 0);
	put("later", "three\n");
	expect_text("d/new", "three\n");
	ck_assert(S_ISLNK(look("later").st_mode));
}
END_TEST

static void
expect_wrong(const char *path, const char *words)
{
	const char *wrong = files_replace(path, "x", 1);

	ck_assert_msg(wrong && strstr(wrong, words), "%s: %s", path,
	    wrong ? wrong : "replaced");
}

START_TEST(what_cannot_be_replaced_says_why)
{
	ck_assert_int_eq(mkdir("d", 0755), 0);
	ck_assert_int_eq(mkfifo("d/pipe", 0644), 0);
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	put("d/file", "one\n");
	expect_wrong("d", "it is a folder");
	expect_wrong("d/pipe", "not a regular file");
	expect_wrong("loop", "circle");
	expect_wrong("none/hosts", "folder does not exist");
	expect_wrong("d/file/hosts", "not a folder");
	ck_assert_int_eq(unlink("loop") | unlink("d/pipe") |
	    unlink("d/file") | rmdir("d"), 0);
	put("last", "");
	ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

/* In a process of its own, that gives up root's rights. */
static int
replace_as_other(const char *path)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		const char *wrong = NULL;

		if (setgid(65534) == 0 && setuid(65534) == 0)
			wrong = files_replace(path, "x", 1);
		_exit(!wrong ? 1 : strstr(wrong, "keep its owner") ? 2 :
		    strstr(wrong, "write in its folder") ? 3 : 4);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Root can give a folder away; who is not root has only his own. */
static void
make_somebodys_folder(void)
{
	ck_assert_int_eq(mkdir("some", 0755), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(chown("some", 65534, 65534), 0);
}

START_TEST(a_new_file_is_for_its_folder)
{
	struct stat place, file;

	make_somebodys_folder();
	put("some/new", "1\n");
	ck_assert_int_eq(stat("some", &place), 0);
	ck_assert_int_eq(stat("some/new", &file), 0);
	ck_assert_uint_eq(file.st_uid, place.st_uid);
	ck_assert_uint_eq(file.st_gid, place.st_gid);
	ck_assert_uint_eq(file.st_mode & 07777, 0644);
}
END_TEST

START_TEST(root_follows_no_link_of_others)
{
	make_somebodys_folder();
	put("target", "1\n");
	ck_assert_int_eq(symlink("../target", "some/link"), 0);
	put("some/link", "2\n");
	expect_text("target", "2\n");
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(lchown("some/link", 65534, 65534), 0);
	ck_assert_ptr_nonnull(files_replace("some/link", "3\n", 2));
	expect_text("target", "2\n");
}
END_TEST

START_TEST(what_is_not_ours_stays)
{
	if (geteuid() != 0)
		return;
	put("hosts", "one\n");
	ck_assert_int_eq(replace_as_other("hosts"), 3);
	ck_assert_int_eq(chmod(".", 0777), 0);
	ck_assert_int_eq(replace_as_other("hosts"), 2);
	expect_text("hosts", "one\n");
	ck_assert_uint_eq(count_entries(), 1);
	ck_assert_int_eq(chown("hosts", 65534, 65534), 0);
	ck_assert_int_eq(replace_as_other("hosts"), 1);
	expect_text("hosts", "x");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("replace");
	TCase *tc = tcase_create("replace");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, enter_folder, leave_folder);
	tcase_add_test(tc, a_file_is_made_and_replaced);
	tcase_add_test(tc, mode_owner_and_access_list_stay);
	tcase_add_test(tc, a_link_stays_and_its_target_is_replaced);
	tcase_add_test(tc, what_cannot_be_replaced_says_why);
	tcase_add_test(tc, what_is_not_ours_stays);
	tcase_add_test(tc, a_new_file_is_for_its_folder);
	tcase_add_test(tc, root_follows_no_link_of_others);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
