/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/leasecontent.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "dns/types.h"
#include "names/hostskeep.h"
#include "names/records.h"
#include "names/reverse.h"

#define CHUNK_LINES 4096u

struct maker {
	const struct leasefile_input *input;
	struct lease_reading *reading;
	const struct leaserows *rows;
	struct content *content;
	struct records *records;
	struct hostskeep *keep;		/* made when first needed */
	struct chunk *chunk;
	struct reverse_pending *pending;
	uint32_t pending_count;
	uint32_t pending_room;
	uint32_t old;			/* of previous: chunks passed */
};

/* The rows of one chunk. */
struct stretch {
	const struct leaserow *rows;
	size_t count;
	uint32_t first_line;
};

static void
push_pending(struct maker *m, const struct addr *addr)
{
	if (m->pending_count == m->pending_room) {
		m->pending_room = m->pending_room > 0 ?
		    2 * m->pending_room : 64;
		m->pending = memory_resize(m->pending, m->pending_room,
		    sizeof(m->pending[0]));
	}
	m->pending[m->pending_count++] = (struct reverse_pending){
		.node = records_last_node(m->records),
		.addr = *addr,
	};
}

static struct origin
make_origin(const struct maker *m, const struct lease *lease,
    uint32_t column)
{
	return (struct origin){
		.chunk = m->chunk->id,
		.line = (uint16_t)(lease->line - m->chunk->first_line),
		.column = (uint16_t)(column < ORIGIN_COLUMN_MAX ? column :
		    ORIGIN_COLUMN_MAX),
	};
}

/* What ends in a lifetime does not end.  0 is taken for "never". */
static int64_t
mono_end(const struct maker *m, const struct lease *lease)
{
	int64_t left = lease->expires_s - m->input->now_s;
	int64_t end;

	if (lease->expires_s == LEASE_NEVER || left > INT32_MAX)
		return 0;
	end = m->input->mono_s + left;
	return end != 0 ? end : 1;
}

static void
note_end(struct maker *m, int64_t end_s)
{
	if (end_s != 0 && (m->content->due_s == 0 ||
	    end_s < m->content->due_s))
		m->content->due_s = end_s;
}

static bool
make_owner(const struct maker *m, const struct leasename *name,
    struct dname *owner)
{
	static const uint8_t root[] = {0};
	const struct source_spec *spec = m->input->spec;

	return dname_prepend(owner, name->label, name->length,
	    spec->has_domain ? spec->domain.wire : root);
}

static void
add_good(struct maker *m, const struct leaserow *row)
{
	const struct lease *lease = row->lease;
	const struct addr *addr = &lease->addr;
	bool is_v4 = addr->family == 4;
	struct dname owner;
	struct record record = {
		.type = is_v4 ? TYPE_A : TYPE_AAAA,
		.ttl = m->input->spec->ttl,
		.rdata = addr->bytes,
		.rdata_length = is_v4 ? 4 : 16,
		.rrset_flags = addr_is_link_local(addr) ?
		    RRSET_LINK_LOCAL : 0,
		.node_flags = m->input->spec->has_domain ? NODE_SHORT : 0,
		.kind = SOURCE_LEASE,
		.origin = make_origin(m, lease, lease->column),
		.expires_s = mono_end(m, lease),
	};
	struct origin first;

	if (!make_owner(m, &row->name, &owner))
		return;
	record.owner = owner.wire;
	note_end(m, record.expires_s);
	if (records_add(m->records, &record, &first) == RECORDS_OK &&
	    !addr_is_link_local(addr))
		push_pending(m, addr);
}

static bool
had_reverse(const struct maker *m, const struct node *node,
    const struct addr *addr)
{
	struct hostskeep_entry *entry = NULL;

	while ((entry = hostskeep_next(m->keep, node_name(node),
	    node->name_length, entry)) != NULL)
		if (entry->reverse != NULL && addr_equal(entry->reverse, addr))
			return true;
	return false;
}

static void
add_kept_rrset(struct maker *m, const struct leaserow *row,
    const struct node *node, const struct rrset *rrset)
{
	struct record record = {
		.owner = node_name(node),
		.type = rrset->type,
		.ttl = m->input->spec->ttl,
		.rrset_flags = rrset->flags | RRSET_KEPT,
		.node_flags = node->flags & NODE_SHORT,
		.kind = SOURCE_LEASE,
		.origin = make_origin(m, row->lease, 0),
		.expires_s = rrset_expiry(rrset),
	};
	uint32_t offset = 0;
	struct origin first;

	note_end(m, record.expires_s);
	for (unsigned i = 0; i < rrset->count; i++) {
		struct addr addr = {
			.family = rrset->type == TYPE_A ? 4 : 6,
		};

		record.rdata = rrset_rdata(rrset, &offset,
		    &record.rdata_length);
		memcpy(addr.bytes, record.rdata, record.rdata_length);
		if (records_add(m->records, &record, &first) == RECORDS_OK &&
		    had_reverse(m, node, &addr))
			push_pending(m, &addr);
	}
}

static void
add_kept_node(struct maker *m, const struct leaserow *row,
    const struct node *node)
{
	const struct rrset *rrset = node_first(node);

	for (unsigned i = 0; i < node->rrset_count; i++) {
		int64_t end_s = rrset_expiry(rrset);

		if ((end_s == 0 || end_s > m->input->mono_s) &&
		    !leaserows_has(m->rows, &row->name,
		    rrset->type == TYPE_A ? 4 : 6))
			add_kept_rrset(m, row, node, rrset);
		rrset = rrset_next(rrset);
	}
}

