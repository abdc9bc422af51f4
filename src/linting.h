/* SPDX-License-Identifier: BSD-2-Clause */
/* linting.h - the linter (names/lint.h) in a thread of its own, after names
 * were published.
 *
 * The thread is an epoch reader (base/epoch.h) from linting_start until it has
 * ended: what it reads is freed no earlier (index_reclaim says that versions
 * wait; ask again when linting_take has given the findings).  It has the
 * lowest priority (sys/priority.h, LEISURE): on a core that is always full it
 * gets a seventieth of what each busy thread there gets, and a run over a
 * million names, 0.1 to 0.2 s of CPU, takes some ten seconds beside one.
 *
 * Measured 2026-11-22, 1,000,000 names, each in two files: 0.72 s of CPU;
 * beside two busy loops on its core, that got 28 s each in 90 s (other work the
 * rest), it had 0.41 s by then and was not at its end.
 *
 * A new start ends the run under way, which hears of it when it gets its next
 * turn: within milliseconds, on a full core within 0.2 s.  Main does not wait
 * for that: however often there was a start meanwhile, one new run is asked
 * for when the old one has told its end, and until then nothing is kept for it.
 *
 * All functions are for main's thread.
 */
#ifndef HOSTLER_LINTING_H
#define HOSTLER_LINTING_H

#include <stddef.h>

#include "names/lint.h"

struct linting;

struct linting *linting_new(void);
/* Ends the run under way, and waits for it. */
void linting_free(struct linting *linting);

/* Readable when a run has ended: then call linting_take. */
int linting_fd(const struct linting *linting);

/* Lint these, one after the other (a snapshot and contents for the top level,
 * and for each view).  Lists, strings and the host's name are copied; the
 * snapshots and contents must be those published last, and nothing of them
 * reclaimed meanwhile.  `stop` is passed over.  Where a run is under way, it is
 * told to end, its findings are lost, and this is all: linting_take will ask
 * for another start. */
void linting_start(struct linting *linting, const struct lint_input *inputs,
    size_t count);

enum linting_result {
	LINTING_NOTHING,		/* no run has ended since the last */
	LINTING_FOUND,
	LINTING_START_AGAIN,		/* with what is published by now */
};
/* What became of the run.  FOUND: its findings, the caller's to free; of other
 * results they are left alone. */
enum linting_result linting_take(struct linting *linting,
    struct lint_findings *findings);

#endif
