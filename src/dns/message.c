/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/message.h"

#include <assert.h>

#include "dns/rdata.h"
#include "dns/types.h"

static bool
fits(const struct message *m, const uint8_t *asked, size_t asked_length)
{
	return m->length >= asked_length && (m->flags & FLAG_QR) &&
	    !(m->flags & FLAG_OPCODE) && m->id == wire_get16(asked) &&
	    wire_get16(m->bytes + 4) == 1;
}

/* Each is a name, type and class; length bytes of both are there. */
static enum message_result
compare_questions(const uint8_t *came, const uint8_t *asked, size_t length)
{
	uint8_t a[DNAME_MAX], b[DNAME_MAX];
	size_t name = length - 4;

	if (memcmp(came, asked, length) == 0)
		return MESSAGE_OK;
	dname_copy_lower(a, came, name);
	dname_copy_lower(b, asked, name);
	return memcmp(a, b, name) == 0 &&
	    memcmp(came + name, asked + name, 4) == 0 ? MESSAGE_RECASED :
	    MESSAGE_OTHER;
}

static enum message_section
section_of(const struct message *m, unsigned index)
{
	if (index < m->count[0])
		return MESSAGE_ANSWER;
	return index < (unsigned)m->count[0] + m->count[1]
	    ? MESSAGE_AUTHORITY : MESSAGE_ADDITIONAL;
}

static void
read_fixed(struct wire_reader *r, struct message_record *record)
{
	static const uint8_t nothing[10];
	const uint8_t *fixed;

	wire_read_dname(r, &record->owner);
	fixed = wire_read_bytes(r, sizeof nothing);
	if (!fixed)
		fixed = nothing;
	record->type = wire_get16(fixed);
	record->class = wire_get16(fixed + 2);
	record->ttl = wire_get32(fixed + 4);
	if (record->ttl & 0x80000000)
		record->ttl = 0;
	record->rdata_length = wire_get16(fixed + 8);
	record->rdata_at = r->at;
}

/* RFC 6891 6.1.1: the root as owner, in the additional section, one at most.
 * Of its TTL the first byte is the upper part of the rcode. */
static bool
take_opt(struct message *m, const struct message_record *record)
{
	if (record->section != MESSAGE_ADDITIONAL || m->edns ||
	    record->owner.length != 1)
		return false;
	m->edns = true;
	m->rcode |= (uint16_t)(m->bytes[record->rdata_at - 6] << 4);
	return true;
}

static void
find_cookie(struct message *m, size_t at, size_t end)
{
	const uint8_t *cookie = rdata_find_option(m->bytes + at, end - at,
	    OPTION_COOKIE, &m->cookie_length);

	m->cookie = cookie != NULL;
	if (m->cookie)
		m->cookie_at = (uint16_t)(cookie - m->bytes);
}

/* What rdata of other classes looks like is not known. */
static bool
check_record(struct message *m, struct wire_reader *r, unsigned index)
{
	struct message_record record;

	record.section = section_of(m, index);
	read_fixed(r, &record);
	if (r->failed ||
	    (record.type == TYPE_OPT && !take_opt(m, &record)))
		return false;
	if (record.class == CLASS_IN || record.type == TYPE_OPT)
		rdata_skip(r, record.type, record.rdata_length);
	else
		wire_read_bytes(r, record.rdata_length);
	if (!r->failed && record.type == TYPE_OPT)
		find_cookie(m, record.rdata_at, r->at);
	return !r->failed;
}

enum message_result
message_read(struct message *m, const uint8_t *bytes, size_t length,
    const uint8_t *asked, size_t asked_length)
{
	struct wire_reader r = wire_reader_at(bytes, length, asked_length);
	unsigned total = 0;
	enum message_result result;

	assert(asked_length > WIRE_HEADER + 4 &&
	    asked_length <= WIRE_HEADER + DNAME_MAX + 4);
	if (length < WIRE_HEADER)
		return MESSAGE_OTHER;
	*m = (struct message){.bytes = bytes, .length = length};
	m->id = wire_get16(bytes);
	m->flags = wire_get16(bytes + 2);
	m->rcode = m->flags & FLAG_RCODE;
	if (!fits(m, asked, asked_length))
		return MESSAGE_OTHER;
	result = compare_questions(bytes + WIRE_HEADER, asked + WIRE_HEADER,
	    asked_length - WIRE_HEADER);
	if (result != MESSAGE_OK)
		return result;
	m->question_end = (uint16_t)asked_length;
	for (unsigned i = 0; i < 3; i++) {
		m->count[i] = wire_get16(bytes + 6 + 2 * i);
		total += m->count[i];
	}
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
