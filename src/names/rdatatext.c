/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/rdatatext.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/hex.h"
#include "dns/rdata.h"
#include "dns/types.h"

#define STRING_MAX 255
#define SHOWN_MAX 80			/* of a token, in a message */

/* The fields of a type, one letter each:
 *
 *	4 6	an address		n	a name
 *	b w l	a number of 8, 16, 32 bits
 *	t	a period (SOA)		k	a DNSSEC algorithm
 *	s	a string		S	one or more strings
 *	g	a CAA tag		v	text up to the end of the rdata
 *	i	an IPSECKEY gateway, as the number two before it says
 *	x	hex digits and		e	base64, both to the end and with
 *	E	base64 or nothing		blanks between
 */
static const char *const low_layouts[] = {
	[TYPE_A] = "4", [TYPE_NS] = "n", [3] = "n", [4] = "n",
	[TYPE_CNAME] = "n", [TYPE_SOA] = "nnltttt", [7] = "n", [8] = "n",
	[9] = "n", [TYPE_PTR] = "n", [TYPE_HINFO] = "ss", [14] = "nn",
	[TYPE_MX] = "wn", [TYPE_TXT] = "S", [TYPE_RP] = "nn",
	[TYPE_AFSDB] = "wn", [21] = "wn", [23] = "n", [TYPE_KEY] = "wbke",
	[26] = "wnn", [TYPE_AAAA] = "6", [TYPE_SRV] = "wwwn",
	[TYPE_NAPTR] = "wwsssn", [TYPE_KX] = "wn", [TYPE_DNAME] = "n",
	[TYPE_DS] = "wkbx", [TYPE_SSHFP] = "bbx", [45] = "bbbiE",
	[TYPE_DNSKEY] = "wbke",
	[49] = "e", [TYPE_TLSA] = "bbbx", [53] = "bbbx",
	[TYPE_CDS] = "wkbx", [TYPE_CDNSKEY] = "wbke", [61] = "e",
	[63] = "lbbx",
};

static const struct algorithm {
	const char *name;
	uint8_t number;
} algorithms[] = {
	{ "RSAMD5", 1 }, { "DH", 2 }, { "DSA", 3 }, { "RSASHA1", 5 },
	{ "DSA-NSEC3-SHA1", 6 }, { "RSASHA1-NSEC3-SHA1", 7 },
	{ "RSASHA256", 8 }, { "RSASHA512", 10 }, { "ECC-GOST", 12 },
	{ "ECDSAP256SHA256", 13 }, { "ECDSAP384SHA384", 14 },
	{ "ED25519", 15 }, { "ED448", 16 }, { "INDIRECT", 252 },
	{ "PRIVATEDNS", 253 }, { "PRIVATEOID", 254 },
};

static const char *
find_layout(uint16_t type)
{
	if (type < sizeof(low_layouts) / sizeof(low_layouts[0]))
		return low_layouts[type];
	switch (type) {
	case TYPE_SPF:
		return "S";
	case 107:			/* LP */
		return "wn";
	case TYPE_URI:
		return "wwv";
	case TYPE_CAA:
		return "bgv";
	default:
		return NULL;
	}
}

bool
rdatatext_knows(uint16_t type)
{
	return find_layout(type) != NULL;
}

bool
rdatatext_refuse(struct rdatatext *r, const char *fmt, ...)
{
	const struct token *at = &r->at;
	int shown = at->length > SHOWN_MAX ? SHOWN_MAX : (int)at->length;
	int used = snprintf(r->fault, sizeof(r->fault), "%.*s%s ", shown,
	    at->text, at->length > SHOWN_MAX ? "..." : "");
	va_list args;

	if (at->kind == TOKEN_QUOTED && at->length == 0)
		used = snprintf(r->fault, sizeof(r->fault), "\"\" ");
	va_start(args, fmt);
	vsnprintf(r->fault + used, sizeof(r->fault) - (size_t)used, fmt, args);
	va_end(args);
	return false;
}

