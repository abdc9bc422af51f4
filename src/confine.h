/* SPDX-License-Identifier: BSD-2-Clause */
/* confine.h - the daemon gives up what it will not need: root, capabilities,
 * new privileges, core files, most system calls, writing outside its folders.
 *
 * The one rule: after the sockets are bound, before threads are started and
 * sources are read.  What the configuration says about it at the start holds
 * until the end; a reload cannot widen it.
 *
 * Its own folders are those of the control socket, of the managed hosts file,
 * of the query log and of dnstap's file (where they are links, of what they
 * lead to).
 */
#ifndef HOSTLER_CONFINE_H
#define HOSTLER_CONFINE_H

#include "conf.h"
#include "sys/sandbox.h"

struct confinement {
	struct landlock_places places;	/* that may be written */
	struct sandbox_state sandbox;
};

enum confine_outcome {
	CONFINE_DONE,
	CONFINE_FAILED,			/* told; the process must end */
};

enum confine_outcome confine_self(const struct conf *conf,
    struct confinement *confinement);
void confine_fini(struct confinement *confinement);

/* May a file at this path be written, as far as the sandbox goes?  One that the
 * configuration named only later may lie outside. */
bool confine_covers(const struct confinement *confinement, const char *path);

#endif
