/* SPDX-License-Identifier: BSD-2-Clause */
/* Arbitrary bytes as what an upstream answers to a question in flight.
 *
 * Input: a byte of modes, then messages, each with its length in two bytes
 * ahead.  A message gets the id of the query that was sent last (else nothing
 * would ever match), unless the mode says that it keeps its own.
 */
#include <assert.h>
#include <string.h>

#include "dns/message.h"
#include "query/cache.h"
#include "query/forward.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum mode {
	MODE_OWN_ID = 0x01,
	MODE_DNSSEC = 0x02,
	MODE_TWO_UPSTREAMS = 0x04,
	MODE_TIME_PASSES = 0x08,
	MODE_TYPE = 0x70,
	MODE_OWN_CASE = 0x80,
};

#define SENDS_MAX 64
#define START 1000

static const uint16_t types[] = { TYPE_A, TYPE_CNAME, TYPE_ANY, TYPE_NS,
	TYPE_TXT, TYPE_DS, TYPE_HTTPS, TYPE_RRSIG };
static struct stats stats;

struct run {
	struct forward *forward;
	struct cache *cache;
	struct forward_question question;
	struct forward_action sent;
	unsigned sends, told;
	int64_t now_ms;
};

static struct forward_question
question_of(uint8_t mode)
{
	static const struct hash_key key = { 3, 4 };
	struct forward_question q = {
		.name = dname_from("www.a.test."),
		.type = types[(mode & MODE_TYPE) >> 4],
		.dnssec_ok = (mode & MODE_DNSSEC) != 0,
		.to.id = 1,
		.to.count = (mode & MODE_TWO_UPSTREAMS) != 0 ? 2 : 1,
	};

	for (unsigned i = 0; i < q.to.count; i++)
		q.to.list[i].endpoint = (struct endpoint){
			.addr = { 4, { 192, 0, 2, (uint8_t)(i + 1) } },
			.port = 53,
		};
	q.hash = answer_hash(&key, &q);
	return q;
}

/* What was kept must make a good message, however it is sent. */
static void
write_out(const struct run *run, const struct answer *answer, size_t limit)
{
	static uint8_t bytes[WIRE_MAX];
	uint8_t packet[FORWARD_QUERY_MAX] = { 0, 1, 1, 0, 0, 1 };
	size_t length = WIRE_HEADER + run->question.name.length + 4u;
	struct question question;
	struct message message;
	struct message_walk walk = { 0 };
	struct message_record record;
	struct reply reply;

	memcpy(packet + WIRE_HEADER, run->question.name.wire,
	    run->question.name.length);
	wire_put16(packet + length - 4, run->question.type);
	wire_put16(packet + length - 2, CLASS_IN);
	assert(question_read(&question, packet, length) == QUESTION_OK);
	reply_start(&reply, &question, bytes, limit);
	answer_reply(answer, &reply, run->now_ms);
	length = reply_finish(&reply);
	assert(length <= limit);
	assert(message_read(&message, bytes, length, packet,
	    question.end) == MESSAGE_OK);
	while (message_next(&message, &walk, &record))
		assert(record.class == CLASS_IN);
}

static void
drain(struct run *run)
{
	struct forward_action action;
	const struct answer *found;
	enum cache_state state;

	while (forward_next(run->forward, &action)) {
		switch (action.action) {
		case FORWARD_SEND_UDP:
		case FORWARD_SEND_TCP:
		case FORWARD_SEND_TLS:
			assert(++run->sends <= SENDS_MAX);
			run->sent = action;
			break;
		case FORWARD_CLOSE:
			break;
		case FORWARD_KEEP:
			cache_put(run->cache, action.answer, run->now_ms);
			found = cache_find(run->cache, &run->question,
			    run->now_ms, &state);
			assert(found == action.answer ||
			    answer_is_failure(action.answer) ||
			    action.answer->expires_ms <= run->now_ms);
			answer_release(action.answer);
			break;
		case FORWARD_DONE:
			run->told++;
			write_out(run, action.answer, WIRE_MAX);
			write_out(run, action.answer, 512);
			answer_release(action.answer);
			break;
		}
	}
}

/* The corpus knows the question, not the case of its letters. */
static void
recase(const struct run *run, uint8_t *message, size_t length)
{
	for (size_t i = 12; i < length && i < run->sent.length; i++) {
		if ((message[i] ^ run->sent.bytes[i]) == 0x20)
			message[i] = run->sent.bytes[i];
	}
}

static void
deliver(struct run *run, uint8_t mode, const uint8_t *bytes, size_t length)
{
	static uint8_t message[WIRE_MAX];

	memcpy(message, bytes, length);
	if ((mode & MODE_OWN_ID) == 0 && length >= 2)
		memcpy(message, run->sent.bytes, 2);
	if ((mode & MODE_OWN_CASE) == 0)
		recase(run, message, length);
	forward_received(run->forward, run->sent.exchange, message, length,
	    run->now_ms);
	drain(run);
	if ((mode & MODE_TIME_PASSES) != 0) {
		run->now_ms += 300;
		forward_tick(run->forward, run->now_ms);
		drain(run);
	}
}

static void
run_out(struct run *run)
{
	int64_t due_ms;

	while ((due_ms = forward_next_tick(run->forward)) != INT64_MAX) {
		assert(due_ms <= START + FORWARD_GIVE_UP_MS);
		run->now_ms = due_ms;
		forward_tick(run->forward, due_ms);
		drain(run);
	}
	assert(run->told == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct forward_settings settings = { 2, 2, { 0, 86400, 60 }, &stats };
	struct forward_waiter waiter = { 0 };
	struct run run = { .now_ms = START };
	uint8_t mode = size > 0 ? data[0] : 0;
	size_t length;

	run.forward = forward_new(&settings);
	run.cache = cache_new(64 << 10);
	run.question = question_of(mode);
	forward_ask(run.forward, &run.question, &waiter, run.now_ms);
	drain(&run);
	for (size_t at = 1; at + 2 <= size && run.told == 0;) {
		length = wire_get16(data + at);
		at += 2;
		if (length > size - at)
			length = size - at;
		deliver(&run, mode, data + at, length);
		at += length;
	}
	run_out(&run);
	cache_free(run.cache);
	forward_free(run.forward);
	return 0;
}
