/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/hostschunk.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"
#include "names/hostscut.h"
#include "names/hostsline.h"
#include "names/records.h"
#include "names/reverse.h"

#define CHUNK_LINES 65536u

#define EXCERPT_MAX 240		/* bytes of a line behind its fault */
#define QUOTE_MAX 64

struct line_text {
	const char *bytes;
	size_t length;
	uint32_t number;		/* in the file */
};

/* A node of an earlier reading, one of whose names is on a bad line now. */
struct kept {
	const struct node *node;
	uint16_t line;			/* within the chunk */
	uint32_t ttl_s;			/* of the bad line */
	enum kept_part {
		KEPT_ALL,
		KEPT_AGAIN,		/* only what was kept before */
	} part;
};

struct hostschunk_parser {
	const struct source_spec *spec;
	const struct hostschunk_task *task;	/* the one at hand */
	bool given_up;
	struct records *records;
	struct hostsline line;
	struct reverse_pending *pending;
	uint32_t pending_count;
	uint32_t pending_room;
	struct kept *kept;
	uint32_t kept_count;
	uint32_t kept_room;
};

enum telling {
	TELLING_SHOWN,
	TELLING_COUNTED,
	TELLING_GIVEN_UP,
};

struct hostschunk_parser *
hostschunk_parser_new(const struct source_spec *spec)
{
	struct hostschunk_parser *p = memory_zeroed(1, sizeof(*p));

	p->spec = spec;
	p->records = records_new();
	if (spec->has_domain)
		p->line.domain = &spec->domain;
	return p;
}

void
hostschunk_parser_free(struct hostschunk_parser *p)
{
	records_free(p->records);
	hostsline_fini(&p->line);
	free(p->pending);
	free(p->kept);
	free(p);
}

void
hostschunk_file_fini(struct hostschunk_file *file)
{
	hostskeep_free(file->keep);
	file->keep = NULL;
}

/* One entry for a line, up to HOSTSCHUNK_SHOWN of a level for a file.  A chunk
 * with a fault is never shared, so that the fault is told at each reading. */
static enum telling
count_fault(struct hostschunk_parser *p, enum diag_level level)
{
	if (p->task->diags == NULL) {
		p->given_up = true;
		return TELLING_GIVEN_UP;
	}
	p->task->chunk->text_hash = 0;
	if (p->task->file->faults[level]++ < HOSTSCHUNK_SHOWN)
		return TELLING_SHOWN;
	return TELLING_COUNTED;
}

static struct diag_place
make_place(const struct hostschunk_parser *p, const struct line_text *line,
    uint32_t column, uint32_t width)
{
	size_t shown = (size_t)column + EXCERPT_MAX;

	return (struct diag_place){
		.file = p->task->file->path,
		.line = line->number,
		.column = column,
		.width = width,
		.text = line->bytes,
		.text_len = line->length < shown ? line->length : shown,
	};
}

static void
show_fault(struct hostschunk_parser *p, const struct line_text *line,
    const struct hostsline_fault *fault)
{
	struct diag_place place = make_place(p, line, fault->column,
	    fault->width);
	bool cut = fault->width > QUOTE_MAX;

	if (fault->what == NULL)
		diags_add(p->task->diags, DIAG_ERROR, &place, NULL, "%s",
		    fault->why);
	else
		diags_add(p->task->diags, DIAG_ERROR, &place, NULL,
		    "'%.*s%s' is not %s: %s",
		    cut ? QUOTE_MAX : (int)fault->width,
		    line->bytes + fault->column - 1, cut ? "..." : "",
		    fault->what, fault->why);
}

static void
push_pending(struct hostschunk_parser *p, const struct addr *addr)
{
	if (p->pending_count == p->pending_room) {
		p->pending_room = p->pending_room ? 2 * p->pending_room : 256;
		p->pending = memory_resize(p->pending, p->pending_room,
		    sizeof(p->pending[0]));
	}
	p->pending[p->pending_count++] = (struct reverse_pending){
		.node = records_last_node(p->records),
		.addr = *addr,
	};
}

