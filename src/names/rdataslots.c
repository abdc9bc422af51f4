/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/rdataslots.h"

#include <string.h>

#include "dns/wire.h"
#include "names/node.h"

#define RECORD_HEAD 12u			/* before rdata */
#define RECORDS_MAX (RRSET_MAX / RECORD_HEAD)

unsigned
rdata_slots_room(size_t records)
{
	unsigned room = 64;

	if (records > RECORDS_MAX)
		records = RECORDS_MAX;
	while (room < 2 * records)
		room *= 2;
	return room;
}

uint16_t *
rdata_slots_find(struct rdata_slots *slots, const uint8_t *wire,
    const struct rdata *rdata)
{
	for (uint64_t slot = rdata->hash;; slot++) {
		uint16_t *at = &slots->at[slot & (slots->room - 1)];
		const uint8_t *record;

		if (*at == 0)
			return at;
		record = wire + (*at - 1);
		slots->compared++;
		if (wire_get16(record + RECORD_HEAD - 2) == rdata->length &&
		    memcmp(record + RECORD_HEAD, rdata->bytes,
		    rdata->length) == 0)
			return at;
	}
}