static bool
say(struct rdatatext *r, const char *words)
{
	snprintf(r->fault, sizeof(r->fault), "%s", words);
	return false;
}

void
rdatatext_start(struct rdatatext *r, struct tokenizer *tokens, uint16_t type,
    const struct token *type_token)
{
	r->tokens = tokens;
	r->type = type;
	r->at = *type_token;
	r->ended = false;
	r->has_peeked = false;
	r->out.at = 0;
	r->out.failed = false;
}

bool
rdatatext_next(struct rdatatext *r)
{
	struct token token;

	if (!r->has_peeked)
		tokenizer_next(r->tokens, &token);
	else
		token = r->peeked;
	r->has_peeked = false;
	if (token.kind == TOKEN_END) {
		r->ended = true;
		return true;
	}
	r->at = token;
	if (token.kind == TOKEN_BAD)
		return say(r, r->tokens->fault);
	return true;
}

bool
rdatatext_want(struct rdatatext *r, const char *what)
{
	char type[TYPE_TEXT];

	if (!rdatatext_next(r))
		return false;
	if (!r->ended)
		return true;
	snprintf(r->fault, sizeof(r->fault),
	    "%s is not complete: %s is missing", type_print(r->type, type),
	    what);
	return false;
}

bool
rdatatext_name(struct rdatatext *r, struct dname *name)
{
	const struct token *at = &r->at;
	const char *wrong;
	size_t bad;

	if (at->kind == TOKEN_QUOTED || at->has_quotes)
		return rdatatext_refuse(r,
		    "is not a name: names have no quotes");
	if (at->length == 1 && at->text[0] == '@') {
		*name = dname_of(r->origin);
		return true;
	}
	wrong = dname_parse(name, at->text, at->length, r->origin, &bad);
	if (wrong != NULL)
		return rdatatext_refuse(r, "is not a name: %s", wrong);
	return true;
}

static bool
read_name(struct rdatatext *r)
{
	struct dname name;

	if (!rdatatext_want(r, "a name") || !rdatatext_name(r, &name))
		return false;
	wire_write_bytes(&r->out, name.wire, name.length);
	return true;
}

static bool
read_address(struct rdatatext *r, uint8_t family)
{
	const char *what = family == 4 ? "an IPv4 address" :
	    "an IPv6 address";
	struct addr addr;

	if (!rdatatext_want(r, what))
		return false;
	if (r->at.kind != TOKEN_WORD ||
	    addr_parse(&addr, r->at.text, r->at.length) != NULL)
		return rdatatext_refuse(r, "is not %s", what);
	if (addr.family != family)
		return rdatatext_refuse(r, "is not %s; %s takes it", what,
		    family == 4 ? "AAAA" : "A");
	wire_write_bytes(&r->out, addr.bytes, family == 4 ? 4 : 16);
	return true;
}

static bool
parse_number(const struct token *token, uint32_t max, uint32_t *number)
{
	uint64_t value = 0;

	if (token->kind != TOKEN_WORD || token->length == 0 ||
	    token->length > 10)
		return false;
	for (size_t i = 0; i < token->length; i++) {
		unsigned digit = (unsigned)token->text[i] - '0';

		if (digit > 9)
			return false;
		value = value * 10 + digit;
	}
	*number = (uint32_t)value;
	return value <= max;
}

static bool
read_number(struct rdatatext *r, uint32_t max, uint32_t *number)
{
	if (!rdatatext_want(r, "a number"))
		return false;
	if (!parse_number(&r->at, max, number))
		return rdatatext_refuse(r, "is not a number from 0 to %u",
		    max);
	return true;
}

static bool
read_integer(struct rdatatext *r, unsigned bytes)
{
	uint32_t max = bytes == 4 ? UINT32_MAX : (1u << 8 * bytes) - 1;
	uint32_t number;

	if (!read_number(r, max, &number))
		return false;
	if (bytes == 1)
		wire_write8(&r->out, (uint8_t)number);
	else if (bytes == 2)
		wire_write16(&r->out, (uint16_t)number);
	else
		wire_write32(&r->out, number);
	return true;
}

