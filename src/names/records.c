/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/records.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "dns/types.h"
#include "dns/wire.h"

#define NONE UINT32_MAX
#define RECORD_HEAD 12u			/* of a record's wire, before rdata */

/* Everything is kept in growing arrays that outlive a chunk, linked by
 * index: owner -> its RRsets -> their records, each in file order. */
struct owner {
	uint64_t hash;
	size_t name;			/* offset in bytes */
	uint32_t first_rrset;
	uint32_t last_rrset;
	uint16_t rrset_count;
	uint8_t name_length;
	uint8_t labels;
	uint8_t flags;
	uint8_t kind;
};

struct draft {
	uint32_t next;
	uint32_t first_record;
	uint32_t last_record;
	uint32_t ttl;
	uint32_t length;
	uint16_t type;
	uint16_t count;
	uint8_t flags;
	uint8_t kind;
	int64_t expires_s;		/* of the first to end; 0: none does */
};

struct entry {
	size_t rdata;			/* offset in bytes */
	uint32_t next;
	uint32_t ttl;
	uint16_t rdata_length;
	struct origin origin;
};

/* slots: open addressing, index of an owner or NONE; a power of two, at most
 * half full. */
struct records {
	uint8_t *bytes;
	size_t byte_count, byte_room;
	struct owner *owners;
	uint32_t owner_count, owner_room;
	struct draft *drafts;
	uint32_t draft_count, draft_room;
	struct entry *entries;
	uint32_t entry_count, entry_room;
	uint32_t *slots;
	uint32_t slot_count;
	uint32_t last_owner;
};

struct records *
records_new(void)
{
	struct records *records = memory_zeroed(1, sizeof(*records));

	records->slot_count = 64;
	records->slots = memory_alloc(records->slot_count *
	    sizeof(records->slots[0]));
	memset(records->slots, 0xff,
	    records->slot_count * sizeof(records->slots[0]));
	return records;
}

void
records_free(struct records *records)
{
	if (records == NULL)
		return;
	free(records->bytes);
	free(records->owners);
	free(records->drafts);
	free(records->entries);
	free(records->slots);
	free(records);
}

static size_t
keep_bytes(struct records *records, const uint8_t *from, size_t length)
{
	size_t at = records->byte_count;

	if (records->byte_room - at < length) {
		records->byte_room = 2 * records->byte_room + length + 4096;
		records->bytes = memory_resize(records->bytes,
		    records->byte_room, 1);
	}
	if (length > 0)
		memcpy(records->bytes + at, from, length);
	records->byte_count += length;
	return at;
}

/* One more element; the array doubles when it is full. */
static void *
grow(void *array, uint32_t count, uint32_t *room, size_t size)
{
	if (count < *room)
		return array;
	*room = *room > 0 ? 2 * *room : 64;
	return memory_resize(array, *room, size);
}

static uint64_t
hash_owner(const uint8_t *name, size_t length)
{
	/* The names are the operator's own: a fixed key will do. */
	static const struct hash_key key = { 0x7265636f726473, 0x6f776e6572 };

	return hash_siphash13(&key, name, length);
}

static void
put_slot(struct records *records, uint32_t owner)
{
	uint32_t mask = records->slot_count - 1;
	uint32_t at = (uint32_t)records->owners[owner].hash & mask;

	while (records->slots[at] != NONE)
		at = (at + 1) & mask;
	records->slots[at] = owner;
}

static void
widen_slots(struct records *records)
{
	if (2 * records->owner_count < records->slot_count)
		return;
	records->slot_count *= 2;
	records->slots = memory_resize(records->slots, records->slot_count,
	    sizeof(records->slots[0]));
	memset(records->slots, 0xff,
	    records->slot_count * sizeof(records->slots[0]));
	for (uint32_t i = 0; i < records->owner_count; i++)
		put_slot(records, i);
}

static uint32_t
add_owner(struct records *records, const struct record *record,
    uint64_t hash, size_t length)
{
	uint32_t at = records->owner_count;

	records->owners = grow(records->owners, at, &records->owner_room,
	    sizeof(records->owners[0]));
	records->owners[at] = (struct owner){
		.hash = hash,
		.name = keep_bytes(records, record->owner, length),
		.first_rrset = NONE,
		.last_rrset = NONE,
		.name_length = (uint8_t)length,
		.labels = (uint8_t)dname_labels(record->owner),
		.kind = record->kind,
	};
	records->owner_count++;
	put_slot(records, at);
	widen_slots(records);
	return at;
}

