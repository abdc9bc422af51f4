/* SPDX-License-Identifier: BSD-2-Clause */
/* answer.h - what an upstream said to one question, encoded anew.
 *
 * An answer is a value in one block, immutable once made: the cache keeps it,
 * workers hand copies of it to each other.  It holds only what was asked: the
 * chain of CNAME (and DNAME) records from the question's name to its end, the
 * records there, with their RRSIGs; or, where there are none, the SOA that
 * says so (with NSEC, NSEC3 and RRSIG for clients with DO).  Other records of
 * the packet are dropped.  Names keep the case they came in, but owners along
 * the chain have that of the name before, and what a DNAME makes that of the
 * question.  Owners equal to the question's name are pointers to offset 12, all
 * others are written out, so that the body can be copied behind any client's
 * question of that name.
 *
 * A failure (timeouts, SERVFAIL, nothing but malformed answers) is an answer
 * too: rcode SERVFAIL, no records, an EDE.  It is kept for a second, the least
 * that RFC 9520 asks for.
 *
 * Any thread may read an answer that it holds.
 */
#ifndef HOSTLER_QUERY_ANSWER_H
#define HOSTLER_QUERY_ANSWER_H

#include <stdatomic.h>

#include "dns/message.h"
#include "dns/reply.h"
#include "query/policy.h"

/* A question on its way to upstreams; all copies.  Everything but `to.list`
 * and has_stale is the cache's key. */
struct forward_question {
	struct dname name;		/* lower */
	uint16_t type;
	bool dnssec_ok;
	bool checking_disabled;
	uint64_t hash;			/* answer_hash of the above */
	bool has_stale;			/* the cache has an expired answer */
	struct upstreams to;
};

/* answer_hash_of: for those who have the name's dname_hash with this key. */
uint64_t answer_hash(const struct hash_key *key,
    const struct forward_question *question);
uint64_t answer_hash_of(const struct hash_key *key, uint64_t name_hash,
    const struct forward_question *question);

struct answer {
	atomic_uint references;
	_Atomic uint8_t used;		/* these six by the cache, */
	_Atomic uint8_t kept;		/* see there */
	_Atomic uint8_t claimed;
	bool private;			/* an address in it is (rebind.h) */
	uint64_t retired;
	struct answer *next_retired;
	_Atomic int64_t ask_ms;
	uint8_t name_length;
	bool dnssec_ok;
	bool checking_disabled;
	bool authentic;			/* AD of the upstream */
	uint16_t type;
	uint16_t rcode;
	uint16_t ede;			/* EDE_NONE: none */
	uint16_t count[2];		/* answer, authority */
	uint16_t ttl_count;
	uint32_t body_length;
	uint64_t set;			/* upstreams.id */
	uint64_t hash;
	int64_t stored_ms;		/* monotonic */
	int64_t expires_ms;
	uint32_t bytes[];		/* ttl offsets in the body, then the
					 * name, then the body */
};

struct answer_limits {
	int64_t min_ttl_s, max_ttl_s, max_negative_ttl_s;
};

#define ANSWER_CHAIN_MAX 16		/* CNAMEs of one message */
#define ANSWER_RECORDS_MAX 1000		/* looked at, of one message */
#define ANSWER_BODY_MAX 65000
#define ANSWER_NO_SOA_TTL_S 5		/* negative, and no SOA says it */
#define ANSWER_FAILURE_TTL_S 1		/* RFC 9520 */
#define ANSWER_STALE_TTL_S 30		/* RFC 8767 4 */

/* Make an answer from a message that was found OK for this question.  NULL
 * where it says nothing usable (a lame referral, an rcode other than NOERROR
 * and NXDOMAIN, a chain with a loop, more than the bounds above, no memory):
 * the upstream counts as failed.  References start at 1.
 *
 * A DNAME is kept only where it makes the CNAME that follows it.  A negative
 * answer holds for min(the SOA's TTL, its minimum, max_negative_ttl_s) (RFC
 * 2308), without a SOA at or above the name for ANSWER_NO_SOA_TTL_S.  NSEC and
 * NSEC3 are kept where they are of the SOA's zone, or prove a wildcard (RFC
 * 4035 3.1.3.3). */
struct answer *answer_new(const struct forward_question *question,
    const struct message *message, const struct answer_limits *limits,
    int64_t now_ms);
struct answer *answer_new_failure(const struct forward_question *question,
    enum dns_ede ede, int64_t now_ms);
/* It says that there is no answer. */
bool answer_is_failure(const struct answer *answer);
struct answer *answer_hold(struct answer *answer);
void answer_release(struct answer *answer);

const uint8_t *answer_name(const struct answer *answer);
const uint8_t *answer_body(const struct answer *answer);
size_t answer_size(const struct answer *answer);	/* of the block */
bool answer_fits(const struct answer *answer,
    const struct forward_question *question);

/* In place of the time: it has expired, and is given for want of a better one
 * (RFC 8767): each TTL is ANSWER_STALE_TTL_S, the EDE says so. */
#define ANSWER_STALE INT64_MAX

/* Write it into a reply whose question is the answer's (nothing was written
 * before), TTLs aged; sets rcode, EDE, and AD where the upstream set it: the
 * caller takes AD away from a client that asked with neither AD nor DO. */
void answer_reply(const struct answer *answer, struct reply *reply,
    int64_t now_ms);
/* Write it behind a local chain that ended in a CNAME to the answer's name;
 * sets rcode and EDE, never AD. */
void answer_append(const struct answer *answer, struct reply *reply,
    int64_t now_ms);

#endif
