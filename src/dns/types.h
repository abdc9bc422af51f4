/* SPDX-License-Identifier: BSD-2-Clause */
/* types.h - the numbers of DNS: types, classes, opcodes, rcodes, EDE. */
#ifndef HOSTLER_DNS_TYPES_H
#define HOSTLER_DNS_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dns_type {
	TYPE_A = 1, TYPE_NS = 2, TYPE_MD = 3, TYPE_MF = 4, TYPE_CNAME = 5,
	TYPE_SOA = 6, TYPE_MB = 7, TYPE_MG = 8, TYPE_MR = 9, TYPE_WKS = 11,
	TYPE_PTR = 12, TYPE_HINFO = 13, TYPE_MINFO = 14, TYPE_MX = 15,
	TYPE_TXT = 16, TYPE_RP = 17, TYPE_AFSDB = 18, TYPE_X25 = 19,
	TYPE_ISDN = 20, TYPE_RT = 21, TYPE_NSAP_PTR = 23, TYPE_SIG = 24,
	TYPE_KEY = 25, TYPE_PX = 26, TYPE_GPOS = 27, TYPE_AAAA = 28,
	TYPE_LOC = 29, TYPE_NXT = 30, TYPE_SRV = 33, TYPE_NAPTR = 35,
	TYPE_KX = 36, TYPE_CERT = 37, TYPE_DNAME = 39, TYPE_OPT = 41,
	TYPE_APL = 42, TYPE_DS = 43, TYPE_SSHFP = 44, TYPE_RRSIG = 46,
	TYPE_NSEC = 47, TYPE_DNSKEY = 48, TYPE_DHCID = 49, TYPE_NSEC3 = 50,
	TYPE_NSEC3PARAM = 51, TYPE_TLSA = 52, TYPE_SMIMEA = 53,
	TYPE_NINFO = 56, TYPE_RKEY = 57, TYPE_TALINK = 58, TYPE_CDS = 59,
	TYPE_CDNSKEY = 60, TYPE_OPENPGPKEY = 61, TYPE_CSYNC = 62,
	TYPE_ZONEMD = 63, TYPE_SVCB = 64, TYPE_HTTPS = 65, TYPE_SPF = 99,
	TYPE_NID = 104, TYPE_L32 = 105, TYPE_L64 = 106, TYPE_LP = 107,
	TYPE_EUI48 = 108, TYPE_EUI64 = 109, TYPE_TKEY = 249, TYPE_TSIG = 250,
	TYPE_IXFR = 251, TYPE_AXFR = 252, TYPE_MAILB = 253, TYPE_MAILA = 254,
	TYPE_ANY = 255, TYPE_URI = 256, TYPE_CAA = 257, TYPE_AVC = 258,
};

enum dns_class {
	CLASS_IN = 1, CLASS_CH = 3, CLASS_NONE = 254, CLASS_ANY = 255,
};

enum dns_opcode {
	OPCODE_QUERY = 0,
};

enum dns_rcode {
	RCODE_NOERROR = 0, RCODE_FORMERR = 1, RCODE_SERVFAIL = 2,
	RCODE_NXDOMAIN = 3, RCODE_NOTIMP = 4, RCODE_REFUSED = 5,
	RCODE_YXDOMAIN = 6, RCODE_BADVERS = 16, RCODE_BADCOOKIE = 23,
};

/* Bits of the header's second 16-bit word. */
enum dns_flag {
	FLAG_QR = 0x8000, FLAG_OPCODE = 0x7800, FLAG_AA = 0x0400,
	FLAG_TC = 0x0200, FLAG_RD = 0x0100, FLAG_RA = 0x0080,
	FLAG_AD = 0x0020, FLAG_CD = 0x0010, FLAG_RCODE = 0x000f,
};

/* RFC 8914; EDE_NONE is ours. */
enum dns_ede {
	EDE_OTHER = 0, EDE_STALE = 3, EDE_FORGED = 4, EDE_CACHED_ERROR = 13,
	EDE_NOT_READY = 14, EDE_BLOCKED = 15, EDE_FILTERED = 17,
	EDE_PROHIBITED = 18, EDE_STALE_NXDOMAIN = 19,
	EDE_NOT_AUTHORITATIVE = 20, EDE_NOT_SUPPORTED = 21,
	EDE_NO_REACHABLE_AUTHORITY = 22, EDE_NETWORK_ERROR = 23,
	EDE_NONE = 0xffff,
};

#define TYPE_TEXT 12			/* room for type_print */

/* "A", "TYPE65280" (RFC 3597 section 5); any case.  False if unknown.  Known by
 * name are those that ldns 1.8 knows so, and some that it does not. */
bool type_parse(uint16_t *type, const char *text, size_t len);
char *type_print(uint16_t type, char buf[TYPE_TEXT]);	/* returns buf */
const char *rcode_name(unsigned rcode);			/* "NXDOMAIN" */
/* Types 128..255 and OPT: questions and pseudo records, never data. */
static inline bool
type_is_meta(uint16_t type)
{
	return type == TYPE_OPT || (type >= 128 && type <= 255);
}

#endif
