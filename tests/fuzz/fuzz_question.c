/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a client's packet, and an answer to what was understood of it.
 *
 * Byte 0: the limit of the answer, 512 and 32 bytes each.  Byte 1: how many
 * records go in, by sorts.  The rest is the packet.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dns/message.h"
#include "dns/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MODES 2
#define ERROR_ROOM (12 + 259 + 11)

static const struct hash_key key = { 5, 6 };

/* What a question says of itself is so. */
static void
check_question(const struct question *q, enum question_result result)
{
	uint8_t lower[DNAME_MAX];
	uint64_t hash[DNAME_LABELS_MAX + 1];

	assert(q->end >= WIRE_HEADER && q->end <= q->length);
	assert(q->udp_size >= 512);
	assert(dname_length(q->name) == q->name_length);
	assert(dname_labels(q->name) == q->labels);
	memcpy(lower, q->name, q->name_length);
	dname_lower(lower);
	assert(memcmp(lower, q->name, q->name_length) == 0);
	assert(dname_hash_suffixes(&key, lower, hash) == q->labels);
	assert(dname_hash(&key, lower) == hash[0]);
	assert(dname_hash_labels(&key, q->name, q->label_at, q->labels) ==
	    hash[0]);
	if (result == QUESTION_OK || result == QUESTION_BADVERS) {
		assert(q->end == WIRE_HEADER + q->name_length + 4);
		assert(dname_equal(q->packet + WIRE_HEADER, q->name));
	}
}

/* An OPT alone is found without walking.  With a harmless record ahead of it
 * all records are walked: what is said of the OPT must be the same.  Not where
 * the owner is a pointer, since what it points at may move. */
static void
check_walked(const struct question *q, enum question_result result)
{
	static const uint8_t record[11] = { 0, 0, TYPE_A, 0, CLASS_IN };
	size_t length = q->length + sizeof(record);
	struct question walked;
	uint8_t *packet;

	if (q->end == WIRE_HEADER || wire_get32(q->packet + 8) != 1 ||
	    q->length == q->end || q->packet[q->end] != 0 ||
	    length > WIRE_MAX)
		return;
	packet = malloc(length);
	memcpy(packet, q->packet, q->end);
	memcpy(packet + q->end, record, sizeof(record));
	memcpy(packet + q->end + sizeof(record), q->packet + q->end,
	    q->length - (size_t)q->end);
	wire_put16(packet + 10, 2);
	assert(question_read(&walked, packet, length) == result);
	assert(walked.edns == q->edns && walked.dnssec_ok == q->dnssec_ok);
	assert(walked.udp_size == q->udp_size && walked.end == q->end);
	assert(walked.cookie == q->cookie);
	assert((walked.cookie_at != 0) == (q->cookie_at != 0));
	if (q->cookie_at != 0) {
		assert(walked.cookie_at == q->cookie_at + sizeof(record));
		assert(walked.cookie_length == q->cookie_length);
	}
	free(packet);
}

static void
check_error(const struct question *q)
{
	/* Exactly as large as reply_error may write. */
	uint8_t *bytes = malloc(ERROR_ROOM);
	size_t length = reply_error(q, RCODE_BADVERS, bytes);

	assert(length == q->end + (q->edns ? 11u : 0u));
	assert(wire_get16(bytes) == q->id);
	assert(bytes[2] & 0x80);
	assert((wire_get16(bytes + 4) == 1) == (q->end > WIRE_HEADER));
	free(bytes);
}

static void
add_rrset(struct reply *reply, unsigned i)
{
	static const char *const owners[] = { "a.", "b.a.", "c.b.a.", ".",
		"www.example." };
	uint8_t wire[3][16];
	struct dname owner = dname_from(owners[i % 5]);
	struct reply_rrset rrset = {
		.owner = i % 7 == 0 ? NULL : owner.wire,
		.wire = wire[0],
		.length = sizeof(wire),
		.count = 3,
		.ttl_cap = i % 2 ? UINT32_MAX : 5,
	};

	for (unsigned r = 0; r < 3; r++)
		memcpy(wire[r], "\300\014\0\1\0\1\0\0\1\0\0\4\12\0\0\1", 16);
	reply_records(reply, (enum reply_section)(i % 4), &rrset);
}

static void
check_reply(const struct question *q, size_t limit, unsigned rrsets)
{
	uint8_t *bytes = malloc(limit);
	struct reply reply;
	struct message message;
	struct message_walk walk = { 0 };
	struct message_record record;
	unsigned total = 0, section = 0;
	size_t length;

	reply_start(&reply, q, bytes, limit);
	/* In the order of the sections, as they must be. */
	for (unsigned s = 0; s < 4; s++)
		for (unsigned i = 0; i < rrsets; i++)
			if (i % 4 == s)
				add_rrset(&reply, i);
	if (rrsets % 3 == 0)
		reply_ede(&reply, EDE_OTHER, "because");
	length = reply_finish(&reply);
	assert(length <= limit);
	assert(memcmp(bytes + WIRE_HEADER, q->packet + WIRE_HEADER,
	    q->end - (size_t)WIRE_HEADER) == 0);
	assert(message_read(&message, bytes, length, q->packet, q->end) ==
	    MESSAGE_OK);
	assert(message.edns == q->edns);
	while (message_next(&message, &walk, &record)) {
		assert(record.section >= section);
		section = record.section;
		total++;
	}
	assert(total % 3 == 0);
	free(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct question q;
	enum question_result result;
	uint8_t *packet;

	if (size < MODES)
		return 0;
	/* Alone in its block: what follows the modes must not be needed. */
	packet = malloc(size - MODES + 1);
	memcpy(packet, data + MODES, size - MODES);
	packet = realloc(packet, size - MODES ? size - MODES : 1);
	result = question_read(&q, packet, size - MODES);
	if (result != QUESTION_DROP_SHORT && result != QUESTION_DROP_RESPONSE) {
		check_question(&q, result);
		check_walked(&q, result);
		check_error(&q);
	}
	if (result == QUESTION_OK)
		check_reply(&q, 512 + data[0] * 32u, data[1]);
	free(packet);
	return 0;
}