static uint32_t
seconds_of(char unit)
{
	switch (unit) {
	case 's': case 'S':
		return 1;
	case 'm': case 'M':
		return 60;
	case 'h': case 'H':
		return 3600;
	case 'd': case 'D':
		return 86400;
	case 'w': case 'W':
		return 604800;
	default:
		return 0;
	}
}

enum period_result
rdatatext_period(const char *text, size_t length, uint32_t *period_s)
{
	uint64_t sum = 0, part = 0;
	bool in_part = false, too_long = false;

	for (size_t i = 0; i < length; i++) {
		unsigned digit = (unsigned)text[i] - '0';
		uint32_t unit;

		if (digit <= 9) {
			part = part * 10 + digit;
			in_part = true;
		} else {
			unit = seconds_of(text[i]);
			if (unit == 0 || !in_part)
				return PERIOD_NONE;
			sum += part * unit;
			part = 0;
			in_part = false;
		}
		if (part > INT32_MAX || sum > INT32_MAX) {
			too_long = true;
			part = sum = 0;
		}
	}
	/* 1h30 leaves open what the 30 are. */
	if (length == 0 || (in_part && sum > 0))
		return PERIOD_NONE;
	sum += part;
	*period_s = (uint32_t)sum;
	return too_long ? PERIOD_TOO_LONG : PERIOD_OK;
}

static bool
read_period(struct rdatatext *r)
{
	uint32_t period_s;

	if (!rdatatext_want(r, "a number of seconds"))
		return false;
	switch (r->at.kind != TOKEN_WORD ? PERIOD_NONE :
	    rdatatext_period(r->at.text, r->at.length, &period_s)) {
	case PERIOD_OK:
		wire_write32(&r->out, period_s);
		return true;
	case PERIOD_TOO_LONG:
		return rdatatext_refuse(r, "is over 2147483647 seconds");
	default:
		return rdatatext_refuse(r,
		    "is not a number of seconds (3600, 1h30m)");
	}
}

static bool
read_algorithm(struct rdatatext *r)
{
	uint32_t number;

	if (!rdatatext_want(r, "an algorithm"))
		return false;
	if (parse_number(&r->at, UINT8_MAX, &number)) {
		wire_write8(&r->out, (uint8_t)number);
		return true;
	}
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]);
	    i++) {
		if (token_is(&r->at, algorithms[i].name)) {
			wire_write8(&r->out, algorithms[i].number);
			return true;
		}
	}
	return rdatatext_refuse(r, "is not a DNSSEC algorithm");
}

/* \DDD or \X at p to one byte; how many bytes it took, 0 where it is bad. */
static size_t
decode_escape(const char *p, size_t length, uint8_t *byte)
{
	unsigned value = 0;

	if (length < 2)
		return 0;
	if (p[1] < '0' || p[1] > '9') {
		*byte = (uint8_t)p[1];
		return 2;
	}
	if (length < 4)
		return 0;
	for (size_t i = 1; i < 4; i++) {
		unsigned digit = (unsigned)p[i] - '0';

		if (digit > 9)
			return 0;
		value = value * 10 + digit;
	}
	*byte = (uint8_t)value;
	return value > 255 ? 0 : 4;
}

/* The bytes of a string, escapes resolved, to out. */
static bool
write_text(struct rdatatext *r)
{
	const char *p = r->at.text;
	size_t left = r->at.length;

	if (r->at.has_quotes)
		return rdatatext_refuse(r, "has a quote inside a word");
	if (!r->at.escaped) {
		wire_write_bytes(&r->out, p, left);
		return true;
	}
	while (left > 0) {
		uint8_t byte = (uint8_t)*p;
		size_t taken = 1;

		if (*p == '\\')
			taken = decode_escape(p, left, &byte);
		if (taken == 0)
			return rdatatext_refuse(r,
			    "has a bad escape (\\DDD is 000 to 255)");
		wire_write8(&r->out, byte);
		p += taken;
		left -= taken;
	}
	return true;
}

