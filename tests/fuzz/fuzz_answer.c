/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as an upstream's answer: read, walked, its rdata copied out.
 *
 * Byte 0: what was asked.  0: whatever the message says that it answers; else
 * one of the questions below, put into the message.  The rest is the message.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dns/message.h"
#include "dns/rdata.h"
#include "dns/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define QUESTION_MAX (WIRE_HEADER + DNAME_MAX + 4)

static const struct asked {
	const char *name;
	uint16_t type;
} questions[] = {
	{ "www.example.", TYPE_A },
	{ "WwW.eXaMpLe.", TYPE_AAAA },
	{ ".", TYPE_NS },
};

struct input {
	uint8_t asked[QUESTION_MAX];
	size_t asked_length;
	uint8_t *message;
	size_t length;
};

/* The question that a message bears. */
static bool
take_question(struct input *input, const uint8_t *bytes, size_t length)
{
	struct dname name;

	if (length < WIRE_HEADER || !dname_read(&name, bytes + WIRE_HEADER,
	    length - WIRE_HEADER) ||
	    length < WIRE_HEADER + name.length + 4u)
		return false;
	input->asked_length = WIRE_HEADER + name.length + 4u;
	memcpy(input->asked, bytes, input->asked_length);
	input->message = malloc(length);
	memcpy(input->message, bytes, length);
	input->length = length;
	return true;
}

/* One of ours: the bytes are then a header and the records. */
static bool
put_question(struct input *input, const struct asked *asked,
    const uint8_t *bytes, size_t length)
{
	struct dname name = dname_from(asked->name);
	size_t question = name.length + 4u;

	if (length < WIRE_HEADER)
		return false;
	memcpy(input->asked, bytes, WIRE_HEADER);
	memcpy(input->asked + WIRE_HEADER, name.wire, name.length);
	wire_put16(input->asked + WIRE_HEADER + name.length, asked->type);
	wire_put16(input->asked + WIRE_HEADER + name.length + 2, CLASS_IN);
	input->asked_length = WIRE_HEADER + question;
	input->length = length + question;
	input->message = malloc(input->length);
	memcpy(input->message, input->asked, input->asked_length);
	memcpy(input->message + input->asked_length, bytes + WIRE_HEADER,
	    length - WIRE_HEADER);
	return true;
}

static void
check_record(const struct message *m, const struct message_record *record)
{
	static uint8_t room[WIRE_MAX];
	struct wire_reader r = wire_reader_at(m->bytes, m->length,
	    record->rdata_at);
	struct wire_writer w = wire_writer_to(room, sizeof(room));
	const uint8_t *target;
	struct dname name;

	assert(record->type != TYPE_OPT);
	assert(dname_read(&name, record->owner.wire, record->owner.length));
	assert(record->ttl < 0x80000000);
	assert(record->rdata_at + record->rdata_length <= m->length);
	if (record->class != CLASS_IN)
		return;
	rdata_copy(&r, record->type, record->rdata_length, &w);
	assert(!r.failed && !w.failed);
	assert(r.at == record->rdata_at + record->rdata_length);
	assert(rdata_is_valid(record->type, room, w.at));
	target = rdata_target(record->type, room);
	if (target)
		assert(dname_read(&name, target,
		    w.at - (size_t)(target - room)));
}

static void
check_message(const struct input *input)
{
	struct message m;
	struct message_walk walk = { 0 };
	struct message_record record;
	unsigned records = 0;

	if (message_read(&m, input->message, input->length, input->asked,
	    input->asked_length) != MESSAGE_OK)
		return;
	while (message_next(&m, &walk, &record)) {
		check_record(&m, &record);
		records++;
	}
	assert(walk.at == m.length || records == 0);
	assert(records + m.edns ==
	    (unsigned)m.count[0] + m.count[1] + m.count[2]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct input input;
	size_t which;
	bool taken;

	if (size < 1 || size > WIRE_MAX - QUESTION_MAX)
		return 0;
	which = data[0] % (sizeof(questions) / sizeof(*questions) + 1);
	taken = which == 0 ? take_question(&input, data + 1, size - 1) :
	    put_question(&input, &questions[which - 1], data + 1, size - 1);
	if (!taken)
		return 0;
	check_message(&input);
	free(input.message);
	return 0;
}
