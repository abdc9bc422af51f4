/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "names/rdataslots.h"

#define RECORD_HEAD 12u
#define TTL_AT 6

/* An RRset in the making and the RRsets it is made of; kept: of a zone at or
 * below a cut, outside all ranks. */
struct pick {
	uint16_t type;
	uint8_t flags;
	uint8_t kind;
	bool kept;
	unsigned group;
	unsigned first_piece;
	unsigned last_piece;
	unsigned piece_count;
	size_t record_count;		/* of all pieces, the same ones too */
};

struct piece {
	const struct rrset *rrset;
	unsigned next;
};

struct merge {
	struct pick *picks;
	unsigned pick_count, pick_room;
	struct piece *pieces;
	unsigned piece_count, piece_room;
	uint8_t *out;			/* the RRsets, as they will be */
	size_t out_count, out_room;
	struct origin *origins;		/* of the RRset in work */
	unsigned origin_count, origin_room;
	uint8_t wire[RRSET_MAX];
	uint32_t wire_length;
	struct hash_key key;
	struct rdata_slots slots;	/* where several pieces come to many
					 * records: of the RRset in work */
	unsigned slot_room;		/* allocated */
	size_t compared;		/* without slots */
};

struct merge *
merge_new(const struct hash_key *key)
{
	struct merge *merge = memory_zeroed(1, sizeof(*merge));

	merge->key = *key;
	return merge;
}

void
merge_free(struct merge *merge)
{
	free(merge->picks);
	free(merge->pieces);
	free(merge->out);
	free(merge->origins);
	free(merge->slots.at);
	free(merge);
}

static int
compare_numbers(uintptr_t a, uintptr_t b)
{
	return (a > b) - (a < b);
}

/* Both of one chunk, or both NULL. */
static int
compare_nodes(const struct node *a, const struct node *b)
{
	struct origin x, y;
	int order;

	if (a == b)
		return 0;
	x = rrset_origins(node_first(a))[0];
	y = rrset_origins(node_first(b))[0];
	order = compare_numbers(x.line, y.line);
	if (order == 0)
		order = compare_numbers(x.column, y.column);
	if (order == 0)
		order = compare_numbers((uintptr_t)a, (uintptr_t)b);
	return order;
}

int
merge_compare(const void *left, const void *right)
{
	const struct merge_part *a = left, *b = right;
	const struct source_spec *x = &a->source->content->spec;
	const struct source_spec *y = &b->source->content->spec;
	int order = compare_numbers(x->kind, y->kind);

	if (order == 0)
		order = compare_numbers(x->rank, y->rank);
	if (order == 0)
		order = compare_numbers((uintptr_t)a->source,
		    (uintptr_t)b->source);
	if (order == 0)
		order = compare_numbers(a->position, b->position);
	return order != 0 ? order : compare_nodes(a->node, b->node);
}

static bool
is_same_group(const struct merge_part *a, const struct merge_part *b)
{
	return a->source == b->source ||
	    (a->source->content->spec.kind == SOURCE_LEASE &&
	    b->source->content->spec.kind == SOURCE_LEASE);
}

static bool
is_kept(const struct rrset *rrset, unsigned flags)
{
	if (rrset->kind != SOURCE_ZONE)
		return false;
	return (rrset->flags & RRSET_OCCLUDED) ||
	    ((flags & NODE_CUT) &&
	    (rrset->type == TYPE_NS || rrset->type == TYPE_DS));
}

enum group_content {
	GROUP_EMPTY,			/* only what is kept */
	GROUP_DATA,
	GROUP_CNAME,
};

static enum group_content
judge_part(const struct node *node, unsigned flags)
{
	const struct rrset *rrset = node_first(node);
	enum group_content found = GROUP_EMPTY;

	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (!is_kept(rrset, flags)) {
			if (rrset->type == TYPE_CNAME)
				return GROUP_CNAME;
			found = GROUP_DATA;
		}
		rrset = rrset_next(rrset);
	}
	return found;
}

