/* SPDX-License-Identifier: BSD-2-Clause */
/* When is a source to be read again? */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "loadfiles.h"

#define WAIT_MS 10000

static void
write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	fclose(out);
}

/* Look at it again and again, until what was seen is trusted. */
static void
look_until_settled(struct loadfiles *files, const char *path)
{
	int64_t end_ms = clock_mono_ms() + WAIT_MS;

	do {
		ck_assert_int_lt(clock_mono_ms(), end_ms);
		loadfiles_fini(files);
		loadfiles_note(files, path);
	} while (loadfiles_changed(files, LOADFILES_TRUST));
}

START_TEST(a_change_shows)
{
	char folder[] = "/tmp/hostler-loadfiles-XXXXXX";
	struct loadfiles files = {0};
	char *path;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	path = memory_format("%s/hosts", folder);
	/* Not there, and there later. */
	loadfiles_note(&files, path);
	ck_assert(!loadfiles_changed(&files, LOADFILES_TRUST));
	write_file(path, "10.0.0.1 a\n");
	ck_assert(loadfiles_changed(&files, LOADFILES_TRUST));
	/* Written just now: a second write might not show, so it is not
	 * trusted yet. */
	loadfiles_fini(&files);
	loadfiles_note(&files, path);
	ck_assert(loadfiles_changed(&files, LOADFILES_TRUST));
	look_until_settled(&files, path);
	write_file(path, "10.0.0.2 a\n");
	ck_assert(loadfiles_changed(&files, LOADFILES_TRUST));
	look_until_settled(&files, path);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert(loadfiles_changed(&files, LOADFILES_TRUST));
	loadfiles_fini(&files);
	ck_assert_int_eq(rmdir(folder), 0);
	free(path);
}
END_TEST

/* Those above so many bytes, as long as there are not too many; the others are
 * in memory. */
START_TEST(large_files_are_held)
{
	char folder[] = "/tmp/hostler-loadfiles-XXXXXX";
	struct loadfiles files = {0};
	struct source_fetch fetch = loadfiles_fetch(&files);
	struct source_text text, small;
	char *path, *other, bytes[7];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	path = memory_format("%s/large", folder);
	other = memory_format("%s/small", folder);
	write_file(path, "10.0.0.1 a\n");
	write_file(other, "::1 b\n");
	ck_assert_ptr_null(loadfiles_open(&files, other, 10, &small));
	ck_assert_uint_eq(small.length, 6);
	ck_assert_mem_eq(small.bytes, "::1 b\n", 6);
	for (unsigned i = 0; i < LOADFILES_HELD_MAX; i++) {
		struct source_room room = {bytes, 7};

		ck_assert_ptr_null(loadfiles_open(&files, path, 10, &text));
		ck_assert_str_eq(text.path, path);
		ck_assert_ptr_null(text.bytes);
		ck_assert_uint_eq(text.length, 11);
		ck_assert_ptr_null(fetch.read(fetch.context, &text, 4,
		    &room));
		ck_assert_mem_eq(bytes, ".0.1 a\n", 7);
	}
	ck_assert_ptr_null(loadfiles_open(&files, path, 10, &text));
	ck_assert_mem_eq(text.bytes, "10.0.0.1 a\n", 11);
	ck_assert_uint_eq(files.seen_count, LOADFILES_HELD_MAX + 2);
	loadfiles_fini(&files);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_str_eq(loadfiles_open(&files, path, 10, &text),
	    "there is no such file");
	ck_assert_uint_eq(files.seen_count, 1);
	loadfiles_fini(&files);
	ck_assert_int_eq(unlink(other), 0);
	ck_assert_int_eq(rmdir(folder), 0);
	free(other);
	free(path);
}
END_TEST

static Suite *
make_suite(void)
{
	Suite *suite = suite_create("loadfiles");
	TCase *tcase = tcase_create("loadfiles");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, a_change_shows);
	tcase_add_test(tcase, large_files_are_held);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
