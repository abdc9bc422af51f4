/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/lintrule.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"

static const char *const id_names[LINT_COUNT] = {
	[LINT_PUBLIC_DOMAIN] = "public-domain",
	[LINT_DOT_LOCAL] = "dot-local",
	[LINT_SHARED_ADDRESS] = "shared-address",
	[LINT_LOOPBACK_NAME] = "loopback-name",
	[LINT_OUTSIDE_NETWORKS] = "outside-networks",
	[LINT_DOUBLED_ORIGIN] = "doubled-origin",
	[LINT_DANGLING_CNAME] = "dangling-cname",
	[LINT_OTHER_ADDRESSES] = "other-addresses",
	[LINT_SHADOWED] = "shadowed",
	[LINT_PTR_DISAGREES] = "ptr-disagrees",
	[LINT_BELOW_CUT] = "below-cut",
	[LINT_OCCLUDED] = "occluded",
	[LINT_TOO_MANY_RECORDS] = "too-many-records",
};

const char *
lint_id_name(enum lint_id id)
{
	return id_names[id];
}

static bool
parse_id(enum lint_id *id, const char *name)
{
	for (unsigned i = 0; i < LINT_COUNT; i++) {
		if (strcmp(id_names[i], name) == 0) {
			*id = (enum lint_id)i;
			return true;
		}
	}
	return false;
}

/* ---- findings ---- */

void
lint_findings_fini(struct lint_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->list[i].path);
		free(findings->list[i].text);
		free(findings->list[i].then);
	}
	free(findings->list);
	*findings = (struct lint_findings){ 0 };
}

static bool
has_room(struct lint_walk *walk, enum lint_id id)
{
	struct lint_findings *findings = walk->findings;

	if (findings->kept[id] < LINT_KEPT_EACH &&
	    findings->count < LINT_KEPT_MAX)
		return true;
	findings->more[id]++;
	return false;
}

bool
lint_wants(struct lint_walk *walk, enum lint_id id, struct origin origin)
{
	if (walk->off[id] || (origin.column & ORIGIN_OK) ||
	    origin_column(origin) == 0)
		return false;
	return has_room(walk, id);
}

static bool
is_same_place(const struct lint_finding *a, const struct lint_finding *b)
{
	return a->id == b->id && a->line == b->line &&
	    a->column == b->column && strcmp(a->path, b->path) == 0 &&
	    strcmp(a->text, b->text) == 0;
}

/* Two views that have a file in common find the same. */
static bool
is_known(const struct lint_findings *findings,
    const struct lint_finding *finding)
{
	for (size_t i = 0; i < findings->count; i++) {
		if (is_same_place(&findings->list[i], finding))
			return true;
	}
	return false;
}

/* Takes the strings of finding. */
static void
keep(struct lint_findings *findings, const struct lint_finding *finding)
{
	if (is_known(findings, finding)) {
		free(finding->path);
		free(finding->text);
		free(finding->then);
		return;
	}
	if (findings->count == findings->room) {
		findings->room = findings->room > 0 ? 2 * findings->room : 16;
		findings->list = memory_resize(findings->list, findings->room,
		    sizeof(findings->list[0]));
	}
	findings->list[findings->count++] = *finding;
	findings->kept[finding->id]++;
}

void
lint_report(struct lint_walk *walk, const struct lint_spot *spot,
    const char *fmt, ...)
{
	struct snapshot_place place = snapshot_place(walk->names,
	    spot->origin);
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = memory_string(lint_id_name(spot->id));
	va_end(args);
	keep(walk->findings, &(struct lint_finding){
		.id = spot->id,
		.source = walk->source,
		.path = memory_string(place.path),
		.line = place.line,
		.column = place.column,
		.text = text,
		.then = memory_string(spot->then),
	});
}

void
lint_report_domain(struct lint_walk *walk, enum lint_id id,
    const struct lint_domain *domain, const char *text, const char *then)
{
	if (walk->off[id] || !has_room(walk, id))
		return;
	keep(walk->findings, &(struct lint_finding){
		.id = id,
		.path = memory_string(domain->path ? domain->path :
		    "options"),
		.line = domain->path ? domain->line : 0,
		.column = domain->path ? domain->column : 0,
		.text = memory_string(text),
		.then = memory_string(then),
	});
}