/* Surely in none of the special ranges, as nearly every address is: spares
 * the questions below for most lines. */
static bool
is_plain(const struct addr *addr)
{
	uint8_t first = addr->bytes[0];

	if (addr->family == 4)
		return first != 0 && first != 127 && first != 169 &&
		    first < 224;
	return first != 0 && first < 0xfe;
}

static bool
has_reverse(const struct addr *addr, const struct dname *name)
{
	if (name->wire[0] == 1 && name->wire[1] == '*')
		return false;
	return is_plain(addr) ||
	    (!addr_is_loopback(addr) && !addr_is_unspecified(addr) &&
	    !addr_is_link_local(addr) && !hostsline_is_group(addr));
}

static uint8_t
flags_of(const struct addr *addr)
{
	if (is_plain(addr))
		return 0;
	return (uint8_t)((addr_is_loopback(addr) ? RRSET_LOOPBACK : 0) |
	    (addr_is_link_local(addr) ? RRSET_LINK_LOCAL : 0));
}

static struct origin
make_origin(const struct hostschunk_parser *p, const struct line_text *line,
    const struct hostsline_name *name)
{
	unsigned column = name->column < ORIGIN_COLUMN_MAX ? name->column :
	    ORIGIN_COLUMN_MAX;

	return (struct origin){
		.chunk = p->task->chunk->id,
		.line = (uint16_t)(line->number - p->task->chunk->first_line),
		.column = (uint16_t)(column |
		    (p->line.approved ? ORIGIN_OK : 0)),
	};
}

static void
tell_too_large(struct hostschunk_parser *p, const struct line_text *line,
    const struct hostsline_name *name)
{
	struct diag_place place = make_place(p, line, name->column, 1);

	if (count_fault(p, DIAG_ERROR) != TELLING_SHOWN)
		return;
	diags_add(p->task->diags, DIAG_ERROR, &place, NULL,
	    "this name has more addresses than one answer can carry");
	diags_then(p->task->diags, "this address is left out");
}

static uint32_t
ttl_of_line(const struct hostschunk_parser *p)
{
	return p->line.ttl == HOSTSLINE_TTL_OWN ? p->line.ttl_s :
	    p->spec->ttl;
}

static void
add_good(struct hostschunk_parser *p, const struct line_text *line)
{
	const struct addr *addr = &p->line.addr;
	struct record record = {
		.type = addr->family == 4 ? TYPE_A : TYPE_AAAA,
		.ttl = ttl_of_line(p),
		.rdata = addr->bytes,
		.rdata_length = addr->family == 4 ? 4 : 16,
		.rrset_flags = flags_of(addr),
		.kind = SOURCE_HOSTS,
	};

	for (uint32_t i = 0; i < p->line.name_count; i++) {
		const struct hostsline_name *name = &p->line.names[i];
		struct origin first;

		record.owner = name->name.wire;
		record.node_flags =
		    name->form == HOSTSLINE_SHORT ? NODE_SHORT : 0;
		record.origin = make_origin(p, line, name);
		if (records_add(p->records, &record, &first) ==
		    RECORDS_TOO_LARGE)
			tell_too_large(p, line, name);
		else if (i == 0 && has_reverse(addr, &name->name))
			push_pending(p, addr);
	}
}

/* Was a record of this node kept already when it was made? */
static bool
has_kept(const struct node *node)
{
	const struct rrset *rrset = node_first(node);

	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (rrset->flags & RRSET_KEPT)
			return true;
		rrset = rrset_next(rrset);
	}
	return false;
}

static void
push_kept(struct hostschunk_parser *p, const struct kept *kept)
{
	if (p->kept_count == p->kept_room) {
		p->kept_room = p->kept_room ? 2 * p->kept_room : 64;
		p->kept = memory_resize(p->kept, p->kept_room,
		    sizeof(p->kept[0]));
	}
	p->kept[p->kept_count++] = *kept;
}

