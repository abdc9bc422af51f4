/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/rdata.h"

#include "dns/types.h"

/* What follows what in the rdata of a type.  Numbers are bytes; the end of a
 * layout without REST, TEXTS or BITMAP must be the end of the rdata. */
enum field {
	END = 0,
	F1, F2, F4, F6, F16,		/* so many bytes */
	NAME,				/* may come compressed (RFC 3597 4) */
	PLAIN,				/* a name that may not */
	TEXT,				/* one character-string */
	TEXTS,				/* one or more, to the end */
	REST,				/* anything, also nothing */
	SOME,				/* at least one byte, to the end */
	BITMAP,				/* RFC 4034 4.1.2 */
	PARAMS,				/* RFC 9460 2.2 */
};

#define FIELDS_MAX 8

struct layout {
	uint16_t type;
	uint8_t fields[FIELDS_MAX];
};

static const struct layout layouts[] = {
    {TYPE_A, {F4}},
    {TYPE_NS, {NAME}},
    {TYPE_CNAME, {NAME}},
    {TYPE_SOA, {NAME, NAME, F16, F4}},
    {TYPE_PTR, {NAME}},
    {TYPE_HINFO, {TEXT, TEXT}},
    {TYPE_MX, {F2, NAME}},
    {TYPE_TXT, {TEXTS}},
    {TYPE_RP, {PLAIN, PLAIN}},
    {TYPE_AFSDB, {F2, PLAIN}},
    {TYPE_AAAA, {F16}},
    {TYPE_LOC, {F16}},
    {TYPE_SRV, {F6, PLAIN}},
    {TYPE_NAPTR, {F4, TEXT, TEXT, TEXT, PLAIN}},
    {TYPE_KX, {F2, PLAIN}},
    {TYPE_CERT, {F4, F1, REST}},
    {TYPE_DNAME, {PLAIN}},
    {TYPE_DS, {F4, SOME}},
    {TYPE_SSHFP, {F2, SOME}},
    {TYPE_RRSIG, {F16, F2, PLAIN, SOME}},
    {TYPE_NSEC, {PLAIN, BITMAP}},
    {TYPE_DNSKEY, {F4, SOME}},
    {TYPE_NSEC3, {F4, TEXT, TEXT, BITMAP}},
    {TYPE_NSEC3PARAM, {F4, TEXT}},
    {TYPE_TLSA, {F2, F1, SOME}},
    {TYPE_CDS, {F4, SOME}},
    {TYPE_CDNSKEY, {F4, SOME}},
    {TYPE_SVCB, {F2, PLAIN, PARAMS}},
    {TYPE_HTTPS, {F2, PLAIN, PARAMS}},
    {TYPE_SPF, {TEXTS}},
    {TYPE_URI, {F4, SOME}},
    {TYPE_CAA, {F1, TEXT, REST}},
};

static const uint8_t opaque[FIELDS_MAX] = {REST};

static const uint8_t *
find_layout(uint16_t type)
{
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
		if (layouts[i].type == type)
			return layouts[i].fields;
	return opaque;
}

/* A reader that sees the message up to the rdata's end, so that pointers work
 * and no field passes it. */
struct copying {
	struct wire_reader r;
	struct wire_writer *w;
};

static void
copy_bytes(struct copying *c, size_t length)
{
	const uint8_t *bytes = wire_read_bytes(&c->r, length);

	if (bytes)
		wire_write_bytes(c->w, bytes, length);
}

static void
copy_name(struct copying *c)
{
	struct dname name;

	wire_read_dname(&c->r, &name);
	if (!c->r.failed)
		wire_write_bytes(c->w, name.wire, name.length);
}

static void
copy_plain(struct copying *c)
{
	struct dname name;

	if (c->r.failed || !dname_read(&name, c->r.message + c->r.at,
	    c->r.length - c->r.at)) {
		c->r.failed = true;
		return;
	}
	copy_bytes(c, name.length);
}

static void
copy_text(struct copying *c)
{
	uint8_t length = wire_read8(&c->r);

	wire_write8(c->w, length);
	copy_bytes(c, length);
}

static void
copy_texts(struct copying *c)
{
	do
		copy_text(c);
	while (!c->r.failed && c->r.at < c->r.length);
}

static void
copy_bitmap(struct copying *c)
{
	int before = -1;

	while (!c->r.failed && c->r.at < c->r.length) {
		uint8_t window = wire_read8(&c->r), length =
		    wire_read8(&c->r);

		if (window <= before || length < 1 || length > 32) {
			c->r.failed = true;
			return;
		}
		before = window;
		wire_write8(c->w, window);
		wire_write8(c->w, length);
		copy_bytes(c, length);
	}
}

static void
copy_params(struct copying *c)
{
	int before = -1;

	while (!c->r.failed && c->r.at < c->r.length) {
		uint16_t key = wire_read16(&c->r), length =
		    wire_read16(&c->r);

		if (key <= before) {
			c->r.failed = true;
			return;
		}
		before = key;
		wire_write16(c->w, key);
		wire_write16(c->w, length);
		copy_bytes(c, length);
	}
}

static void
copy_some(struct copying *c)
{
	if (c->r.at >= c->r.length)
		c->r.failed = true;
	else
		copy_bytes(c, c->r.length - c->r.at);
}

static void
copy_field(struct copying *c, enum field field)
{
	switch (field) {
	case END:
		return;
	case F1:
		copy_bytes(c, 1);
		return;
	case F2:
		copy_bytes(c, 2);
		return;
	case F4:
		copy_bytes(c, 4);
		return;
	case F6:
		copy_bytes(c, 6);
		return;
	case F16:
		copy_bytes(c, 16);
		return;
	case NAME:
		copy_name(c);
		return;
	case PLAIN:
		copy_plain(c);
		return;
	case TEXT:
		copy_text(c);
		return;
	case TEXTS:
		copy_texts(c);
		return;
	case REST:
		copy_bytes(c, c->r.length - c->r.at);
		return;
	case SOME:
		copy_some(c);
		return;
	case BITMAP:
		copy_bitmap(c);
		return;
	case PARAMS:
		copy_params(c);
		return;
	}
}

void
rdata_copy(struct wire_reader *r, uint16_t type, size_t len,
    struct wire_writer *w)
{
	const uint8_t *fields = find_layout(type);
	struct copying c = {.r = *r, .w = w};
	size_t end;

	if (r->failed || len > r->length - r->at) {
		r->failed = true;
		return;
	}
	end = r->at + len;
	c.r.length = end;
	for (unsigned i = 0; i < FIELDS_MAX && !c.r.failed; i++)
		copy_field(&c, (enum field)fields[i]);
	if (c.r.failed || c.r.at != end)
		r->failed = true;
	else
		r->at = end;
}

bool
rdata_is_valid(uint16_t type, const uint8_t *rdata, size_t len)
{
	struct wire_reader r = wire_reader_at(rdata, len, 0);
	uint8_t room[WIRE_MAX];
	struct wire_writer w = wire_writer_to(room, sizeof room);

	if (len > WIRE_MAX)
		return false;
	rdata_copy(&r, type, len, &w);
	return !r.failed && !w.failed && w.at == len;
}

const uint8_t *
rdata_target(uint16_t type, const uint8_t *rdata)
{
	switch (type) {
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_PTR:
	case TYPE_DNAME:
		return rdata;
	case TYPE_MX:
	case TYPE_KX:
	case TYPE_AFSDB:
	case TYPE_SVCB:
	case TYPE_HTTPS:
		return rdata + 2;
	case TYPE_SRV:
		return rdata + 6;
	default:
		return NULL;
	}
}
