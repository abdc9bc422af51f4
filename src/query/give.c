/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/give.h"

#include <assert.h>
#include <string.h>

/* Owner pointer, type, class, TTL, rdata length. */
#define RECORD_HEAD 12u

static struct addr
read_addr(const uint8_t *rdata, uint16_t length)
{
	struct addr addr = { .family = length == 4 ? 4 : 6 };

	assert(length == 4 || length == 16);
	memcpy(addr.bytes, rdata, length);
	return addr;
}

static bool
is_address_type(uint16_t type)
{
	return type == TYPE_A || type == TYPE_AAAA;
}

/* What is known of the addresses of a name before the first is written. */
struct survey {
	uint64_t client;		/* the networks that it is in */
	bool some_near;
	bool some_differ;		/* in the networks that they are in */
};

static enum trace_verdict
judge(const struct query *q, const struct give *give, uint8_t flags,
    const struct addr *addr)
{
	if (addr_is_link_local(addr))
		return TRACE_LINK_LOCAL;
	if ((flags & RRSET_LOOPBACK) && addr_is_loopback(addr) &&
	    !addr_is_loopback(&q->client.addr))
		return TRACE_LOOPBACK;
	if (networks_isolate(&give->env->policy->networks, addr))
		return TRACE_ISOLATED;
	return TRACE_GIVEN;
}

/* One more RRset of the name.  first: the networks of the first address;
 * *count: of those that may be given at all. */
static void
survey_rrset(const struct query *q, const struct give *give,
    const struct rrset *rrset, struct survey *survey, unsigned *count,
    uint64_t *first)
{
	const struct networks *networks = &give->env->policy->networks;
	uint32_t offset = 0;

	for (unsigned i = 0; i < rrset->count; i++) {
		uint16_t length;
		const uint8_t *rdata = rrset_rdata(rrset, &offset, &length);
		struct addr addr = read_addr(rdata, length);
		uint64_t set;

		if (judge(q, give, rrset->flags, &addr) != TRACE_GIVEN)
			continue;
		set = networks_of(networks, &addr);
		if ((*count)++ == 0)
			*first = set;
		survey->some_near |= (set & survey->client) != 0;
		survey->some_differ |= set != *first;
	}
}

/* With `only` the other family counts too. */
static struct survey
survey_name(const struct query *q, const struct give *give)
{
	const struct networks *networks = &give->env->policy->networks;
	const struct rrset *rrset = node_first(give->node);
	struct survey survey = { 0 };
	unsigned count = 0;
	uint64_t first = 0;

	if (networks->mode == NETWORKS_OFF)
		return survey;
	survey.client = networks_of_client(networks, &q->client.addr,
	    q->client.link);
	if (networks->mode == NETWORKS_PREFER) {
		survey_rrset(q, give, give->rrset, &survey, &count, &first);
		return survey;
	}
	for (unsigned i = 0; i < give->node->rrset_count; i++) {
		if (is_address_type(rrset->type) && (rrset == give->rrset ||
		    !(rrset->flags & RRSET_OCCLUDED)))
			survey_rrset(q, give, rrset, &survey, &count, &first);
		rrset = rrset_next(rrset);
	}
	return survey;
}

static uint32_t
cap_ttl(const struct query_env *env, const struct rrset *rrset, uint32_t cap)
{
	int64_t left;

	if (!(rrset->flags & RRSET_EXPIRES))
		return cap;
	left = rrset_expiry(rrset) - env->now_ms / 1000;
	if (left < 0)
		left = 0;
	return left < (int64_t)cap ? (uint32_t)left : cap;
}

uint32_t
give_ttl(const struct query_env *env, const struct node *node, uint32_t ttl)
{
	const struct rrset *rrset = node_first(node);

	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (is_address_type(rrset->type))
			ttl = cap_ttl(env, rrset, ttl);
		rrset = rrset_next(rrset);
	}
	return ttl;
}

enum pass {
	PASS_NEAR,
	PASS_FAR,
};

/* Is the record at this address due in this pass?  Others are noted in the
 * last one. */
static bool
is_due(const struct query *q, const struct give *give,
    const struct survey *survey, enum pass pass, struct trace_record *record,
    const struct addr *addr)
{
	const struct networks *networks = &give->env->policy->networks;
	bool near;

	record->networks = networks_of(networks, addr);
	record->verdict = judge(q, give, give->rrset->flags, addr);
	near = (record->networks & survey->client) != 0;
	if (record->verdict == TRACE_GIVEN && near)
		record->verdict = TRACE_GIVEN_NEAR;
	else if (record->verdict == TRACE_GIVEN &&
	    networks->mode == NETWORKS_ONLY && survey->some_near)
		record->verdict = TRACE_FAR;
	if (record->verdict == TRACE_GIVEN_NEAR)
		return pass == PASS_NEAR;
	if (pass == PASS_FAR && record->verdict != TRACE_GIVEN &&
	    give->section == REPLY_ANSWER)
		trace_record(give->env->trace, record);
	return pass == PASS_FAR && record->verdict == TRACE_GIVEN;
}

