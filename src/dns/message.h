/* SPDX-License-Identifier: BSD-2-Clause */
/* message.h - an upstream's answer, read with suspicion.
 *
 * The checks that concern form only: header, exactly the question that was
 * asked (name as wire bytes: case counts where 0x20 was used), every record
 * within the message, names by wire.h's rules, rdata valid for its type,
 * counts that are true, at most one OPT, options within it.  Nothing here
 * allocates.
 *
 * What is kept of an answer is decided by query/cache and query/forward.
 */
#ifndef HOSTLER_DNS_MESSAGE_H
#define HOSTLER_DNS_MESSAGE_H

#include "dns/wire.h"

enum message_section {
	MESSAGE_ANSWER,
	MESSAGE_AUTHORITY,
	MESSAGE_ADDITIONAL,
};

struct message {
	const uint8_t *bytes;
	size_t length;
	uint16_t id;
	uint16_t flags;
	uint16_t rcode;			/* with the OPT's upper bits */
	uint16_t count[3];
	uint16_t question_end;
	bool edns;
	bool cookie;			/* RFC 7873; the first, of any length */
	uint16_t cookie_at, cookie_length;
};

struct message_record {
	enum message_section section;
	struct dname owner;		/* case kept */
	uint16_t type;
	uint16_t class;
	uint32_t ttl;			/* 0 where its top bit was set */
	uint16_t rdata_length;		/* as in the message, compressed */
	size_t rdata_at;
};

enum message_result {
	MESSAGE_OK,
	MESSAGE_OTHER,			/* not an answer to this question */
	MESSAGE_RECASED,		/* it is one, were it not for the case
					 * of the question's letters */
	MESSAGE_MALFORMED,		/* it is one, but broken */
};

/* question: header and question as they were sent, `asked` bytes.  OTHER for a
 * missing QR, another opcode, id or question, too few bytes. */
enum message_result message_read(struct message *m, const uint8_t *bytes,
    size_t length, const uint8_t *asked, size_t asked_length);

/* Walk the records of a message that message_read found OK.  Start with a
 * zeroed walk; false at the end.  OPT is not shown. */
struct message_walk {
	size_t at;
	unsigned index;
};
bool message_next(const struct message *m, struct message_walk *walk,
    struct message_record *record);

#endif
