/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/areas.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "names/sources.h"

#define RECORD_HEAD 12u
#define TTL_AT 6
#define SOA_TIMES 20			/* five times of four bytes */
#define SHORT_TTL 5			/* in a domain: edits show soon */
#define MADE_ZONE_TTL 60

struct slot {
	uint64_t hash;
	const struct area *area;	/* a zone beats a domain */
	const struct area *zone;
};

struct areas {
	struct area *list;
	bool *made;
	unsigned count;
	struct slot *slots;		/* open addressing, half empty */
	unsigned mask;
	unsigned deepest;		/* labels */
	uint64_t depths[2];		/* which numbers of labels there are */
};

static bool
is_same_name(const struct dname *a, const struct dname *b)
{
	return a->length == b->length && memcmp(a->wire, b->wire,
	    a->length) == 0;
}

static struct area *
find_zone(const struct areas *areas, const struct dname *apex)
{
	for (unsigned i = 0; i < areas->count; i++) {
		if (areas->list[i].kind == AREA_ZONE &&
		    is_same_name(&areas->list[i].apex, apex))
			return &areas->list[i];
	}
	return NULL;
}

static struct area *
add_area(struct areas *areas, enum area_kind kind, const struct dname *apex)
{
	struct area *area = &areas->list[areas->count++];

	area->kind = kind;
	area->labels = apex->labels;
	area->apex = *apex;
	area->soa_owner = *apex;
	return area;
}

static bool
is_in_domain(const struct areas_input *input, const struct dname *apex)
{
	for (size_t i = 0; i < input->count; i++) {
		if (input->configured[i].kind == AREA_DOMAIN &&
		    dname_is_below_or_at(apex->wire,
		    input->configured[i].apex.wire))
			return true;
	}
	return false;
}

/* The SOA as it is, but for the TTL (RFC 2308 5). */
static void
copy_soa(struct area *area, const struct source *source)
{
	const struct rrset *soa = node_find(source->soa, TYPE_SOA);
	uint32_t ttl = rrset_ttl(soa), minimum;
	uint32_t length = RECORD_HEAD + wire_get16(rrset_wire(soa) + 10);

	if (length > sizeof(area->soa))
		return;
	memcpy(area->soa, rrset_wire(soa), length);
	area->soa_length = (uint16_t)length;
	minimum = wire_get32(area->soa + length - 4);
	if (minimum < ttl)
		ttl = minimum;
	if (source->content->soa_made)
		ttl = MADE_ZONE_TTL;
	wire_put32(area->soa + TTL_AT, ttl);
}

static void
cap_soa(struct area *area, uint32_t cap)
{
	if (area->soa_length > 0 && wire_get32(area->soa + TTL_AT) > cap)
		wire_put32(area->soa + TTL_AT, cap);
}

static void
make_soa(struct area *area, uint32_t serial)
{
	static const uint8_t mailbox[] = "\6nobody\7invalid";
	const uint32_t times[] = { serial, 3600, 600, 86400, SHORT_TTL };
	uint8_t *to = area->soa + RECORD_HEAD;

	memcpy(to, area->apex.wire, area->apex.length);
	to += area->apex.length;
	memcpy(to, mailbox, sizeof(mailbox));
	to += sizeof(mailbox);
	for (unsigned i = 0; i < 5; i++, to += 4)
		wire_put32(to, times[i]);
	area->soa_length = (uint16_t)(to - area->soa);
	wire_put16(area->soa, 0xc000 | WIRE_HEADER);
	wire_put16(area->soa + 2, TYPE_SOA);
	wire_put16(area->soa + 4, CLASS_IN);
	wire_put32(area->soa + TTL_AT, SHORT_TTL);
	wire_put16(area->soa + 10,
	    (uint16_t)(area->soa_length - RECORD_HEAD));
}

static void
add_zones(struct areas *areas, const struct areas_input *input)
{
	for (unsigned i = 0; i < input->sources->count; i++) {
		const struct source *source = input->sources->list[i];
		const struct source_spec *spec = &source->content->spec;
		struct area *area;

		if (spec->kind != SOURCE_ZONE ||
		    find_zone(areas, &spec->domain) != NULL)
			continue;
		area = add_area(areas, AREA_ZONE, &spec->domain);
		area->overlay = spec->overlay;
		if (!spec->overlay && source->soa != NULL)
			copy_soa(area, source);
		if (is_in_domain(input, &spec->domain))
			cap_soa(area, SHORT_TTL);
	}
	for (size_t i = 0; i < input->count; i++) {
		const struct index_area *from = &input->configured[i];
		struct area *area;

		if (from->kind != AREA_ZONE ||
		    find_zone(areas, &from->apex) != NULL)
			continue;
		area = add_area(areas, AREA_ZONE, &from->apex);
		area->overlay = from->overlay;
		area->not_ready = from->not_ready;
	}
}

/* The zone whose SOA a domain uses: the deepest that it lies in. */
static const struct area *
find_covering(const struct areas *areas, const struct dname *apex)
{
	const struct area *found = NULL;

	for (unsigned i = 0; i < areas->count; i++) {
		const struct area *area = &areas->list[i];

		if (area->kind == AREA_ZONE &&
		    dname_is_below_or_at(apex->wire, area->apex.wire) &&
		    (found == NULL || area->labels > found->labels))
			found = area;
	}
	return found != NULL && found->soa_length > 0 ? found : NULL;
}

