/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/zoneentry.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/memory.h"
#include "dns/types.h"
#include "names/generate.h"
#include "names/rare.h"
#include "names/raretype.h"

#define FAULT_TEXT 600
#define TEMPLATE_MAX 65536		/* bytes, before and after expanding */

/* What stands between owner and rdata. */
struct head {
	bool has_ttl;
	uint32_t ttl_s;
	uint16_t type;
	struct token ttl_token;
	struct token type_token;
};

void
zoneentry_fault(struct zone_reading *z, const struct zone_file *f,
    const struct token *token, const char *fmt, ...)
{
	struct diag_place place;
	char text[FAULT_TEXT];
	va_list args;

	if (f->shown != NULL)
		token = f->shown;
	place = token_place(token, f->path, f->tokens.end);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	diags_add(z->diags, DIAG_ERROR, &place, NULL, "%s", text);
}

void
zoneentry_rdata_fault(struct zone_reading *z, const struct zone_file *f)
{
	zoneentry_fault(z, f, &z->rdata.at, "%s", z->rdata.fault);
}

static void
settle_apex(struct zone_reading *z, const struct zone_file *f,
    const struct token *token)
{
	if (z->settled)
		return;
	z->settled = true;
	if (!z->has_apex)
		zoneentry_fault(z, f, token, "the zone's name is not known: "
		    "write $ORIGIN with the full name first");
}

/* Owner text to a lower name in the zone; false after a fault. */
static bool
read_owner(struct zone_reading *z, struct zone_file *f,
    const struct token *token, struct dname *owner)
{
	char text[DNAME_TEXT_MAX], apex[DNAME_TEXT_MAX];

	settle_apex(z, f, token);
	z->rdata.at = *token;
	z->rdata.origin = f->origin.wire;
	if (!rdatatext_name(&z->rdata, owner)) {
		zoneentry_rdata_fault(z, f);
		return false;
	}
	dname_lower(owner->wire);
	if (!z->has_apex)
		return false;
	if (dname_is_below_or_at(owner->wire, z->apex.wire))
		return true;
	zoneentry_fault(z, f, token, "%s is not in the zone %s",
	    dname_print(owner->wire, text), dname_print(z->apex.wire, apex));
	return false;
}

static bool
is_class(const struct token *token)
{
	return token_is(token, "CH") || token_is(token, "HS") ||
	    token_is(token, "CS") || (token->length > 5 &&
	    strncasecmp(token->text, "CLASS", 5) == 0);
}

static void
tell_no_type(struct zone_reading *z, const struct zone_file *f,
    const struct token *token)
{
	int length = token->length > 64 ? 64 : (int)token->length;
	char nearest[TYPE_TEXT];
	struct addr addr;

	if (token->kind != TOKEN_QUOTED &&
	    addr_parse(&addr, token->text, token->length) == NULL)
		zoneentry_fault(z, f, token, "%s is missing before %.*s",
		    addr.family == 4 ? "A" : "AAAA", length, token->text);
	else if (raretype_nearest(token->text, token->length, nearest))
		zoneentry_fault(z, f, token,
		    "%.*s is not a type; %s is the nearest", length,
		    token->text, nearest);
	else
		zoneentry_fault(z, f, token, "%.*s is not a type", length,
		    token->text);
}

static bool
take_ttl(struct zone_reading *z, const struct zone_file *f, struct head *head,
    const struct token *token)
{
	int length = token->length > 64 ? 64 : (int)token->length;

	switch (rdatatext_period(token->text, token->length, &head->ttl_s)) {
	case PERIOD_OK:
		break;
	case PERIOD_TOO_LONG:
		zoneentry_fault(z, f, token,
		    "the TTL %.*s is over 2147483647 seconds", length,
		    token->text);
		return false;
	default:
		tell_no_type(z, f, token);
		return false;
	}
	if (head->has_ttl) {
		zoneentry_fault(z, f, token, "%.*s is a second TTL", length,
		    token->text);
		return false;
	}
	head->has_ttl = true;
	head->ttl_token = *token;
	return true;
}

