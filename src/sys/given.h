/* SPDX-License-Identifier: BSD-2-Clause */
/* given.h - listening sockets that somebody else opened for this process: the
 * hostler that it replaces, or the service manager.
 *
 * A socket knows its kind and its address: nothing that was said of it is
 * believed.  What nobody takes is closed at the end.
 *
 * One thread: main's.
 */
#ifndef HOSTLER_SYS_GIVEN_H
#define HOSTLER_SYS_GIVEN_H

#include <stdbool.h>

#include "base/addr.h"

struct given;

enum given_kind {
	GIVEN_UDP,			/* bound, to no peer */
	GIVEN_TCP,			/* listening */
};

struct given *given_new(void);
/* Closes what is left. */
void given_free(struct given *given);

/* Keep the socket, or close it and return why, in static words; one that is
 * there already is closed without a word.  name is what its giver calls it
 * (copied; NULL: nothing). */
const char *given_add(struct given *given, int fd, const char *name);

/* Take out the sockets of one kind at this endpoint, max at most, in the order
 * in which they were added; they are the caller's then.  Returns how many. */
unsigned given_take(struct given *given, const struct endpoint *endpoint,
    enum given_kind kind, int *fds, unsigned max);

/* How many of a kind there are still at this endpoint; how many at all. */
unsigned given_count(const struct given *given,
    const struct endpoint *endpoint, enum given_kind kind);
unsigned given_left(const struct given *given);
/* Was one added, taken or not, that stands in the way of a socket at this
 * endpoint without being of it: a wildcard address, or for one? */
bool given_overlaps(const struct given *given,
    const struct endpoint *endpoint);

/* Close and forget one that is left: where it was, and the name that its giver
 * had for it (free it; NULL: none).  False: none is left. */
bool given_refuse(struct given *given, struct endpoint *endpoint,
    char **name);

#endif
