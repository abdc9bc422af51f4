/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/zonefile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"
#include "names/zone.h"
#include "names/zoneplain.h"

#define INCLUDE_DEPTH 8
#define INCLUDE_MAX 4096		/* in one zone */
#define MADE_TTL_S 60

static void read_file(struct zone_reading *z, struct zone_file *f,
    const struct source_text *text);

/* The argument of a directive; false after a fault. */
static bool
want(struct zone_reading *z, struct zone_file *f, struct token *token,
    const char *what)
{
	struct token before = *token;

	tokenizer_next(&f->tokens, token);
	if (token->kind == TOKEN_BAD)
		zoneentry_fault(z, f, token, "%s", f->tokens.fault);
	else if (token->kind == TOKEN_END)
		zoneentry_fault(z, f, &before, "%.*s lacks %s",
		    (int)before.length, before.text, what);
	else
		return true;
	return false;
}

static bool
check_end(struct zone_reading *z, struct zone_file *f,
    const struct token *directive)
{
	struct token token;

	tokenizer_next(&f->tokens, &token);
	if (token.kind == TOKEN_BAD)
		zoneentry_fault(z, f, &token, "%s", f->tokens.fault);
	else if (token.kind != TOKEN_END)
		zoneentry_fault(z, f, &token, "%.*s is more than %.*s takes",
		    token.length > 64 ? 64 : (int)token.length, token.text,
		    (int)directive->length, directive->text);
	else
		return true;
	return false;
}

static bool
read_origin_name(struct zone_reading *z, struct zone_file *f,
    const struct token *token, struct dname *origin)
{
	z->rdata.at = *token;
	z->rdata.origin = f->origin.wire;
	if (rdatatext_name(&z->rdata, origin))
		return true;
	zoneentry_rdata_fault(z, f);
	return false;
}

static bool
is_absolute(const struct token *token)
{
	return token->length > 1 && token->text[token->length - 1] == '.';
}

static void
read_origin(struct zone_reading *z, struct zone_file *f,
    const struct token *directive)
{
	struct token token = *directive;
	struct dname origin;

	if (!want(z, f, &token, "a name") ||
	    !read_origin_name(z, f, &token, &origin) ||
	    !check_end(z, f, directive))
		return;
	f->origin = origin;
	if (z->settled || z->input->spec->has_domain || !is_absolute(&token))
		return;
	/* The first $ORIGIN names the zone. */
	z->settled = true;
	z->has_apex = true;
	z->apex = origin;
	dname_lower(z->apex.wire);
}

static void
read_ttl(struct zone_reading *z, struct zone_file *f,
    const struct token *directive)
{
	struct token token = *directive;
	uint32_t ttl_s;

	if (!want(z, f, &token, "a number of seconds"))
		return;
	switch (rdatatext_period(token.text, token.length, &ttl_s)) {
	case PERIOD_TOO_LONG:
		zoneentry_fault(z, f, &token,
		    "the TTL is over 2147483647 seconds");
		return;
	case PERIOD_NONE:
		zoneentry_fault(z, f, &token, "%.*s is not a number of "
		    "seconds (3600, 1h30m)",
		    token.length > 64 ? 64 : (int)token.length, token.text);
		return;
	case PERIOD_OK:
		break;
	}
	if (check_end(z, f, directive))
		f->ttl_s = ttl_s;
}

static struct zonebuild_line
line_at(const struct zone_file *f)
{
	return (struct zonebuild_line){
		f->path, f->tokens.line_start, f->tokens.end, f->tokens.line
	};
}

/* The file that is open already, by its path; NULL: none. */
static const struct zone_file *
find_open(const struct zone_file *f, const char *path)
{
	while (f != NULL && strcmp(f->path, path) != 0)
		f = f->parent;
	return f;
}

static bool
open_include(struct zone_reading *z, struct zone_file *f,
    const struct token *token, struct source_text *text)
{
	const struct source_reader *reader = z->input->reader;
	const char *wrong = "no file can be included here";
	char *path;

	if (f->depth >= INCLUDE_DEPTH || z->includes >= INCLUDE_MAX) {
		zoneentry_fault(z, f, token, f->depth >= INCLUDE_DEPTH ?
		    "files include each other over 8 deep" :
		    "over 4096 files are included");
		return false;
	}
	path = memory_format("%.*s", (int)token->length, token->text);
	if (reader != NULL)
		wrong = reader->read(reader->context, f->path, path, text);
	if (wrong != NULL)
		zoneentry_fault(z, f, token, "cannot read %s: %s", path,
		    wrong);
	else if (find_open(f, text->path) != NULL)
		zoneentry_fault(z, f, token, "%s includes itself", text->path);
	z->includes++;
	free(path);
	return wrong == NULL && find_open(f, text->path) == NULL;
}