/* Nearly all lines of big zones, without a search through all names. */
static bool
is_address_type(struct head *head, const struct token *token)
{
	if (token->length == 1 && token->text[0] == 'A')
		head->type = TYPE_A;
	else if (token->length == 4 && memcmp(token->text, "AAAA", 4) == 0)
		head->type = TYPE_AAAA;
	else
		return false;
	return true;
}

static bool
take_type(struct zone_reading *z, const struct zone_file *f,
    struct head *head, const struct token *token)
{
	head->type_token = *token;
	if (token->kind == TOKEN_WORD && is_address_type(head, token))
		return true;
	if (token->kind != TOKEN_WORD ||
	    !raretype_parse(&head->type, token->text, token->length)) {
		tell_no_type(z, f, token);
		return false;
	}
	if (type_is_meta(head->type) || head->type == 0) {
		zoneentry_fault(z, f, token, "%.*s is not a type of records",
		    (int)token->length, token->text);
		return false;
	}
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* TTL and class in any order, then the type. */
static bool
read_head(struct zone_reading *z, struct zone_file *f, struct head *head,
    const struct token *before)
{
	struct token last = *before, token;

	head->has_ttl = false;
	for (;; last = token) {
		tokenizer_next(&f->tokens, &token);
		if (token.kind == TOKEN_BAD) {
			zoneentry_fault(z, f, &token, "%s", f->tokens.fault);
			return false;
		}
		if (token.kind == TOKEN_END) {
			zoneentry_fault(z, f, &last,
			    "the entry ends before its type");
			return false;
		}
		if (token.kind == TOKEN_WORD && is_digit(token.text[0])) {
			if (!take_ttl(z, f, head, &token))
				return false;
		} else if (token_is(&token, "IN") ||
		    token_is(&token, "CLASS1")) {
			continue;
		} else if (is_class(&token)) {
			zoneentry_fault(z, f, &token,
			    "only the class IN is served, not %.*s",
			    (int)token.length > 64 ? 64 : (int)token.length,
			    token.text);
			return false;
		} else {
			return take_type(z, f, head, &token);
		}
	}
}

static bool
read_rdata(struct zone_reading *z, struct zone_file *f,
    struct tokenizer *tokens, const struct head *head)
{
	struct rdatatext *r = &z->rdata;
	bool good;

