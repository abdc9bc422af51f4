/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/dname.h"

#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"

/* ---- words: eight bytes of a name at a time ---- */

/* The low byte of the word is the first of the bytes; len <= 8, none of the
 * bytes behind them is touched. */
static inline uint64_t
load_word(const uint8_t *bytes, size_t len)
{
	uint64_t word;
	uint32_t front, back;

	if (len == 8) {
		memcpy(&word, bytes, 8);
		return le64toh(word);
	}
	if (len >= 4) {
		memcpy(&front, bytes, 4);
		memcpy(&back, bytes + len - 4, 4);
		return le32toh(front) |
		    (uint64_t)le32toh(back) << 8 * (len - 4);
	}
	if (len == 0)
		return 0;
	return bytes[0] | (uint64_t)bytes[len / 2] << 8 * (len / 2) |
	    (uint64_t)bytes[len - 1] << 8 * (len - 1);
}

/* Capitals made small in all eight at once.  The length of a label is at most
 * 63, below every letter, so that a name can be turned as a whole. */
static inline uint64_t
lower_word(uint64_t word)
{
	uint64_t low = word & 0x7f7f7f7f7f7f7f7f;
	uint64_t from_a = low + 0x3f3f3f3f3f3f3f3f;	/* bit 7: >= 'A' */
	uint64_t above_z = low + 0x2525252525252525;	/* bit 7: > 'Z' */

	return word |
	    (from_a & ~above_z & ~word & 0x8080808080808080) >> 2;
}

/* Sixteen bytes at once: what every machine's vectors can hold. */
typedef uint8_t block16 __attribute__((vector_size(16)));

static inline void
lower_block(uint8_t *to, const uint8_t *from)
{
	block16 block;

	memcpy(&block, from, sizeof(block));
	block |= (block16)(block - 'A' < 26) & 0x20;
	memcpy(to, &block, sizeof(block));
}

static void
copy_lower_short(uint8_t *to, const uint8_t *from, size_t len)
{
	uint64_t word;
	size_t at = 0;

	for (; at + 8 <= len; at += 8) {
		word = htole64(lower_word(load_word(from + at, 8)));
		memcpy(to + at, &word, 8);
	}
	word = htole64(lower_word(load_word(from + at, len - at)));
	memcpy(to + at, &word, len - at);
}

/* The last block is the last sixteen bytes, some of them for the second time:
 * what is lower already stays. */
void
dname_copy_lower(uint8_t *to, const uint8_t *from, size_t len)
{
	if (len < sizeof(block16)) {
		copy_lower_short(to, from, len);
		return;
	}
	for (size_t at = 0; at + sizeof(block16) < len; at += sizeof(block16))
		lower_block(to + at, from + at);
	len -= sizeof(block16);
	lower_block(to + len, from + len);
}

/* ---- text ---- */

struct parse {
	struct dname *name;
	const char *text;
	size_t len, at;
	size_t label;			/* where the open label's length is */
	size_t label_at;		/* where in the text it began */
	const char *wrong;
};

static void
open_label(struct parse *p)
{
	p->label = p->name->length;
	p->label_at = p->at;
	if (p->name->length >= DNAME_MAX - 1) {
		p->at = 0;
		p->wrong = "the name is longer than 255 bytes";
		return;
	}
	p->name->wire[p->name->length++] = 0;
}

static void
put_byte(struct parse *p, uint8_t c)
{
	if (p->name->length - p->label - 1 == LABEL_MAX) {
		p->at = p->label_at;
		p->wrong = "a label is longer than 63 bytes";
	} else if (p->name->length >= DNAME_MAX - 1) {
		p->at = 0;
		p->wrong = "the name is longer than 255 bytes";
	} else {
		p->name->wire[p->name->length++] = c;
	}
}