static struct pick *
find_pick(struct merge *merge, uint16_t type, bool kept)
{
	for (unsigned i = 0; i < merge->pick_count; i++) {
		if (merge->picks[i].type == type &&
		    merge->picks[i].kept == kept)
			return &merge->picks[i];
	}
	return NULL;
}

static struct pick *
add_pick(struct merge *merge, const struct pick *pick)
{
	if (merge->pick_count == merge->pick_room) {
		merge->pick_room = merge->pick_room * 2 + 8;
		merge->picks = memory_resize(merge->picks, merge->pick_room,
		    sizeof(merge->picks[0]));
	}
	merge->picks[merge->pick_count] = *pick;
	return &merge->picks[merge->pick_count++];
}

static void
add_piece(struct merge *merge, struct pick *pick, const struct rrset *rrset)
{
	unsigned at = merge->piece_count;

	if (at == merge->piece_room) {
		merge->piece_room = merge->piece_room * 2 + 8;
		merge->pieces = memory_resize(merge->pieces,
		    merge->piece_room, sizeof(merge->pieces[0]));
	}
	merge->pieces[at] = (struct piece){ .rrset = rrset };
	merge->piece_count++;
	if (pick->piece_count++ == 0)
		pick->first_piece = at;
	else
		merge->pieces[pick->last_piece].next = at;
	pick->last_piece = at;
	pick->flags |= rrset->flags;
	pick->record_count += rrset->count;
}

/* What the sources so far leave to the group in work. */
struct ranks {
	unsigned flags;			/* of the zone's nodes */
	unsigned group;
	unsigned first;			/* that holds the name; 0: none yet */
	enum group_content content;	/* of the first */
};

static bool
is_shadowed(struct merge *merge, const struct ranks *ranks,
    const struct rrset *rrset)
{
	const struct pick *pick = find_pick(merge, rrset->type, false);

	if (ranks->first != ranks->group && (ranks->content == GROUP_CNAME ||
	    rrset->type == TYPE_CNAME))
		return true;
	return pick != NULL && pick->group != ranks->group;
}

static void
pick_from(struct merge *merge, const struct node *node,
    const struct ranks *ranks)
{
	const struct rrset *rrset = node_first(node);

	for (unsigned i = 0; i < node->rrset_count; i++) {
		bool kept = is_kept(rrset, ranks->flags);
		struct pick *pick = find_pick(merge, rrset->type, kept);

		if (kept || !is_shadowed(merge, ranks, rrset)) {
			if (pick == NULL)
				pick = add_pick(merge, &(struct pick){
					.type = rrset->type,
					.kind = rrset->kind,
					.kept = kept,
					.group = ranks->group,
				});
			add_piece(merge, pick, rrset);
		}
		rrset = rrset_next(rrset);
	}
}

/* Found as glue is: it makes no name known. */
static void
pick_ds(struct merge *merge, const struct node *node, unsigned group)
{
	const struct rrset *rrset = node_find(node, TYPE_DS);
	struct pick *pick = find_pick(merge, TYPE_DS, true);

	if (pick == NULL)
		pick = add_pick(merge, &(struct pick){
			.type = TYPE_DS,
			.kind = rrset->kind,
			.kept = true,
			.group = group,
		});
	add_piece(merge, pick, rrset);
	pick->flags |= RRSET_OCCLUDED;
}

static void
pick_part(struct merge *merge, const struct merge_part *part,
    const struct ranks *ranks)
{
	if (part->only_ds)
		pick_ds(merge, part->node, ranks->group);
	else
		pick_from(merge, part->node, ranks);
}

static void
pick_group(struct merge *merge, const struct merge_part *parts,
    unsigned count, struct ranks *ranks)
{
	enum group_content content = GROUP_EMPTY;

	ranks->group++;
	for (unsigned i = 0; i < count; i++) {
		enum group_content part = parts[i].only_ds ? GROUP_EMPTY :
		    judge_part(parts[i].node, ranks->flags);

		if (part > content)
			content = part;
	}
	if (ranks->first == 0 && content != GROUP_EMPTY) {
		ranks->first = ranks->group;
		ranks->content = content;
	}
	for (unsigned i = 0; i < count; i++)
		pick_part(merge, &parts[i], ranks);
}