	rdatatext_start(r, tokens, head->type, &head->type_token);
	r->origin = f->origin.wire;
	if (rdatatext_is_generic(r))
		good = rdatatext_generic(r);
	else if (rdatatext_knows(head->type))
		good = rdatatext_read(r);
	else
		good = rare_read(r);
	if (!good)
		zoneentry_rdata_fault(z, f);
	return good;
}

/* The SOA stands at the apex, once. */
static bool
check_soa(struct zone_reading *z, const struct zone_file *f,
    const struct head *head, const struct dname *owner)
{
	char apex[DNAME_TEXT_MAX];

	if (!dname_equal(owner->wire, z->apex.wire)) {
		zoneentry_fault(z, f, &head->type_token,
		    "the SOA belongs to the apex of the zone, %s",
		    dname_print(z->apex.wire, apex));
		return false;
	}
	if (z->has_soa) {
		zoneentry_fault(z, f, &head->type_token,
		    "a second SOA; the first is at %s:%u", z->soa_place.path,
		    z->soa_place.line);
		return false;
	}
	z->has_soa = true;
	z->soa_place.path = f->path;
	z->soa_place.line = head->type_token.line;
	z->serial = wire_get32(z->rdata.out.bytes + z->rdata.out.at - 20);
	return true;
}

static void
tell_ttl(struct zone_reading *z, const struct zone_file *f,
    const struct head *head, const struct origin *first)
{
	const struct token *at = head->has_ttl ? &head->ttl_token :
	    &head->type_token;

	zoneentry_fault(z, f, at, "the TTL %u differs from that of the same "
	    "name and type at line %u", head->ttl_s,
	    z->build.chunk->first_line + first->line);
}

static bool
add_record(struct zone_reading *z, struct zone_file *f,
    const struct head *head, const struct dname *owner)
{
	const struct token *place = &head->type_token;
	uint32_t column = token_column(place);
	struct record record = {
		.owner = owner->wire,
		.type = head->type,
		.ttl = head->ttl_s,
		.rdata = z->rdata.out.bytes,
		.rdata_length = (uint16_t)z->rdata.out.at,
		.kind = SOURCE_ZONE,
	};
	struct zonebuild_line entry = {
		f->path, f->entry_from, f->tokens.end, f->entry_line
	};
	struct origin first;

	if (!zonebuild_reach(&z->build, &entry, place->line)) {
		zoneentry_fault(z, f, place, "the entry has over %u lines",
		    ZONEBUILD_LINES);
		return false;
	}
	record.origin = (struct origin){
		.chunk = z->build.chunk->id,
		.line = (uint16_t)(place->line - z->build.chunk->first_line),
		.column = (uint16_t)((column > ORIGIN_COLUMN_MAX ?
		    ORIGIN_COLUMN_MAX : column) |
		    (f->tokens.approved ? ORIGIN_OK : 0)),
	};
	switch (records_add(z->build.records, &record, &first)) {
	case RECORDS_TTL_DIFFERS:
		tell_ttl(z, f, head, &first);
		return false;
	case RECORDS_TOO_LARGE:
		zoneentry_fault(z, f, place,
		    "the records of this name and type are over %u bytes, "
		    "more than one answer can carry", RRSET_MAX);
		return false;
	default:
		return true;
	}
}

static bool
take_record(struct zone_reading *z, struct zone_file *f,
    const struct head *head, const struct dname *owner)
{
	if (head->type == TYPE_SOA && !check_soa(z, f, head, owner))
		return false;
	if (head->type == TYPE_NS && dname_equal(owner->wire, z->apex.wire))
		z->has_ns = true;
	return add_record(z, f, head, owner);
}

void
zoneentry_read(struct zone_reading *z, struct zone_file *f,
    const struct token *owner)
{
	struct head head;
	struct token before;

	if (owner != NULL) {
		before = *owner;
		f->owner_state = read_owner(z, f, owner, &f->owner) ?
		    ZONE_OWNER_GOOD : ZONE_OWNER_BAD;
	} else {
		/* The first word of the line, for what is said of it. */
		before = (struct token){
			.kind = TOKEN_WORD, .line = f->tokens.line,
			.text = f->tokens.at,
			.line_start = f->tokens.line_start,
		};
	}
	if (f->owner_state == ZONE_OWNER_NONE) {
		zoneentry_fault(z, f, &before,
		    "the line is indented, but there is no name above");
		f->owner_state = ZONE_OWNER_BAD;
	}
	if (!read_head(z, f, &head, &before))
		return;
	if (!head.has_ttl)
		head.ttl_s = f->ttl_s;
	if (!read_rdata(z, f, &f->tokens, &head))
		return;
	if (f->owner_state == ZONE_OWNER_GOOD)
		take_record(z, f, &head, &f->owner);
}

/* What a $GENERATE line says. */
struct generate {
	struct generate_range range;
	struct token owner;
	struct head head;
	struct token rdata;		/* first token of it: for faults */
	struct generate_text template;
	struct generate_text text;
};

static bool
generate_want(struct zone_reading *z, struct zone_file *f,
    struct token *token, const char *what)
{
	struct token before = *token;

