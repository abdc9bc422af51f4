/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/zone.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "names/reverse.h"

/* What stands at an owner, over all chunks. */
enum owner_fact {
	OWNER_NS = 1,
	OWNER_DNAME = 2,
};

/* A node; those of one owner are a list in the order of the file, whose first
 * entry alone is in the table and knows the last. */
struct entry {
	struct node *node;
	uint32_t chunk;			/* place in content->chunks */
	uint32_t hash;
	uint32_t next;			/* 0: none */
	uint32_t last;
	uint8_t facts;			/* of the owner, in the first entry */
	bool first;
};

/* How far ahead of the insertion a slot is fetched. */
#define AHEAD 8

struct slot {
	uint32_t number;		/* of an entry; 0: empty */
	uint32_t hash;
};

/* Open addressing over entries, by number; entry 0 is not used. */
struct owners {
	struct entry *entries;
	uint32_t count;
	struct slot *slots;
	uint32_t mask;
	unsigned facts;			/* anywhere below the apex, and the
					 * apex's DNAME */
};

/* A record in a chunk. */
struct place {
	const struct rrset *rrset;
	uint32_t chunk;
	unsigned record;
};

static struct rrset *
writable(const struct rrset *rrset)
{
	/* The content is still ours; readers' accessors give const. */
	return (struct rrset *)(uintptr_t)rrset;
}

static uint32_t
hash_name(const uint8_t *name)
{
	/* A zone file is the operator's: its names need no secret. */
	static const struct hash_key key = { 0x686f73746c6572, 0x7a6f6e65 };

	return (uint32_t)dname_hash(&key, name);
}

/* The slot of this owner, or the empty one where it belongs. */
static struct slot *
find_slot(const struct owners *owners, uint32_t hash, const uint8_t *name,
    size_t length)
{
	for (uint32_t i = hash;; i++) {
		struct slot *slot = &owners->slots[i & owners->mask];
		const struct node *node;

		if (slot->number == 0)
			return slot;
		if (slot->hash != hash)
			continue;
		node = owners->entries[slot->number].node;
		if (node->name_length == length &&
		    memcmp(node_name(node), name, length) == 0)
			return slot;
	}
}

static const struct entry *
find_owner(const struct owners *owners, const uint8_t *name, size_t length)
{
	const struct slot *slot = find_slot(owners, hash_name(name), name,
	    length);

	return slot->number != 0 ? &owners->entries[slot->number] : NULL;
}

static uint8_t
find_facts(const struct node *node)
{
	const struct rrset *rrset = node_first(node);
	uint8_t facts = 0;

	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (rrset->type == TYPE_NS)
			facts |= OWNER_NS;
		else if (rrset->type == TYPE_DNAME)
			facts |= OWNER_DNAME;
		rrset = rrset_next(rrset);
	}
	return facts;
}

static void
add_entry(struct owners *owners, uint32_t number)
{
	struct entry *entry = &owners->entries[number], *first;
	struct slot *slot = find_slot(owners, entry->hash,
	    node_name(entry->node), entry->node->name_length);

	if (slot->number == 0) {
		*slot = (struct slot){ number, entry->hash };
		entry->first = true;
		entry->last = number;
		return;
	}
	first = &owners->entries[slot->number];
	owners->entries[first->last].next = number;
	first->last = number;
	first->facts |= entry->facts;
}

static void
note_nodes(struct owners *owners, const struct chunk *chunk, uint32_t place)
{
	for (uint32_t i = 0; i < chunk->node_count; i++) {
		struct node *node = chunk_node(chunk, i);

		owners->entries[++owners->count] = (struct entry){
			.node = node,
			.chunk = place,
			.hash = hash_name(node_name(node)),
			.facts = find_facts(node),
		};
	}
}

static void
fill_slots(struct owners *owners)
{
	for (uint32_t i = 1; i <= owners->count; i++) {
		uint32_t ahead = i + AHEAD <= owners->count ? i + AHEAD : i;

		__builtin_prefetch(&owners->slots[owners->entries[ahead].hash &
		    owners->mask]);
		add_entry(owners, i);
	}
}

static bool
is_apex(const struct zone *zone, const struct node *node)
{
	const struct dname *apex = &zone->content->spec.domain;

	return node->name_length == apex->length &&
	    memcmp(node_name(node), apex->wire, apex->length) == 0;
}