static void
add_kept(struct maker *m, const struct leaserow *row)
{
	const struct content *previous = m->input->previous;
	struct hostskeep_entry *entry = NULL;
	struct dname owner;

	if (previous == NULL || !make_owner(m, &row->name, &owner))
		return;
	if (m->keep == NULL)
		m->keep = hostskeep_new(previous->chunks,
		    previous->chunk_count);
	while ((entry = hostskeep_next(m->keep, owner.wire, owner.length,
	    entry)) != NULL) {
		if (entry->reverse == NULL && !entry->taken)
			add_kept_node(m, row, entry->node);
		entry->taken = true;
	}
}

static void
finish_chunk(struct maker *m)
{
	struct chunk *chunk = m->chunk;

	records_finish(m->records, chunk);
	reverse_set(chunk, m->pending, m->pending_count);
	m->pending_count = 0;
	m->chunk = NULL;
	content_add(m->content, chunk);
}

/* ---- sharing ---- */

struct row_key {
	uint64_t before;
	int64_t end_s;
	uint32_t line;			/* within the chunk */
	uint32_t column;
	uint8_t name_length;
	uint8_t name[LABEL_MAX];
	struct addr addr;
};

/* All that nodes are made of: rows, TTL, domain. */
static uint64_t
hash_stretch(const struct maker *m, const struct stretch *stretch)
{
	static const struct hash_key fixed = {0x6c65617365732d6c,
	    0x6561736573};
	const struct source_spec *spec = m->input->spec;
	uint64_t hash = (uint64_t)spec->ttl << 32 | stretch->first_line;

	if (spec->has_domain)
		hash ^= hash_siphash13(&fixed, spec->domain.wire,
		    spec->domain.length);
	for (size_t i = 0; i < stretch->count; i++) {
		const struct leaserow *row = &stretch->rows[i];
		struct row_key key;

		if (row->state == LEASEROW_KEEP)
			return 0;
		if (row->state != LEASEROW_IN)
			continue;
		memset(&key, 0, sizeof(key));
		key.before = hash;
		key.end_s = mono_end(m, row->lease);
		key.line = row->lease->line - stretch->first_line;
		key.column = row->lease->column;
		key.name_length = row->name.length;
		memcpy(key.name, row->name.label, row->name.length);
		key.addr = row->lease->addr;
		hash = hash_siphash13(&fixed, &key, sizeof(key));
	}
	return hash != 0 ? hash : 1;
}

/* That which began on the same line, if it said the same. */
static struct chunk *
find_same(struct maker *m, const struct stretch *stretch, uint64_t hash)
{
	const struct content *previous = m->input->previous;

	if (previous == NULL || hash == 0)
		return NULL;
	while (m->old < previous->chunk_count &&
	    previous->chunks[m->old]->first_line < stretch->first_line)
		m->old++;
	if (m->old == previous->chunk_count ||
	    previous->chunks[m->old]->first_line != stretch->first_line ||
	    previous->chunks[m->old]->text_hash != hash ||
	    strcmp(previous->chunks[m->old]->path,
	    m->reading->text->path) != 0)
		return NULL;
	return previous->chunks[m->old];
}

static void
note_ends(struct maker *m, const struct stretch *stretch)
{
	for (size_t i = 0; i < stretch->count; i++) {
		if (stretch->rows[i].state == LEASEROW_IN)
			note_end(m, mono_end(m, stretch->rows[i].lease));
	}
}

static bool
is_idle(const struct stretch *stretch)
{
	for (size_t i = 0; i < stretch->count; i++) {
		if (stretch->rows[i].state != LEASEROW_OUT)
			return false;
	}
	return true;
}

static void
make_chunk(struct maker *m, const struct stretch *stretch)
{
	uint64_t hash = hash_stretch(m, stretch);
	struct chunk *same = find_same(m, stretch, hash);
	const struct leaserow *end = stretch->rows + stretch->count;

	if (same != NULL) {
		note_ends(m, stretch);
		content_share(m->content, same);
		return;
	}
	m->chunk = chunk_new(m->reading->text->path, stretch->first_line);
	m->chunk->text_hash = hash;
	m->chunk->line_count = CHUNK_LINES;
	for (const struct leaserow *row = stretch->rows; row < end; row++) {
		if (row->state == LEASEROW_IN)
			add_good(m, row);
		else if (row->state == LEASEROW_KEEP)
			add_kept(m, row);
	}
	finish_chunk(m);
}

static uint32_t
first_line_of(const struct leaserow *row)
{
	return (row->lease->line - 1) / CHUNK_LINES * CHUNK_LINES + 1;
}

static void
make_chunks(struct maker *m)
{
	const struct leaserows *rows = m->rows;
	size_t i = 0;

	while (i < rows->count) {
		struct stretch stretch = {
			.rows = &rows->items[i],
			.first_line = first_line_of(&rows->items[i]),
		};

		while (i < rows->count && first_line_of(&rows->items[i]) ==
		    stretch.first_line)
			i++;
		stretch.count = (size_t)(&rows->items[i] - stretch.rows);
		if (!is_idle(&stretch))
			make_chunk(m, &stretch);
	}
}

struct content *
leasecontent_make(const struct leasefile_input *input,
    struct lease_reading *reading, const struct leaserows *rows)
{
	struct maker m = {
		.input = input,
		.reading = reading,
		.rows = rows,
		.content = content_new(input->spec),
		.records = records_new(),
	};

	make_chunks(&m);
	records_free(m.records);
	hostskeep_free(m.keep);
	free(m.pending);
	return m.content;
}
