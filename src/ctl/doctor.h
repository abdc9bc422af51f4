/* SPDX-License-Identifier: BSD-2-Clause */
/* doctor.h - hostlerctl doctor: what stands in hostler's way on this machine,
 * and what to do about it.
 *
 * Looks, asks and tells; it changes nothing.  Works without a daemon, and sees
 * more as root.  It is done in some seconds, whoever does not answer.
 */
#ifndef HOSTLER_CTL_DOCTOR_H
#define HOSTLER_CTL_DOCTOR_H

#include <stdio.h>

#include "conf.h"

enum doctor_form {
	DOCTOR_TEXT,			/* coloured where out is a terminal */
	DOCTOR_JSON,
};

enum doctor_result {
	DOCTOR_FINE,			/* warnings at most */
	DOCTOR_ERRORS,
};

struct doctor_request {
	const struct conf_options *conf;
	const char *socket;		/* NULL: the configuration's */
	/* Where the system's own files are looked for, a folder in place of
	 * "/"; "": there.  Files that the configuration names are not below
	 * it, but for the resolv.conf that it forwards to. */
	const char *root;
	enum doctor_form form;
};

enum doctor_result doctor_run(const struct doctor_request *request,
    FILE *out);

#endif
