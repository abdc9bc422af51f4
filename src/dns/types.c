/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/types.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
	uint16_t type;
	const char *name;
} types[] = {
    {1, "A"}, {2, "NS"}, {3, "MD"}, {4, "MF"}, {5, "CNAME"}, {6, "SOA"},
    {7, "MB"}, {8, "MG"}, {9, "MR"}, {10, "NULL"}, {11, "WKS"}, {12, "PTR"},
    {13, "HINFO"}, {14, "MINFO"}, {15, "MX"}, {16, "TXT"}, {17, "RP"},
    {18, "AFSDB"}, {19, "X25"}, {20, "ISDN"}, {21, "RT"}, {22, "NSAP"},
    {23, "NSAP-PTR"}, {24, "SIG"}, {25, "KEY"}, {26, "PX"}, {27, "GPOS"},
    {28, "AAAA"}, {29, "LOC"}, {30, "NXT"}, {31, "EID"}, {32, "NIMLOC"},
    {33, "SRV"}, {34, "ATMA"}, {35, "NAPTR"}, {36, "KX"}, {37, "CERT"},
    {38, "A6"}, {39, "DNAME"}, {40, "SINK"}, {41, "OPT"}, {42, "APL"},
    {43, "DS"}, {44, "SSHFP"}, {45, "IPSECKEY"}, {46, "RRSIG"}, {47, "NSEC"},
    {48, "DNSKEY"}, {49, "DHCID"}, {50, "NSEC3"}, {51, "NSEC3PARAM"},
    {52, "TLSA"}, {53, "SMIMEA"}, {55, "HIP"}, {56, "NINFO"}, {57, "RKEY"},
    {58, "TALINK"}, {59, "CDS"}, {60, "CDNSKEY"}, {61, "OPENPGPKEY"},
    {62, "CSYNC"}, {63, "ZONEMD"}, {64, "SVCB"}, {65, "HTTPS"}, {99, "SPF"},
    {100, "UINFO"}, {101, "UID"}, {102, "GID"}, {103, "UNSPEC"},
    {104, "NID"}, {105, "L32"}, {106, "L64"}, {107, "LP"}, {108, "EUI48"},
    {109, "EUI64"}, {249, "TKEY"}, {250, "TSIG"}, {251, "IXFR"},
    {252, "AXFR"}, {253, "MAILB"}, {254, "MAILA"}, {255, "ANY"},
    {256, "URI"}, {257, "CAA"}, {258, "AVC"}, {32768, "TA"}, {32769, "DLV"},
};

static bool
parse_number(uint16_t *type, const char *text, size_t len)
{
	unsigned value = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	*type = (uint16_t)value;
	return value <= UINT16_MAX;
}

bool
type_parse(uint16_t *type, const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (strlen(types[i].name) == len &&
		    strncasecmp(types[i].name, text, len) == 0) {
			*type = types[i].type;
			return true;
		}
	}
	return len > 4 && strncasecmp(text, "TYPE", 4) == 0 &&
	    parse_number(type, text + 4, len - 4);
}

char *
type_print(uint16_t type, char buf[TYPE_TEXT])
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].type == type) {
			snprintf(buf, TYPE_TEXT, "%s", types[i].name);
			return buf;
		}
	snprintf(buf, TYPE_TEXT, "TYPE%u", type);
	return buf;
}

const char *
rcode_name(unsigned rcode)
{
	static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL",
	    "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
	    "NOTAUTH", "NOTZONE"};

	if (rcode == RCODE_BADVERS)
		return "BADVERS";
	return rcode < sizeof names / sizeof *names ? names[rcode] : "RESERVED";
}

bool
type_is_meta(uint16_t type)
{
	return type == TYPE_OPT || (type >= 128 && type <= 255);
}
