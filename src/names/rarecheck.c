/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/rarecheck.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dns/rdata.h"
#include "dns/types.h"
#include "names/raretype.h"

static bool
parse_digits(const struct token *token, uint64_t *value)
{
	*value = 0;
	if (token->kind != TOKEN_WORD || token->length == 0 ||
	    token->length > 18)
		return false;
	for (size_t i = 0; i < token->length; i++) {
		unsigned digit = (unsigned)token->text[i] - '0';

		if (digit > 9)
			return false;
		*value = *value * 10 + digit;
	}
	return true;
}

static bool
check_number(struct rdatatext *r, uint64_t max)
{
	uint64_t value;

	if (parse_digits(&r->at, &value) && value <= max)
		return true;
	return rdatatext_refuse(r, "is not a number from 0 to %llu",
	    (unsigned long long)max);
}

/* A mnemonic is left to ldns, a number is not: it would wrap around. */
static bool
check_if_number(struct rdatatext *r, uint64_t max)
{
	uint64_t value;

	if (!parse_digits(&r->at, &value) || value <= max)
		return true;
	return rdatatext_refuse(r, "is over %llu", (unsigned long long)max);
}

static bool
check_type(struct rdatatext *r)
{
	uint16_t type;

	if (r->at.kind == TOKEN_WORD &&
	    raretype_parse(&type, r->at.text, r->at.length))
		return true;
	return rdatatext_refuse(r, "is not a type");
}

static bool
check_hex(struct rdatatext *r, struct rarecheck *check)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	for (size_t i = 0; i < r->at.length; i++)
		if (r->at.kind != TOKEN_WORD ||
		    memchr(digits, r->at.text[i], 22) == NULL)
			return rdatatext_refuse(r, "is not hex digits");
	check->digits += (unsigned)r->at.length;
	return true;
}

/* A latitude or longitude: up to three numbers, then its letter. */
static bool
check_angle(struct rdatatext *r, struct rarecheck *check)
{
	static const unsigned most[2][3] = { { 90, 59, 59 }, { 180, 59, 59 } };
	const char *letters = check->loc_part == 0 ? "NS" : "EW";
	struct token whole = r->at;
	const char *dot = memchr(whole.text, '.', whole.length);
	uint64_t value;

	if (whole.length == 1 && check->loc_token > 0 &&
	    strchr(letters, whole.text[0] & ~32) != NULL) {
		check->loc_part++;
		check->loc_token = 0;
		return true;
	}
	if (dot != NULL && check->loc_token == 2)
		whole.length = (size_t)(dot - whole.text);
	if (check->loc_token < 3 && parse_digits(&whole, &value) &&
	    value <= most[check->loc_part][check->loc_token]) {
		check->loc_token++;
		return true;
	}
	return rdatatext_refuse(r, "is not a part of a %s (42 21 54.5 %c)",
	    check->loc_part == 0 ? "latitude" : "longitude", letters[0]);
}

/* RFC 1876 section 3: behind the angles an altitude and up to three sizes. */
static bool
check_loc(struct rdatatext *r, struct rarecheck *check)
{
	const char *text = r->at.text;
	size_t length = r->at.length, i = 0;

	if (check->loc_part < 2)
		return check_angle(r, check);
	if (++check->loc_token > 4)
		return rdatatext_refuse(r, "is more than LOC takes");
	if (length > 0 && text[0] == '-' && check->loc_token == 1)
		i++;
	if (length > i && (text[length - 1] | 32) == 'm')
		length--;
	if (i == length)
		return rdatatext_refuse(r, "is not a length in metres");
	for (; i < length; i++)
		if (text[i] != '.' && (text[i] < '0' || text[i] > '9'))
			return rdatatext_refuse(r,
			    "is not a length in metres");
	return true;
}

