/* SPDX-License-Identifier: BSD-2-Clause */
/* craft.h - messages of upstreams, made by hand, and questions for them.
 *
 * For tests: it asserts where it is used wrongly, and writes what it is told,
 * wrong lengths and counts too.
 */
#ifndef HOSTLER_TESTS_CRAFT_H
#define HOSTLER_TESTS_CRAFT_H

#include "dns/message.h"
#include "query/answer.h"

struct craft {
	uint8_t bytes[WIRE_MAX];
	size_t length;
};

enum craft_dnssec {
	CRAFT_PLAIN,
	CRAFT_DNSSEC,			/* DO */
};

/* A question for `upstreams` servers, 192.0.2.1 and up, port 53. */
struct forward_question craft_question(const char *name, uint16_t type,
    unsigned upstreams, enum craft_dnssec dnssec);
/* Its bytes as a client or the forwarder sends them, EDNS of 4096 with it. */
void craft_query(struct craft *c, const struct forward_question *question,
    uint16_t id);

/* Begin the answer to a query: its id and question, QR, RD, RA and flags. */
void craft_reply(struct craft *c, const uint8_t *query, size_t length,
    uint16_t flags);

struct craft_record {
	enum message_section section;
	const char *owner;
	uint16_t type;
	uint32_t ttl;
};
void craft_add(struct craft *c, const struct craft_record *record,
    const void *rdata, size_t length);
void craft_a(struct craft *c, const char *owner, uint32_t ttl,
    uint8_t last);			/* in the answer: 192.0.2.last */
void craft_name(struct craft *c, const struct craft_record *record,
    const char *target);		/* CNAME, DNAME, NS */
void craft_soa(struct craft *c, const char *owner, uint32_t ttl,
    uint32_t minimum);
void craft_rrsig(struct craft *c, const struct craft_record *record,
    uint16_t covered, const char *signer);	/* type is RRSIG; labels
						 * as the owner has */

/* The records of a message, one a line, "0 www.test. A 300 192.0.2.1"; first
 * the section.  Types but A and those of one name show their length. */
#define CRAFT_TEXT 8192
char *craft_text(const uint8_t *bytes, size_t length, char buf[CRAFT_TEXT]);

#endif
