/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/addr.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"

#define SCOPE_MAX INT32_MAX		/* the kernel's number is an int */

static unsigned
byte_count(const struct addr *addr)
{
	return addr->family == 4 ? 4 : addr->family == 6 ? 16 : 0;
}

/* ---- text ---- */

/* inet_pton wants a NUL behind the text. */
static bool
copy_text(char *to, size_t room, const char *text, size_t len)
{
	if (len >= room || memchr(text, '\0', len))
		return false;
	memcpy(to, text, len);
	to[len] = '\0';
	return true;
}

/* A decimal number up to 255 without leading zeros; what stands behind it, or
 * NULL. */
static const char *
read_octet(const char *at, const char *end, uint8_t *octet)
{
	unsigned value, digit;

	if (at == end || (value = (unsigned char)*at - (unsigned)'0') > 9)
		return NULL;
	for (at++; at < end; at++) {
		digit = (unsigned char)*at - (unsigned)'0';
		if (digit > 9)
			break;
		if (value == 0 || value > 25)
			return NULL;
		value = value * 10 + digit;
	}
	*octet = (uint8_t)value;
	return value <= 255 ? at : NULL;
}

static bool
read_ipv4(uint8_t *bytes, const char *at, const char *end)
{
	for (unsigned i = 0; i < 3; i++) {
		at = read_octet(at, end, &bytes[i]);
		if (at == NULL || at == end || *at++ != '.')
			return false;
	}
	return read_octet(at, end, &bytes[3]) == end;
}

/* An address of IPv6 while it is read: `at` bytes of it are there; gap is
 * where "::" stood. */
struct groups {
	uint8_t bytes[16];
	unsigned at;
	unsigned gap;
};

#define NO_GAP 17u

/* A group of digits, or, where there are none, the "::". */
static bool
end_group(struct groups *groups, unsigned value, ptrdiff_t digits)
{
	if (digits == 0) {
		if (groups->gap != NO_GAP)
			return false;
		groups->gap = groups->at;
		return true;
	}
	if (digits > 4 || groups->at > 14)
		return false;
	groups->bytes[groups->at++] = (uint8_t)(value >> 8);
	groups->bytes[groups->at++] = (uint8_t)value;
	return true;
}

static bool
fill_gap(const struct groups *groups, uint8_t *bytes)
{
	unsigned tail = groups->at - groups->gap;

	if (groups->gap == NO_GAP) {
		memcpy(bytes, groups->bytes, 16);
		return groups->at == 16;
	}
	memset(bytes, 0, 16);
	memcpy(bytes, groups->bytes, groups->gap);
	memcpy(bytes + 16 - tail, groups->bytes + groups->gap, tail);
	return groups->at < 16;
}

/* Groups of up to four hex digits, one "::" for groups of zeros (at least
 * one), the last two perhaps as an IPv4 address (RFC 4291 2.2). */
static bool
read_ipv6(uint8_t *bytes, const char *at, const char *end)
{
	struct groups groups = {.gap = NO_GAP};

	if (end - at < 2 || (*at == ':' && *++at != ':'))
		return false;
	while (at < end) {
		const char *group = at;
		unsigned value = 0;
		int digit;

		while (at < end && (digit = hex_value(*at)) >= 0) {
			value = value << 4 | (unsigned)digit;
			at++;
		}
		if (at < end && *at == '.') {
			if (groups.at > 12 ||
			    !read_ipv4(groups.bytes + groups.at, group, end))
				return false;
			groups.at += 4;
			break;
		}
		if (at < end && *at != ':')
			return false;
		if (!end_group(&groups, value, at - group))
			return false;
		if (at < end && ++at == end && at[-2] != ':')
			return false;
	}
	return fill_gap(&groups, bytes);
}

const char *
addr_parse(struct addr *addr, const char *text, size_t len)
{
	static const char neither[] =
	    "it is neither an IPv4 nor an IPv6 address";

	*addr = (struct addr){.family = 4};
	if (read_ipv4(addr->bytes, text, text + len))
		return NULL;
	*addr = (struct addr){.family = 6};
	if (read_ipv6(addr->bytes, text, text + len))
		return NULL;
	*addr = (struct addr){0};
	return neither;
}

static const char *
parse_number(const char *text, size_t len, unsigned max, unsigned *number)
{
	unsigned long long value = 0;

	if (len == 0 || len > (max > 99999 ? 10 : 5))
		return "a number is missing or too long";
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return "a digit is expected";
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	*number = (unsigned)value;
	return value > max ? "the number is too large" : NULL;
}