static void
read_include(struct zone_reading *z, struct zone_file *f,
    const struct token *directive)
{
	struct token path = *directive, token;
	struct zone_file sub = *f;
	struct zonebuild_line line;
	struct source_text text;

	if (!want(z, f, &path, "a path"))
		return;
	tokenizer_next(&f->tokens, &token);
	if (token.kind == TOKEN_BAD) {
		zoneentry_fault(z, f, &token, "%s", f->tokens.fault);
		return;
	}
	if (token.kind != TOKEN_END &&
	    (!read_origin_name(z, f, &token, &sub.origin) ||
	    !check_end(z, f, directive)))
		return;
	if (!open_include(z, f, &path, &text))
		return;
	sub.parent = f;
	sub.depth++;
	zonebuild_close(&z->build, f->tokens.line);
	read_file(z, &sub, &text);
	line = line_at(f);
	zonebuild_open(&z->build, &line);
}

static void
read_directive(struct zone_reading *z, struct zone_file *f,
    const struct token *token)
{
	if (token_is(token, "$ORIGIN"))
		read_origin(z, f, token);
	else if (token_is(token, "$TTL"))
		read_ttl(z, f, token);
	else if (token_is(token, "$INCLUDE"))
		read_include(z, f, token);
	else if (token_is(token, "$GENERATE"))
		zoneentry_generate(z, f);
	else
		zoneentry_fault(z, f, token, "%.*s is not a directive "
		    "($ORIGIN, $TTL, $INCLUDE, $GENERATE)",
		    token->length > 64 ? 64 : (int)token->length, token->text);
}

static void
read_entry(struct zone_reading *z, struct zone_file *f,
    enum token_start start)
{
	struct token token;

	if (start == TOKEN_INDENTED) {
		zoneentry_read(z, f, NULL);
		return;
	}
	tokenizer_next(&f->tokens, &token);
	if (token.kind == TOKEN_BAD) {
		zoneentry_fault(z, f, &token, "%s", f->tokens.fault);
		f->owner_state = ZONE_OWNER_BAD;
	} else if (token.kind == TOKEN_WORD && token.text[0] == '$') {
		read_directive(z, f, &token);
	} else if (token.kind != TOKEN_END) {
		zoneentry_read(z, f, &token);
	}
}

static void
read_file(struct zone_reading *z, struct zone_file *f,
    const struct source_text *text)
{
	struct zonebuild_line line;
	enum token_start start;

	f->path = text->path;
	tokenizer_init(&f->tokens, text->bytes, text->length);
	line = line_at(f);
	zonebuild_open(&z->build, &line);
	for (;;) {
		while (zoneplain_read(z, f))
			;
		start = tokenizer_start(&f->tokens);
		if (start == TOKEN_FILE_END)
			break;
		f->entry_from = f->tokens.line_start;
		f->entry_line = f->tokens.line;
		read_entry(z, f, start);
		tokenizer_skip(&f->tokens);
	}
	zonebuild_close(&z->build, f->tokens.line + 1);
}

/* The origin until a $ORIGIN says otherwise: zones/lab.test.zone. */
static void
guess_apex(struct zone_reading *z)
{
	const struct source_spec *spec = z->input->spec;
	const char *slash = strrchr(spec->path, '/');
	const char *name = slash != NULL ? slash + 1 : spec->path;
	size_t length = strlen(name), bad;

	if (length > 5 && strcmp(name + length - 5, ".zone") == 0)
		length -= 5;
	z->has_apex = spec->has_domain || dname_parse(&z->apex, name, length,
	    NULL, &bad) == NULL;
	if (spec->has_domain)
		z->apex = spec->domain;
	else if (!z->has_apex)
		z->apex = dname_from(".");
	dname_lower(z->apex.wire);
}

