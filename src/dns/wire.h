/* SPDX-License-Identifier: BSD-2-Clause */
/* wire.h - cursors over a message that cannot pass its end.
 *
 * A read past the end, or a write past the room, sets `failed` and does
 * nothing more; the caller looks once, at the end.  Values come back as 0 and
 * pointers as NULL then.
 *
 * Pure; no allocation; thread-safe (a cursor belongs to its caller).
 */
#ifndef HOSTLER_DNS_WIRE_H
#define HOSTLER_DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dns/dname.h"

#define WIRE_HEADER 12
#define WIRE_MAX 65535

static inline uint16_t
wire_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
wire_get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static inline void
wire_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
wire_put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

struct wire_reader {
	const uint8_t *message;		/* from its first byte pointers count */
	size_t length;
	size_t at;
	bool failed;
};

struct wire_reader wire_reader_at(const uint8_t *message, size_t length,
    size_t at);
uint8_t wire_read8(struct wire_reader *r);
uint16_t wire_read16(struct wire_reader *r);
uint32_t wire_read32(struct wire_reader *r);
const uint8_t *wire_read_bytes(struct wire_reader *r, size_t len);
/* A name, pointers followed (backwards only, 127 at most), case kept. */
void wire_read_dname(struct wire_reader *r, struct dname *name);

struct wire_writer {
	uint8_t *bytes;
	size_t room;
	size_t at;
	bool failed;
};

struct wire_writer wire_writer_to(uint8_t *bytes, size_t room);
void wire_write8(struct wire_writer *w, uint8_t v);
void wire_write16(struct wire_writer *w, uint16_t v);
void wire_write32(struct wire_writer *w, uint32_t v);
void wire_write_bytes(struct wire_writer *w, const void *bytes, size_t len);

#endif
