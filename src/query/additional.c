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

/* As a question for it would find it. */
static const struct node *
find_target(const struct query *q, const struct query_env *env,
    const uint8_t *target)
{
	const struct node *node = additional_target(q->view->names, target);

	if (q->view->inherit && (node == NULL || !node_is_served(node)))
		node = additional_target(env->policy->top.names, target);
	return node;
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
write_addresses(struct query *q, const struct query_env *env,
    const uint8_t *target, const struct node *node)
{
	struct dname owner = dname_of(target);
	struct give give = {
		.env = env,
		.section = REPLY_ADDITIONAL,
		.owner = owner.wire,
		.node = node,
	};

	dname_lower(owner.wire);
	for (size_t i = 0; i < ADDRESS_TYPES; i++) {
		give.rrset = node_find(node, address_types[i]);
		if (give.rrset != NULL)
			give_rrset(q, &give);
	}
}

void
additional_write(struct query *q, const struct additional *additional)
{
	const struct rrset *rrset = additional->rrset;
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
			target = additional->owner;
		if (target == NULL || target[0] == 0)
			continue;
		node = find_target(q, additional->env, target);
		if (node != NULL && is_new(&targets, node))
			write_addresses(q, additional->env, target, node);
	}
}

/* The zone's own glue, or else what is served of the name. */
static void
write_glue(struct query *q, const struct give *server, const uint8_t *target)
{
	struct dname owner = dname_of(target);
	struct give give = *server;

	dname_lower(owner.wire);
	give.owner = owner.wire;
	for (size_t i = 0; i < ADDRESS_TYPES; i++) {
		give.rrset = node_find_glue(give.node, address_types[i]);
		if (give.rrset == NULL)
			give.rrset = node_find(give.node, address_types[i]);
		if (give.rrset != NULL)
			give_rrset(q, &give);
	}
}

/* What goes into one section of the glue of `cut`. */
static void
write_glue_of(struct query *q, struct give *give,
    const struct snapshot *names, const struct node *cut)
{
	const struct rrset *ns = node_find_glue(cut, TYPE_NS);
	struct targets targets = { .count = 0 };
	uint32_t offset = 0;

	for (unsigned i = 0; i < ns->count && i < ADDITIONAL_RECORDS_MAX; i++) {
		uint16_t length;
		const uint8_t *target = rrset_rdata(ns, &offset, &length);
		enum reply_section section = REPLY_ADDITIONAL;

		if (dname_is_below_or_at(target, node_name(cut)))
			section = REPLY_NEEDED;
		if (section != give->section)
			continue;
		give->node = additional_target(names, target);
		if (give->node != NULL && is_new(&targets, give->node))
			write_glue(q, give, target);
	}
}

void
additional_write_glue(struct query *q, const struct query_env *env,
    const struct snapshot *names, const struct node *cut)
{
	struct give give = { .env = env, .section = REPLY_NEEDED };

	write_glue_of(q, &give, names, cut);
	give.section = REPLY_ADDITIONAL;
	write_glue_of(q, &give, names, cut);
}
