/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/node.h"

#include "dns/wire.h"

#define TTL_AT 6			/* c0 0c | type | class | ttl */
#define LENGTH_AT 10
#define RDATA_AT 12

const struct rrset *
node_find_glue(const struct node *node, uint16_t type)
{
	const struct rrset *rrset = node_first(node);

	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (rrset->type == type && rrset->kind == SOURCE_ZONE)
			return rrset;
		rrset = rrset_next(rrset);
	}
	return NULL;
}

bool
node_is_served(const struct node *node)
{
	const struct rrset *rrset = node_first(node);

	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (!(rrset->flags & RRSET_OCCLUDED))
			return true;
		rrset = rrset_next(rrset);
	}
	return false;
}

const uint8_t *
rrset_rdata(const struct rrset *rrset, uint32_t *offset,
    uint16_t *rdata_length)
{
	const uint8_t *record = rrset_wire(rrset) + *offset;

	*rdata_length = wire_get16(record + LENGTH_AT);
	*offset += RDATA_AT + *rdata_length;
	return record + RDATA_AT;
}

uint32_t
rrset_ttl(const struct rrset *rrset)
{
	return wire_get32(rrset_wire(rrset) + TTL_AT);
}
