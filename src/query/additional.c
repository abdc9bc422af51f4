/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/additional.h"

#include "dns/rdata.h"
#include "query/give.h"

static const uint16_t address_types[] = { TYPE_A, TYPE_AAAA };

#define ADDRESS_TYPES (sizeof(address_types) / sizeof(*address_types))

const struct node *
additional_target(const struct snapshot *names, const uint8_t *target)
{
	struct dname lower = dname_of(target);

	dname_lower(lower.wire);
	return snapshot_find(names,
	    dname_hash(snapshot_key(names), lower.wire), lower.wire,
	    lower.length);
}

/* Several records often have one target. */
struct targets {
	unsigned count;
	const struct node *seen[ADDITIONAL_TARGETS_MAX];
};

static bool
is_new(struct targets *targets, const struct node *node)
{
	for (unsigned i = 0; i < targets->count; i++) {
		if (targets->seen[i] == node)
			return false;
	}
	if (targets->count == ADDITIONAL_TARGETS_MAX)
		return false;
	targets->seen[targets->count++] = node;
	return true;
}

static void
write_addresses(struct query *q, const uint8_t *target,
    const struct node *node)
{
	struct dname owner = dname_of(target);

	dname_lower(owner.wire);
	for (size_t i = 0; i < ADDRESS_TYPES; i++) {
		const struct rrset *rrset = node_find(node, address_types[i]);

		if (rrset != NULL)
			give_rrset(q, REPLY_ADDITIONAL, owner.wire, rrset);
	}
}

void
additional_write(struct query *q, const struct snapshot *names,
    const struct rrset *rrset, const uint8_t *owner)
{
	struct targets targets = { .count = 0 };
	uint32_t offset = 0;

	for (unsigned i = 0; i < rrset->count && i < ADDITIONAL_RECORDS_MAX &&
	     !q->reply.full; i++) {
		uint16_t length;
		const uint8_t *rdata = rrset_rdata(rrset, &offset, &length);
		const uint8_t *target = rdata_target(rrset->type, rdata);
		const struct node *node;

		if (target != NULL && target[0] == 0 &&
		    (rrset->type == TYPE_SVCB || rrset->type == TYPE_HTTPS))
			target = owner;
		if (target == NULL || target[0] == 0)
			continue;
		node = additional_target(names, target);
		if (node != NULL && is_new(&targets, node))
			write_addresses(q, target, node);
	}
}

/* The zone's own glue, or else what is served of the name. */
static void
write_glue(struct query *q, enum reply_section section, const uint8_t *target,
    const struct node *node)
{
	struct dname owner = dname_of(target);

	dname_lower(owner.wire);
	for (size_t i = 0; i < ADDRESS_TYPES; i++) {
		const struct rrset *rrset = node_find_glue(node,
		    address_types[i]);

		if (rrset == NULL)
			rrset = node_find(node, address_types[i]);
		if (rrset != NULL)
			give_rrset(q, section, owner.wire, rrset);
	}
}

static void
write_glue_of(struct query *q, const struct snapshot *names,
    const struct node *cut, const struct rrset *ns, enum reply_section which)
{
	struct targets targets = { .count = 0 };
	uint32_t offset = 0;

	for (unsigned i = 0; i < ns->count && i < ADDITIONAL_RECORDS_MAX; i++) {
		uint16_t length;
		const uint8_t *target = rrset_rdata(ns, &offset, &length);
		enum reply_section section = REPLY_ADDITIONAL;
		const struct node *node;

		if (dname_is_below_or_at(target, node_name(cut)))
			section = REPLY_NEEDED;
		if (section != which)
			continue;
		node = additional_target(names, target);
		if (node != NULL && is_new(&targets, node))
			write_glue(q, section, target, node);
	}
}

void
additional_write_glue(struct query *q, const struct snapshot *names,
    const struct node *cut, const struct rrset *ns)
{
	write_glue_of(q, names, cut, ns, REPLY_NEEDED);
	write_glue_of(q, names, cut, ns, REPLY_ADDITIONAL);
}
