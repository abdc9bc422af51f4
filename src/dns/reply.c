/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/reply.h"

#include <assert.h>
#include <string.h>

#include "dns/cookie.h"
#include "dns/wire.h"

#define OPT_SIZE 11u
#define COOKIE_CODE 10
#define COOKIE_SIZE (4u + COOKIE_FULL)	/* option header and cookie */
#define EDE_CODE 15
#define EDE_SIZE 6			/* option header and info code */
#define POINTER 0xc000
#define POINTER_MAX 0x3fff		/* the offset that fits into one */
#define POINTER_SIZE 2u

/* A record as kept (reply.h): where in it its parts are. */
enum {
	AT_TYPE = 2, AT_CLASS = 4, AT_TTL = 6, AT_LENGTH = 10,
};
#define HEAD 12u

/* What is kept back for the OPT. */
static uint32_t
opt_size(const struct question *q)
{
	if (!q->edns)
		return 0;
	return OPT_SIZE + (q->cookie_at ? COOKIE_SIZE : 0);
}

void
reply_start(struct reply *reply, const struct question *q, uint8_t *bytes,
    size_t limit)
{
	uint32_t kept = opt_size(q);

	assert(limit >= q->end + kept);
	reply->asked = q;
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
	reply->room = (uint32_t)limit - kept;
	reply->cookie = NULL;
	reply->full = false;
	reply->ede = EDE_NONE;
	reply->ede_text_length = 0;
	reply->name_count = 0;
	memcpy(bytes, q->packet, q->end);
}

/* ---- names ---- */

/* The name at an offset of the reply, against a lower one.  What stands in the
 * reply was written by us: its pointers lead backwards. */
static bool
is_name_at(const struct reply *reply, unsigned at, const uint8_t *lower)
{
	const uint8_t *bytes = reply->bytes;
	uint8_t label[LABEL_MAX];

	for (;;) {
		unsigned length;

		while (bytes[at] > LABEL_MAX)
			at = wire_get16(bytes + at) & POINTER_MAX;
		length = bytes[at];
		if (length != *lower)
			return false;
		if (length == 0)
			return true;
		dname_copy_lower(label, bytes + at + 1, length);
		if (memcmp(label, lower + 1, length) != 0)
			return false;
		at += length + 1;
		lower += length + 1;
	}
}

static unsigned
find_suffix(const struct reply *reply, unsigned at, const uint8_t *lower)
{
	const uint8_t *bytes = reply->bytes;

	for (; at <= POINTER_MAX && bytes[at] && bytes[at] <= LABEL_MAX;
	    at += bytes[at] + 1u)
		if (is_name_at(reply, at, lower))
			return at;
	return 0;
}

/* Its lower form is known, and one suffix at most is as long. */
static unsigned
find_in_question(const struct question *q, const uint8_t *name)
{
	size_t length = dname_length(name);

	for (unsigned i = 0; i < q->labels; i++) {
		unsigned at = q->label_at[i];

		if (q->name_length - at != length)
			continue;
		return memcmp(q->name + at, name, length) == 0 ?
		    WIRE_HEADER + at : 0;
	}
	return 0;
}

unsigned
reply_find_name(const struct reply *reply, const uint8_t *name)
{
	unsigned at = 0;

	if (reply->question)
		at = find_in_question(reply->asked, name);
	for (unsigned i = 0; i < reply->name_count && !at; i++)
		at = find_suffix(reply, reply->name_at[i], name);
	return at;
}

/* ---- records: on a failure the caller takes back what was written ---- */

static bool
has_room(const struct reply *reply, uint32_t length)
{
	return length <= reply->room - reply->at;
}

static void
put_pointer(struct reply *reply, unsigned target)
{
	wire_put16(reply->bytes + reply->at, (uint16_t)(POINTER | target));
	reply->at += POINTER_SIZE;
}

static void
know_name(struct reply *reply, unsigned at)
{
	if (at <= POINTER_MAX && reply->name_count < REPLY_NAMES)
		reply->name_at[reply->name_count++] = (uint16_t)at;
}

/* Write a name that stands nowhere yet: its first labels, then the longest
 * suffix that does as a pointer, or the root.  From then on it is known, if a
 * pointer can lead there and saves anything. */
static bool
put_name(struct reply *reply, const uint8_t *name, unsigned *known)
{
	uint32_t start = reply->at;
	unsigned target = 0;

	for (; *name && !target; name += *name + 1) {
		if (!has_room(reply, *name + 1u + POINTER_SIZE))
			return false;
		memcpy(reply->bytes + reply->at, name, *name + 1u);
		reply->at += *name + 1u;
		target = reply_find_name(reply, name + *name + 1);
	}
	if (target) {
		put_pointer(reply, target);
	} else if (has_room(reply, 1)) {
		reply->bytes[reply->at++] = 0;
	} else {
		return false;
	}
	if (start + 1 == reply->at || start > POINTER_MAX)
		return true;
	*known = start;
	know_name(reply, start);
	return true;
}

/* An owner.  *known is where it stands already, 0 where it does not; it is set
 * when it does from now on. */
static bool
put_owner(struct reply *reply, const uint8_t *owner, unsigned *known)
{
	if (*known == 0)
		return put_name(reply, owner, known);
	if (!has_room(reply, POINTER_SIZE))
		return false;
	put_pointer(reply, *known);
	return true;
}

static unsigned
find_owner(const struct reply *reply, const uint8_t *owner)
{
	assert(owner || reply->question);
	return owner ? reply_find_name(reply, owner) : WIRE_HEADER;
}

static void
cap_ttls(uint8_t *at, const uint8_t *end, uint32_t cap)
{
	for (; at < end; at += HEAD + wire_get16(at + AT_LENGTH))
		if (wire_get32(at + AT_TTL) > cap)
			wire_put32(at + AT_TTL, cap);
}

