/* SPDX-License-Identifier: BSD-2-Clause */
/* rdata.h - what the rdata of each type is made of.
 *
 * One table of field layouts serves the checks (a peer's rdata has the length
 * and the names that its type says) and the copying of records out of a
 * compressed message.  Types that are not in it are opaque bytes (RFC 3597).
 * The types of RFC 1035, and those that RFC 3597 section 4 adds (RP, AFSDB, RT,
 * SIG, PX, NXT, NAPTR, SRV), may carry compressed names in what is read; none
 * are compressed in what rdata_copy writes.
 *
 * The checks are of form: lengths, names, strings, the order of windows and of
 * keys.  What a value means is for whoever uses it.
 *
 * Pure; no allocation; thread-safe.
 */
#ifndef HOSTLER_DNS_RDATA_H
#define HOSTLER_DNS_RDATA_H

#include "dns/wire.h"

/* Is uncompressed rdata well formed for its type (class IN)?  For OPT: are its
 * options? */
bool rdata_is_valid(uint16_t type, const uint8_t *rdata, size_t len);

/* Read rdata of `len` bytes at r (which then stands behind it) and write it
 * uncompressed to w.  Fails r where it is malformed, w where room is short. */
void rdata_copy(struct wire_reader *r, uint16_t type, size_t len,
    struct wire_writer *w);
/* The same without writing: check it and stand behind it. */
void rdata_skip(struct wire_reader *r, uint16_t type, size_t len);

/* The name in NS, CNAME, PTR, DNAME (at 0), MX, KX, AFSDB (at 2), SRV (at 6),
 * SVCB and HTTPS (at 2): where the additional section goes on.  NULL for all
 * other types.  rdata is valid and uncompressed. */
const uint8_t *rdata_target(uint16_t type, const uint8_t *rdata);

/* The data of the first EDNS option of a code in an OPT's rdata, *size bytes of
 * it; NULL: there is none.  No length is believed. */
#define OPTION_COOKIE 10
#define OPTION_PADDING 12
const uint8_t *rdata_find_option(const uint8_t *rdata, size_t length,
    uint16_t code, uint16_t *size);

#endif