	tokenizer_next(&f->tokens, token);
	if (token->kind == TOKEN_BAD)
		zoneentry_fault(z, f, token, "%s", f->tokens.fault);
	else if (token->kind == TOKEN_END)
		zoneentry_fault(z, f, &before,
		    "$GENERATE lacks %s", what);
	else
		return true;
	return false;
}

static bool
append_template(struct generate_text *template, const struct token *token)
{
	size_t width = token_width(token);
	const char *from = token->text;

	if (token->kind == TOKEN_QUOTED)
		from--;
	if (width + 1 > template->room - template->length)
		return false;
	if (template->length > 0)
		template->bytes[template->length++] = ' ';
	memcpy(template->bytes + template->length, from, width);
	template->length += width;
	return true;
}

/* The rdata as one template.  Where it is quoted as a whole, and no type of
 * strings, the quotes are there to hold its words together. */
static bool
read_template(struct zone_reading *z, struct zone_file *f, struct generate *g)
{
	struct generate_text *template = &g->template;
	struct token token = g->head.type_token;
	unsigned count = 0;

	if (!generate_want(z, f, &token, "its rdata"))
		return false;
	g->rdata = token;
	for (; token.kind != TOKEN_END; count++) {
		if (token.kind == TOKEN_BAD) {
			zoneentry_fault(z, f, &token, "%s", f->tokens.fault);
			return false;
		}
		if (!append_template(template, &token)) {
			zoneentry_fault(z, f, &token,
			    "the rdata is too long for $GENERATE");
			return false;
		}
		tokenizer_next(&f->tokens, &token);
	}
	if (count == 1 && g->rdata.kind == TOKEN_QUOTED &&
	    g->head.type != TYPE_TXT && g->head.type != TYPE_SPF) {
		template->length -= 2;
		memmove(template->bytes, template->bytes + 1,
		    template->length);
	}
	return true;
}

static bool
expand(struct zone_reading *z, struct zone_file *f, struct generate_text *to,
    const struct generate_text *template, uint32_t number)
{
	const char *wrong;

	to->length = 0;
	wrong = generate_expand(to, template->bytes, template->length, number);
	if (wrong != NULL)
		zoneentry_fault(z, f, f->shown, "%.*s %s",
		    (int)(template->length > 64 ? 64 : template->length),
		    template->bytes, wrong);
	return wrong == NULL;
}

static bool
generate_owner(struct zone_reading *z, struct zone_file *f,
    struct generate *g, uint32_t number)
{
	struct generate_text template = {
		.bytes = (char *)(uintptr_t)g->owner.text,
		.length = g->owner.length,
	};
	struct token token = g->owner;

	f->shown = &g->owner;
	if (!expand(z, f, &g->text, &template, number))
		return false;
	token.text = g->text.bytes;
	token.length = g->text.length;
	return read_owner(z, f, &token, &f->owner);
}

static bool
generate_record(struct zone_reading *z, struct zone_file *f,
    struct generate *g, uint32_t number)
{
	struct tokenizer tokens;

	if (!generate_owner(z, f, g, number))
		return false;
	f->shown = &g->rdata;
	if (!expand(z, f, &g->text, &g->template, number))
		return false;
	tokenizer_init(&tokens, g->text.bytes, g->text.length);
	tokenizer_start(&tokens);
	return read_rdata(z, f, &tokens, &g->head) &&
	    take_record(z, f, &g->head, &f->owner);
}

/* One fault is told for all the records of a line: they are alike. */
static void
generate_all(struct zone_reading *z, struct zone_file *f, struct generate *g)
{
	struct dname owner = f->owner;
	uint32_t number = g->range.first;

	for (uint32_t i = 0; i < g->range.count; i++) {
		if (!generate_record(z, f, g, number))
			break;
		number += g->range.step;
	}
	f->shown = NULL;
	f->owner = owner;
}

static bool
read_generate(struct zone_reading *z, struct zone_file *f, struct generate *g,
    struct token *token)
{
	const char *wrong;

	if (!generate_want(z, f, token, "a range"))
		return false;
	wrong = generate_parse(&g->range, token->text, token->length);
	if (wrong != NULL) {
		zoneentry_fault(z, f, token, "%.*s %s",
		    token->length > 64 ? 64 : (int)token->length, token->text,
		    wrong);
		return false;
	}
	if (!generate_want(z, f, token, "an owner"))
		return false;
	g->owner = *token;
	if (!read_head(z, f, &g->head, token))
		return false;
	if (!g->head.has_ttl)
		g->head.ttl_s = f->ttl_s;
	return read_template(z, f, g);
}

void
zoneentry_generate(struct zone_reading *z, struct zone_file *f)
{
	struct generate g = {
		.template = { memory_alloc(TEMPLATE_MAX), TEMPLATE_MAX, 0 },
		.text = { memory_alloc(TEMPLATE_MAX), TEMPLATE_MAX, 0 },
	};
	struct token token = {
		.kind = TOKEN_WORD, .line = f->entry_line,
		.text = f->entry_from, .line_start = f->entry_from,
		.length = strlen("$GENERATE"),
	};

	if (read_generate(z, f, &g, &token))
		generate_all(z, f, &g);
	free(g.template.bytes);
	free(g.text.bytes);
}
