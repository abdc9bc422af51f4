/* SPDX-License-Identifier: BSD-2-Clause */
/* listeners.h - the addresses that are served: from the configuration's
 * `listen` to open sockets, and which of them the workers have.
 *
 * What is wanted listenplan.h says; here it is opened, dropped, tried again:
 *
 *   listeners_open	opens what is wanted and not open yet
 *   listeners_drop	closes what is wanted no longer
 *   listeners_retry	tries again what could not be opened, when it is due
 *   listeners_tell	logs what differs from when it was called last
 *
 * The one rule: what is open already and still wanted stays as it is, its
 * sockets are never made anew; so no query is lost to a reload.  Every socket
 * of the daemon's listeners comes from here (open_place in listeners.c).
 *
 * An address written out that the machine does not have is bound all the same
 * (net/listen.h) and stays so, come and go the address as it may: that it is
 * waited for is only said.  One that a word stands for is open while the
 * machine has it.
 *
 * Owns the listeners.  One thread: main's.
 */
#ifndef HOSTLER_LISTENERS_H
#define HOSTLER_LISTENERS_H

#include "base/diag.h"
#include "conf.h"
#include "net/listen.h"
#include "net/worker.h"

struct listeners;

/* So many workers each listener has sockets for. */
struct listeners *listeners_new(unsigned workers);
/* Closes them all; no worker may be left.  NULL is fine. */
void listeners_free(struct listeners *listeners);

/* What listeners_open opens next it takes from these sockets, where its address
 * is among them (listener_adopt); they stay the caller's. */
void listeners_give(struct listeners *listeners, struct given *given);

/* The last step before workers start: bind what could not be bound before it
 * can be read (listener_complete).  What was given is not looked at any more.
 * False where an address could not be had; the diagnostics say which. */
bool listeners_complete(struct listeners *listeners, struct diags *diags);

/* From now on these serve: what is open goes to them.  NULL: nobody. */
void listeners_set_workers(struct listeners *listeners,
    struct workers *workers);

/* Look at the machine's interfaces, and bind every address that the
 * configuration wants on it and that is not open yet.  False where one could
 * not be that must be served from the start: one written out, or for want of
 * rights; listeners_diags says which. */
bool listeners_open(struct listeners *listeners, const struct conf *conf);

/* Close those that the last listeners_open did not want.  The queries in flight
 * are answered, where the machine still has the address.  What could not be
 * opened is tried once more: an address of our own may have been in its way. */
void listeners_drop(struct listeners *listeners);

/* When something is to be tried again, in monotonic milliseconds; INT64_MAX:
 * nothing is.  Each failure doubles the time to the next, up to a limit. */
int64_t listeners_due_ms(const struct listeners *listeners);
void listeners_retry(struct listeners *listeners);

void listeners_tell(struct listeners *listeners);

/* What is open, whether the machine has the address at present or not. */
const struct listen_set *listeners_set(const struct listeners *listeners);

/* What is wrong at present: an error for an address that is written out and
 * cannot be bound, a warning for the others and for what is waited for. */
const struct diags *listeners_diags(const struct listeners *listeners);

/* ---- for status ---- */

enum listeners_state {
	LISTENERS_LISTENING,
	LISTENERS_WAITING,		/* for the address or interface */
	LISTENERS_IN_USE,		/* by another program */
	LISTENERS_FAILED,
};

/* One address that an entry of `listen` stands for; an entry that stands for
 * none at present is shown once. */
struct listeners_view {
	const char *entry;		/* as it was written, with its port */
	const struct endpoint *endpoint;	/* NULL: none at present */
	enum listeners_state state;
	const char *words;		/* why not listening; "" */
};

/* By entry; false: there are no more.  Strings are listeners' own, until the
 * next call of anything that changes it. */
bool listeners_view(const struct listeners *listeners, size_t at,
    struct listeners_view *view);

/* "listening", "waiting", "in-use", "failed". */
const char *listeners_state_word(enum listeners_state state);

/* Can only this machine ask, and is nothing awaited that would let others? */
bool listeners_only_loopback(const struct listeners *listeners);

#endif
