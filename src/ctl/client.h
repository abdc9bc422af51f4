/* SPDX-License-Identifier: BSD-2-Clause */
/* client.h - hostlerctl's end of the control socket (serve/control.h).
 *
 * Blocking, with a limit of two minutes for the whole answer (a reload of
 * millions of names takes seconds).
 */
#ifndef HOSTLER_CTL_CLIENT_H
#define HOSTLER_CTL_CLIENT_H

#include "ctl/paint.h"

/* Exit codes of hostlerctl (CONTRACT 6). */
enum client_exit {
	CLIENT_DONE = 0,
	CLIENT_FAILED = 1,
	CLIENT_NOT_YET = 2,		/* of client_try alone */
	CLIENT_NO_DAEMON = 3,
};

/* Send the line (without its end) and copy the answer to out; what stands in
 * the way goes to stderr. */
enum client_exit client_ask(const char *socket_path, const char *line,
    FILE *out, enum paint paint);

/* The same for who asks again and again: the exit code alone, no words. */
enum client_exit client_try(const char *socket_path, const char *line);

#endif
