/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/rebind.h"

#include <string.h>

#include "base/addr.h"
#include "dns/types.h"
#include "dns/wire.h"

#define PARAM_IPV4HINT 4		/* RFC 9460 14.3.2 */
#define PARAM_IPV6HINT 6

bool
rebind_allows(const struct rebind *rebind, const uint8_t *name)
{
	for (unsigned i = 0; i < rebind->count; i++) {
		if (dname_is_below_or_at(name, rebind->allow[i].wire))
			return true;
	}
	return false;
}

static bool
is_private4(const uint8_t *bytes)
{
	static const uint8_t broadcast[4] = { 255, 255, 255, 255 };
	struct addr addr = { .family = 4 };

	memcpy(addr.bytes, bytes, 4);
	return bytes[0] == 0 || memcmp(bytes, broadcast, 4) == 0 ||
	    addr_is_loopback(&addr) || addr_is_link_local(&addr) ||
	    addr_is_rfc1918_or_ula(&addr);
}

/* An IPv4 address in the last bytes: ::/96, ::ffff:0:0/96, 64:ff9b::/96.  Of
 * the first of them :: and ::1 are private by being in 0.0.0.0/8. */
static bool
embeds_v4(const uint8_t *bytes)
{
	static const uint8_t starts[][12] = {
		{ 0 },
		{ [10] = 0xff, [11] = 0xff },
		{ 0x00, 0x64, 0xff, 0x9b },
	};

	for (unsigned i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (memcmp(bytes, starts[i], sizeof(starts[i])) == 0)
			return true;
	}
	return false;
}

static bool
is_private6(const uint8_t *bytes)
{
	struct addr addr = { .family = 6 };
	bool site_local = bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0xc0;

	if (embeds_v4(bytes))
		return is_private4(bytes + 12);
	memcpy(addr.bytes, bytes, 16);
	return site_local || addr_is_link_local(&addr) ||
	    addr_is_rfc1918_or_ula(&addr);
}

static bool
has_private(const uint8_t *bytes, size_t length, size_t each)
{
	for (size_t at = 0; at + each <= length; at += each) {
		if (each == 4 ? is_private4(bytes + at) :
		    is_private6(bytes + at))
			return true;
	}
	return false;
}

/* Behind priority and target: key, length, value, again and again. */
static bool
has_private_hint(const uint8_t *rdata, size_t length)
{
	struct wire_reader r = wire_reader_at(rdata, length, 0);
	const uint8_t *value;
	struct dname target;
	uint16_t key, bytes;

	wire_read16(&r);
	wire_read_dname(&r, &target);
	while (!r.failed && r.at < r.length) {
		key = wire_read16(&r);
		bytes = wire_read16(&r);
		value = wire_read_bytes(&r, bytes);
		if (r.failed)
			break;
		if ((key == PARAM_IPV4HINT && has_private(value, bytes, 4)) ||
		    (key == PARAM_IPV6HINT && has_private(value, bytes, 16)))
			return true;
	}
	return false;
}

bool
rebind_is_private(uint16_t type, const uint8_t *rdata, size_t length)
{
	switch (type) {
	case TYPE_A:
		return has_private(rdata, length, 4);
	case TYPE_AAAA:
		return has_private(rdata, length, 16);
	case TYPE_SVCB:
	case TYPE_HTTPS:
		return has_private_hint(rdata, length);
	default:
		return false;
	}
}