static int
compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int
compare_findings(const void *left, const void *right)
{
	const struct lint_finding *a = left, *b = right;
	int order = compare_numbers(a->source, b->source);

	if (order == 0)
		order = strcmp(a->path, b->path);
	if (order == 0)
		order = compare_numbers(a->line, b->line);
	if (order == 0)
		order = compare_numbers(a->column, b->column);
	if (order == 0)
		order = compare_numbers(a->id, b->id);
	return order != 0 ? order : strcmp(a->text, b->text);
}

/* ---- what the themes share ---- */

char *
lint_place(const struct lint_walk *walk, struct origin origin,
    char text[LINT_PLACE_TEXT])
{
	struct snapshot_place place = snapshot_place(walk->names, origin);

	if (place.line == 0)
		snprintf(text, LINT_PLACE_TEXT, "%s",
		    *place.path ? place.path : "hostler itself");
	else
		snprintf(text, LINT_PLACE_TEXT, "%s:%u", place.path,
		    place.line);
	return text;
}

struct addr
lint_addr(const struct rrset *rrset, const uint8_t *rdata)
{
	struct addr addr = { .family = rrset->type == TYPE_A ? 4 : 6 };

	memcpy(addr.bytes, rdata, addr.family == 4 ? 4 : 16);
	return addr;
}

#define RECORD_HEAD 12u			/* before rdata */

/* Addresses are all of one length; there may be thousands. */
static int
find_address(const struct rrset *rrset, const uint8_t *rdata, uint16_t length)
{
	const uint8_t *there = rrset_wire(rrset) + RECORD_HEAD;

	for (unsigned i = 0; i < rrset->count; i++) {
		if (memcmp(there, rdata, length) == 0)
			return (int)i;
		there += RECORD_HEAD + length;
	}
	return -1;
}

int
lint_find_rdata(const struct rrset *rrset, const uint8_t *rdata,
    uint16_t length)
{
	uint32_t offset = 0;

	if (rrset->type == TYPE_A && length == 4)
		return find_address(rrset, rdata, 4);
	if (rrset->type == TYPE_AAAA && length == 16)
		return find_address(rrset, rdata, 16);
	for (unsigned i = 0; i < rrset->count; i++) {
		uint16_t there_length;
		const uint8_t *there = rrset_rdata(rrset, &offset,
		    &there_length);

		if (there_length == length &&
		    memcmp(there, rdata, length) == 0)
			return (int)i;
	}
	return -1;
}

/* A name and the hashes of all its suffixes. */
struct suffixes {
	const uint8_t *name;
	unsigned length;
	unsigned labels;
	uint64_t hash[DNAME_LABELS_MAX + 1];
};

static const struct node *
find_suffix(const struct lint_walk *walk, const struct suffixes *s,
    unsigned skip)
{
	const uint8_t *name = dname_skip(s->name, skip);

	return snapshot_find(walk->names, s->hash[skip], name,
	    s->length - (unsigned)(name - s->name));
}

static bool
has_wildcard(const struct lint_walk *walk, const struct node *closest)
{
	struct dname wildcard;

	if (!dname_prepend(&wildcard, (const uint8_t *)"*", 1,
	    node_name(closest)))
		return false;
	return snapshot_find(walk->names, dname_hash(snapshot_key(walk->names),
	    wildcard.wire), wildcard.wire, wildcard.length) != NULL;
}

/* From the name upwards: the first that is known is the closest encloser,
 * whose wildcard counts; a delegation anywhere above leads elsewhere. */
static enum lint_known
judge_above(const struct lint_walk *walk, const struct suffixes *s,
    const struct area *area)
{
	bool met = false;

	for (unsigned i = 1; i <= s->labels - area->labels; i++) {
		const struct node *node = find_suffix(walk, s, i);

		if (node == NULL)
			continue;
		if (node->flags & (NODE_CUT | NODE_DNAME))
			return LINT_COVERED;
		if (!met && has_wildcard(walk, node))
			return LINT_COVERED;
		met = true;
	}
	return LINT_MISSING;
}