static void
add_made(struct zone_reading *z, uint16_t type, struct wire_writer *rdata)
{
	struct record record = {
		.owner = z->apex.wire,
		.type = type,
		.ttl = MADE_TTL_S,
		.rdata = rdata->bytes,
		.rdata_length = (uint16_t)rdata->at,
		.rrset_flags = RRSET_MADE,
		.kind = SOURCE_ZONE,
		.origin = { .chunk = z->build.chunk->id },
	};
	struct origin first;

	records_add(z->build.records, &record, &first);
}

static void
make_soa(struct zone_reading *z)
{
	static const uint8_t contact[] = "\6nobody\7invalid";
	struct wire_writer w = wire_writer_to(z->rdata_bytes, WIRE_MAX);

	wire_write_bytes(&w, z->apex.wire, z->apex.length);
	wire_write_bytes(&w, contact, sizeof(contact));
	wire_write32(&w, 0);		/* the serial: set_serial */
	wire_write32(&w, 3600);
	wire_write32(&w, 600);
	wire_write32(&w, 86400);
	wire_write32(&w, 60);
	add_made(z, TYPE_SOA, &w);
}

static void
make_ns(struct zone_reading *z)
{
	struct wire_writer w = wire_writer_to(z->rdata_bytes, WIRE_MAX);

	wire_write_bytes(&w, z->apex.wire, z->apex.length);
	add_made(z, TYPE_NS, &w);
}

/* What the file leaves out of its apex, in a chunk of its own: the last. */
static void
make_apex(struct zone_reading *z)
{
	static const char nothing[] = "";
	struct zonebuild_line line = {
		z->input->spec->path, nothing, nothing, 1
	};

	if (z->input->spec->overlay || (z->has_soa && z->has_ns))
		return;
	zonebuild_open(&z->build, &line);
	if (!z->has_soa)
		make_soa(z);
	if (!z->has_ns)
		make_ns(z);
	zonebuild_close(&z->build, 1);
	z->build.content->soa_made = !z->has_soa;
}

static void
write_serial(struct content *content, uint32_t serial)
{
	struct chunk *made = content->chunks[content->chunk_count - 1];
	const struct rrset *soa = node_find(chunk_node(made, 0), TYPE_SOA);
	/* The content is still ours; readers' accessors give const. */
	uint8_t *wire = (uint8_t *)(uintptr_t)rrset_wire(soa);

	wire_put32(wire + soa->length - 20, serial);
	content->serial = serial;
}

/* A made serial moves when the records do. */
static void
set_serial(struct content *content, const struct zonefile_input *input)
{
	const struct content *previous = input->previous;
	uint32_t now_s = (uint32_t)input->now_s;

	if (previous == NULL) {
		write_serial(content, now_s);
		return;
	}
	write_serial(content, previous->serial);
	if (previous->soa_made && content_equal(previous, content))
		return;
	if (now_s <= previous->serial)
		now_s = previous->serial + 1;
	write_serial(content, now_s);
}

static bool
finish(struct zone_reading *z)
{
	struct content *content = z->build.content;
	struct zone zone = { .content = content, .diags = z->diags };

	content->spec.domain = z->apex;
	content->spec.has_domain = true;
	make_apex(z);
	zone.pieces = z->build.pieces;
	if (!zone_settle(&zone))
		return false;
	content->serial = z->serial;
	if (content->soa_made)
		set_serial(content, z->input);
	return true;
}

struct content *
zonefile_parse(const struct zonefile_input *input, struct diags *diags)
{
	struct zone_reading *z = memory_zeroed(1, sizeof(*z));
	unsigned before = diags_count(diags, DIAG_ERROR);
	struct zone_file file = { .ttl_s = ZONE_TTL_S };
	struct content *content;

	z->input = input;
	z->diags = diags;
	z->rdata.out = wire_writer_to(z->rdata_bytes, WIRE_MAX);
	zonebuild_init(&z->build, input->spec);
	guess_apex(z);
	file.origin = z->apex;
	read_file(z, &file, &input->text);
	if (input->apex != NULL && z->has_apex)
		*input->apex = z->apex;
	content = z->build.content;
	if (!finish(z) || diags_count(diags, DIAG_ERROR) > before) {
		content_free(content);
		content = NULL;
	}
	zonebuild_fini(&z->build);
	free(z);
	return content;
}