/* What the file knew of a name on a bad line: noted, to be added behind the
 * good lines.  Where some of it was kept before, the rest came from good
 * lines, which speak for themselves: else addresses that are long gone would
 * gather for as long as the line stays bad. */
static bool
keep_name(struct hostschunk_parser *p, const struct dname *name, uint16_t line)
{
	const struct hostskeep *keep = p->task->file->keep;
	const uint8_t *wire = name->wire;
	struct kept kept = {
		.line = line,
		.ttl_s = ttl_of_line(p),
		.part = KEPT_ALL,
	};
	struct hostskeep_entry *first, *entry;

	first = hostskeep_next(keep, wire, name->length, NULL);
	for (entry = first; entry != NULL && entry->reverse == NULL;
	    entry = hostskeep_next(keep, wire, name->length, entry))
		if (has_kept(entry->node))
			kept.part = KEPT_AGAIN;
	for (entry = first; entry != NULL && entry->reverse == NULL;
	    entry = hostskeep_next(keep, wire, name->length, entry)) {
		kept.node = entry->node;
		if (!entry->taken)
			push_kept(p, &kept);
		entry->taken = true;
	}
	return first != NULL;
}

/* How many of the names on this line are known from before. */
static unsigned
keep_names(struct hostschunk_parser *p, const struct line_text *line)
{
	struct hostschunk_file *file = p->task->file;
	unsigned kept = 0;

	if (file->keep == NULL)
		file->keep = hostskeep_new(file->old, file->old_count);
	for (uint32_t i = 0; i < p->line.name_count; i++)
		kept += keep_name(p, &p->line.names[i].name,
		    (uint16_t)(line->number - p->task->chunk->first_line));
	return kept;
}

static bool
had_reverse(const struct hostschunk_parser *p, const struct node *node,
    const struct addr *addr)
{
	const struct hostskeep *keep = p->task->file->keep;
	const uint8_t *name = node_name(node);
	struct hostskeep_entry *entry = NULL;

	while ((entry = hostskeep_next(keep, name, node->name_length,
	    entry)) != NULL)
		if (entry->reverse != NULL && addr_equal(entry->reverse, addr))
			return true;
	return false;
}

static struct addr
make_addr(const struct record *record)
{
	struct addr addr = {.family = record->type == TYPE_A ? 4 : 6};

	memcpy(addr.bytes, record->rdata, record->rdata_length);
	return addr;
}

static void
add_kept_rrset(struct hostschunk_parser *p, const struct kept *kept,
    const struct rrset *rrset)
{
	struct record record = {
		.owner = node_name(kept->node),
		.type = rrset->type,
		.ttl = kept->ttl_s,
		.rrset_flags = rrset->flags | RRSET_KEPT,
		.node_flags = kept->node->flags & NODE_SHORT,
		.kind = SOURCE_HOSTS,
		.origin = {.chunk = p->task->chunk->id, .line = kept->line},
	};
	uint32_t offset = 0;
	struct origin first;

	for (unsigned i = 0; i < rrset->count; i++) {
		struct addr addr;

		record.rdata = rrset_rdata(rrset, &offset,
		    &record.rdata_length);
		if (kept->part == KEPT_AGAIN &&
		    origin_column(rrset_origins(rrset)[i]) != 0)
			continue;
		addr = make_addr(&record);
		if (records_add(p->records, &record, &first) == RECORDS_OK &&
		    had_reverse(p, kept->node, &addr))
			push_pending(p, &addr);
	}
}

static void
add_kept(struct hostschunk_parser *p)
{
	for (uint32_t i = 0; i < p->kept_count; i++) {
		const struct node *node = p->kept[i].node;
		const struct rrset *rrset = node_first(node);

		for (unsigned j = 0; j < node->rrset_count; j++) {
			add_kept_rrset(p, &p->kept[i], rrset);
			rrset = rrset_next(rrset);
		}
	}
	p->kept_count = 0;
}

