/* SPDX-License-Identifier: BSD-2-Clause */
/* rdatatext.h - rdata as people write it to wire, for the common types and
 * for every type in the generic form (\# LENGTH HEX, RFC 3597 section 5).
 *
 * The reading takes tokens up to the end of the entry.  At the first fault it
 * stops, and says in `fault` what is wrong and in `at` which token it is; the
 * caller shows that and skips the rest of the entry.
 *
 * The caller owns the buffer behind `out` (65,535 bytes, RFC 1035 3.2.1); the
 * names written are uncompressed, in the case they were written in.
 * Thread-safe: a reading belongs to its caller.
 */
#ifndef HOSTLER_NAMES_RDATATEXT_H
#define HOSTLER_NAMES_RDATATEXT_H

#include "dns/wire.h"
#include "names/token.h"

#define RDATATEXT_FAULT 400

struct rdatatext {
	struct tokenizer *tokens;
	const uint8_t *origin;		/* behind relative names; `@` */
	uint16_t type;
	struct wire_writer out;
	struct token at;		/* the type at first, then the token
					 * read last, never a TOKEN_END */
	bool ended;			/* the entry's end was read */
	bool has_peeked;
	struct token peeked;		/* comes next */
	char fault[RDATATEXT_FAULT];
};

/* Start a reading; type_token is where the type stood. */
void rdatatext_start(struct rdatatext *r, struct tokenizer *tokens,
    uint16_t type, const struct token *type_token);

/* Is the text form of this type read here?  (Others: rare.h.) */
bool rdatatext_knows(uint16_t type);

/* Read the rdata of a type that is known here, not in the generic form, and
 * the entry's end.  False: r->fault and r->at say why. */
bool rdatatext_read(struct rdatatext *r);

/* The pieces of it, which rare.c and the directives need too.  All return
 * false after setting a fault. */

/* "TOKEN is not an IPv4 address": the token read last, then `what`. */
bool rdatatext_refuse(struct rdatatext *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Take the next token, or set r->ended; false where it is bad. */
bool rdatatext_next(struct rdatatext *r);
/* Take the next token, which has to be there: "MX is not complete: WHAT is
 * missing". */
bool rdatatext_want(struct rdatatext *r, const char *what);
/* The name that this token is, `@` and relative ones made absolute. */
bool rdatatext_name(struct rdatatext *r, struct dname *name);
/* Read the generic form. */
bool rdatatext_generic(struct rdatatext *r);
/* Is the rdata, of which nothing was read yet, in the generic form? */
bool rdatatext_is_generic(struct rdatatext *r);

enum period_result {
	PERIOD_OK,
	PERIOD_NONE,			/* no such thing */
	PERIOD_TOO_LONG,		/* over 2^31-1 s (RFC 2181 section 8) */
};
/* Seconds as 3600 or 1h30m (units w d h m s, any case). */
enum period_result rdatatext_period(const char *text, size_t length,
    uint32_t *period_s);

#endif
