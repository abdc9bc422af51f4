/* SPDX-License-Identifier: BSD-2-Clause */
/* check.h - read everything, say everything that is wrong, serve nothing:
 * `hostler -t` and `hostlerctl check`.
 */
#ifndef HOSTLER_CHECK_H
#define HOSTLER_CHECK_H

#include <stdio.h>

#include "conf.h"

enum check_result {
	CHECK_CLEAN,			/* warnings and notes at most */
	CHECK_ERRORS,
};

enum check_form {
	CHECK_TEXT,			/* coloured where out is a terminal */
	CHECK_JSON,
};

/* A source that is missing is an error here.  As root, files are also tried
 * with the rights of the configured user. */
enum check_result check_files(const struct conf_options *options,
    enum check_form form, FILE *out);

#endif
