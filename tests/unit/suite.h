/* SPDX-License-Identifier: BSD-2-Clause */
/* suite.h - what the main of a program of checks would repeat: its cases are
 * told in a table, run, and counted.
 *
 *	return suite_run("room/module", (const struct suite_case[]){
 *	    {.name = "a case", .tests = SUITE_TESTS(one, another)}, {0}});
 */
#ifndef HOSTLER_TESTS_SUITE_H
#define HOSTLER_TESTS_SUITE_H

#include <check.h>

/* A list of START_TEST's names. */
#define SUITE_TESTS(...) (const TTest *const[]){__VA_ARGS__, NULL}

struct suite_case {
	const char *name;		/* NULL ends the table */
	const TTest *const *tests;	/* NULL ends them */
	void (*setup)(void), (*teardown)(void);	/* of each; NULL: nothing */
	int turns;			/* each is run for _i from 0 to below
					 * this; 0: once */
};

/* Returns main's status. */
int suite_run(const char *title, const struct suite_case *cases);

#endif
