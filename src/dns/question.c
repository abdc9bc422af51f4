/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/question.h"

#include <string.h>

#include "dns/types.h"
#include "dns/wire.h"

#define UDP_SIZE_MIN 512

/* Lower case into q->name; only labels, no pointers: there is nothing before a
 * question that one could point to.  False: malformed. */
static bool
read_name(struct question *q, size_t *at)
{
	const uint8_t *from = q->packet + *at;
	size_t left = q->length - *at, length = 0;
	unsigned labels = 0;

	for (;;) {
		unsigned count;

		if (length >= left || length >= DNAME_MAX)
			return false;
		count = from[length];
		if (count > LABEL_MAX)
			return false;
		q->name[length++] = (uint8_t)count;
		if (count == 0)
			break;
		if (length + count > left || length + count >= DNAME_MAX)
			return false;
		for (unsigned i = 0; i < count; i++, length++) {
			uint8_t c = from[length];

			q->name[length] = c |
			    (uint8_t)((uint8_t)(c - 'A') < 26 ? 0x20 : 0);
		}
		labels++;
	}
	q->name_length = (uint8_t)length;
	q->labels = (uint8_t)labels;
	*at += length;
	return true;
}

/* RFC 6891 6.1.1: the root as owner, one at most. */
static bool
read_opt(struct question *q, const struct wire_reader *r, bool *bad_version)
{
	const uint8_t *fixed = r->message + r->at;

	if (q->edns)
		return false;
	q->edns = true;
	q->udp_size = wire_get16(fixed + 2);
	if (q->udp_size < UDP_SIZE_MIN)
		q->udp_size = UDP_SIZE_MIN;
	*bad_version = fixed[5] != 0;
	q->dnssec_ok = fixed[6] & 0x80;
	return true;
}

static bool
is_option_list(const uint8_t *bytes, size_t length)
{
	struct wire_reader r = wire_reader_at(bytes, length, 0);

	while (!r.failed && r.at < length) {
		wire_read16(&r);
		wire_read_bytes(&r, wire_read16(&r));
	}
	return !r.failed;
}

static bool
read_additional(struct question *q, struct wire_reader *r, bool *bad_version)
{
	const uint8_t *rdata;
	struct dname owner;
	uint16_t length;
	bool opt;

	wire_read_dname(r, &owner);
	if (r->failed || r->length - r->at < 10)
		return false;
	opt = wire_get16(r->message + r->at) == TYPE_OPT;
	if (opt && (owner.length != 1 || !read_opt(q, r, bad_version)))
		return false;
	wire_read_bytes(r, 8);
	length = wire_read16(r);
	rdata = wire_read_bytes(r, length);
	return !r->failed && (!opt || is_option_list(rdata, length));
}

static enum question_result
read_rest(struct question *q)
{
	unsigned count = wire_get16(q->packet + 10);
	struct wire_reader r = wire_reader_at(q->packet, q->length, q->end);
	bool bad_version = false;

	while (count-- > 0)
		if (!read_additional(q, &r, &bad_version))
			return QUESTION_FORMERR;
	return bad_version ? QUESTION_BADVERS : QUESTION_OK;
}

static void
start_question(struct question *q, const uint8_t *packet, size_t length)
{
	q->packet = packet;
	q->length = (uint16_t)length;
	q->id = wire_get16(packet);
	q->flags = wire_get16(packet + 2);
	q->type = 0;
	q->class = 0;
	q->end = WIRE_HEADER;
	q->udp_size = UDP_SIZE_MIN;
	q->name_length = 1;
	q->labels = 0;
	q->edns = false;
	q->dnssec_ok = false;
	q->name[0] = 0;
}

enum question_result
question_read(struct question *q, const uint8_t *packet, size_t length)
{
	size_t at = WIRE_HEADER;

	if (length < WIRE_HEADER || length > WIRE_MAX)
		return QUESTION_DROP_SHORT;
	start_question(q, packet, length);
	if (q->flags & FLAG_QR)
		return QUESTION_DROP_RESPONSE;
	if (q->flags & FLAG_OPCODE)
		return QUESTION_NOTIMP;
	if (wire_get16(packet + 4) != 1)
		return QUESTION_FORMERR;
	if (!read_name(q, &at) || length - at < 4) {
		q->name_length = 1;
		q->labels = 0;
		q->name[0] = 0;
		return QUESTION_FORMERR;
	}
	q->type = wire_get16(packet + at);
	q->class = wire_get16(packet + at + 2);
	q->end = (uint16_t)(at + 4);
	if (wire_get32(packet + 6) != 0)
		return QUESTION_FORMERR;
	if (wire_get16(packet + 10) == 0)
		return QUESTION_OK;
	return read_rest(q);
}
