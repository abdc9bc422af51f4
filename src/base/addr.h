/* SPDX-License-Identifier: BSD-2-Clause */
/* addr.h - addresses, endpoints and prefixes, as people write them.
 *
 * Values, copied freely; no allocation; thread-safe.
 */
#ifndef HOSTLER_BASE_ADDR_H
#define HOSTLER_BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* family is 4, 6 or 0 (none).  Bytes in network order, unused ones zero, so
 * that two equal addresses are equal by memcmp. */
struct addr {
	uint8_t family;
	uint8_t bytes[16];
};

/* scope is the interface index of a link-local address, else 0. */
struct endpoint {
	struct addr addr;
	uint16_t port;
	uint32_t scope;
};

struct prefix {
	struct addr addr;
	uint8_t length;			/* bits, 0..32 or 0..128 */
};

#define ADDR_TEXT 48			/* room for addr_print */
#define ENDPOINT_TEXT 80

/* Parse exactly `len` bytes.  Return NULL, or what is wrong with them in words
 * that fit behind "'%.*s' is not an address: " (static text).  endpoint_parse
 * knows ADDR@PORT and ADDR; for ADDR:PORT its text says that @ is meant.
 * prefix_parse takes ADDR/LEN and refuses host bits that are set. */
const char *addr_parse(struct addr *addr, const char *text, size_t len);
const char *endpoint_parse(struct endpoint *endpoint, const char *text,
    size_t len, uint16_t default_port);
const char *prefix_parse(struct prefix *prefix, const char *text, size_t len);

/* Return buf.  RFC 5952 form; ADDR@PORT; ADDR/LEN. */
char *addr_print(const struct addr *addr, char buf[ADDR_TEXT]);
char *endpoint_print(const struct endpoint *endpoint, char buf[ENDPOINT_TEXT]);
char *prefix_print(const struct prefix *prefix, char buf[ADDR_TEXT + 4]);

/* The prefix of `length` bits that addr lies in: host bits are cleared. */
struct prefix prefix_of(const struct addr *addr, uint8_t length);

/* The IPv4 address in a v4-mapped IPv6 address; any other as it is. */
struct addr addr_unmap(const struct addr *addr);

bool addr_equal(const struct addr *a, const struct addr *b);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
bool prefix_contains(const struct prefix *prefix, const struct addr *addr);
/* Does it contain all of the other? */
bool prefix_covers(const struct prefix *prefix, const struct prefix *other);

/* Classes.  A v4-mapped IPv6 address is judged as its IPv4 address. */
bool addr_is_loopback(const struct addr *addr);	/* 127/8, ::1 */
bool addr_is_link_local(const struct addr *addr); /* 169.254/16, fe80::/10 */
bool addr_is_multicast(const struct addr *addr);
bool addr_is_unspecified(const struct addr *addr); /* 0.0.0.0, :: */
bool addr_is_rfc1918_or_ula(const struct addr *addr);
/* RFC 1918, 100.64/10, ULA, loopback and link-local: `private` of `allow`. */
bool addr_is_private(const struct addr *addr);

/* Between sockaddr and endpoint.  A v4-mapped peer becomes family 4.  The
 * length is returned; to is at least a sockaddr_in6 in size. */
socklen_t endpoint_to_sockaddr(const struct endpoint *from,
    struct sockaddr_storage *to);
void endpoint_from_sockaddr(struct endpoint *to, const struct sockaddr *from);

#endif
