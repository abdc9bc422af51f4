/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/hostsfile.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"
#include "names/hostskeep.h"
#include "names/hostsline.h"
#include "names/records.h"
#include "names/reverse.h"

/* What is left of a file behind a chunk is not cut again up to sizes.rest, so
 * that an edit that makes a chunk a little longer does not leave crumbs. */
static const struct hostsfile_sizes usual_sizes = {
	.chunk = 64u * 1024, .rest = 96u * 1024, .apart = HOSTSFILE_APART,
};

#define CHUNK_LINES 65536u

/* Shown of one file; further ones are counted.  A file that is no hosts file
 * at all should not bury what is wrong elsewhere. */
#define SHOWN_MAX 100

#define EXCERPT_MAX 240		/* bytes of a line behind its fault */
#define QUOTE_MAX 64

/* The lines of a file: ended by LF, CRLF or a lone CR.  lf and cr are the next
 * of each, searched for again only when they are passed. */
struct lines {
	const char *bytes;
	size_t end;
	size_t at;
	size_t lf;
	size_t cr;
	uint32_t number;		/* of the line at `at`, from 1 */
};

struct line_text {
	const char *bytes;
	size_t length;
	uint32_t number;
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

struct file {
	const struct source_text *text;
	struct chunk *const *old;	/* the chunks it had before */
	uint32_t old_count;
	struct hostskeep *keep;		/* made when first needed */
	unsigned faults[DIAG_LEVELS];	/* lines with one */
};

struct parser {
	const struct source_spec *spec;
	struct diags *diags;		/* NULL: faults are not told, the chunk
					 * is given up */
	const struct parts *parts;
	struct hostsfile_sizes sizes;
	struct content *content;
	struct records *records;
	struct hostsline line;
	struct file file;
	struct chunk *chunk;
	bool given_up;			/* the chunk */
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

static size_t
find_byte(const struct lines *lines, char byte)
{
	const char *found = memchr(lines->bytes + lines->at, byte,
	    lines->end - lines->at);

	return found ? (size_t)(found - lines->bytes) : lines->end;
}

static void
start_lines(struct lines *lines, size_t end)
{
	lines->end = end;
	lines->lf = find_byte(lines, '\n');
	lines->cr = find_byte(lines, '\r');
}

/* Go on behind the line at hand, of which the parser found the end: LF or
 * CRLF. */
static struct line_text
pass_line(struct lines *lines, size_t whole)
{
	struct line_text line = {
		.bytes = lines->bytes + lines->at,
		.length = whole - 1,
		.number = lines->number++,
	};

	if (line.length > 0 && line.bytes[line.length - 1] == '\r')
		line.length--;
	lines->at += whole;
	return line;
}

static struct line_text
next_line(struct lines *lines)
{
	struct line_text line = {
		.bytes = lines->bytes + lines->at,
		.number = lines->number++,
	};
	size_t end;

	if (lines->lf < lines->at)
		lines->lf = find_byte(lines, '\n');
	if (lines->cr < lines->at)
		lines->cr = find_byte(lines, '\r');
	end = lines->lf < lines->cr ? lines->lf : lines->cr;
	line.length = end - lines->at;
	if (end == lines->cr && lines->lf == end + 1)
		end++;
	lines->at = end < lines->end ? end + 1 : end;
	return line;
}

/* Does a line begin at this byte (or the file end there)? */
static bool
is_line_start(const struct source_text *text, size_t at)
{
	if (at == 0 || text->bytes[at - 1] == '\n')
		return true;
	if (at == text->length)
		return true;
	return text->bytes[at - 1] == '\r' && text->bytes[at] != '\n';
}

/* A chunk's nodes depend on its bytes, the TTL, the domain, and on whether a
 * byte order mark at its start would be one. */
static uint64_t
hash_text(const struct parser *p, size_t at, size_t length)
{
	static const struct hash_key fixed = {0x686f7374732d6669, 0x6c652d7631};
	struct hash_key key = fixed;
	uint64_t hash;

	if (p->spec->has_domain)
		key.k0 ^= hash_siphash13(&fixed, p->spec->domain.wire,
		    p->spec->domain.length);
	key.k1 ^= (uint64_t)p->spec->ttl << 32 | (at == 0);
	hash = hash_siphash13(&key, p->file.text->bytes + at, length);
	return hash != 0 ? hash : 1;
}

static bool
is_same_text(const struct parser *p, const struct chunk *chunk, size_t at,
    size_t end)
{
	return chunk->text_hash != 0 && chunk->text_length > 0 &&
	    chunk->text_length <= end - at &&
	    is_line_start(p->file.text, at) &&
	    is_line_start(p->file.text, at + chunk->text_length) &&
	    hash_text(p, at, chunk->text_length) == chunk->text_hash;
}

/* One entry for a line, up to SHOWN_MAX of a level for a file.  A chunk with
 * a fault is never shared, so that the fault is told at each reading. */
static enum telling
count_fault(struct parser *p, enum diag_level level)
{
	if (p->diags == NULL) {
		p->given_up = true;
		return TELLING_GIVEN_UP;
	}
	p->chunk->text_hash = 0;
	return p->file.faults[level]++ < SHOWN_MAX ? TELLING_SHOWN :
	    TELLING_COUNTED;
}

static struct diag_place
make_place(const struct parser *p, const struct line_text *line,
    uint32_t column, uint32_t width)
{
	size_t shown = (size_t)column + EXCERPT_MAX;

	return (struct diag_place){
		.file = p->file.text->path,
		.line = line->number,
		.column = column,
		.width = width,
		.text = line->bytes,
		.text_len = line->length < shown ? line->length : shown,
	};
}

static void
show_fault(struct parser *p, const struct line_text *line,
    const struct hostsline_fault *fault)
{
	struct diag_place place = make_place(p, line, fault->column,
	    fault->width);
	bool cut = fault->width > QUOTE_MAX;

	if (fault->what == NULL)
		diags_add(p->diags, DIAG_ERROR, &place, NULL, "%s",
		    fault->why);
	else
		diags_add(p->diags, DIAG_ERROR, &place, NULL,
		    "'%.*s%s' is not %s: %s",
		    cut ? QUOTE_MAX : (int)fault->width,
		    line->bytes + fault->column - 1, cut ? "..." : "",
		    fault->what, fault->why);
}

static void
push_pending(struct parser *p, const struct addr *addr)
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
make_origin(const struct parser *p, const struct line_text *line,
    const struct hostsline_name *name)
{
	unsigned column = name->column < ORIGIN_COLUMN_MAX ? name->column :
	    ORIGIN_COLUMN_MAX;

	return (struct origin){
		.chunk = p->chunk->id,
		.line = (uint16_t)(line->number - p->chunk->first_line),
		.column = (uint16_t)(column |
		    (p->line.approved ? ORIGIN_OK : 0)),
	};
}

static void
tell_too_large(struct parser *p, const struct line_text *line,
    const struct hostsline_name *name)
{
	struct diag_place place = make_place(p, line, name->column, 1);

	if (count_fault(p, DIAG_ERROR) != TELLING_SHOWN)
		return;
	diags_add(p->diags, DIAG_ERROR, &place, NULL,
	    "this name has more addresses than one answer can carry");
	diags_then(p->diags, "this address is left out");
}

static uint32_t
ttl_of_line(const struct parser *p)
{
	return p->line.ttl == HOSTSLINE_TTL_OWN ? p->line.ttl_s :
	    p->spec->ttl;
}

static void
add_good(struct parser *p, const struct line_text *line)
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
push_kept(struct parser *p, const struct kept *kept)
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
keep_name(struct parser *p, const struct dname *name, uint16_t line)
{
	const struct hostskeep *keep = p->file.keep;
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
keep_names(struct parser *p, const struct line_text *line)
{
	unsigned kept = 0;

	if (p->file.keep == NULL)
		p->file.keep = hostskeep_new(p->file.old, p->file.old_count);
	for (uint32_t i = 0; i < p->line.name_count; i++)
		kept += keep_name(p, &p->line.names[i].name,
		    (uint16_t)(line->number - p->chunk->first_line));
	return kept;
}

static bool
had_reverse(const struct parser *p, const struct node *node,
    const struct addr *addr)
{
	const uint8_t *name = node_name(node);
	struct hostskeep_entry *entry = NULL;

	while ((entry = hostskeep_next(p->file.keep, name, node->name_length,
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
add_kept_rrset(struct parser *p, const struct kept *kept,
    const struct rrset *rrset)
{
	struct record record = {
		.owner = node_name(kept->node),
		.type = rrset->type,
		.ttl = kept->ttl_s,
		.rrset_flags = rrset->flags | RRSET_KEPT,
		.node_flags = kept->node->flags & NODE_SHORT,
		.kind = SOURCE_HOSTS,
		.origin = {.chunk = p->chunk->id, .line = kept->line},
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
add_kept(struct parser *p)
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
add_bad(struct parser *p, const struct line_text *line)
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
		diags_then(p->diags, "the line is skipped");
	else
		diags_then(p->diags, "the line is skipped; %s on it keep%s "
		    "the last good addresses",
		    p->line.name_count == 1 ? "the name" : "the names",
		    p->line.name_count == 1 ? "s" : "");
}

static void
note_scoped(struct parser *p, const struct line_text *line)
{
	struct diag_place place = make_place(p, line, p->line.addr_column,
	    p->line.addr_width);

	if (count_fault(p, DIAG_NOTE) != TELLING_SHOWN)
		return;
	diags_add(p->diags, DIAG_NOTE, &place, NULL,
	    "an address with a scope means something on one machine only");
	diags_then(p->diags, "the line is passed over");
}

static void
parse_line(struct parser *p, const struct line_text *line)
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
finish_chunk(struct parser *p)
{
	struct chunk *chunk = p->chunk;

	add_kept(p);
	records_finish(p->records, chunk);
	reverse_set(chunk, p->pending, p->pending_count);
	p->pending_count = 0;
	p->chunk = NULL;
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

/* The lines of a chunk whose first is at lines->at. */
static void
read_chunk(struct parser *p, struct lines *lines, struct chunk *chunk,
    size_t budget)
{
	size_t start = lines->at;

	p->chunk = chunk;
	p->given_up = false;
	chunk->text_hash = 1;
	while (lines->at - start < budget &&
	    chunk->line_count < CHUNK_LINES && !p->given_up) {
		size_t plain = hostsline_parse_plain(&p->line,
		    lines->bytes + lines->at, lines->end - lines->at);
		struct line_text line = plain != 0 ?
		    pass_line(lines, plain) : next_line(lines);

		if (line.bytes == lines->bytes)
			line = skip_mark(line);
		if (plain != 0)
			add_good(p, &line);
		else
			parse_line(p, &line);
		chunk->line_count++;
	}
	chunk->text_length = lines->at - start;
	if (chunk->text_hash != 0)
		chunk->text_hash = hash_text(p, start, chunk->text_length);
	finish_chunk(p);
}

static void
parse_chunk(struct parser *p, struct lines *lines)
{
	size_t rest = lines->end - lines->at;
	size_t budget = rest <= p->sizes.rest ? rest : p->sizes.chunk;
	struct chunk *chunk = chunk_new(p->file.text->path, lines->number);

	read_chunk(p, lines, chunk, budget);
	content_add(p->content, chunk);
}

/* ---- chunks parsed at the same time ----
 *
 * Where chunks begin hangs on the file's bytes alone, and a chunk counts its
 * lines from its first: so those without a fault can be parsed in any order.
 * One with a fault is given up, and parsed again when it is its turn: then it
 * is known which lines these are, what was told before, and what was kept. */

struct stretch {
	size_t from;
	size_t to;
	struct chunk *chunk;
	bool given_up;
};

struct stretches {
	struct parser *parsers;		/* one a worker */
	struct stretch *list;
	unsigned count;
	unsigned room;
};

/* Behind the end of the line that this byte is in. */
static size_t
find_line_end(const char *bytes, size_t at, size_t end)
{
	while (at < end && bytes[at] != '\n' && bytes[at] != '\r')
		at++;
	if (end - at > 1 && bytes[at] == '\r' && bytes[at + 1] == '\n')
		at++;
	return at < end ? at + 1 : end;
}

static void
add_stretch(struct stretches *all, const struct stretch *stretch)
{
	if (all->count == all->room) {
		all->room = all->room > 0 ? 2 * all->room : 64;
		all->list = memory_resize(all->list, all->room,
		    sizeof(all->list[0]));
	}
	all->list[all->count++] = *stretch;
}

/* As parse_chunk would cut them, but for what is left at the end.  The chunks
 * are made here: they get their ids in order. */
static void
plan_stretches(const struct parser *p, const struct lines *lines,
    struct stretches *all)
{
	size_t at = lines->at;

	while (lines->end - at > p->sizes.rest) {
		struct stretch stretch = {
			.from = at,
			.to = find_line_end(lines->bytes,
			    at + p->sizes.chunk - 1, lines->end),
			.chunk = chunk_new(p->file.text->path, 1),
		};

		add_stretch(all, &stretch);
		at = stretch.to;
	}
}

static void
parse_stretch(void *argument, unsigned part, unsigned worker)
{
	const struct stretches *all = argument;
	struct stretch *stretch = &all->list[part];
	struct parser *p = &all->parsers[worker];
	struct lines lines = {
		.bytes = p->file.text->bytes,
		.at = stretch->from,
		.number = 1,
	};

	start_lines(&lines, stretch->to);
	read_chunk(p, &lines, stretch->chunk, p->sizes.chunk);
	stretch->given_up = p->given_up;
}

static void
free_buffers(struct parser *p)
{
	records_free(p->records);
	hostsline_fini(&p->line);
	free(p->pending);
	free(p->kept);
}

static void
run_stretches(struct parser *p, struct stretches *all)
{
	struct parts_work work = {parse_stretch, all, all->count};
	unsigned workers = parts_workers(p->parts);

	all->parsers = memory_zeroed(workers, sizeof(all->parsers[0]));
	for (unsigned i = 0; i < workers; i++) {
		all->parsers[i].spec = p->spec;
		all->parsers[i].sizes = p->sizes;
		all->parsers[i].file.text = p->file.text;
		all->parsers[i].line.domain = p->line.domain;
		all->parsers[i].records = records_new();
	}
	parts_run(p->parts, &work);
	for (unsigned i = 0; i < workers; i++)
		free_buffers(&all->parsers[i]);
	free(all->parsers);
}

static void
take_stretch(struct parser *p, struct lines *lines,
    const struct stretch *stretch)
{
	struct chunk *chunk = stretch->chunk;

	if (stretch->given_up) {
		chunk_drop(chunk);
		parse_chunk(p, lines);
		return;
	}
	chunk->first_line = lines->number;
	lines->number += chunk->line_count;
	lines->at = stretch->to;
	content_add(p->content, chunk);
}

static void
parse_apart(struct parser *p, struct lines *lines)
{
	struct stretches all = {0};

	if (parts_workers(p->parts) < 2 ||
	    lines->end - lines->at <= p->sizes.apart)
		return;
	plan_stretches(p, lines, &all);
	run_stretches(p, &all);
	for (unsigned i = 0; i < all.count; i++)
		take_stretch(p, lines, &all.list[i]);
	free(all.list);
}

/* ---- files ---- */

static void
share_chunk(struct parser *p, struct lines *lines, struct chunk *chunk)
{
	chunk->first_line = lines->number;
	lines->number += chunk->line_count;
	lines->at += chunk->text_length;
	content_share(p->content, chunk);
}

/* What is the same at the start and at the end of the file is shared with the
 * content before, only the stretch between is parsed. */
static void
parse_text(struct parser *p)
{
	const struct file *file = &p->file;
	struct lines lines = {.bytes = file->text->bytes, .number = 1};
	size_t end = file->text->length;
	uint32_t head = 0, tail = file->old_count;

	while (head < tail && is_same_text(p, file->old[head], lines.at, end))
		share_chunk(p, &lines, file->old[head++]);
	while (tail > head) {
		const struct chunk *chunk = file->old[tail - 1];

		if (chunk->text_length > end - lines.at ||
		    !is_same_text(p, chunk, end - chunk->text_length, end))
			break;
		end -= chunk->text_length;
		tail--;
	}
	start_lines(&lines, end);
	parse_apart(p, &lines);
	while (lines.at < end)
		parse_chunk(p, &lines);
	while (tail < file->old_count)
		share_chunk(p, &lines, file->old[tail++]);
}

static void
tell_rest(struct parser *p, enum diag_level level, const char *what)
{
	struct diag_place place = {.file = p->file.text->path};

	if (p->file.faults[level] > SHOWN_MAX)
		diags_add(p->diags, level, &place, NULL,
		    "lines %s that are not shown: %u", what,
		    p->file.faults[level] - SHOWN_MAX);
}

static void
share_file(struct parser *p)
{
	for (uint32_t i = 0; i < p->file.old_count; i++)
		content_share(p->content, p->file.old[i]);
}

/* The whole file as it was, with what is wrong with it now. */
static void
keep_file(struct parser *p, enum diag_level level, const char *why)
{
	struct diag_place place = {.file = p->file.text->path};

	diags_add(p->diags, level, &place, NULL, "%s", why);
	if (p->file.old_count > 0)
		diags_then(p->diags, "it keeps its last good content");
	share_file(p);
}

static bool
had_records(const struct file *file)
{
	for (uint32_t i = 0; i < file->old_count; i++)
		if (file->old[i]->record_count > 0)
			return true;
	return false;
}

/* A file without a single good line is something else by now: a binary, a page
 * of a proxy.  What it said before counts, as if it could not be read. */
static void
keep_if_nonsense(struct parser *p, uint32_t chunks, uint32_t records)
{
	if (p->file.faults[DIAG_ERROR] == 0 || !had_records(&p->file) ||
	    p->content->record_count > records)
		return;
	content_cut(p->content, chunks);
	keep_file(p, DIAG_ERROR, "no line of it can be read");
}

static bool
is_utf16(const struct source_text *text)
{
	return text->length >= 2 &&
	    (memcmp(text->bytes, "\xff\xfe", 2) == 0 ||
	     memcmp(text->bytes, "\xfe\xff", 2) == 0);
}

static void
parse_file(struct parser *p)
{
	const struct file *file = &p->file;
	uint32_t chunks = p->content->chunk_count;
	uint32_t records = p->content->record_count;

	if (file->text->bytes == NULL) {
		share_file(p);
	} else if (file->text->length == 0 && file->old_count > 0) {
		keep_file(p, DIAG_WARNING, "the file is empty");
	} else if (is_utf16(file->text)) {
		keep_file(p, DIAG_ERROR,
		    "the file is in UTF-16; save it as UTF-8");
	} else if (file->text->length > 0) {
		parse_text(p);
		tell_rest(p, DIAG_ERROR, "with errors");
		tell_rest(p, DIAG_NOTE, "passed over");
		keep_if_nonsense(p, chunks, records);
	}
	hostskeep_free(p->file.keep);
}

/* The chunks of one file stand together. */
static void
find_old(struct file *file, const struct content *previous)
{
	uint32_t i = 0;

	if (previous == NULL || previous->chunk_count == 0)
		return;
	while (i < previous->chunk_count &&
	    strcmp(previous->chunks[i]->path, file->text->path) != 0)
		i++;
	file->old = previous->chunks + i;
	while (i < previous->chunk_count &&
	    strcmp(previous->chunks[i]->path, file->text->path) == 0)
		i++;
	file->old_count = (uint32_t)(previous->chunks + i - file->old);
}

struct content *
hostsfile_parse(const struct hostsfile_input *input, struct diags *diags)
{
	struct parser p = {
		.spec = input->spec,
		.diags = diags,
		.parts = input->parts,
		.sizes = input->sizes ? *input->sizes : usual_sizes,
		.content = content_new(input->spec),
		.records = records_new(),
	};

	if (p.spec->has_domain)
		p.line.domain = &p.spec->domain;
	for (size_t i = 0; i < input->file_count; i++) {
		p.file = (struct file){.text = &input->files[i]};
		find_old(&p.file, input->previous);
		parse_file(&p);
	}
	free_buffers(&p);
	return p.content;
}
