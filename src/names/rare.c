/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/rare.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "dns/rdata.h"

/* What ldns reads of a line at most, with room to spare; longer rdata can be
 * given in the generic form. */
#define LINE_MAX_LENGTH 60000
#define TYPE_HIP 55
#define TYPE_IPSECKEY 45
#define NEAR 2				/* edits to a name still "near" */
#define NAME_MAX_LENGTH 16		/* of a type */

/* A record in the making for ldns, and where in it we are. */
struct line {
	char *text;
	size_t length;
	const ldns_rr_descriptor *descriptor;
	unsigned tokens;		/* of the rdata so far */
	unsigned gateway;		/* IPSECKEY: token that is a name */
	unsigned after_east;		/* LOC: tokens behind E or W */
	unsigned digits;		/* hex digits so far */
};

bool
rare_type_parse(uint16_t *type, const char *text, size_t length)
{
	char name[NAME_MAX_LENGTH];
	ldns_rr_type found;

	if (type_parse(type, text, length))
		return true;
	if (length >= sizeof(name))
		return false;
	memcpy(name, text, length);
	name[length] = '\0';
	/* type_parse has TYPE1234, and refused what is wrong with it. */
	if (strncasecmp(name, "TYPE", 4) == 0)
		return false;
	found = ldns_get_rr_type_by_name(name);
	*type = (uint16_t)found;
	return found != 0;
}

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* Levenshtein's distance of two short words; any case. */
static unsigned
distance(const char *a, size_t a_length, const char *b)
{
	unsigned row[NAME_MAX_LENGTH + 1];
	size_t b_length = strlen(b);

	if (b_length > NAME_MAX_LENGTH)
		return NAME_MAX_LENGTH;
	for (size_t j = 0; j <= b_length; j++)
		row[j] = (unsigned)j;
	for (size_t i = 0; i < a_length; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i + 1;
		for (size_t j = 0; j < b_length; j++) {
			unsigned above = row[j + 1];

			row[j + 1] = least(above + 1, row[j] + 1,
			    diagonal + (upper(a[i]) != upper(b[j])));
			diagonal = above;
		}
	}
	return row[b_length];
}

/* Has ldns, as it was built, a text form for it? */
static bool
is_known(const ldns_rr_descriptor *descriptor)
{
	return descriptor != NULL && descriptor->_name != NULL &&
	    ldns_rr_descriptor_maximum(descriptor) > 0 &&
	    ldns_rr_descriptor_field_type(descriptor, 0) !=
	    LDNS_RDF_TYPE_UNKNOWN;
}

const char *
rare_type_nearest(const char *text, size_t length, char buf[TYPE_TEXT])
{
	unsigned best = NEAR + 1;

	if (length == 0 || length > NAME_MAX_LENGTH)
		return NULL;
	for (unsigned type = 1; type < LDNS_RDATA_FIELD_DESCRIPTORS_COMMON;
	    type++) {
		const ldns_rr_descriptor *known =
		    ldns_rr_descript((uint16_t)type);
		unsigned far;

		if (!is_known(known) || type_is_meta((uint16_t)type))
			continue;
		/* People seldom miss the first letter; and half of them all
		 * have to be right. */
		far = distance(text, length, known->_name) +
		    (upper(text[0]) != known->_name[0]);
		if (far < best && far * 2 <= strlen(known->_name)) {
			best = far;
			snprintf(buf, TYPE_TEXT, "%s", known->_name);
		}
	}
	return best <= NEAR ? buf : NULL;
}

static bool
append(struct rdatatext *r, struct line *line, const char *text, size_t length)
{
	if (line->length + length >= LINE_MAX_LENGTH) {
		snprintf(r->fault, sizeof(r->fault), "the rdata is too long "
		    "in this form: write it as \\# LENGTH HEX");
		return false;
	}
	memcpy(line->text + line->length, text, length);
	line->length += length;
	line->text[line->length] = '\0';
	return true;
}

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
	    rare_type_parse(&type, r->at.text, r->at.length))
		return true;
	return rdatatext_refuse(r, "is not a type");
}

