/* SPDX-License-Identifier: BSD-2-Clause */
/* web.h - main's side of the HTTP server: its addresses as the configuration
 * has them, its paths, and what it must be told of the rest of hostler.
 *
 * HTTP is beside DNS: an address of http.listen that cannot be bound is an
 * error of the configuration that `status` shows, but names are served, and it
 * is tried again every other second.  A configuration without http.listen
 * costs nothing: no thread is started.
 *
 * Who adds paths does it in add_paths of web.c.
 *
 * One thread: main's.
 */
#ifndef HOSTLER_WEB_H
#define HOSTLER_WEB_H

#include "base/diag.h"
#include "conf.h"
#include "net/worker.h"
#include "reload.h"
#include "sys/given.h"
#include "taps.h"

struct event_base;
struct web;

struct web *web_new(void);
void web_free(struct web *web);		/* stopped; NULL passes */

/* web_bind takes the sockets of its addresses from these, where they are among
 * them; they stay the caller's.  NULL: no more. */
void web_give(struct web *web, struct given *given);

/* Bind what the configuration names, as long as we may: before rights are
 * dropped.  What cannot be bound is printed. */
void web_bind(struct web *web, const struct conf *conf);

/* From now on: main's loop, and where the state of things is to be found. */
struct web_settings {
	struct event_base *base;
	const struct reload *reload;
	struct tops *tops;
	const struct control_verb *verbs;	/* of the control socket */
	void *verbs_context;
	struct cache *cache;
	struct taps *taps;
};
void web_start(struct web *web, const struct web_settings *settings);
void web_set_workers(struct web *web, struct workers *workers);

/* The configuration or sources were read, or something else is as it was not:
 * from now on that is told.  What is read again counts as a reload. */
enum web_reading {
	WEB_NO_RELOAD,
	WEB_RELOADED,
	WEB_RELOAD_FAILED,
};
void web_settle(struct web *web, enum web_reading reading);

/* Before workers_stop. */
void web_stop(struct web *web);

/* Addresses that are not served, and why; web's own, until the next call of
 * anything here. */
const struct diags *web_diags(const struct web *web);
/* Addresses that are: the endpoint at an index; NULL: there are no more. */
const struct endpoint *web_endpoint(const struct web *web, size_t index);
/* The socket there, which stays web's. */
int web_socket(const struct web *web, size_t index);

#endif
