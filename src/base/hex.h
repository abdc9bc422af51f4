/* SPDX-License-Identifier: BSD-2-Clause */
/* hex.h - what a hexadecimal digit stands for. */
#ifndef HOSTLER_BASE_HEX_H
#define HOSTLER_BASE_HEX_H

/* -1: it is none. */
static inline int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

#endif