static bool
check_hex(struct rdatatext *r, struct line *line)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	for (size_t i = 0; i < r->at.length; i++)
		if (r->at.kind != TOKEN_WORD ||
		    memchr(digits, r->at.text[i], 22) == NULL)
			return rdatatext_refuse(r, "is not hex digits");
	line->digits += (unsigned)r->at.length;
	return true;
}

/* RFC 1876 section 3: behind E or W an altitude and up to three sizes. */
static bool
check_loc(struct rdatatext *r, struct line *line)
{
	const char *text = r->at.text;
	size_t length = r->at.length, i = 0;

	if (line->after_east == 0) {
		if (token_is(&r->at, "E") || token_is(&r->at, "W"))
			line->after_east = 1;
		return true;
	}
	if (++line->after_east > 5)
		return rdatatext_refuse(r, "is more than LOC takes");
	if (length > 0 && text[0] == '-' && line->after_east == 2)
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
		if (!parse_digits(&value, &number) || number > UINT16_MAX)
			return rdatatext_refuse(r,
			    "is not a key from key0 to key65535");
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

/* What ldns takes this token for. */
static ldns_rdf_type
field_of(const struct rdatatext *r, const struct line *line)
{
	const ldns_rr_descriptor *descriptor = line->descriptor;
	size_t max = ldns_rr_descriptor_maximum(descriptor);

	if (line->gateway != 0 && line->tokens == line->gateway)
		return LDNS_RDF_TYPE_DNAME;
	if (r->type == TYPE_HIP)
		return line->tokens < 3 ? LDNS_RDF_TYPE_HIP :
		    LDNS_RDF_TYPE_DNAME;
	/* The last field goes on to the end: base64, a bit map, ... */
	return ldns_rr_descriptor_field_type(descriptor,
	    line->tokens < max ? line->tokens : max - 1);
}

static bool
check_field(struct rdatatext *r, struct line *line, ldns_rdf_type field)
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
	case LDNS_RDF_TYPE_WKS:
		return check_if_number(r, UINT16_MAX);
	case LDNS_RDF_TYPE_TIME:
		return check_number(r, 99991231235959);
	case LDNS_RDF_TYPE_TYPE:
	case LDNS_RDF_TYPE_NSEC:
		return check_type(r);
	case LDNS_RDF_TYPE_HEX:
		return check_hex(r, line);
	case LDNS_RDF_TYPE_LOC:
		return check_loc(r, line);
	case LDNS_RDF_TYPE_SVCPARAMS:
		return check_parameter(r);
	case LDNS_RDF_TYPE_IPSECKEY:
		if (line->tokens == 1 && token_is(&r->at, "3"))
			line->gateway = 3;
		return line->tokens > 2 || check_number(r, UINT8_MAX);
	default:
		return true;
	}
}

/* ldns takes `@` and whatever follows it for the origin. */
static bool
append_name(struct rdatatext *r, struct line *line)
{
	char text[DNAME_TEXT_MAX];
	struct dname name;

	if (!rdatatext_name(r, &name))
		return false;
	dname_print(name.wire, text);
	if (text[0] == '@')
		return append(r, line, "\\064", 4) &&
		    append(r, line, text + 1, strlen(text + 1));
	return append(r, line, text, strlen(text));
}

static bool
append_token(struct rdatatext *r, struct line *line)
{
	const struct token *at = &r->at;
	bool quoted = at->kind == TOKEN_QUOTED;

	if (!quoted && at->length > 1 && at->text[0] == '@')
		return rdatatext_refuse(r, "is not understood: write a "
		    "leading @ as \\064");
	if (quoted)
		return append(r, line, "\"", 1) &&
		    append(r, line, at->text, at->length) &&
		    append(r, line, "\"", 1);
	return append(r, line, at->text, at->length);
}

