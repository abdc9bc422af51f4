/* SPDX-License-Identifier: BSD-2-Clause */
/* control.h - the control socket: one question in words, one answer in text.
 *
 * A client connects, sends one line ("reload", "status --json"), and reads:
 * first a line with the exit code ("0" done, "1" refused or failed, "2" asked
 * well, but the answer is not there yet), then the text, until the end of the
 * stream.  ctl/client.c is the other end.
 *
 * The socket is a UNIX stream of mode 0660: who may open it may do everything
 * that the verbs do.  Bounded: CONTROL_CLIENTS_MAX at a time, a line of
 * CONTROL_LINE_MAX bytes and CONTROL_WORDS_MAX printable words (others are
 * refused whole), ten seconds to send it and a minute to read the answer.
 *
 * Everything runs in the thread of the event base (main's).
 */
#ifndef HOSTLER_SERVE_CONTROL_H
#define HOSTLER_SERVE_CONTROL_H

#include <stdio.h>

#define CONTROL_LINE_MAX 4096
#define CONTROL_WORDS_MAX 64
#define CONTROL_CLIENTS_MAX 16

enum control_form {
	CONTROL_TEXT,
	CONTROL_JSON,			/* --json was among the words */
};

struct control_request {
	enum control_form form;
	unsigned word_count;		/* at least 1: the verb */
	const char *words[CONTROL_WORDS_MAX];
};

enum control_result {
	CONTROL_DONE,			/* in the order of the exit codes */
	CONTROL_FAILED,
	CONTROL_NOT_YET,
};

struct control_verb {
	const char *name;
	enum control_result (*run)(void *context,
	    const struct control_request *request, FILE *out);
};

/* A verb that keeps the connection for more than one answer. */
struct control_taker {
	const char *name;
	/* The descriptor (blocking) is the callee's, who answers: "0" or "1" in
	 * a line of its own, as ever.  The client is to send nothing more
	 * before that.  request holds the words until this returns. */
	void (*take)(void *context, const struct control_request *request,
	    int fd);
	void *context;
};

/* Run the verb that the request's first word names, of a list that ends with a
 * NULL name. */
enum control_result control_run(const struct control_verb *verbs,
    void *context, const struct control_request *request, FILE *out);

struct event_base;
struct control;

/* Listen at path.  A socket that nobody answers at is replaced; one that a
 * daemon answers at is not.  The list of verbs ends with a NULL name and
 * outlives the control.  NULL: *wrong says why in words (free it). */
struct control *control_start(struct event_base *base, const char *path,
    const struct control_verb *verbs, void *context, char **wrong);
/* The same with the listening socket of another process that ends (it stays at
 * its path all the while).  Closed and NULL where it is none. */
struct control *control_adopt(struct event_base *base, int fd,
    const char *path, const struct control_verb *verbs, void *context);

/* One such verb, from now on; copied. */
void control_set_taker(struct control *control,
    const struct control_taker *taker);

/* The listening socket, for whoever goes on with it. */
int control_fd(const struct control *control);

void control_stop(struct control *control);	/* removes the socket */
/* Another process has the socket now: it stays where it is.  Those who are
 * connected get their answers yet, in so many ms. */
void control_leave(struct control *control, unsigned wait_ms);

#endif
