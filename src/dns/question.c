/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/question.h"

#include "dns/cookie.h"
#include "dns/rdata.h"
#include "dns/types.h"
#include "dns/wire.h"

#define UDP_SIZE_MIN 512
#define FIXED 10			/* type to rdlength */

/* Lower case into q->name; only labels, no pointers: there is nothing before a
 * question that one could point to.  False: malformed.  A label has two bytes
 * at least, so that no more than DNAME_LABELS_MAX and the root begin within
 * DNAME_MAX. */
static bool
read_name(struct question *q)
{
	const uint8_t *from = q->packet + WIRE_HEADER;
	size_t left = q->length - (size_t)WIRE_HEADER, at = 0;
	unsigned labels = 0;

	if (left > DNAME_MAX)
		left = DNAME_MAX;
	for (;; labels++) {
		unsigned length;

		if (at >= left)
			return false;
		length = from[at];
		q->label_at[labels] = (uint8_t)at;
		if (length == 0)
			break;
		if (length > LABEL_MAX)
			return false;
		at += length + 1;
	}
	dname_copy_lower(q->name, from, at + 1);
	q->name_length = (uint8_t)(at + 1);
	q->labels = (uint8_t)labels;
	return true;
}

/* False: it has a length that no cookie has. */
static bool
read_cookie(struct question *q, const uint8_t *options, size_t length)
{
	uint16_t size;
	const uint8_t *cookie = rdata_find_option(options, length,
	    OPTION_COOKIE, &size);

	if (cookie == NULL)
		return true;
	if (!cookie_has_length(size))
		return false;
	memcpy(&q->cookie, cookie, sizeof(q->cookie));
	q->cookie_at = (uint16_t)(cookie - q->packet);
	q->cookie_length = (uint8_t)size;
	return true;
}

/* RFC 6891 6.1.1: the root as owner, one at most.  fixed is what stands behind
 * the owner: type, size, rcode, version, flags, length. */
static bool
read_opt(struct question *q, const uint8_t *fixed, uint8_t *version)
{
	uint16_t length = wire_get16(fixed + 8);

	if (q->edns)
		return false;
	q->edns = true;
	q->udp_size = wire_get16(fixed + 2);
	if (q->udp_size < UDP_SIZE_MIN)
		q->udp_size = UDP_SIZE_MIN;
	*version = fixed[5];
	q->dnssec_ok = (fixed[6] & 0x80) != 0;
	if (length == 0 || *version > 0)
		return true;
	if (!rdata_is_valid(TYPE_OPT, fixed + FIXED, length))
		return false;
	return read_cookie(q, fixed + FIXED, length);
}

/* Pass over an owner.  That of an OPT is one byte. */
static void
skip_owner(struct wire_reader *r, size_t *owner_length)
{
	struct dname owner;

	*owner_length = 1;
	if (r->at < r->length && r->message[r->at] == 0) {
		r->at++;
		return;
	}
	wire_read_dname(r, &owner);
	*owner_length = owner.length;
}

/* What stands behind the owner; NULL: malformed. */
static const uint8_t *
read_record(struct wire_reader *r, size_t *owner_length)
{
	const uint8_t *fixed;
	size_t length;

	skip_owner(r, owner_length);
	if (r->failed || r->length - r->at < FIXED)
		return NULL;
	fixed = r->message + r->at;
	length = wire_get16(fixed + 8);
	r->at += FIXED;
	if (r->length - r->at < length)
		return NULL;
	r->at += length;
	return fixed;
}

/* The SOA that an IXFR says its client has (RFC 1995 3): passed over. */
static bool
read_authority(struct wire_reader *r)
{
	size_t owner_length;
	const uint8_t *fixed = read_record(r, &owner_length);

	return fixed != NULL && wire_get16(fixed) != TYPE_OPT;
}

static bool
read_additional(struct question *q, struct wire_reader *r, uint8_t *version)
{
	size_t owner_length;
	const uint8_t *fixed = read_record(r, &owner_length);

	if (fixed == NULL || wire_get16(fixed) != TYPE_OPT)
		return fixed != NULL;
	return owner_length == 1 && read_opt(q, fixed, version);
}

/* Nearly every question has an OPT behind it and nothing else.  Where it is as
 * it should be it is found without walking; else NULL. */
static const uint8_t *
find_lone_opt(const struct question *q)
{
	const uint8_t *owner = q->packet + q->end;
	size_t left = (size_t)q->length - q->end;

	if (wire_get32(q->packet + 8) != 1 || left < 1 + FIXED ||
	    owner[0] != 0 || wire_get16(owner + 1) != TYPE_OPT ||
	    left - 1 - FIXED < wire_get16(owner + 9))
		return NULL;
	return owner + 1;
}

/* Out of line: seldom needed, and large. */
__attribute__((noinline)) static enum question_result
read_records(struct question *q)
{
	unsigned authority = wire_get16(q->packet + 8);
	unsigned count = wire_get16(q->packet + 10);
	struct wire_reader r = wire_reader_at(q->packet, q->length, q->end);
	uint8_t version = 0;

	while (authority-- > 0)
		if (!read_authority(&r))
			return QUESTION_FORMERR;
	while (count-- > 0)
		if (!read_additional(q, &r, &version))
			return QUESTION_FORMERR;
	return version > 0 ? QUESTION_BADVERS : QUESTION_OK;
}

static enum question_result
read_rest(struct question *q)
{
	const uint8_t *opt = find_lone_opt(q);
	uint8_t version = 0;

	if (opt == NULL)
		return read_records(q);
	if (!read_opt(q, opt, &version))
		return QUESTION_FORMERR;
	return version > 0 ? QUESTION_BADVERS : QUESTION_OK;
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
	q->label_at[0] = 0;
	q->edns = false;
	q->cookie = 0;
	q->cookie_at = 0;
	q->dnssec_ok = false;
	q->name[0] = 0;
}

enum question_result
question_read(struct question *q, const uint8_t *packet, size_t length)
{
	size_t at;

	if (length < WIRE_HEADER || length > WIRE_MAX)
		return QUESTION_DROP_SHORT;
	start_question(q, packet, length);
	if (q->flags & FLAG_QR)
		return QUESTION_DROP_RESPONSE;
	if (q->flags & FLAG_OPCODE)
		return QUESTION_NOTIMP;
	if (wire_get16(packet + 4) != 1)
		return QUESTION_FORMERR;
	if (!read_name(q))
		return QUESTION_FORMERR;
	at = WIRE_HEADER + (size_t)q->name_length;
	if (length - at < 4)
		return QUESTION_FORMERR;
	q->type = wire_get16(packet + at);
	q->class = wire_get16(packet + at + 2);
	q->end = (uint16_t)(at + 4);
	if (wire_get32(packet + 6) != 0 && (q->type != TYPE_IXFR ||
	    wire_get16(packet + 6) != 0))
		return QUESTION_FORMERR;
	if (wire_get32(packet + 8) == 0)
		return QUESTION_OK;
	return read_rest(q);
}