static const char *
parse_scope(struct endpoint *endpoint, const char *text, size_t len)
{
	char name[IF_NAMESIZE];
	unsigned number;

	if (endpoint->addr.family != 6 || !addr_is_link_local(&endpoint->addr))
		return "%INTERFACE goes with link-local IPv6 addresses alone";
	if (!copy_text(name, sizeof name, text, len))
		return "the interface's name is too long";
	endpoint->scope = if_nametoindex(name);
	if (endpoint->scope == 0 &&
	    !parse_number(text, len, SCOPE_MAX, &number))
		endpoint->scope = number;
	return endpoint->scope ? NULL : "there is no such interface";
}

/* 1.1.1.1:53 is what everybody tries first. */
static bool
has_colon_port(const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	struct addr addr;
	unsigned port;

	if (!colon)
		return false;
	if (*text == '[')
		return true;
	return !addr_parse(&addr, text, (size_t)(colon - text)) &&
	    !parse_number(colon + 1, len - (size_t)(colon - text) - 1, 65535,
		&port);
}

const char *
endpoint_parse(struct endpoint *endpoint, const char *text, size_t len,
    uint16_t default_port)
{
	const char *at = memchr(text, '@', len);
	size_t host = at ? (size_t)(at - text) : len;
	const char *percent = memchr(text, '%', host);
	size_t bare = percent ? (size_t)(percent - text) : host;
	unsigned port = default_port;
	const char *wrong;

	memset(endpoint, 0, sizeof *endpoint);
	if (has_colon_port(text, len))
		return "the port goes behind @: ADDR@PORT";
	wrong = addr_parse(&endpoint->addr, text, bare);
	if (!wrong && percent)
		wrong = parse_scope(endpoint, percent + 1, host - bare - 1);
	if (!wrong && at && (parse_number(at + 1, len - host - 1, 65535,
	    &port) || port == 0))
		wrong = "the port is a number from 1 to 65535";
	endpoint->port = (uint16_t)port;
	return wrong;
}

struct prefix
prefix_of(const struct addr *addr, uint8_t length)
{
	struct prefix prefix = {*addr, length};

	for (unsigned i = 0; i < byte_count(addr); i++) {
		unsigned kept = length > 8 * i ? length - 8 * i : 0;

		if (kept < 8)
			prefix.addr.bytes[i] &= (uint8_t)(0xff00 >> kept);
	}
	return prefix;
}

const char *
prefix_parse(struct prefix *prefix, const char *text, size_t len)
{
	const char *slash = memchr(text, '/', len);
	struct addr whole;
	const char *wrong;
	unsigned length;

	if (!slash)
		return "a prefix is written ADDR/LENGTH";
	wrong = addr_parse(&prefix->addr, text, (size_t)(slash - text));
	if (wrong)
		return wrong;
	if (parse_number(slash + 1, len - (size_t)(slash - text) - 1,
	    8 * byte_count(&prefix->addr), &length))
		return "its length is a number of bits, at most 32 for IPv4 "
		       "and 128 for IPv6";
	whole = prefix->addr;
	*prefix = prefix_of(&whole, (uint8_t)length);
	if (!addr_equal(&whole, &prefix->addr))
		return "bits behind its length are set";
	return NULL;
}

char *
addr_print(const struct addr *addr, char buf[ADDR_TEXT])
{
	if (addr->family == 0 || !inet_ntop(addr->family == 4 ? AF_INET
	    : AF_INET6, addr->bytes, buf, ADDR_TEXT))
		memcpy(buf, "none", 5);
	return buf;
}

char *
endpoint_print(const struct endpoint *endpoint, char buf[ENDPOINT_TEXT])
{
	char host[ADDR_TEXT], name[IF_NAMESIZE];

	addr_print(&endpoint->addr, host);
	if (!endpoint->scope)
		snprintf(buf, ENDPOINT_TEXT, "%s@%u", host, endpoint->port);
	else if (if_indextoname(endpoint->scope, name))
		snprintf(buf, ENDPOINT_TEXT, "%s%%%s@%u", host, name,
		    endpoint->port);
	else
		snprintf(buf, ENDPOINT_TEXT, "%s%%%u@%u", host,
		    endpoint->scope, endpoint->port);
	return buf;
}

char *
prefix_print(const struct prefix *prefix, char buf[ADDR_TEXT + 4])
{
	char host[ADDR_TEXT];

	snprintf(buf, ADDR_TEXT + 4, "%s/%u", addr_print(&prefix->addr, host),
	    prefix->length);
	return buf;
}

/* ---- comparing ---- */

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family &&
	    memcmp(a->bytes, b->bytes, byte_count(a)) == 0;
}

bool
endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return addr_equal(&a->addr, &b->addr) && a->port == b->port &&
	    a->scope == b->scope;
}

