/* SPDX-License-Identifier: BSD-2-Clause */
/* httpconns.h - the connections of the HTTP server, and who has to go when
 * there are too many.
 *
 * evhttp takes every connection and says nothing of those that send no
 * request.  What it does tell is that it needs a bufferevent for a new one: a
 * reference to each is kept here, and one that has no callbacks any more is one
 * that evhttp has let go.  A connection that is to go has its socket shut
 * down, so that evhttp sees its end as any other.
 *
 * Above the first limit the one that was idle longest goes for each that comes;
 * at twice that nothing is accepted until the loop has come round.
 *
 * Of what a client sends ahead no more is read than a request may be long.
 *
 * One thread: HTTP's.
 */
#ifndef HOSTLER_SERVE_HTTPCONNS_H
#define HOSTLER_SERVE_HTTPCONNS_H

#include <stdbool.h>

struct bufferevent;
struct event_base;
struct httpconns;

struct httpconns *httpconns_new(struct event_base *base, unsigned max);
void httpconns_free(struct httpconns *conns);

/* For evhttp_set_bevcb: the bufferevent of a connection that came just now.
 * NULL: it is full. */
struct bufferevent *httpconns_add(struct httpconns *conns);

/* It asks something: it is the last to go; while `busy`, it does not go. */
void httpconns_used(struct httpconns *conns, const struct bufferevent *stream);
enum httpconns_work {
	HTTPCONNS_IDLE,
	HTTPCONNS_BUSY,
};
void httpconns_set_work(struct httpconns *conns,
    const struct bufferevent *stream, enum httpconns_work work);

/* No more may be accepted now. */
bool httpconns_is_full(const struct httpconns *conns);

/* Forget those that are gone.  From the loop, not from within evhttp: what came
 * just now looks as if it were. */
void httpconns_sweep(struct httpconns *conns);

#endif