/* The slots that this RRset needs, all free: none for the few records of the
 * usual one. */
static void
prepare_slots(struct merge *merge, const struct pick *pick)
{
	unsigned room;

	merge->slots.room = 0;
	if (pick->piece_count == 1 || pick->record_count <= RDATA_FEW)
		return;
	room = rdata_slots_room(pick->record_count);
	if (room > merge->slot_room) {
		free(merge->slots.at);
		merge->slots.at = memory_alloc(room *
		    sizeof(merge->slots.at[0]));
		merge->slot_room = room;
	}
	memset(merge->slots.at, 0, room * sizeof(merge->slots.at[0]));
	merge->slots.room = room;
}

/* false: it is there already. */
static bool
take_slot(struct merge *merge, const uint8_t *record, uint32_t length)
{
	const struct rdata rdata = {
		.hash = hash_siphash13(&merge->key, record + RECORD_HEAD,
		    length - RECORD_HEAD),
		.bytes = record + RECORD_HEAD,
		.length = (uint16_t)(length - RECORD_HEAD),
	};
	uint16_t *slot = rdata_slots_find(&merge->slots, merge->wire, &rdata);

	if (*slot != 0)
		return false;
	*slot = (uint16_t)(merge->wire_length + 1);
	return true;
}

static bool
has_record(struct merge *merge, const uint8_t *record, uint32_t length)
{
	const uint8_t *at = merge->wire, *end = at + merge->wire_length;

	merge->compared += merge->origin_count;
	while (at < end) {
		uint32_t there = RECORD_HEAD + wire_get16(at + 10);

		if (there == length && memcmp(at + RECORD_HEAD,
		    record + RECORD_HEAD, length - RECORD_HEAD) == 0)
			return true;
		at += there;
	}
	return false;
}

static void
add_record(struct merge *merge, const uint8_t *record, uint32_t length,
    struct origin origin)
{
	if (merge->origin_count == merge->origin_room) {
		merge->origin_room = merge->origin_room * 2 + 64;
		merge->origins = memory_resize(merge->origins,
		    merge->origin_room, sizeof(merge->origins[0]));
	}
	merge->origins[merge->origin_count++] = origin;
	memcpy(merge->wire + merge->wire_length, record, length);
	merge->wire_length += length;
}

static bool
is_new(struct merge *merge, const uint8_t *record, uint32_t length)
{
	if (merge->slots.room > 0)
		return take_slot(merge, record, length);
	return !has_record(merge, record, length);
}

/* Every record once; what would not fit in one answer is left out. */
static void
add_records(struct merge *merge, const struct rrset *rrset)
{
	const uint8_t *record = rrset_wire(rrset);
	/* Those of one piece differ. */
	bool alone = merge->wire_length == 0 && merge->slots.room == 0;

	for (unsigned i = 0; i < rrset->count; i++) {
		uint32_t length = RECORD_HEAD + wire_get16(record + 10);

		if (merge->wire_length + length <= RRSET_MAX &&
		    (alone || is_new(merge, record, length)))
			add_record(merge, record, length,
			    rrset_origins(rrset)[i]);
		record += length;
	}
}

/* One TTL for the RRset (RFC 2181 5.2), the shortest that was given. */
static void
level_ttl(struct merge *merge)
{
	uint8_t *end = merge->wire + merge->wire_length;
	uint32_t ttl = UINT32_MAX;

	for (uint8_t *at = merge->wire; at < end;
	     at += RECORD_HEAD + wire_get16(at + 10)) {
		if (wire_get32(at + TTL_AT) < ttl)
			ttl = wire_get32(at + TTL_AT);
	}
	for (uint8_t *at = merge->wire; at < end;
	     at += RECORD_HEAD + wire_get16(at + 10))
		wire_put32(at + TTL_AT, ttl);
}

