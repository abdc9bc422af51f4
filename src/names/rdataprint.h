/* SPDX-License-Identifier: BSD-2-Clause */
/* rdataprint.h - rdata in presentation form, for people to read. */
#ifndef HOSTLER_NAMES_RDATAPRINT_H
#define HOSTLER_NAMES_RDATAPRINT_H

#include <stdint.h>

/* Of rdata that our own parsers made, uncompressed, class IN.  The caller
 * frees it; "" where the type has no rdata, "?" where ldns cannot print it. */
char *rdataprint(uint16_t type, const uint8_t *rdata, uint16_t length);

#endif