/* Records of one owner mostly stand together. */
static bool
is_last_owner(const struct records *records, const uint8_t *name,
    size_t length)
{
	const struct owner *owner;

	if (records->last_owner >= records->owner_count)
		return false;
	owner = &records->owners[records->last_owner];
	return owner->name_length == length &&
	    memcmp(records->bytes + owner->name, name, length) == 0;
}

static uint32_t
find_owner(struct records *records, const struct record *record)
{
	size_t length = dname_length(record->owner);
	uint32_t mask = records->slot_count - 1;
	uint32_t at;
	uint64_t hash;

	if (is_last_owner(records, record->owner, length))
		return records->last_owner;
	hash = hash_owner(record->owner, length);
	at = (uint32_t)hash & mask;

	for (; records->slots[at] != NONE; at = (at + 1) & mask) {
		const struct owner *owner =
		    &records->owners[records->slots[at]];

		if (owner->hash == hash && owner->name_length == length &&
		    memcmp(records->bytes + owner->name, record->owner,
		    length) == 0)
			return records->slots[at];
	}
	return add_owner(records, record, hash, length);
}

static uint32_t
add_draft(struct records *records, struct owner *owner,
    const struct record *record)
{
	uint32_t at = records->draft_count;

	records->drafts = grow(records->drafts, at, &records->draft_room,
	    sizeof(records->drafts[0]));
	records->drafts[at] = (struct draft){
		.next = NONE,
		.first_record = NONE,
		.last_record = NONE,
		.ttl = record->ttl,
		.type = record->type,
		.kind = record->kind,
	};
	records->draft_count++;
	if (owner->last_rrset == NONE)
		owner->first_rrset = at;
	else
		records->drafts[owner->last_rrset].next = at;
	owner->last_rrset = at;
	owner->rrset_count++;
	return at;
}

static uint32_t
find_draft(struct records *records, struct owner *owner,
    const struct record *record)
{
	uint32_t at = owner->first_rrset;

	while (at != NONE && records->drafts[at].type != record->type)
		at = records->drafts[at].next;
	return at != NONE ? at : add_draft(records, owner, record);
}

static const struct entry *
find_entry(const struct records *records, const struct draft *draft,
    const struct record *record)
{
	uint32_t at = draft->first_record;

	for (; at != NONE; at = records->entries[at].next) {
		const struct entry *entry = &records->entries[at];

		if (entry->rdata_length == record->rdata_length &&
		    memcmp(records->bytes + entry->rdata, record->rdata,
		    record->rdata_length) == 0)
			return entry;
	}
	return NULL;
}

static void
add_entry(struct records *records, struct draft *draft,
    const struct record *record)
{
	uint32_t at = records->entry_count;

	records->entries = grow(records->entries, at, &records->entry_room,
	    sizeof(records->entries[0]));
	records->entries[at] = (struct entry){
		.rdata = keep_bytes(records, record->rdata,
		    record->rdata_length),
		.next = NONE,
		.ttl = record->ttl,
		.rdata_length = record->rdata_length,
		.origin = record->origin,
	};
	records->entry_count++;
	if (draft->last_record == NONE)
		draft->first_record = at;
	else
		records->entries[draft->last_record].next = at;
	draft->last_record = at;
	draft->count++;
	draft->length += RECORD_HEAD + record->rdata_length;
	draft->flags |= record->rrset_flags;
	if (record->expires_s != 0) {
		if (draft->expires_s == 0 ||
		    record->expires_s < draft->expires_s)
			draft->expires_s = record->expires_s;
		draft->flags |= RRSET_EXPIRES;
	}
}

enum records_result
records_add(struct records *records, const struct record *record,
    struct origin *first)
{
	const struct entry *same;
	struct draft *draft;
	uint32_t at;

	if (RECORD_HEAD + record->rdata_length > RRSET_MAX)
		return RECORDS_TOO_LARGE;
	records->last_owner = find_owner(records, record);
	records->owners[records->last_owner].flags |= record->node_flags;
	at = find_draft(records, &records->owners[records->last_owner],
	    record);
	draft = &records->drafts[at];
	if (draft->count > 0)
		*first = records->entries[draft->first_record].origin;
	/* Signatures have the TTL of what they sign (RFC 4034 3). */
	if (draft->ttl != record->ttl && record->type != TYPE_RRSIG) {
		if (record->kind != SOURCE_HOSTS)
			return RECORDS_TTL_DIFFERS;
		if (record->ttl < draft->ttl)
			draft->ttl = record->ttl;
	}
	same = find_entry(records, draft, record);
	if (same != NULL) {
		*first = same->origin;
		return RECORDS_SAME;
	}
	if (draft->length + RECORD_HEAD + record->rdata_length > RRSET_MAX)
		return RECORDS_TOO_LARGE;
	add_entry(records, draft, record);
	return RECORDS_OK;
}

