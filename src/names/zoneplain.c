/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/zoneplain.h"

#include <string.h>

#include "base/addr.h"
#include "dns/types.h"

#define STRING_MAX 255
#define TTL_DIGITS 9			/* surely below 2^31 */

/* A line while it is read. */
struct plain {
	const char *at;
	const char *end;		/* of the text */
	const char *type;		/* where it stands */
	struct dname owner;
	struct record record;
	struct wire_writer *out;
};

/* Bytes of a name that mean themselves. */
static bool
is_name_byte(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* As the tokenizer has it. */
static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Blanks, of which there has to be one; false at the end of the text too. */
static bool
pass_blanks(struct plain *p)
{
	const char *from = p->at;

	while (p->at < p->end && is_blank(*p->at))
		p->at++;
	return p->at > from && p->at < p->end;
}

/* A name up to a blank or the line's end; a relative one gets the origin. */
static bool
read_name(struct plain *p, const struct dname *origin, struct dname *name)
{
	const char *at = p->at, *end = p->end;
	unsigned length = 1, label = 0, labels = 0;

	if (end - at > DNAME_MAX - 2)
		end = at + DNAME_MAX - 2;
	for (; at < end; at++) {
		if (is_name_byte(*at)) {
			name->wire[length++] = (uint8_t)*at;
			continue;
		}
		if (length - label - 1 > LABEL_MAX)
			return false;
		/* "a." has an empty last label, the root's. */
		if (length - label - 1 == 0 && (labels == 0 || *at == '.'))
			return false;
		name->wire[label] = (uint8_t)(length - label - 1);
		if (*at != '.')
			break;
		labels++;
		label = length++;
	}
	if (at == end || (unsigned char)*at > ' ')
		return false;
	p->at = at;
	name->length = (uint8_t)length;
	name->labels = (uint8_t)labels;
	if (name->wire[label] == 0)
		return true;
	if (length + origin->length > DNAME_MAX)
		return false;
	memcpy(name->wire + length, origin->wire, origin->length);
	name->length = (uint8_t)(length + origin->length);
	name->labels = (uint8_t)(labels + 1 + origin->labels);
	return true;
}

static bool
read_number(struct plain *p, unsigned max_digits, uint32_t *number)
{
	const char *from = p->at;
	uint32_t value = 0;

	for (; p->at < p->end && is_digit(*p->at); p->at++) {
		if (p->at - from == (ptrdiff_t)max_digits)
			return false;
		value = value * 10 + (uint32_t)(*p->at - '0');
	}
	*number = value;
	return p->at > from;
}

/* ---- the owner ---- */

/* Is every name below the origin in the zone?  Asked once for an origin. */
static bool
is_origin_inside(const struct zone_reading *z, struct zone_file *f)
{
	struct zone_suffix *suffix = &f->suffix;

	if (suffix->lower.length == f->origin.length &&
	    memcmp(suffix->as_written, f->origin.wire,
	    f->origin.length) == 0)
		return suffix->is_inside;
	suffix->lower = f->origin;
	memcpy(suffix->as_written, f->origin.wire, f->origin.length);
	dname_lower(suffix->lower.wire);
	suffix->is_inside = dname_is_below_or_at(suffix->lower.wire,
	    z->apex.wire);
	return suffix->is_inside;
}

/* Only names below the origin: others are compared with the apex each. */
static bool
read_owner(struct plain *p, const struct zone_reading *z,
    struct zone_file *f)
{
	const char *from = p->at;
	unsigned front;

	if (!is_origin_inside(z, f) ||
	    !read_name(p, &f->suffix.lower, &p->owner) || p->at[-1] == '.')
		return false;
	front = (unsigned)(p->at - from) + 1;
	dname_copy_lower(p->owner.wire, p->owner.wire, front);
	p->record.owner = p->owner.wire;
	return pass_blanks(p);
}

/* ---- TTL, class and type ---- */

static const struct plain_type {
	char name[6];
	uint8_t length;
	uint16_t type;
} types[] = {
	{"A", 1, TYPE_A}, {"AAAA", 4, TYPE_AAAA}, {"CNAME", 5, TYPE_CNAME},
	{"PTR", 3, TYPE_PTR}, {"TXT", 3, TYPE_TXT}, {"NS", 2, TYPE_NS},
	{"MX", 2, TYPE_MX}, {"SRV", 3, TYPE_SRV},
};

static bool
is_word(const struct plain *p, const char *word, size_t length)
{
	return (size_t)(p->end - p->at) > length &&
	    memcmp(p->at, word, length) == 0 && is_blank(p->at[length]);
}

static bool
read_type(struct plain *p)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!is_word(p, types[i].name, types[i].length))
			continue;
		p->type = p->at;
		p->record.type = types[i].type;
		p->at += types[i].length;
		return pass_blanks(p);
	}
	return false;
}

