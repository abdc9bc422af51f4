/* SPDX-License-Identifier: BSD-2-Clause */
/* hex.h - what a hexadecimal digit stands for. */
#ifndef HOSTLER_BASE_HEX_H
#define HOSTLER_BASE_HEX_H

/* -1: it is none. */
static inline int
hex_value(char c)
{
	unsigned digit = (unsigned char)c - (unsigned)'0';
	unsigned letter = ((unsigned char)c | 0x20u) - (unsigned)'a';

	if (digit <= 9)
		return (int)digit;
	if (letter <= 5)
		return (int)letter + 10;
	return -1;
}

#endif
