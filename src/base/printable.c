/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/printable.h"

#include <stdbool.h>
#include <stdint.h>

/* 0 for a byte that begins no sequence. */
static size_t
sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

static bool
is_shown(uint32_t code)
{
	if (code < 0xa0)
		return code >= 0x20 && code < 0x7f;
	if (code >= 0xd800 && code < 0xe000)
		return false;
	/* Direction marks and what shows as nothing (joiners are letters'). */
	if (code == 0xad || code == 0x61c || code == 0xfeff ||
	    code == 0x200b || code == 0x200e ||
	    code == 0x200f)
		return false;
	if ((code >= 0x2028 && code <= 0x202e) ||
	    (code >= 0x2066 && code <= 0x2069))
		return false;
	return code <= 0x10ffff;
}

size_t
printable_length(const char *at, size_t left)
{
	static const uint32_t shortest[] = {0, 0, 0x80, 0x800, 0x10000};
	static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	size_t length = left ? sequence_length((unsigned char)*at) : 0;
	uint32_t code;

	if (length == 0 || length > left)
		return 0;
	code = (unsigned char)*at & mask[length];
	for (size_t i = 1; i < length; i++) {
		if (((unsigned char)at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | ((unsigned char)at[i] & 0x3f);
	}
	return code >= shortest[length] && is_shown(code) ? length : 0;
}
