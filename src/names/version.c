/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/snapshot.h"

#include "dns/types.h"
#include "names/version.h"

const struct hash_key *
snapshot_key(const struct snapshot *snapshot)
{
	return &snapshot->key;
}

uint32_t
snapshot_serial(const struct snapshot *snapshot)
{
	return snapshot->serial;
}

const struct node *
snapshot_find(const struct snapshot *snapshot, uint64_t hash,
    const uint8_t *lower, unsigned length)
{
	return table_pointer(name_slot_find(snapshot->names, hash, lower,
	    length));
}

void
snapshot_prefetch(const struct snapshot *snapshot, uint64_t hash)
{
	table_prefetch(snapshot->names, hash);
}

uint64_t
snapshot_prefetch_node(const struct snapshot *snapshot, uint64_t hash)
{
	return table_prefetch_target(snapshot->names, hash);
}

/* Another name may have the same tag. */
const struct node *
snapshot_find_seen(const struct snapshot *snapshot, uint64_t seen,
    uint64_t hash, const uint8_t *lower, unsigned length)
{
	if (seen == 0 || name_slot_fits(seen, lower, length))
		return table_pointer(seen);
	return snapshot_find(snapshot, hash, lower, length);
}

const struct area *
snapshot_area(const struct snapshot *snapshot, const uint8_t *lower,
    unsigned labels, const uint64_t *hash)
{
	return areas_find(snapshot->areas, lower, labels, hash);
}

const struct area *
snapshot_zone(const struct snapshot *snapshot, const uint8_t *lower,
    unsigned labels, const uint64_t *hash)
{
	return areas_find_zone(snapshot->areas, lower, labels, hash);
}

void
snapshot_areas(const struct snapshot *snapshot,
    const struct dname_path *path, unsigned skip, struct areas_found *found)
{
	areas_find_both(snapshot->areas, path, skip, found);
}

static table_slot
find_prefix(const struct snapshot *snapshot, const struct addr *addr,
    unsigned bits)
{
	struct addr_prefix prefix = addr_prefix_of(addr, bits);

	return addr_slot_find(snapshot->addrs,
	    addr_prefix_hash(&snapshot->key, &prefix), &prefix);
}

const struct node *
snapshot_reverse(const struct snapshot *snapshot, const struct addr *addr,
    uint32_t *ttl)
{
	table_slot slot = find_prefix(snapshot, addr, addr_bits(addr));
	const struct addr_set *set = table_pointer(slot);
	const struct node *node;
	const struct rrset *rrset;

	if (slot == 0)
		return NULL;
	node = table_mark(slot) == ADDR_SET ? set->winner :
	    reverse_of(table_link(slot)).node;
	rrset = node_find(node, addr->family == 4 ? TYPE_A : TYPE_AAAA);
	*ttl = rrset != NULL ? rrset_ttl(rrset) : 0;
	return node;
}

/* bits ends in the middle of a byte: all that the rest of it can be. */
static bool
has_some_below(const struct snapshot *snapshot, const struct addr *addr,
    unsigned bits)
{
	unsigned free_bits = 8 - bits % 8, byte = bits / 8;
	struct addr whole = *addr;

	for (unsigned i = 0; i < 1u << free_bits; i++) {
		whole.bytes[byte] = (uint8_t)((addr->bytes[byte] >>
		    free_bits << free_bits) | i);
		if (find_prefix(snapshot, &whole, (byte + 1) * 8) != 0)
			return true;
	}
	return false;
}

bool
snapshot_reverse_below(const struct snapshot *snapshot,
    const struct addr *addr, unsigned bits)
{
	if (bits == 0)
		return snapshot->known[addr->family == 6] > 0;
	if (bits % 8 != 0)
		return has_some_below(snapshot, addr, bits);
	return find_prefix(snapshot, addr, bits) != 0;
}

struct walk {
	void (*visit)(void *context, const struct node *node);
	void *context;
};

static void
visit_slot(void *context, table_slot slot)
{
	const struct walk *walk = context;
	const struct node *node = table_pointer(slot);

	if (!(table_mark(slot) & NAME_BARE) && node->rrset_count > 0)
		walk->visit(walk->context, node);
}

void
snapshot_visit(const struct snapshot *snapshot,
    void (*visit)(void *context, const struct node *node), void *context)
{
	struct walk walk = { visit, context };

	table_visit(snapshot->names, visit_slot, &walk);
}

struct snapshot_place
snapshot_place(const struct snapshot *snapshot, struct origin origin)
{
	const struct place_entry *entry;
	struct snapshot_place place = {
		.path = "", .column = origin_column(origin),
	};

	if (origin.chunk >= snapshot->place_count)
		return place;
	entry = &snapshot->places[origin.chunk];
	if (entry->path != NULL)
		place.path = entry->path;
	if (entry->path != NULL)
		place.line = entry->first_line + origin.line;
	return place;
}