static bool
write_string(struct rdatatext *r)
{
	size_t start = r->out.at, length;

	wire_write8(&r->out, 0);
	if (!write_text(r))
		return false;
	if (r->out.failed)
		return true;
	length = r->out.at - start - 1;
	if (length > STRING_MAX) {
		snprintf(r->fault, sizeof(r->fault), "the string is %zu bytes "
		    "long, 255 at most are possible: split it", length);
		return false;
	}
	r->out.bytes[start] = (uint8_t)length;
	return true;
}

static bool
read_string(struct rdatatext *r)
{
	return rdatatext_want(r, "a string") && write_string(r);
}

static bool
read_strings(struct rdatatext *r)
{
	if (!read_string(r))
		return false;
	for (;;) {
		if (!rdatatext_next(r))
			return false;
		if (r->ended)
			return true;
		if (!write_string(r))
			return false;
	}
}

static bool
read_rest(struct rdatatext *r)
{
	return rdatatext_want(r, "a text") && write_text(r);
}

/* RFC 8659 4.1: letters and digits, at least one. */
static bool
read_tag(struct rdatatext *r)
{
	if (!rdatatext_want(r, "a tag"))
		return false;
	for (size_t i = 0; i < r->at.length; i++) {
		unsigned char c = (unsigned char)r->at.text[i];

		if (!((c | 32) >= 'a' && (c | 32) <= 'z') &&
		    !(c >= '0' && c <= '9'))
			return rdatatext_refuse(r, "is not a tag (issue, "
			    "issuewild, iodef: letters and digits)");
	}
	if (r->at.length == 0)
		return rdatatext_refuse(r, "is not a tag");
	return write_string(r);
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Digits that may be spread over words. */
struct digits {
	uint32_t bits;			/* those not written yet */
	unsigned bit_count;
	unsigned padding;		/* '=' seen */
	size_t count;			/* digits, padding too */
};

static bool
write_hex(struct rdatatext *r, struct digits *digits)
{
	if (r->at.kind == TOKEN_QUOTED)
		return rdatatext_refuse(r, "is quoted: hex digits are not");
	for (size_t i = 0; i < r->at.length; i++) {
		int value = hex_value(r->at.text[i]);

		if (value < 0)
			return rdatatext_refuse(r, "is not hex digits");
		digits->bits = digits->bits << 4 | (uint32_t)value;
		if (++digits->count % 2 == 0)
			wire_write8(&r->out, (uint8_t)digits->bits);
	}
	return true;
}

static bool
write_base64(struct rdatatext *r, struct digits *digits)
{
	if (r->at.kind == TOKEN_QUOTED)
		return rdatatext_refuse(r, "is quoted: base64 is not");
	for (size_t i = 0; i < r->at.length; i++) {
		int value = base64_value(r->at.text[i]);

		digits->count++;
		if (r->at.text[i] == '=') {
			digits->padding++;
			continue;
		}
		if (value < 0 || digits->padding > 0)
			return rdatatext_refuse(r, "is not base64");
		digits->bits = digits->bits << 6 | (uint32_t)value;
		digits->bit_count += 6;
		if (digits->bit_count >= 8) {
			digits->bit_count -= 8;
			wire_write8(&r->out,
			    (uint8_t)(digits->bits >> digits->bit_count));
		}
	}
	return true;
}

static bool
check_hex(struct rdatatext *r, const struct digits *digits)
{
	if (digits->count % 2 == 0)
		return true;
	return say(r, "the number of hex digits is odd");
}

static bool
check_base64(struct rdatatext *r, const struct digits *digits)
{
	uint32_t left = digits->bits & ((1u << digits->bit_count) - 1);

	if (digits->count % 4 == 0 && digits->padding <= 2 && left == 0)
		return true;
	return say(r, "the base64 is cut off or padded wrongly");
}

static bool
read_hex(struct rdatatext *r)
{
	struct digits digits = { 0 };

	if (!rdatatext_want(r, "a string of hex digits"))
		return false;
	while (!r->ended)
		if (!write_hex(r, &digits) || !rdatatext_next(r))
			return false;
	return check_hex(r, &digits);
}

/* From the token read last on. */
static bool
read_base64(struct rdatatext *r)
{
	struct digits digits = { 0 };

	while (!r->ended)
		if (!write_base64(r, &digits) || !rdatatext_next(r))
			return false;
	return check_base64(r, &digits);
}

/* RFC 4025 2.5. */
static bool
read_gateway(struct rdatatext *r)
{
	switch (r->out.failed ? 0 : r->out.bytes[r->out.at - 2]) {
	case 0:
		if (!rdatatext_want(r, "a dot for no gateway"))
			return false;
		return (r->at.length == 1 && r->at.text[0] == '.') ||
		    rdatatext_refuse(r, "is a gateway, but type 0 has none");
	case 1:
		return read_address(r, 4);
	case 2:
		return read_address(r, 6);
	case 3:
		return read_name(r);
	default:
		return say(r, "the type of the gateway is not 0 to 3");
	}
}

static bool
read_field(struct rdatatext *r, char field)
{
	switch (field) {
	case '4':
		return read_address(r, 4);
	case '6':
		return read_address(r, 6);
	case 'n':
		return read_name(r);
	case 'b':
		return read_integer(r, 1);
	case 'w':
		return read_integer(r, 2);
	case 'l':
		return read_integer(r, 4);
	case 't':
		return read_period(r);
	case 'k':
		return read_algorithm(r);
	case 's':
		return read_string(r);
	case 'S':
		return read_strings(r);
	case 'g':
		return read_tag(r);
	case 'v':
		return read_rest(r);
	case 'x':
		return read_hex(r);
	case 'i':
		return read_gateway(r);
	case 'e':
		return rdatatext_want(r, "a base64 text") && read_base64(r);
	default:
		return rdatatext_next(r) && read_base64(r);
	}
}

static bool
check_end(struct rdatatext *r)
{
	char type[TYPE_TEXT];

	if (!r->ended && !rdatatext_next(r))
		return false;
	if (!r->ended)
		return rdatatext_refuse(r, "is more than %s takes",
		    type_print(r->type, type));
	if (r->out.failed)
		return say(r, "the rdata is over 65535 bytes");
	return true;
}

bool
rdatatext_is_generic(struct rdatatext *r)
{
	const struct token *first = &r->peeked;

	tokenizer_next(r->tokens, &r->peeked);
	r->has_peeked = true;
	return first->kind == TOKEN_WORD && first->length == 2 &&
	    first->text[0] == '\\' && first->text[1] == '#';
}

static bool
check_generic(struct rdatatext *r, uint32_t length, size_t bytes)
{
	char type[TYPE_TEXT];

	type_print(r->type, type);
	if (bytes != length)
		snprintf(r->fault, sizeof(r->fault),
		    "\\# says %u bytes, but %zu follow", length, bytes);
	else if (!rdata_is_valid(r->type, r->out.bytes, r->out.at))
		snprintf(r->fault, sizeof(r->fault),
		    "these bytes are no rdata of %s", type);
	else
		return true;
	return false;
}

bool
rdatatext_generic(struct rdatatext *r)
{
	struct digits digits = { 0 };
	struct token place;
	uint32_t length;

	if (!rdatatext_next(r) || !read_number(r, UINT16_MAX, &length))
		return false;
	place = r->at;
	if (!rdatatext_next(r))
		return false;
	while (!r->ended)
		if (!write_hex(r, &digits) || !rdatatext_next(r))
			return false;
	r->at = place;
	return check_hex(r, &digits) &&
	    check_generic(r, length, digits.count / 2);
}

bool
rdatatext_read(struct rdatatext *r)
{
	const char *fields = find_layout(r->type);

	for (; *fields != '\0'; fields++)
		if (!read_field(r, *fields))
			return false;
	return check_end(r);
}
