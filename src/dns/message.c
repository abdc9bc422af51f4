/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/message.h"

#include "dns/rdata.h"
#include "dns/types.h"

#define COUNT_MAX 4096			/* records that fit in 64 KB: 11 bytes
					 * each would be 5,957; nobody sends
					 * that many */

/* id and the whole question as they were asked, the name's case too. */
static bool
is_answer_to(const struct message *m, const uint8_t *asked,
    size_t asked_length)
{
	return m->length >= asked_length && (m->flags & FLAG_QR) &&
	    !(m->flags & FLAG_OPCODE) && m->id == wire_get16(asked) &&
	    wire_get16(m->bytes + 4) == 1 &&
	    memcmp(m->bytes + WIRE_HEADER, asked + WIRE_HEADER,
		asked_length - WIRE_HEADER) == 0;
}

static enum message_section
section_of(const struct message *m, unsigned index)
{
	if (index < m->count[0])
		return MESSAGE_ANSWER;
	return index < (unsigned)m->count[0] + m->count[1]
	    ? MESSAGE_AUTHORITY : MESSAGE_ADDITIONAL;
}

/* Is the rdata at r (of `length` bytes) what its type says? */
static bool
check_rdata(struct wire_reader *r, uint16_t type, size_t length)
{
	uint8_t room[WIRE_MAX];
	struct wire_writer w = wire_writer_to(room, sizeof room);

	rdata_copy(r, type, length, &w);
	return !r->failed && !w.failed;
}

static void
read_fixed(struct wire_reader *r, struct message_record *record)
{
	wire_read_dname(r, &record->owner);
	record->type = wire_read16(r);
	record->class = wire_read16(r);
	record->ttl = wire_read32(r);
	if (record->ttl & 0x80000000)
		record->ttl = 0;
	record->rdata_length = wire_read16(r);
	record->rdata_at = r->at;
}

static bool
check_record(struct message *m, struct wire_reader *r, unsigned index)
{
	struct message_record record;

	read_fixed(r, &record);
	if (r->failed)
		return false;
	if (record.type != TYPE_OPT)
		return check_rdata(r, record.type, record.rdata_length);
	if (section_of(m, index) != MESSAGE_ADDITIONAL || m->edns ||
	    record.owner.length != 1)
		return false;
	m->edns = true;
	m->rcode |= (uint16_t)((wire_get32(m->bytes + record.rdata_at - 6) >>
	    20) & 0xff0);
	wire_read_bytes(r, record.rdata_length);
	return !r->failed;
}

enum message_result
message_read(struct message *m, const uint8_t *bytes, size_t length,
    const uint8_t *asked, size_t asked_length)
{
	struct wire_reader r;
	unsigned total;

	if (length < WIRE_HEADER)
		return MESSAGE_OTHER;
	*m = (struct message){.bytes = bytes, .length = length};
	m->id = wire_get16(bytes);
	m->flags = wire_get16(bytes + 2);
	m->rcode = m->flags & FLAG_RCODE;
	if (!is_answer_to(m, asked, asked_length))
		return MESSAGE_OTHER;
	m->question_end = (uint16_t)asked_length;
	total = 0;
	for (unsigned i = 0; i < 3; i++) {
		m->count[i] = wire_get16(bytes + 6 + 2 * i);
		total += m->count[i];
	}
	if (total > COUNT_MAX)
		return MESSAGE_MALFORMED;
	r = wire_reader_at(bytes, length, asked_length);
	for (unsigned i = 0; i < total; i++)
		if (!check_record(m, &r, i))
			return MESSAGE_MALFORMED;
	return r.at == length ? MESSAGE_OK : MESSAGE_MALFORMED;
}

bool
message_next(const struct message *m, struct message_walk *walk,
    struct message_record *record)
{
	unsigned total = (unsigned)m->count[0] + m->count[1] + m->count[2];
	struct wire_reader r = wire_reader_at(m->bytes, m->length,
	    walk->at ? walk->at : m->question_end);

	while (walk->index < total) {
		record->section = section_of(m, walk->index++);
		read_fixed(&r, record);
		wire_read_bytes(&r, record->rdata_length);
		walk->at = r.at;
		if (r.failed)
			return false;
		if (record->type != TYPE_OPT)
			return true;
	}
	return false;
}
