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
may_have(const struct query_client *client, const struct rrset *rrset,
    const struct addr *addr)
{
	if (addr_is_link_local(addr))
		return false;
	return !(rrset->flags & RRSET_LOOPBACK) ||
	    !addr_is_loopback(addr) || addr_is_loopback(&client->addr);
}

/* Record by record.  Where they do not all fit none stays (RFC 2181 9). */
static enum given
give_some(struct query *q, enum reply_section section, const uint8_t *owner,
    const struct rrset *rrset)
{
	struct reply before = q->reply;
	uint32_t offset = 0;
	unsigned written = 0;

	for (unsigned i = 0; i < rrset->count; i++) {
		uint32_t start = offset;
		uint16_t length;
		const uint8_t *rdata = rrset_rdata(rrset, &offset, &length);
		struct addr addr = read_addr(rdata, length);
		struct reply_rrset one = {
			.owner = owner,
			.wire = rrset_wire(rrset) + start,
			.length = RECORD_HEAD + length,
			.count = 1,
			.ttl_cap = UINT32_MAX,
		};

		if (!may_have(&q->client, rrset, &addr))
			continue;
		if (!reply_records(&q->reply, section, &one)) {
			before.full = q->reply.full;
			before.flags = q->reply.flags;
			q->reply = before;
			return GIVEN_NO_ROOM;
		}
		written++;
	}
	return written > 0 ? GIVEN : GIVEN_NOTHING;
}

enum given
give_rrset(struct query *q, enum reply_section section, const uint8_t *owner,
    const struct rrset *rrset)
{
	struct reply_rrset whole = {
		.owner = owner,
		.wire = rrset_wire(rrset),
		.length = rrset->length,
		.count = rrset->count,
		.ttl_cap = UINT32_MAX,
	};

	if (rrset->flags & (RRSET_LOOPBACK | RRSET_LINK_LOCAL))
		return give_some(q, section, owner, rrset);
	return reply_records(&q->reply, section, &whole) ? GIVEN :
	    GIVEN_NO_ROOM;
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
	    addr_is_loopback(asked) || addr_is_loopback(&q->client.addr))
		return false;
	record.ttl = rrset_ttl(rrset);
	return reply_record(&q->reply, REPLY_ANSWER, &record) ||
	    q->reply.full;
}