static bool
read_head(struct plain *p, uint32_t ttl_s)
{
	p->record.ttl = ttl_s;
	if (is_digit(*p->at) && (!read_number(p, TTL_DIGITS,
	    &p->record.ttl) || !pass_blanks(p)))
		return false;
	if (is_word(p, "IN", 2)) {
		p->at += 2;
		if (!pass_blanks(p))
			return false;
	}
	return read_type(p);
}

/* ---- rdata ---- */

static bool
read_address(struct plain *p, uint8_t family)
{
	const char *from = p->at;
	struct addr addr;

	while (p->at < p->end && (unsigned char)*p->at > ' ')
		p->at++;
	if (addr_parse(&addr, from, (size_t)(p->at - from)) != NULL ||
	    addr.family != family)
		return false;
	wire_write_bytes(p->out, addr.bytes, family == 4 ? 4 : 16);
	return true;
}

static bool
read_rdata_name(struct plain *p, const struct dname *origin)
{
	struct dname name;

	if (!read_name(p, origin, &name))
		return false;
	wire_write_bytes(p->out, name.wire, name.length);
	return true;
}

static bool
read_numbers(struct plain *p, unsigned count)
{
	uint32_t number;

	while (count-- > 0) {
		if (!read_number(p, 5, &number) || number > UINT16_MAX ||
		    !pass_blanks(p))
			return false;
		wire_write16(p->out, (uint16_t)number);
	}
	return true;
}

static bool
read_string(struct plain *p)
{
	const char *from = p->at + 1, *at = from;

	if (p->at == p->end || *p->at != '"')
		return false;
	while (at < p->end && *at >= ' ' && *at < 0x7f && *at != '"' &&
	    *at != '\\')
		at++;
	if (at == p->end || *at != '"' || at - from > STRING_MAX)
		return false;
	wire_write8(p->out, (uint8_t)(at - from));
	wire_write_bytes(p->out, from, (size_t)(at - from));
	p->at = at + 1;
	return true;
}

static bool
read_strings(struct plain *p)
{
	do {
		if (!read_string(p))
			return false;
	} while (pass_blanks(p) && *p->at == '"');
	return true;
}

static bool
read_rdata(struct plain *p, const struct dname *origin)
{
	switch (p->record.type) {
	case TYPE_A:
		return read_address(p, 4);
	case TYPE_AAAA:
		return read_address(p, 6);
	case TYPE_MX:
		return read_numbers(p, 1) && read_rdata_name(p, origin);
	case TYPE_SRV:
		return read_numbers(p, 3) && read_rdata_name(p, origin);
	case TYPE_TXT:
		return read_strings(p);
	default:
		return read_rdata_name(p, origin);
	}
}

/* ---- the record ---- */

static bool
read_line(struct plain *p, const struct zone_reading *z, struct zone_file *f)
{
	if (p->at < p->end && (*p->at == ' ' || *p->at == '\t')) {
		p->record.owner = f->owner.wire;
		if (!pass_blanks(p))
			return false;
	} else if (!read_owner(p, z, f)) {
		return false;
	}
	if (!read_head(p, f->ttl_s) || !read_rdata(p, &f->origin))
		return false;
	while (p->at < p->end && is_blank(*p->at))
		p->at++;
	return p->at < p->end && *p->at == '\n' && !p->out->failed;
}

static bool
add_record(struct plain *p, struct zone_reading *z, struct zone_file *f)
{
	const struct tokenizer *t = &f->tokens;
	struct zonebuild_line entry = {f->path, t->at, t->end, t->line};
	size_t column = (size_t)(p->type - t->at) + 1;
	struct origin first;

	if (!zonebuild_reach(&z->build, &entry, t->line))
		return false;
	p->record.rdata = p->out->bytes;
	p->record.rdata_length = (uint16_t)p->out->at;
	p->record.kind = SOURCE_ZONE;
	p->record.origin = (struct origin){
		.chunk = z->build.chunk->id,
		.line = (uint16_t)(t->line - z->build.chunk->first_line),
		.column = (uint16_t)(column > ORIGIN_COLUMN_MAX ?
		    ORIGIN_COLUMN_MAX : column),
	};
	/* What is refused is refused again when it is read again. */
	switch (records_add(z->build.records, &p->record, &first)) {
	case RECORDS_OK:
	case RECORDS_SAME:
		return true;
	default:
		return false;
	}
}

bool
zoneplain_read(struct zone_reading *z, struct zone_file *f)
{
	struct tokenizer *t = &f->tokens;
	struct plain p = {.at = t->at, .end = t->end, .out = &z->rdata.out};

	if (!z->settled || !z->has_apex || t->at != t->line_start ||
	    t->orphaned || f->owner_state != ZONE_OWNER_GOOD)
		return false;
	p.out->at = 0;
	p.out->failed = false;
	if (!read_line(&p, z, f) || !add_record(&p, z, f))
		return false;
	if (p.record.type == TYPE_NS &&
	    dname_equal(p.record.owner, z->apex.wire))
		z->has_ns = true;
	if (p.record.owner != f->owner.wire)
		f->owner = p.owner;
	t->at = t->line_start = p.at + 1;
	t->line++;
	return true;
}
