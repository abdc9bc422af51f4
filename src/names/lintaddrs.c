/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"
#include "names/lintfirsts.h"
#include "names/lintrule.h"
#include "names/version.h"

/* ---- shared-address ---- */

/* By the links (reverse.h) of those lines that were met first with an address
 * that several have.  Addresses of one line alone never come here. */
struct lint_shared {
	struct lint_firsts *firsts;
};

struct first_line {
	const struct node *node;
	struct origin origin;
};

static uint64_t
hash_of_link(const void *context, uint64_t link)
{
	const struct addr addr = reverse_of(link).addr;

	return lint_addr_hash(context, &addr);
}

struct lint_shared *
lint_shared_new(const struct lint_walk *walk)
{
	struct lint_shared *shared = memory_zeroed(1, sizeof(*shared));

	shared->firsts = lint_firsts_new(lint_shared_count(walk->sieve),
	    hash_of_link, snapshot_key(walk->names));
	return shared;
}

void
lint_shared_free(struct lint_shared *shared)
{
	lint_firsts_free(shared->firsts);
	free(shared);
}

/* Where the node has this address from; false: it has not. */
static bool
find_origin(const struct lint_walk *walk, const struct node *node,
    const struct addr *addr, struct origin *origin)
{
	int at = node == NULL ? -1 : lint_find_addr(walk, node, addr);

	if (at >= 0)
		*origin = rrset_origins(node_find(node,
		    addr->family == 4 ? TYPE_A : TYPE_AAAA))[at];
	return at >= 0;
}

static bool
is_same_line(struct origin a, struct origin b)
{
	return a.chunk == b.chunk && a.line == b.line;
}

/* The same name, or the same short name of two domains: one file for both. */
static bool
is_same_name(const struct node *a, const struct node *b)
{
	const uint8_t *x = node_name(a), *y = node_name(b);

	if (a->name_length == b->name_length &&
	    memcmp(x, y, a->name_length) == 0)
		return true;
	return (a->flags & b->flags & NODE_SHORT) && x[0] == y[0] &&
	    memcmp(x, y, x[0] + 1u) == 0;
}

/* Does the first line have this name too, behind its first? */
static bool
is_alias(struct lint_walk *walk, const struct first_line *first,
    const struct node *node, const struct addr *addr)
{
	const uint8_t *name = node_name(node);
	const struct node *served;
	struct origin origin;

	if (!lint_has_company(walk, lint_name_hash(snapshot_key(walk->names),
	    node)))
		return false;
	walk->findings->looked_up++;
	served = snapshot_find(walk->names,
	    dname_hash(snapshot_key(walk->names), name), name,
	    node->name_length);
	return find_origin(walk, served, addr, &origin) &&
	    is_same_line(origin, first->origin);
}

/* VirtualBox gives the guest of its plain NAT, on its first to eighth card,
 * 10.0.2.15 to 10.0.9.15: each guest the same. */
static bool
is_plain_nat(const struct addr *addr)
{
	const uint8_t *b = addr->bytes;

	return addr->family == 4 && b[0] == 10 && b[1] == 0 && b[2] >= 2 &&
	    b[2] <= 9 && b[3] == 15;
}

static void
report_shared(struct lint_walk *walk, const struct first_line *first,
    const struct addr *addr, struct origin origin)
{
	const struct lint_spot spot = {
		.id = LINT_SHARED_ADDRESS,
		.origin = origin,
		.then = is_plain_nat(addr) ? "VirtualBox's plain NAT gives "
		    "every VM this address, nobody else can reach it: give "
		    "the VM a host-only or bridged card and write that "
		    "address here" :
		    "one of the two lines is out of date, or mistyped; "
		    "several names of one machine belong on one line",
	};
	char text[ADDR_TEXT], name[DNAME_TEXT_MAX], place[LINT_PLACE_TEXT];

	lint_report(walk, &spot, "%s is the address of %s too (%s)",
	    addr_print(addr, text), dname_print(node_name(first->node), name),
	    lint_place(walk, first->origin, place));
}

/* A line that is not the first with its address. */
struct later_line {
	const struct reverse *reverse;
	struct origin origin;
	struct first_line first;
};

/* An address that a prefix of the configuration isolates is in no table. */
static bool
is_listed(const struct lint_walk *walk, uint64_t hash,
    const struct addr_prefix *prefix)
{
	table_slot slot = addr_slot_find(walk->names->addrs, hash, prefix);

	return slot != 0 && table_mark(slot) == ADDR_SET;
}

