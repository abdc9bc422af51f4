/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/reply.h"

#include <string.h>

#include "dns/wire.h"

#define OPT_SIZE 11
#define EDE_CODE 15
#define EDE_SIZE 6			/* option header and info code */
#define POINTER 0xc000
#define POINTER_MAX 0x3fff

void
reply_start(struct reply *reply, const struct question *q, uint8_t *bytes,
    size_t limit)
{
	reply->bytes = bytes;
	reply->limit = (uint32_t)limit;
	reply->flags = FLAG_QR | (q->flags & (FLAG_OPCODE | FLAG_RD | FLAG_CD));
	reply->rcode = RCODE_NOERROR;
	reply->count[0] = reply->count[1] = reply->count[2] = 0;
	reply->question = q->end > WIRE_HEADER;
	reply->question_end = q->end;
	reply->at = q->end;
	reply->edns = q->edns;
	reply->dnssec_ok = q->dnssec_ok;
	reply->room = (uint32_t)limit - (q->edns ? OPT_SIZE : 0);
	reply->full = false;
	reply->ede = EDE_NONE;
	reply->ede_text_length = 0;
	reply->name_count = 0;
	memcpy(bytes, q->packet, q->end);
}

/* ---- names ---- */

/* The name at an offset of the reply, against a lower one.  What stands in the
 * reply ahead of `at` was written by us: its pointers lead backwards. */
static bool
is_name_at(const struct reply *reply, unsigned at, const uint8_t *lower)
{
	const uint8_t *bytes = reply->bytes;

	for (;;) {
		while (bytes[at] >= 0xc0)
			at = wire_get16(bytes + at) & POINTER_MAX;
		if (bytes[at] != *lower)
			return false;
		if (*lower == 0)
			return true;
		for (unsigned i = 1; i <= *lower; i++) {
			uint8_t c = bytes[at + i];

			if (c >= 'A' && c <= 'Z')
				c |= 0x20;
			if (c != lower[i])
				return false;
		}
		at += *lower + 1u;
		lower += *lower + 1;
	}
}

static unsigned
find_suffix(const struct reply *reply, unsigned at, const uint8_t *lower)
{
	const uint8_t *bytes = reply->bytes;

	while (bytes[at] && bytes[at] < 0xc0) {
		if (is_name_at(reply, at, lower))
			return at;
		at += bytes[at] + 1u;
	}
	return 0;
}

unsigned
reply_find_name(const struct reply *reply, const uint8_t *name)
{
	unsigned at = reply->question ? find_suffix(reply, WIRE_HEADER, name)
				      : 0;

	for (unsigned i = 0; i < reply->name_count && !at; i++)
		at = find_suffix(reply, reply->name_at[i], name);
	return at;
}

/* Write an owner: a pointer, or in full with its longest known suffix as a
 * pointer.  0: no room. */
static unsigned
write_owner(struct reply *reply, const uint8_t *owner, uint32_t end)
{
	unsigned start = reply->at, at = start, target;

	for (;; owner += *owner + 1) {
		target = *owner ? reply_find_name(reply, owner) : 0;
		if (target || *owner == 0)
			break;
		if (at + *owner + 3u > end)
			return 0;
		memcpy(reply->bytes + at, owner, *owner + 1u);
		at += *owner + 1u;
	}
	if (at + 2 > end)
		return 0;
	if (target) {
		wire_put16(reply->bytes + at, (uint16_t)(POINTER | target));
		at += 2;
	} else {
		reply->bytes[at++] = 0;
	}
	return at - start;
}

static void
remember_name(struct reply *reply, uint32_t at)
{
	if (reply->name_count < REPLY_NAMES && at <= POINTER_MAX &&
	    reply->bytes[at] && reply->bytes[at] < 0xc0)
		reply->name_at[reply->name_count++] = (uint16_t)at;
}

/* ---- records ---- */

static const uint8_t section_count[] = {0, 1, 2, 2};

static bool
refuse_record(struct reply *reply, enum reply_section section)
{
	if (section != REPLY_ADDITIONAL) {
		reply->full = true;
		reply->flags |= FLAG_TC;
	}
	return false;
}

static void
cap_ttls(uint8_t *at, const uint8_t *end, uint32_t cap)
{
	while (at < end) {
		if (wire_get32(at + 6) > cap)
			wire_put32(at + 6, cap);
		at += 12 + wire_get16(at + 10);
	}
}

/* The owner is the question's name: the records are as they go out. */
static bool
copy_records(struct reply *reply, enum reply_section section,
    const struct reply_rrset *rrset)
{
	uint8_t *at = reply->bytes + reply->at;

	if (rrset->length > reply->room - reply->at)
		return refuse_record(reply, section);
	memcpy(at, rrset->wire, rrset->length);
	if (rrset->ttl_cap != UINT32_MAX)
		cap_ttls(at, at + rrset->length, rrset->ttl_cap);
	reply->at += rrset->length;
	reply->count[section_count[section]] += rrset->count;
	return true;
}

/* Put one record of `length` bytes from its type on behind its owner. */
static bool
put_record(struct reply *reply, const uint8_t *owner, const uint8_t *wire,
    uint32_t length)
{
	unsigned name = write_owner(reply, owner, reply->room);
	uint32_t start = reply->at;

	if (name == 0 || length > reply->room - reply->at - name)
		return false;
	memcpy(reply->bytes + start + name, wire, length);
	reply->at += name + length;
	remember_name(reply, start);
	return true;
}

