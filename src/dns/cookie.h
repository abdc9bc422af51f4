/* SPDX-License-Identifier: BSD-2-Clause */
/* cookie.h - server cookies (RFC 7873, RFC 9018): who brings one back was
 * reached by an earlier answer, and so is no forged sender.
 *
 * A full cookie is what goes into the COOKIE option:
 *
 *	client cookie 8 | version 1 | reserved 3 | time 4 | hash 8
 *
 * The hash is SipHash-2-4 over the sixteen bytes ahead of it and the client's
 * address.  All servers behind one address must have the same secret and about
 * the same Unix time; then any of them knows the cookies of the others.
 *
 * Pure; no allocation; thread-safe.
 */
#ifndef HOSTLER_DNS_COOKIE_H
#define HOSTLER_DNS_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"

#define COOKIE_CLIENT 8
#define COOKIE_FULL 24
#define COOKIE_SERVER_MIN 8		/* of another's making (RFC 7873 4.2) */
#define COOKIE_SERVER_MAX 32
#define COOKIE_SECRET 16

/* RFC 9018 4.3: what is older or further ahead is no good; what is older than
 * half an hour is good, and replaced. */
#define COOKIE_OLD_S 3600
#define COOKIE_AHEAD_S 300
#define COOKIE_RENEW_S 1800

struct cookie_secrets {
	struct hash_key now;
	struct hash_key before;		/* good yet, while it is rolled over */
	bool has_before;
	bool shared;			/* with other servers, and so the time
					 * is the wall clock's at any moment */
};

/* The secret's bytes, in the order in which they are written as hex. */
struct hash_key cookie_secret(const uint8_t bytes[COOKIE_SECRET]);

enum cookie_state {
	COOKIE_NEW,			/* the client's part alone */
	COOKIE_BAD,			/* none of ours, or not any more */
	COOKIE_RENEW,			/* good; a younger one goes back */
	COOKIE_GOOD,			/* good; the same goes back */
};

/* One that came: the bytes of the option, of a length that is right (8, or 16
 * to 40).  now_s: Unix time, the lower 32 bits. */
struct cookie_came {
	const uint8_t *bytes;
	size_t length;
	const struct addr *client;
	uint32_t now_s;
};

/* Judge it, and write the full cookie that goes back. */
enum cookie_state cookie_answer(const struct cookie_secrets *secrets,
    const struct cookie_came *came, uint8_t full[COOKIE_FULL]);

/* Is that a length that a COOKIE option can have? */
static inline bool
cookie_has_length(size_t length)
{
	return length == COOKIE_CLIENT ||
	    (length >= COOKIE_CLIENT + COOKIE_SERVER_MIN &&
	    length <= COOKIE_CLIENT + COOKIE_SERVER_MAX);
}

/* The client can be who it says it is. */
static inline bool
cookie_vouches(enum cookie_state state)
{
	return state >= COOKIE_RENEW;
}

#endif