static void
look_later(struct lint_walk *walk, const struct later_line *later)
{
	const struct reverse *reverse = later->reverse;

	if (!is_alias(walk, &later->first, reverse->node, &reverse->addr) &&
	    lint_wants(walk, LINT_SHARED_ADDRESS, later->origin))
		report_shared(walk, &later->first, &reverse->addr,
		    later->origin);
}

/* The lookups of a window's addresses wait for memory together. */
static void
look_later_lines(struct lint_walk *walk, const struct later_line *list,
    uint32_t count)
{
	const struct table *addrs = walk->names->addrs;
	struct addr_prefix prefix[LINT_WINDOW];
	uint64_t hash[LINT_WINDOW];

	walk->findings->looked_up += count;
	for (uint32_t i = 0; i < count; i++) {
		const struct addr *addr = &list[i].reverse->addr;

		prefix[i] = addr_prefix_of(addr, addr_bits(addr));
		hash[i] = addr_prefix_hash(snapshot_key(walk->names),
		    &prefix[i]);
		table_prefetch(addrs, hash[i]);
	}
	for (uint32_t i = 0; i < count; i++)
		table_prefetch_target(addrs, hash[i]);
	for (uint32_t i = 0; i < count; i++)
		if (is_listed(walk, hash[i], &prefix[i]))
			look_later(walk, &list[i]);
}

static bool
find_first(const struct lint_walk *walk, const struct reverse *reverse,
    uint64_t hash, struct first_line *first)
{
	struct lint_firsts_cursor cursor = { 0 };
	uint64_t link;

	while ((link = lint_firsts_next(walk->shared->firsts, hash,
	    &cursor)) != 0) {
		struct reverse there = reverse_of(link);

		first->node = there.node;
		if (addr_equal(&there.addr, &reverse->addr))
			return find_origin(walk, there.node, &there.addr,
			    &first->origin);
	}
	return false;
}

/* Is it a later line, of another name than the first?  The first is noted. */
static bool
is_later(struct lint_walk *walk, const struct reverse *reverse,
    uint64_t hash, struct later_line *later)
{
	later->reverse = reverse;
	if (!find_origin(walk, reverse->node, &reverse->addr,
	    &later->origin) ||
	    origin_column(later->origin) == 0 ||
	    (later->origin.column & ORIGIN_OK))
		return false;
	if (!find_first(walk, reverse, hash, &later->first)) {
		lint_firsts_add(walk->shared->firsts, hash, reverse->link);
		return false;
	}
	return !is_same_line(later->first.origin, later->origin) &&
	    !is_same_name(later->first.node, reverse->node);
}

static void
prefetch_firsts(const struct lint_walk *walk, const uint64_t *hash,
    uint32_t count)
{
	const struct lint_firsts *firsts = walk->shared->firsts;

	for (uint32_t i = 0; i < count; i++) {
		struct lint_firsts_cursor cursor = { 0 };
		uint64_t link = lint_firsts_next(firsts, hash[i], &cursor);
		const char *there = (const char *)(uintptr_t)(link & ~7ull);

		if (link == 0)
			continue;
		__builtin_prefetch(there);
		__builtin_prefetch(there + 64);
	}
}

static void
look_window(struct lint_walk *walk, const struct reverse *list,
    uint32_t count)
{
	struct later_line later[LINT_WINDOW];
	uint64_t hash[LINT_WINDOW];
	uint32_t at[LINT_WINDOW], shared = 0, found = 0;

	for (uint32_t i = 0; i < count; i++) {
		hash[shared] = lint_addr_hash(snapshot_key(walk->names),
		    &list[i].addr);
		if (!lint_is_shared(walk, hash[shared]))
			continue;
		lint_firsts_prefetch(walk->shared->firsts, hash[shared]);
		at[shared++] = i;
	}
	prefetch_firsts(walk, hash, shared);
	for (uint32_t i = 0; i < shared; i++)
		found += is_later(walk, &list[at[i]], hash[i], &later[found]);
	look_later_lines(walk, later, found);
}

void
lint_shared_look(struct lint_walk *walk, const struct chunk *chunk)
{
	struct reverse_cursor cursor = { 0 };
	struct reverse list[LINT_WINDOW];
	uint32_t count;

	while (!lint_is_stopped(walk->input) &&
	    (count = reverse_walk(chunk, &cursor, list, LINT_WINDOW)) > 0)
		look_window(walk, list, count);
}

/* ---- loopback-name ---- */

static bool
starts_with(const uint8_t *label, const char *word)
{
	size_t length = strlen(word);

	return label[0] >= length && memcmp(label + 1, word, length) == 0;
}

/* The names that hosts files have for loopback itself: localhost4,
 * localhost.localdomain, ip6-loopback. */
