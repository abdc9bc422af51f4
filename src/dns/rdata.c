/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/rdata.h"

#include "dns/types.h"

/* What follows what in the rdata of a type.  Below NAME: so many bytes.  A
 * layout ends with 0, which must be the end of the rdata too. */
enum field {
	NAME = 0x80,			/* may come compressed */
	PLAIN,				/* a name that may not */
	TEXT,				/* one character-string */
	TEXTS,				/* one or more of them, to the end */
	TAG,				/* one that is not empty */
	REST,				/* anything, also nothing */
	SOME,				/* at least one byte, to the end */
	BITMAP,				/* RFC 4034 4.1.2 */
	PARAMS,				/* RFC 9460 2.2: sorted keys */
	OPTIONS,			/* RFC 6891 6.1.2 */
	PREFIXES,			/* RFC 3123 section 4 */
};

#define FIELDS_MAX 6

static const uint8_t layouts[][FIELDS_MAX] = {
    [TYPE_A] = {4},
    [TYPE_NS] = {NAME},
    [TYPE_MD] = {NAME},
    [TYPE_MF] = {NAME},
    [TYPE_CNAME] = {NAME},
    [TYPE_SOA] = {NAME, NAME, 20},
    [TYPE_MB] = {NAME},
    [TYPE_MG] = {NAME},
    [TYPE_MR] = {NAME},
    [TYPE_WKS] = {5, REST},
    [TYPE_PTR] = {NAME},
    [TYPE_HINFO] = {TEXT, TEXT},
    [TYPE_MINFO] = {NAME, NAME},
    [TYPE_MX] = {2, NAME},
    [TYPE_TXT] = {TEXTS},
    [TYPE_RP] = {NAME, NAME},
    [TYPE_AFSDB] = {2, NAME},
    [TYPE_X25] = {TEXT},
    [TYPE_ISDN] = {TEXTS},
    [TYPE_RT] = {2, NAME},
    [TYPE_NSAP_PTR] = {PLAIN},
    [TYPE_SIG] = {18, NAME, SOME},
    [TYPE_KEY] = {4, REST},
    [TYPE_PX] = {2, NAME, NAME},
    [TYPE_GPOS] = {TEXT, TEXT, TEXT},
    [TYPE_AAAA] = {16},
    [TYPE_LOC] = {16},
    [TYPE_NXT] = {NAME, REST},
    [TYPE_SRV] = {6, NAME},
    [TYPE_NAPTR] = {4, TEXT, TEXT, TEXT, NAME},
    [TYPE_KX] = {2, PLAIN},
    [TYPE_CERT] = {5, REST},
    [TYPE_DNAME] = {PLAIN},
    [TYPE_OPT] = {OPTIONS},
    [TYPE_APL] = {PREFIXES},
    [TYPE_DS] = {4, SOME},
    [TYPE_SSHFP] = {2, SOME},
    [TYPE_RRSIG] = {18, PLAIN, SOME},
    [TYPE_NSEC] = {PLAIN, BITMAP},
    [TYPE_DNSKEY] = {4, SOME},
    [TYPE_DHCID] = {SOME},
    [TYPE_NSEC3] = {4, TEXT, TAG, BITMAP},
    [TYPE_NSEC3PARAM] = {4, TEXT},
    [TYPE_TLSA] = {3, SOME},
    [TYPE_SMIMEA] = {3, SOME},
    [TYPE_NINFO] = {TEXTS},
    [TYPE_RKEY] = {4, SOME},
    [TYPE_TALINK] = {PLAIN, PLAIN},
    [TYPE_CDS] = {4, SOME},
    [TYPE_CDNSKEY] = {4, SOME},
    [TYPE_OPENPGPKEY] = {SOME},
    [TYPE_CSYNC] = {6, BITMAP},
    [TYPE_ZONEMD] = {6, SOME},
    [TYPE_SVCB] = {2, PLAIN, PARAMS},
    [TYPE_HTTPS] = {2, PLAIN, PARAMS},
    [TYPE_SPF] = {TEXTS},
    [TYPE_NID] = {10},
    [TYPE_L32] = {6},
    [TYPE_L64] = {10},
    [TYPE_LP] = {2, PLAIN},
    [TYPE_EUI48] = {6},
    [TYPE_EUI64] = {8},
    [TYPE_URI] = {4, SOME},
    [TYPE_CAA] = {1, TAG, REST},
    [TYPE_AVC] = {TEXTS},
};

static const uint8_t *
find_layout(uint16_t type)
{
	static const uint8_t opaque[FIELDS_MAX] = {REST};

	if (type >= sizeof(layouts) / sizeof(*layouts) || !layouts[type][0])
		return opaque;
	return layouts[type];
}

/* ---- fields: the reader ends where the rdata does ---- */

static bool
has_more(const struct wire_reader *r)
{
	return !r->failed && r->at < r->length;
}

