/* SPDX-License-Identifier: BSD-2-Clause */
/* http.h - the HTTP server: a thread with a loop of its own, so that main may
 * read a million names while health is asked for and metrics are fetched.
 *
 * What it serves is a table of paths, each with a function that runs in its
 * thread and writes a body.  It only ever shows: GET and HEAD, no bodies of
 * requests, no passwords.  What every answer has is done here: the limits, the
 * check of Host (hosthead.h) and the headers that keep a browser from doing
 * anything with a body but what it is for.
 *
 * Strangers may connect: at most so many connections are open, the one that
 * was idle longest gives way to a new one (httpconns.h); header lines of 8 KB,
 * 75 seconds without a byte.
 *
 * Made, started and stopped by main.  Functions here are for main's thread,
 * but where they say otherwise.
 */
#ifndef HOSTLER_SERVE_HTTP_H
#define HOSTLER_SERVE_HTTP_H

#include <event2/buffer.h>
#include <event2/event.h>

#include "base/addr.h"

struct http;
struct http_request;

/* ---- for those who have something to show ---- */

#define HTTP_TEXT "text/plain; charset=utf-8"
#define HTTP_JSON "application/json"
#define HTTP_HTML "text/html; charset=utf-8"

/* Filled by a function; it finds it with an empty body and what the comments
 * say.  Strings outlive the call (literals, or the context's). */
struct http_answer {
	int status;			/* 200; 4xx and 5xx as they mean */
	const char *type;		/* of the body: HTTP_TEXT */
	/* Content-Security-Policy: what a page may load and run, say
	 * "default-src 'none'; script-src 'sha256-...'; style-src
	 * 'sha256-...'; connect-src 'self'".  NULL: nothing at all.  That it
	 * may not be framed, nor change its base, is added always. */
	const char *policy;
	struct evbuffer *body;
};

enum http_when {
	HTTP_NOW,			/* the answer is filled */
	HTTP_LATER,			/* it is kept: http_answer_to */
};

/* Runs in the HTTP thread, which does nothing else meanwhile: milliseconds,
 * not more.  GET and HEAD are one to it. */
typedef enum http_when (*http_function)(void *context,
    struct http_request *request, struct http_answer *answer);

/* Serve a path ("/metrics", "/"), to the letter; before http_start. */
void http_add_path(struct http *http, const char *path, http_function function,
    void *context);

/* The value of a parameter in the query string, decoded; NULL: it is not
 * there.  The first where there are several.  For the function that was given
 * the request, as long as it has not been answered. */
const char *http_parameter(const struct http_request *request,
    const char *name);

/* Every parameter is one of these names (the list ends with NULL), none comes
 * twice; else the first that is wrong. */
const char *http_stray_parameter(const struct http_request *request,
    const char *const *names);

/* Answer a request that was kept; it is gone then, whether its client still is
 * there or not.  The HTTP thread.  What is in answer->body goes with it. */
void http_answer_to(struct http_request *request, struct http_answer *answer);

/* The loop of the HTTP thread, for timers and the like: before http_start any
 * thread, then its own alone. */
struct event_base *http_base(struct http *http);

/* ---- for main ---- */

struct http *http_new(void);
void http_start(struct http *http);
/* Ends the thread at once; requests that were kept go without an answer. */
void http_stop(struct http *http);
void http_free(struct http *http);	/* stopped; NULL passes */

/* Serve clients of a listening socket, which is the server's from now on; stop
 * and close it.  Both return when it is done, before or after http_start. */
void http_listen(struct http *http, const struct endpoint *endpoint, int fd);
void http_unlisten(struct http *http, const struct endpoint *endpoint);

/* The names that Host may have beside addresses and localhost (copied). */
void http_set_names(struct http *http, const char *const *names,
    size_t count);

#endif
