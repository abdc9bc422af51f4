/* SPDX-License-Identifier: BSD-2-Clause */
/* dnstap.h - queries and answers as they were on the wire, to a reader of
 * dnstap at a Unix socket, or into a file: those of clients, and those between
 * hostler and its upstreams.
 *
 * The one rule is the query log's: nobody waits.  Workers copy packets into
 * their rings, the observer's thread makes frames of them (dnstapframe.h), a
 * thread of its own writes those (dnstapwriter.h); each passes over what the
 * next does not take, and it is counted and told once a minute.
 *
 * A build without libfstrm has nodnstap.c in place of this: dnstap_set says so.
 *
 * Made, set and ended by main's thread.
 */
#ifndef HOSTLER_SERVE_DNSTAP_H
#define HOSTLER_SERVE_DNSTAP_H

#include "serve/observer.h"

struct dnstap;

enum dnstap_messages {
	DNSTAP_CLIENT = 1,
	DNSTAP_FORWARDER = 2,
};

struct dnstap_settings {
	const char *socket;		/* or: */
	const char *file;		/* both NULL: off */
	const char *identity;		/* NULL: the host's name */
	unsigned messages;		/* enum dnstap_messages, or'ed */
};

/* One more sink of the observer's, before observer_start. */
struct dnstap *dnstap_new(struct observer *observer);
void dnstap_free(struct dnstap *tap);	/* observer stopped */

/* These count from now on.  A file that was renamed is made anew, one that is
 * in its place goes on.  NULL, or why there is none, in words to be freed: then
 * nothing is written any more. */
char *dnstap_set(struct dnstap *tap, const struct dnstap_settings *settings);

/* Messages so far; lost are those that no ring, reader or file took.  Any
 * thread. */
struct dnstap_counts {
	uint64_t written, lost;
};
struct dnstap_counts dnstap_count(const struct dnstap *tap);

#endif