static void
read_plain(struct wire_reader *r)
{
	size_t from = r->at;
	uint8_t length;

	do {
		length = wire_read8(r);
		wire_read_bytes(r, length);
	} while (length > 0 && length <= LABEL_MAX && !r->failed);
	if (length > LABEL_MAX || r->at - from > DNAME_MAX)
		r->failed = true;
}

/* Windows in order, each with its length and 1 to 32 bytes. */
static void
read_bitmap(struct wire_reader *r)
{
	int before = -1;

	while (has_more(r)) {
		int window = wire_read8(r);
		uint8_t length = wire_read8(r);

		if (window <= before || length < 1 || length > 32)
			r->failed = true;
		before = window;
		wire_read_bytes(r, length);
	}
}

static void
read_params(struct wire_reader *r)
{
	int before = -1;

	while (has_more(r)) {
		int number = wire_read16(r);

		if (number <= before)
			r->failed = true;
		before = number;
		wire_read_bytes(r, wire_read16(r));
	}
}

static void
read_options(struct wire_reader *r)
{
	while (has_more(r)) {
		wire_read16(r);
		wire_read_bytes(r, wire_read16(r));
	}
}

static void
read_prefixes(struct wire_reader *r)
{
	while (has_more(r)) {
		wire_read_bytes(r, 3);	/* family, bits */
		wire_read_bytes(r, wire_read8(r) & 0x7f);
	}
}

static void
read_text(struct wire_reader *r, enum field field)
{
	do {
		uint8_t length = wire_read8(r);

		if (field == TAG && length == 0)
			r->failed = true;
		wire_read_bytes(r, length);
	} while (field == TEXTS && has_more(r));
}

static void
read_field(struct wire_reader *r, uint8_t field)
{
	switch (field) {
	case NAME:
	case PLAIN:
		read_plain(r);
		return;
	case TEXT:
	case TEXTS:
	case TAG:
		read_text(r, (enum field)field);
		return;
	case SOME:
		if (!has_more(r))
			r->failed = true;
		/* fallthrough */
	case REST:
		wire_read_bytes(r, r->length - r->at);
		return;
	case BITMAP:
		read_bitmap(r);
		return;
	case PARAMS:
		read_params(r);
		return;
	case OPTIONS:
		read_options(r);
		return;
	case PREFIXES:
		read_prefixes(r);
		return;
	default:
		wire_read_bytes(r, field);
	}
}

/* ---- the whole ---- */

enum names {
	NAMES_COMPRESSED,		/* where the type lets them be */
	NAMES_PLAIN,
};

struct walk {
	struct wire_reader *r;		/* of the message */
	struct wire_writer *w;		/* NULL: check only */
	enum names names;
};

static void
walk_name(struct walk *walk, struct wire_reader *r)
{
	struct dname name;

	wire_read_dname(r, &name);
	if (walk->w && !r->failed)
		wire_write_bytes(walk->w, name.wire, name.length);
}

static void
walk_field(struct walk *walk, struct wire_reader *r, uint8_t field)
{
	size_t from = r->at;

	if (field == NAME && walk->names == NAMES_COMPRESSED) {
		walk_name(walk, r);
		return;
	}
	read_field(r, field);
	if (walk->w && !r->failed && r->at > from)
		wire_write_bytes(walk->w, r->message + from, r->at - from);
}

static void
walk_rdata(struct walk walk, uint16_t type, size_t len)
{
	const uint8_t *fields = find_layout(type);
	struct wire_reader r = *walk.r;

	if (r.failed || len > r.length - r.at) {
		walk.r->failed = true;
		return;
	}
	/* Pointers lead back into the message; nothing passes the end. */
	r.length = r.at + len;
	for (unsigned i = 0; i < FIELDS_MAX && fields[i] && !r.failed; i++)
		walk_field(&walk, &r, fields[i]);
	walk.r->failed = r.failed || r.at != r.length;
	walk.r->at = r.at;
}

void
rdata_copy(struct wire_reader *r, uint16_t type, size_t len,
    struct wire_writer *w)
{
	walk_rdata((struct walk){r, w, NAMES_COMPRESSED}, type, len);
}

void
rdata_skip(struct wire_reader *r, uint16_t type, size_t len)
{
	walk_rdata((struct walk){r, NULL, NAMES_COMPRESSED}, type, len);
}

bool
rdata_is_valid(uint16_t type, const uint8_t *rdata, size_t len)
{
	struct wire_reader r = wire_reader_at(rdata, len, 0);

	walk_rdata((struct walk){&r, NULL, NAMES_PLAIN}, type, len);
	return !r.failed && len <= WIRE_MAX;
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

#define OPTION_HEAD 4

const uint8_t *
rdata_find_option(const uint8_t *rdata, size_t length, uint16_t code,
    uint16_t *size)
{
	size_t at = 0;

	while (at + OPTION_HEAD <= length) {
		*size = wire_get16(rdata + at + 2);
		if (*size > length - at - OPTION_HEAD)
			return NULL;
		if (wire_get16(rdata + at) == code)
			return rdata + at + OPTION_HEAD;
		at += OPTION_HEAD + (size_t)*size;
	}
	return NULL;
}
