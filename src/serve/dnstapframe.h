/* SPDX-License-Identifier: BSD-2-Clause */
/* dnstapframe.h - a note as messages of dnstap (dnstap.proto).
 *
 * An answered query is two messages, CLIENT_QUERY and CLIENT_RESPONSE; what
 * went to an upstream or came from one is one, FORWARDER_QUERY or
 * FORWARDER_RESPONSE.
 *
 * Filled, then packed into room of the size that filling says: nothing is
 * allocated or copied in between, and note and identity must live until then.
 * Pure; thread-safe.
 */
#ifndef HOSTLER_SERVE_DNSTAPFRAME_H
#define HOSTLER_SERVE_DNSTAPFRAME_H

#include "net/sighting.h"
#include "serve/dnstap.pb-c.h"

struct dnstapframe {
	Dnstap__Dnstap top;
	Dnstap__Message message;
};

/* identity: who we are, NUL-terminated; NULL: not said. */
struct dnstapframe_about {
	const struct sighting *seen;
	int64_t wall_ns;		/* Unix time of seen->done_ns */
	const char *identity;
};

/* Returns the bytes that it packs to. */
size_t dnstapframe_query(struct dnstapframe *frame,
    const struct dnstapframe_about *about);
size_t dnstapframe_reply(struct dnstapframe *frame,
    const struct dnstapframe_about *about);
void dnstapframe_pack(const struct dnstapframe *frame, uint8_t *to);

#endif