static bool
collect(struct rdatatext *r, struct line *line)
{
	if (!rdatatext_want(r, "its rdata"))
		return false;
	while (!r->ended) {
		ldns_rdf_type field = field_of(r, line);

		if (!append(r, line, " ", 1) || !check_field(r, line, field))
			return false;
		if (field == LDNS_RDF_TYPE_DNAME) {
			if (!append_name(r, line))
				return false;
		} else if (!append_token(r, line)) {
			return false;
		}
		line->tokens++;
		if (!rdatatext_next(r))
			return false;
	}
	if (line->digits % 2 == 0)
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

/* RFC 9460 2.2: keys strictly ascending; section 8: those that `mandatory`
 * names are there. */
static bool
check_parameters(struct rdatatext *r, size_t at)
{
	const uint8_t *p = r->out.bytes;
	const uint8_t *mandatory = NULL;
	uint8_t seen[UINT16_MAX / 8 + 1] = { 0 };
	size_t length = 0;
	int last = -1;

	for (; at + 4 <= r->out.at; at += 4u + wire_get16(p + at + 2)) {
		unsigned key = wire_get16(p + at);

		if ((int)key <= last)
			return refuse_key(r, "gives a key twice: key", key);
		last = (int)key;
		seen[key / 8] |= (uint8_t)(1 << key % 8);
		if (key == 0) {
			mandatory = p + at + 4;
			length = wire_get16(p + at + 2);
		}
	}
	for (size_t i = 0; i + 2 <= length; i += 2) {
		unsigned key = wire_get16(mandatory + i);

		if (!(seen[key / 8] & 1 << key % 8) || key == 0)
			return refuse_key(r, "lacks the mandatory key", key);
	}
	return true;
}

static bool
check_wire(struct rdatatext *r)
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

/* The rdata of what ldns made of the line. */
static bool
write_rr(struct rdatatext *r, const ldns_rr *rr)
{
	ldns_buffer *buffer;
	size_t length = 0, at;
	bool written;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
		length += ldns_rdf_size(ldns_rr_rdf(rr, i));
	if (length > UINT16_MAX) {
		snprintf(r->fault, sizeof(r->fault),
		    "the rdata is over 65535 bytes");
		return false;
	}
	buffer = ldns_buffer_new(LDNS_MAX_PACKETLEN);
	/* The owner is the root: 1 byte, then type, class, TTL, length. */
	at = 1 + 10;
	written = buffer != NULL && ldns_rr2buffer_wire(buffer, rr,
	    LDNS_SECTION_ANSWER) == LDNS_STATUS_OK &&
	    ldns_buffer_position(buffer) == at + length;
	if (written)
		wire_write_bytes(&r->out, ldns_buffer_at(buffer, at), length);
	else
		snprintf(r->fault, sizeof(r->fault),
		    "the rdata cannot be written");
	ldns_buffer_free(buffer);
	return written && check_wire(r);
}

static bool
convert(struct rdatatext *r, const char *line)
{
	char type[TYPE_TEXT];
	ldns_rr *rr = NULL;
	ldns_status status;
	bool converted;

	status = ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL);
	if (status != LDNS_STATUS_OK) {
		snprintf(r->fault, sizeof(r->fault),
		    "this is no rdata of %s", type_print(r->type, type));
		return false;
	}
	converted = write_rr(r, rr);
	ldns_rr_free(rr);
	return converted;
}

bool
rare_read(struct rdatatext *r)
{
	struct line line = { .descriptor = ldns_rr_descript(r->type) };
	char head[64], type[TYPE_TEXT];
	struct token place = r->at;
	bool read;

	type_print(r->type, type);
	if (!is_known(line.descriptor)) {
		snprintf(r->fault, sizeof(r->fault),
		    "the rdata of %s has to be written as \\# LENGTH HEX",
		    type);
		return false;
	}
	line.text = memory_alloc(LINE_MAX_LENGTH);
	snprintf(head, sizeof(head), ". 0 IN %s",
	    line.descriptor->_name);
	read = append(r, &line, head, strlen(head)) && collect(r, &line);
	if (read) {
		r->at = place;
		read = convert(r, line.text);
	}
	free(line.text);
	return read;
}
