/* SPDX-License-Identifier: BSD-2-Clause */
/* listeners.h - the addresses that are served: from the configuration's
 * `listen` to open sockets, and which of them the workers have.
 *
 * The one rule: what is open already and still wanted stays as it is, its
 * sockets are never made anew; so no query is lost to a reload.  Every socket
 * of the daemon's listeners comes from here (open_one in listeners.c).
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
/* Closes them all; no worker may be left. */
void listeners_free(struct listeners *listeners);

/* What listeners_open opens next it takes from these sockets, where its address
 * is among them (listener_adopt); they stay the caller's. */
void listeners_give(struct listeners *listeners, struct given *given);

/* The last step before workers start: bind what could not be bound before it can
 * be read (listener_complete).  What was given is not looked at any more.  False
 * where an address could not be had; the diagnostics say which. */
bool listeners_complete(struct listeners *listeners, struct diags *diags);

/* From now on these serve: what is open goes to them.  NULL: nobody. */
void listeners_set_workers(struct listeners *listeners,
    struct workers *workers);

/* Bind every address that the configuration names and that is not open yet;
 * false where one could not be (the diagnostics say which), *error_number is
 * then the errno of the first. */
bool listeners_open(struct listeners *listeners, const struct conf *conf,
    struct diags *diags, int *error_number);

/* Close those that the configuration does not name any more. */
void listeners_drop(struct listeners *listeners, const struct conf *conf);

/* What is open. */
const struct listen_set *listeners_set(const struct listeners *listeners);

#endif