bool
prefix_contains(const struct prefix *prefix, const struct addr *addr)
{
	unsigned whole = prefix->length / 8, rest = prefix->length % 8;

	if (prefix->addr.family != addr->family ||
	    memcmp(prefix->addr.bytes, addr->bytes, whole) != 0)
		return false;
	return rest == 0 || (prefix->addr.bytes[whole] ^ addr->bytes[whole])
	    >> (8 - rest) == 0;
}

bool
prefix_covers(const struct prefix *prefix, const struct prefix *other)
{
	return prefix->length <= other->length &&
	    prefix_contains(prefix, &other->addr);
}

/* ---- classes ---- */

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

struct addr
addr_unmap(const struct addr *addr)
{
	struct addr plain = {.family = 4};

	if (addr->family != 6 || memcmp(addr->bytes, mapped, 12) != 0)
		return *addr;
	memcpy(plain.bytes, addr->bytes + 12, 4);
	return plain;
}

/* Its four bytes, where it is an IPv4 address, mapped or not; else NULL. */
static inline const uint8_t *
bytes_of_4(const struct addr *addr)
{
	if (addr->family == 4)
		return addr->bytes;
	return addr->family == 6 && memcmp(addr->bytes, mapped, 12) == 0 ?
	    addr->bytes + 12 : NULL;
}

bool
addr_is_loopback(const struct addr *addr)
{
	static const uint8_t one[16] = {[15] = 1};
	const uint8_t *v4 = bytes_of_4(addr);

	return v4 ? v4[0] == 127
	    : addr->family == 6 && memcmp(addr->bytes, one, 16) == 0;
}

bool
addr_is_link_local(const struct addr *addr)
{
	const uint8_t *v4 = bytes_of_4(addr);

	if (v4)
		return v4[0] == 169 && v4[1] == 254;
	return addr->family == 6 && addr->bytes[0] == 0xfe &&
	    (addr->bytes[1] & 0xc0) == 0x80;
}

bool
addr_is_multicast(const struct addr *addr)
{
	const uint8_t *v4 = bytes_of_4(addr);

	if (v4)
		return (v4[0] & 0xf0) == 224;
	return addr->family == 6 && addr->bytes[0] == 0xff;
}

bool
addr_is_unspecified(const struct addr *addr)
{
	static const uint8_t zero[16];
	struct addr a = addr_unmap(addr);

	return a.family && memcmp(a.bytes, zero, byte_count(&a)) == 0;
}

bool
addr_is_rfc1918_or_ula(const struct addr *addr)
{
	const uint8_t *v4 = bytes_of_4(addr);

	if (v4)
		return v4[0] == 10 || (v4[0] == 172 && (v4[1] & 0xf0) == 16) ||
		    (v4[0] == 192 && v4[1] == 168);
	return addr->family == 6 && (addr->bytes[0] & 0xfe) == 0xfc;
}

static bool
is_shared_space(const struct addr *addr)
{
	const uint8_t *v4 = bytes_of_4(addr);

	return v4 && v4[0] == 100 && (v4[1] & 0xc0) == 64;
}

bool
addr_is_private(const struct addr *addr)
{
	return addr_is_rfc1918_or_ula(addr) || addr_is_loopback(addr) ||
	    addr_is_link_local(addr) || is_shared_space(addr);
}

/* ---- sockaddr ---- */

socklen_t
endpoint_to_sockaddr(const struct endpoint *from, struct sockaddr_storage *to)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	memset(to, 0, sizeof *to);
	if (from->addr.family == 4) {
		in.sin_port = htons(from->port);
		memcpy(&in.sin_addr, from->addr.bytes, 4);
		memcpy(to, &in, sizeof in);
		return sizeof in;
	}
	in6.sin6_port = htons(from->port);
	in6.sin6_scope_id = from->scope;
	memcpy(&in6.sin6_addr, from->addr.bytes, 16);
	memcpy(to, &in6, sizeof in6);
	return sizeof in6;
}

void
endpoint_from_sockaddr(struct endpoint *to, const struct sockaddr *from)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	*to = (struct endpoint){0};
	if (from->sa_family == AF_INET) {
		memcpy(&in, from, sizeof in);
		to->addr.family = 4;
		to->port = ntohs(in.sin_port);
		memcpy(to->addr.bytes, &in.sin_addr, 4);
	} else if (from->sa_family == AF_INET6) {
		memcpy(&in6, from, sizeof in6);
		to->addr.family = 6;
		to->port = ntohs(in6.sin6_port);
		memcpy(to->addr.bytes, &in6.sin6_addr, 16);
		to->addr = addr_unmap(&to->addr);
		if (addr_is_link_local(&to->addr))
			to->scope = in6.sin6_scope_id;
	}
}
