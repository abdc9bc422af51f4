/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/memory.h"
#include "dns/types.h"
#include "names/lintfirsts.h"
#include "names/lintrule.h"
#include "names/rdataslots.h"

#define RECORD_HEAD 12u			/* before rdata */

/* ---- too-many-records ---- */

/* An RRset of many records, its rdata by their hashes; and of one that is
 * served and has no room for more, what was met in the walk that it has not. */
struct many {
	const struct rrset *served;
	const struct node *node;
	uint32_t source;		/* of the first left out */
	struct origin first;
	uint32_t left_out;
	struct rdata_slots slots;
	uint16_t at[];			/* for them */
};

struct lint_large {
	struct lint_firsts *links;	/* to list's, by `served` */
	struct many **list;
	size_t count;
	size_t room;
};

static uint64_t
hash_served(const struct hash_key *key, const struct rrset *served)
{
	return lint_mix(key, (const uint8_t *)&served, sizeof(served));
}

static uint64_t
hash_of_link(const void *context, uint64_t link)
{
	const struct many *many = (const struct many *)(uintptr_t)link;

	return hash_served(context, many->served);
}

struct lint_large *
lint_large_new(const struct lint_walk *walk)
{
	struct lint_large *large = memory_zeroed(1, sizeof(*large));

	large->links = lint_firsts_new(0, hash_of_link,
	    snapshot_key(walk->names));
	return large;
}

void
lint_large_free(struct lint_large *large)
{
	for (size_t i = 0; i < large->count; i++)
		free(large->list[i]);
	free(large->list);
	lint_firsts_free(large->links);
	free(large);
}

bool
lint_is_full(const struct rrset *served, uint16_t length)
{
	return served->length + RECORD_HEAD + length > RRSET_MAX;
}

/* The slot of this rdata, or the free one where it belongs. */
static uint16_t *
find_slot(const struct lint_walk *walk, struct many *many,
    const uint8_t *rdata, uint16_t length)
{
	uint16_t *slot;

	many->slots.compared = 0;
	slot = rdata_slots_find(&many->slots, rrset_wire(many->served),
	    &(struct rdata){
		.hash = lint_mix(snapshot_key(walk->names), rdata, length),
		.bytes = rdata,
		.length = length,
	    });
	walk->findings->compared += many->slots.compared;
	return slot;
}

static struct many *
make_many(const struct lint_walk *walk, const struct lint_record *record)
{
	const struct rrset *served = record->served;
	const uint8_t *wire = rrset_wire(served), *rdata;
	unsigned room = rdata_slots_room(served->count);
	uint32_t offset = 0;
	struct many *many;
	uint16_t length;

	many = memory_zeroed(1, sizeof(*many) + room * sizeof(many->at[0]));
	many->served = served;
	many->node = record->node;
	many->slots = (struct rdata_slots){ .at = many->at, .room = room };
	for (unsigned i = 0; i < served->count; i++) {
		rdata = rrset_rdata(served, &offset, &length);
		*find_slot(walk, many, rdata, length) =
		    (uint16_t)(rdata - RECORD_HEAD - wire + 1);
	}
	return many;
}

static struct many *
add_many(const struct lint_walk *walk, const struct lint_record *record,
    uint64_t hash)
{
	struct lint_large *large = walk->large;
	struct many *many = make_many(walk, record);

	if (large->count == large->room) {
		large->room = large->room > 0 ? 2 * large->room : 16;
		large->list = memory_resize(large->list, large->room,
		    sizeof(large->list[0]));
	}
	large->list[large->count++] = many;
	lint_firsts_add(large->links, hash, (uintptr_t)many);
	return many;
}

static struct many *
find_many(const struct lint_walk *walk, const struct lint_record *record)
{
	uint64_t hash = hash_served(snapshot_key(walk->names),
	    record->served), link;
	struct lint_firsts_cursor cursor = { 0 };

	while ((link = lint_firsts_next(walk->large->links, hash,
	    &cursor)) != 0) {
		struct many *many = (struct many *)(uintptr_t)link;

		if (many->served == record->served)
			return many;
	}
	return add_many(walk, record, hash);
}

static int
place_of(const struct lint_walk *walk, struct many *many,
    const struct lint_record *record)
{
	unsigned at = *find_slot(walk, many, record->rdata, record->length);

	return at == 0 ? -1 :
	    (int)((at - 1) / (RECORD_HEAD + record->length));
}

int
lint_find_among(const struct lint_walk *walk,
    const struct lint_record *record)
{
	if (record->served->count > RDATA_FEW)
		return place_of(walk, find_many(walk, record), record);
	walk->findings->compared += record->served->count;
	return lint_find_rdata(record->served, record->rdata, record->length);
}

int
lint_find_addr(const struct lint_walk *walk, const struct node *node,
    const struct addr *addr)
{
	struct lint_record record = {
		.node = node,
		.served = node_find(node, addr->family == 4 ? TYPE_A :
		    TYPE_AAAA),
		.rdata = addr->bytes,
		.length = addr->family == 4 ? 4 : 16,
	};

	return record.served == NULL ? -1 : lint_find_among(walk, &record);
}

int
lint_large_find(struct lint_walk *walk, const struct lint_record *record)
{
	struct many *many = find_many(walk, record);
	int at = place_of(walk, many, record);

	if (at >= 0)
		return at;
	/* The first that has a place to be told. */
	if (origin_column(many->first) == 0) {
		many->first = record->origin;
		many->source = walk->source;
	}
	many->left_out++;
	return -1;
}

static void
report(struct lint_walk *walk, const struct many *many)
{
	const struct lint_spot spot = {
		.id = LINT_TOO_MANY_RECORDS,
		.origin = many->first,
		.then = "remove those that are out of date, or give some of "
		    "them a name of their own",
	};
	char name[DNAME_TEXT_MAX], type[TYPE_TEXT];

	if (!lint_wants(walk, LINT_TOO_MANY_RECORDS, many->first))
		return;
	walk->source = many->source;
	lint_report(walk, &spot, "%s has more %s records than one answer can "
	    "carry (%u bytes): %u of them are left out, this one first",
	    dname_print(node_name(many->node), name),
	    type_print(many->served->type, type), RRSET_MAX, many->left_out);
}

void
lint_large_tell(struct lint_walk *walk)
{
	const struct lint_large *large = walk->large;
	uint32_t source = walk->source;

	for (size_t i = 0; i < large->count &&
	     !lint_is_stopped(walk->input); i++)
		if (large->list[i]->left_out > 0)
			report(walk, large->list[i]);
	walk->source = source;
}
