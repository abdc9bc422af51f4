/* SPDX-License-Identifier: BSD-2-Clause */
/* troubles.h - why upstreams cannot be spoken to by TLS, for people.
 *
 * All workers write into one table; `status` reads it, and each upstream has
 * one log line a minute at most.  Bounded: the oldest gives way.
 *
 * Any thread; a lock, taken once a handshake and never for a question.
 */
#ifndef HOSTLER_NET_TROUBLES_H
#define HOSTLER_NET_TROUBLES_H

#include <stdbool.h>
#include <stdint.h>

#include "query/policy.h"

#define TROUBLES_MAX 64			/* upstreams */
#define TROUBLES_LOG_MS 60000
#define TROUBLES_WORDS 160

struct troubles;

struct troubles *troubles_new(void);
void troubles_free(struct troubles *troubles);

/* A handshake failed; words fit behind the upstream's name. */
void troubles_note(struct troubles *troubles, const struct upstream *upstream,
    const char *words, int64_t now_ms);
/* One succeeded. */
void troubles_clear(struct troubles *troubles,
    const struct upstream *upstream);

/* True: words say why the last handshake failed. */
bool troubles_read(struct troubles *troubles, const struct upstream *upstream,
    char words[TROUBLES_WORDS]);

#endif