static void
add_bad(struct hostschunk_parser *p, const struct line_text *line)
{
	enum telling telling = count_fault(p, DIAG_ERROR);
	unsigned kept;

	if (telling == TELLING_GIVEN_UP)
		return;
	kept = keep_names(p, line);
	if (telling == TELLING_COUNTED)
		return;
	for (unsigned i = 0; i < p->line.fault_count; i++)
		show_fault(p, line, &p->line.faults[i]);
	if (kept == 0)
		diags_then(p->task->diags, "the line is skipped");
	else
		diags_then(p->task->diags,
		    "the line is skipped; %s on it keep%s the last good "
		    "addresses",
		    p->line.name_count == 1 ? "the name" : "the names",
		    p->line.name_count == 1 ? "s" : "");
}

static void
note_scoped(struct hostschunk_parser *p, const struct line_text *line)
{
	struct diag_place place = make_place(p, line, p->line.addr_column,
	    p->line.addr_width);

	if (count_fault(p, DIAG_NOTE) != TELLING_SHOWN)
		return;
	diags_add(p->task->diags, DIAG_NOTE, &place, NULL,
	    "an address with a scope means something on one machine only");
	diags_then(p->task->diags, "the line is passed over");
}

static void
parse_line(struct hostschunk_parser *p, const struct line_text *line)
{
	switch (hostsline_parse(&p->line, line->bytes, line->length)) {
	case HOSTSLINE_GOOD:
		add_good(p, line);
		break;
	case HOSTSLINE_SCOPED:
		note_scoped(p, line);
		break;
	case HOSTSLINE_BAD:
		add_bad(p, line);
		break;
	}
}

static void
finish_chunk(struct hostschunk_parser *p)
{
	struct chunk *chunk = p->task->chunk;

	add_kept(p);
	records_finish(p->records, chunk);
	reverse_set(chunk, p->pending, p->pending_count);
	p->pending_count = 0;
}

/* At the file's start the first line may begin with a byte order mark. */
static struct line_text
skip_mark(struct line_text line)
{
	if (line.length >= 3 && memcmp(line.bytes, "\xef\xbb\xbf", 3) == 0) {
		line.bytes += 3;
		line.length -= 3;
	}
	return line;
}

/* A line of which hostsline_parse_plain found the end: LF or CRLF. */
static struct line_text
cut_plain(const char *text, size_t whole)
{
	struct line_text line = {.bytes = text, .length = whole - 1};

	if (line.length > 0 && text[line.length - 1] == '\r')
		line.length--;
	return line;
}

/* The next line of what is left; the bytes that it takes. */
static size_t
read_line(struct hostschunk_parser *p, const char *text, size_t left)
{
	const struct hostschunk_task *task = p->task;
	size_t whole = hostsline_parse_plain(&p->line, text, left);
	bool plain = whole != 0;
	struct line_text line;
	size_t end;

	if (plain) {
		line = cut_plain(text, whole);
	} else {
		line = (struct line_text){.bytes = text};
		line.length = hostsline_length(text, left, &end);
		whole = line.length + end;
	}
	line.number = task->chunk->first_line + task->chunk->line_count;
	if (task->at == 0 && text == task->bytes)
		line = skip_mark(line);
	if (plain)
		add_good(p, &line);
	else
		parse_line(p, &line);
	return whole;
}

enum hostschunk_result
hostschunk_parse(struct hostschunk_parser *p,
    const struct hostschunk_task *task)
{
	struct chunk *chunk = task->chunk;
	size_t at = 0;

	p->task = task;
	p->given_up = false;
	chunk->text_hash = 1;
	while (at < task->length && chunk->line_count < CHUNK_LINES &&
	    !p->given_up) {
		at += read_line(p, task->bytes + at, task->length - at);
		chunk->line_count++;
	}
	chunk->text_length = at;
	if (chunk->text_hash != 0 && !p->given_up)
		chunk->text_hash = hostscut_hash(p->spec, task->at,
		    task->bytes, at);
	finish_chunk(p);
	return p->given_up ? HOSTSCHUNK_GIVEN_UP : HOSTSCHUNK_DONE;
}