static void
put_out(struct merge *merge, const void *bytes, size_t length)
{
	size_t padded = (length + 7) & ~(size_t)7;

	if (merge->out_room - merge->out_count < padded) {
		merge->out_room = 2 * merge->out_room + padded + 1024;
		merge->out = memory_resize(merge->out, merge->out_room, 1);
	}
	memcpy(merge->out + merge->out_count, bytes, length);
	memset(merge->out + merge->out_count + length, 0, padded - length);
	merge->out_count += padded;
}

static int64_t
first_to_end(int64_t a, int64_t b)
{
	if (a == 0 || b == 0)
		return a + b;
	return a < b ? a : b;
}

static void
put_pick(struct merge *merge, const struct pick *pick)
{
	unsigned piece = pick->first_piece;
	int64_t expiry = 0;
	struct rrset rrset = {
		.type = pick->type,
		.flags = pick->flags,
		.kind = pick->kind,
	};

	merge->origin_count = 0;
	merge->wire_length = 0;
	prepare_slots(merge, pick);
	for (unsigned i = 0; i < pick->piece_count; i++) {
		add_records(merge, merge->pieces[piece].rrset);
		expiry = first_to_end(expiry,
		    rrset_expiry(merge->pieces[piece].rrset));
		piece = merge->pieces[piece].next;
	}
	if (pick->piece_count > 1 && pick->type != TYPE_RRSIG)
		level_ttl(merge);
	rrset.count = (uint16_t)merge->origin_count;
	rrset.length = (uint16_t)merge->wire_length;
	put_out(merge, &rrset, sizeof(rrset));
	put_out(merge, merge->origins,
	    merge->origin_count * sizeof(merge->origins[0]));
	if (pick->flags & RRSET_EXPIRES)
		put_out(merge, &expiry, sizeof(expiry));
	put_out(merge, merge->wire, merge->wire_length);
}

static void
describe(const struct merge *merge, struct node *node)
{
	const struct pick *served = NULL;

	for (unsigned i = 0; i < merge->pick_count; i++) {
		const struct pick *pick = &merge->picks[i];

		if (pick->flags & (RRSET_OCCLUDED | RRSET_LOOPBACK |
		    RRSET_LINK_LOCAL | RRSET_EXPIRES))
			node->flags |= NODE_LIMITED;
		if (served == NULL && !pick->kept)
			served = pick;
	}
	if (served == NULL && merge->pick_count > 0)
		served = &merge->picks[0];
	node->kind = served != NULL ? served->kind : SOURCE_NONE;
	node->rrset_count = (uint16_t)merge->pick_count;
}

size_t
merge_parts(struct merge *merge, const struct merge_part *parts,
    unsigned count, struct node *node)
{
	struct ranks ranks = { 0 };

	merge->pick_count = 0;
	merge->piece_count = 0;
	merge->out_count = 0;
	node->flags = NODE_MERGED;
	for (unsigned i = 0; i < count; i++) {
		if (!parts[i].only_ds)
			node->flags |= parts[i].node->flags &
			    (NODE_APEX | NODE_CUT | NODE_DNAME | NODE_SHORT);
	}
	ranks.flags = node->flags;
	for (unsigned i = 0, n; i < count; i += n) {
		n = 1;
		while (i + n < count &&
		    is_same_group(&parts[i], &parts[i + n]))
			n++;
		pick_group(merge, parts + i, n, &ranks);
	}
	for (unsigned i = 0; i < merge->pick_count; i++)
		put_pick(merge, &merge->picks[i]);
	describe(merge, node);
	return merge->out_count;
}

void
merge_write(const struct merge *merge, void *to)
{
	if (merge->out_count > 0)
		memcpy(to, merge->out, merge->out_count);
}

size_t
merge_compared(const struct merge *merge)
{
	return merge->compared + merge->slots.compared;
}
