/* SPDX-License-Identifier: BSD-2-Clause */
/* question.h - a client's packet, read and judged.
 *
 * What comes out is enough to answer from: the case of the name stays in the
 * packet (replies copy the question byte for byte), `name` is lower case.
 * RFC 1035 4.1, RFC 6891 (EDNS), RFC 9619 (one question).
 *
 * A struct question points into the packet: it lives as long as that does.
 */
#ifndef HOSTLER_DNS_QUESTION_H
#define HOSTLER_DNS_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/dname.h"

enum question_result {
	QUESTION_OK,
	QUESTION_DROP_SHORT,		/* under 12 bytes */
	QUESTION_DROP_RESPONSE,		/* QR set: never answered */
	QUESTION_FORMERR,
	QUESTION_NOTIMP,		/* another opcode */
	QUESTION_BADVERS,		/* EDNS version above 0 */
};

struct question {
	const uint8_t *packet;
	uint16_t length;
	uint16_t id;
	uint16_t flags;			/* as in the packet */
	uint16_t type;
	uint16_t class;
	uint16_t end;			/* first byte behind the question; 12
					 * where none could be read */
	uint16_t udp_size;		/* what the client takes, >= 512 */
	uint8_t name_length;
	uint8_t labels;
	bool edns;			/* an OPT was there */
	bool dnssec_ok;			/* DO */
	uint64_t cookie;		/* the client's (RFC 7873), its bytes
					 * as they are; 0: none, or so */
	uint16_t cookie_at;		/* the COOKIE option's bytes in the
					 * packet; 0: there is none */
	uint8_t cookie_length;
	uint8_t label_at[DNAME_LABELS_MAX + 1];	/* where in name each begins,
					 * and the root */
	uint8_t name[DNAME_MAX + DNAME_BEHIND];	/* lower */
};

/* Fill q from a packet.  Records other than one OPT in the additional section
 * (TSIG, say) are passed over; two OPTs, an OPT elsewhere or with an owner, a
 * COOKIE of a length that none has (RFC 7873 5.2.2), or bytes that do not
 * parse, are FORMERR.  answer and authority counts other than 0 are FORMERR;
 * the SOA in the authority of an IXFR is passed over (RFC 1995
 * 3).  Bytes behind the last record are passed over.  For every
 * result but DROP_*, id, flags and end are right, so that an error reply can
 * be written; with FORMERR, end is 12 unless the question was read. */
enum question_result question_read(struct question *q, const uint8_t *packet,
    size_t length);

#endif