static void
init_owners(struct owners *owners, const struct zone *zone)
{
	const struct content *content = zone->content;
	uint32_t nodes = 0, slots = 16;

	for (uint32_t i = 0; i < content->chunk_count; i++)
		nodes += content->chunks[i]->node_count;
	while (slots < nodes * 2)
		slots *= 2;
	*owners = (struct owners){
		.entries = memory_alloc((nodes + 1) * sizeof(struct entry)),
		.slots = memory_zeroed(slots, sizeof(struct slot)),
		.mask = slots - 1,
	};
	for (uint32_t i = 0; i < content->chunk_count; i++)
		note_nodes(owners, content->chunks[i], i);
	fill_slots(owners);
	for (uint32_t i = 1; i <= owners->count; i++) {
		const struct entry *entry = &owners->entries[i];

		if (is_apex(zone, entry->node))
			owners->facts |= entry->facts & OWNER_DNAME;
		else
			owners->facts |= entry->facts;
	}
}

static void
fini_owners(struct owners *owners)
{
	free(owners->entries);
	free(owners->slots);
}

static struct origin
origin_of(const struct place *place)
{
	return rrset_origins(place->rrset)[place->record];
}

/* The line of a place, and the word at its column. */
static struct diag_place
find_place(const struct zone *zone, const struct place *place)
{
	const struct zone_piece *piece = &zone->pieces[place->chunk];
	const struct chunk *chunk = zone->content->chunks[place->chunk];
	struct origin origin = origin_of(place);
	const char *from = piece->from, *to;
	struct diag_place shown = {
		.file = chunk->path,
		.line = chunk->first_line + origin.line,
		.column = origin_column(origin),
		.width = 1,
	};

	for (unsigned i = 0; i < origin.line; i++)
		from = (const char *)memchr(from, '\n',
		    (size_t)(piece->end - from)) + 1;
	to = memchr(from, '\n', (size_t)(piece->end - from));
	if (to == NULL)
		to = piece->end;
	if (to > from && to[-1] == '\r')
		to--;
	shown.text = from;
	shown.text_len = (size_t)(to - from);
	for (const char *p = from + origin_column(origin); p < to &&
	    strchr(" \t();", *p) == NULL; p++)
		shown.width++;
	return shown;
}

static bool
is_before(const struct place *a, const struct place *b)
{
	return a->chunk != b->chunk ? a->chunk < b->chunk :
	    origin_of(a).line < origin_of(b).line;
}

/* Tell of the later of two records; words may hold %s for the owner, then the
 * type and the place of the earlier. */
static void
tell(const struct zone *zone, const struct node *node, const char *words,
    const struct place pair[2])
{
	const struct place *early = &pair[0], *late = &pair[1];
	struct diag_place at, other;
	char owner[DNAME_TEXT_MAX], type[TYPE_TEXT];

	if (is_before(late, early)) {
		early = &pair[1];
		late = &pair[0];
	}
	at = find_place(zone, late);
	other = find_place(zone, early);
	dname_print(node_name(node), owner);
	type_print(early->rrset->type, type);
	if (strcmp(at.file, other.file) == 0)
		diags_add(zone->diags, DIAG_ERROR, &at, NULL,
		    "%s %s (%s at line %u)", owner, words, type, other.line);
	else
		diags_add(zone->diags, DIAG_ERROR, &at, NULL,
		    "%s %s (%s at %s:%u)", owner, words, type, other.file,
		    other.line);
}

/* May it stand beside a CNAME? */
static bool
is_beside_cname(uint16_t type)
{
	return type == TYPE_CNAME || type == TYPE_RRSIG || type == TYPE_NSEC ||
	    type == TYPE_SIG || type == TYPE_KEY || type == TYPE_NXT;
}

/* The first records of an owner that rule others out. */
struct owner {
	struct place cname, dname, ns, other;
};

static void
note_first(struct place *first, const struct place *place)
{
	if (first->rrset == NULL)
		*first = *place;
}

/* CNAME and DNAME are singletons. */
static void
check_single(const struct zone *zone, const struct node *node,
    const struct place *first, const struct place *place)
{
	uint32_t at = 0, first_at = 0;
	uint16_t length, first_length;
	const uint8_t *rdata, *first_rdata;
	struct place pair[2] = { *place, *place };

	pair[1].record = 1;
	if (place->rrset->count > 1) {
		tell(zone, node, place->rrset->type == TYPE_CNAME ?
		    "has a second CNAME" : "has a second DNAME", pair);
		return;
	}
	first_rdata = rrset_rdata(first->rrset, &first_at, &first_length);
	rdata = rrset_rdata(place->rrset, &at, &length);
	if (length == first_length && memcmp(rdata, first_rdata, length) == 0)
		return;
	pair[0] = *first;
	pair[1] = *place;
	tell(zone, node, place->rrset->type == TYPE_CNAME ?
	    "has a second CNAME" : "has a second DNAME", pair);
}