uint32_t
records_last_node(const struct records *records)
{
	return records->last_owner;
}

static size_t
pad8(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

static size_t
node_size(const struct records *records, const struct owner *owner)
{
	size_t size = sizeof(struct node) + pad8(owner->name_length);

	for (uint32_t at = owner->first_rrset; at != NONE;
	     at = records->drafts[at].next) {
		const struct draft *draft = &records->drafts[at];

		size += sizeof(struct rrset) +
		    draft->count * sizeof(struct origin) +
		    (draft->expires_s != 0 ? sizeof(int64_t) : 0) +
		    pad8(draft->length);
	}
	return size;
}

/* Write the records of one RRset behind its header; returns what is behind
 * them, where the next RRset goes. */
static uint8_t *
write_records(const struct records *records, const struct draft *draft,
    uint8_t *to)
{
	struct origin *origin = (struct origin *)to;
	uint8_t *wire = (uint8_t *)(origin + draft->count);
	size_t pad = pad8(draft->length) - draft->length;

	if (draft->expires_s != 0) {
		memcpy(wire, &draft->expires_s, sizeof(int64_t));
		wire += sizeof(int64_t);
	}
	for (uint32_t at = draft->first_record; at != NONE;
	     at = records->entries[at].next) {
		const struct entry *entry = &records->entries[at];

		*origin++ = entry->origin;
		wire_put16(wire, 0xc000 | WIRE_HEADER);
		wire_put16(wire + 2, draft->type);
		wire_put16(wire + 4, CLASS_IN);
		wire_put32(wire + 6, draft->kind == SOURCE_HOSTS ?
		    draft->ttl : entry->ttl);
		wire_put16(wire + 10, entry->rdata_length);
		memcpy(wire + RECORD_HEAD, records->bytes + entry->rdata,
		    entry->rdata_length);
		wire += RECORD_HEAD + entry->rdata_length;
	}
	memset(wire, 0, pad);
	return wire + pad;
}

/* Returns the bytes that it takes. */
static size_t
write_node(const struct records *records, const struct owner *owner,
    struct node *node)
{
	uint8_t *to = (uint8_t *)(node + 1);
	size_t name_room = pad8(owner->name_length);

	*node = (struct node){
		.name_length = owner->name_length,
		.labels = owner->labels,
		.flags = owner->flags,
		.kind = owner->kind,
		.rrset_count = owner->rrset_count,
	};
	memset(to, 0, name_room);
	memcpy(to, records->bytes + owner->name, owner->name_length);
	to += name_room;
	for (uint32_t at = owner->first_rrset; at != NONE;
	     at = records->drafts[at].next) {
		const struct draft *draft = &records->drafts[at];

		*(struct rrset *)to = (struct rrset){
			.type = draft->type,
			.count = draft->count,
			.length = (uint16_t)draft->length,
			.flags = draft->flags,
			.kind = draft->kind,
		};
		if (draft->flags & (RRSET_OCCLUDED | RRSET_LOOPBACK |
		    RRSET_LINK_LOCAL | RRSET_EXPIRES))
			node->flags |= NODE_LIMITED;
		to = write_records(records, draft, to + sizeof(struct rrset));
	}
	return (size_t)(to - (uint8_t *)node);
}

/* Nodes stand one behind the other in one block of just their size. */
static void
place_nodes(const struct records *records, struct chunk *chunk)
{
	uint32_t count = records->owner_count;
	size_t places = pad8(count * sizeof(chunk->node_at[0])), size = 0;
	uint8_t *block;

	for (uint32_t i = 0; i < count; i++)
		size += node_size(records, &records->owners[i]);
	block = arena_alloc(chunk->arena, places + size);
	chunk->node_at = (uint32_t *)block;
	chunk->nodes = (struct node *)(block + places);
}

void
records_finish(struct records *records, struct chunk *chunk)
{
	size_t at = 0;

	chunk->node_count = records->owner_count;
	chunk->record_count = records->entry_count;
	chunk->short_count = 0;
	place_nodes(records, chunk);
	for (uint32_t i = 0; i < records->owner_count; i++) {
		chunk->node_at[i] = (uint32_t)(at / sizeof(uint64_t));
		at += write_node(records, &records->owners[i],
		    chunk_node(chunk, i));
		chunk->short_count +=
		    (chunk_node(chunk, i)->flags & NODE_SHORT) != 0;
	}
	records->byte_count = 0;
	records->owner_count = 0;
	records->draft_count = 0;
	records->entry_count = 0;
	memset(records->slots, 0xff,
	    records->slot_count * sizeof(records->slots[0]));
}
