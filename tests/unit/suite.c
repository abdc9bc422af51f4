/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <stdlib.h>

#define TIMEOUT_S 120			/* of a test, on a machine under load */

static TCase *
make_case(const struct suite_case *from)
{
	TCase *tcase = tcase_create(from->name);

	tcase_set_timeout(tcase, TIMEOUT_S);
	tcase_add_checked_fixture(tcase, from->setup, from->teardown);
	for (const TTest *const *test = from->tests; *test; test++) {
		if (from->turns)
			tcase_add_loop_test(tcase, *test, 0, from->turns);
		else
			tcase_add_test(tcase, *test);
	}
	return tcase;
}

int
suite_run(const char *title, const struct suite_case *cases)
{
	Suite *suite = suite_create(title);
	SRunner *runner = srunner_create(suite);
	int failed;

	for (; cases->name; cases++)
		suite_add_tcase(suite, make_case(cases));
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