static bool
means_loopback(const uint8_t *name)
{
	return starts_with(name, "localhost") || starts_with(name, "ip6-") ||
	    (name[0] == 8 && starts_with(name, "loopback"));
}

static bool
is_own_name(const struct lint_walk *walk, const uint8_t *name)
{
	const struct dname *host = walk->input->host;

	return host != NULL && host->labels > 0 && name[0] == host->wire[0] &&
	    memcmp(name, host->wire, name[0] + 1u) == 0;
}

/* In zones, 127.0.0.2 and its like are how lists of addresses say "listed". */
static bool
is_mistaken(const struct lint_walk *walk, const struct addr *addr)
{
	static const struct addr first = { 4, { 127, 0, 0, 1 } };
	static const struct addr debian = { 4, { 127, 0, 1, 1 } };

	if (!addr_is_loopback(addr))
		return false;
	return walk->content->spec.kind != SOURCE_ZONE || addr->family == 6 ||
	    addr_equal(addr, &first) || addr_equal(addr, &debian);
}

static void
look_loopback(struct lint_walk *walk, const struct node *node,
    const struct addr *addr, struct origin origin)
{
	const uint8_t *name = node_name(node);
	const struct lint_spot spot = {
		.id = LINT_LOOPBACK_NAME,
		.origin = origin,
		.then = "write the address that others reach it by (to block "
		    "a name, 0.0.0.0)",
	};
	char text[ADDR_TEXT], owner[DNAME_TEXT_MAX];

	if (!is_mistaken(walk, addr) || means_loopback(name) ||
	    is_own_name(walk, name) ||
	    !lint_wants(walk, LINT_LOOPBACK_NAME, origin))
		return;
	lint_report(walk, &spot, "%s has the loopback address %s: every "
	    "machine that asks would mean itself", dname_print(name, owner),
	    addr_print(addr, text));
}

/* ---- outside-networks ---- */

static bool
is_special(const struct addr *addr)
{
	static const struct addr broadcast = { 4, { 255, 255, 255, 255 } };

	return addr_is_loopback(addr) || addr_is_link_local(addr) ||
	    addr_is_multicast(addr) || addr_is_unspecified(addr) ||
	    addr_equal(addr, &broadcast);
}

static bool
is_declared(const struct lint_input *input, const struct addr *addr)
{
	for (size_t i = 0; i < input->network_count; i++) {
		if (prefix_contains(&input->networks[i].prefix, addr))
			return true;
	}
	return false;
}

/* "nat, hostonly", cut where there are many. */
static void
list_networks(const struct lint_input *input, char text[160])
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < input->network_count; i++) {
		const char *name = input->networks[i].name;

		/* One network of several prefixes. */
		if (i > 0 && strcmp(name, input->networks[i - 1].name) == 0)
			continue;
		if (length + strlen(name) + 8 > 160) {
			snprintf(text + length, 160 - length, ", ...");
			return;
		}
		length += (size_t)snprintf(text + length, 160 - length,
		    "%s%s", i > 0 ? ", " : "", name);
	}
}

static void
look_network(struct lint_walk *walk, const struct addr *addr,
    struct origin origin)
{
	const struct lint_spot spot = {
		.id = LINT_OUTSIDE_NETWORKS,
		.origin = origin,
		.then = "mend the address, or declare its network in "
		    "`networks`",
	};
	char text[ADDR_TEXT], names[160];

	if (!walk->has_network[addr->family == 6] || is_special(addr) ||
	    is_declared(walk->input, addr) ||
	    !lint_wants(walk, LINT_OUTSIDE_NETWORKS, origin))
		return;
	list_networks(walk->input, names);
	lint_report(walk, &spot, "%s is in none of the declared networks "
	    "(%s)", addr_print(addr, text), names);
}

/* ---- both ---- */

static void
look_rrset(struct lint_walk *walk, const struct node *node,
    const struct rrset *rrset)
{
	uint32_t offset = 0;

	for (unsigned i = 0; i < rrset->count; i++) {
		struct origin origin = rrset_origins(rrset)[i];
		uint16_t length;
		const uint8_t *rdata = rrset_rdata(rrset, &offset, &length);
		struct addr addr = lint_addr(rrset, rdata);

		if (!(rrset->flags & RRSET_OCCLUDED))
			look_network(walk, &addr, origin);
		look_loopback(walk, node, &addr, origin);
	}
}

void
lint_look_addresses(struct lint_walk *walk, const struct lint_owner *owner)
{
	const struct node *node = owner->node;
	const struct rrset *rrset = node_first(node);

	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (rrset->type == TYPE_A || rrset->type == TYPE_AAAA)
			look_rrset(walk, node, rrset);
		rrset = rrset_next(rrset);
	}
}
