/* SPDX-License-Identifier: BSD-2-Clause */
/* watch.h - tells that something in a set of files and folders may have
 * changed, by inotify(7).
 *
 * The one rule: call watch_set before the files are read, watch_drain when the
 * descriptor is readable, and look at the files (by files_identity) when it
 * says that something happened.  It never says what: a change may be told
 * twice, or turn out to be none.  It is never missed, except where
 * watch_needs_poll says so.
 *
 * What is watched are folders, not files, so that a file that is replaced,
 * removed, or not there yet is seen as well: every folder on the way to each
 * path, through all symbolic links (hosts -> ..data/hosts, ..data -> ..2026_x,
 * as Kubernetes swaps them), down to the last that exists; of each only the
 * one name that the way goes through counts.  Of a watched folder itself every
 * file counts that files_expand would list.  What else goes on in /etc or /tmp
 * is not told.
 *
 * Mounts: the descriptor also becomes readable when something is mounted or
 * unmounted anywhere (proc(5), mountinfo), and watch_drain then looks whether
 * a path on the way leads elsewhere: a bind mount over a watched file or
 * folder is seen at once.  A file that is a mount of its own, or has further
 * hard links, is watched itself too: who writes to it by its other name
 * touches nothing in our folder.
 *
 * Editors write in several steps: wait until it is quiet (200 ms) before
 * reading.  Owns its descriptors and copies of the paths.  One thread.
 */
#ifndef HOSTLER_SYS_WATCH_H
#define HOSTLER_SYS_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct watch;

/* Watches nothing yet.  Never NULL: where inotify is not to be had, watch_fd
 * is -1 and watch_needs_poll true. */
struct watch *watch_new(void);
void watch_free(struct watch *watch);

/* Readable when watch_drain has something to do; stays the same; -1: none.
 * Not for reading. */
int watch_fd(const struct watch *watch);

/* From now on these paths and no others: files and folders, there or not,
 * absolute or relative to the working directory.  Of what was watched before
 * and still is nothing is missed. */
void watch_set(struct watch *watch, const char *const *paths, size_t count);

enum watch_news {
	WATCH_NOTHING,			/* that concerns the paths */
	WATCH_SOMETHING,
	WATCH_OVERFLOW,			/* as SOMETHING: some of it was lost */
};

/* Take in what happened, without waiting, and watch what the paths lead
 * through now.  Bounded: where more is pending, the descriptor stays
 * readable. */
enum watch_news watch_drain(struct watch *watch);

/* The kernel cannot tell everything about these paths: one lies on a file
 * system that others change behind its back (filesystem_is_blind), a folder may
 * not be read, the limit of watches (fs.inotify.max_user_watches) or a bound of
 * ours is reached, or inotify or /proc is not to be had.  Look at all files
 * every few seconds.  May change with watch_set and watch_drain. */
bool watch_needs_poll(const struct watch *watch);

#endif
