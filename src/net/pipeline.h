/* SPDX-License-Identifier: BSD-2-Clause */
/* pipeline.h - the questions that are out on one connection, by message id.
 *
 * Answers come in any order (RFC 7766 6.2.1.1) and are told apart by their id
 * alone, so that no two questions of one connection may share it.  A question
 * comes with an id of its exchange's own; where that is taken here it goes
 * out under another, and its answer gets the first one back.
 *
 * Pure but for the random numbers; one thread.  The questions are the
 * caller's, who frees them.
 */
#ifndef HOSTLER_NET_PIPELINE_H
#define HOSTLER_NET_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "query/forward.h"

#define PIPELINE_MAX 256		/* questions */
#define PIPELINE_LENGTH 2		/* bytes ahead of each message */

struct stream;

/* One question.  Its bytes are kept, so that it can be asked again on another
 * connection where this one closes. */
struct asked {
	struct stream *stream;		/* the caller's; NULL: on none */
	uint32_t exchange;
	bool sent;			/* its bytes are written */
	bool again;			/* it was asked before, elsewhere */
	uint16_t own_id, wire_id;
	uint16_t at;			/* in the list */
	uint16_t length;		/* of bytes, the length in front too */
	uint8_t bytes[PIPELINE_LENGTH + FORWARD_QUERY_MAX];
};

/* Invariants: list[i]->at == i, ids[i] == list[i]->wire_id, and all ids
 * differ. */
struct pipeline {
	unsigned count;
	uint16_t ids[PIPELINE_MAX];
	struct asked *list[PIPELINE_MAX];
};

/* Take the question in and give it an id for the wire, in its bytes too; there
 * is room. */
void pipeline_add(struct pipeline *pipeline, struct asked *asked);
void pipeline_remove(struct pipeline *pipeline, struct asked *asked);
/* Whose answer has this id; NULL: nobody's, or nobody waits for it any more. */
struct asked *pipeline_find(const struct pipeline *pipeline, uint16_t id);

#endif