static void
note_rrset(const struct zone *zone, const struct node *node,
    struct owner *owner, const struct place *place)
{
	switch (place->rrset->type) {
	case TYPE_CNAME:
		note_first(&owner->cname, place);
		check_single(zone, node, &owner->cname, place);
		break;
	case TYPE_DNAME:
		note_first(&owner->dname, place);
		check_single(zone, node, &owner->dname, place);
		break;
	case TYPE_NS:
		note_first(&owner->ns, place);
		break;
	default:
		break;
	}
	if (!is_beside_cname(place->rrset->type))
		note_first(&owner->other, place);
}

static void
check_owner(const struct zone *zone, const struct node *node,
    const struct owner *owner)
{
	const struct place *cname = &owner->cname, *dname = &owner->dname;
	bool apex = is_apex(zone, node);

	/* First, because the other data may be the SOA that hostler made. */
	if (cname->rrset != NULL && apex && !zone->content->spec.overlay) {
		struct diag_place at = find_place(zone, cname);

		diags_add(zone->diags, DIAG_ERROR, &at, NULL, "a CNAME cannot "
		    "stand at the apex of a zone, beside its SOA and NS");
	} else if (cname->rrset != NULL && owner->other.rrset != NULL) {
		tell(zone, node, "has a CNAME beside other data",
		    (struct place[]){ *cname, owner->other });
	}
	if (dname->rrset != NULL && owner->ns.rrset != NULL && !apex)
		tell(zone, node, "has a DNAME beside NS records",
		    (struct place[]){ *dname, owner->ns });
}

/* Against the first earlier chunk that has the RRset. */
static void
check_ttl(const struct zone *zone, const struct owners *owners,
    const struct entry *first, const struct entry *entry,
    const struct place *place)
{
	for (; first != entry; first = &owners->entries[first->next]) {
		const struct rrset *rrset = node_first(first->node);

		for (unsigned i = 0; i < first->node->rrset_count; i++) {
			struct place pair[2] = {
				{ rrset, first->chunk, 0 }, *place
			};

			if (rrset->type == place->rrset->type) {
				if (rrset_ttl(rrset) !=
				    rrset_ttl(place->rrset))
					tell(zone, entry->node, "has records "
					    "of one type with different TTLs",
					    pair);
				return;
			}
			rrset = rrset_next(rrset);
		}
	}
}

/* Most owners: one node without a type that rules out others. */
static bool
is_plain(const struct entry *entry)
{
	const struct rrset *rrset = node_first(entry->node);

	return entry->next == 0 && entry->node->rrset_count == 1 &&
	    rrset->type != TYPE_CNAME && rrset->type != TYPE_DNAME;
}

static void
check_entries(const struct zone *zone, const struct owners *owners,
    const struct entry *first)
{
	const struct entry *entry = first;
	struct owner owner;

	memset(&owner, 0, sizeof(owner));
	for (;;) {
		const struct rrset *rrset = node_first(entry->node);

		for (unsigned i = 0; i < entry->node->rrset_count; i++) {
			struct place place = { rrset, entry->chunk, 0 };

			note_rrset(zone, entry->node, &owner, &place);
			if (rrset->type != TYPE_RRSIG)
				check_ttl(zone, owners, first, entry, &place);
			rrset = rrset_next(rrset);
		}
		if (entry->next == 0)
			break;
		entry = &owners->entries[entry->next];
	}
	check_owner(zone, first->node, &owner);
}

/* Is there a cut or a DNAME above this owner? */
static bool
is_below_cut(const struct zone *zone, const struct owners *owners,
    const struct node *node)
{
	const struct dname *apex = &zone->content->spec.domain;
	const uint8_t *name = node_name(node);
	size_t length = node->name_length;

	if (owners->facts == 0)
		return false;
	while (length > apex->length) {
		const struct entry *above;
		unsigned stops = OWNER_DNAME;

		length -= name[0] + 1u;
		name += name[0] + 1u;
		if (length > apex->length)
			stops |= OWNER_NS;
		above = find_owner(owners, name, length);
		if (above != NULL && above->facts & stops)
			return true;
	}
	return false;
}

/* Does an RRset of this type at the cut itself belong to this zone? */
static bool
is_of_parent(uint16_t type)
{
	return type == TYPE_NS || type == TYPE_DS;
}

