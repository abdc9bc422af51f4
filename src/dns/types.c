/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/types.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const names[] = {
    [1] = "A", "NS", "MD", "MF", "CNAME", "SOA", "MB", "MG", "MR", "NULL",
    [11] = "WKS", "PTR", "HINFO", "MINFO", "MX", "TXT", "RP", "AFSDB", "X25",
    [20] = "ISDN", "RT", "NSAP", "NSAP-PTR", "SIG", "KEY", "PX", "GPOS",
    [28] = "AAAA", "LOC", "NXT", "EID", "NIMLOC", "SRV", "ATMA", "NAPTR", "KX",
    [37] = "CERT", "A6", "DNAME", "SINK", "OPT", "APL", "DS", "SSHFP",
    [45] = "IPSECKEY", "RRSIG", "NSEC", "DNSKEY", "DHCID", "NSEC3",
    [51] = "NSEC3PARAM", "TLSA", "SMIMEA",
    [55] = "HIP", "NINFO", "RKEY", "TALINK", "CDS", "CDNSKEY", "OPENPGPKEY",
    [62] = "CSYNC", "ZONEMD", "SVCB", "HTTPS",
    [99] = "SPF", "UINFO", "UID", "GID", "UNSPEC", "NID", "L32", "L64", "LP",
    [108] = "EUI48", "EUI64",
    [249] = "TKEY", "TSIG", "IXFR", "AXFR", "MAILB", "MAILA", "ANY", "URI",
    [257] = "CAA", "AVC",
};

static const struct {
	uint16_t type;
	const char *name;
} more_names[] = {
    {TYPE_NSAP_PTR, "NSAP_PTR"}, {32768, "TA"}, {32769, "DLV"},
};

#define NAMES (sizeof(names) / sizeof(*names))
#define MORE_NAMES (sizeof(more_names) / sizeof(*more_names))

static bool
is_word(const char *name, const char *text, size_t len)
{
	return strncasecmp(name, text, len) == 0 && name[len] == '\0';
}

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
	char first = len > 0 ? (char)(text[0] & ~0x20) : '\0';

	if (memchr(text, '\0', len))
		return false;
	for (size_t i = 0; i < NAMES; i++) {
		if (names[i] && names[i][0] == first &&
		    is_word(names[i], text, len)) {
			*type = (uint16_t)i;
			return true;
		}
	}
	for (size_t i = 0; i < MORE_NAMES; i++) {
		if (is_word(more_names[i].name, text, len)) {
			*type = more_names[i].type;
			return true;
		}
	}
	return len > 4 && strncasecmp("TYPE", text, 4) == 0 &&
	    parse_number(type, text + 4, len - 4);
}

char *
type_print(uint16_t type, char buf[TYPE_TEXT])
{
	const char *name = type < NAMES ? names[type] : NULL;

	for (size_t i = 0; i < MORE_NAMES && !name; i++)
		if (more_names[i].type == type)
			name = more_names[i].name;
	if (name)
		snprintf(buf, TYPE_TEXT, "%s", name);
	else
		snprintf(buf, TYPE_TEXT, "TYPE%u", type);
	return buf;
}

const char *
rcode_name(unsigned rcode)
{
	static const char *const rcodes[] = {"NOERROR", "FORMERR", "SERVFAIL",
	    "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
	    "NOTAUTH", "NOTZONE"};

	if (rcode == RCODE_BADVERS)
		return "BADVERS";
	if (rcode == RCODE_BADCOOKIE)
		return "BADCOOKIE";
	if (rcode < sizeof(rcodes) / sizeof(*rcodes))
		return rcodes[rcode];
	return "RESERVED";
}
