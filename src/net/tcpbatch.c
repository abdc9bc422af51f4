/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/tcpbatch.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define OUT_ROOM (4 * TCPBATCH_MESSAGE_MAX)

struct tcpbatch {
	struct serving *serving;
	unsigned begun, stepped;
	size_t starts[SERVING_BATCH];	/* of the messages */
	uint8_t out[OUT_ROOM];
};

unsigned
tcpbatch_begin(struct tcpbatch *batch, struct tcpbatch_bytes *from,
    const struct query_client *client, unsigned most)
{
	struct serving *serving = batch->serving;
	unsigned begun = 0;

	while (begun < SERVING_BATCH && begun < most &&
	    tcpbatch_next(from) == TCPBATCH_MESSAGE) {
		size_t length = wire_get16(from->bytes + from->at);

		batch->starts[begun] = from->at;
		query_begin(&serving->queries[begun++], &serving->env,
		    client, from->bytes + from->at + 2, length);
		from->at += 2 + length;
	}
	for (unsigned i = 0; i < begun; i++)
		query_prefetch(&serving->queries[i], &serving->env);
	for (unsigned i = 0; i < begun; i++)
		query_prefetch_answer(&serving->queries[i], &serving->env);
	batch->begun = begun;
	batch->stepped = 0;
	return begun;
}

struct tcpbatch_replies
tcpbatch_step(struct tcpbatch *batch, const struct waiting_from *from)
{
	struct serving *serving = batch->serving;
	struct tcpbatch_replies replies = {.bytes = batch->out};
	struct serving_reply reply;

	while (batch->stepped < batch->begun &&
	    OUT_ROOM - replies.length >= TCPBATCH_MESSAGE_MAX) {
		uint8_t *out = batch->out + replies.length;
		enum query_outcome outcome;

		reply.room = out + 2;
		outcome = serving_step(serving,
		    &serving->queries[batch->stepped++], from, &reply);
		replies.waiting += outcome == QUERY_WAIT;
		if (outcome != QUERY_REPLY)
			continue;
		wire_put16(out, (uint16_t)reply.length);
		replies.length += 2 + reply.length;
	}
	return replies;
}

bool
tcpbatch_is_done(const struct tcpbatch *batch)
{
	return batch->stepped == batch->begun;
}

size_t
tcpbatch_left_at(const struct tcpbatch *batch)
{
	return batch->starts[batch->stepped];
}

struct tcpbatch_replies
tcpbatch_late(struct tcpbatch *batch, const uint8_t *bytes, size_t length)
{
	wire_put16(batch->out, (uint16_t)length);
	memcpy(batch->out + 2, bytes, length);
	return (struct tcpbatch_replies){batch->out, 2 + length, 0};
}

struct tcpbatch *
tcpbatch_new(struct serving *serving)
{
	struct tcpbatch *batch = memory_own(sizeof *batch);

	batch->serving = serving;
	return batch;
}

void
tcpbatch_free(struct tcpbatch *batch)
{
	free(batch);
}