/* RFC 4034 3.1.5: YYYYMMDDHHmmSS or seconds. */
static bool
check_time(struct rdatatext *r)
{
	uint64_t value;

	if (parse_digits(&r->at, &value) &&
	    (r->at.length == 14 || value <= UINT32_MAX))
		return true;
	return rdatatext_refuse(r, "is not a time as YYYYMMDDHHmmSS");
}

/* RFC 1035 3.4.2: protocol, then services. */
static bool
check_service(struct rdatatext *r, const struct rarecheck *check)
{
	char name[32];
	uint64_t value;

	if (parse_digits(&r->at, &value))
		return check_number(r, check->tokens == 1 ? UINT8_MAX :
		    UINT16_MAX);
	if (check->tokens == 1)
		return token_is(&r->at, "tcp") || token_is(&r->at, "udp") ||
		    rdatatext_refuse(r, "is not a protocol (tcp, udp)");
	snprintf(name, sizeof(name), "%.*s", r->at.length > 31 ? 31 :
	    (int)r->at.length, r->at.text);
	return getservbyname(name, NULL) != NULL ||
	    rdatatext_refuse(r, "is not a service");
}

/* RFC 3123 section 4: [!]AFI:ADDRESS/LENGTH; ldns reads the address. */
static bool
check_prefix(struct rdatatext *r)
{
	const struct token *at = &r->at;
	const char *slash = memchr(at->text, '/', at->length);
	const char *colon = memchr(at->text, ':', at->length);
	struct token part = *at;
	uint64_t length;
	bool ipv6;

	if (slash == NULL || colon == NULL || colon == at->text)
		return rdatatext_refuse(r, "is not 1:ADDRESS/LENGTH");
	ipv6 = colon[-1] == '2';
	part.text = slash + 1;
	part.length = at->length - (size_t)(slash + 1 - at->text);
	if (parse_digits(&part, &length) && length <= (ipv6 ? 128 : 32))
		return true;
	return rdatatext_refuse(r, "has a length over %d", ipv6 ? 128 : 32);
}

/* RFC 1706 section 7: 0x, then pairs of digits with dots anywhere. */
static bool
check_nsap(struct rdatatext *r)
{
	unsigned digits = 0;

	for (size_t i = 2; i < r->at.length; i++)
		digits += r->at.text[i] != '.';
	return digits % 2 == 0 ||
	    rdatatext_refuse(r, "has an odd number of hex digits");
}

static bool
check_parameter(struct rdatatext *r)
{
	struct token value = r->at;
	uint64_t number;
	const char *equals = memchr(r->at.text, '=', r->at.length);
	size_t key;

	if (r->at.kind != TOKEN_WORD)
		return rdatatext_refuse(r, "is not KEY or KEY=VALUE");
	key = equals != NULL ? (size_t)(equals - r->at.text) : r->at.length;
	if (key > 3 && strncasecmp(r->at.text, "key", 3) == 0) {
		value.text += 3;
		value.length = key - 3;
		if (!parse_digits(&value, &number) || number >= UINT16_MAX)
			return rdatatext_refuse(r,
			    "is not a key from key0 to key65534");
	}
	if (key == 4 && strncasecmp(r->at.text, "port", 4) == 0) {
		value.text = r->at.text + (equals != NULL ? 5 : 4);
		value.length = r->at.length - (equals != NULL ? 5 : 4);
		if (value.length > 2 && value.text[0] == '"') {
			value.text++;
			value.length -= 2;
		}
		if (!parse_digits(&value, &number) || number > UINT16_MAX)
			return rdatatext_refuse(r,
			    "is not a port from 0 to 65535");
	}
	return true;
}