/* Record by record.  -1: no room. */
static int
write_pass(struct query *q, const struct give *give,
    const struct survey *survey, enum pass pass)
{
	const struct rrset *rrset = give->rrset;
	struct reply_rrset one = {
		.owner = give->owner,
		.count = 1,
		.ttl_cap = cap_ttl(give->env, rrset, survey->some_differ ?
		    GIVE_NEAR_TTL_S : UINT32_MAX),
	};
	uint32_t offset = 0;
	int written = 0;

	for (unsigned i = 0; i < rrset->count; i++) {
		struct trace_record record = { .rrset = rrset, .index = i };
		uint32_t start = offset;
		uint16_t length;
		const uint8_t *rdata = rrset_rdata(rrset, &offset, &length);
		struct addr addr = read_addr(rdata, length);

		if (!is_due(q, give, survey, pass, &record, &addr))
			continue;
		one.wire = rrset_wire(rrset) + start;
		one.length = RECORD_HEAD + length;
		if (!reply_records(&q->reply, give->section, &one))
			return -1;
		if (give->section == REPLY_ANSWER)
			trace_record(give->env->trace, &record);
		written++;
	}
	return written;
}

/* Where they do not all fit none stays (RFC 2181 9). */
static enum given
give_some(struct query *q, const struct give *give)
{
	struct survey survey = survey_name(q, give);
	struct reply before = q->reply;
	int near = write_pass(q, give, &survey, PASS_NEAR), far = -1;

	if (near >= 0)
		far = write_pass(q, give, &survey, PASS_FAR);
	if (far < 0) {
		before.full = q->reply.full;
		before.flags = q->reply.flags;
		q->reply = before;
		return GIVEN_NO_ROOM;
	}
	return near + far > 0 ? GIVEN : GIVEN_NOTHING;
}

static void
trace_whole(const struct give *give)
{
	struct trace_record record = { .rrset = give->rrset };

	if (give->env->trace == NULL || give->section != REPLY_ANSWER)
		return;
	for (; record.index < give->rrset->count; record.index++)
		trace_record(give->env->trace, &record);
}

enum given
give_rrset(struct query *q, const struct give *give)
{
	const struct rrset *rrset = give->rrset;
	struct reply_rrset whole = {
		.owner = give->owner,
		.wire = rrset_wire(rrset),
		.length = rrset->length,
		.count = rrset->count,
		.ttl_cap = cap_ttl(give->env, rrset, UINT32_MAX),
	};

	if ((rrset->flags & (RRSET_LOOPBACK | RRSET_LINK_LOCAL)) ||
	    give_may_differ(&give->env->policy->networks, rrset))
		return give_some(q, give);
	if (!reply_records(&q->reply, give->section, &whole))
		return GIVEN_NO_ROOM;
	trace_whole(give);
	return GIVEN;
}

static const struct rrset *
find_loopback(const struct node *node)
{
	const struct rrset *rrset = node_first(node);

	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (rrset->flags & RRSET_LOOPBACK)
			return rrset;
		rrset = rrset_next(rrset);
	}
	return NULL;
}

/* host as a whole, or its first label alone or in `domain`.  Where that is all
 * that the machine knows of its name, whatever domain a hosts file gives it. */
static bool
is_own_name(const struct dname *host, const struct node *node)
{
	const uint8_t *name = node_name(node);

	if (host->length == node->name_length &&
	    memcmp(host->wire, name, host->length) == 0)
		return true;
	return host->labels > 0 && name[0] == host->wire[0] &&
	    memcmp(name, host->wire, (size_t)name[0] + 1) == 0 &&
	    (host->labels == 1 || node->labels == 1 ||
	    (node->flags & NODE_SHORT));
}

bool
give_own_address(struct query *q, const struct policy *policy,
    const uint8_t *owner, const struct node *node)
{
	const struct addr *asked = &q->client.asked;
	const struct rrset *rrset = find_loopback(node);
	uint16_t type = q->question.type;
	uint16_t given = asked->family == 4 ? TYPE_A : TYPE_AAAA;
	struct reply_record record = {
		.owner = owner,
		.type = given,
		.class = CLASS_IN,
		.rdata = asked->bytes,
		.rdata_length = asked->family == 4 ? 4 : 16,
	};

	if (rrset == NULL || !is_own_name(&policy->host, node) ||
	    (type != given && type != TYPE_ANY) ||
	    asked->family == 0 || addr_is_link_local(asked) ||
	    networks_isolate(&policy->networks, asked) ||
	    addr_is_loopback(asked) || addr_is_loopback(&q->client.addr))
		return false;
	record.ttl = rrset_ttl(rrset);
	return reply_record(&q->reply, REPLY_ANSWER, &record) ||
	    q->reply.full;
}
