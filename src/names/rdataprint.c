/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/rdataprint.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"
#include "dns/wire.h"

#define FIXED 11			/* root owner to rdlength */

static ldns_rr *
read_record(uint16_t type, const uint8_t *rdata, uint16_t length)
{
	size_t room = FIXED + (size_t)length, at = 0;
	uint8_t *wire = memory_zeroed(1, room);
	ldns_rr *rr = NULL;

	wire_put16(wire + 1, type);
	wire_put16(wire + 3, CLASS_IN);
	wire_put16(wire + 9, length);
	memcpy(wire + FIXED, rdata, length);
	if (ldns_wire2rr(&rr, wire, room, &at, LDNS_SECTION_ANSWER) !=
	    LDNS_STATUS_OK)
		rr = NULL;
	free(wire);
	return rr;
}

char *
rdataprint(uint16_t type, const uint8_t *rdata, uint16_t length)
{
	ldns_rr *rr = read_record(type, rdata, length);
	char *text = NULL;

	if (rr == NULL)
		return memory_string("?");
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		char *field = ldns_rdf2str(ldns_rr_rdf(rr, i));
		char *longer = memory_format("%s%s%s", text ? text : "",
		    text ? " " : "", field ? field : "?");

		free(field);
		free(text);
		text = longer;
	}
	ldns_rr_free(rr);
	return text ? text : memory_string("");
}
