/* SPDX-License-Identifier: BSD-2-Clause */
/* verbcall.h - the verbs that only show something, by HTTP: GET
 * /api/VERB?PARAMETER=VALUE gives what `hostlerctl --json VERB` prints.
 *
 * Verbs run in main's thread, as what they look at is main's.  So a request
 * becomes a call: the HTTP thread hands it over, main runs one each time its
 * loop comes round, and hands the text back; a list under a lock and an eventfd
 * each way.  At most VERBCALL_MAX are under way.  One that main has not come to
 * within VERBCALL_WAIT_MS is answered with 503, and main passes it over; so is
 * one whose client has gone answered to nobody.
 *
 * A verb that fails gives 400 and its words as text.
 */
#ifndef HOSTLER_SERVE_VERBCALL_H
#define HOSTLER_SERVE_VERBCALL_H

#include "serve/control.h"
#include "serve/http.h"

#define VERBCALL_MAX 16
#define VERBCALL_WAIT_MS 5000
#define VERBCALL_PARAMETERS_MAX 4

/* What a parameter becomes among the words of the verb. */
struct verbcall_parameter {
	const char *name;		/* NULL: there are no more */
	const char *before;		/* this word, then the value; or NULL */
	const char *otherwise;		/* the value where none was given; NULL:
					 * no word then */
	unsigned max;			/* a number, so much at most; 0: any
					 * word */
};

struct verbcall_path {
	const char *path;		/* NULL ends a table of these */
	const char *verb;
	struct verbcall_parameter parameters[VERBCALL_PARAMETERS_MAX + 1];
};

struct verbcall_settings {
	struct event_base *base;	/* main's */
	struct http *http;
	const struct verbcall_path *paths;	/* outlives the calls */
	const struct control_verb *verbs;	/* as control_start takes it */
	void *context;
};

struct verbcall;

/* Adds the paths: before http_start. */
struct verbcall *verbcall_new(const struct verbcall_settings *settings);
/* Between http_stop and http_free; NULL passes. */
void verbcall_free(struct verbcall *verbcall);

#endif