static void
close_label(struct parse *p)
{
	size_t length = p->name->length - p->label - 1;

	if (length == 0) {
		p->wrong = "a label is empty";
		return;
	}
	p->name->wire[p->label] = (uint8_t)length;
	p->name->labels++;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* \DDD or \X; p->at stands on the backslash. */
static void
put_escaped(struct parse *p)
{
	const char *t = p->text + p->at;
	size_t left = p->len - p->at;
	unsigned value;

	if (left < 2) {
		p->wrong = "a backslash stands at the end";
		return;
	}
	if (!is_digit(t[1])) {
		put_byte(p, (uint8_t)t[1]);
		p->at += p->wrong ? 0 : 2;
		return;
	}
	if (left < 4 || !is_digit(t[2]) || !is_digit(t[3])) {
		p->wrong = "three digits are expected behind the backslash";
		return;
	}
	value = (unsigned)(t[1] - '0') * 100 + (unsigned)(t[2] - '0') * 10 +
	    (unsigned)(t[3] - '0');
	if (value > 255) {
		p->wrong = "a byte is at most \\255";
		return;
	}
	put_byte(p, (uint8_t)value);
	p->at += p->wrong ? 0 : 4;
}

static void
parse_labels(struct parse *p)
{
	open_label(p);
	while (!p->wrong && p->at < p->len) {
		char c = p->text[p->at];

		if (c == '\\') {
			put_escaped(p);
		} else if (c != '.') {
			put_byte(p, (uint8_t)c);
			p->at += p->wrong ? 0 : 1;
		} else {
			close_label(p);
			p->at += p->wrong ? 0 : 1;
			if (!p->wrong && p->at < p->len)
				open_label(p);
			else if (!p->wrong)
				return;
		}
	}
	if (!p->wrong)
		close_label(p);
}

static bool
is_absolute(const char *text, size_t len)
{
	size_t slashes = 0;

	if (len == 0 || text[len - 1] != '.')
		return false;
	while (slashes + 1 < len && text[len - 2 - slashes] == '\\')
		slashes++;
	return slashes % 2 == 0;
}

static const char *
append_origin(struct dname *name, const uint8_t *origin)
{
	size_t length = origin ? dname_length(origin) : 1;

	if (name->length + length > DNAME_MAX)
		return "with its origin the name is longer than 255 bytes";
	if (origin) {
		memcpy(name->wire + name->length, origin, length);
		name->labels += (uint8_t)dname_labels(origin);
	} else {
		name->wire[name->length] = 0;
	}
	name->length += (uint8_t)length;
	return NULL;
}

const char *
dname_parse(struct dname *name, const char *text, size_t len,
    const uint8_t *origin, size_t *bad)
{
	struct parse p = {.name = name, .text = text, .len = len};

	name->length = 0;
	name->labels = 0;
	*bad = 0;
	if (len == 0)
		return "the name is empty";
	if (len == 1 && *text == '.') {
		name->wire[0] = 0;
		name->length = 1;
		return NULL;
	}
	parse_labels(&p);
	if (p.wrong) {
		*bad = p.at < len ? p.at : len - 1;
		return p.wrong;
	}
	return append_origin(name, is_absolute(text, len) ? NULL : origin);
}

struct dname
dname_from(const char *text)
{
	struct dname name;
	size_t bad;
	const char *wrong = dname_parse(&name, text, strlen(text), NULL, &bad);

	assert(!wrong);
	(void)wrong;
	return name;
}

static char *
print_byte(char *to, uint8_t c)
{
	if (c == '.' || c == '\\' || c == '"' || c == '(' || c == ')' ||
	    c == ';' || c == '@' || c == '$') {
		*to++ = '\\';
		*to++ = (char)c;
	} else if (c > 0x20 && c < 0x7f) {
		*to++ = (char)c;
	} else {
		*to++ = '\\';
		*to++ = (char)('0' + c / 100);
		*to++ = (char)('0' + c / 10 % 10);
		*to++ = (char)('0' + c % 10);
	}
	return to;
}

char *
dname_print(const uint8_t *name, char buf[DNAME_TEXT_MAX])
{
	char *to = buf;

	if (!*name)
		*to++ = '.';
	while (*name) {
		for (unsigned i = 1; i <= *name; i++)
			to = print_byte(to, name[i]);
		*to++ = '.';
		name += *name + 1;
	}
	*to = '\0';
	return buf;
}

/* ---- wire ---- */

bool
dname_read(struct dname *name, const uint8_t *wire, size_t len)
{
	size_t at = 0;

	name->labels = 0;
	for (;;) {
		if (at >= len || at >= DNAME_MAX || wire[at] > LABEL_MAX)
			return false;
		if (wire[at] == 0)
			break;
		name->labels++;
		at += wire[at] + 1u;
	}
	name->length = (uint8_t)(at + 1);
	memcpy(name->wire, wire, at + 1);
	return true;
}

struct dname
dname_of(const uint8_t *wire)
{
	struct dname name;

	name.length = (uint8_t)dname_length(wire);
	name.labels = (uint8_t)dname_labels(wire);
	memcpy(name.wire, wire, name.length);
	return name;
}

size_t
dname_length(const uint8_t *name)
{
	const uint8_t *at = name;

	while (*at)
		at += *at + 1;
	return (size_t)(at - name) + 1;
}

unsigned
dname_labels(const uint8_t *name)
{
	unsigned labels = 0;

	for (; *name; name += *name + 1)
		labels++;
	return labels;
}

/* Labels of other lengths differ in their length bytes, which stand where the
 * names were equal up to: so the bytes alone decide. */
bool
dname_equal(const uint8_t *a, const uint8_t *b)
{
	size_t length = dname_length(a), at = 0;

	if (dname_length(b) != length)
		return false;
	for (; at + 8 <= length; at += 8)
		if (lower_word(load_word(a + at, 8)) !=
		    lower_word(load_word(b + at, 8)))
			return false;
	return lower_word(load_word(a + at, length - at)) ==
	    lower_word(load_word(b + at, length - at));
}

void
dname_lower(uint8_t *name)
{
	dname_copy_lower(name, name, dname_length(name));
}

bool
dname_is_below_or_at(const uint8_t *name, const uint8_t *ancestor)
{
	unsigned labels = dname_labels(name), above = dname_labels(ancestor);

	return labels >= above &&
	    dname_equal(dname_skip(name, labels - above), ancestor);
}

const uint8_t *
dname_skip(const uint8_t *name, unsigned n)
{
	while (n-- > 0)
		name += *name + 1;
	return name;
}

bool
dname_prepend(struct dname *to, const uint8_t *label, size_t label_len,
    const uint8_t *suffix)
{
	size_t length = dname_length(suffix);

	assert(label_len >= 1 && label_len <= LABEL_MAX);
	if (length + label_len + 1 > DNAME_MAX)
		return false;
	to->labels = (uint8_t)(dname_labels(suffix) + 1);
	to->length = (uint8_t)(length + label_len + 1);
	memmove(to->wire + label_len + 1, suffix, length);
	memcpy(to->wire + 1, label, label_len);
	to->wire[0] = (uint8_t)label_len;
	return true;
}

bool
dname_substitute(struct dname *to, const uint8_t *name, const uint8_t *from,
    const uint8_t *target)
{
	unsigned above = dname_labels(from);
	unsigned front_labels = dname_labels(name) - above;
	size_t front = (size_t)(dname_skip(name, front_labels) - name);
	size_t length = dname_length(target);

	if (front + length > DNAME_MAX)
		return false;
	memmove(to->wire, name, front);
	memcpy(to->wire + front, target, length);
	to->length = (uint8_t)(front + length);
	to->labels = (uint8_t)(front_labels + dname_labels(target));
	return true;
}

/* ---- reverse names ---- */

static const uint8_t in_addr_arpa[] = "\7in-addr\4arpa";
static const uint8_t ip6_arpa[] = "\3ip6\4arpa";

static bool
read_octet(const uint8_t *label, uint8_t *octet)
{
	unsigned value = 0;

	if (*label > 3 || (*label > 1 && label[1] == '0'))
		return false;
	for (unsigned i = 1; i <= *label; i++) {
		if (!is_digit((char)label[i]))
			return false;
		value = value * 10 + (unsigned)(label[i] - '0');
	}
	*octet = (uint8_t)value;
	return value <= 255;
}

static bool
read_nibble(const uint8_t *label, uint8_t *nibble)
{
	uint8_t c = label[1];

	if (*label != 1)
		return false;
	if (is_digit((char)c))
		*nibble = (uint8_t)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*nibble = (uint8_t)(c - 'a' + 10);
	else
		return false;
	return true;
}

static bool
read_in_addr(const uint8_t *lower, unsigned octets, struct addr *addr,
    unsigned *bits)
{
	if (octets > 4)
		return false;
	addr->family = 4;
	*bits = octets * 8;
	while (octets-- > 0) {
		if (!read_octet(lower, &addr->bytes[octets]))
			return false;
		lower += *lower + 1;
	}
	return true;
}

static bool
read_ip6(const uint8_t *lower, unsigned nibbles, struct addr *addr,
    unsigned *bits)
{
	uint8_t nibble;

	if (nibbles > 32)
		return false;
	addr->family = 6;
	*bits = nibbles * 4;
	for (unsigned i = nibbles; i-- > 0; lower += 2) {
		if (!read_nibble(lower, &nibble))
			return false;
		addr->bytes[i / 2] |= (uint8_t)(i % 2 ? nibble : nibble << 4);
	}
	return true;
}

bool
dname_to_addr(const uint8_t *lower, struct addr *addr, unsigned *bits)
{
	const uint8_t *at = lower, *top = lower, *next = lower;
	unsigned labels = 0;
	size_t length;

	*addr = (struct addr){0};
	*bits = 0;
	for (; *at; at += *at + 1, labels++) {
		top = next;
		next = at;
	}
	if (labels < 2)
		return false;
	length = (size_t)(at - top) + 1;
	if (length == sizeof(in_addr_arpa) &&
	    memcmp(top, in_addr_arpa, length) == 0)
		return read_in_addr(lower, labels - 2, addr, bits);
	if (length == sizeof(ip6_arpa) && memcmp(top, ip6_arpa, length) == 0)
		return read_ip6(lower, labels - 2, addr, bits);
	return false;
}

struct dname
dname_of_addr(const struct addr *addr)
{
	static const char hex[] = "0123456789abcdef";
	char text[80];
	char *to = text;
	const uint8_t *b = addr->bytes;

	if (addr->family == 4) {
		snprintf(text, sizeof(text), "%u.%u.%u.%u.in-addr.arpa.", b[3],
		    b[2], b[1], b[0]);
		return dname_from(text);
	}
	for (unsigned i = 16; i-- > 0;) {
		*to++ = hex[b[i] & 15];
		*to++ = '.';
		*to++ = hex[b[i] >> 4];
		*to++ = '.';
	}
	memcpy(to, "ip6.arpa.", 10);
	return dname_from(text);
}

/* ---- hash ---- */

static inline void
hash_label(struct hash_state *s, const uint8_t *bytes, size_t length)
{
	size_t left = length;

	for (; left >= 8; left -= 8, bytes += 8)
		hash_block(s, load_word(bytes, 8));
	hash_block(s, load_word(bytes, left) | (uint64_t)length << 56);
}

/* Offsets of the labels, so that they can be taken from the root downwards. */
static inline unsigned
find_labels(const uint8_t *name, uint8_t at[DNAME_LABELS_MAX])
{
	unsigned labels = 0, offset = 0;

	while (name[offset]) {
		at[labels++] = (uint8_t)offset;
		offset += name[offset] + 1u;
	}
	return labels;
}

static inline struct hash_state
hash_labels(const struct hash_key *key, const uint8_t *lower)
{
	struct hash_state s = hash_start(key);
	uint8_t at[DNAME_LABELS_MAX];
	unsigned i = find_labels(lower, at);

	while (i-- > 0)
		hash_label(&s, lower + at[i] + 1, lower[at[i]]);
	return s;
}

uint64_t
dname_hash(const struct hash_key *key, const uint8_t *lower)
{
	return hash_finish(hash_labels(key, lower));
}

unsigned
dname_hash_suffixes(const struct hash_key *key, const uint8_t *lower,
    uint64_t hash[DNAME_LABELS_MAX + 1])
{
	struct hash_state s = hash_start(key);
	uint8_t at[DNAME_LABELS_MAX];
	unsigned labels = find_labels(lower, at);

	hash[labels] = hash_finish(s);
	for (unsigned i = labels; i-- > 0;) {
		hash_label(&s, lower + at[i] + 1, lower[at[i]]);
		hash[i] = hash_finish(s);
	}
	return labels;
}

/* As hash_label, of a label behind which eight bytes more can be read. */
static inline void
hash_label_in_room(struct hash_state *s, const uint8_t *bytes, size_t length)
{
	size_t left = length;
	uint64_t word;

	for (; left >= 8; left -= 8, bytes += 8)
		hash_block(s, load_word(bytes, 8));
	word = load_word(bytes, 8) & (((uint64_t)1 << 8 * left) - 1);
	hash_block(s, word | (uint64_t)length << 56);
}

uint64_t
dname_hash_labels(const struct hash_key *key, const uint8_t *lower,
    const uint8_t *at, unsigned labels)
{
	struct hash_state s = hash_start(key);

	while (labels-- > 0)
		hash_label_in_room(&s, lower + at[labels] + 1,
		    lower[at[labels]]);
	return hash_finish(s);
}

void
dname_path_set_labels(struct dname_path *path, const struct hash_key *key,
    const uint8_t *lower, const uint8_t *at, unsigned labels)
{
	struct hash_state s = hash_start(key);

	path->name = lower;
	path->at = at;
	path->length = at[labels] + 1u;
	path->labels = labels;
	path->state[labels] = s;
	while (labels-- > 0) {
		hash_label_in_room(&s, lower + at[labels] + 1,
		    lower[at[labels]]);
		path->state[labels] = s;
	}
}

void
dname_path_set(struct dname_path *path, const struct hash_key *key,
    const uint8_t *lower, unsigned length)
{
	unsigned labels = find_labels(lower, path->found_at);

	path->found_at[labels] = (uint8_t)(length - 1);
	dname_path_set_labels(path, key, lower, path->found_at, labels);
}

uint64_t
dname_path_hash_child(const struct dname_path *path, unsigned skip,
    const uint8_t *label, size_t label_len)
{
	struct hash_state s = path->state[skip];

	hash_label(&s, label, label_len);
	return hash_finish(s);
}
