/* SPDX-License-Identifier: BSD-2-Clause */
#include "craft.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct hash_key key = { 1, 2 };

struct forward_question
craft_question(const char *name, uint16_t type, unsigned upstreams,
    enum craft_dnssec dnssec)
{
	struct forward_question q = {
		.name = dname_from(name),
		.type = type,
		.dnssec_ok = dnssec == CRAFT_DNSSEC,
		.to.id = 7,
		.to.count = (uint8_t)upstreams,
	};

	dname_lower(q.name.wire);
	for (unsigned i = 0; i < upstreams; i++)
		q.to.list[i] = (struct upstream){
			.endpoint.addr = { 4, { 192, 0, 2,
			    (uint8_t)(i + 1) } },
			.endpoint.port = 53,
		};
	q.hash = answer_hash(&key, &q);
	return q;
}

void
craft_query(struct craft *c, const struct forward_question *question,
    uint16_t id)
{
	struct wire_writer w = wire_writer_to(c->bytes, sizeof(c->bytes));

	wire_write16(&w, id);
	wire_write16(&w, FLAG_RD);
	wire_write16(&w, 1);
	wire_write32(&w, 0);
	wire_write16(&w, 1);
	wire_write_bytes(&w, question->name.wire, question->name.length);
	wire_write16(&w, question->type);
	wire_write16(&w, CLASS_IN);
	wire_write8(&w, 0);
	wire_write16(&w, TYPE_OPT);
	wire_write16(&w, 4096);
	wire_write16(&w, 0);
	wire_write16(&w, question->dnssec_ok ? 0x8000 : 0);
	wire_write16(&w, 0);
	c->length = w.at;
}

void
craft_reply(struct craft *c, const uint8_t *query, size_t length,
    uint16_t flags)
{
	size_t end = WIRE_HEADER + dname_length(query + WIRE_HEADER) + 4;

	assert(end <= length);
	memmove(c->bytes, query, end);
	wire_put16(c->bytes + 2, (uint16_t)(FLAG_QR | FLAG_RD | FLAG_RA |
	    flags));
	memset(c->bytes + 6, 0, 6);
	c->length = end;
}

void
craft_add(struct craft *c, const struct craft_record *record,
    const void *rdata, size_t length)
{
	struct dname owner = dname_from(record->owner);
	struct wire_writer w = wire_writer_to(c->bytes, sizeof(c->bytes));
	uint8_t *count = c->bytes + 6 + 2 * record->section;

	w.at = c->length;
	wire_write_bytes(&w, owner.wire, owner.length);
	wire_write16(&w, record->type);
	wire_write16(&w, CLASS_IN);
	wire_write32(&w, record->ttl);
	wire_write16(&w, (uint16_t)length);
	wire_write_bytes(&w, rdata, length);
	assert(!w.failed);
	c->length = w.at;
	wire_put16(count, (uint16_t)(wire_get16(count) + 1));
}

void
craft_a(struct craft *c, const char *owner, uint32_t ttl, uint8_t last)
{
	struct craft_record record = { MESSAGE_ANSWER, owner, TYPE_A, ttl };

	craft_add(c, &record, (uint8_t[]){ 192, 0, 2, last }, 4);
}

void
craft_name(struct craft *c, const struct craft_record *record,
    const char *target)
{
	struct dname name = dname_from(target);

	craft_add(c, record, name.wire, name.length);
}

void
craft_soa(struct craft *c, const char *owner, uint32_t ttl, uint32_t minimum)
{
	struct craft_record record = { MESSAGE_AUTHORITY, owner, TYPE_SOA,
		ttl };
	uint8_t rdata[22] = { 0 };

	wire_put32(rdata + 18, minimum);
	craft_add(c, &record, rdata, sizeof(rdata));
}

void
craft_rrsig(struct craft *c, const struct craft_record *record,
    uint16_t covered, const char *signer)
{
	struct dname owner = dname_from(record->owner);
	struct dname name = dname_from(signer);
	uint8_t rdata[18 + DNAME_MAX + 64] = { 0 };

	wire_put16(rdata, covered);
	rdata[2] = 13;
	rdata[3] = owner.labels;
	memcpy(rdata + 18, name.wire, name.length);
	memset(rdata + 18 + name.length, 0xaa, 64);
	craft_add(c, record, rdata, 18 + (size_t)name.length + 64);
}

static void
print_rdata(FILE *out, const uint8_t *bytes, size_t length,
    const struct message_record *record)
{
	struct wire_reader r = wire_reader_at(bytes, length,
	    record->rdata_at);
	const uint8_t *p = bytes + record->rdata_at;
	char text[DNAME_TEXT_MAX];
	struct dname name;

	if (record->type == TYPE_A && record->rdata_length == 4) {
		fprintf(out, "%u.%u.%u.%u\n", p[0], p[1], p[2], p[3]);
	} else if (record->type == TYPE_CNAME || record->type == TYPE_DNAME ||
	    record->type == TYPE_NS) {
		wire_read_dname(&r, &name);
		fprintf(out, "%s\n", dname_print(name.wire, text));
	} else {
		fprintf(out, "%u\n", record->rdata_length);
	}
}

char *
craft_text(const uint8_t *bytes, size_t length, char buf[CRAFT_TEXT])
{
	size_t asked = WIRE_HEADER + dname_length(bytes + WIRE_HEADER) + 4;
	struct message_walk walk = { 0 };
	struct message_record record;
	struct message message;
	char owner[DNAME_TEXT_MAX], type[TYPE_TEXT];
	FILE *out = fmemopen(buf, CRAFT_TEXT, "w");

	assert(out != NULL);
	buf[0] = '\0';
	if (message_read(&message, bytes, length, bytes, asked) !=
	    MESSAGE_OK) {
		fprintf(out, "not a message\n");
	} else while (message_next(&message, &walk, &record)) {
		fprintf(out, "%d %s %s %u ", (int)record.section,
		    dname_print(record.owner.wire, owner),
		    type_print(record.type, type), (unsigned)record.ttl);
		print_rdata(out, bytes, length, &record);
	}
	fclose(out);
	return buf;
}
