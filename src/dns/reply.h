/* SPDX-License-Identifier: BSD-2-Clause */
/* reply.h - an answer, written front to back into room of the caller's.
 *
 * Records of local names are kept as the bytes that go out: each record is
 *
 *   c0 0c | type | class | ttl | rdlength | rdata (uncompressed)
 *
 * and a pointer to offset 12 is the question's name, so the common answer is
 * the question and one copy.  Where the owner is another name, reply_records
 * replaces the pointer.
 *
 * A reply cannot pass its limit.  A record that does not fit in the answer or
 * authority section sets TC and ends the writing of records (RFC 2181 9: the
 * RRset is left out whole); one that does not fit in the additional section is
 * left out silently, unless it was marked REPLY_NEEDED (in-domain glue, RFC
 * 9471).  Room for OPT is kept back from the start.
 *
 * Pure; no allocation; one thread.
 */
#ifndef HOSTLER_DNS_REPLY_H
#define HOSTLER_DNS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/dname.h"
#include "dns/question.h"
#include "dns/types.h"

#define REPLY_EDE_TEXT_MAX 120
#define REPLY_UDP_SIZE 1232		/* RFC 9715 */

enum reply_section {
	REPLY_ANSWER,
	REPLY_AUTHORITY,
	REPLY_ADDITIONAL,
	REPLY_NEEDED,			/* additional; TC if it does not fit */
};

#define REPLY_NAMES 24			/* remembered for compression */

struct reply {
	const struct question *asked;
	uint8_t *bytes;
	uint32_t limit;			/* of the whole message */
	uint32_t at;			/* where the next record goes */
	uint32_t room;			/* limit less what OPT will take */
	uint16_t flags;			/* FLAG_*; QR, RD and CD set at start */
	uint16_t rcode;			/* extended, 12 bits */
	uint16_t count[3];
	uint16_t question_end;
	bool question;			/* is there a question section */
	bool edns;
	bool dnssec_ok;
	bool full;			/* TC was set: no more records */
	const uint8_t *cookie;		/* COOKIE_FULL bytes for the OPT; NULL:
					 * none; set by the caller, where the
					 * question has a cookie */
	uint16_t ede;			/* EDE_NONE: none */
	uint8_t ede_text_length;
	uint8_t name_count;
	uint16_t name_at[REPLY_NAMES];	/* of owners and CNAMEs' targets outside
					 * the question */
	char ede_text[REPLY_EDE_TEXT_MAX];
};

/* Begin an answer to q in `bytes`; q stays as long as the reply is written.
 * limit is what may go out (UDP: the smaller of q->udp_size and
 * REPLY_UDP_SIZE, or 512 without EDNS; TCP: 65535) and at most the room in
 * bytes.  The question is copied as it came; header, question and OPT always
 * fit (310 bytes), with a cookie where the question has one. */
void reply_start(struct reply *reply, const struct question *q,
    uint8_t *bytes, size_t limit);

/* An owner that reply_records can point at.  name is lower and uncompressed;
 * the result is an offset: 12 for the question's name, or of any suffix of
 * the question, of an owner that was written before or of a name that
 * reply_know_last was told of (the first REPLY_NAMES of them, as far as a
 * pointer reaches).  0: nowhere yet, the name is then written with the first
 * record. */
unsigned reply_find_name(const struct reply *reply, const uint8_t *name);

/* An RRset as kept (see above): `count` records in `length` bytes, owned by
 * `owner` (NULL: the question's name).  ttl_cap lowers the TTLs; UINT32_MAX
 * leaves them.  False: it did not fit. */
struct reply_rrset {
	const uint8_t *owner;
	const uint8_t *wire;
	uint32_t length;
	uint16_t count;
	uint32_t ttl_cap;
};
bool reply_records(struct reply *reply, enum reply_section section,
    const struct reply_rrset *rrset);

/* One record from its parts; rdata uncompressed. */
struct reply_record {
	const uint8_t *owner;		/* NULL: the question's name */
	uint16_t type;
	uint16_t class;
	uint32_t ttl;
	uint16_t rdata_length;
	const uint8_t *rdata;
};
bool reply_record(struct reply *reply, enum reply_section section,
    const struct reply_record *record);

/* What was written last is a name of `length` bytes, whole: the rdata of a
 * CNAME (RFC 1035 4.1.4 lets owners point there).  The owner that follows is
 * then two bytes, where it would else be written once more: up to 253 bytes
 * that an RRset at the limit needs.  Does nothing for the root, once the reply
 * is full, or where the name begins behind 16383, which no pointer reaches. */
void reply_know_last(struct reply *reply, unsigned length);

/* Why (RFC 8914): kept for the OPT; the last one told wins.  text may be NULL.
 * Nothing is sent to a client without EDNS.  It costs no record its place:
 * where room is short the text is left out, then the option. */
void reply_ede(struct reply *reply, enum dns_ede code, const char *text);

/* Undo every record (an error after some were written), and TC, AA and AD with
 * them; keeps rcode and EDE. */
void reply_clear(struct reply *reply);

/* Write header and OPT; returns the message's length. */
size_t reply_finish(struct reply *reply);

/* A header and, where it could be read, the question with this rcode: for
 * what question_read refused.  Returns the length; bytes has room for 12 + 259
 * + 11. */
size_t reply_error(const struct question *q, enum dns_rcode rcode,
    uint8_t *bytes);

#endif