bool
rarecheck_token(struct rdatatext *r, struct rarecheck *check,
    ldns_rdf_type field)
{
	switch (field) {
	case LDNS_RDF_TYPE_INT8:
		return check_number(r, UINT8_MAX);
	case LDNS_RDF_TYPE_INT16:
		return check_number(r, UINT16_MAX);
	case LDNS_RDF_TYPE_INT32:
		return check_number(r, UINT32_MAX);
	case LDNS_RDF_TYPE_ALG:
		return check_if_number(r, UINT8_MAX);
	case LDNS_RDF_TYPE_CERT_ALG:
		return check_if_number(r, UINT16_MAX);
	case LDNS_RDF_TYPE_WKS:
		return check_service(r, check);
	case LDNS_RDF_TYPE_TIME:
		return check_time(r);
	case LDNS_RDF_TYPE_APL:
		return check_prefix(r);
	case LDNS_RDF_TYPE_NSAP:
		return check_nsap(r);
	case LDNS_RDF_TYPE_TYPE:
	case LDNS_RDF_TYPE_NSEC:
		return check_type(r);
	case LDNS_RDF_TYPE_HEX:
		return check_hex(r, check);
	case LDNS_RDF_TYPE_LOC:
		return check_loc(r, check);
	case LDNS_RDF_TYPE_SVCPARAMS:
		return check_parameter(r);
	default:
		return true;
	}
}

bool
rarecheck_end(struct rdatatext *r, const struct rarecheck *check)
{
	if (check->digits % 2 == 0)
		return true;
	snprintf(r->fault, sizeof(r->fault), "the number of hex digits is odd");
	return false;
}

static bool
refuse_key(struct rdatatext *r, const char *words, unsigned key)
{
	char type[TYPE_TEXT];

	snprintf(r->fault, sizeof(r->fault), "%s %s%u",
	    type_print(r->type, type), words, key);
	return false;
}

/* What is known of a list of parameters. */
struct parameters {
	uint8_t seen[UINT16_MAX / 8 + 1];
	const uint8_t *mandatory;	/* the value of key 0 */
	size_t mandatory_length;
};

static bool
is_seen(const struct parameters *list, unsigned key)
{
	return list->seen[key / 8] & 1 << key % 8;
}

/* RFC 9460 2.2: keys strictly ascending; section 7: a protocol or an address
 * at least where they are given. */
static bool
note_parameters(struct rdatatext *r, struct parameters *list, size_t at)
{
	const uint8_t *p = r->out.bytes;
	int last = -1;

	for (; at + 4 <= r->out.at; at += 4u + wire_get16(p + at + 2)) {
		unsigned key = wire_get16(p + at);
		size_t length = wire_get16(p + at + 2);

		if ((int)key <= last)
			return refuse_key(r, "gives a key twice: key", key);
		if (length == 0 && (key == 1 || key == 4 || key == 6))
			return refuse_key(r, "has no value for key", key);
		last = (int)key;
		list->seen[key / 8] |= (uint8_t)(1 << key % 8);
		if (key == 0) {
			list->mandatory = p + at + 4;
			list->mandatory_length = length;
		}
	}
	return true;
}

/* RFC 9460 section 8: those that `mandatory` names are there; 7.1.1:
 * no-default-alpn wants an alpn. */
static bool
check_parameters(struct rdatatext *r, size_t at)
{
	struct parameters list = { .mandatory = NULL };

	if (!note_parameters(r, &list, at))
		return false;
	for (size_t i = 0; i + 2 <= list.mandatory_length; i += 2) {
		unsigned key = wire_get16(list.mandatory + i);

		if (!is_seen(&list, key) || key == 0)
			return refuse_key(r, "lacks the mandatory key", key);
	}
	if (is_seen(&list, 2) && !is_seen(&list, 1))
		return refuse_key(r, "has no-default-alpn without key", 1);
	return true;
}

bool
rarecheck_wire(struct rdatatext *r)
{
	char type[TYPE_TEXT];

	if (!rdata_is_valid(r->type, r->out.bytes, r->out.at)) {
		snprintf(r->fault, sizeof(r->fault),
		    "this is no rdata of %s", type_print(r->type, type));
		return false;
	}
	if (r->type == TYPE_SVCB || r->type == TYPE_HTTPS)
		return check_parameters(r,
		    2 + dname_length(r->out.bytes + 2));
	return true;
}
