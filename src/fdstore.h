/* SPDX-License-Identifier: BSD-2-Clause */
/* fdstore.h - sockets that outlive this process in the service manager's
 * keeping (sd_notify's FDSTORE=1): what is asked during a restart waits in
 * them.
 *
 * Each address has a name there, ADDR@PORT with _ for the colons, which names
 * may not have.
 *
 * One thread: main's.
 */
#ifndef HOSTLER_FDSTORE_H
#define HOSTLER_FDSTORE_H

#include "net/listen.h"

struct fdstore;

struct fdstore *fdstore_new(void);
void fdstore_free(struct fdstore *store);	/* the manager keeps them */

/* The process before this one had sockets there kept, and this one does not
 * want them: the next fdstore_settle has them forgotten, before it has others
 * kept. */
void fdstore_leave(struct fdstore *store, const struct endpoint *endpoint);

/* These are open now: have the new ones kept, and those that are gone since the
 * last call forgotten.
 *
 * Only the service's main process may call this: to others the manager need not
 * listen (NotifyAccess= of systemd.service(5)), and it does not say so. */
void fdstore_settle(struct fdstore *store, const struct listen_set *set);

/* Write the name of an address; returns it. */
char *fdstore_name(const struct endpoint *endpoint, char name[ENDPOINT_TEXT]);

#endif