static void
add_domains(struct areas *areas, const struct areas_input *input)
{
	for (size_t i = 0; i < input->count; i++) {
		const struct index_area *from = &input->configured[i];
		const struct area *zone;
		struct area *area;

		if (from->kind != AREA_DOMAIN)
			continue;
		zone = find_covering(areas, &from->apex);
		area = add_area(areas, AREA_DOMAIN, &from->apex);
		area->overlay = from->overlay;
		area->not_ready = from->not_ready;
		if (from->overlay)
			continue;
		if (zone == NULL) {
			make_soa(area, input->serial);
			areas->made[areas->count - 1] = true;
			continue;
		}
		area->soa_owner = zone->apex;
		area->soa_length = zone->soa_length;
		memcpy(area->soa, zone->soa, zone->soa_length);
		cap_soa(area, SHORT_TTL);
	}
}

static void
put_slot(struct areas *areas, const struct hash_key *key,
    const struct area *area)
{
	uint64_t hash = dname_hash(key, area->apex.wire);
	unsigned at = (unsigned)hash & areas->mask;
	struct slot *slot;

	while (areas->slots[at].area != NULL &&
	    !is_same_name(&areas->slots[at].area->apex, &area->apex))
		at = (at + 1) & areas->mask;
	slot = &areas->slots[at];
	slot->hash = hash;
	if (area->kind == AREA_ZONE)
		slot->zone = area;
	if (slot->area == NULL || area->kind == AREA_ZONE)
		slot->area = area;
	areas->depths[area->labels / 64] |= 1ULL << area->labels % 64;
	if (area->labels > areas->deepest)
		areas->deepest = area->labels;
}

struct areas *
areas_new(const struct areas_input *input)
{
	struct areas *areas = memory_zeroed(1, sizeof(*areas));
	size_t most = input->sources->count + input->count, room = 4;

	areas->list = memory_zeroed(most, sizeof(areas->list[0]));
	areas->made = memory_zeroed(most, sizeof(areas->made[0]));
	while (room < 2 * most)
		room *= 2;
	areas->mask = (unsigned)(room - 1);
	areas->slots = memory_zeroed(room, sizeof(areas->slots[0]));
	add_zones(areas, input);
	add_domains(areas, input);
	for (unsigned i = 0; i < areas->count; i++)
		put_slot(areas, input->key, &areas->list[i]);
	return areas;
}

void
areas_free(struct areas *areas)
{
	if (areas == NULL)
		return;
	free(areas->list);
	free(areas->made);
	free(areas->slots);
	free(areas);
}

/* Label by label, as nothing says how long the suffix is. */
static bool
is_apex(const struct dname *apex, const uint8_t *suffix)
{
	const uint8_t *at = apex->wire;

	while (*at == *suffix && memcmp(at, suffix, *at + 1u) == 0) {
		if (*at == 0)
			return true;
		suffix += *at + 1;
		at += *at + 1;
	}
	return false;
}

static const struct slot *
find_slot(const struct areas *areas, const uint8_t *suffix, uint64_t hash)
{
	unsigned at = (unsigned)hash & areas->mask;

	for (; areas->slots[at].area != NULL; at = (at + 1) & areas->mask) {
		if (areas->slots[at].hash == hash &&
		    is_apex(&areas->slots[at].area->apex, suffix))
			return &areas->slots[at];
	}
	return NULL;
}

enum wanted {
	WANT_ANY,
	WANT_ZONE,
};

static const struct area *
find_deepest(const struct areas *areas, const uint8_t *lower,
    unsigned labels, const uint64_t *hash, enum wanted wanted)
{
	const uint8_t *suffix = lower;

	for (unsigned skip = 0; skip <= labels; skip++) {
		unsigned depth = labels - skip;
		const struct slot *slot = NULL;

		if (areas->depths[depth / 64] >> depth % 64 & 1)
			slot = find_slot(areas, suffix, hash[skip]);
		if (slot != NULL && wanted == WANT_ANY)
			return slot->area;
		if (slot != NULL && slot->zone != NULL)
			return slot->zone;
		suffix += suffix[0] + 1;
	}
	return NULL;
}

const struct area *
areas_find(const struct areas *areas, const uint8_t *lower, unsigned labels,
    const uint64_t *hash)
{
	return find_deepest(areas, lower, labels, hash, WANT_ANY);
}

const struct area *
areas_find_zone(const struct areas *areas, const uint8_t *lower,
    unsigned labels, const uint64_t *hash)
{
	return find_deepest(areas, lower, labels, hash, WANT_ZONE);
}

void
areas_find_both(const struct areas *areas, const struct dname_path *path,
    unsigned skip, struct areas_found *found)
{
	unsigned depth = path->labels - skip;

	*found = (struct areas_found){ 0 };
	if (depth > areas->deepest)
		depth = areas->deepest;
	for (; found->zone == NULL && areas->count > 0; depth--) {
		const struct slot *slot = NULL;

		skip = path->labels - depth;
		if (areas->depths[depth / 64] >> depth % 64 & 1)
			slot = find_slot(areas, dname_path_suffix(path, skip),
			    dname_path_hash(path, skip));
		if (slot != NULL && found->area == NULL)
			found->area = slot->area;
		if (slot != NULL)
			found->zone = slot->zone;
		if (depth == 0)
			break;
	}
}

const struct area *
areas_next_made(const struct areas *areas, unsigned *cursor)
{
	while (*cursor < areas->count) {
		unsigned i = (*cursor)++;

		if (areas->made[i])
			return &areas->list[i];
	}
	return NULL;
}
