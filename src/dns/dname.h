/* SPDX-License-Identifier: BSD-2-Clause */
/* dname.h - domain names as wire bytes (RFC 1035 3.1, RFC 4343).
 *
 * A name is a pointer to its labels, uncompressed, the root label included:
 * 1 to 255 bytes.  Nothing here follows compression pointers (wire.h does).
 * Names are compared as bytes, so a dot or a NUL inside a label is a byte
 * like any other.  "lower" means: ASCII capitals turned small; a function
 * that takes `lower` names says so, it does not fold case again.
 *
 * Pure; no allocation; thread-safe.
 */
#ifndef HOSTLER_DNS_DNAME_H
#define HOSTLER_DNS_DNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

#define DNAME_MAX 255			/* bytes of wire */
#define DNAME_LABELS_MAX 127		/* the root label not counted */
#define DNAME_TEXT_MAX 1024		/* room for dname_print */
#define LABEL_MAX 63

/* A name with room of its own. */
struct dname {
	uint8_t length;			/* bytes in wire, 1..255 */
	uint8_t labels;			/* without the root label */
	uint8_t wire[DNAME_MAX];
};

/* Text to wire; \DDD and \X understood.  A name without a final dot gets
 * origin behind it (a wire name; NULL: root).  Case is kept.  Returns NULL, or
 * static words for what is wrong; *bad is then the byte of text it is at. */
const char *dname_parse(struct dname *name, const char *text, size_t len,
    const uint8_t *origin, size_t *bad);

/* The same for names known to be good (constants, tests): asserts. */
struct dname dname_from(const char *text);

/* Wire to text with the final dot, escaped; returns buf. */
char *dname_print(const uint8_t *name, char buf[DNAME_TEXT_MAX]);

/* Copy an uncompressed wire name of at most `len` bytes, checked; false if it
 * is not one (label type, over 255, cut off). */
bool dname_read(struct dname *name, const uint8_t *wire, size_t len);
struct dname dname_of(const uint8_t *name);	/* of a good wire name */

size_t dname_length(const uint8_t *name);	/* bytes, root label too */
unsigned dname_labels(const uint8_t *name);
bool dname_equal(const uint8_t *a, const uint8_t *b);	/* any case */
void dname_lower(uint8_t *name);		/* in place */
/* Copy len bytes of wire, their capitals turned small; a name's own lengths
 * are below every letter and stay.  Nothing behind them is read or written. */
void dname_copy_lower(uint8_t *to, const uint8_t *from, size_t len);

/* Is `name` at or below `ancestor`?  Any case. */
bool dname_is_below_or_at(const uint8_t *name, const uint8_t *ancestor);

/* The name without its first n labels; a pointer into it. */
const uint8_t *dname_skip(const uint8_t *name, unsigned n);

/* First label, then suffix; false if the result were over 255 bytes. */
bool dname_prepend(struct dname *to, const uint8_t *label, size_t label_len,
    const uint8_t *suffix);
/* name with its ancestor `from` replaced by `to` (DNAME, RFC 6672). */
bool dname_substitute(struct dname *to, const uint8_t *name,
    const uint8_t *from, const uint8_t *target);

/* 5.0.0.10.in-addr.arpa. and the ip6.arpa form (RFC 1035 3.5, 3596 2.5): the
 * address a reverse name stands for.  bits says how much of it the name
 * gives (a multiple of 8 or of 4); false where it is no such name at all. */
struct addr;
bool dname_to_addr(const uint8_t *lower, struct addr *addr, unsigned *bits);
struct dname dname_of_addr(const struct addr *addr);

/* Hash of a lower name: SipHash-1-3 over its labels from the root downwards.
 * Each label is hashed as its bytes in blocks of eight, the last block
 * carrying the label's length in its top byte, so that no two names have the
 * same blocks. */
uint64_t dname_hash(const struct hash_key *key, const uint8_t *lower);

/* The hash of every suffix in one pass.  hash[i] belongs to the name without
 * its first i labels, hash[labels] to the root; returns labels. */
unsigned dname_hash_suffixes(const struct hash_key *key, const uint8_t *lower,
    uint64_t hash[DNAME_LABELS_MAX + 1]);

/* Behind a name that one of the next two reads there is room to read on for
 * DNAME_BEHIND bytes, whatever is in them. */
#define DNAME_BEHIND 8

/* The same, told where the labels begin (dns/question.h knows). */
uint64_t dname_hash_labels(const struct hash_key *key, const uint8_t *lower,
    const uint8_t *at, unsigned labels);

/* A name taken apart: where its labels begin, and of each suffix the state of
 * its hash.  Few of the suffixes are ever asked for: a hash is finished then.
 * suffix i is the name without its first i labels; suffix `labels` the root.
 * Large: not to be copied or zeroed. */
struct dname_path {
	const uint8_t *name;		/* lower; not ours */
	const uint8_t *at;		/* not ours, or: */
	unsigned length;
	unsigned labels;
	uint8_t found_at[DNAME_LABELS_MAX + 1];
	struct hash_state state[DNAME_LABELS_MAX + 1];
};

void dname_path_set(struct dname_path *path, const struct hash_key *key,
    const uint8_t *lower, unsigned length);
/* Told where the labels and, behind them, the root begin. */
void dname_path_set_labels(struct dname_path *path,
    const struct hash_key *key, const uint8_t *lower, const uint8_t *at,
    unsigned labels);

static inline const uint8_t *
dname_path_suffix(const struct dname_path *path, unsigned skip)
{
	return path->name + path->at[skip];
}

/* What dname_hash says of the suffix. */
static inline uint64_t
dname_path_hash(const struct dname_path *path, unsigned skip)
{
	return hash_finish(path->state[skip]);
}

/* That of the suffix with a label ahead of it, a wildcard (`*`) say. */
uint64_t dname_path_hash_child(const struct dname_path *path, unsigned skip,
    const uint8_t *label, size_t label_len);

#endif
