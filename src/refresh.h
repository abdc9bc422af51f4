/* SPDX-License-Identifier: BSD-2-Clause */
/* refresh.h - when to look at the sources again without being told to, and
 * what the linter says of them.
 *
 *   the watcher says that something happened, and it was quiet for 200 ms
 *   the neighbour table changed
 *   a lease ends, or a file was half-written
 *   every two seconds, where the kernel cannot tell (shared folders, NFS)
 *
 * After every publishing the linter runs in its thread (linting.h); what it
 * finds is logged once and kept for status.
 *
 * One thread: main's, in its event loop.
 */
#ifndef HOSTLER_REFRESH_H
#define HOSTLER_REFRESH_H

#include "reload.h"

struct event_base;
struct refresh;

/* Called after sources were read again, whether that changed anything or
 * not. */
struct refresh_look {
	enum reload_news news;
	int64_t took_ms;
	const struct changes *changes;
};
struct refresh_hooks {
	void (*looked)(void *context, const struct refresh_look *look);
	void *context;
};

struct refresh *refresh_new(struct event_base *base, struct reload *reload,
    const struct refresh_hooks *hooks);
void refresh_free(struct refresh *refresh);

/* The sources were read and published just now: watch what they were read
 * from, and lint them. */
void refresh_settle(struct refresh *refresh);

/* The same at the start, done by the loop once it turns: the kernel walks all
 * that it knows of in a folder before it watches that (20 ms for a folder in
 * which 200,000 names were looked for, on 2026-11-21), and who waits for ready
 * need not wait for it. */
void refresh_begin(struct refresh *refresh);

/* Look at the sources now. */
void refresh_now(struct refresh *refresh);

/* What the linter found last, as diagnostics; refresh's own, until the next
 * call of anything here. */
const struct diags *refresh_warnings(struct refresh *refresh);

#endif
