/* SPDX-License-Identifier: BSD-2-Clause */
/* statuspage.h - what the HTTP server shows to people: the page at /, and the
 * figures behind it that no verb has.
 *
 *	/api/history?after=N	points of the last hour, those after number N
 *	/api/tops		most asked, asked in vain, clients
 *
 * Times are microseconds where the name says so, else Unix seconds.  Made by
 * main before the HTTP thread starts; from then on the history is that
 * thread's.
 */
#ifndef HOSTLER_STATUSPAGE_H
#define HOSTLER_STATUSPAGE_H

#include "serve/http.h"
#include "serve/tops.h"

struct statuspage;

/* tops outlives it.  Before http_start. */
struct statuspage *statuspage_new(struct http *http, struct tops *tops);
/* The workers whose sums the history is made of, for as long as the thread
 * runs; until they are told there is none.  Main's thread. */
void statuspage_set_workers(struct statuspage *page, struct workers *workers);
void statuspage_free(struct statuspage *page);	/* http_stop first; NULL
						 * passes */

#endif
