/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/wire.h"

#define POINTER 0xc0
#define HOPS_MAX 127

struct wire_reader
wire_reader_at(const uint8_t *message, size_t length, size_t at)
{
	return (struct wire_reader){message, length, at, at > length};
}

const uint8_t *
wire_read_bytes(struct wire_reader *r, size_t len)
{
	if (r->failed || len > r->length - r->at) {
		r->failed = true;
		return NULL;
	}
	r->at += len;
	return r->message + (r->at - len);
}

uint8_t
wire_read8(struct wire_reader *r)
{
	const uint8_t *bytes = wire_read_bytes(r, 1);

	return bytes ? *bytes : 0;
}

uint16_t
wire_read16(struct wire_reader *r)
{
	const uint8_t *bytes = wire_read_bytes(r, 2);

	return bytes ? wire_get16(bytes) : 0;
}

uint32_t
wire_read32(struct wire_reader *r)
{
	const uint8_t *bytes = wire_read_bytes(r, 4);

	return bytes ? wire_get32(bytes) : 0;
}

/* A pointer leads before the place that it stands at, and before every place
 * that was read of this name: so the walk ends.  RFC 1035 4.1.4. */
struct name_walk {
	size_t at;
	size_t below;			/* pointers must lead below this */
	size_t end;			/* behind the name in the message; 0:
					 * no pointer was followed yet */
	unsigned hops;
};

static bool
follow_pointer(const struct wire_reader *r, struct name_walk *walk)
{
	size_t target;

	if (walk->at + 2 > r->length || ++walk->hops > HOPS_MAX)
		return false;
	target = wire_get16(r->message + walk->at) & 0x3fff;
	if (walk->end == 0)
		walk->end = walk->at + 2;
	if (target >= walk->below || target < WIRE_HEADER)
		return false;
	walk->below = target;
	walk->at = target;
	return true;
}

static bool
copy_label(const struct wire_reader *r, struct name_walk *walk,
    struct dname *name)
{
	size_t length = r->message[walk->at] + 1u;

	if (length > LABEL_MAX + 1 || walk->at + length > r->length ||
	    name->length + length > DNAME_MAX)
		return false;
	memcpy(name->wire + name->length, r->message + walk->at, length);
	name->length += (uint8_t)length;
	walk->at += length;
	return true;
}

static bool
walk_name(const struct wire_reader *r, struct name_walk *walk,
    struct dname *name)
{
	for (;;) {
		uint8_t first;

		if (walk->at >= r->length)
			return false;
		first = r->message[walk->at];
		if ((first & POINTER) == POINTER) {
			if (!follow_pointer(r, walk))
				return false;
			continue;
		}
		if (!copy_label(r, walk, name))
			return false;
		if (first == 0)
			return true;
		name->labels++;
	}
}

void
wire_read_dname(struct wire_reader *r, struct dname *name)
{
	struct name_walk walk = {.at = r->at, .below = r->at};

	name->length = 0;
	name->labels = 0;
	if (!r->failed && walk_name(r, &walk, name)) {
		r->at = walk.end ? walk.end : walk.at;
		return;
	}
	r->failed = true;
	name->length = 1;
	name->labels = 0;
	name->wire[0] = 0;
}

struct wire_writer
wire_writer_to(uint8_t *bytes, size_t room)
{
	return (struct wire_writer){bytes, room, 0, false};
}

void
wire_write_bytes(struct wire_writer *w, const void *bytes, size_t len)
{
	if (w->failed || len > w->room - w->at) {
		w->failed = true;
		return;
	}
	if (len)
		memcpy(w->bytes + w->at, bytes, len);
	w->at += len;
}

void
wire_write8(struct wire_writer *w, uint8_t v)
{
	wire_write_bytes(w, &v, 1);
}

void
wire_write16(struct wire_writer *w, uint16_t v)
{
	uint8_t bytes[2];

	wire_put16(bytes, v);
	wire_write_bytes(w, bytes, 2);
}

void
wire_write32(struct wire_writer *w, uint32_t v)
{
	uint8_t bytes[4];

	wire_put32(bytes, v);
	wire_write_bytes(w, bytes, 4);
}