/* The owner is the question's name: the records are as they go out. */
static bool
copy_records(struct reply *reply, const struct reply_rrset *rrset)
{
	uint8_t *at = reply->bytes + reply->at;

	if (!has_room(reply, rrset->length))
		return false;
	memcpy(at, rrset->wire, rrset->length);
	if (rrset->ttl_cap != UINT32_MAX)
		cap_ttls(at, at + rrset->length, rrset->ttl_cap);
	reply->at += rrset->length;
	return true;
}

static bool
rewrite_records(struct reply *reply, const struct reply_rrset *rrset,
    unsigned known)
{
	const uint8_t *from = rrset->wire, *end = from + rrset->length;

	while (from < end) {
		uint32_t length = HEAD + wire_get16(from + AT_LENGTH);
		uint8_t *to;

		if (!put_owner(reply, rrset->owner, &known) ||
		    !has_room(reply, length - POINTER_SIZE))
			return false;
		/* As if the pointer stood in front here too. */
		to = reply->bytes + reply->at - POINTER_SIZE;
		memcpy(to + POINTER_SIZE, from + POINTER_SIZE,
		    length - POINTER_SIZE);
		if (wire_get32(to + AT_TTL) > rrset->ttl_cap)
			wire_put32(to + AT_TTL, rrset->ttl_cap);
		reply->at += length - POINTER_SIZE;
		from += length;
	}
	return true;
}

static bool
put_record(struct reply *reply, const struct reply_record *record)
{
	unsigned known = find_owner(reply, record->owner);
	uint8_t *at;

	if (!put_owner(reply, record->owner, &known) ||
	    !has_room(reply, HEAD - POINTER_SIZE + record->rdata_length))
		return false;
	at = reply->bytes + reply->at - POINTER_SIZE;
	wire_put16(at + AT_TYPE, record->type);
	wire_put16(at + AT_CLASS, record->class);
	wire_put32(at + AT_TTL, record->ttl);
	wire_put16(at + AT_LENGTH, record->rdata_length);
	if (record->rdata_length > 0)
		memcpy(at + HEAD, record->rdata, record->rdata_length);
	reply->at += HEAD - POINTER_SIZE + record->rdata_length;
	return true;
}

/* Where writing stood, to go back to. */
struct mark {
	uint32_t at;
	uint8_t name_count;
};

static bool
take_back(struct reply *reply, struct mark mark, enum reply_section section)
{
	reply->at = mark.at;
	reply->name_count = mark.name_count;
	if (section != REPLY_ADDITIONAL) {
		reply->full = true;
		reply->flags |= FLAG_TC;
	}
	return false;
}

static void
add_count(struct reply *reply, enum reply_section section, uint16_t count)
{
	reply->count[section == REPLY_NEEDED ? REPLY_ADDITIONAL : section] +=
	    count;
}

/* Out of line, so that what is common need not save registers for it. */
__attribute__((noinline)) static bool
add_records(struct reply *reply, enum reply_section section,
    const struct reply_rrset *rrset)
{
	struct mark mark = {reply->at, reply->name_count};
	unsigned known = find_owner(reply, rrset->owner);

	if (known == WIRE_HEADER ? !copy_records(reply, rrset) :
	    !rewrite_records(reply, rrset, known))
		return take_back(reply, mark, section);
	add_count(reply, section, rrset->count);
	return true;
}

/* Most are the question's own and go out as they are. */
bool
reply_records(struct reply *reply, enum reply_section section,
    const struct reply_rrset *rrset)
{
	if (reply->full)
		return false;
	if (rrset->owner != NULL || rrset->ttl_cap != UINT32_MAX ||
	    !has_room(reply, rrset->length))
		return add_records(reply, section, rrset);
	assert(reply->question);
	memcpy(reply->bytes + reply->at, rrset->wire, rrset->length);
	reply->at += rrset->length;
	add_count(reply, section, rrset->count);
	return true;
}

bool
reply_record(struct reply *reply, enum reply_section section,
    const struct reply_record *record)
{
	struct mark mark = {reply->at, reply->name_count};

	if (reply->full)
		return false;
	if (!put_record(reply, record))
		return take_back(reply, mark, section);
	add_count(reply, section, 1);
	return true;
}

void
reply_know_last(struct reply *reply, unsigned length)
{
	if (!reply->full && length > 1)
		know_name(reply, reply->at - length);
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

static unsigned
write_cookie(const struct reply *reply, uint8_t *at)
{
	if (reply->cookie == NULL)
		return 0;
	wire_put16(at, COOKIE_CODE);
	wire_put16(at + 2, COOKIE_FULL);
	memcpy(at + 4, reply->cookie, COOKIE_FULL);
	return COOKIE_SIZE;
}

static void
write_opt(struct reply *reply)
{
	static const uint8_t plain[OPT_SIZE] = {0, 0, TYPE_OPT,
	    REPLY_UDP_SIZE >> 8, REPLY_UDP_SIZE & 255};
	uint8_t *at = reply->bytes + reply->at;
	unsigned length = 0;

	memcpy(at, plain, OPT_SIZE);
	at[5] = (uint8_t)(reply->rcode >> 4);
	at[7] = reply->dnssec_ok ? 0x80 : 0;
	if (reply->cookie != NULL || reply->ede != EDE_NONE) {
		length = write_cookie(reply, at + OPT_SIZE);
		length += write_ede(reply, at + OPT_SIZE + length);
		wire_put16(at + 9, (uint16_t)length);
	}
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

	reply_start(&reply, q, bytes, q->end + opt_size(q));
	reply.rcode = (uint16_t)rcode;
	return reply_finish(&reply);
}
