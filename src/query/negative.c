/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/negative.h"

#include <assert.h>

#include "dns/wire.h"

#define SOA_REFRESH_S 3600
#define SOA_RETRY_S 600
#define SOA_EXPIRE_S 86400

void
negative_of_area(struct reply *reply, const struct area *area,
    uint32_t ttl_cap)
{
	struct reply_rrset soa = {
		.owner = area->soa_owner.wire,
		.wire = area->soa,
		.length = area->soa_length,
		.count = 1,
		.ttl_cap = ttl_cap,
	};

	reply_records(reply, REPLY_AUTHORITY, &soa);
}

void
negative_made(struct reply *reply, const uint8_t *owner, uint32_t serial,
    uint32_t ttl_s)
{
	static const char nobody[] = "\6nobody\7invalid";
	uint8_t rdata[DNAME_MAX + sizeof(nobody) + 20];
	struct wire_writer w = wire_writer_to(rdata, sizeof(rdata));
	struct reply_record soa = {
		.owner = owner,
		.type = TYPE_SOA,
		.class = CLASS_IN,
		.ttl = ttl_s,
		.rdata = rdata,
	};

	wire_write_bytes(&w, owner, dname_length(owner));
	wire_write_bytes(&w, nobody, sizeof(nobody));
	wire_write32(&w, serial);
	wire_write32(&w, SOA_REFRESH_S);
	wire_write32(&w, SOA_RETRY_S);
	wire_write32(&w, SOA_EXPIRE_S);
	wire_write32(&w, ttl_s);
	assert(!w.failed);
	soa.rdata_length = (uint16_t)w.at;
	reply_record(reply, REPLY_AUTHORITY, &soa);
}
