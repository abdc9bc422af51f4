/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "dns/types.h"
#include "names/lintrule.h"

/* ---- dangling-cname ---- */

static void
look_cname(struct lint_walk *walk, const struct dname *target,
    struct origin origin)
{
	const struct lint_spot spot = {
		.id = LINT_DANGLING_CNAME,
		.origin = origin,
		.then = "add that name, or mend the target (without a final "
		    "dot it is taken below the origin)",
	};
	const struct node *node;
	char name[DNAME_TEXT_MAX];

	if (lint_is_doubled(walk, target->wire) ||
	    lint_look_up(walk, target->wire, &node) != LINT_MISSING ||
	    !lint_wants(walk, LINT_DANGLING_CNAME, origin))
		return;
	lint_report(walk, &spot, "the CNAME's target %s does not exist",
	    dname_print(target->wire, name));
}

/* ---- ptr-disagrees ---- */

struct pointer {
	struct addr addr;
	const struct dname *target;
	struct origin origin;
};

static void
report_forgotten_dot(struct lint_walk *walk, const struct pointer *ptr)
{
	const struct lint_spot spot = {
		.id = LINT_PTR_DISAGREES,
		.origin = ptr->origin,
		.then = "end the target with a dot",
	};
	char name[DNAME_TEXT_MAX];

	lint_report(walk, &spot, "the PTR's target %s lies among the reverse "
	    "names: a final dot was forgotten",
	    dname_print(ptr->target->wire, name));
}

static void
report_no_address(struct lint_walk *walk, const struct pointer *ptr)
{
	const struct lint_spot spot = {
		.id = LINT_PTR_DISAGREES,
		.origin = ptr->origin,
		.then = "mend the PTR or the name's address; without the PTR "
		    "hostler makes one by itself",
	};
	char name[DNAME_TEXT_MAX], addr[ADDR_TEXT];

	lint_report(walk, &spot, "the PTR's target %s does not have the "
	    "address %s", dname_print(ptr->target->wire, name),
	    addr_print(&ptr->addr, addr));
}

static void
report_derived(struct lint_walk *walk, const struct pointer *ptr,
    const struct node *derived)
{
	const struct lint_spot spot = {
		.id = LINT_PTR_DISAGREES,
		.origin = ptr->origin,
		.then = "the PTR is what is served; mend it, or take it out "
		    "and hostler makes one by itself",
	};
	char name[DNAME_TEXT_MAX], other[DNAME_TEXT_MAX], addr[ADDR_TEXT];

	lint_report(walk, &spot, "the PTR says %s, but %s is the address of "
	    "%s", dname_print(ptr->target->wire, name),
	    addr_print(&ptr->addr, addr),
	    dname_print(node_name(derived), other));
}

static bool
is_reverse_name(const uint8_t *lower)
{
	struct addr addr;
	unsigned bits;

	/* In front of a reverse name there may be labels of any kind. */
	for (unsigned labels = dname_labels(lower); labels >= 2; labels--) {
		if (dname_to_addr(lower, &addr, &bits))
			return true;
		lower = dname_skip(lower, 1);
	}
	return false;
}

static void
look_ptr(struct lint_walk *walk, const struct pointer *ptr)
{
	const struct node *node, *derived;
	enum lint_known known = lint_look_up(walk, ptr->target->wire, &node);
	uint32_t ttl_s;

	if (known == LINT_COVERED && !is_reverse_name(ptr->target->wire))
		return;
	if (known == LINT_KNOWN &&
	    lint_find_addr(walk, node, &ptr->addr) >= 0)
		return;
	derived = snapshot_reverse(walk->names, &ptr->addr, &ttl_s);
	if (known == LINT_OUTSIDE && derived == NULL &&
	    !is_reverse_name(ptr->target->wire))
		return;
	if (!lint_wants(walk, LINT_PTR_DISAGREES, ptr->origin))
		return;
	if (is_reverse_name(ptr->target->wire))
		report_forgotten_dot(walk, ptr);
	else if (derived != NULL)
		report_derived(walk, ptr, derived);
	else
		report_no_address(walk, ptr);
}

/* ---- both ---- */

static bool
is_link(const struct node *node, const struct rrset *rrset,
    struct pointer *ptr)
{
	unsigned bits;

	if (rrset->flags & (RRSET_OCCLUDED | RRSET_MADE))
		return false;
	if (rrset->type == TYPE_CNAME)
		return true;
	return rrset->type == TYPE_PTR &&
	    dname_to_addr(node_name(node), &ptr->addr, &bits) &&
	    bits == (ptr->addr.family == 4 ? 32 : 128);
}

static void
look_rrset(struct lint_walk *walk, const struct rrset *rrset,
    struct pointer *ptr)
{
	uint32_t offset = 0;

	for (unsigned i = 0; i < rrset->count; i++) {
		uint16_t length;
		const uint8_t *rdata = rrset_rdata(rrset, &offset, &length);
		struct dname target = dname_of(rdata);

		dname_lower(target.wire);
		ptr->target = &target;
		ptr->origin = rrset_origins(rrset)[i];
		if (rrset->type == TYPE_CNAME)
			look_cname(walk, &target, ptr->origin);
		else
			look_ptr(walk, ptr);
	}
}

void
lint_look_links(struct lint_walk *walk, const struct lint_owner *owner)
{
	const struct rrset *rrset = node_first(owner->node);
	struct pointer ptr;

	if (walk->content->spec.kind != SOURCE_ZONE)
		return;
	for (unsigned i = 0; i < owner->node->rrset_count; i++) {
		if (is_link(owner->node, rrset, &ptr))
			look_rrset(walk, rrset, &ptr);
		rrset = rrset_next(rrset);
	}
}
