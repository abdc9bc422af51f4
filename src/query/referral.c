/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/referral.h"

#include <string.h>

#include "query/additional.h"

#define DNS_PORT 53

static bool
write_rrset(struct query *q, const struct node *cut,
    const struct rrset *rrset)
{
	struct reply_rrset records = {
		.owner = node_name(cut),
		.wire = rrset_wire(rrset),
		.length = rrset->length,
		.count = rrset->count,
		.ttl_cap = UINT32_MAX,
	};

	return reply_records(&q->reply, REPLY_AUTHORITY, &records);
}

void
referral_write(struct query *q, const struct query_env *env,
    const struct snapshot *names, const struct node *cut)
{
	const struct rrset *ns = node_find_glue(cut, TYPE_NS);
	/* RFC 4035 3.1.4.1: for those who asked for it. */
	const struct rrset *ds = q->reply.dnssec_ok ?
	    node_find_glue(cut, TYPE_DS) : NULL;

	if (ns == NULL || !write_rrset(q, cut, ns))
		return;
	if (ds == NULL || write_rrset(q, cut, ds))
		additional_write_glue(q, env, names, cut);
}

static void
add_addresses(struct upstreams *to, const struct rrset *rrset)
{
	uint32_t offset = 0;

	for (unsigned i = 0; i < rrset->count; i++) {
		uint16_t length;
		const uint8_t *rdata = rrset_rdata(rrset, &offset, &length);
		struct upstream upstream = {
			.transport = UPSTREAM_UDP,
			.endpoint.port = DNS_PORT,
			.endpoint.addr.family = length == 4 ? 4 : 6,
		};

		memcpy(upstream.endpoint.addr.bytes, rdata, length);
		if (to->count < UPSTREAMS_MAX &&
		    !addr_is_link_local(&upstream.endpoint.addr))
			to->list[to->count++] = upstream;
	}
}

static void
add_server(struct upstreams *to, const struct node *server)
{
	static const uint16_t types[] = { TYPE_A, TYPE_AAAA };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		const struct rrset *rrset = node_find_glue(server, types[i]);

		if (rrset == NULL)
			rrset = node_find(server, types[i]);
		if (rrset != NULL)
			add_addresses(to, rrset);
	}
}

void
referral_upstreams(const struct snapshot *names, const struct node *cut,
    struct upstreams *to)
{
	const struct rrset *ns = node_find_glue(cut, TYPE_NS);
	uint32_t offset = 0;

	to->count = 0;
	for (unsigned i = 0; ns != NULL && i < ns->count; i++) {
		uint16_t length;
		const uint8_t *target = rrset_rdata(ns, &offset, &length);
		const struct node *server = additional_target(names, target);

		if (server != NULL)
			add_server(to, server);
	}
	upstreams_set_id(to);
}