static void
mark_occluded(struct node *node)
{
	const struct rrset *rrset = node_first(node);

	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (!(node->flags & NODE_CUT) || !is_of_parent(rrset->type)) {
			writable(rrset)->flags |= RRSET_OCCLUDED;
			node->flags |= NODE_LIMITED;
		}
		rrset = rrset_next(rrset);
	}
}

static void
mark_owner(const struct zone *zone, const struct owners *owners,
    const struct entry *first)
{
	bool below = is_below_cut(zone, owners, first->node);
	bool apex = is_apex(zone, first->node);
	const struct entry *entry = first;
	uint8_t flags = 0;

	if (apex)
		flags |= NODE_APEX;
	else if (!below && first->facts & OWNER_NS)
		flags |= NODE_CUT;
	if (!below && first->facts & OWNER_DNAME)
		flags |= NODE_DNAME;
	if (flags == 0 && !below)
		return;
	for (;;) {
		entry->node->flags |= flags;
		if (below || flags & NODE_CUT)
			mark_occluded(entry->node);
		if (entry->next == 0)
			return;
		entry = &owners->entries[entry->next];
	}
}

/* The addresses of one chunk, in the making. */
struct pending {
	struct reverse_pending *list;
	uint32_t count;
	uint32_t room;
};

static void
add_pending(struct pending *pending, uint32_t node, const struct addr *addr)
{
	if (pending->count == pending->room) {
		pending->room = pending->room * 2 + 64;
		pending->list = memory_resize(pending->list, pending->room,
		    sizeof(*pending->list));
	}
	pending->list[pending->count++] = (struct reverse_pending){
		.node = node, .addr = *addr
	};
}

static bool
is_reversed(const struct addr *addr)
{
	return !addr_is_unspecified(addr) && !addr_is_loopback(addr) &&
	    !addr_is_link_local(addr) && !addr_is_multicast(addr);
}

static void
mark_addresses(struct pending *pending, const struct chunk *chunk,
    uint32_t place, struct rrset *rrset)
{
	struct node *node = chunk_node(chunk, place);
	const uint8_t *name = node_name(node);
	bool wanted = !(rrset->flags & RRSET_OCCLUDED) &&
	    !(name[0] == 1 && name[1] == '*');
	uint32_t offset = 0;

	for (unsigned i = 0; i < rrset->count; i++) {
		struct addr addr = { .family = 4 };
		uint16_t length;
		const uint8_t *rdata = rrset_rdata(rrset, &offset, &length);

		if (rrset->type == TYPE_AAAA)
			addr.family = 6;
		memcpy(addr.bytes, rdata, length);
		if (addr_is_link_local(&addr)) {
			rrset->flags |= RRSET_LINK_LOCAL;
			node->flags |= NODE_LIMITED;
		}
		if (wanted && is_reversed(&addr))
			add_pending(pending, place, &addr);
	}
}

static void
mark_chunk(struct pending *pending, struct chunk *chunk)
{
	pending->count = 0;
	for (uint32_t i = 0; i < chunk->node_count; i++) {
		struct node *node = chunk_node(chunk, i);
		const struct rrset *rrset = node_first(node);

		for (unsigned j = 0; j < node->rrset_count; j++) {
			if (rrset->type == TYPE_A || rrset->type == TYPE_AAAA)
				mark_addresses(pending, chunk, i,
				    writable(rrset));
			rrset = rrset_next(rrset);
		}
	}
	reverse_set(chunk, pending->list, pending->count);
}

static bool
check_all(const struct zone *zone, const struct owners *owners)
{
	unsigned before = diags_count(zone->diags, DIAG_ERROR);

	for (uint32_t i = 1; i <= owners->count; i++)
		if (owners->entries[i].first && !is_plain(&owners->entries[i]))
			check_entries(zone, owners, &owners->entries[i]);
	return diags_count(zone->diags, DIAG_ERROR) == before;
}

static void
mark_all(const struct zone *zone, const struct owners *owners)
{
	struct pending pending = { 0 };

	for (uint32_t i = 1; i <= owners->count; i++)
		if (owners->entries[i].first)
			mark_owner(zone, owners, &owners->entries[i]);
	for (uint32_t i = 0; i < zone->content->chunk_count; i++)
		mark_chunk(&pending, zone->content->chunks[i]);
	free(pending.list);
}

bool
zone_settle(const struct zone *zone)
{
	struct owners owners;
	bool good;

	init_owners(&owners, zone);
	good = check_all(zone, &owners);
	if (good)
		mark_all(zone, &owners);
	fini_owners(&owners);
	return good;
}
