/* SPDX-License-Identifier: BSD-2-Clause */
#include "reply.h"

#include <stdbool.h>
#include <string.h>

#define HEADER 12
#define TYPE_A 1
#define TYPE_AAAA 28
#define AA_AND_QR 0x84
#define RCODE_NXDOMAIN 3

static const uint8_t fixed_record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10,
    0, 4, 192, 0, 2, 1};
/* The SOA of all that there is, its owner the root. */
static const uint8_t soa_record[] = {0, 0, 6, 0, 1, 0, 0, 0x0e, 0x10, 0, 22, 0,
    0, 0, 0, 0, 1, 0, 0, 0x0e, 0x10, 0, 0, 2, 0x58, 0, 1, 0x51, 0x80, 0, 0,
    0x0e, 0x10};

/* Where type and class begin; 0: nowhere. */
static size_t
skip_name(const uint8_t *packet, size_t length)
{
	size_t at = HEADER;

	while (at < length && packet[at] != 0) {
		if (packet[at] > 63)
			return 0;
		at += 1 + (size_t)packet[at];
	}
	return at + 5 <= length ? at + 1 : 0;
}

static uint32_t
number_of(const uint8_t *label)
{
	uint32_t number = 0;

	for (unsigned i = 1; i <= label[0]; i++)
		if (label[i] >= '0' && label[i] <= '9')
			number = number * 10 + label[i] - '0';
	return number;
}

/* 10.x.y.z or fd00::xx:yyzz */
static size_t
write_address(uint8_t *out, unsigned type, uint32_t number)
{
	size_t bytes = type == TYPE_A ? 4 : 16;

	memcpy(out, fixed_record, sizeof fixed_record - 4);
	out[3] = (uint8_t)type;
	out[11] = (uint8_t)bytes;
	memset(out + 12, 0, bytes);
	out[12] = type == TYPE_A ? 10 : 0xfd;
	out[9 + bytes] = (uint8_t)(number >> 16);
	out[10 + bytes] = (uint8_t)(number >> 8);
	out[11 + bytes] = (uint8_t)number;
	return 12 + bytes;
}

/* Forwarders ask in letters of any case. */
static bool
is_known(const uint8_t *label)
{
	return label[0] >= 2 && (label[1] | 0x20) == 'v' &&
	    (label[2] | 0x20) == 'm';
}

static size_t
write_numbered(uint8_t *packet, size_t end, unsigned type)
{
	const uint8_t *label = packet + HEADER;

	if (is_known(label) && (type == TYPE_A || type == TYPE_AAAA)) {
		packet[7] = 1;
		return end + write_address(packet + end, type,
		    number_of(label));
	}
	packet[3] = is_known(label) ? 0 : RCODE_NXDOMAIN;
	packet[9] = 1;
	memcpy(packet + end, soa_record, sizeof soa_record);
	return end + sizeof soa_record;
}

size_t
reply_make(enum reply_kind kind, uint8_t *packet, size_t length)
{
	size_t end = length > HEADER ? skip_name(packet, length) : 0;

	if (end == 0 || (packet[2] & 0x80))
		return 0;
	packet[2] |= AA_AND_QR;
	packet[3] = 0;
	memset(packet + 6, 0, 6);
	if (kind == REPLY_NUMBERED)
		return write_numbered(packet, end + 4,
		    (unsigned)packet[end] << 8 | packet[end + 1]);
	packet[7] = 1;
	memcpy(packet + end + 4, fixed_record, sizeof fixed_record);
	return end + 4 + sizeof fixed_record;
}