enum lint_known
lint_look_up(const struct lint_walk *walk, const uint8_t *lower,
    const struct node **node)
{
	struct suffixes s = { .name = lower };
	const struct area *area;

	s.labels = dname_hash_suffixes(snapshot_key(walk->names), lower,
	    s.hash);
	s.length = (unsigned)dname_length(lower);
	area = snapshot_area(walk->names, lower, s.labels, s.hash);
	*node = find_suffix(walk, &s, 0);
	if (*node != NULL && (area != NULL || (*node)->rrset_count > 0))
		return LINT_KNOWN;
	if (area == NULL)
		return LINT_OUTSIDE;
	if (area->overlay || area->not_ready)
		return LINT_COVERED;
	return judge_above(walk, &s, area);
}

/* ---- the walk ---- */

bool
lint_is_stopped(const struct lint_input *input)
{
	const atomic_bool *stop = input->stop;

	return stop != NULL &&
	    atomic_load_explicit(stop, memory_order_relaxed);
}

static void
look_at(struct lint_walk *walk, const struct lint_owner *owner)
{
	lint_look_name(walk, owner);
	lint_look_addresses(walk, owner);
	lint_look_cuts(walk, owner);
	lint_look_links(walk, owner);
	if (owner->served != owner->node)
		lint_look_ranks(walk, owner);
}

static void
walk_chunk(struct lint_walk *walk, const struct chunk *chunk)
{
	for (uint32_t i = 0; i < chunk->node_count &&
	     !lint_is_stopped(walk->input); i += LINT_WINDOW) {
		struct lint_owner owners[LINT_WINDOW];
		uint32_t count = 0;

		while (count < LINT_WINDOW && i + count < chunk->node_count) {
			owners[count].node = chunk_node(chunk, i + count);
			count++;
		}
		lint_find_served(walk, owners, count);
		for (uint32_t k = 0; k < count; k++)
			look_at(walk, &owners[k]);
	}
	if (walk->content->spec.kind != SOURCE_ZONE &&
	    !walk->off[LINT_SHARED_ADDRESS])
		lint_shared_look(walk, chunk);
}

static void
walk_content(struct lint_walk *walk, const struct content *content)
{
	walk->content = content;
	walk->source = ++walk->findings->sources;
	walk->told_local = false;
	for (uint32_t i = 0; i < content->chunk_count; i++) {
		if (lint_is_stopped(walk->input))
			return;
		walk_chunk(walk, content->chunks[i]);
	}
}

static void
switch_off(struct lint_walk *walk)
{
	const struct lint_input *input = walk->input;
	enum lint_id id;

	for (size_t i = 0; i < input->off_count; i++) {
		if (parse_id(&id, input->off[i]))
			walk->off[id] = true;
	}
}

void
lint_run(const struct lint_input *input, struct lint_findings *findings)
{
	struct lint_walk walk = {
		.input = input,
		.names = input->names,
		.findings = findings,
		.cuts = lint_cuts_new(input),
		.sieve = lint_sieve_new(input),
	};

	for (size_t i = 0; i < input->content_count; i++)
		walk.zones += input->contents[i]->spec.kind == SOURCE_ZONE;
	walk.served = lint_served_new(&walk);
	walk.shared = lint_shared_new(&walk);
	walk.large = lint_large_new(&walk);
	switch_off(&walk);
	for (size_t i = 0; i < input->network_count; i++)
		walk.has_network[input->networks[i].prefix.addr.family == 6] =
		    true;
	lint_look_domains(&walk);
	for (size_t i = 0; i < input->content_count; i++)
		walk_content(&walk, input->contents[i]);
	lint_large_tell(&walk);
	lint_large_free(walk.large);
	lint_cuts_free(walk.cuts);
	lint_shared_free(walk.shared);
	lint_served_free(walk.served);
	lint_sieve_free(walk.sieve);
	if (findings->count > 1)
		qsort(findings->list, findings->count,
		    sizeof(findings->list[0]), compare_findings);
}