static bool
rewrite_records(struct reply *reply, enum reply_section section,
    const struct reply_rrset *rrset)
{
	const uint8_t *at = rrset->wire, *end = at + rrset->length;
	uint32_t start = reply->at;
	uint8_t names = reply->name_count;

	while (at < end) {
		uint32_t length = 12u + wire_get16(at + 10);
		uint8_t *ttl;

		if (!put_record(reply, rrset->owner, at + 2, length - 2)) {
			reply->at = start;
			reply->name_count = names;
			return refuse_record(reply, section);
		}
		ttl = reply->bytes + reply->at - length + 6;
		if (wire_get32(ttl) > rrset->ttl_cap)
			wire_put32(ttl, rrset->ttl_cap);
		at += length;
	}
	reply->count[section_count[section]] += rrset->count;
	return true;
}

bool
reply_records(struct reply *reply, enum reply_section section,
    const struct reply_rrset *rrset)
{
	if (reply->full)
		return false;
	if (!rrset->owner)
		return copy_records(reply, section, rrset);
	return rewrite_records(reply, section, rrset);
}

bool
reply_record(struct reply *reply, enum reply_section section,
    const struct reply_record *record)
{
	uint8_t fixed[10];
	uint32_t start = reply->at, names = reply->name_count;
	const uint8_t *owner = record->owner;

	if (reply->full)
		return false;
	wire_put16(fixed, record->type);
	wire_put16(fixed + 2, record->class);
	wire_put32(fixed + 4, record->ttl);
	wire_put16(fixed + 8, record->rdata_length);
	if (owner ? put_record(reply, owner, fixed, sizeof fixed)
	    : reply->room - reply->at >= 12) {
		if (!owner) {
			wire_put16(reply->bytes + reply->at,
			    POINTER | WIRE_HEADER);
			memcpy(reply->bytes + reply->at + 2, fixed,
			    sizeof fixed);
			reply->at += 12;
		}
		if (record->rdata_length <= reply->room - reply->at) {
			memcpy(reply->bytes + reply->at, record->rdata,
			    record->rdata_length);
			reply->at += record->rdata_length;
			reply->count[section_count[section]]++;
			return true;
		}
	}
	reply->at = start;
	reply->name_count = (uint8_t)names;
	return refuse_record(reply, section);
}

void
reply_ede(struct reply *reply, enum dns_ede code, const char *text)
{
	size_t length = text ? strlen(text) : 0;

	if (length > REPLY_EDE_TEXT_MAX)
		length = REPLY_EDE_TEXT_MAX;
	if (length)
		memcpy(reply->ede_text, text, length);
	reply->ede = (uint16_t)code;
	reply->ede_text_length = (uint8_t)length;
}

void
reply_clear(struct reply *reply)
{
	reply->at = reply->question_end;
	reply->count[0] = reply->count[1] = reply->count[2] = 0;
	reply->flags &= (uint16_t)~(FLAG_TC | FLAG_AA | FLAG_AD);
	reply->full = false;
	reply->name_count = 0;
}

/* Why an answer is as it is must not cost it records: the EDE takes room that
 * is left, first without its text. */
static unsigned
write_ede(const struct reply *reply, uint8_t *at)
{
	unsigned left = reply->room - reply->at;
	unsigned text = reply->ede_text_length;

	if (reply->ede == EDE_NONE || left < EDE_SIZE)
		return 0;
	if (left < EDE_SIZE + text)
		text = 0;
	wire_put16(at, EDE_CODE);
	wire_put16(at + 2, (uint16_t)(2 + text));
	wire_put16(at + 4, reply->ede);
	if (text)
		memcpy(at + 6, reply->ede_text, text);
	return EDE_SIZE + text;
}

static void
write_opt(struct reply *reply)
{
	uint8_t *at = reply->bytes + reply->at;
	unsigned length = write_ede(reply, at + OPT_SIZE);

	at[0] = 0;
	wire_put16(at + 1, TYPE_OPT);
	wire_put16(at + 3, REPLY_UDP_SIZE);
	at[5] = (uint8_t)(reply->rcode >> 4);
	at[6] = 0;
	wire_put16(at + 7, reply->dnssec_ok ? 0x8000 : 0);
	wire_put16(at + 9, (uint16_t)length);
	reply->at += OPT_SIZE + length;
	reply->count[2]++;
}

size_t
reply_finish(struct reply *reply)
{
	uint8_t *bytes = reply->bytes;

	if (reply->edns)
		write_opt(reply);
	wire_put16(bytes + 2, reply->flags | (reply->rcode & FLAG_RCODE));
	wire_put16(bytes + 4, reply->question);
	wire_put16(bytes + 6, reply->count[0]);
	wire_put16(bytes + 8, reply->count[1]);
	wire_put16(bytes + 10, reply->count[2]);
	return reply->at;
}

size_t
reply_error(const struct question *q, enum dns_rcode rcode, uint8_t *bytes)
{
	struct reply reply;

	reply_start(&reply, q, bytes, q->end + (q->edns ? OPT_SIZE : 0));
	reply.rcode = (uint16_t)rcode;
	return reply_finish(&reply);
}
